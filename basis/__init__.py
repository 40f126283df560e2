"""The lowest floor: errors, plain data, files; imports nothing of ours."""
