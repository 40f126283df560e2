"""Which streams of a file are heard and how their channels are read, told by listening.

A camera with many microphones writes each on a track of its own, as channels of one stream or as streams of one channel.
Tracks have no positions, whatever the file says; the channels of what was mixed for several loudspeakers do.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from basis.data import Channels
from basis.tools import USUAL, Tools
from pipeline.brief import Footage
from pipeline.footage.media import AudioStream
from pipeline.footage.sounds import Sound, band
from pipeline.footage.source import Source
from pipeline.listening.blocks import BLOCK, measured
from pipeline.plan import MOST_MICROPHONES

LISTEN_RATE = 8_000  # Hz at which channels are compared
MOST_LISTENED = 600.0  # seconds that tell what is on each channel
LOOK = 0.1  # seconds over which they are compared
SILENT = -65.0  # dB of full scale; below it there is nothing but hiss
VOICES = (200.0, 3500.0)  # Hz, where voices are and machines are least
DEAD = 22.0  # dB below the other side's voices from which a side is dead
ALIKE, REVERSED = 0.98, -0.6  # correlation of left and right from which they are one, or one is wired in reverse
APART = 7.0  # dB by which the microphone of the one who speaks leads
SAME_COURSE = 0.9  # correlation of two streams' levels from which one is a copy of the other, or a mix with it
MIXED, SHARE = (
    0.96,
    0.2,
)  # power of a mix that tracks explain, and of its voices the least effective share of two of them
BOTH = 0.1  # share of what is said for which each side leads where each has somebody's microphone
SOME = 0.03  # the same for many microphones, once there are two: somebody who says little
OVER_FLOOR = 10.0  # dB above the quietest tenth from which something is said
NAMES: dict[Channels, str] = {
    "stereo": "stereo",
    "mono": "left and right mixed to mono",
    "left": "left side alone",
    "right": "right side alone",
    "voices": "left and right mixed by who speaks",
}
HOW: dict[Channels, str] = {"mono": "mixed to mono", "voices": "mixed by who speaks"}  # several microphones
SIDES = re.compile(r"stereo|downmix|2 channels|2c|")  # layouts of two channels that are left and right
POSITIONS = re.compile(r"[3-9]\.[0-4](\(\w+\))?")  # layouts with somebody in the middle
FOR_LOUDSPEAKERS = {"aac", "ac3", "eac3", "dts", "truehd", "mlp", "opus", "vorbis"}  # codecs that keep positions
BASS = {"5.1": 3, "6.1": 3, "7.1": 3}  # channels of layouts that hold nothing but bass


@dataclass(frozen=True)
class _Tracks:
    """Channels that may be microphones of their own. sound: has them all; names: theirs, for people; layout: the positions
    that the file says they have, if any; believed: whether those are surely true, doubtful: may be."""

    sound: Sound
    names: Sequence[str]
    layout: str = ""
    believed: bool = False
    doubtful: bool = False

    def only(self, numbers: Sequence[int], channels: Channels) -> Sound:
        """The sound of some of them."""
        heard = tuple(self.sound.microphones[number] for number in numbers)
        return replace(self.sound, stream=heard[0][0], microphones=heard, channels=channels)

    def called(self, numbers: Sequence[int]) -> str:
        """Names of some of them, as "channels 1 and 3"."""
        what = self.names[0].split()[0]
        *most, last = [self.names[number].split()[1] for number in numbers]
        return f"{what}s {', '.join(most)} and {last}" if most else f"{what} {last}"


@dataclass(frozen=True)
class _Looks:
    """What is on each channel, each LOOK: mean power, that of voices alone, both (looks, channels), and the voices' mean
    product of each two channels, by their numbers."""

    power: NDArray[np.float64]
    voices: NDArray[np.float64]
    products: dict[tuple[int, int], NDArray[np.float64]]

    @property
    def levels(self) -> NDArray[np.float64]:
        """dB of what moves in each channel's voices: steady noise and hum are no voice."""
        moving = np.maximum(0, self.voices - np.percentile(self.voices, 10, axis=0)).mean(axis=0)
        return _db(np.asarray(moving))

    def alike(self, one: int, other: int) -> float:
        """Correlation of two channels' voices, -1 to 1."""
        power = self.voices[:, [one, other]].mean(axis=0).prod()
        return self._product(one, other) / float(np.sqrt(max(1e-30, power)))

    def is_mix(self, one: int, others: Sequence[int]) -> bool:
        """Whether a channel's voices are those of at least two others, added up: what is left of them is next to nothing."""
        if len(others) < 2:
            return False
        every = [*others, one]
        together = np.array([[self._product(a, b) for b in every] for a in every])
        together /= np.sqrt(np.outer(together.diagonal(), together.diagonal()))
        shares = np.linalg.lstsq(together[:-1, :-1], together[:-1, -1], rcond=1e-6)[0]
        explained = float(shares @ together[:-1, -1])
        return explained > MIXED and bool(shares.min() > -SHARE / 2 and np.count_nonzero(shares > SHARE) > 1)

    def _product(self, one: int, other: int) -> float:
        """Mean product of two channels' voices, of one channel its power."""
        values = self.voices[:, one] if one == other else self.products[min(one, other), max(one, other)]
        return max(1e-30, float(values.mean())) if one == other else float(values.mean())

    def leads(self, channels: Sequence[int]) -> NDArray[np.float64]:
        """The share of the looks in which something is said that each of the channels surely leads all others in."""
        loud = _db(self.voices[:, channels])
        spoken = loud.max(axis=1) > np.percentile(loud.max(axis=1), 10) + OVER_FLOOR
        others = [np.delete(loud, number, axis=1).max(axis=1) for number in range(len(channels))]
        return np.asarray((loud - np.stack(others, axis=1) > APART)[spoken].sum(axis=0) / max(1, spoken.sum()))


