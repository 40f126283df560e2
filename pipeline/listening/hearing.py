"""Everything that is heard in one stretch of a footage file: which sound, how it is read, and when somebody speaks."""

from dataclasses import dataclass

from basis.data import Channels
from basis.tools import USUAL, Tools
from pipeline.brief import Footage
from pipeline.footage.sounds import Sound, sound_in
from pipeline.footage.source import Source
from pipeline.listening.channels import choose, of_camera
from pipeline.listening.recorder import align
from pipeline.listening.speech import A_SECOND, Speech, find_speech
from pipeline.plan import Recording


@dataclass(frozen=True)
class Hearing:
    """What is heard of a stretch of footage.

    audio_stream: index of the camera's sound stream, None without any. recording: what is heard instead where it has
    something. channels: how what is heard is read. why: one sentence, for people.
    """

    audio_stream: int | None
    recording: Recording | None
    channels: Channels
    why: str
    speech: Speech


def listen(source: Source, wanted: Footage, start: float, end: float, content: str, tools: Tools = USUAL) -> Hearing:
    """What is heard of [start, end) footage seconds: what the editor wants, the rest told by listening.

    content: the footage's fingerprint. What was measured is kept in tools.cache by the files' contents and the place of
    the recording, and serves any range. Raises Unusable for sound that cannot be read or aligned.
    """
    camera, why = of_camera(source, wanted, content, start, end, tools)
    channels: Channels = camera.channels if camera else "stereo"
    recording = None
    if wanted.audio:
        recording, placed = align(source, camera, wanted, start, end, tools)
        begin, stop = (max(0.0, t * recording.pace + recording.offset) for t in (start, end))
        recorded = Sound(recording.file, recording.audio_stream, recording.fingerprint)
        channels, why = choose(recorded, sound_in(recording), begin, stop, wanted.channels, tools)
        why = f"{placed}, {why}"
    speech = find_speech(_parts(camera, recording, channels, start, end), tools)
    if channels == "voices" and not wanted.channels and not speech.sure:
        channels, why = "stereo", "stereo, nobody speaks"  # what moves from side to side is no microphone's work
    return Hearing(camera.stream if camera else None, recording, channels, why, speech)


def _parts(
    camera: Sound | None, recording: Recording | None, channels: Channels, start: float, end: float
) -> list[tuple[Sound | None, float, float]]:
    """What is heard when: the recording, and the camera where that has nothing, cut on values of speech's envelope."""
    if recording is None:
        return [(camera, start, end)]
    recorded = Sound(
        recording.file, recording.audio_stream, recording.fingerprint, channels, recording.offset, recording.pace
    )
    if camera is None:
        return [(recorded, start, end)]
    whole = Sound(camera.file, camera.stream, camera.content)
    begin, stop = (round(min(max(t, start), end) * A_SECOND) / A_SECOND for t in recording.covers)
    parts = [(whole, start, begin), (recorded, begin, stop), (whole, stop, end)]
    return [(sound, a, b) for sound, a, b in parts if b - a > 0.5 / A_SECOND] or [(recorded, start, end)]
