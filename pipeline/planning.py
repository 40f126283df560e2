"""The stages by which a brief becomes a plan, each from data to data."""

from bisect import bisect_right
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from basis.clock import Clock
from basis.errors import Unusable, WrongUse
from basis.files import fingerprint
from basis.notes import Note
from basis.spans import Span, length
from basis.tools import Tools
from basis.version import version
from pipeline import analysis, captions, framing, graphics, pauses, sound
from pipeline.brief import Brief, Footage
from pipeline.footage import source
from pipeline.footage.source import Source
from pipeline.listening.hearing import Hearing, listen
from pipeline.listening.hearing import notes as heard_notes
from pipeline.plan import Music, Plan, Shot, Sting, Take, shots_with_offsets
from pipeline.stretch import Stretch
from presets import Preset
from presets.delivery import DeliverySpec
from presets.graphics import Caption, EndCard, PlacedGraphic, TitleCard

SURE_TURN = 0.5  # certainty from which a turn tells whose voice is heard
LAST = 0.1  # seconds before the end of a stretch at which a note of its end stands
NEAR = 1e-3  # seconds by which a note may lie before the shot that it is about: its second is rounded


def probe_footage(brief: Brief) -> list[Stretch]:
    """The footage of a brief, nothing of it listened to or looked at yet. Raises Unusable, WrongUse."""
    sources = [source.probe(footage.file, footage.audio_stream) for footage in brief.footage]
    ranges = [range_of(footage, one) for footage, one in zip(brief.footage, sources, strict=True)]
    offsets = Clock(sources[0].rate).offsets(ranges)
    return [
        Stretch(one, start, end, offset, footage, fingerprint(one.file))
        for one, (start, end), offset, footage in zip(sources, ranges, offsets, brief.footage, strict=True)
    ]


def range_of(wanted: Footage, found: Source) -> Span:
    """[start, end) seconds of a file that an episode shows. Raises Unusable for those that it does not have."""
    end = found.duration if wanted.to is None else wanted.to
    step = 1 / float(found.rate)
    if wanted.from_ >= found.duration - step / 2:
        raise Unusable(
            f"{wanted.file} lasts {found.duration:.2f} s and its part begins at {wanted.from_:.2f} s; choose an earlier --from."
        )
    if end > found.duration + max(step, 0.05):
        raise Unusable(
            f"{wanted.file} lasts {found.duration:.2f} s and its part ends at {end:.2f} s; choose an earlier --to."
        )
    return wanted.from_, max(min(end, found.duration), wanted.from_ + step)


def must_fit(seconds: float, name: str, spec: DeliverySpec) -> None:
    """Raises WrongUse for an episode that its delivery spec does not take."""
    if seconds > spec.longest_seconds:
        raise WrongUse(
            f"The episode would last {seconds:.0f} s and {name} takes {spec.longest_seconds:.0f} s; "
            "shorten it with --from and --to."
        )


def listen_and_look(stretches: Sequence[Stretch], tools: Tools) -> list[Stretch]:
    """The stretches with what is heard and seen in them; each is listened to while it is looked at."""
    total, done = length(stretch.span for stretch in stretches), 0.0
    known: list[Stretch] = []
    with ThreadPoolExecutor(1) as beside:
        for one in stretches:
            hearing = beside.submit(listen, one.source, one.footage, *one.span, one.content, tools)
            looked = analysis.look(one.source, *one.span, one.content, _watching(hearing, tools, done, total))
            seen = analysis.analyse(one.source, looked, hearing.result().speech, tools)
            known.append(replace(one, hearing=hearing.result(), analysis=seen))
            done += one.end - one.start
    return known


def _watching(hearing: Future[Hearing], tools: Tools, before: float, total: float) -> Tools:
    """Tools whose progress counts through all footage, and ends the looking as soon as the sound cannot be used."""

    def progress(stage: str, done: float, _: float) -> None:
        if hearing.done():
            hearing.result()
        tools.progress(stage, before + done, total)

    return replace(tools, progress=progress)