def of_camera(
    source: Source, wanted: Footage, content: str, start: float, end: float, tools: Tools = USUAL
) -> tuple[Sound | None, str]:
    """What of the camera's sound of [start, end) footage seconds is heard, None without any, and why.

    content: the footage's fingerprint. The stream is the file's default unless nothing is on that one or the editor
    wants another; streams of one channel each are tracks of one recording. Raises Unusable for sound that cannot be
    decoded.
    """
    if source.audio_stream is None:
        return None, "no sound"
    asked = None if wanted.audio else wanted.channels
    number, why = source.audio_stream, ""
    beside = _beside(source) if wanted.audio_stream is None else [number]
    if wanted.audio_stream is None and len(source.audio) > len(beside):
        number, why = _loudest(source, content, start, end, tools)
    sound = Sound(source.file, number, content)
    if number in beside and len(beside) > 1:
        every = replace(sound, microphones=tuple((index, 0) for index in beside))
        found, because = _of_tracks(_Tracks(every, [f"stream {index}" for index in beside]), start, end, asked, tools)
        return found, f"of {len(source.audio)} streams {because}"
    described = next(one for one in source.audio if one.index == number)
    found, because = choose(sound, described, start, end, asked, tools, doubtful=True)
    return found, f"{why}{because}"


def _beside(source: Source) -> list[int]:
    """The file's default stream and those that are tracks of one recording with it: of one channel, in no other language."""
    default = next(one for one in source.audio if one.index == source.audio_stream)
    if default.channels != 1:
        return [default.index]
    own = [one.index for one in source.audio if one.channels == 1 and one.language == default.language]
    return own[:MOST_MICROPHONES]


def unheard(source: Source, camera: Sound, content: str, start: float, end: float, tools: Tools = USUAL) -> list[int]:
    """Streams that are not heard, beside those that tracks were chosen from, and on which something else is."""
    others = [one for one in source.audio if one.index not in {*_beside(source), *camera.streams}]
    if not others:
        return []
    heard = _looks(replace(camera, channels="stereo"), start, end, tools)
    return [one.index for one in others if _is_another(heard, _looks(_whole(source, one, content), start, end, tools))]


