"""What would make a season's episodes fail, and what their notes would say, told before anything is looked at or rendered."""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, ParamSpec, TypeVar

import presets
from basis.boxes import Box
from basis.clock import Clock
from basis.errors import EpisodeError
from basis.notes import Note
from basis.spans import Span, length
from basis.tools import from_environment
from jobs.manifest import Entry, Season, Slip
from jobs.manifest.data import Place
from pipeline import captions, framing, graphics, planning
from pipeline.brief import Footage
from pipeline.captions.reading import read_captions
from pipeline.encode.codecs import codec_of
from pipeline.footage import source
from pipeline.footage.sounds import sounds_in
from pipeline.footage.source import Source
from pipeline.plan import Knot, Pane, Plan, Shot, Take
from pipeline.stretch import Stretch
from presets import SOUNDS, Preset, delivery
from presets.delivery import DeliverySpec

Given = ParamSpec("Given")
Result = TypeVar("Result")
Probe = Callable[[Path, int | None], Source]
NEEDS_EYES = {
    "not-named"
}  # notes that are only known when the footage was looked at, unless they are of a given second


class Checked(NamedTuple):
    """slips: what would make episodes fail. notes: what their editors would be told."""

    slips: list[Slip]
    notes: list[Slip]


def check_season(season: Season) -> Checked:
    """All that can be told of a season's episodes without looking at a picture: files that are missing or cannot be read,
    ranges and times past the end, captions, sounds, links, rates, and what is too long."""
    probe, load = functools.cache(source.probe), functools.cache(presets.load)
    sounds = functools.cache(sounds_in)
    slips: list[Slip] = []
    notes: list[Slip] = []
    for entry in season.entries:
        one = _Episode(entry)
        one.check(probe, load, sounds)
        slips += dict.fromkeys(one.slips)
        notes += dict.fromkeys(one.notes)
    return Checked(slips, notes)