def find_pauses(
    brief: Brief, stretches: Sequence[Stretch], cues: captions.EpisodeCues, longest: float
) -> list[Stretch]:
    """The stretches with their pauses, timed in the episode with nothing taken out; longest: as pauses.find has it."""
    if not brief.tighten:
        return [*stretches]
    clock = Clock(stretches[0].source.rate)
    found = [
        pauses.find(one.file, one.span, one.offset, one.analysis.shots, [*one.speech, *said], clock, longest)
        for one, said in zip(stretches, captions.said_unheard(cues, stretches), strict=True)
        if one.analysis
    ]
    marked = iter(pauses.marked([pause for own in found for pause in own], brief.keep_pauses))
    return [replace(one, pauses=[next(marked) for _ in own]) for one, own in zip(stretches, found, strict=True)]


def frame_takes(brief: Brief, stretches: Sequence[Stretch], look: framing.Look) -> list[Take]:
    """The takes of the plan. Raises WrongUse for a wish that cannot be met."""
    seen = [one.analysis for one in stretches if one.analysis]
    shots = framing.frame(seen, look, wishes_of(brief, stretches), [one.removed for one in stretches])
    return [
        Take(
            file=one.file, fingerprint=one.content, start=one.start, end=one.end,
            audio_stream=one.hearing.audio_stream, channels=one.hearing.channels, heard=one.hearing.why,
            microphones=[*one.hearing.microphones], recording=one.hearing.recording, shots=own,
            speech=one.hearing.speech.sure, turns=_turns(one.analysis, own),
        )
        for one, own in zip(stretches, shots, strict=True)
        if one.hearing and one.analysis
    ]  # fmt: skip


def wishes_of(brief: Brief, stretches: Sequence[Stretch]) -> list[list[framing.Wish]]:
    """What the editor wants of each stretch of footage, in its own time. Raises WrongUse for a time past the end."""
    wishes: list[list[framing.Wish]] = [[] for _ in stretches]
    shown = [(a, b, own) for own, one in zip(wishes, stretches, strict=True) for a, b in one.kept]
    for wanted in brief.shots:
        rest = wanted.at
        for start, end, own in shown:
            if rest < end - start:
                own.append(framing.Wish(start + rest, wanted.show))
                break
            rest -= end - start
        else:
            raise WrongUse(f"There is no shot at {wanted.at:g} s: the footage shown lasts {wanted.at - rest:.2f} s.")
    return wishes


def _turns(seen: analysis.Analysis, shots: Sequence[Shot]) -> list[tuple[float, float, int]]:
    """Who is seen to speak when, by the number that the person has in the episode."""
    turns = []
    for analysed in seen.shots:
        known = next((shot.identities for shot in shots if analysed.start <= shot.start < analysed.end), {})
        turns += [
            (round(turn.start, 3), round(turn.end, 3), known[turn.track])
            for turn in analysed.turns
            if turn.track in known and turn.certainty >= SURE_TURN
        ]
    return turns


def bare_plan(brief: Brief, preset: Preset, spec: DeliverySpec, stretches: Sequence[Stretch]) -> Plan:
    """What is shown and heard, with nothing drawn over it yet and its pauses not taken out. Raises as frame_takes does."""
    music = brief.music or preset.sound.music
    return Plan(
        made_by=f"episode {version()}", pauses=[pause for one in stretches for pause in one.pauses],
        preset=_lasting(brief.preset), delivery=_lasting(brief.delivery), rate=str(stretches[0].source.rate),
        width=spec.width, height=spec.height, tail=tail_of(brief, preset),
        takes=frame_takes(brief, stretches, framing.Look(spec.width, spec.height, preset.framing)),
        music=Music(file=Path(music).resolve()) if music else None,
        captions=[file.resolve() for file in (brief.captions, *(f.captions for f in brief.footage)) if file],
    )  # fmt: skip