def _is_another(heard: _Looks, other: _Looks) -> bool:
    """Whether sound is on another stream, and neither the same nor a mix of the same."""
    if other.levels.max() < max(SILENT, heard.levels.max() - DEAD):
        return False
    courses = [_db(looks.voices.max(axis=1)) for looks in (heard, other)]
    return bool(np.asarray(np.corrcoef(courses))[0, 1] < SAME_COURSE)


def _whole(source: Source, described: AudioStream, content: str) -> Sound:
    """A stream with all its channels: as sides where it has them, else as tracks."""
    sound = Sound(source.file, described.index, content)
    return sound if _has_sides(described) else replace(sound, microphones=_channels(described))


def _loudest(source: Source, content: str, start: float, end: float, tools: Tools) -> tuple[int, str]:
    """Which of several streams is heard, and the beginning of a sentence that says why."""
    default = source.audio_stream
    levels = {
        one.index: float(_db(_looks(_whole(source, one, content), start, end, tools).power.mean(axis=0)).max())
        for one in source.audio
    }
    loudest = max(levels, key=lambda number: (levels[number] > SILENT, number == default, levels[number]))
    why = "the file's default" if loudest == default else f"since nothing is on number {default}"
    return loudest, f"of {len(levels)} streams number {loudest}, {why}, "


def _has_sides(described: AudioStream) -> bool:
    return described.channels == 1 or (described.channels == 2 and bool(SIDES.fullmatch(described.layout)))


def _channels(described: AudioStream) -> tuple[tuple[int, int], ...]:
    return tuple((described.index, channel) for channel in range(min(described.channels, MOST_MICROPHONES)))


def choose(
    sound: Sound, described: AudioStream, start: float, end: float, wanted: Channels | None = None,
    tools: Tools = USUAL, doubtful: bool = False,
) -> tuple[Sound, str]:  # fmt: skip
    """A stream's sound with its channels as they are to be read in [start, end) seconds of its file, and why.

    wanted: what the editor says. doubtful: channels of uncompressed sound may have the positions that the file says they
    have, which a recorder's never do. Raises Unusable for sound that cannot be decoded.
    """
    if described.channels == 1:
        return replace(sound, channels="mono"), "mono" + (", there are no sides to choose from" if wanted else "")
    if _has_sides(described):
        if wanted:
            return replace(sound, channels=wanted), f"{NAMES[wanted]}, as asked for"
        channels, why = _of_sides(_looks(sound, start, end, tools))
        return replace(sound, channels=channels), why
    positions = bool(POSITIONS.fullmatch(described.layout))
    believed = positions and described.codec in FOR_LOUDSPEAKERS
    every = replace(sound, microphones=_channels(described))
    names = [f"channel {channel + 1}" for _, channel in every.microphones]
    return _of_tracks(
        _Tracks(every, names, described.layout, believed, positions and doubtful), start, end, wanted, tools
    )


def _of_sides(looks: _Looks) -> tuple[Channels, str]:
    """How to read a left and a right side, and why."""
    left, right = looks.levels.tolist()
    if max(left, right) < SILENT:
        return "stereo", "stereo, nothing is on it"
    if abs(left - right) > DEAD or min(left, right) < SILENT:
        side: Channels = "left" if left > right else "right"
        levels = f"{min(left, right):.0f} dB against {max(left, right):.0f}"
        return side, f"{NAMES[side]}, since the other one is dead ({levels})"
    if looks.alike(0, 1) > ALIKE:
        return "mono", "both sides carry the same"
    if looks.alike(0, 1) < REVERSED:
        return "left", f"{NAMES['left']}, since the sides would cancel each other: one is wired in reverse"
    if looks.leads([0, 1]).min() > BOTH:
        return "voices", "a microphone on each side, mixed by who speaks"
    return "stereo", "stereo"


