"""Where each graphic stands: clear of faces, of the platform's buttons and of the other graphics."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from basis.boxes import shared
from basis.notes import Note
from pipeline.graphics.kinds import Area, Board, Candidate, is_shown, kind_of, together
from pipeline.graphics.look import Look
from pipeline.graphics.onscreen import OnScreen, overlap
from pipeline.plan import Plan
from presets.graphics import Placed, PlacedGraphic

IN_THE_WAY = 10.0  # what standing in another graphic costs, in faces
MARGIN = 0.06  # of a face's size, beyond its box, that is best kept clear too
CLEAR = 0.02  # covered share of a face that nobody sees


def place(plan: Plan, look: Look, faces: Sequence[OnScreen]) -> tuple[list[PlacedGraphic], list[Note]]:
    """The plan's graphics, each with its place, and a note for each that no place is free for.

    Stickers and quotes come first. Captions follow in order of time: the usual band unless it covers a face, then lower,
    higher, at the top; low where they share the screen with a title or a name. One that finds no place through a cut
    moves on the cut, as two captions of the same words. A title takes what they leave free, then names. Places that are
    given are kept. faces: in pixels of the plan's size.
    """
    board = _board(plan, look, faces)
    placed: dict[int, list[PlacedGraphic]] = {}
    notes: list[Note] = []
    turns = [(kind_of(g).turn, g.start, number) for number, g in enumerate(plan.graphics) if is_shown(g, look)]
    taken, last = [*board.taken], 0
    for turn, start, number in sorted(turns):
        if turn != last:
            board, last = replace(board, taken=tuple(taken)), turn
        # what has ended is in nobody's way, as those of a turn come in order of time; a caption looks at the one before it
        ahead = (one for one in board.taken[:-1] if one[0].end > start)
        board = replace(board, taken=(*ahead, *board.taken[-1:]))
        chosen = _chosen(plan.graphics[number], board) if turn else []
        for cost, candidate in chosen:
            board = board.keeping(candidate)
            taken.append((candidate.graphic, candidate.area))
            notes += _notes(cost, candidate, board)
        if chosen:
            placed[number] = [candidate.graphic for _, candidate in chosen]
    return [g for number, graphic in enumerate(plan.graphics) for g in placed.get(number, [graphic])], notes


def _board(plan: Plan, look: Look, faces: Sequence[OnScreen]) -> Board:
    """What stands where it does whatever else is there, and the faces that can be seen."""
    shown = [graphic for graphic in plan.graphics if is_shown(graphic, look)]
    kinds = [(graphic, kind_of(graphic)) for graphic in shown]
    on = look.canvas
    text = (on.edge, on.top + 64, on.right, on.above_captions)
    full = [graphic for graphic, kind in kinds if kind.fills_screen(graphic, look)]
    fixed = [(g, drawing.area) for g, kind in kinds if kind.stands for drawing in kind.draw(g, look, shown)]
    seen = [_seen(face, full, plan, on.scale) for face in faces]
    low = [graphic for graphic, kind in kinds if kind.stands_low(graphic, look)]
    return Board(plan, look, seen, low, (*fixed, *((graphic, text) for graphic in full)))


def _seen(face: OnScreen, cards: Sequence[Placed], plan: Plan, scale: float) -> OnScreen:
    """The face without the frames in which a card hides it, in the pixels of areas."""
    clock = plan.clock
    seen = np.ones(len(face.frames), bool)
    for card in cards:
        seen &= (face.frames < clock.frame(card.start)) | (face.frames >= clock.frame(card.end))
    return replace(face, frames=face.frames[seen], boxes=face.boxes[seen] / scale, whole=face.whole[seen])


Chosen = list[tuple[float, Candidate[Any]]]  # what each costs, and where it stands


def _chosen(graphic: PlacedGraphic, board: Board) -> Chosen:
    """The graphic in the cheapest of its places, or its parts in theirs where that is cheaper; nothing without a place."""
    kind = kind_of(graphic)
    whole = _cheapest(graphic, board)
    if not whole or whole[0][0] == 0:
        return whole
    parts: Chosen = []
    for part in kind.parts(graphic, board):
        parts += (found := _cheapest(part, board))
        board = board.keeping(found[0][1])
    return parts if parts and sum(cost for cost, _ in parts) < whole[0][0] else whole


def _cheapest(graphic: PlacedGraphic, board: Board) -> Chosen:
    """The first place that costs nothing, else the cheapest, alone in a list."""
    found: Chosen = []
    for candidate in kind_of(graphic).places(graphic, board):
        found.append((_cost(candidate, board), candidate))
        if found[-1][0] == 0:
            break
    return [min(found, key=lambda one: one[0])] if found else []


def _cost(candidate: Candidate[Any], board: Board) -> float:
    """What a place covers of faces, lightly also of what is around them, and of other graphics."""
    graphic, area, shaded = candidate
    others = [other for kept, other in board.taken if together(kept, graphic)]
    blocked = int((shared(np.reshape(others, (-1, 4)), np.array(area)) > 0).sum())
    near, on = (_covered(graphic, shaded or area, board, margin) for margin in (MARGIN, 0.0))
    return near + (on if on > CLEAR else 0.0) + IN_THE_WAY * blocked


def _covered(graphic: Placed, area: Area, board: Board, margin: float = 0.0) -> float:
    clock = board.plan.clock
    return overlap(board.faces, clock.frame(graphic.start), clock.frame(graphic.end), area, margin)


def _notes(cost: float, candidate: Candidate[Any], board: Board) -> list[Note]:
    """What the editor should know of a graphic that covers something."""
    graphic = candidate.graphic
    if cost < IN_THE_WAY and _covered(graphic, candidate.area, board) <= CLEAR:
        return []
    what = "a face" if cost < IN_THE_WAY else "another graphic"
    text = f"The {graphic.kind.replace('_', ' ')} at {graphic.start:.1f} s covers {what}: no place is free."
    return [Note(code="no-place", text=text, at=round(graphic.start, 3), level="warning")]
