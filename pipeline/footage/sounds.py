"""Sound files and the sound of footage: their streams, and ffmpeg's way to their samples."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from basis.data import Channels
from basis.errors import Unusable
from basis.tools import USUAL, Tools
from pipeline.footage import ffmpeg_tool, media
from pipeline.footage.media import AudioStream, Media
from pipeline.footage.source import must_be_a_file
from pipeline.plan import Recording

Samples = NDArray[np.float32]  # (n, 2) at RATE, full scale 1
RATE = 48_000  # Hz
HOLE = 0.03  # seconds that sound strays from its time stamps from which they are believed: less is their own jitter
EARLIER = 2.0  # seconds before what is wanted that are sought: without an index a seek lands late, and decoders settle
SPARE = 0.1  # seconds more than wanted that are decoded: filters hold some back
LARGEST = 64.0  # of full scale; a sample above it is damage


@dataclass(frozen=True)
class Sound:
    """One sound stream of a file, to be listened to by the footage's clock.

    content: the file's fingerprint. channels: "left" and "right" give one side alone, all others every channel that
    there is. offset, pace: where the file's clock lies against the footage's, as in plan.Recording.
    """

    file: Path
    stream: int
    content: str = ""
    channels: Channels = "stereo"
    offset: float = 0.0
    pace: float = 1.0

    @property
    def key(self) -> str:
        """What tells it apart from other sounds, as the name of a file."""
        side = self.channels if self.channels in ("left", "right") else "all"
        return f"{self.content}-{self.stream}-{side}-{self.offset}-{self.pace}"

    def since(self, second: float, rate: int, tools: Tools = USUAL, seconds: float | None = None) -> Any:
        """An ffmpeg-python stream from a footage second on, `rate` Hz; gaps and a late start are silence.

        seconds: what is wanted of it at most. The clock of a recording is right to 30 ppm. Time stamps are read as the
        file has them: of one stream alone ffmpeg would count from that one's first stamp in MPEG-TS and the like, and
        the sound would slip against the picture. Raises Unusable for a file that cannot be opened.
        """
        begin = second * self.pace + self.offset
        zero = begin + start_of(self.file)  # the stamp that is to be 0
        given = ffmpeg_tool.input_of(self.file, max(0.0, begin - EARLIER), tools, copyts=None)
        wanted = {} if seconds is None else {"end": f"{zero + seconds * self.pace + SPARE:.6f}"}
        stream = given[str(self.stream)].filter("atrim", start=f"{zero:.6f}", **wanted)
        stream = stream.filter("asetpts", f"round(PTS-{zero:.6f}/TB)")
        if self.channels in ("left", "right"):
            side = str(int(self.channels == "right"))
            stream = stream.filter("aformat", channel_layouts="stereo")
            stream = stream.filter("channelmap", map=side, channel_layout="mono")
        own = round(rate / self.pace)
        stream = stream.filter("aresample", own, **{"async": 1, "min_hard_comp": HOLE, "first_pts": 0})
        return stream.filter("asetrate", rate) if own != rate else stream


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
    """Up to so many seconds of an ffmpeg-python stream at `rate` Hz, (n, 2), damage taken out.

    Raises Unusable, naming the file and the advice, for what cannot be decoded.
    """
    output = stream.output("pipe:", format="f32le", ac=2, ar=rate, t=f"{seconds:.6f}")
    try:
        pcm = ffmpeg_tool.run(output, tools).stdout
    except Unusable as error:
        raise Unusable(f"The sound of {file} cannot be read ({error}); {advice}.") from error
    samples = np.nan_to_num(np.frombuffer(pcm[: len(pcm) // 8 * 8], "<f4"), posinf=0, neginf=0)
    return np.asarray(np.clip(samples, -LARGEST, LARGEST).reshape(-1, 2), np.float32)
