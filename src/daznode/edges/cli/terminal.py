"""A laid-out page in the terminal, wide or narrow, with colour or without."""

from collections.abc import Iterator, Mapping
from typing import Final

from rich import box
from rich.console import Console, Group, JustifyMethod, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table as RichTable
from rich.text import Text

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
    Series,
    Table,
    Tile,
    Tiles,
    Tone,
    plain_text,
)

_WIDEST: Final = 140
"""Wider than this a line is hard to read; the rest of the terminal stays empty."""

_GAP: Final = 2
_MANY_COLUMNS: Final = 7
_NAME_WIDTH: Final = 12
"""Least room for the names in the first column of a wide table."""

_TILE_WIDTH: Final = 25
_BAR_CELLS: Final = 8
_LONG_BAR_CELLS: Final = 24
_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
_SPARKS: Final = "▁▂▃▄▅▆▇█"

_STYLES: Final[Mapping[Tone, str]] = {
    Tone.NEUTRAL: "",
    Tone.GOOD: "green",
    Tone.WARN: "yellow",
    Tone.BAD: "red",
    Tone.INFO: "cyan",
}


def _text(text: str, style: str = "") -> Text:
    """A text that Rich prints as it is: no markup, no escape sequence, no emoji code."""
    return Text(plain_text(text), style=style)


def _bar(ratio: float, cells: int) -> str:
    """A bar of block characters, to an eighth of a cell, on a track of dots."""
    eighths = round(min(max(ratio, 0.0), 1.0) * cells * 8)
    full, part = divmod(eighths, 8)
    drawn = "█" * full + (_EIGHTHS[part] if part else "")
    return drawn + "·" * (cells - len(drawn))


