"""Figures as text: nothing rounds to what it is not, unknown is a dash, both languages agree."""

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daznode.domain.errors import InvalidParameter
from daznode.report import formats

MINUS = "\N{MINUS SIGN}"
NARROW = "\N{NARROW NO-BREAK SPACE}"
NBSP = "\N{NO-BREAK SPACE}"


def _read(text: str) -> Decimal:
    """What a reader takes a figure for."""
    bare = text.replace(MINUS, "-").replace("+", "")
    bare = re.sub(r"[^\d.,-]", "", bare)
    return Decimal(bare.replace(",", ""))


def test_amounts_in_english() -> None:
    assert formats.sats(1_234_567, "en") == "1,234,567 sat"
    assert formats.sats(0, "en") == "0 sat"
    assert formats.signed_sats(1_250, "en") == "+1,250 sat"
    assert formats.signed_sats(-80, "en") == f"{MINUS}80 sat"
    assert formats.signed_sats(0, "en") == "0 sat"
    assert formats.ppm(1_250, "en") == "1,250 ppm"
    assert formats.btc(Decimal("4.25159999"), "en") == "4.2515 BTC"
    assert formats.btc(Decimal("0.00012345"), "en") == "0.00012345 BTC"


def test_amounts_in_french() -> None:
    """Narrow no-break spaces group, a no-break space holds the unit, a comma is the point."""
    assert formats.sats(1_234_567, "fr") == f"1{NARROW}234{NARROW}567{NBSP}sat"
    assert formats.btc(Decimal("4.25150000"), "fr") == f"4,2515{NBSP}BTC"
    assert formats.percent_text(0.953, "fr") == f"95,3{NBSP}%"


@pytest.mark.parametrize(
    ("msat", "text"),
    [
        (999, "0.999 sat"),
        (1, "0.001 sat"),
        (-12_340, f"{MINUS}12.34 sat"),
        (5_000, "5 sat"),
        (99_999, "99.999 sat"),
        (100_000, "100 sat"),
        (123_999, "123 sat"),
    ],
)
def test_millisatoshi(msat: int, text: str) -> None:
    """Exact below 100 sat, whole and never overstated above."""
    assert formats.msat_as_sats(msat, "en") == text


@given(st.integers(-(10**15), 10**15))
def test_millisatoshi_read_back(msat: int) -> None:
    """What is shown differs from the exact amount by less than 1 %, and never exceeds it."""
    shown = _read(formats.msat_as_sats(msat, "en")) * 1_000
    assert abs(shown) <= abs(msat)
    assert abs(msat) - abs(shown) <= Decimal(abs(msat)) / 100
    assert (shown == 0) == (msat == 0)


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (0.0, "0%"),
        (1.0, "100%"),
        (0.953, "95.3%"),
        (0.9999, ">99.9%"),
        (1e-7, "<0.01%"),
        (0.0031, "0.31%"),
        (-0.0031, f"{MINUS}0.31%"),
        (0.5, "50.0%"),
        (1.25, "125.0%"),
        (2.0, "200%"),
    ],
)
def test_shares(ratio: float, text: str) -> None:
    assert formats.percent_text(ratio, "en") == text


@given(st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_some_is_never_none_nor_all(ratio: float) -> None:
    """A share strictly between never reads as 0 or 100, which would be false."""
    text = formats.percent_text(ratio, "en")
    assert text.startswith(("<", ">")) or 0 < _read(text) < 100
    assert text not in {"0%", "100%", "0.0%", "100.0%", "0.00%"}


@pytest.mark.parametrize("limit", [50.0, 75.0, 90.0])
@given(below=st.floats(1e-9, 0.5))
def test_score_never_shows_the_next_rating(limit: float, below: float) -> None:
    assert _read(formats.score(limit - below, "en")) < limit


def test_scores() -> None:
    assert formats.score(87.3, "en") == "87.3"
    assert formats.score(100.0, "fr") == "100,0"
    assert formats.signed_score(1.24, "en") == "+1.2"
    assert formats.signed_score(-0.04, "en") == "0.0"
    assert formats.signed_score(-0.4, "fr") == f"{MINUS}0,4"


def test_places() -> None:
    places = {1: "1st", 2: "2nd", 3: "3rd", 4: "4th", 11: "11th", 12: "12th", 13: "13th"}
    places |= {21: "21st", 111: "111th", 1_022: "1,022nd"}
    assert {n: formats.place(n, "en") for n in places} == places
    assert [formats.place(n, "fr") for n in (1, 2, 1_022)] == ["1er", "2e", f"1{NARROW}022e"]


def test_plurals() -> None:
    """English says 0 days, French 0 jour."""
    assert [formats.days(n, "en") for n in (0, 1, 2)] == ["0 days", "1 day", "2 days"]
    assert [formats.days(n, "fr") for n in (0, 1, 2)] == [
        f"0{NBSP}jour",
        f"1{NBSP}jour",
        f"2{NBSP}jours",
    ]
    assert formats.counted(1, "channel", "channels", "en") == "1 channel"


def test_ages() -> None:
    shown = [formats.age(s, "en") for s in (0, 60, 7_199, 7_200, 172_799, 172_800, -5)]
    assert shown == [
        "0 minutes",
        "1 minute",
        "119 minutes",
        "2 hours",
        "47 hours",
        "2 days",
        "0 minutes",
    ]


def test_dates() -> None:
    day = datetime(2026, 12, 1, 6, 5, tzinfo=UTC)
    assert formats.day_long(day, "en") == "1 December 2026"
    assert formats.day_long(day, "fr") == "1er décembre 2026"
    assert formats.day_short(day, "en") == f"1{NBSP}Dec"
    assert formats.moment(day, "en") == f"1 December 2026, 06:05{NBSP}UTC"
    assert formats.moment(day, "fr") == f"1er décembre 2026 à 06:05{NBSP}UTC"


def test_keys() -> None:
    key = "03864ef025fde8fb587d989186ce6a4a186895ee44a926bfc370e2c366597a3f8f"
    assert formats.short_key(key) == "03864ef025…3f8f"
    assert formats.short_key("03864ef0") == "03864ef0"
    assert formats.short_key("") == formats.DASH


@pytest.mark.parametrize("language", formats.LANGUAGES)
def test_unknown_is_a_dash(language: str) -> None:
    """None is never written as a number."""
    one_argument = [
        *(
            formats.count,
            formats.signed_count,
            formats.sats,
            formats.signed_sats,
            formats.bare_msat,
        ),
        *(formats.signed_bare_msat, formats.msat_as_sats, formats.signed_msat_as_sats, formats.btc),
        *(formats.ppm, formats.percent_text, formats.signed_percent_text, formats.score),
        *(formats.signed_score, formats.place, formats.days, formats.age),
        *(formats.day_long, formats.day_short, formats.moment),
    ]
    assert {function(None, language) for function in one_argument} == {formats.DASH}
    assert formats.decimal(None, 2, language) == formats.DASH
    assert formats.signed_decimal(None, 2, language) == formats.DASH
    assert formats.counted(None, "a", "b", language) == formats.DASH
    assert formats.short_key(None) == formats.DASH


def test_unknown_language_is_named() -> None:
    with pytest.raises(InvalidParameter, match="language 'de': not known; expected one of en, fr"):
        formats.sats(1, "de")
