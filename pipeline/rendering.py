"""The stages by which a plan becomes files: what it names is opened and checked, mastered, verified, saved."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from PIL import Image
from pydantic import TypeAdapter, ValidationError

import presets
from basis.errors import DeliveryFailed, MachineFailed, Unusable, WrongUse
from basis.files import blamed, claimed, fingerprint, must_take_names, read_bytes, save_text, scratch, temporary
from basis.notes import Note, distinct
from basis.toml import explain
from basis.tools import Tools
from basis.version import version
from pipeline import analysis, captions, encode, graphics, pauses, picture, sound, verify
from pipeline.footage import source
from pipeline.footage.source import Loss, Source
from pipeline.framing import layouts
from pipeline.graphics.blend import Overlay
from pipeline.plan import Plan, shots_with_offsets
from pipeline.planning import in_shots, must_fit
from pipeline.report import ContactSheet, Report, shot_rows
from presets import Preset, delivery
from presets.delivery import DeliverySpec
from presets.graphics import Caption

MOST_PLAN_BYTES = 64 << 20  # an hour of talk with a caption for each word has 5 MB
FORMS: tuple[Literal["srt", "vtt"], ...] = ("srt", "vtt")  # of subtitle files
Lost = tuple[float, Path, Loss]  # the episode second from which it is seen, the footage, what of that
LOST = TypeAdapter(list[Lost])
NEAR = 0.1  # seconds between losses that are parts of one
SAME_DAMAGE = 1.5  # seconds between what looking and rendering say of one damage


def _beside(ending: str) -> cached_property[Path]:
    """A file that lies beside the video, by its ending."""
    return cached_property(lambda files: files.video.with_suffix(ending))


@dataclass(frozen=True)
class Files:
    """Where an episode's files go: the video, and beside it plan, report, contact sheet and subtitles."""

    video: Path
    plan, report, sheet = _beside(".plan.json"), _beside(".report.json"), _beside(".sheet.jpg")
    srt, vtt = _beside(".srt"), _beside(".vtt")

    @property
    def all(self) -> tuple[Path, ...]:
        return self.video, self.plan, self.report, self.sheet, self.srt, self.vtt


def refuse_to_overwrite(
    files: Sequence[Path], inputs: Sequence[Path], overwrite: bool, own: Sequence[Path] = ()
) -> None:
    """Raises WrongUse for a file that exists and may not be replaced.

    own: files that belong to what is being made, which may be. What an episode is made from never is. A name that the disk
    does not take is refused as well.
    """
    must_take_names(files)
    for file in files:
        if not file.exists():
            continue
        if any(given.exists() and given.samefile(file) for given in inputs):
            raise WrongUse(f"{file} is one of the files that the episode is made from; give another -o.")
        if not overwrite and not any(file.resolve() == mine.resolve() for mine in own):
            raise WrongUse(f"{file} exists; give --force to replace it, or another -o.")


def read_plan(file: Path) -> Plan:
    """A plan that a person may have edited. Raises WrongUse with the place of the first slip."""
    try:
        plan = Plan.model_validate_json(read_bytes(file, MOST_PLAN_BYTES))
    except FileNotFoundError:
        raise WrongUse(f"There is no plan {file}; check the path.") from None
    except ValidationError as error:
        raise WrongUse(f"The plan {file}: {explain(error, Plan)}") from error
    spec = delivery.load(plan.delivery)
    if (plan.width, plan.height) != (spec.width, spec.height):
        raise WrongUse(
            f"The plan {file}: width and height are {plan.width}x{plan.height} and {plan.delivery} takes "
            f"{spec.width}x{spec.height}."
        )
    if plan.clock.rate not in spec.allowed_rates:
        raise WrongUse(
            f"The plan {file}: rate: {plan.delivery} does not take {plan.rate}, but {', '.join(spec.rates)}."
        )
    for number, (shot, _) in enumerate(shots_with_offsets(plan), 1):
        try:
            layouts.named(shot.layout)
        except WrongUse as error:
            raise WrongUse(f"The plan {file}: shot {number}, layout: {error}") from None
    return plan


