"""Sound files and the sound of footage: their streams, and ffmpeg's way to their samples."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg
import numpy as np
from numpy.typing import NDArray

from basis.data import Channels
from basis.errors import Unusable
from basis.spans import Span, clip, merge
from basis.tools import USUAL, Tools
from pipeline.footage import ffmpeg_tool, media
from pipeline.footage.media import AudioStream, Media
from pipeline.footage.source import must_be_a_file
from pipeline.plan import Recording

Samples = NDArray[np.float32]  # (n, channels), two where nothing is said, at RATE where nothing is said, full scale 1
RATE = 48_000  # Hz
HOLE = 0.03  # seconds that sound strays from its time stamps from which they are believed: less is their own jitter
EARLIER = 2.0  # seconds before what is wanted that are sought: without an index a seek lands late, and decoders settle
SPARE = 0.1  # seconds more than wanted that are decoded: filters hold some back
STRAY = 0.02  # seconds between the stamps of pieces that are none: clocks of milliseconds, and of 90 kHz, round
TOLD = "info"  # the level at which ffmpeg says where pieces lie
_PIECE = re.compile(
    r"(?P<filter>Parsed_ashowinfo_\d+) .* pts_time:(?P<start>-?[\d.]+) .* rate:(?P<rate>\d+) nb_samples:(?P<samples>\d+)"
)
LARGEST = 64.0  # of full scale; a sample above it is damage


@dataclass(frozen=True)
class Sound:
    """One sound stream of a file, to be listened to by the footage's clock.

    content: the file's fingerprint. channels: "left" and "right" give one side alone, all others every channel that
    there is. offset, pace: where the file's clock lies against the footage's, as in plan.Recording. microphones: the
    channels that it consists of, (stream, channel) each; none: the two sides of the stream, however many it has.
    """

    file: Path
    stream: int
    content: str = ""
    channels: Channels = "stereo"
    offset: float = 0.0
    pace: float = 1.0
    microphones: tuple[tuple[int, int], ...] = ()

    @property
    def streams(self) -> set[int]:
        """The indices of the file's streams that are heard."""
        return {stream for stream, _ in self.microphones} or {self.stream}

    @property
    def count(self) -> int:
        """Channels of what since() gives."""
        return 1 if self.channels in ("left", "right") else len(self.microphones) or 2

    @property
    def key(self) -> str:
        """What tells it apart from other sounds, as the name of a file."""
        side = self.channels if self.channels in ("left", "right") else "all"
        own = hashlib.sha256(repr(self.microphones).encode()).hexdigest()[:16] if self.microphones else self.stream
        return f"{self.content}-{own}-{side}-{self.offset}-{self.pace}"

    def since(
        self, second: float, rate: int, tools: Tools = USUAL, seconds: float | None = None, told: bool = False
    ) -> Any:
        """An ffmpeg-python stream from a footage second on, `rate` Hz; gaps and a late start are silence.

        seconds: what is wanted of it at most. told: ffmpeg says of each piece where it lies, for Stamps. The clock of a
        recording is right to 30 ppm. Time stamps are read as the file has them: of one stream alone ffmpeg would count
        from that one's first stamp in MPEG-TS and the like, and the sound would slip against the picture. Raises
        Unusable for a file that cannot be opened.
        """
        begin = second * self.pace + self.offset
        zero = begin + start_of(self.file)  # the stamp that is to be 0
        given = ffmpeg_tool.input_of(self.file, max(0.0, begin - EARLIER), tools, copyts=None, max_error_rate=1)
        wanted = {} if seconds is None else {"end": f"{zero + seconds * self.pace + SPARE:.6f}"}
        own = round(rate / self.pace)

        def placed(stream: int) -> Any:
            cut = given[str(stream)].filter("atrim", start=f"{zero:.6f}", **wanted)
            cut = cut.filter("asetpts", f"round(PTS-{zero:.6f}/TB)")
            return cut.filter("ashowinfo") if told else cut

        def even(stream: Any) -> Any:
            return stream.filter("aresample", own, **{"async": 1, "min_hard_comp": HOLE, "first_pts": 0})

        if self.microphones:
            stream = _joined([(even(_picked(placed(one), some)), some) for one, some in self._picks.items()])
        elif self.channels in ("left", "right"):
            side = str(int(self.channels == "right"))
            stream = placed(self.stream).filter("aformat", channel_layouts="stereo")
            stream = even(stream.filter("channelmap", map=side, channel_layout="mono"))
        else:
            stream = even(placed(self.stream))
        return stream.filter("asetrate", rate) if own != rate else stream

    def mixed_since(
        self, second: float, rate: int, tools: Tools = USUAL, seconds: float | None = None, told: bool = False
    ) -> Any:
        """As since(), its microphones mixed to one channel; of a stream's sides that is left to ffmpeg's `ac=1`."""
        stream = self.since(second, rate, tools, seconds, told)
        if len(self.microphones) < 2 or self.count < 2:
            return stream
        # "<" makes the shares one in all, and is not escaped by ffmpeg-python
        return stream.filter("pan", "mono|c0<" + "+".join(f"c{number}" for number in range(self.count)))

    def samples(self, second: float, seconds: float, rate: int, tools: Tools = USUAL) -> Samples:
        """Up to so many seconds of it from a footage second on, (n, channels): its microphones, or left and right.

        Raises Unusable for what cannot be decoded, MachineFailed where the decoder was stopped.
        """
        stream = self.since(second, rate, tools, seconds)
        if not self.microphones:
            return stereo(stream, self.file, seconds, rate, tools)
        output = stream.output("pipe:", format="f32le", ar=rate, t=f"{seconds:.6f}")
        return samples_of(output, self.file, self.count, tools)

    @property
    def _picks(self) -> dict[int, list[int]]:
        """The channels that are taken of each stream."""
        wanted = self.microphones
        if self.channels in ("left", "right"):
            wanted = wanted[:1] if self.channels == "left" else wanted[1:2] or wanted
        picks: dict[int, list[int]] = {}
        for stream, channel in wanted:
            picks.setdefault(stream, []).append(channel)
        return picks


