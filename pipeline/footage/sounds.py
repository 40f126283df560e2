"""Sound files and the sound of footage: their streams, and ffmpeg's way to their samples."""

from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from basis.data import Channels
from basis.errors import Unusable
from pipeline.footage import ffmpeg_tool
from pipeline.footage.source import PLAYLISTS, AudioStream, Source, audio_streams, must_be_a_file, open_media

Samples = NDArray[np.float32]  # (n, 2) at RATE, full scale 1
RATE = 48_000  # Hz
HOLE = 0.03  # seconds that sound strays from its time stamps from which they are believed: less is their own jitter
LARGEST = 64.0  # of full scale; a sample above it is damage


def sounds_in(file: Path) -> tuple[AudioStream, ...]:
    """The sound streams of a sound file or of footage.

    Raises Unusable for what cannot be read, has none, or is a list that names other files.
    """
    must_be_a_file(file)
    try:
        with open_media(file) as container:
            if PLAYLISTS & set(container.format.name.split(",")):
                raise Unusable(f"{file} is a list of other files, not a sound; name the sound file itself.")
            if streams := audio_streams(container):
                return streams
    except (av.error.FFmpegError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Unusable(f"{file} is not a sound that can be read ({reason}); export it as WAV.") from error
    raise Unusable(f"{file} has no sound; name a sound file.")


def sound_of(file: Path, start: float, stream: int, rate: int, channels: Channels = "stereo") -> Any:
    """An ffmpeg-python stream of a file's sound from a second on, `rate` Hz; gaps and a late start are silence.

    channels: "left" and "right" give one side alone, all others every channel that there is.
    """
    heard = ffmpeg_tool.input_of(file, start)[str(stream)]
    if channels in ("left", "right"):
        heard = heard.filter("aformat", channel_layouts="stereo").filter(
            "channelmap", map=str(int(channels == "right")), channel_layout="mono"
        )
    return heard.filter("aresample", rate, **{"async": 1, "min_hard_comp": HOLE, "first_pts": 0})


def stereo(sound: Any, file: Path, seconds: float, rate: int, advice: str = "export it again") -> Samples:
    """Up to so many seconds of an ffmpeg-python stream at `rate` Hz, (n, 2), damage taken out.

    Raises Unusable, naming the file and the advice, for what cannot be decoded.
    """
    output = sound.output("pipe:", format="f32le", ac=2, ar=rate, t=f"{seconds:.6f}")
    try:
        pcm = ffmpeg_tool.run(output).stdout
    except Unusable as error:
        raise Unusable(f"The sound of {file} cannot be read ({error}); {advice}.") from error
    found = np.nan_to_num(np.frombuffer(pcm[: len(pcm) // 8 * 8], "<f4"), posinf=0, neginf=0)
    return np.asarray(np.clip(found, -LARGEST, LARGEST).reshape(-1, 2), np.float32)


def voice_of(source: Source, start: float, rate: int) -> Any:
    """An ffmpeg-python stream of what is heard of the footage from a second on, for listening to: `rate` Hz.

    Of a recording, which may begin later than the footage; its clock is right to 30 ppm. None without any sound.
    """
    recording = source.recording
    if recording:
        begin = start * recording.pace + recording.offset
        own = round(rate / recording.pace)
        heard = sound_of(recording.file, max(0.0, begin), recording.audio_stream, own, source.channels)
        heard = heard.filter("asetrate", rate)
        return heard.filter("adelay", round(-begin * 1000), all=1) if begin < 0 else heard
    if source.audio_stream is None:
        return None
    return sound_of(source.file, start, source.audio_stream, rate, source.channels)
