"""Captions: `block`, lines in a rounded box; `word`, there the spoken word lights up; `pop`, a few large words."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count, pairwise

from PIL import Image

import presets
from basis.spans import overlap
from pipeline import typesetting
from pipeline.captions.breaks import break_cost
from pipeline.captions.cues import said
from pipeline.captions.cutting import LINE_WIDTH
from pipeline.captions.readability import SMALLEST_TYPE
from pipeline.graphics.kinds.kind import Board, Candidate, GraphicKind, Written, together
from pipeline.graphics.layers import Drawing, Enter, Layer, canvas, plate
from pipeline.graphics.look import Canvas, Look
from pipeline.plan import Plan, shots_with_offsets
from pipeline.typesetting import Fonts
from presets.graphics import Caption, Placed, Word

# pixels from a caption's middle in its usual place, and from the top of the lower band, to the end of the free part
USUAL, BAND = 200, 370
BELOW_CHAPTER = 248  # pixels from the top of the free part to where a chapter sticker is clear
BESIDE_SEAM = 16  # pixels between the border of a split and a caption that stands beside it
SHORTEST_PART = 0.3  # seconds that a caption stays on either side of a cut on which it moves
PAD_X, PAD_Y, RADIUS = 30, 16, 22  # of the box
ENTRY = 0.12  # seconds
BOX_FROM = 0.95  # share of its size from which a box grows
FOLLOWS = 0.1  # seconds between two captions below which the second takes the first one's place without an entry
LIT_PAD, LIT_RADIUS = 8, 10  # pixels of the lit word's ground beyond the word, and its corners
POP_WORDS = 3  # at once
POP_PAUSE = 0.35  # seconds of silence after which large words begin anew
POP_GROUP = 0.7  # cost of a group
POP_ACROSS = 1.5  # cost of a good break that lies inside a group, falling to 0 for bad ones
POP_SIGN = 4.0  # cost of parting a sign from the word before it
POP_SHORTEST = 0.3  # seconds that large words stay
POP_FROM = 0.86  # share of its size from which a large word grows
POP_STROKE = 0.11  # of the type size: the dark edge around large words


@dataclass(frozen=True)
class Block:
    """Lines of one size that fit: the words of each line (one piece for a line that had to be broken).

    gap: pixels by which a space between words is wider than the font's. area: its width and height in pixels.
    """

    lines: list[list[Word]]
    size: int
    gap: int
    area: tuple[int, int]


class CaptionKind(GraphicKind[Caption]):
    model = Caption
    turn = 3

    def written(self, graphic: Caption, look: Look) -> Written:
        words = " ".join(word.text for line in graphic.lines for word in line)
        return [(words, "bold" if _style(graphic, look) == "pop" else "medium")]

    def sample(self, end: float) -> Caption:
        lines = ["Здесь работал мой дед,".split(), "потом отец.".split()]
        step, at = end / sum(map(len, lines)), count()
        spoken = [[Word(text=w, start=(n := next(at)) * step, end=n * step + step) for w in line] for line in lines]
        return Caption(end=end, lines=spoken)

    def places(self, graphic: Caption, board: Board) -> Iterator[Candidate[Caption]]:
        """The usual band, then lower, higher, at the top; at the foot where it shares the screen with a title or a name."""
        look, on = board.look, board.look.canvas
        pop = _style(graphic, look) == "pop"
        blocks = [_pop_block(words, look) for words in _groups(graphic, look)] if pop else [_block(graphic, look)]
        wide, high = (max(sides) for sides in zip(*(block.area for block in blocks), strict=True))
        left = (on.edge + on.right - wide) / 2
        for middle in [graphic.middle] if graphic.middle is not None else _middles(graphic, board, high):
            placed = graphic.model_copy(update={"middle": round(middle)})
            yield Candidate(placed, (left, middle - high / 2, left + wide, middle + high / 2))

    def parts(self, graphic: Caption, board: Board) -> list[Caption]:
        """In parts that end at the cuts, none shorter than SHORTEST_PART."""
        cuts = [shot.start + offset for shot, offset in shots_with_offsets(board.plan)]
        inside = [cut for cut in cuts if graphic.start + SHORTEST_PART <= cut <= graphic.end - SHORTEST_PART]
        if not inside or graphic.middle is not None:
            return []
        edges = pairwise([graphic.start, *inside, graphic.end])
        return [graphic.model_copy(update={"start": a, "end": b}) for a, b in edges]

    def draw(self, graphic: Caption, look: Look, shown: Sequence[Placed]) -> list[Drawing]:
        follows = _follows(graphic, shown)
        if _style(graphic, look) == "pop":
            drawings: list[Drawing] = []
            for words, start, end in large_words(graphic, look):
                block = _pop_block(words, look)
                grow = Enter(seconds=ENTRY, scale=POP_FROM, fade=not (follows or drawings))
                large, at = partial(_painted_large, block, look, grow), _at(block, graphic, look.canvas)
                drawings.append(Drawing(large, block.area, at, start, end, ENTRY))
            return drawings
        block = _block(graphic, look)
        order = [word for line in block.lines for word in line]
        lit = _style(graphic, look) == "word"
        spoken = [(n, word) for n, word in enumerate(order) if lit and _is_said(order, n)]
        changes = [max(0.0, word.start - graphic.start) for _, word in spoken]
        enter = None if follows else Enter(seconds=ENTRY, scale=BOX_FROM)

        def paint(state: int) -> list[Layer]:
            return [Layer(_painted(block, look, spoken[state - 1][0] if state else None), enter=enter)]

        at, entry = _at(block, graphic, look.canvas), 0.0 if follows else ENTRY
        return [Drawing(paint, block.area, at, graphic.start, graphic.end, entry, changes=changes)]


def _style(caption: Caption, look: Look) -> str:
    return caption.style or look.captions.style


def _follows(caption: Caption, shown: Sequence[Placed]) -> bool:
    """Whether another caption was in this one's place a moment before, or this one's words in another place."""
    return any(
        isinstance(other, Caption)
        and 0 <= caption.start - other.end < FOLLOWS
        and (other.middle == caption.middle or other.lines == caption.lines)
        for other in shown
    )


def _at(block: Block, caption: Caption, on: Canvas) -> tuple[float, float]:
    middle = on.bottom - USUAL if caption.middle is None else caption.middle
    return (on.edge + on.right - block.area[0]) / 2, middle - block.area[1] / 2


def _middles(caption: Caption, board: Board, high: int) -> list[float]:
    """y of its middle in all places that a caption may take, the best first; high: its height."""
    on = board.look.canvas
    bands = {"lower": (on.bottom - BAND, on.foot), "upper": (on.below_mark, on.high_captions)}
    low = any(together(caption, other) for other in board.low)
    usual, lowest, highest = on.bottom - USUAL, on.foot - high / 2, on.below_mark + high / 2
    lower = [lowest, usual] if low else [usual, lowest, bands["lower"][0] + high / 2]
    tops = (on.below_marks, on.below_mark, on.top + BELOW_CHAPTER, on.high_captions - high)
    upper = [top + high / 2 for top in tops]
    middles = [*upper, *lower] if caption.band == "upper" else [*lower, *upper]
    seam = _seam(board.plan, caption)
    if seam is not None:
        seam /= on.scale
        middles[:0] = [seam, seam + high / 2 + BESIDE_SEAM, seam - high / 2 - BESIDE_SEAM]
    lowest = max(highest, lowest)
    middles = [middle for middle in middles if highest <= middle <= lowest] or [lowest]
    before = next((other for other, _ in reversed(board.taken) if isinstance(other, Caption)), None)
    if before and before.middle is not None and _shot_number(board.plan, before) == _shot_number(board.plan, caption):
        band = next((name for name, (a, b) in bands.items() if a <= before.middle <= b), None)
        if not low or band == "upper":  # it stays where it was while the picture does
            top, bottom = bands[band] if band else (before.middle - high / 2, before.middle + high / 2)
            middles.insert(0, max(top + high / 2, min(bottom - high / 2, before.middle)))
    return middles


def _seam(plan: Plan, caption: Caption) -> float | None:
    """y in output pixels of the border between two panes, where the caption is in shots that have one most of its time."""
    shared = [
        (overlap((shot.start + offset, shot.end + offset), (caption.start, caption.end)), shot.seam)
        for shot, offset in shots_with_offsets(plan)
        if shot.seam is not None
    ]
    longest, y = max(shared, default=(0.0, 0.0))
    return y if longest >= (caption.end - caption.start) / 2 else None


def _shot_number(plan: Plan, caption: Caption) -> int:
    """Number of the shot in which the caption begins."""
    starts = [shot.start + offset for shot, offset in shots_with_offsets(plan)]
    return sum(start <= caption.start + 1e-6 for start in starts)


def _is_said(words: Sequence[Word], number: int) -> bool:
    """Whether somebody speaks a word: no dash, and no part of a sound in brackets."""
    before = " ".join(w.text for w in words[: number + 1])
    opened = max(before.rfind("["), before.rfind("("))
    closed = max(before.rfind("]"), before.rfind(")"))
    letters = any(character.isalnum() for character in words[number].text)
    return letters and opened <= closed and words[number].text[-1:] not in ("]", ")")


def _block(caption: Caption, look: Look) -> Block:
    fonts, size = look.medium, look.captions.size
    room = min(LINE_WIDTH, look.canvas.right - look.canvas.edge - 2 * PAD_X)
    lines = [line for line in caption.lines if said(line)]
    wider = presets.WORD_GAP if _style(caption, look) == "word" else 0.0
    while size > SMALLEST_TYPE and any(_width(line, fonts, size, round(wider * size)) > room for line in lines):
        size -= 2
    gap = round(wider * size)
    fitted = [part for line in lines for part in _wrapped(line, fonts, size, gap, room)]
    widest = max(_width(line, fonts, size, gap) for line in fitted)
    step = round(size * typesetting.LEADING)
    return Block(fitted, size, gap, canvas(widest + 2 * PAD_X, step * len(fitted) + 2 * PAD_Y).size)


def _width(line: Sequence[Word], fonts: Fonts, size: int, gap: int) -> float:
    return typesetting.width(said(line), fonts, size, gap)


def _wrapped(line: list[Word], fonts: Fonts, size: int, gap: int, room: float) -> list[list[Word]]:
    """The line itself where it fits, else its parts, each as one piece."""
    if _width(line, fonts, size, gap) <= room:
        return [line]
    whole = line[0].model_copy(update={"end": line[-1].end})
    return [[whole.model_copy(update={"text": part})] for part in typesetting.wrap(said(line), fonts, size, room)]


def _painted(block: Block, look: Look, lit: int | None) -> Image.Image:
    """The box with its lines; lit: number of the word that is spoken now."""
    fonts, colours, step = look.medium, look.colours, round(block.size * typesetting.LEADING)
    image = plate(block.area, colours.ground, look.captions.box_opacity, RADIUS)
    number = 0
    for row, line in enumerate(block.lines):
        whole = said(line)
        left = (block.area[0] - _width(line, fonts, block.size, block.gap)) / 2
        top = PAD_Y + row * step
        if typesetting.right_to_left(whole) or not (block.gap or any(w.colour for w in line)):
            typesetting.write(image, (left, top), whole, fonts, block.size, colours.ink)
            number += len(line)
            continue
        for place, word in enumerate(line):
            before = said(line[:place])
            x = left + (typesetting.width(before + " ", fonts, block.size) + block.gap * place if before else 0)
            fill = word.colour or colours.ink
            if number == lit:
                wide = round(typesetting.width(word.text, fonts, block.size)) + 2 * LIT_PAD
                ground = plate((wide, step - 2), colours.accent, 1.0, LIT_RADIUS)
                image.alpha_composite(ground, (max(0, round(x) - LIT_PAD), top + 1))
                fill = colours.ground
            typesetting.write(image, (x, top), word.text, fonts, block.size, fill)
            number += 1
    return image


def large_words(caption: Caption, look: Look) -> list[tuple[list[Word], float, float]]:
    """Groups of words with [start, end) of each: from its first word to the next group's, none shorter than POP_SHORTEST
    where there is time for all.

    Of a caption that is one part of several (it moved on a cut), those that are said in this part.
    """
    groups = _groups(caption, look)
    begin = [group[0].start for group in groups]
    spoken = [
        (words, start)
        for words, start, until in zip(groups, begin, [*begin[1:], math.inf], strict=True)
        if until > caption.start and start < caption.end
    ] or [(groups[-1], caption.start)]
    many = len(spoken)
    least = min(POP_SHORTEST, (caption.end - caption.start) / many)
    edges = [caption.start]
    for number, (_, start) in enumerate(spoken[1:], 1):
        edges.append(min(max(start, edges[-1] + least), caption.end - (many - number) * least))
    edges.append(caption.end)
    return [(words, a, b) for (words, _), (a, b) in zip(spoken, pairwise(edges), strict=True)]


def _groups(caption: Caption, look: Look) -> list[list[Word]]:
    """A caption's words, few at a time: the cheapest of all ways to part them (dynamic programming over breaks), by how
    badly each break lies and what is wrong with each group."""
    fonts, size = look.bold, look.captions.pop_size
    words = [word for line in caption.lines for word in line]
    breaks = [0.0, *(_pop_break(last, following) for last, following in pairwise(words))]
    best, come = [0.0], [0]
    for j in range(1, len(words) + 1):
        costs = []
        for i in range(max(0, j - 2 * POP_WORDS), j):
            over = typesetting.width(said(words[i:j]), fonts, size) / _pop_room(size, look) - 1
            inside = sum(max(0.0, POP_ACROSS - cost) for cost in breaks[i + 1 : j])
            wrong = max(0, j - i - POP_WORDS) + (2 + 8 * over if over > 0 else 0.0)
            costs.append((best[i] + breaks[i] + POP_GROUP + inside + wrong, i))
        cheapest, i = min(costs)
        best.append(cheapest)
        come.append(i)
    places = [len(words)]
    while places[-1]:
        places.append(come[places[-1]])
    return [words[i:j] for i, j in pairwise(reversed(places))]


def _pop_break(last: Word, following: Word) -> float:
    """How badly a break lies between two words that are shown large."""
    if following.start - last.end >= POP_PAUSE:
        return 0.0
    cost = break_cost(last.text, following.text)
    sign = not any(character.isalnum() for character in following.text)  # «10 ₽» stays whole
    return cost + POP_SIGN * (sign and cost > 0)


def _pop_room(size: int, look: Look) -> float:
    return look.canvas.right - look.canvas.edge - 2 * POP_STROKE * size


def _pop_block(words: list[Word], look: Look) -> Block:
    fonts, size = look.bold, look.captions.pop_size
    while size > SMALLEST_TYPE and typesetting.width(said(words), fonts, size) > _pop_room(size, look):
        size -= 2
    lines = _wrapped(words, fonts, size, 0, _pop_room(size, look))
    edge = 2 * round(size * POP_STROKE)
    widest = max(typesetting.width(said(line), fonts, size) for line in lines)
    return Block(lines, size, 0, canvas(widest + edge, round(size * typesetting.LEADING) * len(lines) + edge).size)


def _painted_large(block: Block, look: Look, enter: Enter, state: int) -> list[Layer]:
    fonts, colours, stroke = look.bold, look.colours, round(block.size * POP_STROKE)
    image = canvas(*block.area)
    for row, line in enumerate(block.lines):
        left = (block.area[0] - typesetting.width(said(line), fonts, block.size)) / 2
        top = stroke + row * round(block.size * typesetting.LEADING)
        for colour, reach in ((colours.ground, stroke), (colours.ink, 0)):
            typesetting.write(image, (left, top), said(line), fonts, block.size, colour, reach)
    return [Layer(image, enter=enter)]
