"""The whole story of one episode: brief -> plan -> picture, sound, file -> checks -> report."""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from PIL import Image

import presets
from basis.errors import MachineFailed, WrongUse
from basis.files import claimed, save_text, temporary, writable
from basis.notes import Note
from basis.spans import length, shift
from basis.tools import USUAL, Tools
from pipeline import captions, encode, framing, pauses, picture, planning, rendering, verify
from pipeline.brief import Brief
from pipeline.footage import source, stream
from pipeline.graphics.blend import rgb
from pipeline.plan import Plan, shots_with_offsets
from pipeline.rendering import Files, Rejected, lost_file, read_plan, refuse_to_overwrite
from pipeline.report import ContactSheet, Report
from pipeline.verify import Check
from presets import delivery
from presets.graphics import Caption, TitleCard

__all__ = [
    "Files", "Planned", "Rejected", "claimed", "cover", "doubts", "join", "lost_file", "plan", "plan_files",
    "read_plan", "refuse_to_overwrite", "render", "render_segment", "segments",
]  # fmt: skip


class Planned(NamedTuple):
    """What was decided about an episode, and what its editor should know, which the plan holds too."""

    plan: Plan
    notes: list[Note]


def plan(brief: Brief, tools: Tools = USUAL) -> Planned:
    """Decides everything about the episode. Raises WrongUse, Unusable, MissingTool, MachineFailed."""
    preset, spec = presets.load(brief.preset), delivery.load(brief.delivery)
    stretches, tail = planning.probe_footage(brief), planning.tail_of(brief, preset)
    if not brief.tighten:
        planning.must_fit(length(one.span for one in stretches) + tail, brief.delivery, spec)
    cues = captions.read(brief.captions, stretches, preset, tools, brief.captions_offset)
    stretches = planning.listen_and_look(stretches, tools)
    stretches = planning.find_pauses(brief, stretches, cues, preset.sound.longest_pause)
    planning.must_fit(length(span for one in stretches for span in one.kept) + tail, brief.delivery, spec)
    bare = planning.bare_plan(brief, preset, spec, stretches)
    removed = [span for one in stretches for span in shift(one.removed, one.offset)]
    captioned, notes = captions.for_episode(
        cues, stretches, preset, bare.footage_seconds, float(bare.clock.rate), removed
    )
    if brief.tighten:
        notes += pauses.notes(bare.pauses, preset.sound.longest_pause)
    whole, more = planning.dress(bare, brief, preset, spec, stretches, captioned)
    notes = planning.in_shots([*framing.doubts(whole), *notes, *more, *planning.notes_of(whole, stretches)], whole)
    return Planned(whole.model_copy(update={"warnings": notes}), notes)


def plan_files(plan: Plan, files: Files, tools: Tools = USUAL) -> None:
    """Writes the plan and its contact sheet, nothing else."""
    job = rendering.open_plan(plan, tools)
    with writable(files.video.parent):
        rendering.save_picture(rendering.sheet_of(job).image(), files.sheet)
        save_text(job.plan.model_dump_json(indent=2), files.plan)


def render(
    plan: Plan, files: Files, tools: Tools = USUAL, *, keep_plan: bool = True, overwrite: bool = False,
    own: Sequence[Path] = (),
) -> Report:  # fmt: skip
    """Makes the episode's files. They appear whole, or none of them does.

    keep_plan: write the plan beside the video too. overwrite: replace files that exist; own: those that may be replaced
    anyway; those that the episode is made from never are. Raises Unusable, WrongUse, MissingTool, MachineFailed, or Rejected with
    the report when what was made does not meet the delivery spec.
    """
    permit = partial(refuse_to_overwrite, files.all, plan.inputs, overwrite, own)
    permit()
    job = rendering.open_plan(plan, tools)
    sheet = ContactSheet(job.plan, job.notes)

    def write(mastered: Path, part: Path, count: Callable[[int], None]) -> None:
        def frames() -> Iterator[stream.Frame]:
            job.lost.clear()  # all is seen anew where frames are asked for again
            return picture.render(job.plan, job.sources, job.overlay, sheet.see, tools=tools, lost=job.lost)

        encode.encode(encode.Again(frames), mastered, part, job.target, count, tools)

    return rendering.make(job, files, "encode", write, permit, sheet, keep_plan)