@dataclass
class _Episode:
    """An episode on its way through the checks."""

    entry: Entry
    slips: list[Slip] = field(default_factory=list)
    notes: list[Slip] = field(default_factory=list)

    def tried(
        self, place: Place, function: Callable[Given, Result], *given: Given.args, **named: Given.kwargs
    ) -> Result | None:
        """What the function returns; None, with a slip at a place of the brief, where it failed."""
        try:
            return function(*given, **named)
        except EpisodeError as error:
            self.slips.append(self.entry.slip(place, str(error)))
        except OSError as error:
            wrong = f"There is a file that cannot be read ({error.strerror}); check its path: {error.filename}."
            self.slips.append(self.entry.slip(place, wrong))
        return None

    def noted(self, place: Place, notes: list[Note]) -> None:
        self.notes += [self.entry.slip(place, note.text) for note in notes]

    def check(self, probe: Probe, load: Callable[[str], Preset], sounds: Callable[[Path], object]) -> None:
        brief = self.entry.brief
        tried = [self.tried(("footage", n), _shown, one, probe) for n, one in enumerate(brief.footage)]
        shown = [one for one in tried if one]
        for number, one in enumerate(tried):
            self.noted(("footage", number), source.notes(one[0], one[1][1]) if one else [])
        preset = self.tried(("preset",), load, brief.preset)
        spec = self.tried(("delivery",), delivery.load, brief.delivery)
        for number, footage in enumerate(brief.footage):
            if footage.audio:
                self.tried(("footage", number, "audio"), sounds, footage.audio)
        if brief.music:
            self.tried(("music",), sounds, brief.music)
        for key in SOUNDS:
            file = getattr(preset.sound, key) if preset else ""
            if file and not (key == "music" and brief.music):
                self.tried(("preset",), sounds, Path(file))
        known = len(self.slips)
        for place, link in self._links():
            self.tried(place, graphics.must_have_code, link)
        linked = len(self.slips) == known
        for number, wanted in enumerate(brief.shots):
            if not framing.can_be_asked(wanted.show):
                can = "person 1 and so on, everybody, what moves, what stands out, split, fit, left, middle and right"
                self.slips.append(
                    self.entry.slip(("shots", number), f"No shot can show «{wanted.show}»; there are {can}.")
                )
        if spec:
            self.tried(("delivery",), codec_of, spec)
        if preset and spec and len(shown) == len(brief.footage):
            plan = self._check_whole(preset, spec, shown)
            if linked:
                self._check_graphics(preset, spec, plan)
        else:
            files = [(("footage", n, "captions"), one.captions) for n, one in enumerate(brief.footage)]
            for place, named in [(("captions",), brief.captions), *files]:
                if named and (reading := self.tried(place, read_captions, named)):
                    self.noted(place, reading.notes)

    def _links(self) -> Iterator[tuple[Place, str]]:
        if self.entry.brief.link:
            yield ("link",), self.entry.brief.link
        for number, placed in enumerate(self.entry.brief.graphics):
            if placed.kind == "end_card" and placed.link and placed.link != self.entry.brief.link:
                yield ("graphics", number, "link"), placed.link

    def _check_whole(self, preset: Preset, spec: DeliverySpec, shown: list[tuple[Source, Span]]) -> Plan:
        """What is told of an episode whose footage can be read: captions, length, rate, times. Its plan, nobody seen yet."""
        brief = self.entry.brief
        clock, ranges = Clock(shown[0][0].rate), [span for _, span in shown]
        stretches = [
            Stretch(found, start, end, offset, footage)
            for (found, (start, end)), offset, footage in zip(shown, clock.offsets(ranges), brief.footage, strict=True)
        ]
        seconds = clock.second(sum(clock.frames(start, end) for start, end in ranges))
        if brief.captions:
            self._check_captions(("captions",), stretches, preset, seconds)
        else:
            own = [one.footage.captions for one in stretches if one.footage.captions or one.source.subtitles]
            for file in dict.fromkeys(own):
                timed = [one for one in stretches if one.footage.captions == file]
                place = ("footage", next(n for n, one in enumerate(brief.footage) if one.captions == file), "captions")
                self._check_captions(place, timed, preset, seconds)
        rates = [Fraction(rate) for rate in spec.rates]
        if not any(abs(rate - clock.rate) < rate / 3000 for rate in rates):
            wrong = f"{shown[0][0].file} has {float(clock.rate):g} frames a second and {brief.delivery} takes {', '.join(spec.rates)}."
            self.slips.append(self.entry.slip(("footage", 0), wrong))
        self.tried(("shots",), planning.wishes_of, brief, stretches)
        tail = planning.tail_of(brief, preset)
        if not brief.tighten:
            self.tried((), planning.must_fit, length(ranges) + tail, brief.delivery, spec)
            if not spec.warn_below_seconds <= length(ranges) + tail <= spec.warn_above_seconds:
                usual = f"{spec.warn_below_seconds:g} to {spec.warn_above_seconds:g} s are usual for {brief.delivery}"
                self.notes.append(
                    self.entry.slip((), f"The episode would last {length(ranges) + tail:.1f} s; {usual}.")
                )
        return _unseen(stretches, brief.delivery, spec, clock, tail)

    def _check_captions(self, place: Place, stretches: list[Stretch], preset: Preset, seconds: float) -> None:
        brief = self.entry.brief
        offset = brief.captions_offset
        cues = self.tried(place, captions.read, brief.captions, stretches, preset, from_environment(), offset)
        if cues:
            rate = float(stretches[0].source.rate)
            if made := self.tried(place, captions.for_episode, cues, stretches, preset, seconds, rate):
                self.noted(place, made[1])

    def _check_graphics(self, preset: Preset, spec: DeliverySpec, plan: Plan) -> None:
        """What the notes would say of graphics, names and letters, as far as that depends on nobody's being seen."""
        brief = self.entry.brief
        look = graphics.Look.of(preset, graphics.Canvas.of(spec))
        drawn = graphics.schedule(brief, preset, plan, [])
        for note in graphics.notes(brief, preset, look, drawn, plan.footage_seconds):
            if note.code not in NEEDS_EYES or note.at is not None:
                people = [("people", n) for n, one in enumerate(brief.people) if note.text.startswith(f"{one.name} ")]
                self.noted(people[0] if people else (), [note])
        self.noted(("preset",), planning.stings_of(preset, drawn)[1])


def _shown(footage: Footage, probe: Probe) -> tuple[Source, Span]:
    found = probe(footage.file, footage.audio_stream)
    return found, planning.range_of(footage, found)


def _unseen(stretches: list[Stretch], name: str, spec: DeliverySpec, clock: Clock, tail: float) -> Plan:
    """The plan of footage at which nobody has looked: whole pictures, nobody in them."""
    whole = Box(x=0, y=0, width=spec.width, height=spec.height)
    pane = Pane(width=spec.width, height=spec.height, path=[Knot(t=0, x=0, y=0)], onto=whole)
    takes = [
        Take(
            file=one.source.file, fingerprint="", start=one.start, end=one.end, audio_stream=None,
            shots=[Shot(start=one.start, end=one.end, layout="hold", reason="", picture=whole, panes=[pane])],
        )
        for one in stretches
    ]  # fmt: skip
    return Plan(
        made_by="check", preset="", delivery=name, rate=str(clock.rate), width=spec.width, height=spec.height,
        takes=takes, tail=tail,
    )  # fmt: skip
