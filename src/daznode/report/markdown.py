"""A laid-out page as GitHub-flavoured Markdown."""

import re
from typing import Final

from daznode.domain.page import (
    Align,
    Bar,
    Bars,
    Block,
    Card,
    Cards,
    Cell,
    Charts,
    Page,
    Paragraph,
    Table,
    Tile,
    Tiles,
    plain_text,
)

_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>#|~$&@])")
"""Characters that begin or end markup inside a line of CommonMark, in a table, or on GitHub."""

_LINE_START: Final = re.compile(r"^(\d{1,9}(?=[.)](?:\s|$)))?(?=\S)([-+=.)])(?=\s|$|[-=])")
"""What would make a line a list item or an underline."""

_BARE_LINK: Final = re.compile(r"(?i)(https?|ftp|www|mailto|xmpp)(?=[:.])")
_BAR_CELLS: Final = 10


def _escape_start(match: re.Match[str]) -> str:
    return f"{match.group(1) or ''}\\{match.group(2)}"


def escape(text: str) -> str:
    r"""A text that Markdown shows as it is: no markup, no HTML, no link, no mention.

    Args:
        text: Any text; it is made plain first.

    Returns:
        Escaped text on one line.
    """
    escaped = _SPECIAL.sub(r"\\\1", plain_text(text))
    escaped = _LINE_START.sub(_escape_start, escaped)
    return _BARE_LINK.sub(lambda match: f"{match.group(0)}\N{WORD JOINER}", escaped)


def _bar(ratio: float) -> str:
    filled = round(min(max(ratio, 0.0), 1.0) * _BAR_CELLS)
    return "█" * filled + "░" * (_BAR_CELLS - filled)


def _cell(cell: Cell) -> str:
    text = escape(cell.text)
    if cell.bar_ratio is not None:
        text = f"{_bar(cell.bar_ratio)} {text}"
    return f"{text}<br>{escape(cell.sub)}" if cell.sub else text


def _rows(rows: list[list[str]], aligns: list[Align]) -> list[str]:
    head, *body = rows
    rule = [" ---: " if align is Align.RIGHT else " --- " for align in aligns]
    return [
        f"| {' | '.join(head)} |",
        f"|{'|'.join(rule)}|",
        *(f"| {' | '.join(row)} |" for row in body),
    ]


def _table(table: Table) -> list[str]:
    rows = [[escape(column.title) for column in table.columns]]
    rows += [[_cell(cell) for cell in row] for row in table.rows]
    lines = [f"**{escape(table.caption)}**", ""]
    lines += _rows(rows, [column.align for column in table.columns])
    return [*lines, "", escape(table.note)] if table.note else lines


def _tile_row(tile: Tile) -> list[str]:
    return [escape(tile.label), f"**{escape(tile.value)}**", escape(tile.note)]


def _tiles(tiles: Tiles) -> list[str]:
    rows = [["", "", ""], *(_tile_row(tile) for tile in tiles.tiles)]
    return _rows(rows, [Align.LEFT, Align.RIGHT, Align.LEFT])


def _bar_row(bar: Bar) -> list[str]:
    return [escape(bar.label), "" if bar.ratio is None else _bar(bar.ratio), escape(bar.value)]


def _bars(bars: Bars) -> list[str]:
    rows = [["", "", ""], *(_bar_row(bar) for bar in bars.bars)]
    lines = _rows(rows, [Align.LEFT, Align.LEFT, Align.RIGHT])
    return [f"**{escape(bars.caption)}**", "", *lines]


def _card(card: Card, page: Page) -> list[str]:
    lines = [f"### {escape(card.title)}", "", f"**{escape(card.badge)}.** {escape(card.body)}"]
    if card.action:
        lines += ["", f"**{escape(page.words.action)}{page.words.colon}** {escape(card.action)}"]
    gain = " ".join(part for part in (card.gain and f"{card.gain}.", card.gain_note) if part)
    if gain:
        lines += ["", f"**{escape(page.words.gain)}{page.words.colon}** {escape(gain)}"]
    facts = [
        f"- {escape(fact.label)}{page.words.colon} {escape(fact.value)}"
        + (f" *({escape(fact.source)})*" if fact.source else "")
        for fact in card.facts
    ]
    return [*lines, "", *facts] if facts else lines


def _block(block: Block, page: Page) -> list[str]:
    match block:
        case Tiles():
            return _tiles(block)
        case Paragraph():
            return [escape(block.text)]
        case Cards():
            lines: list[str] = []
            for card in block.cards:
                lines += [*_card(card, page), ""]
            return lines[:-1]
        case Table():
            return _table(block)
        case Bars():
            return _bars(block)
        case Charts():
            return [f"- {escape(series.summary)}" for series in block.series]


def to_markdown(page: Page) -> str:
    """The page as a Markdown document.

    Args:
        page: The page, complete: no row of a table is left out.

    Returns:
        GitHub-flavoured Markdown that ends with a line feed. Texts are escaped: names of peers
        cannot make markup, links or HTML.
    """
    lines = [
        f"# {escape(page.title)}{page.words.colon} {escape(page.subject)}",
        "",
        f"{escape(page.date_text)} · `{re.sub('[^0-9a-zA-Z]', '', page.subject_detail)}`",
        "",
        f"**{escape(page.words.score)}{page.words.colon} {escape(page.score_text)}** ({escape(page.score_caption)}) "
        f"· **{escape(page.status_text)}**",
        "",
    ]
    if page.banner:
        lines += [f"> {escape(page.banner)}", ""]
    lines += [escape(page.lead), ""]
    for section in page.sections:
        lines += [f"## {escape(section.title)}", ""]
        for block in section.blocks:
            lines += [*_block(block, page), ""]
    return "\n".join([*lines, "---", "", escape(page.footer), ""])
