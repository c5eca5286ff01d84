"""A report laid out in words: blocks of text, tables and charts, language already chosen.

Every face (terminal, Markdown, HTML, PDF) renders the same blocks, so that no figure is formatted
twice. Texts are plain: a face escapes them for its own format.
"""

from dataclasses import dataclass
from enum import StrEnum


class Tone(StrEnum):
    """What a colour should say; each face has its own palette."""

    NEUTRAL = "neutral"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    INFO = "info"


class Align(StrEnum):
    """Column alignment."""

    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Tile:
    """One key figure.

    Attributes:
        label: What it is.
        value: The figure with its unit, or a dash if unknown.
        note: Change or comparison below it, possibly empty.
        tone: Tone of the note.
    """

    label: str
    value: str
    note: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Tiles:
    """A row of key figures."""

    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    text: str
    tone: Tone = Tone.NEUTRAL


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and its value, a line of evidence."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Card:
    """An alert, a recommendation or an opportunity.

    Attributes:
        badge: Short word: severity or priority.
        title: One line.
        body: One to three sentences.
        action: What to do, possibly empty.
        gain: Expected gain, possibly empty.
        facts: Evidence.
        tone: Tone of badge and border.
    """

    badge: str
    title: str
    body: str
    action: str
    gain: str
    facts: tuple[Fact, ...]
    tone: Tone


@dataclass(frozen=True, slots=True)
class Cards:
    """A list of cards, most important first."""

    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A table column.

    Attributes:
        title: Heading.
        align: Left or right (figures).
        is_detail: May be dropped where space is short (phone, narrow terminal).
    """

    title: str
    align: Align = Align.LEFT
    is_detail: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A table cell.

    Attributes:
        text: What it says.
        bar_ratio: If set, a bar from 0 to 1 is drawn with the text (a balance).
        tone: Tone of the text.
    """

    text: str
    bar_ratio: float | None = None
    tone: Tone = Tone.NEUTRAL


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes:
        caption: What it shows.
        columns: Headings.
        rows: Cells, one per column.
        note: Text below, possibly empty ("12 more channels in the JSON file").
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One labelled share of something.

    Attributes:
        label: What.
        ratio: Length, in [0, 1]; None if unknown.
        value: The figure as text.
        tone: Tone of the bar.
    """

    label: str
    ratio: float | None
    value: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Bars:
    """Labelled horizontal bars."""

    caption: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """A line or column chart over days.

    Attributes:
        title: What it shows.
        labels: One per point (days), as printed.
        values: One per point, None for a gap.
        value_texts: The same, formatted; a dash for a gap.
        kind: `line` or `columns`.
        summary: The chart in one sentence, for those who do not see it.
    """

    title: str
    labels: tuple[str, ...]
    values: tuple[float | None, ...]
    value_texts: tuple[str, ...]
    kind: str
    summary: str


@dataclass(frozen=True, slots=True)
class Charts:
    """Charts that belong side by side."""

    series: tuple[Series, ...]


Block = Tiles | Paragraph | Cards | Table | Bars | Charts


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it.

    Attributes:
        key: Stable name, the anchor: `summary`, `alerts`, `advice`, ...
        title: Heading.
        blocks: Content.
    """

    key: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A whole report in words.

    Attributes:
        language: `en` or `fr`.
        title: "Daily report".
        subject: Alias or key of the node.
        subject_detail: Full key.
        date_text: The day, written out.
        score_text: "87" or a dash.
        score_ratio: Score over 100; None if unknown.
        score_caption: "good", "top 3 % of 15,812 nodes".
        status_text: "Healthy", "Warning", "Critical".
        status_tone: Its tone.
        banner: What the reader must know first ("Public data only: ..."), possibly empty.
        lead: The narrative.
        sections: The rest.
        footer: Version, sources and moment of generation.
    """

    language: str
    title: str
    subject: str
    subject_detail: str
    date_text: str
    score_text: str
    score_ratio: float | None
    score_caption: str
    status_text: str
    status_tone: Tone
    banner: str
    lead: str
    sections: tuple[Section, ...]
    footer: str
