"""A report laid out in words: blocks of text, tables and charts, language already chosen.

Every face (terminal, Markdown, HTML, PDF) renders the same blocks, so that no figure is formatted
twice. Texts are plain: a face escapes them for its own format.
"""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_MARKS_IN_A_ROW: Final = 2
"""Combining marks kept after one character; real scripts need no more, decorated names have dozens."""


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


def plain_text(text: str) -> str:
    """A text that cannot steer the face it is shown on.

    Names of peers come from strangers. Control characters (terminal escapes), invisible format
    characters (direction overrides, zero-width ones), private and unassigned code points and piles of
    combining marks are dropped; every kind of blank or line end becomes one space, except the
    no-break spaces that figures are written with.

    Args:
        text: Any text.

    Returns:
        The text on one line.
    """
    if text.isascii() and text.isprintable():
        return text
    kept: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        if category in {"Mn", "Me"}:
            marks += 1
            if marks > _MARKS_IN_A_ROW:
                continue
        else:
            marks = 0
        if category in {"Zl", "Zp"} or character in "\t\n\r":
            kept.append(" ")
        elif not category.startswith("C"):
            kept.append(character)
    return "".join(kept)


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
    """A label and its value, a line of evidence.

    Attributes:
        label: What.
        value: The figure with its unit.
        source: Where the figure comes from, possibly empty.
    """

    label: str
    value: str
    source: str = ""


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
        gain_note: How the gain was estimated, or why there is no estimate; possibly empty.
    """

    badge: str
    title: str
    body: str
    action: str
    gain: str
    facts: tuple[Fact, ...]
    tone: Tone
    gain_note: str = ""


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
        sub: A second, smaller line; faces without room leave it out.
    """

    text: str
    bar_ratio: float | None = None
    tone: Tone = Tone.NEUTRAL
    sub: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes:
        caption: What it shows.
        columns: Headings.
        rows: Cells, one per column.
        note: Text below, possibly empty.
        head_rows: Rows that a face of limited length shows from the start; None for all.
        tail_rows: Rows that it shows from the end.
        short_note: What it then says between them ("22 channels in between ...").
        is_folded: Repeats a chart in figures; a face may show it only when asked.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    head_rows: int | None = None
    tail_rows: int = 0
    short_note: str = ""
    is_folded: bool = False


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
class PageWords:
    """The few words that a face itself needs, in the page's language.

    Attributes:
        action: Stands before what to do.
        gain: Stands before an expected gain.
        contents: Names the list of sections.
        score: Names the score in the header.
        page_of: `Page {page} of {pages}`, both names as placeholders.
        colon: What stands between a label and its text, without the space after it.
    """

    action: str
    gain: str
    contents: str
    score: str
    page_of: str
    colon: str


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
        words: What the faces say themselves.
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
    words: PageWords
