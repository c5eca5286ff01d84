"""Markdown: complete, and no name of a peer becomes markup."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.report_samples import hostile_report, public_report, rich_report, unknown_report
from tests.unit.report.test_layout import texts_of

from daznode.domain.page import plain_text
from daznode.report.layout import lay_out
from daznode.report.markdown import escape, to_markdown


def unescape(text: str) -> str:
    """What GitHub shows for an escaped text."""
    return re.sub(r"\\([\\`*_{}\[\]<>()#+\-.!|~$&@=])", r"\1", text).replace("\N{WORD JOINER}", "")


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("sample", [rich_report, public_report, unknown_report, hostile_report])
def test_every_text_of_the_page_is_there(sample: object, language: str) -> None:
    page = lay_out(sample(language=language))  # type: ignore[operator]
    shown = unescape(to_markdown(page))
    for section in page.sections:
        assert f"## {section.title}" in shown
        for block in section.blocks:
            for text in texts_of(block):
                is_drawing = text in {"line", "columns"} or text == getattr(
                    block, "short_note", None
                )
                assert is_drawing or text in shown, text
    assert page.lead in shown
    assert page.footer in shown


def test_tables_are_whole() -> None:
    """Every line of a table has as many cells as its head, whatever the names hold."""
    lines = to_markdown(lay_out(hostile_report())).split("\n")
    width = 0
    for line in lines:
        if not line.startswith("|"):
            width = 0
            continue
        cells = len(re.findall(r"(?<!\\)\|", line))
        assert width in {0, cells}, line
        width = cells
    assert sum(line.startswith("|") for line in lines) > 80


def test_hostile_names_are_inert() -> None:
    text = to_markdown(lay_out(hostile_report()))
    bare = re.sub(r"\\.", "", text)
    assert "<script" not in bare
    assert "<img" not in bare
    assert re.findall(r"<(?!br>)", bare) == []
    assert "](" not in bare
    assert "https:" not in bare
    assert "\x1b" not in text
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in text
    assert "&lt;" not in bare


@given(st.text(max_size=60))
def test_escape_loses_nothing(text: str) -> None:
    """Escaping is undone by what a reader sees, and leaves no markup character bare."""
    escaped = escape(text)
    assert "\n" not in escaped
    assert re.search(r"(?<!\\)(?:\\\\)*[`*_\[\]<>#|~$&@]", escaped) is None
    assert unescape(escaped) == plain_text(text).replace("\N{WORD JOINER}", "")


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("- a", r"\- a"),
        ("+19,292 sat", "+19,292 sat"),
        ("12. x", r"12\. x"),
        ("83.4", "83.4"),
        ("---", r"\---"),
        ("#1 @bob", r"\#1 \@bob"),
        ("www.a.b", "www\N{WORD JOINER}.a.b"),
    ],
)
def test_line_starts(text: str, escaped: str) -> None:
    assert escape(text) == escaped


def test_charts_are_sentences() -> None:
    page = lay_out(rich_report())
    charts = next(one for one in page.sections if one.key == "trends").blocks[0]
    text = to_markdown(page)
    for one in charts.series:  # type: ignore[union-attr]
        assert f"- {one.summary}" in text


def test_same_page_same_text() -> None:
    assert to_markdown(lay_out(rich_report())) == to_markdown(lay_out(rich_report()))