def _of_tracks(tracks: _Tracks, start: float, end: float, wanted: Channels | None, tools: Tools) -> tuple[Sound, str]:
    """Which of several tracks are heard and how, and why."""
    sides = replace(tracks.sound, microphones=(), channels=wanted or "stereo")
    if wanted and tracks.believed:
        return sides, f"{NAMES[wanted]} of {tracks.layout}, as asked for"
    if wanted in ("left", "right", "stereo"):
        return tracks.only((0, 1), wanted), f"{NAMES[wanted]} of {tracks.called((0, 1))}, as asked for"
    looks = _looks(tracks.sound, start, end, tools)
    levels = looks.levels
    live = [number for number, level in enumerate(levels) if level >= max(SILENT, levels.max() - DEAD)]
    if not live:
        return tracks.only((0, 1), "stereo"), f"{tracks.called((0, 1))}, nothing is on any of them"
    if wanted:
        return tracks.only(live, wanted), f"{tracks.called(live)} {HOW[wanted]}, as asked for"
    if len(live) == 1:
        return tracks.only(live, "mono"), f"{tracks.called(live)} alone, since the others are dead"
    if tracks.believed:
        return sides, f"{tracks.layout} mixed down to stereo"
    own: list[int] = []
    for number in sorted(live, key=lambda one: -levels[one]):
        if all(abs(looks.alike(number, other)) < ALIKE for other in own):
            own.append(number)
    own.sort()
    if len(own) == 1:
        return tracks.only(own, "mono"), f"{tracks.called(own)}, since the others carry the same"
    mixes = [number for number in own if looks.is_mix(number, [other for other in own if other != number])]
    own = [number for number in own if number not in mixes] or own
    often = looks.leads(own)
    if np.count_nonzero(often > BOTH) > 1:
        speakers = [number for number, share in zip(own, often, strict=True) if share > SOME]
        return tracks.only(speakers, "voices"), f"microphones on {tracks.called(speakers)}, {HOW['voices']}"
    if mixes:
        return tracks.only(mixes[:1], "mono"), f"{tracks.called(mixes[:1])}, the mix of others"
    bass = BASS.get(tracks.layout.partition("(")[0])
    if tracks.doubtful and bass is not None and 2 in live and bass not in live:
        return sides, f"{tracks.layout} mixed down to stereo"
    if often.max() > BOTH:
        nearest = [own[int(often.argmax())]]
        return tracks.only(nearest, "mono"), f"{tracks.called(nearest)} alone, which is nearest to who speaks"
    if looks.alike(*own[:2]) < REVERSED:
        return tracks.only(own[:1], "mono"), f"{tracks.called(own[:1])} alone, since the next one is wired in reverse"
    return tracks.only(own[:2], "stereo"), f"{tracks.called(own[:2])} as left and right"


def _looks(sound: Sound, start: float, end: float, tools: Tools) -> _Looks:
    """What is on the channels in at least one look and at most MOST_LISTENED seconds. Silence where there is no sound."""
    end = min(end, start + MOST_LISTENED)
    first, blocks = measured("looks", sound, start, end, partial(_measure, sound, tools), tools)
    begin = round((start - first) / LOOK)
    count = sound.count
    pairs = [*combinations(range(count), 2)]
    found = blocks.reshape(-1, 2 * count + len(pairs))[begin : begin + max(1, int((end - start) / LOOK))]
    products = {pair: found[:, 2 * count + number] for number, pair in enumerate(pairs)}
    return _Looks(found[:, :count], found[:, count : 2 * count], products)


def _measure(sound: Sound, tools: Tools, begin: float, run_up: float) -> NDArray[np.float64]:
    count, look = round((run_up + BLOCK) / LOOK), round(LOOK * LISTEN_RATE)
    samples = sound.samples(begin - run_up, count * LOOK, LISTEN_RATE, tools)[: count * look].astype(float)
    samples = np.pad(samples, ((0, count * look - len(samples)), (0, 0)))
    voices = band(samples, VOICES, LISTEN_RATE)
    values = [*np.square(samples).T, *np.square(voices).T]
    values += [voices[:, one] * voices[:, other] for one, other in combinations(range(sound.count), 2)]
    means = [value.reshape(count, look).mean(axis=1) for value in values]
    return np.asarray(np.stack(means, axis=1)[round(run_up / LOOK) :].ravel())


def _db(power: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(10 * np.log10(np.maximum(power, 1e-12)))
