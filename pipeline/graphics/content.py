"""What a placed graphic says, and whether anything of it is seen."""

from pipeline import typesetting as text
from presets import Preset
from presets.graphics import (
    Caption,
    Chapter,
    EndCard,
    LowerThird,
    Mark,
    PartnerLine,
    PlacedGraphic,
    Progress,
    Quote,
    TitleCard,
)  # fmt: skip

_SIZE = 20  # pixels of type at which ink is looked for


def written(graphic: PlacedGraphic, preset: Preset) -> list[tuple[str, text.Weight]]:
    """The texts of a graphic, each with the weight of its font."""
    match graphic:
        case Caption():
            words = " ".join(word.text for line in graphic.lines for word in line)
            return [(words, "bold" if (graphic.style or preset.captions.style) == "pop" else "medium")]
        case TitleCard():
            return [(number(graphic, preset), "bold"), (graphic.title, "bold")]
        case LowerThird():
            return [(graphic.name, "bold"), (graphic.role, "medium")]
        case Mark():
            return [("" if preset.series.mark else preset.series.name, "bold")]
        case PartnerLine():
            return [(partners(graphic, preset), "medium")]
        case EndCard():
            return [
                (preset.series.name, "bold"), (call(graphic, preset), "bold"), (following(graphic, preset), "medium"),
                (preset.series.partners, "medium"),
            ]  # fmt: skip
        case Chapter():
            return [(graphic.text, "bold")]
        case Quote():
            return [(graphic.text, "bold"), (graphic.author, "medium")]
        case Progress():
            return []


def number(card: TitleCard, preset: Preset) -> str:
    """«Серия 3», or nothing."""
    return f"{preset.title_card.word} {card.number}".strip() if card.number is not None else ""


def partners(line: PartnerLine, preset: Preset) -> str:
    return line.text or preset.series.partners


def call(card: EndCard, preset: Preset) -> str:
    return card.text or preset.end_card.text


def following(card: EndCard, preset: Preset) -> str:
    return card.following or preset.end_card.following


def shows(graphic: PlacedGraphic, preset: Preset) -> bool:
    """Whether a graphic has time and something to show."""
    if graphic.end <= graphic.start:
        return False
    if isinstance(graphic, Progress | EndCard) or (isinstance(graphic, Mark) and preset.series.mark):
        return True
    texts = written(graphic, preset)[:1] if isinstance(graphic, Quote) else written(graphic, preset)
    return any(text.width(said.strip(), text.chain(preset.type, weight), _SIZE) > 0 for said, weight in texts)
