"""The stages by which a plan becomes files: what it names is opened and checked, mastered, verified, saved."""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from pydantic import ValidationError

import presets
from basis.errors import DeliveryFailed, Unusable, WrongUse
from basis.files import fingerprint, save_text, temporary, writable
from basis.notes import Note, distinct
from basis.toml import explain
from basis.tools import Tools
from basis.version import version
from pipeline import captions, encode, graphics, pauses, picture, sound, verify
from pipeline.footage import source
from pipeline.footage.source import Source
from pipeline.framing import layouts
from pipeline.graphics.blend import Overlay
from pipeline.plan import Plan, Take, shots_with_offsets
from pipeline.planning import must_fit
from pipeline.report import ContactSheet, Report, shot_rows
from pipeline.sound import SoundReport
from presets import Preset, delivery
from presets.delivery import DeliverySpec
from presets.graphics import Caption


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


def refuse_to_overwrite(
    files: Sequence[Path], inputs: Sequence[Path], overwrite: bool, own: Sequence[Path] = ()
) -> None:
    """Raises WrongUse for a file that exists and may not be replaced.

    own: files that belong to what is being made, which may be. What an episode is made from never is.
    """
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
        plan = Plan.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        raise WrongUse(f"There is no plan {file}; check the path.") from None
    except OSError as error:
        raise WrongUse(f"The plan {file} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        raise WrongUse(f"The plan {file}: {explain(error, Plan)}") from error
    spec = delivery.load(plan.delivery)
    if (plan.width, plan.height) != (spec.width, spec.height):
        raise WrongUse(
            f"The plan {file}: width and height are {plan.width}x{plan.height} and {plan.delivery} takes "
            f"{spec.width}x{spec.height}."
        )
    if plan.frame_rate not in spec.allowed_rates:
        raise WrongUse(f"The plan {file}: rate: {plan.delivery} does not take {plan.rate}, but {', '.join(spec.rates)}.")
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
    """

    plan: Plan
    preset: Preset
    spec: DeliverySpec
    sources: dict[Path, Source]
    overlay: Overlay
    notes: list[Note]
    tools: Tools
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def target(self) -> encode.Target:
        return encode.Target(self.spec, self.plan.width, self.plan.height, self.plan.frame_rate)

    @contextmanager
    def stage(self, name: str) -> Iterator[Callable[[int], None]]:
        """A stage of the work whose time is told in the report; what it yields is told how many frames are done."""
        begun = time.monotonic()
        yield lambda done: self.tools.progress(name, done, self.plan.frame_count)
        self.seconds[name] = round(time.monotonic() - begun, 2)

    @contextmanager
    def unfinished(self, video: Path) -> Iterator[tuple[Path, Path]]:
        """The name of the video until it is finished, and of the mastered sound, both gone afterwards."""
        with (
            writable(video.parent),
            tempfile.TemporaryDirectory(prefix="episode-", dir=self.tools.scratch) as scratch,
            temporary(video) as part,
        ):
            yield part, Path(scratch, "sound.wav")


def open_plan(plan: Plan, notes: Sequence[Note], tools: Tools) -> Job:
    """Everything that a plan names. Raises Unusable, WrongUse."""
    plan = pauses.settled(plan)
    preset, spec = presets.load(plan.preset), delivery.load(plan.delivery)
    must_fit(plan.duration, plan.delivery, spec)
    takes = {take.file: take for take in plan.takes}  # a file that pauses were cut from is in many
    sources = {file: source.probe(file, take.audio_stream) for file, take in takes.items()}
    for take in plan.takes:
        _must_show(take, sources[take.file])
    changed = [
        Note(
            code="changed-footage", level="warning",
            text=f"{file.name} has changed since it was analysed; the crop may be off, plan it again.",
        )
        for file, take in sorted(takes.items())
        if fingerprint(file) != take.fingerprint
    ]  # fmt: skip
    known = distinct([*notes, *changed, *sound.notes(plan)])
    return Job(plan, preset, spec, sources, overlay_of(plan, preset, spec), known, tools)


def _must_show(take: Take, found: Source) -> None:
    """Raises Unusable or WrongUse for a take that its footage does not have."""
    if take.end > found.duration + 1:
        raise Unusable(f"{take.file} lasts {found.duration:.2f} s and the plan shows it until {take.end:.2f} s.")
    for shot in take.shots:
        left, top, right, bottom = shot.picture.sides
        if right > found.width + 1 or bottom > found.height + 1 or min(left, top) < 0:
            raise WrongUse(
                f"The plan's shot at {shot.start:.2f} s of {take.file.name} lies outside its {found.width}x{found.height} picture."
            )


def overlay_of(plan: Plan, preset: Preset, spec: DeliverySpec) -> Overlay:
    """The plan's graphics at the plan's size, ready to be blended from the first frame on."""
    look = graphics.Look.of(preset, graphics.Canvas.of(spec, plan.width))
    return Overlay(graphics.draw(plan, look), plan.width, plan.height, plan.frame_rate, preset.colours.ground)


def master(job: Job, out: Path) -> SoundReport:
    """Writes the episode's sound."""
    with job.stage("sound"):
        job.tools.progress("sound", 0, 1)
        made = sound.master(job.plan, job.spec, job.preset, out, job.tools)
        job.tools.progress("sound", 1, 1)
    return made


def sheet_of(job: Job) -> ContactSheet:
    """The contact sheet of an episode whose frames are not all made here."""
    job.tools.progress("contact sheet", 0, 1)
    sheet = ContactSheet(job.plan, job.notes)
    picture.stills(job.plan, job.sources, job.overlay, sheet.frames, sheet.see, job.tools)
    job.tools.progress("contact sheet", 1, 1)
    return sheet


class Rejected(DeliveryFailed):
    """The finished file breaks its delivery spec; carries the report with every check."""

    def __init__(self, made: Report) -> None:
        names = "; ".join(
            f"{c.name} is {c.measured}, must be {c.limit}" for c in made.checks if not c.ok and c.level == "error"
        )
        super().__init__(f"The rendered file does not meet its delivery spec and was not kept: {names}.")
        self.report = made


def verify_video(job: Job, files: Files, part: Path, mastered: SoundReport) -> Report:
    """The report of a video that was made. Raises Rejected."""
    with job.stage("verify"):
        job.tools.progress("verify", 0, 1)
        checks = verify.verify(part, job.spec, job.tools)
        job.tools.progress("verify", 1, 1)
    failed = [check for check in checks if not check.ok and check.level == "error"]
    made = Report(
        version=version(), file=files.video, seconds=job.plan.duration, frames=job.plan.frame_count,
        delivered=not failed, sound=mastered, checks=checks, shots=shot_rows(job.plan),
        warnings=[*job.notes, *mastered.notes, *verify.notes(checks)], timings=job.seconds,
    )  # fmt: skip
    if failed:
        raise Rejected(made)
    return made


def save(job: Job, made: Report, sheet: ContactSheet, files: Files, keep_plan: bool) -> None:
    """Writes everything beside the video."""
    save_picture(sheet.image(made.sound), files.sheet)
    if keep_plan:
        save_text(job.plan.model_dump_json(indent=2), files.plan)
    save_text(made.model_dump_json(indent=2), files.report)
    if captioned := [graphic for graphic in job.plan.graphics if isinstance(graphic, Caption)]:
        save_text(captions.subtitles(captioned, "srt"), files.srt)
        save_text(captions.subtitles(captioned, "vtt"), files.vtt)


def save_picture(image: Image.Image, file: Path) -> None:
    """Writes a whole JPEG or none."""
    with temporary(file) as part:
        image.save(part, "JPEG", quality=90)
        part.replace(file)
