"""Everything that can be drawn over the picture, as plain data: what plans hold, and what presets and briefs may place.

Times are episode seconds, intervals half open; places are pixels of a picture 1080 wide, whatever size is delivered, and
are chosen when the episode is planned, unless they are given. What is drawn of each is in pipeline/graphics/kinds.
"""

from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, model_validator

from basis.data import FOREVER, Colour, Data, Link, Seconds, seconds

MOST_LETTERS = 400  # of a caption


Place = Annotated[float, Field(ge=0, le=1920)]  # y in pixels of a picture 1080 wide
Over = Literal["picture", "blur", "plain"]
CaptionStyle = Literal["block", "word", "pop"]


class Word(Data):
    """One word of a caption with its own times, and its colour where the caption file's is asked for."""

    text: str
    start: float
    end: float
    colour: Colour | None = None


class Placed(Data):
    """Something on screen during [start, end)."""

    start: Seconds = 0.0
    end: Seconds = FOREVER

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.end < self.start:
            raise ValueError(f"it ends at {self.end:g} s, before it begins at {self.start:g} s")
        return self


class Caption(Placed):
    """A cue on screen: one or two lines of words. A file may give text, its lines parted by line feeds, in their place.

    style: the preset's unless given. band: where the caption file wants it. middle: y of its middle.
    """

    kind: Literal["caption"] = "caption"
    lines: list[Annotated[list[Word], Field(max_length=100)]] = Field(max_length=4)
    style: CaptionStyle | None = None
    band: Literal["lower", "upper"] | None = None
    middle: Place | None = None

    @model_validator(mode="after")
    def _not_a_whole_page(self) -> Self:
        if sum(len(word.text) for line in self.lines for word in line) > MOST_LETTERS:
            raise ValueError(f"a caption has at most {MOST_LETTERS} letters; split it")
        return self

    @model_validator(mode="before")
    @classmethod
    def _lines_of_a_text(cls, data: Any) -> Any:
        if not isinstance(data, dict) or "text" not in data or "lines" in data:
            return data
        lines = lines_of(str(data["text"]), seconds(data.get("start", 0)), seconds(data.get("end", FOREVER)))
        return {key: value for key, value in data.items() if key != "text"} | {"lines": lines}


def lines_of(text: str, start: float, end: float) -> list[list[dict[str, str | float]]]:
    """A caption's lines, as plain data, from text whose lines are parted by line feeds; its words share its times."""
    return [[{"text": word, "start": start, "end": end} for word in line.split()] for line in text.split("\n")]


class TitleCard(Placed):
    """«Серия N» and the title. over: the preset's unless given. bottom: y of its last line's foot; size: of its type."""

    kind: Literal["title_card"] = "title_card"
    number: int | None = None
    title: str = Field("", max_length=200)
    over: Over | None = None
    bottom: Place | None = None
    size: int | None = Field(None, ge=24, le=120)


class LowerThird(Placed):
    """Name and role of a person, left unless it is placed. bottom: y of its lower edge."""

    kind: Literal["lower_third"] = "lower_third"
    name: str = Field(max_length=80)
    role: str = Field("", max_length=160)
    side: Literal["left", "right"] | None = None
    bottom: Place | None = None


class Mark(Placed):
    """The series' mark in its corner."""

    kind: Literal["mark"] = "mark"


class PartnerLine(Placed):
    """A quiet line that names those behind the series, below the mark; text: the preset's partners unless given."""

    kind: Literal["partner_line"] = "partner_line"
    text: str = Field("", max_length=200)


class EndCard(Placed):
    """Call to action, the QR code of a link and what comes next; both texts: the preset's unless given."""

    kind: Literal["end_card"] = "end_card"
    link: Link | None = None
    text: str = Field("", max_length=200)
    following: str = Field("", max_length=120)


class Progress(Placed):
    """A line that fills from start to end."""

    kind: Literal["progress"] = "progress"


class Chapter(Placed):
    """A sticker that says where we are: «Цех № 3», with a number before it where one is given; left unless it is placed.

    top: y of its upper edge.
    """

    kind: Literal["chapter"] = "chapter"
    text: str = Field(min_length=1, max_length=80)
    number: int | None = Field(None, ge=0, le=999)
    side: Literal["left", "right"] | None = None
    top: Place | None = None


class Quote(Placed):
    """A card with a sentence in «ёлочки» and who said it. bottom: y of its lower edge, where it lies over the picture."""

    kind: Literal["quote"] = "quote"
    text: str = Field(min_length=1, max_length=280)
    author: str = Field("", max_length=120)
    over: Over = "blur"
    bottom: Place | None = None


PlacedGraphic = Annotated[
    Caption | TitleCard | LowerThird | Mark | PartnerLine | EndCard | Progress | Chapter | Quote,
    Field(discriminator="kind"),
]


def kind_names() -> list[str]:
    """What `kind` may be."""
    return [model.model_fields["kind"].default for model in get_args(get_args(PlacedGraphic)[0])]