def tail_of(brief: Brief, preset: Preset) -> float:
    """Seconds after the footage, the end card's."""
    return preset.end_card.seconds if graphics.has_end_card(brief, preset) else 0.0


def _lasting(name: str) -> str:
    """The name of a preset or delivery spec, or its file's whole path: the plan may be rendered from another folder."""
    return str(Path(name).resolve()) if name.lower().endswith(".toml") else name


def dress(
    bare: Plan, brief: Brief, preset: Preset, spec: DeliverySpec, stretches: Sequence[Stretch], captioned: list[Caption]
) -> tuple[Plan, list[Note]]:
    """The plan with its pauses taken out, its graphics in their places and the short sounds that go with them."""
    of_takes = [one.analysis for one in stretches if one.analysis for _ in one.kept]
    plan = pauses.settled(bare)
    if plan is not bare:
        plan = framing.with_faces(plan, of_takes)
    faces = graphics.on_screen(plan, of_takes)
    look = graphics.Look.of(preset, graphics.Canvas.of(spec))
    notes: list[Note] = []
    drawn: list[PlacedGraphic] = []
    for graphic in graphics.schedule(brief, preset, plan, faces):
        if isinstance(graphic, Caption):
            parts, unread = captions.of_text(graphic, preset, float(plan.clock.rate))
            drawn += parts
            notes += unread
        else:
            drawn.append(graphic)
    drawn, covered = graphics.place(plan.model_copy(update={"graphics": [*drawn, *captioned]}), look, faces)
    people = {number for shot, _ in shots_with_offsets(plan) for number in shot.identities.values()}
    notes += [*covered, *graphics.notes(brief, preset, look, drawn, plan.footage_seconds, people)]
    stings, unheard = stings_of(preset, drawn)
    return plan.model_copy(update={"graphics": drawn, "stings": stings}), [*notes, *unheard]


def stings_of(preset: Preset, drawn: Sequence[PlacedGraphic]) -> tuple[list[Sting], list[Note]]:
    """The short sounds that go with graphics, and those for which there is none."""
    stings: list[Sting] = []
    notes: list[Note] = []
    for name, what, kind in (("title_sting", "title", TitleCard), ("end_sting", "end card", EndCard)):
        starts = [graphic.start for graphic in drawn if isinstance(graphic, kind)]
        if file := getattr(preset.sound, name):
            stings += [Sting(file=Path(file), at=at) for at in starts]
            if not starts:
                text = f"The preset's {name} is not heard: the episode has no {what}."
                notes.append(Note(code="unheard-sting", text=text))
    return stings, notes


def notes_of(plan: Plan, stretches: Sequence[Stretch]) -> list[Note]:
    """What an editor should know of the footage and its sound."""
    notes: list[Note] = []
    removed = 0.0  # seconds, of the stretches before
    for one in stretches:
        if one.hearing:
            notes += heard_notes(one.source, one.hearing, one.end, one.offset - removed, one.removed)
        if one.analysis:
            notes += analysis.notes(one.file, one.analysis, one.offset - removed, one.removed)
        removed += length(one.removed)
        last = one.end - LAST + one.offset - removed
        notes += [
            note.model_copy(update={"at": round(last, 3)} if note.code == source.TRUNCATED else {})
            for note in source.notes(one.source, one.end)
        ]
    return [*notes, *sound.notes(plan)]


def in_shots(notes: Sequence[Note], plan: Plan) -> list[Note]:
    """The notes, those of a second in the footage with the number of the shot that is then on screen, from 1."""
    starts = [shot.start + offset for shot, offset in shots_with_offsets(plan)]
    return [
        note.model_copy(update={"shot": max(1, bisect_right(starts, note.at + NEAR))})
        if note.shot is None and note.at is not None and note.at < plan.footage_seconds
        else note
        for note in notes
    ]
