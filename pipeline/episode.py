"""The whole story of one episode: brief -> plan -> picture, sound, file -> checks -> report."""

import math
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from importlib.metadata import version
from itertools import chain, pairwise
from pathlib import Path

from PIL import Image
from pydantic import ValidationError

import presets
from basis.errors import DeliveryFailed, MachineFailed, Unusable, WrongUse
from basis.files import fingerprint, save_text, temporary, writable
from basis.notes import Note, distinct
from basis.spans import Span
from basis.toml import explain
from pipeline import captions, encode, framing, graphics, picture, report, sound, verify
from pipeline import pauses as tighten
from pipeline.analysis import Analysis, analyse
from pipeline.brief import Brief, Footage
from pipeline.captions import Stretch
from pipeline.footage import source
from pipeline.footage.source import Source
from pipeline.graphics.blend import Overlay, rgb
from pipeline.listening.channels import hear, without_speakers
from pipeline.plan import (
    Music,
    Pause,
    Plan,
    Shot,
    Sting,
    Take,
    nearest_frame,
    range_offsets,
    shots_with_offsets,
    take_offsets,
)
from pipeline.report import Report
from pipeline.sound import SoundReport
from presets import Preset, delivery
from presets.delivery import DeliverySpec
from presets.graphics import Caption, EndCard, TitleCard

VERSION = version("episode-pipeline")

DOUBT = 0.5  # score of a shot's framing up to which the editor is asked to look

SURE_TURN = 0.5  # certainty from which a turn tells whose voice is heard
LEAST_SPEECH = 0.5  # seconds in one file; less is a door or a note of music


Progress = Callable[[str, float, float], None]  # stage, done, total


@dataclass(frozen=True)
class Files:
    """Where an episode's files go: the video, and beside it plan, report, contact sheet and subtitles."""

    video: Path

    @property
    def plan(self) -> Path:
        return self.video.with_suffix(".plan.json")

    @property
    def report(self) -> Path:
        return self.video.with_suffix(".report.json")

    @property
    def sheet(self) -> Path:
        return self.video.with_suffix(".sheet.jpg")

    @property
    def srt(self) -> Path:
        return self.video.with_suffix(".srt")

    @property
    def vtt(self) -> Path:
        return self.video.with_suffix(".vtt")

    @property
    def all(self) -> tuple[Path, ...]:
        return self.video, self.plan, self.report, self.sheet, self.srt, self.vtt


