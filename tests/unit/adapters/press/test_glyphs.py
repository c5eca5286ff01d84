"""Glyphs: the typesetter has every character that is let through, and no text turns into boxes."""

import unicodedata

import pytest
import typst
from hypothesis import given
from hypothesis import strategies as st

from daznode.adapters.press import glyphs
from daznode.adapters.press.glyphs import drawable, is_drawn


def typeset(text: str, weight: str) -> bytes:
    """A PDF/UA document of a text: refused if a font lacks one of its glyphs."""
    escaped = "".join(f"\\u{{{ord(one):x}}}" for one in text)
    source = (
        '#set document(title: "t")\n#set text(font: ("Libertinus Serif", "DejaVu Sans Mono"), '
        f'fallback: false, weight: "{weight}", lang: "en")\n#"{escaped}"'
    )
    return typst.compile(
        source.encode(), format="pdf", ignore_system_fonts=True, pdf_standards=["ua-1"]
    )


def all_drawn() -> str:
    characters = (chr(at) for first, last in glyphs._DRAWN for at in range(first, last + 1))
    return " ".join(one for one in characters if unicodedata.category(one)[0] not in "CM")


@pytest.mark.parametrize("weight", ["regular", "semibold"])
def test_the_fonts_have_every_character_let_through(weight: str) -> None:
    assert typeset(all_drawn(), weight).startswith(b"%PDF")


def test_this_way_of_asking_notices_a_missing_glyph() -> None:
    with pytest.raises(typst.TypstError):
        typeset("日", "regular")


def test_ranges_are_sorted_and_apart() -> None:
    edges = [edge for pair in glyphs._DRAWN for edge in pair]
    assert edges == sorted(edges)
    assert all(
        last < first
        for (_, last), (first, _) in zip(glyphs._DRAWN, glyphs._DRAWN[1:], strict=False)
    )


@given(st.text(max_size=80))
def test_only_drawable_characters_are_left(text: str) -> None:
    drawn = drawable(text)
    assert all(is_drawn(one) for one in drawn)
    assert drawable(drawn) == drawn
    if any(not one.isspace() for one in text):
        assert drawn


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("Kraken 🐙⚡", "Kraken ⚡"),
        ("日本語ノード", "…"),
        ("node 日本 1", "node … 1"),
        ("🐙", "…"),
        ("e\N{COMBINING ACUTE ACCENT}té", "été"),
        ("1\N{NARROW NO-BREAK SPACE}234", "1\N{NARROW NO-BREAK SPACE}234"),
        ("", ""),
    ],
)
def test_what_becomes_of_the_others(text: str, drawn: str) -> None:
    assert drawable(text) == drawn
