"""Where each graphic stands: clear of faces, of the platform's buttons and of the other graphics."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise, product
from typing import TypeVar

import numpy as np

from pipeline.graphics import captions, cards, labels
from pipeline.graphics.content import shows
from pipeline.graphics.onscreen import OnScreen, overlap
from pipeline.plan import Plan, shots_with_offsets
from presets import Preset
from presets.graphics import (
    Caption,
    Chapter,
    LowerThird,
    Mark,
    PartnerLine,
    Placed,
    PlacedGraphic,
    Quote,
    TitleCard,
)

G = TypeVar("G", bound=Placed)
Area = tuple[float, float, float, float]  # left, top, right, bottom in output pixels

FIRST = (Chapter, Quote, Caption, TitleCard, LowerThird)  # whose place is chosen before whose
LOWER, UPPER = (1120, 1460), (290, 720)  # output pixels: the bands in which captions may stand
BELOW_PARTNERS, BELOW_CHAPTER = 372, 468  # where the upper band begins below a chapter sticker
NAME_LOWEST, NAME_HIGHEST = 1440, (372, 290)  # a lower third's last resorts: its lower and its upper edges
CARD_TEXT = (70, 284, 890, 1080)  # where a card that fills the screen has its text
CHAPTER_HIGHEST, CHAPTER_LOWEST = 290, 1104  # a sticker's other places: its upper and its lower edge
BESIDE_SEAM = 16  # pixels between the border of a split and a caption that stands beside it
BETWEEN = 24  # pixels between two graphics
TITLE_ABOVE_CAPTION = 28
TITLE_AIR = 60  # pixels above a title's text, where its ground darkens the picture, best left without a face too
SHADE_BELOW = 40  # pixels below a title's text that its ground darkens
IN_THE_WAY = 10.0  # what standing in another graphic costs, in faces
SHORTEST_PART = 0.3  # seconds that a caption stays on either side of a cut on which it moves
MARGIN = 0.06  # of a face's size, beyond its box, that is best kept clear too
CLEAR = 0.02  # covered share of a face that nobody sees


def place(plan: Plan, preset: Preset, faces: Sequence[OnScreen]) -> tuple[list[PlacedGraphic], list[str]]:
    """The plan's graphics, each with its place, and a sentence for each that no place is free for.

    Stickers and quotes come first. Captions follow in order of time: the usual band unless it covers a face, then lower,
    higher, at the top; low where they share the screen with a title or a name. One that finds no place through a cut
    moves on the cut, as two captions of the same words. A title takes what they leave free, then names. Places that are
    given are kept.
    """
    placed: dict[int, list[PlacedGraphic]] = {}
    warnings: list[str] = []
    shown = {number: g for number, g in enumerate(plan.graphics) if shows(g, preset)}
    seen = list(shown.values())
    full = [g for g in seen if _fills_the_screen(g, preset)]
    taken: list[tuple[Placed, Area]] = [
        (g, _area_of_mark(g, preset)) for g in seen if isinstance(g, Mark | PartnerLine)
    ]
    taken += [(g, CARD_TEXT) for g in full]
    faces = [_uncovered(face, full, plan) for face in faces]

    def best(candidates: Iterable[tuple[G, Area]], shaded: bool = False) -> tuple[float, G, Area]:
        """The first candidate that costs nothing, else the cheapest: its cost, itself, its area.

        shaded: its ground darkens the picture from edge to edge.
        """
        found = []
        for candidate, area in candidates:
            first, last = (plan.clock.frame(t) for t in (candidate.start, candidate.end))
            blocked = sum(_touch(area, other) for g, other in taken if _together(g, candidate))
            dark = (0.0, area[1], float(plan.width), area[3] + SHADE_BELOW) if shaded else area
            near, on = (overlap(faces, first, last, dark, margin) for margin in (MARGIN, 0.0))
            found.append((near + (on if on > CLEAR else 0.0) + IN_THE_WAY * blocked, candidate, area))
            if found[-1][0] == 0:
                break
        return min(found, key=lambda one: one[0])

    def keep(chosen: tuple[float, G, Area]) -> G:
        price, graphic, area = chosen
        taken.append((graphic, area))
        first, last = (plan.clock.frame(t) for t in (graphic.start, graphic.end))
        if price >= IN_THE_WAY or overlap(faces, first, last, area) > CLEAR:
            what = "a face" if price < IN_THE_WAY else "another graphic"
            kind = str(getattr(graphic, "kind", "graphic")).replace("_", " ")
            warnings.append(f"The {kind} at {graphic.start:.1f} s covers {what}: no place is free.")
        return graphic

    def spoken(caption: Caption, before: Caption | None) -> list[Caption]:
        low = any(_together(caption, g) for g in seen if isinstance(g, LowerThird) or _over_picture(g, preset))
        whole = best(_captions(caption, preset, plan, before, low))
        parts: list[tuple[float, Caption, Area]] = []
        if whole[0] > 0 and caption.middle is None:
            for part in _parted(caption, plan):
                parts.append(best(_captions(part, preset, plan, parts[-1][1] if parts else before, low)))
        return [keep(part) for part in (parts if parts and sum(p[0] for p in parts) < whole[0] else [whole])]

    numbered = [(n, g) for n, g in shown.items() if isinstance(g, FIRST)]
    before: Caption | None = None
    for number, graphic in sorted(numbered, key=lambda item: (FIRST.index(type(item[1])), item[1].start)):
        said = [area for g, area in taken if isinstance(g, Caption) and _together(g, graphic)]
        match graphic:
            case Chapter():
                placed[number] = [keep(best(_chapters(graphic, preset)))]
            case Quote() if graphic.over == "picture":
                placed[number] = [keep(best(_quotes(graphic, preset)))]
            case Caption():
                parts = spoken(graphic, before)
                before, placed[number] = parts[-1], [*parts]
            case TitleCard() if _over_picture(graphic, preset):
                placed[number] = [keep(best(_titles(graphic, preset, said), shaded=True))]
            case LowerThird():
                placed[number] = [keep(best(_names(graphic, preset, said)))]
    return [g for number, graphic in enumerate(plan.graphics) for g in placed.get(number, [graphic])], warnings


def _parted(caption: Caption, plan: Plan) -> list[Caption]:
    """The caption in parts that end at the cuts, none shorter than SHORTEST_PART; none where there is no such cut."""
    cuts = [shot.start + offset for shot, offset in shots_with_offsets(plan)]
    inside = [cut for cut in cuts if caption.start + SHORTEST_PART <= cut <= caption.end - SHORTEST_PART]
    edges = [caption.start, *inside, caption.end]
    return [caption.model_copy(update={"start": a, "end": b}) for a, b in pairwise(edges)] if inside else []


def _captions(
    caption: Caption, preset: Preset, plan: Plan, before: Caption | None, low: bool
) -> Iterator[tuple[Caption, Area]]:
    wide, high = captions.extent(caption, preset)
    left, right = (captions.LEFT + captions.RIGHT - wide) / 2, (captions.LEFT + captions.RIGHT + wide) / 2
    lowest = LOWER[1] - high / 2
    lower = [lowest, captions.MIDDLE] if low else [captions.MIDDLE, lowest, LOWER[0] + high / 2]
    upper = [top + high / 2 for top in (BELOW_PARTNERS, UPPER[0], BELOW_CHAPTER, UPPER[1] - high)]
    middles = [*upper, *lower] if caption.band == "upper" else [*lower, *upper]
    seam = _seam(plan, caption)
    if seam is not None:
        middles[:0] = [seam, seam + high / 2 + BESIDE_SEAM, seam - high / 2 - BESIDE_SEAM]
    highest, lowest = UPPER[0] + high / 2, max(UPPER[0] + high / 2, lowest)
    middles = [middle for middle in middles if highest <= middle <= lowest] or [lowest]
    shot = _shot_number(plan, caption)
    if before and before.middle is not None and _shot_number(plan, before) == shot:
        band = next((b for b in (LOWER, UPPER) if b[0] <= before.middle <= b[1]), None)
        if not low or band == UPPER:  # it stays where it was while the picture does
            kept = max(band[0] + high / 2, min(band[1] - high / 2, before.middle)) if band else before.middle
            middles.insert(0, kept)
    for middle in [caption.middle] if caption.middle is not None else middles:
        yield caption.model_copy(update={"middle": round(middle)}), (left, middle - high / 2, right, middle + high / 2)


def _titles(card: TitleCard, preset: Preset, said: list[Area]) -> Iterator[tuple[TitleCard, Area]]:
    """Above the captions that it shares the screen with, or low where these are at the top; last, at the top itself."""
    low = [area[1] for area in said if area[1] > UPPER[1]]
    high = [area[3] for area in said if area[1] <= UPPER[1]]
    bottoms = [min(low) - TITLE_ABOVE_CAPTION] if low else [float(cards.TITLE_BOTTOM), float(cards.BOTTOM)]
    tops = [max(high) + TITLE_ABOVE_CAPTION] if high else [float(cards.TEXT_TOP)]
    sizes = [card.size] if card.size else [size for size in cards.TITLE_SIZES if not low or size < cards.TITLE_SIZES[0]]
    for under, size, air in ((u, s, a) for u in (False, True) for s, a in product(sizes, (TITLE_AIR, 0))):
        wide, tall = cards.title_block(card, preset, size)
        places = [card.bottom] if card.bottom is not None else [top + tall for top in tops] if under else bottoms
        for bottom in places:
            if card.bottom is not None or UPPER[0] <= bottom - tall - air < bottom <= cards.BOTTOM:
                area = (cards.LEFT, bottom - tall - air, cards.LEFT + wide, bottom)
                yield card.model_copy(update={"bottom": round(bottom), "size": size}), area
    if card.bottom is None:  # too long for every place: as small as it gets, low
        wide, tall = cards.title_block(card, preset, sizes[-1])
        bottom = cards.BOTTOM
        area = (cards.LEFT, bottom - tall, cards.LEFT + wide, bottom)
        yield card.model_copy(update={"bottom": bottom, "size": sizes[-1]}), area


def _names(name: LowerThird, preset: Preset, over: list[Area]) -> Iterator[tuple[LowerThird, Area]]:
    wide, high = labels.name_size(name, preset)
    above = [area[1] - BETWEEN for area in over if area[1] - BETWEEN < NAME_LOWEST]
    bottoms = [labels.NAME_BOTTOM, *above, NAME_LOWEST, *(top + high for top in NAME_HIGHEST)]
    for bottom in [name.bottom] if name.bottom is not None else bottoms:
        for side in [name.side] if name.side else ["left", "right"]:
            left = labels.RIGHT - wide if side == "right" else labels.LEFT
            yield (
                name.model_copy(update={"side": side, "bottom": round(bottom)}),
                (left, bottom - high, left + wide, bottom),
            )


def _quotes(quote: Quote, preset: Preset) -> Iterator[tuple[Quote, Area]]:
    wide, high = cards.quote_size(quote, preset)
    left = cards.LEFT - 20.0
    for bottom in [quote.bottom] if quote.bottom is not None else [cards.BOTTOM, cards.TEXT_TOP + high]:
        area = (left, bottom - high, left + wide, bottom)
        yield quote.model_copy(update={"bottom": round(bottom)}), area


def _chapters(chapter: Chapter, preset: Preset) -> Iterator[tuple[Chapter, Area]]:
    wide, high = labels.chapter_size(chapter, preset)
    for top in (
        [chapter.top] if chapter.top is not None else [labels.CHAPTER_TOP, CHAPTER_HIGHEST, CHAPTER_LOWEST - high]
    ):
        for side in [chapter.side] if chapter.side else ["left", "right"]:
            left = labels.RIGHT - wide if side == "right" else labels.LEFT
            area = (left, top, left + wide, top + high)
            yield chapter.model_copy(update={"side": side, "top": round(top)}), area


def _area_of_mark(placed: Mark | PartnerLine, preset: Preset) -> Area:
    drawn = labels.mark(placed, preset) if isinstance(placed, Mark) else labels.partner_line(placed, preset)
    return drawn.x, drawn.y, drawn.x + drawn.clip.size[0], drawn.y + drawn.clip.size[1]


def _over_picture(graphic: PlacedGraphic, preset: Preset) -> bool:
    return isinstance(graphic, TitleCard) and (graphic.over or preset.title_card.over) == "picture"


def _seam(plan: Plan, caption: Caption) -> float | None:
    """y of the border between two panes, where the caption is in shots that have one most of its time."""
    shared = [
        (min(shot.end + offset, caption.end) - max(shot.start + offset, caption.start), shot.seam)
        for shot, offset in shots_with_offsets(plan)
        if shot.seam is not None
    ]
    longest, y = max(shared, default=(0.0, 0.0))
    return y if longest >= (caption.end - caption.start) / 2 else None


def _shot_number(plan: Plan, caption: Caption) -> int:
    """Number of the shot in which the caption begins."""
    starts = [shot.start + offset for shot, offset in shots_with_offsets(plan)]
    return sum(start <= caption.start + 1e-6 for start in starts)


def _together(one: Placed, other: Placed) -> bool:
    return one.start < other.end and other.start < one.end


def _touch(one: Area, other: Area) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _fills_the_screen(graphic: PlacedGraphic, preset: Preset) -> bool:
    """Whether a card hides the picture."""
    return (isinstance(graphic, Quote) and graphic.over != "picture") or (
        isinstance(graphic, TitleCard) and not _over_picture(graphic, preset)
    )


def _uncovered(face: OnScreen, cards: Sequence[PlacedGraphic], plan: Plan) -> OnScreen:
    """The face without the frames in which a card hides it."""
    spans = [(plan.clock.frame(g.start), plan.clock.frame(g.end)) for g in cards]
    seen = np.ones(len(face.frames), bool)
    for a, b in spans:
        seen &= (face.frames < a) | (face.frames >= b)
    if seen.all():
        return face
    return OnScreen(face.person, face.frames[seen], face.boxes[seen], face.whole[seen])