def make_plan(brief: Brief, cache_folder: Path | None, progress: Progress) -> tuple[Plan, list[Note]]:
    """Decides everything about the episode; and what the editor should know.

    cache_folder: where analyses are kept, None to analyse anew. Raises WrongUse, Unusable.
    """
    preset = presets.load(brief.preset)
    spec = delivery.load(brief.delivery)
    sources = [source.probe(f.file, f.audio_stream) for f in brief.footage]
    ranges = [range_of(f, s) for f, s in zip(brief.footage, sources, strict=True)]
    rate = sources[0].rate
    tail = preset.end_card.seconds if graphics.has_end_card(brief, preset) else 0.0
    total = sum(end - start for start, end in ranges)
    if not brief.tighten:
        must_fit(total + tail, brief.delivery, spec)
    contents = [fingerprint(source_.file) for source_ in sources]
    progress("sound", 0, 1)
    heard = [hear(s, start, end, f) for s, (start, end), f in zip(sources, ranges, brief.footage, strict=True)]
    progress("sound", 1, 1)
    analyses: list[Analysis] = []
    done = 0.0
    for (source_, _), content, (start, end) in zip(heard, contents, ranges, strict=True):
        analyses.append(analyse(source_, start, end, content, cache_folder, _counted(progress, done, total)))
        done += end - start
    heard = [
        h if _spoken(analysis, start, end) or f.channels else without_speakers(*h)
        for h, analysis, (start, end), f in zip(heard, analyses, ranges, brief.footage, strict=True)
    ]
    sources = [found for found, _ in heard]
    stretches = [
        Stretch(source_, start, end, offset, wanted.captions, analysis.speech)
        for source_, (start, end), offset, wanted, analysis in zip(
            sources, ranges, range_offsets(ranges, rate), brief.footage, analyses, strict=True
        )
    ]
    pauses = _pauses(brief, stretches, analyses, rate, preset)
    removed = [[(p.start, p.end) for p in own if not p.kept] for own in pauses]
    gone = [(a + s.offset, b + s.offset) for s, own in zip(stretches, removed, strict=True) for a, b in own]
    if brief.tighten:
        must_fit(total - sum(b - a for a, b in gone) + tail, brief.delivery, spec)
    look = framing.Look(spec.width, spec.height, preset.framing)
    shots = framing.frame(analyses, look, _wishes(brief, ranges, removed), removed)
    takes = [
        Take(
            file=source_.file.resolve(), fingerprint=content, start=start, end=end,
            audio_stream=source_.audio_stream, channels=source_.channels, heard=why, recording=source_.recording, shots=framed,
            speech=_spoken(analysis, start, end), turns=_turns(analysis, framed),
        )
        for (source_, why), content, (start, end), framed, analysis in zip(
            heard, contents, ranges, shots, analyses, strict=True
        )
    ]  # fmt: skip
    plan = Plan(
        made_by=f"episode {VERSION}", pauses=[*chain(*pauses)], preset=_lasting(brief.preset), delivery=_lasting(brief.delivery),
        rate=str(rate), width=spec.width, height=spec.height, takes=takes, tail=tail,
        music=Music(file=Path(bed).resolve()) if (bed := brief.music or preset.sound.music) else None,
        captions=[file.resolve() for file in (brief.captions, *(f.captions for f in brief.footage)) if file],
    )  # fmt: skip
    cues, said = captions.for_episode(brief.captions, stretches, preset, plan.footage_seconds, float(rate), gone)
    notes = _as_notes("captions", said)
    if brief.tighten and not gone:
        text = f"Nothing was tightened: the talk has no pause of more than {preset.sound.longest_pause:g} s that is not kept."
        notes.append(Note(code="nothing-tightened", text=text))
    if gone:
        analyses = [analysis for analysis, own in zip(analyses, removed, strict=True) for _ in range(len(own) + 1)]
        plan = tighten.with_faces(tighten.settled(plan), analyses)
        text = (
            f"Tightened: {len(gone)} pause{'s' * (len(gone) > 1)} taken out, {sum(b - a for a, b in gone):.1f} s in all; "
            "`episode plan` lists them, --keep-pause keeps one."
        )
        notes.append(Note(code="tightened", text=text))
    faces = graphics.on_screen(plan, analyses)
    placed = graphics.schedule(brief, preset, cues, plan, faces)
    for graphic in placed:
        if isinstance(graphic, Caption) and graphic not in cues:
            parts, unread = captions.of_text(graphic, preset, float(rate))
            plan.graphics += parts
            notes += _as_notes("captions", unread)
        else:
            plan.graphics.append(graphic)
    drawn_with = graphics.Look.of(preset, graphics.Canvas.of(spec))
    plan.graphics, covered = graphics.place(plan, drawn_with, faces)
    plan.stings = [
        Sting(file=Path(file), at=graphic.start)
        for kind, file in ((TitleCard, preset.sound.title_sting), (EndCard, preset.sound.end_sting))
        for graphic in plan.graphics
        if file and isinstance(graphic, kind)
    ]
    people = {number for shot, _ in shots_with_offsets(plan) for number in shot.identities.values()}
    notes += covered
    notes += graphics.notes(brief, preset, drawn_with, plan.graphics, plan.footage_seconds, people)
    if preset.sound.title_sting and not any(isinstance(g, TitleCard) for g in plan.graphics):
        notes.append(Note(code="sting", text="The preset's title_sting is not heard: the episode has no title."))
    if preset.sound.end_sting and not any(isinstance(g, EndCard) for g in plan.graphics):
        notes.append(Note(code="sting", text="The preset's end_sting is not heard: the episode has no end card."))
    return plan, [*_doubts(plan), *notes, *_as_notes("sound", sound.notes(plan))]


