"""Arrangement: small blocks pair up in order, columns come out of like height."""

from daznode.adapters.press.blocks import groups_of, latest_text, split_of
from daznode.domain.page import Bars, Cell, Column, Paragraph, Section, Series, Table


def a_table(n_rows: int, n_columns: int = 2) -> Table:
    columns = tuple(Column(f"c{at}") for at in range(n_columns))
    return Table("t", columns, tuple(tuple(Cell("x") for _ in columns) for _ in range(n_rows)))


def test_small_blocks_stand_together_in_order() -> None:
    blocks = (Paragraph("p"), a_table(9), Bars("b", ()), a_table(6), a_table(3, 11), a_table(1))
    groups = groups_of(Section("k", "t", blocks))
    assert [len(group) for group in groups] == [1, 3, 1, 1]
    assert [block for group in groups for block in group] == list(blocks)


def test_columns_of_like_height() -> None:
    assert split_of([a_table(9), Bars("b", ()), a_table(6)]) == 1
    assert split_of([Bars("b", ()), a_table(4), a_table(8)]) == 2
    assert split_of([a_table(1)]) == 1


def test_latest_known_value() -> None:
    series = Series("t", ("1", "2", "3"), (1.0, 2.0, None), ("a", "b", "-"), "line", "s")
    assert latest_text(series) == "b"
    assert latest_text(Series("t", ("1",), (None,), ("-",), "line", "s")) == ""
