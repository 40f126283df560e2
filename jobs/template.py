"""The manifest that a season begins with: every key of it, with what it means."""

import json

from presets.graphics import kind_names

TEMPLATE = """\
# A season: many episodes in one file. Lines that begin with # are remarks; take the # away from what you need.
# Paths are relative to this file. What to do next:
#
#   episode jobs check {file}            names everything that is wrong, with line numbers
#   episode jobs run {file} -o out --dry-run    says what would be rendered, and why
#   episode jobs run {file} -o out       renders what is missing or has changed; out/index.html shows it

# The name of the series. With the number it names the files, as открытая-промышленность-01.mp4; the preset's if left out.
# series = "Открытая промышленность"


# What holds for every episode that does not say otherwise: any key of an episode.
[defaults]
preset = {preset}          # a look that ships (`episode presets list`), or a .toml of your own
delivery = "vk-clips"
# music = "bed.wav"                 # lies under the speech
# tighten = true                    # takes long pauses out of talk
# link = "https://vk.com/app123"    # becomes the QR code of the end card


[[episode]]
number = 1
title = "Династия сталеваров"

# One file, a list of files, or parts of files. A name with * means all files that match, 2 before 10.
footage = "raw/episode-01.mov"
# footage = ["raw/a.mov", "raw/b.mov"]
# footage = "raw/episode-01_*.mov"
# footage = [{{ file = "raw/a.mov", from = "00:01:10", to = "00:02:05" }}, {{ file = "raw/b.mov" }}]
#
# Keys of a file beside file, from and to:
#   captions = "raw/a.srt"      words in the time of this file, as its transcript; captions_offset = "01:00:00" where they
#                               count from another time
#   audio = "raw/lav.wav"       a separate recorder, aligned by listening; audio_offset = 12.5 where that finds nothing
#   audio_stream = 1            the sound stream to use; `episode probe` lists them
#   channels = "left"           or right, mono, stereo, voices (two microphones); told by listening if left out

# captions = "episode-01.srt"       # words in the time of the episode: SRT, VTT, ASS, SBV or Whisper's JSON
# captions_offset = "01:00:00"      # the time in the captions at which the episode begins, where it is not 0
# people = ["Анна Орлова, сталевар", "Иван Петров, мастер @ 14"]    # named when first seen, or at a second
# shots = ["12.5 = person 2", "31 = fit"]    # what to show in the shot at a second; the contact sheet numbers the people
# keep_pauses = [73.4]              # pauses that tighten leaves
# following = "Серия 2 — в пятницу" # what comes next, for the end card
# output = "pilot.mp4"              # the file's name, where series and number do not make it


[[episode]]
number = 2
title = "Второе дыхание"
footage = "raw/episode-02.mov"

# Any graphic at any time: {kinds}.
# [[episode.graphics]]
# kind = "chapter"
# text = "Литейный цех"
# number = 3
# start = 5
# end = "00:00:08\""""


def template(preset: str, file: str = "season.toml") -> str:
    """The text of a manifest to edit, without the last line's end; file: its name in the remarks."""
    named = json.dumps(file, ensure_ascii=False) if " " in file else file
    return TEMPLATE.format(preset=json.dumps(preset, ensure_ascii=False), file=named, kinds=", ".join(kind_names()))
