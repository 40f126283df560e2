"""Captions of an episode: from files or from inside the footage, readable, and out again as subtitles."""

from pipeline.captions.episode_captions import for_episode, of_text
from pipeline.captions.episode_cues import EpisodeCues, read, said_unheard
from pipeline.captions.subtitles import subtitles

__all__ = ["EpisodeCues", "for_episode", "of_text", "read", "said_unheard", "subtitles"]