@dataclass(frozen=True)
class Job:
    """A settled plan and what its pictures and sound are made with.

    notes: what the editor knows already, and what was noticed when everything was opened. seconds: that each stage took.
    lost: what turned out not to be decodable, with the episode second and the file.
    """

    plan: Plan
    preset: Preset
    spec: DeliverySpec
    sources: dict[Path, Source]
    overlay: Overlay
    notes: list[Note]
    tools: Tools
    seconds: dict[str, float] = field(default_factory=dict)
    lost: list[Lost] = field(default_factory=list)

    @property
    def target(self) -> encode.Target:
        return encode.Target(self.spec, self.plan.width, self.plan.height, self.plan.clock.rate)

    def expected(self, subtitles: Sequence[Path]) -> verify.Expected:
        """What the finished file and its subtitle files are doubted against."""
        return verify.Expected(self.plan, self.sources, self.overlay, subtitles)

    @contextmanager
    def stage(self, name: str, total: int = 1) -> Iterator[Callable[[int], None]]:
        """A stage of the work whose time is told in the report; what it yields is told how much of the total is done."""
        begun = time.monotonic()
        self.tools.progress(name, 0, total)
        yield lambda done: self.tools.progress(name, done, total)
        self.tools.progress(name, total, total)
        self.seconds[name] = round(time.monotonic() - begun, 2)


def open_plan(plan: Plan, tools: Tools) -> Job:
    """Everything that a plan names. Raises Unusable, WrongUse."""
    plan = pauses.settled(plan)
    preset, spec = presets.load(plan.preset), delivery.load(plan.delivery)
    must_fit(plan.duration, plan.delivery, spec)
    takes = {take.file: take for take in plan.takes}  # a file that pauses were cut from is in many
    sources = {file: source.probe(file, take.audio_stream) for file, take in takes.items()}
    for take in plan.takes:
        found = sources[take.file]
        if take.end > found.duration + 1:
            raise Unusable(f"{take.file} lasts {found.duration:.2f} s and the plan shows it until {take.end:.2f} s.")
        for shot in take.shots:
            left, top, right, bottom = shot.picture.sides
            if right > found.width + 1 or bottom > found.height + 1 or min(left, top) < 0:
                raise WrongUse(
                    f"The plan's shot at {shot.start:.2f} s of {take.file.name} lies outside its {found.width}x{found.height} "
                    "picture."
                )
    changed = [
        Note(
            code="changed-footage", level="warning",
            text=f"{file.name} has changed since it was analysed; the crop may be off, plan it again.",
        )
        for file, take in sorted(takes.items())
        if fingerprint(file) != take.fingerprint
    ]  # fmt: skip
    look = graphics.Look.of(preset, graphics.Canvas.of(spec, plan.width))
    overlay = Overlay(graphics.draw(plan, look), plan.width, plan.height, plan.clock.rate, preset.colours.ground)
    return Job(plan, preset, spec, sources, overlay, distinct([*plan.warnings, *changed, *sound.notes(plan)]), tools)


def sheet_of(job: Job) -> ContactSheet:
    """The contact sheet of an episode whose frames are not all made here."""
    sheet = ContactSheet(job.plan, job.notes)
    with job.stage("contact sheet"):
        picture.stills(job.plan, job.sources, job.overlay, sheet.frames, sheet.see, job.tools)
    return sheet


def _damage(job: Job) -> list[Note]:
    """What could not be decoded for the episode, where its plan does not tell of it: looking decodes less."""
    lost = _whole(job.lost)
    files = dict.fromkeys(file for _, file, _ in lost)
    found = [
        note
        for file in files
        for note in analysis.damage(file, [(loss, at) for at, other, loss in lost if other == file])
    ]
    known = [note.at for note in job.notes if note.code == analysis.DAMAGED and note.at is not None]
    new = [note for note in found if not any(abs((note.at or 0.0) - at) < SAME_DAMAGE for at in known)]
    return in_shots(new, job.plan)


