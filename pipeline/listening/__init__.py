"""What is heard in one file: streams, channels, a separate recorder, speech."""

from pipeline.listening.hearing import Hearing, listen

__all__ = ["Hearing", "listen"]
