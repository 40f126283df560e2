"""Captions of an episode: from files or from inside the footage, readable, and out again as subtitles."""

from pipeline.captions.episode_captions import Stretch, for_episode, of_text, said_unheard, subtitles

__all__ = ["Stretch", "for_episode", "of_text", "said_unheard", "subtitles"]