def _spark(series: Series) -> str:
    """One block a day, higher for more; a blank for a day without data."""
    known = [value for value in series.values if value is not None]
    low = min(0.0, *known) if series.kind == "columns" else min(known)
    span = max(known) - low
    top = len(_SPARKS) - 1

    def block(value: float | None) -> str:
        if value is None:
            return " "
        return _SPARKS[round((value - low) / span * top) if span > 0 else top // 2]

    return "".join(block(value) for value in series.values)


def _tile(tile: Tile) -> RenderableType:
    parts = [_text(tile.label, "dim"), _text(tile.value, "bold")]
    if tile.note:
        parts.append(_text(tile.note, _STYLES[tile.tone] or "dim"))
    return Group(*parts)


def _tiles(tiles: Tiles, width: int) -> RenderableType:
    per_row = max(1, min(4, width // _TILE_WIDTH))
    grid = RichTable.grid(expand=True, padding=(0, 2, 0, 0))
    for _ in range(per_row):
        grid.add_column(ratio=1)
    for start in range(0, len(tiles.tiles), per_row):
        if start:
            grid.add_row()
        grid.add_row(*(_tile(tile) for tile in tiles.tiles[start : start + per_row]))
    return grid


def _labelled(label: str, page: Page, text: str, style: str = "") -> Text:
    return Text.assemble(
        _text(f"{label}{page.words.colon} ", "dim"),
        _text(text, style),
    )


def _card(card: Card, page: Page) -> RenderableType:
    style = _STYLES[card.tone]
    lines: list[RenderableType] = [_text(card.body)]
    if card.action:
        lines.append(_labelled(page.words.action, page, card.action, "bold"))
    if card.gain:
        lines.append(_labelled(page.words.gain, page, card.gain, "green"))
        lines.append(_text(card.gain_note, "dim"))
    elif card.gain_note:
        lines.append(_labelled(page.words.gain, page, card.gain_note, "dim"))
    facts = []
    for fact in card.facts:
        line = _labelled(fact.label, page, fact.value)
        if fact.source:
            line.append_text(_text(f" ({fact.source})", "dim"))
        facts.append(line)
    if facts:
        lines.append(_text(" · ", "dim").join(facts))
    head = Text.assemble(
        _text("▌ ", style), _text(card.title, "bold"), "  ", _text(card.badge, style)
    )
    return Group(head, Padding(Group(*lines), (0, 0, 0, 2)))


def _cards(cards: Cards, page: Page) -> RenderableType:
    parts: list[RenderableType] = []
    for card in cards.cards:
        parts += [Text(), _card(card, page)] if parts else [_card(card, page)]
    return Group(*parts)


def _cell(cell: Cell, *, with_sub: bool) -> Text:
    style = _STYLES[cell.tone]
    text = _text(cell.text, style)
    if cell.bar_ratio is not None:
        text = Text.assemble(_text(_bar(cell.bar_ratio, _BAR_CELLS), "cyan"), " ", text)
    if with_sub and cell.sub:
        text = Text.assemble(text, "\n", _text(cell.sub, "dim"))
    return text


def _shown_rows(table: Table) -> Iterator[tuple[Cell, ...] | None]:
    """The rows a short table shows; None where rows were left out."""
    n_rows = len(table.rows)
    if table.head_rows is None or n_rows <= table.head_rows + table.tail_rows:
        yield from table.rows
        return
    yield from table.rows[: table.head_rows]
    yield None
    yield from table.rows[n_rows - table.tail_rows :]


def _column_width(table: Table, at: int, *, with_sub: bool = False) -> int:
    """Room that the texts of a column need without a break."""
    texts = [_text(table.columns[at].title)]
    for row in _shown_rows(table):
        if row is not None:
            texts += _cell(row[at], with_sub=with_sub).split("\n")
    return max(text.cell_len for text in texts)


def _wide_table(table: Table, width: int) -> RenderableType:
    """A table of many columns: details go from the left until the rest fits, names are cut."""
    widths = {at: _column_width(table, at) for at in range(len(table.columns))}
    shown = list(widths)
    details = [at for at in shown if table.columns[at].is_detail]

    def room() -> int:
        return width - sum(widths[at] + _GAP for at in shown[1:])

    while details and room() < min(widths[0], _NAME_WIDTH):
        shown.remove(details.pop(0))
    name_width = max(room(), _NAME_WIDTH)
    grid = _grid(table, shown)
    for row in _shown_rows(table):
        if row is None:
            grid.add_row(_text("…", "dim"))
            continue
        cells = [_cell(row[at], with_sub=False) for at in shown]
        cells[0].truncate(name_width, overflow="ellipsis")
        grid.add_row(*cells)
    return grid


def _plain_table(table: Table, width: int) -> RenderableType:
    """A table of few columns, with the second lines of its cells."""
    grid = _grid(table, list(range(len(table.columns))))
    for column in grid.columns:
        column.max_width, column.no_wrap, column.overflow = width // 2, False, "fold"
    if _column_width(table, 0, with_sub=True) <= width // 3:
        grid.columns[0].no_wrap = True
    for row in _shown_rows(table):
        if row is None:
            grid.add_row(_text("…", "dim"))
        else:
            grid.add_row(*(_cell(cell, with_sub=True) for cell in row))
    return grid


def _grid(table: Table, shown: list[int]) -> RichTable:
    grid = RichTable(
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, _GAP - 1, 0, 0),
        header_style="dim",
        border_style="dim",
    )
    for at in shown:
        column = table.columns[at]
        justify: JustifyMethod = "right" if column.align is Align.RIGHT else "left"
        grid.add_column(_text(column.title), justify=justify, no_wrap=True)
    return grid


def _table(table: Table, width: int) -> RenderableType:
    is_wide = len(table.columns) >= _MANY_COLUMNS
    grid = _wide_table(table, width) if is_wide else _plain_table(table, width)
    parts: list[RenderableType] = [_text(table.caption, "dim"), grid]
    parts += [_text(note, "dim") for note in (table.short_note, table.note) if note]
    return Group(*parts)


def _bars(bars: Bars) -> RenderableType:
    grid = RichTable.grid(padding=(0, 2, 0, 0))
    grid.add_column()
    grid.add_column(no_wrap=True)
    grid.add_column(justify="right")

    def row(bar: Bar) -> None:
        drawn = "" if bar.ratio is None else _bar(bar.ratio, _LONG_BAR_CELLS)
        grid.add_row(_text(bar.label), _text(drawn, _STYLES[bar.tone]), _text(bar.value, "bold"))

    for bar in bars.bars:
        row(bar)
    return Group(_text(bars.caption, "dim"), grid)


def _charts(charts: Charts) -> RenderableType:
    grid = RichTable.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column()
    for series in charts.series:
        grid.add_row(_text(_spark(series), "cyan"), _text(series.summary))
    return grid


def _block(block: Block, page: Page, width: int) -> RenderableType:
    match block:
        case Tiles():
            return _tiles(block, width)
        case Paragraph():
            return _text(block.text, _STYLES[block.tone])
        case Cards():
            return _cards(block, page)
        case Table():
            return _table(block, width)
        case Bars():
            return _bars(block)
        case Charts():
            return _charts(block)


def _masthead(page: Page) -> RenderableType:
    tone = _STYLES[page.status_tone]
    score = "" if page.score_ratio is None else _bar(page.score_ratio, _LONG_BAR_CELLS)
    lines: list[RenderableType] = [
        Text.assemble(_text(page.subject, "bold"), "  ", _text(page.status_text, f"bold {tone}")),
        _text(page.subject_detail, "dim"),
        Text.assemble(
            _text(f"{page.words.score} ", "dim"),
            _text(page.score_text, "bold"),
            "  ",
            _text(f"{score}  " if score else "", "cyan"),
            _text(page.score_caption),
        ),
    ]
    title = Text.assemble(_text(page.title, "bold"), " · ", _text(page.date_text))
    return Panel(Group(*lines), title=title, title_align="left", border_style="dim")


def _sections(page: Page, width: int) -> Iterator[RenderableType]:
    """The sections; what is folded is left out, for it repeats a chart in figures."""
    for section in page.sections:
        yield Rule(_text(section.title, "bold"), align="left", style="dim", characters="─")
        for block in section.blocks:
            if not (isinstance(block, Table) and block.is_folded):
                yield Padding(_block(block, page, width), (0, 0, 1, 0))


def print_page(page: Page, console: Console) -> None:
    """Print a report.

    Tables show their short form, and as many of their details as fit the width. Texts are printed
    literally: no name of a peer can colour, move or link anything.

    Args:
        page: The page.
        console: Where; its width, its colours and `NO_COLOR` are respected, and nothing but text
            is written when it is not a terminal.
    """
    width = min(console.width, _WIDEST)
    parts: list[RenderableType] = [_masthead(page)]
    if page.banner:
        parts.append(Padding(_text(page.banner, "yellow"), (0, 0, 1, 0)))
    parts.append(Padding(_text(page.lead), (0, 0, 1, 0)))
    parts += _sections(page, width)
    parts.append(_text(page.footer, "dim"))
    with console.capture() as capture:
        console.print(Group(*parts), width=width, emoji=False, markup=False, highlight=False)
    text = capture.get()
    if not console.is_terminal:
        text = "\n".join(line.rstrip() for line in text.split("\n"))
    console.file.write(text)
