"""What talks to people: a file for each command, its flags, its progress, its sentences.

cli.py imports a command's file when the command is named. Such a file imports at its top what its flags and its help
need; what the work needs is imported inside the command, so that help, completion and short commands start at once.
"""