class Stamps:
    """Where sound lies by its time stamps, heard from an ffmpeg that tells: what the decoder gave nothing for is missing.

    pace: of the sound. Of several streams it is missing where it is in one of them.
    """

    def __init__(self, pace: float = 1.0) -> None:
        self._pace = pace
        self._ends: dict[str, float] = {}
        self._holes: list[Span] = []

    def hear(self, line: str) -> None:
        """A line that ffmpeg says at the level TOLD."""
        if piece := _PIECE.search(line):
            start = float(piece["start"]) / self._pace
            end = self._ends.setdefault(piece["filter"], 0.0)
            if start - end > STRAY:
                self._holes.append((end, start))
            length = int(piece["samples"]) / int(piece["rate"]) / self._pace
            self._ends[piece["filter"]] = max(end, start + length)

    def missing(self, seconds: float) -> list[Span]:
        """[start, end) seconds, of so many from the first wanted one on, in which there is nothing, not even silence."""
        ends = [(end, seconds) for end in (self._ends.values() or [0.0]) if seconds - end > STRAY]
        return clip(merge([*self._holes, *ends]), 0.0, seconds)


def _picked(stream: Any, channels: Sequence[int]) -> Any:
    """Channels of an ffmpeg-python stream by their numbers, whatever positions they are said to have."""
    return stream.filter("channelmap", map="|".join(map(str, channels)), channel_layout=_layout(channels))


def _joined(streams: Sequence[tuple[Any, Sequence[int]]]) -> Any:
    """The channels of several ffmpeg-python streams beside each other, endless: one that ends early is silent then."""
    if len(streams) == 1:
        return streams[0][0]
    endless = [one.filter("aformat", channel_layouts=_layout(channels)).filter("apad") for one, channels in streams]
    return ffmpeg.filter(endless, "amerge", inputs=len(endless))


def _layout(channels: Sequence[int]) -> str:
    return {1: "mono", 2: "stereo"}.get(len(channels), f"{len(channels)}c")


def start_of(file: Path) -> float:
    """The first time stamp of a file over all its streams, in seconds: second 0 of footage. Raises Unusable, MachineFailed."""
    must_be_a_file(file)
    try:
        return media.read(file).start or 0.0
    except media.Unreadable as error:
        raise Unusable(f"The sound of {file} cannot be read ({error}); export it again.") from error


def sounds_in(file: Path) -> tuple[AudioStream, ...]:
    """The sound streams of a sound file or of footage.

    Raises Unusable for what cannot be read, has none, or is a list that names other files; MachineFailed.
    """
    return heard(file).audio


def heard(file: Path) -> Media:
    """A sound file or footage in which there is a sound stream. Raises as sounds_in() does."""
    must_be_a_file(file)
    try:
        found = media.read(file)
    except media.Unreadable as error:
        raise Unusable(f"{file} is not a sound that can be read ({error}); export it as WAV.") from error
    if found.names_others:
        raise Unusable(f"{file} is a list of other files, not a sound; name the sound file itself.")
    if not found.audio:
        raise Unusable(f"{file} has no sound; name a sound file.")
    return found


def sound_in(recording: Recording) -> AudioStream:
    """The sound of a recording's file that is heard. Raises Unusable where it is not there."""
    for sound in sounds_in(recording.file):
        if sound.index == recording.audio_stream:
            return sound
    raise Unusable(f"{recording.file} has no sound stream {recording.audio_stream}; plan the episode again.")


def band(samples: NDArray[np.floating], hertz: tuple[float, float], rate: int) -> NDArray[np.float64]:
    """What of each channel of (n,) or (n, channels) samples at `rate` Hz lies between two frequencies."""
    import scipy  # here: `episode probe` of what has no sound need not wait for it

    sections = scipy.signal.butter(2, hertz, "bandpass", fs=rate, output="sos")
    return np.asarray(scipy.signal.sosfilt(sections, samples, axis=0))


def stereo(
    stream: Any, file: Path, seconds: float, rate: int, tools: Tools = USUAL, advice: str = "export it again"
) -> Samples:
    """As samples_of(), two channels, into which ffmpeg mixes what there is."""
    return samples_of(stream.output("pipe:", format="f32le", ac=2, ar=rate, t=f"{seconds:.6f}"), file, 2, tools, advice)


def samples_of(
    output: Any, file: Path, channels: int, tools: Tools = USUAL, advice: str = "export it again"
) -> Samples:
    """What an ffmpeg-python output of 32-bit float samples gives, (n, channels), damage taken out.

    Raises Unusable, naming the file and the advice, for what cannot be decoded.
    """
    try:
        pcm = ffmpeg_tool.run(output, tools).stdout
    except Unusable as error:
        raise Unusable(f"The sound of {file} cannot be read ({error}); {advice}.") from error
    whole = 4 * channels
    samples = np.nan_to_num(np.frombuffer(pcm[: len(pcm) // whole * whole], "<f4"), posinf=0, neginf=0)
    return np.asarray(np.clip(samples, -LARGEST, LARGEST).reshape(-1, channels), np.float32)
