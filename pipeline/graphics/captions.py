"""Captions on screen: `block`, lines in a rounded box; `word`, there the spoken word lights up; `pop`, a few large words."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from PIL import Image

import presets
from pipeline import typesetting as text
from pipeline.captions.breaks import break_cost
from pipeline.captions.cues import said
from pipeline.captions.cutting import LINE_WIDTH
from pipeline.captions.readability import SMALLEST_TYPE
from pipeline.graphics.layers import Enter, Graphic, Layer, canvas, graphic, plate
from pipeline.typesetting import Fonts
from presets import Preset
from presets.graphics import Caption, Word

LEFT, RIGHT, MIDDLE = 70, 890, 1290  # output pixels; a caption's middle unless it is placed elsewhere
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

    gap: pixels by which a space between words is wider than the font's.
    """

    lines: list[list[Word]]
    size: int
    gap: int
    width: int
    height: int


def extent(caption: Caption, preset: Preset) -> tuple[int, int]:
    """Width and height in pixels of what a caption covers at most."""
    if _style(caption, preset) == "pop":
        groups = [_pop_block(words, preset) for words in _groups(caption, preset)]
        return max(group.width for group in groups), max(group.height for group in groups)
    block = _block(caption, preset)
    return block.width, block.height


def draw(caption: Caption, preset: Preset, follows: bool) -> list[Graphic]:
    """The clips of a caption; follows: another one was in its place a moment ago."""
    if _style(caption, preset) == "pop":
        return _pop(caption, preset, follows)
    block = _block(caption, preset)
    lit = _style(caption, preset) == "word"
    order = [w for line in block.lines for w in line]
    spoken = [(n, w) for n, w in enumerate(order) if lit and _is_said(order, n)]
    changes = [max(0.0, word.start - caption.start) for _, word in spoken]
    enter = None if follows else Enter(seconds=ENTRY, scale=BOX_FROM)

    def paint(state: int) -> list[Layer]:
        image = _painted(block, preset, spoken[state - 1][0] if state else None)
        return [Layer(image, enter=enter)]

    middle = MIDDLE if caption.middle is None else caption.middle
    at = ((LEFT + RIGHT - block.width) / 2, middle - block.height / 2)
    size = (block.width, block.height)
    entry = 0.0 if follows else ENTRY
    return [graphic(paint, size, at, caption.start, caption.end, entry=entry, changes=changes)]


def _style(caption: Caption, preset: Preset) -> str:
    return caption.style or preset.captions.style


def _is_said(words: Sequence[Word], number: int) -> bool:
    """Whether somebody speaks a word: no dash, and no part of a sound in brackets."""
    before = " ".join(w.text for w in words[: number + 1])
    opened = max(before.rfind("["), before.rfind("("))
    closed = max(before.rfind("]"), before.rfind(")"))
    letters = any(character.isalnum() for character in words[number].text)
    return letters and opened <= closed and words[number].text[-1:] not in ("]", ")")


def _block(caption: Caption, preset: Preset) -> Block:
    fonts, size = text.chain(preset.type, "medium"), preset.captions.size
    lines = [line for line in caption.lines if said(line)]
    wider = presets.WORD_GAP if _style(caption, preset) == "word" else 0.0
    while size > SMALLEST_TYPE and any(_width(line, fonts, size, round(wider * size)) > LINE_WIDTH for line in lines):
        size -= 2
    gap = round(wider * size)
    fitted = [part for line in lines for part in _wrapped(line, fonts, size, gap, LINE_WIDTH)]
    widest = max(_width(line, fonts, size, gap) for line in fitted)
    step = round(size * text.LEADING)
    width, height = canvas(widest + 2 * PAD_X, step * len(fitted) + 2 * PAD_Y).size
    return Block(fitted, size, gap, width, height)


def _width(line: Sequence[Word], fonts: Fonts, size: int, gap: int) -> float:
    return text.width(said(line), fonts, size, gap)


def _wrapped(line: list[Word], fonts: Fonts, size: int, gap: int, room: float) -> list[list[Word]]:
    """The line itself where it fits, else its parts, each as one piece."""
    if _width(line, fonts, size, gap) <= room:
        return [line]
    whole = line[0].model_copy(update={"end": line[-1].end})
    return [[whole.model_copy(update={"text": part})] for part in text.wrap(said(line), fonts, size, room)]


