"""What is weighed to choose how a shot fills the output: who matters in it, who speaks, how well faces can be read.

Every way to frame a shot is scored by the share of what matters that it shows, whole and large enough to read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from basis.boxes import Box
from pipeline.analysis import AnalysedShot
from pipeline.framing import camera
from pipeline.framing.camera import Aim
from pipeline.framing.subjects import Region
from pipeline.plan import Knot, Pane, Shot
from presets import Framing

VERTICAL = 1.02  # times the output's shape, up to which footage has no sides to choose from
SEEN = 0.3  # share of a shot in which a subject must be seen
IMPORTANT = 0.5  # of the weightiest face's weight, from which a face counts as a subject
ASIDE = 0.3  # of its weight that a face at the picture's edge loses
LEGIBLE = 0.1  # of the output's height, from which a face can be read; no standard has a figure, this is ours
PAUSE = 0.6  # seconds between two stretches of the same speaker that are one turn
LEAST_SEGMENT = 0.7  # seconds that one person's picture must last between cuts


@dataclass(frozen=True)
class Look:
    """Size of the output in pixels and the preset's framing habits."""

    width: int
    height: int
    habits: Framing = field(default_factory=Framing)

    @property
    def aspect(self) -> float:
        return self.width / self.height


@dataclass(frozen=True)
class Segment:
    """[start, end) of a shot that shows one person, and why: that person "speaks" or "is there"."""

    start: float
    end: float
    region: Region
    why: str = "speaks"


@dataclass(frozen=True)
class Option:
    """One way to frame a shot: its name in the scores, its score, why, whom it shows, and the cuts inside, if any."""

    name: str
    score: float
    reason: str
    regions: Sequence[Region] = ()
    segments: Sequence[Segment] = ()


@dataclass(frozen=True)
class Scene:
    """A shot between two cuts as layouts weigh it. regions: all that is in it, weightiest first."""

    shot: AnalysedShot
    regions: Sequence[Region]
    look: Look

    @property
    def picture(self) -> Box:
        return self.shot.picture

    @property
    def seconds(self) -> float:
        return self.shot.end - self.shot.start

    @property
    def vertical(self) -> bool:
        """Whether the footage has no sides to choose from."""
        return self.picture.width / self.picture.height <= self.look.aspect * VERTICAL

    @property
    def people(self) -> list[Region]:
        """Everybody whose face is seen, however short."""
        return [region for region in self.regions if region.kind.person]

    @cached_property
    def subjects(self) -> list[Region]:
        """What is there long enough to be framed, or speaks."""
        shot = self.shot
        return [r for r in self.regions if r.kind.lasting or presence(r, shot) >= SEEN or self._speech(r) > 0]

    @cached_property
    def important(self) -> list[Region]:
        """The people that the shot is about: about as weighty as the weightiest, then others who speak."""
        faces = [region for region in self.subjects if region.kind.person]
        weighty = [region for region in faces if region.weight >= IMPORTANT * faces[0].weight]
        return weighty + [region for region in self.speakers if region not in weighty]

    @cached_property
    def speakers(self) -> list[Region]:
        """Those who would be shown if the picture went to whoever speaks, in the order in which they begin."""
        return [*{segment.region.number: segment.region for segment in self.segments}.values()]

    @cached_property
    def segments(self) -> list[Segment]:
        """Who is shown when, if the picture goes to whoever speaks. Speech from off screen keeps the one who listens."""
        habits, shot = self.look.habits, self.shot
        people = {region.number: region for region in self.subjects if region.kind.person}
        turns: list[tuple[float, float, int]] = []
        for turn in shot.turns:
            if turn.track not in people or turn.track is None:
                continue
            if turns and turns[-1][2] == turn.track and turn.start - turns[-1][1] < PAUSE:
                turns[-1] = (turns[-1][0], turn.end, turn.track)
            else:
                turns.append((turn.start, turn.end, turn.track))
        starts: list[tuple[float, int]] = []
        for begun, end, number in turns:
            if end - begun < habits.minimum_turn or (starts and starts[-1][1] == number):
                continue
            at = begun - habits.cut_ahead
            if not starts or at - shot.start < LEAST_SEGMENT:
                starts = [(shot.start, number)]
            elif shot.end - at >= LEAST_SEGMENT:
                starts.append((at, number))
        ends = [at for at, _ in starts[1:]] + [shot.end] * bool(starts)
        return [Segment(a, b, people[number]) for (a, number), b in zip(starts, ends, strict=True)]

    def speech_share(self, region: Region) -> float:
        """Share of the speech whose speaker is seen that is this region's."""
        seen = sum(turn.end - turn.start for turn in self.shot.turns if turn.track is not None)
        return self._speech(region) / seen if seen else 0.0

    def legible(self, regions: Sequence[Region], scale: float) -> float:
        """How well faces can be read at an enlargement, 0 to 1: the root of their height against LEGIBLE, on average."""
        heights = [region.usual.height * scale / self.look.height for region in regions]
        return float(np.mean([min(1.0, height / LEGIBLE) ** 0.5 for height in heights])) if heights else 1.0

    def _speech(self, region: Region) -> float:
        """Seconds for which a region speaks."""
        return sum(turn.end - turn.start for turn in self.shot.turns if turn.track == region.number)


@dataclass(frozen=True)
class Part:
    """[start, end) of a scene that gets one picture, why, and the scores of all that was weighed; none if nothing was."""

    scene: Scene
    start: float
    end: float
    reason: str
    scores: Mapping[str, float] = field(default_factory=dict)

    def pane(
        self, regions: Sequence[Region], size: tuple[float, float], eyes: float, onto: Box, look_room: float
    ) -> Pane:
        """A crop of one size, in source pixels, that holds the regions; eyes and look_room: shares of it, as in Aim.

        It is in one place, the same through the whole scene, where that serves, else on a path.
        """
        shot, own = self.scene.shot, [region.number for region in regions]
        others = [other for other in self.scene.people if other.number not in own]
        eager = self.scene.look.habits.follow * (regions[0].kind.eagerness if regions else 1)
        aim = Aim(regions, shot.picture, size, eyes, eager, look_room, others)
        place = camera.still(aim, shot.start, shot.end)
        knot = place and Knot(t=self.start, x=round(place[0], 2), y=round(place[1], 2))
        path = [knot] if knot else camera.path(aim, self.start, self.end)
        return Pane(width=round(size[0], 3), height=round(size[1], 3), path=path, onto=onto)

    def shot(self, layout: str, panes: list[Pane], regions: Sequence[Region]) -> Shot:
        """The part as it stands in the plan."""
        return Shot(
            start=self.start, end=self.end, layout=layout, reason=self.reason, picture=self.scene.picture, panes=panes,
            subjects=[region.number for region in regions], people=[r.person for r in regions if r.person],
            scores=dict(self.scores),
        )  # fmt: skip


def weight(region: Region, shot: AnalysedShot) -> float:
    """How much a subject matters: size, how long it is seen, certainty, nearness to the middle."""
    size = region.usual.height / shot.picture.height
    middles = region.places[:, 0] + region.places[:, 2] / 2
    off = abs(float(np.median(middles)) - shot.picture.x - shot.picture.width / 2)
    middle = 1 - ASIDE * off / (shot.picture.width / 2)
    return size * presence(region, shot) * region.certainty * middle


def presence(region: Region, shot: AnalysedShot) -> float:
    """Share of the shot between the first and the last sighting, gaps that the tracker bridged included."""
    return min(1.0, (region.last - region.first + 0.2) / (shot.end - shot.start))
