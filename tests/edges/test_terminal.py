"""The report in the terminal: any width, with and without colour, names inert."""

import io
import re
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console
from tests.report_samples import (
    hostile_report,
    public_report,
    rich_report,
    single_channel_report,
    unknown_report,
)

from daznode.domain.page import Align, Cell, Column, Page, Section, Table
from daznode.edges.cli.terminal import print_page
from daznode.report.layout import lay_out

SAMPLES = [rich_report, public_report, single_channel_report, unknown_report, hostile_report]


def printed(page: Page, width: int = 80, **console: object) -> str:
    file = io.StringIO()
    print_page(page, Console(file=file, width=width, **console))  # type: ignore[arg-type]
    return file.getvalue()


@pytest.mark.parametrize("width", [40, 80, 120, 200])
@pytest.mark.parametrize("sample", SAMPLES)
def test_piped_output_is_plain_text(sample: object, width: int) -> None:
    """No escape sequence, no trailing blank, no line wider than the terminal."""
    text = printed(lay_out(sample()), width)  # type: ignore[operator]
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in text
    for line in text.split("\n"):
        assert line == line.rstrip()
        assert cell_len(line) <= width, line
    assert "None" not in text
    assert text.endswith("\n")


def test_colour_only_in_a_terminal_that_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    page = lay_out(rich_report())
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[31m" in printed(page, force_terminal=True, color_system="standard")
    monkeypatch.setenv("NO_COLOR", "1")
    without = printed(page, force_terminal=True, color_system="standard")
    assert not re.search(r"\x1b\[[\d;]*3[0-7]m", without)


def test_markup_and_escapes_in_names_are_inert() -> None:
    text = printed(lay_out(hostile_report()), 120, force_terminal=True, color_system="standard")
    assert "[bold red]rich[/bold red]" in text
    assert "\x1b]" not in text
    assert "\x07" not in text
    assert not re.search(r"\x1b\[[\d;]*[A-LN-Za-ln-z]", text), "only colour sequences"


def test_wide_shows_all_columns_and_narrow_the_chief_ones() -> None:
    page = lay_out(rich_report())
    wide, narrow = printed(page, 120), printed(page, 80)
    assert re.search(r"Peer +Our balance +Capacity +Our fee +Market +In +Out +Revenue", wide)
    head = next(line for line in narrow.split("\n") if line.startswith("Peer "))
    assert re.search(r"Our balance .*Our fee .*Profit", head)
    assert "Capacity" not in head
    figures = [line for line in wide.split("\n") if line.startswith("Escher")]
    assert "20.8%" in figures[0]
    assert "+2,968" in figures[0]


def test_long_tables_are_cut_and_say_so() -> None:
    text = printed(lay_out(rich_report(n_channels=40)))
    assert "22 channels in between" in text
    assert sum("█" in line or "·····" in line for line in text.split("\n")) < 45


def test_balance_bars_are_proportional() -> None:
    report = rich_report(n_channels=1)
    text = printed(lay_out(report))
    line = next(one for one in text.split("\n") if one.startswith("ACINQ") and "%" in one)
    bar = re.search(r"[█▏▎▍▌▋▊▉·]{8}", line)
    assert bar is not None
    ratio = report.channels[0].local_ratio
    assert ratio is not None
    drawn = (
        bar.group(0).count("█") + "▏▎▍▌▋▊▉".find(bar.group(0).strip("█·")[:1] or "x") / 8 + 1 / 8
    )
    assert drawn / 8 == pytest.approx(ratio, abs=0.05)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_figures_of_the_page_are_there(language: str) -> None:
    page = lay_out(rich_report(language=language))
    text = printed(page, 140)
    for section in page.sections:
        assert section.title in text
    for tile in page.sections[0].blocks[0].tiles:  # type: ignore[union-attr]
        assert tile.value in text
        assert tile.label in text


def test_names_in_a_table_are_not_broken_where_others_can_give_way() -> None:
    names = ("charge-lnd-proportional", "clboss-settled")
    figures = Cell("1,234", sub="\N{MINUS SIGN}123,870 to 156,129")
    table = Table(
        caption="",
        columns=(
            Column("Policy"),
            *(Column(title, Align.RIGHT) for title in "GCNF"),
            Column("Of possible"),
        ),
        rows=tuple((Cell(name), *[figures] * 4, Cell("100%")) for name in names),
    )
    page = replace(lay_out(rich_report()), sections=(Section("s", "S", (table,)),))
    lines = printed(page).split("\n")
    for name in names:
        assert any(line.startswith(name) for line in lines), name
    assert "possible" in "\n".join(lines)
    assert all(cell_len(line) <= 80 for line in lines)


def test_same_page_same_text() -> None:
    assert printed(lay_out(rich_report())) == printed(lay_out(rich_report()))