def _whole(lost: Sequence[Lost]) -> list[Lost]:
    """What is lost, in order, with one loss where takes or segments of the episode have a part of it each."""
    found: list[Lost] = []
    for at, file, loss in sorted(lost, key=lambda one: one[0]):
        if found:
            begun, other, before = found[-1]
            if (other, before.why) == (file, loss.why) and before.start <= loss.end and loss.start < before.end + NEAR:
                found[-1] = begun, file, replace(before, end=max(before.end, loss.end))
                continue
        found.append((at, file, loss))
    return found


def lost_file(segment: Path) -> Path:
    """Where it is written what could not be decoded for a segment."""
    return segment.with_suffix(".lost.json")


def save_lost(job: Job, segment: Path) -> None:
    """Writes what could not be decoded for a segment beside it, for those who join it."""
    save_text(LOST.dump_json(job.lost).decode(), lost_file(segment))


def read_lost(segments: Sequence[Path]) -> list[Lost]:
    """What could not be decoded for segments. Raises MachineFailed where it is not there."""
    try:
        return [one for segment in segments for one in LOST.validate_json(lost_file(segment).read_bytes())]
    except (OSError, ValidationError) as error:
        raise MachineFailed(
            f"What belongs to the segments in {segments[0].parent} is missing or broken; render them again."
        ) from error


class Rejected(DeliveryFailed):
    """The finished file breaks its delivery spec; carries the report with every check."""

    def __init__(self, made: Report) -> None:
        names = "; ".join(
            f"{c.name} is {c.measured}, must be {c.limit}" for c in made.checks if not c.ok and c.level == "error"
        )
        super().__init__(f"The rendered file does not meet its delivery spec and was not kept: {names}.")
        self.report = made


def make(
    job: Job, files: Files, stage: str, write: Callable[[Path, Path, Callable[[int], None]], None],
    permit: Callable[[], None], sheet: ContactSheet | None = None, keep_plan: bool = True,
) -> Report:  # fmt: skip
    """Makes an episode's files: its sound is mastered, joined with the picture by write, verified; then all are saved.

    write: given the mastered sound, the file to write, and what is told how many frames are done; stage: what that is
    called. permit: raises WrongUse where a file may not be replaced, asked once more before any is. sheet: None where it is
    still to be made. Raises Rejected.
    """
    plan = job.plan
    with claimed(files.video) as folder, scratch(job.tools.scratch) as apart:
        made_files, mastered = Files(folder / "episode.mp4"), apart / "sound.wav"
        with job.stage("sound"), blamed(apart):
            heard = sound.master(plan, job.spec, job.preset, mastered, job.tools)
        with job.stage(stage, plan.frame_count) as count:
            write(mastered, made_files.video, count)
        subtitles = _subtitles(plan, made_files)
        with job.stage("verify"):
            checks = verify.verify(made_files.video, job.spec, job.tools)
            checks += verify.against_plan(made_files.video, job.expected(subtitles), job.tools)
        delivered = all(check.ok or check.level != "error" for check in checks)
        damage = _damage(job)
        made = Report(
            version=version(), file=files.video, seconds=plan.duration, frames=plan.frame_count, delivered=delivered,
            sound=heard, checks=checks, shots=shot_rows(plan), timings=job.seconds,
            warnings=[*job.notes, *damage, *heard.notes, *verify.notes(checks)],
        )  # fmt: skip
        if not delivered:
            raise Rejected(made)
        save_picture((sheet or sheet_of(job)).image(heard, damage), made_files.sheet)
        if keep_plan:
            save_text(plan.model_dump_json(indent=2), made_files.plan)
        save_text(made.model_dump_json(indent=2), made_files.report)
        permit()
        for part, final in reversed([*zip(made_files.all, files.all, strict=True)]):  # the video last
            if part.exists():
                part.replace(final)
    return made


def _subtitles(plan: Plan, files: Files) -> list[Path]:
    """An episode's subtitle files, written to be checked; none where it has no captions."""
    captioned = [graphic for graphic in plan.graphics if isinstance(graphic, Caption)]
    written = [files.srt, files.vtt] if captioned else []
    for file, form in zip(written, FORMS, strict=False):
        save_text(captions.subtitles(captioned, form), file)
    return written


def save_picture(image: Image.Image, file: Path) -> None:
    """Writes a whole JPEG or none."""
    with temporary(file) as part:
        image.save(part, "JPEG", quality=90)