def segments(plan: Plan, seconds: float) -> list[tuple[int, int]]:
    """[first, last) frames of parts of about so many seconds, which together are the episode; one if it is not longer.

    None is shorter than half of it. They begin on multiples of the longest group of pictures where they are long enough.
    Raises WrongUse for seconds that are too few.
    """
    plan = pauses.settled(plan)
    count, rate = plan.frame_count, plan.clock.rate
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


def render_segment(plan: Plan, first: int, last: int, file: Path, tools: Tools = USUAL) -> None:
    """Writes the picture of frames [first, last) as join takes it, whole or not at all. Raises as render does.

    Beside it what could not be decoded is written, which join tells: nobody else sees it.
    """
    job = rendering.open_plan(plan, tools)

    def frames() -> Iterator[stream.Frame]:
        job.lost.clear()  # all is seen anew where frames are asked for again
        return picture.render(job.plan, job.sources, job.overlay, first=first, last=last, tools=tools, lost=job.lost)

    with writable(file.parent), temporary(file) as part:
        encode.encode_segment(
            encode.Again(frames), part, job.target, lambda done: tools.progress("encode", done, last - first), tools
        )
        rendering.save_lost(job, file)


def join(plan: Plan, files: Files, segment_files: Sequence[Path], tools: Tools = USUAL) -> Report:
    """Makes the episode's files as render does, of the picture that render_segment wrote, in order.

    Raises as render does, and MachineFailed for segments that are not the whole episode.
    """
    permit = partial(refuse_to_overwrite, files.all, plan.inputs, False)
    permit()
    job = rendering.open_plan(plan, tools)
    if (frames := sum(map(encode.frames_in, segment_files))) != job.plan.frame_count:
        raise MachineFailed(
            f"The segments have {frames} frames and the episode has {job.plan.frame_count}; render them again."
        )
    job.lost.extend(rendering.read_lost(segment_files))

    def write(mastered: Path, part: Path, _: Callable[[int], None]) -> None:
        encode.join(segment_files, mastered, part, job.target, tools)

    return rendering.make(job, files, "join", write, permit)


def doubts(plan: Plan, files: Files, tools: Tools = USUAL) -> list[Check]:
    """The checks of files that were delivered earlier against the plan that they were made from and its footage.

    Raises as render does, and Unusable for a video that cannot be read.
    """
    job = rendering.open_plan(plan, tools)
    beside = [file for file in (files.srt, files.vtt) if file.is_file()]
    return verify.against_plan(files.video, job.expected(beside), tools)


def cover(plan: Plan, files: Files, file: Path, tools: Tools = USUAL) -> None:
    """Writes a JPEG of the finished video: its title card, else its first shot, if it can be without a caption."""
    plan = pauses.settled(plan)
    shot, offset = next(shots_with_offsets(plan))
    captioned = [graphic for graphic in plan.graphics if isinstance(graphic, Caption)]
    cards = [card for card in plan.graphics if isinstance(card, TitleCard)][:1]
    moments = [
        card.start + (card.end - card.start) * share for card in cards for share in (0.5, 0.35, 0.65, 0.25, 0.75)
    ]
    moments = moments or [shot.moment + offset, (shot.start + shot.end) / 2 + offset]
    free = [moment for moment in moments if not any(c.start <= moment < c.end for c in captioned)]
    number = plan.clock.frame((free or moments)[0])
    second = plan.clock.second(min(number, plan.frame_count - 1))
    frame = next(stream.frames(source.probe(files.video), second, 1, plan.clock.rate, tools))
    with writable(file.parent):
        rendering.save_picture(Image.fromarray(rgb(frame)), file)
