"""What is heard in one file: streams, channels, a separate recorder, speech."""