def _painted(block: Block, preset: Preset, lit: int | None) -> Image.Image:
    """The box with its lines; lit: number of the word that is spoken now."""
    fonts, look, step = text.chain(preset.type, "medium"), preset.colours, round(block.size * text.LEADING)
    image = plate((block.width, block.height), look.ground, preset.captions.box_opacity, RADIUS)
    number = 0
    for row, line in enumerate(block.lines):
        whole = said(line)
        left = (block.width - _width(line, fonts, block.size, block.gap)) / 2
        top = PAD_Y + row * step
        if text.right_to_left(whole) or not (block.gap or any(w.colour for w in line)):
            text.write(image, (left, top), whole, fonts, block.size, look.ink)
            number += len(line)
            continue
        for place, word in enumerate(line):
            before = said(line[:place])
            x = left + (text.width(before + " ", fonts, block.size) + block.gap * place if before else 0)
            fill = word.colour or look.ink
            if number == lit:
                wide = round(text.width(word.text, fonts, block.size)) + 2 * LIT_PAD
                ground = plate((wide, step - 2), look.accent, 1.0, LIT_RADIUS)
                image.alpha_composite(ground, (max(0, round(x) - LIT_PAD), top + 1))
                fill = look.ground
            text.write(image, (x, top), word.text, fonts, block.size, fill)
            number += 1
    return image


def _pop(caption: Caption, preset: Preset, follows: bool) -> list[Graphic]:
    """A clip for each group of large words that is said while the caption is shown."""
    middle = MIDDLE if caption.middle is None else caption.middle
    return [
        _popped(_pop_block(words, preset), preset, middle, start, end, fresh=number == 0 and not follows)
        for number, (words, start, end) in enumerate(large_words(caption, preset))
    ]


def large_words(caption: Caption, preset: Preset) -> list[tuple[list[Word], float, float]]:
    """Groups of words with [start, end) of each: from its first word to the next group's, none shorter than POP_SHORTEST
    where there is time for all.

    Of a caption that is one part of several (it moved on a cut), those that are said in this part.
    """
    groups = _groups(caption, preset)
    begin = [group[0].start for group in groups]
    spoken = [
        (words, start)
        for words, start, until in zip(groups, begin, [*begin[1:], math.inf], strict=True)
        if until > caption.start and start < caption.end
    ] or [(groups[-1], caption.start)]
    count = len(spoken)
    least = min(POP_SHORTEST, (caption.end - caption.start) / count)
    edges = [caption.start]
    for number, (_, start) in enumerate(spoken[1:], 1):
        edges.append(min(max(start, edges[-1] + least), caption.end - (count - number) * least))
    edges.append(caption.end)
    return [(words, a, b) for (words, _), (a, b) in zip(spoken, pairwise(edges), strict=True)]


def _popped(block: Block, preset: Preset, middle: float, start: float, end: float, fresh: bool) -> Graphic:
    """Words that grow in; fresh: nothing was in their place, so that they fade in too."""

    def paint(state: int) -> list[Layer]:
        return [Layer(_painted_large(block, preset), enter=Enter(seconds=ENTRY, scale=POP_FROM, fade=fresh))]

    at = ((LEFT + RIGHT - block.width) / 2, middle - block.height / 2)
    return graphic(paint, (block.width, block.height), at, start, end, entry=ENTRY)


def _groups(caption: Caption, preset: Preset) -> list[list[Word]]:
    """A caption's words, few at a time: the cheapest of all ways to part them (dynamic programming over breaks), by how
    badly each break lies and what is wrong with each group."""
    fonts, size = text.chain(preset.type, "bold"), preset.captions.pop_size
    words = [word for line in caption.lines for word in line]
    breaks = [0.0, *(_pop_break(last, following) for last, following in pairwise(words))]
    best, come = [0.0], [0]
    for j in range(1, len(words) + 1):
        costs = []
        for i in range(max(0, j - 2 * POP_WORDS), j):
            over = text.width(said(words[i:j]), fonts, size) / _pop_room(size) - 1
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


def _pop_room(size: int) -> float:
    return RIGHT - LEFT - 2 * POP_STROKE * size


def _pop_block(words: list[Word], preset: Preset) -> Block:
    fonts, size = text.chain(preset.type, "bold"), preset.captions.pop_size
    while size > SMALLEST_TYPE and text.width(said(words), fonts, size) > _pop_room(size):
        size -= 2
    lines = _wrapped(words, fonts, size, 0, _pop_room(size))
    edge = 2 * round(size * POP_STROKE)
    widest = max(text.width(said(line), fonts, size) for line in lines)
    width, height = canvas(widest + edge, round(size * text.LEADING) * len(lines) + edge).size
    return Block(lines, size, 0, width, height)


def _painted_large(block: Block, preset: Preset) -> Image.Image:
    fonts, look, stroke = text.chain(preset.type, "bold"), preset.colours, round(block.size * POP_STROKE)
    image = canvas(block.width, block.height)
    for row, line in enumerate(block.lines):
        left = (block.width - text.width(said(line), fonts, block.size)) / 2
        top = stroke + row * round(block.size * text.LEADING)
        text.outline(image, (left, top), said(line), fonts, block.size, look.ink, look.ground, stroke)
    return image
