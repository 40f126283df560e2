"""Everything that is heard in one stretch of a footage file: which sound, how it is read, and when somebody speaks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from basis.data import Channels
from basis.notes import Note
from basis.spans import Spans
from basis.tools import USUAL, Tools
from pipeline.brief import Footage
from pipeline.footage.sounds import Sound, sound_in
from pipeline.footage.source import Loss, Source
from pipeline.listening.channels import NAMES, choose, of_camera, unheard
from pipeline.listening.losses import EDGE, beyond, losses
from pipeline.listening.losses import notes as about
from pipeline.listening.recorder import align
from pipeline.listening.speech import A_SECOND, Speech, find_speech
from pipeline.plan import Microphone, Recording


@dataclass(frozen=True)
class Hearing:
    """What is heard of a stretch of footage.

    audio_stream: index of the camera's sound stream, None without any. recording: what is heard instead where it has
    something. channels: how what is heard is read. why: one sentence, for people. microphones: the camera's that are
    heard, as plan.Take has them. losses: what is lost of it. unheard:
    the camera's streams on which there is something else.
    """

    audio_stream: int | None
    recording: Recording | None
    channels: Channels
    why: str
    speech: Speech
    microphones: Sequence[Microphone] = ()
    losses: Sequence[Loss] = ()
    unheard: Sequence[int] = ()


def listen(source: Source, wanted: Footage, start: float, end: float, content: str, tools: Tools = USUAL) -> Hearing:
    """What is heard of [start, end) footage seconds: what the editor wants, the rest told by listening.

    content: the footage's fingerprint. What was measured is kept in tools.cache by the files' contents and the place of
    the recording, and serves any range. Raises Unusable for sound that cannot be read or aligned.
    """
    camera, why = of_camera(source, wanted, content, start, end, tools)
    heard, recording = camera, None
    if wanted.audio:
        recording, placed = align(source, camera, wanted, start, end, tools)
        begin, stop = (max(0.0, t * recording.pace + recording.offset) for t in (start, end))
        recorded = Sound(recording.file, recording.audio_stream, recording.fingerprint)
        heard, why = choose(recorded, sound_in(recording), begin, stop, wanted.channels, tools)
        why = f"{placed}, {why}"
        recording = recording.model_copy(update={"microphones": _named(heard)})
    channels: Channels = heard.channels if heard else "stereo"
    speech = find_speech(_parts(camera, heard, recording, start, end), tools)
    if heard and channels == "voices" and not wanted.channels and not speech.sure:
        channels = "stereo" if heard.count == 2 else "mono"  # what moves from side to side is no microphone's work
        why = f"{NAMES[channels] if heard.count == 2 else 'microphones mixed'}, nobody speaks"
    number = camera.stream if camera else None
    has_sound = [(start, end)] if camera else [recording.covers] if recording else []
    lost = losses(source, speech, (start, end), has_sound)
    others: list[int] = []
    if camera and not recording and wanted.audio_stream is None:
        others = unheard(source, camera, content, start, end, tools)
    return Hearing(number, recording, channels, why, speech, _named(camera) if camera else (), lost, others)


def notes(source: Source, hearing: Hearing, end: float, shift: float, removed: Spans) -> list[Note]:
    """What an editor should know of a stretch's sound.

    end: of the stretch; shift: seconds from its time to the episode's where nothing is removed; removed: footage seconds
    that are not shown.
    """
    recording, names = hearing.recording, []
    for loss in hearing.losses:
        recorded = recording and recording.covers[0] <= loss.start < recording.covers[1]
        names.append((recording.file.name if recording and recorded else source.file.name, loss))
    found = about(names, shift, removed)
    if recording is None and end >= source.duration - EDGE:
        found += beyond(source, source.file, hearing.audio_stream)
    if hearing.unheard:
        numbers = ", ".join(map(str, hearing.unheard))
        text = (
            f"{source.file.name} has other sound on stream {numbers}, which is not heard; --audio-stream {hearing.unheard[0]} "
            "would choose it."
        )
        found.append(Note(code="unheard-sound", text=text))
    return found


def _named(sound: Sound) -> list[Microphone]:
    return [Microphone(stream=stream, channel=channel) for stream, channel in sound.microphones]


def _parts(
    camera: Sound | None, heard: Sound | None, recording: Recording | None, start: float, end: float
) -> list[tuple[Sound | None, float, float]]:
    """What is heard when: the recording, and the camera where that has nothing, cut on values of speech's envelope."""
    if recording is None or heard is None:
        return [(camera, start, end)]
    recorded = replace(heard, offset=recording.offset, pace=recording.pace)
    if camera is None:
        return [(recorded, start, end)]
    whole = replace(camera, channels="stereo")
    begin, stop = (round(min(max(t, start), end) * A_SECOND) / A_SECOND for t in recording.covers)
    parts = [(whole, start, begin), (recorded, begin, stop), (whole, stop, end)]
    return [(sound, a, b) for sound, a, b in parts if b - a > 0.5 / A_SECOND] or [(recorded, start, end)]
