"""Footage sound and music -> one mastered track."""

from pipeline.sound.master import SoundReport, master, notes

__all__ = ["SoundReport", "master", "notes"]