def _as_notes(code: str, sentences: Iterable[str]) -> list[Note]:
    return [Note(code=code, text=text) for text in sentences]


def range_of(wanted: Footage, found: Source) -> tuple[float, float]:
    """[start, end) seconds of a file that an episode shows. Raises Unusable for those that it does not have."""
    end = found.duration if wanted.to is None else wanted.to
    step = 1 / float(found.rate)
    if wanted.from_ >= found.duration - step / 2:
        raise Unusable(
            f"{wanted.file} lasts {found.duration:.2f} s and its part begins at {wanted.from_:.2f} s; choose an earlier --from."
        )
    if end > found.duration + max(step, 0.05):
        raise Unusable(f"{wanted.file} lasts {found.duration:.2f} s and its part ends at {end:.2f} s; choose an earlier --to.")
    return wanted.from_, max(min(end, found.duration), wanted.from_ + step)


def must_fit(seconds: float, name: str, spec: DeliverySpec) -> None:
    """Raises WrongUse for an episode that its delivery spec does not take."""
    if seconds > spec.longest_seconds:
        raise WrongUse(
            f"The episode would last {seconds:.0f} s and {name} takes {spec.longest_seconds:.0f} s; "
            "shorten it with --from and --to."
        )


def read_plan(file: Path) -> Plan:
    """A plan that a person may have edited. Raises WrongUse with the place of the first slip."""
    try:
        plan = Plan.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        raise WrongUse(f"There is no plan {file}; check the path.") from None
    except OSError as error:
        raise WrongUse(f"The plan {file} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        raise WrongUse(f"The plan {file}: {explain(error, Plan)}") from error
    return plan


def render(
    plan: Plan, files: Files, progress: Progress, warnings: list[Note] | None = None, keep_plan: bool = True
) -> Report:
    """Makes the episode's files. They appear whole, or none of them does.

    keep_plan: write the plan beside the video too. Raises Unusable, WrongUse, MissingTool, MachineFailed, or
    DeliveryFailed with the findings when what was made does not meet the delivery spec.
    """
    clock = _Clock()
    job = _job(plan, warnings)
    with _unfinished(files) as (part, mastered):
        heard = _master(job, mastered, clock, progress)
        sheet = report.ContactSheet(job.plan, job.notes)
        with clock.stage("encode"):
            frames = picture.render(job.plan, job.sources, job.overlay, sheet.see)
            count = _counter(progress, job.plan.frame_count)
            encode.encode(frames, mastered, part, job.spec, job.size, job.plan.frame_rate, count)
        made = _verified(job, files, part, heard, clock, progress)
        _save(job.plan, made, sheet, files, keep_plan)
        part.replace(files.video)
    return made


def segments(plan: Plan, seconds: float) -> list[tuple[int, int]]:
    """[first, last) frames of parts of about so many seconds, which together are the episode; one if it is not longer.

    None is shorter than half of it. They begin on multiples of the longest group of pictures where they are long enough.
    Raises WrongUse for seconds that are too few.
    """
    plan = tighten.settled(plan)
    count, rate = plan.frame_count, plan.frame_rate
    wanted = seconds * float(rate)
    if count <= 1.5 * wanted:
        return [(0, count)]
    if seconds < 2 * encode.LEAST_SEGMENT:
        raise WrongUse(f"Segments of {seconds:g} s are too short; make them {2 * encode.LEAST_SEGMENT:g} s or longer.")
    parts = math.ceil(count / wanted - 0.5)
    group = encode.longest_group(delivery.load(plan.delivery), rate)
    step = group if wanted >= 4 * group else 1
    edges = [round(count * part / parts / step) * step for part in range(parts)]
    return [*pairwise([*edges, count])]


def render_segment(plan: Plan, first: int, last: int, file: Path, progress: Progress) -> None:
    """Writes the picture of the episode's frames [first, last) as join takes it; the file appears whole or not at all.

    Raises as render does, but for DeliveryFailed.
    """
    job = _job(plan)
    with writable(file.parent), temporary(file) as part:
        frames = picture.render(job.plan, job.sources, job.overlay, first=first, last=last)
        count = _counter(progress, last - first)
        encode.encode_segment(frames, part, job.spec, job.size, job.plan.frame_rate, count)
        part.replace(file)


def join(
    plan: Plan,
    files: Files,
    segment_files: Sequence[Path],
    progress: Progress,
    warnings: list[Note] | None = None,
    keep_plan: bool = True,
) -> Report:
    """Makes the episode's files as render does, of the picture that render_segment wrote, in order.

    Raises as render does, and MachineFailed for segments that are not the whole episode.
    """
    clock = _Clock()
    job = _job(plan, warnings)
    if (found := sum(map(encode.frames_in, segment_files))) != job.plan.frame_count:
        raise MachineFailed(
            f"The segments have {found} frames and the episode has {job.plan.frame_count}; render them again."
        )
    with _unfinished(files) as (part, mastered):
        heard = _master(job, mastered, clock, progress)
        with clock.stage("join"):
            progress("join", 0, 1)
            encode.join(segment_files, mastered, part, job.spec, job.plan.frame_rate)
            progress("join", 1, 1)
        made = _verified(job, files, part, heard, clock, progress)
        _save(job.plan, made, _sheet(job, progress), files, keep_plan)
        part.replace(files.video)
    return made


def cover(plan: Plan, files: Files, file: Path) -> None:
    """Writes a JPEG of the finished video: its title card, else the moment that stands for its first shot.

    If it can be, a moment without a caption.
    """
    plan = tighten.settled(plan)
    shot, offset = next(shots_with_offsets(plan))
    said = [graphic for graphic in plan.graphics if isinstance(graphic, Caption)]
    cards = [card for card in plan.graphics if isinstance(card, TitleCard)][:1]
    moments = [card.start + (card.end - card.start) * share for card in cards for share in (0.5, 0.35, 0.65, 0.25, 0.75)]
    moments = moments or [shot.moment + offset, (shot.start + shot.end) / 2 + offset]
    free = [moment for moment in moments if not any(caption.start <= moment < caption.end for caption in said)]
    number = nearest_frame((free or moments)[0], plan.frame_rate)
    second = min(number, plan.frame_count - 1) / float(plan.frame_rate)
    frame = next(source.frames(source.probe(files.video), second, 1, plan.frame_rate))
    with writable(file.parent):
        save_picture(Image.fromarray(rgb(frame)), file)


class Rejected(DeliveryFailed):
    """The finished file breaks its delivery spec; carries the report with every check."""

    def __init__(self, made: Report) -> None:
        names = "; ".join(
            f"{c.name} is {c.measured}, must be {c.limit}" for c in made.checks if not c.ok and c.level == "error"
        )
        super().__init__(f"The rendered file does not meet its delivery spec and was not kept: {names}.")
        self.report = made


def plan_files(plan: Plan, files: Files, progress: Progress, warnings: list[Note] | None = None) -> None:
    """Writes the plan and its contact sheet, nothing else."""
    job = _job(plan, warnings)
    with writable(files.video.parent):
        save_picture(_sheet(job, progress).image(), files.sheet)
        save_text(job.plan.model_dump_json(indent=2), files.plan)


def overlay_of(plan: Plan, preset: Preset, spec: DeliverySpec) -> Overlay:
    """The plan's graphics at the plan's size, ready to be blended from the first frame on."""
    look = graphics.Look.of(preset, graphics.Canvas.of(spec, plan.width))
    return Overlay(graphics.draw(plan, look), plan.width, plan.height, plan.frame_rate, preset.colours.ground)


@dataclass(frozen=True)
class _Job:
    """A settled plan and what its pictures and sound are made with; notes: what the editor does not know yet."""

    plan: Plan
    preset: Preset
    spec: DeliverySpec
    sources: dict[Path, Source]
    overlay: Overlay
    notes: list[Note]

    @property
    def size(self) -> tuple[int, int]:
        return self.plan.width, self.plan.height


def _job(plan: Plan, warnings: list[Note] | None = None) -> _Job:
    """Opens everything that a plan names. warnings: what the editor knows already. Raises as render does."""
    plan = tighten.settled(plan)
    preset = presets.load(plan.preset)
    spec = delivery.load(plan.delivery)
    must_fit(plan.duration, plan.delivery, spec)
    sources, changed = _sources(plan)
    known = warnings or []
    found = [*_as_notes("changed", changed), *_as_notes("sound", sound.notes(plan))]
    notes = distinct([*known, *found])
    return _Job(plan, preset, spec, sources, overlay_of(plan, preset, spec), notes)


@contextmanager
def _unfinished(files: Files) -> Iterator[tuple[Path, Path]]:
    """The name of the video until it is finished, and of the mastered sound, both gone afterwards."""
    with (
        writable(files.video.parent),
        tempfile.TemporaryDirectory(prefix="episode-") as scratch,
        temporary(files.video) as part,
    ):
        yield part, Path(scratch, "sound.wav")


def _master(job: _Job, out: Path, clock: "_Clock", progress: Progress) -> SoundReport:
    with clock.stage("sound"):
        progress("sound", 0, 1)
        heard = sound.master(job.plan, job.spec, job.preset, out)
        progress("sound", 1, 1)
    return heard


def _verified(job: _Job, files: Files, part: Path, heard: SoundReport, clock: "_Clock", progress: Progress) -> Report:
    """The report of a video that was made. Raises Rejected."""
    with clock.stage("verify"):
        progress("verify", 0, 1)
        checks = verify.verify(part, job.spec)
        progress("verify", 1, 1)
    failed = [check for check in checks if not check.ok and check.level == "error"]
    made = Report(
        version=VERSION, file=files.video, seconds=job.plan.duration, frames=job.plan.frame_count,
        delivered=not failed, sound=heard, checks=checks, shots=report.shot_rows(job.plan),
        warnings=[*job.notes, *_as_notes("sound", heard.notes), *verify.notes(checks)],
        timings=clock.seconds,
    )  # fmt: skip
    if failed:
        raise Rejected(made)
    return made


def _save(plan: Plan, made: Report, sheet: report.ContactSheet, files: Files, keep_plan: bool) -> None:
    """Writes everything beside the video."""
    save_picture(sheet.image(made.sound), files.sheet)
    if keep_plan:
        save_text(plan.model_dump_json(indent=2), files.plan)
    save_text(made.model_dump_json(indent=2), files.report)
    if said := [graphic for graphic in plan.graphics if isinstance(graphic, Caption)]:
        save_text(captions.subtitles(said, "srt"), files.srt)
        save_text(captions.subtitles(said, "vtt"), files.vtt)


def _sheet(job: _Job, progress: Progress) -> report.ContactSheet:
    """The contact sheet of an episode whose frames are not all made here."""
    progress("contact sheet", 0, 1)
    sheet = report.ContactSheet(job.plan, job.notes)
    picture.stills(job.plan, job.sources, job.overlay, sheet.frames, sheet.see)
    progress("contact sheet", 1, 1)
    return sheet


def _counter(progress: Progress, total: int) -> Callable[[int], None]:
    return lambda done: progress("encode", done, total)


def _doubts(plan: Plan) -> list[Note]:
    """A note for each shot whose framing is little more than a guess."""
    parted = {(pause.file, pause.end) for pause in plan.pauses if not pause.kept}
    doubts, reason = [], ""
    shown = [(t, shot, offset) for t, offset in zip(plan.takes, take_offsets(plan), strict=True) for shot in t.shots]
    for number, (take, shot, offset) in enumerate(shown, 1):
        goes_on = (take.file, shot.start) in parted and shot.reason == reason
        if shot.scores and max(shot.scores.values()) <= DOUBT and not goes_on:
            at = shot.start + offset
            text = f"The shot at {at:.1f} s is a guess ({shot.reason}); look at it in the sheet."
            doubts.append(Note(code="guess", text=text, at=round(at, 3), shot=number, level="warning"))
        reason = shot.reason
    return doubts


def _spoken(analysis: Analysis, start: float, end: float) -> list[Span]:
    """Where somebody speaks in [start, end) footage seconds; nowhere if it is so little that it is a false alarm."""
    spans = [(round(max(a, start), 3), round(min(b, end), 3)) for a, b in analysis.speech if a < end and b > start]
    return spans if sum(b - a for a, b in spans) >= LEAST_SPEECH else []


def _turns(analysis: Analysis, framed: list[Shot]) -> list[tuple[float, float, int]]:
    """Who is seen to speak when, by the number that the person has in the episode."""
    found = []
    for analysed in analysis.shots:
        known = next((shot.identities for shot in framed if analysed.start <= shot.start < analysed.end), {})
        for turn in analysed.turns:
            if turn.track in known and turn.certainty >= SURE_TURN:
                found.append((round(turn.start, 3), round(turn.end, 3), known[turn.track]))
    return found


def _pauses(
    brief: Brief, stretches: list[Stretch], analyses: list[Analysis], rate: Fraction, preset: Preset
) -> list[list[Pause]]:
    """The pauses of each stretch of footage, the episode's with nothing taken out being their clock."""
    if not brief.tighten:
        return [[] for _ in stretches]
    found = [
        tighten.pauses(
            s.source.file.resolve(), s.start, s.end, s.offset, analysis.shots, [*s.speech, *said], rate,
            preset.sound.longest_pause,
        )
        for s, analysis, said in zip(
            stretches, analyses, captions.said_unheard(brief.captions, stretches, preset), strict=True
        )
    ]  # fmt: skip
    marked = iter(tighten.marked([pause for own in found for pause in own], brief.keep_pauses))
    return [[next(marked) for _ in own] for own in found]


def _wishes(brief: Brief, ranges: list[Span], removed: list[list[Span]]) -> list[list[framing.Wish]]:
    """What the editor wants of each stretch of footage, in its own time. Raises WrongUse for a time past the end."""
    wishes: list[list[framing.Wish]] = [[] for _ in ranges]
    edges = [[start, *chain(*out), end] for (start, end), out in zip(ranges, removed, strict=True)]
    shown = [(a, b, own) for own, at in zip(wishes, edges, strict=True) for a, b in zip(at[::2], at[1::2], strict=True)]
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


def _lasting(name: str) -> str:
    """The name of a preset or delivery spec, or its file's whole path: the plan may be rendered from another folder."""
    return str(Path(name).resolve()) if name.lower().endswith(".toml") else name


def _counted(progress: Progress, before: float, total: float) -> Callable[[float], None]:
    return lambda done: progress("analysis", before + done, total)


def _sources(plan: Plan) -> tuple[dict[Path, Source], list[str]]:
    """The plan's footage probed again, and a warning for each file that is not the one that was planned on."""
    files = {take.file: take for take in plan.takes}  # a file that pauses were cut from is in many
    sources = {file: source.probe(file, take.audio_stream) for file, take in files.items()}
    changed = {
        f"{take.file.name} has changed since it was analysed; the crop may be off, plan it again."
        for take in files.values()
        if fingerprint(take.file) != take.fingerprint
    }
    for take in plan.takes:
        found = sources[take.file]
        if take.end > found.duration + 1:
            raise Unusable(f"{take.file} lasts {found.duration:.2f} s and the plan shows it until {take.end:.2f} s.")
        for shot in take.shots:
            if (
                shot.picture.right > found.width + 1
                or shot.picture.bottom > found.height + 1
                or min(shot.picture.x, shot.picture.y) < 0
            ):
                raise WrongUse(
                    f"The plan's shot at {shot.start:.2f} s of {take.file.name} lies outside its {found.width}x{found.height} picture."
                )
    return sources, sorted(changed)


def save_picture(image: Image.Image, file: Path) -> None:
    """Writes a whole JPEG or none."""
    with temporary(file) as part:
        image.save(part, "JPEG", quality=90)
        part.replace(file)


class _Clock:
    """Seconds that each stage took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        begun = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - begun, 2)
