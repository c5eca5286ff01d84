"""How both documents arrange blocks: which stand side by side, and where a pair of columns divides."""

from typing import Final

from daznode.domain.page import Bars, Block, Section, Series, Table

_SMALL_COLUMNS: Final = 3
"""A table of so few columns leaves room for another beside it."""

_ROWS_OF_HEADING: Final = 2


def kind_of(block: Block) -> str:
    """The name of a block's kind, as templates know it: `tiles`, `table`, ..."""
    return type(block).__name__.lower()


def _is_small(block: Block) -> bool:
    if isinstance(block, Table):
        return len(block.columns) <= _SMALL_COLUMNS and not block.is_folded
    return isinstance(block, Bars)


def groups_of(section: Section) -> list[list[Block]]:
    """Blocks that stand side by side where there is room, the others alone, in order."""
    groups: list[list[Block]] = []
    for block in section.blocks:
        if groups and _is_small(block) and _is_small(groups[-1][-1]):
            groups[-1].append(block)
        else:
            groups.append([block])
    return groups


def _height(block: Block) -> int:
    """Rough height of a small block, in rows."""
    if isinstance(block, Table):
        return _ROWS_OF_HEADING + len(block.rows)
    return _ROWS_OF_HEADING + len(block.bars) if isinstance(block, Bars) else 0


def split_of(group: list[Block]) -> int:
    """How many blocks of a group go in the first of two columns, for columns of like height."""
    heights = [_height(block) for block in group]
    cuts = range(1, len(group)) if len(group) > 1 else range(1, 2)
    return min(cuts, key=lambda cut: abs(sum(heights[:cut]) - sum(heights[cut:])))


def latest_text(series: Series) -> str:
    """The last known value of a series, as printed; empty if there is none."""
    known = [
        text
        for value, text in zip(series.values, series.value_texts, strict=True)
        if value is not None
    ]
    return known[-1] if known else ""
