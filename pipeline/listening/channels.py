"""Which stream of a file is heard and how its channels are read, told by listening."""

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from basis.data import Channels
from basis.tools import USUAL, Tools
from pipeline.brief import Footage
from pipeline.footage.media import AudioStream
from pipeline.footage.sounds import Sound, band, stereo
from pipeline.footage.source import Source
from pipeline.listening.blocks import BLOCK, measured

LISTEN_RATE = 8_000  # Hz at which channels are compared
MOST_LISTENED = 600.0  # seconds that tell what is on each channel
LOOK = 0.1  # seconds over which they are compared
SILENT = -65.0  # dB of full scale; below it there is nothing but hiss
VOICES = (200.0, 3500.0)  # Hz, where voices are and machines are least
DEAD = 22.0  # dB below the other side's voices from which a side is dead
ALIKE, REVERSED = 0.98, -0.6  # correlation of left and right from which they are one, or one is wired in reverse
APART = 7.0  # dB by which the microphone of the one who speaks leads
BOTH = 0.1  # share of what is said for which each side leads where each has somebody's microphone
OVER_FLOOR = 10.0  # dB above the quietest tenth from which something is said
NAMES: dict[Channels, str] = {
    "stereo": "stereo",
    "mono": "left and right mixed to mono",
    "left": "left side alone",
    "right": "right side alone",
    "voices": "left and right mixed by who speaks",
}


def of_camera(
    source: Source, wanted: Footage, content: str, start: float, end: float, tools: Tools = USUAL
) -> tuple[Sound | None, str]:
    """What of the camera's sound of [start, end) footage seconds is heard, None without any, and why.

    content: the footage's fingerprint. The stream is the file's default unless nothing is on that one or the editor
    wants another. Raises Unusable for sound that cannot be decoded.
    """
    if source.audio_stream is None:
        return None, "no sound"
    number, why = source.audio_stream, ""
    if len(source.audio) > 1 and wanted.audio_stream is None:
        number, why = _loudest(source, content, start, end, tools)
    described = next(one for one in source.audio if one.index == number)
    sound = Sound(source.file, number, content)
    asked = None if wanted.audio else wanted.channels
    channels, because = choose(sound, described, start, end, asked, tools)
    return replace(sound, channels=channels), f"{why}{because}"


def _loudest(source: Source, content: str, start: float, end: float, tools: Tools) -> tuple[int, str]:
    """Which of several streams is heard, and the beginning of a sentence that says why."""
    default = source.audio_stream
    looks = {one.index: _looks(Sound(source.file, one.index, content), start, end, tools) for one in source.audio}
    levels = {number: float(_db(look[:, :2].mean(axis=0)).max()) for number, look in looks.items()}
    loudest = max(levels, key=lambda number: (levels[number] > SILENT, number == default, levels[number]))
    why = "the file's default" if loudest == default else f"since nothing is on number {default}"
    return loudest, f"of {len(levels)} streams number {loudest}, {why}, "


def choose(
    sound: Sound, described: AudioStream, start: float, end: float, wanted: Channels | None = None, tools: Tools = USUAL
) -> tuple[Channels, str]:
    """How to read the channels of a sound in [start, end) seconds of its file, and why.

    wanted: what the editor says. Raises Unusable for sound that cannot be decoded.
    """
    if described.channels == 1:
        return "mono", "mono" + (", there are no sides to choose from" if wanted else "")
    if wanted:
        return wanted, f"{NAMES[wanted]}, as asked for"
    if described.channels > 2:
        return "stereo", f"{described.layout} mixed down to stereo"
    looks = _looks(sound, start, end, tools)
    power = looks[:, 2:4]
    moving = np.maximum(0, power - np.percentile(power, 10, axis=0)).mean(axis=0)  # steady noise and hum are no voice
    left, right = _db(np.asarray(moving)).tolist()
    if max(left, right) < SILENT:
        return "stereo", "stereo, nothing is on it"
    if abs(left - right) > DEAD or min(left, right) < SILENT:
        side: Channels = "left" if left > right else "right"
        levels = f"{min(left, right):.0f} dB against {max(left, right):.0f}"
        return side, f"{NAMES[side]}, since the other one is dead ({levels})"
    alike = float(looks[:, 4].mean() / np.sqrt(power.mean(axis=0).prod()))
    if alike > ALIKE:
        return "mono", "both sides carry the same"
    if alike < REVERSED:
        return "left", f"{NAMES['left']}, since the sides would cancel each other: one is wired in reverse"
    loud = _db(power)
    spoken = loud.max(axis=1) > np.percentile(loud.max(axis=1), 10) + OVER_FLOOR
    lead = (loud[:, 0] - loud[:, 1])[spoken]
    if len(lead) and min((lead > APART).mean(), (lead < -APART).mean()) > BOTH:
        return "voices", "a microphone on each side, mixed by who speaks"
    return "stereo", "stereo"


def _looks(sound: Sound, start: float, end: float, tools: Tools) -> NDArray[np.float64]:
    """(looks, 5): mean power of left and right, of the voices in them, and of these their product, each LOOK.

    At least one look and at most MOST_LISTENED seconds. Silence where there is no sound.
    """
    end = min(end, start + MOST_LISTENED)
    first, blocks = measured("looks", sound, start, end, partial(_measure, sound, tools), tools)
    begin = round((start - first) / LOOK)
    return blocks.reshape(-1, 5)[begin : begin + max(1, int((end - start) / LOOK))]


def _measure(sound: Sound, tools: Tools, begin: float, run_up: float) -> NDArray[np.float64]:
    count, look = round((run_up + BLOCK) / LOOK), round(LOOK * LISTEN_RATE)
    heard = sound.since(begin - run_up, LISTEN_RATE, tools, count * LOOK)
    samples = stereo(heard, sound.file, count * LOOK, LISTEN_RATE, tools)[: count * look].astype(float)
    samples = np.pad(samples, ((0, count * look - len(samples)), (0, 0)))
    voices = band(samples, VOICES, LISTEN_RATE)
    products = np.stack([*np.square(samples).T, *np.square(voices).T, voices.prod(axis=1)], axis=1)
    return np.asarray(products.reshape(count, look, 5).mean(axis=1)[round(run_up / LOOK) :].ravel())


def _db(power: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(10 * np.log10(np.maximum(power, 1e-12)))
