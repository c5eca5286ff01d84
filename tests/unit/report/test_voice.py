"""Labels: filled literally, listed shortly, and names of strangers cut to size."""

import pytest

from daznode.domain.errors import InvalidParameter
from daznode.report.voice import short_name, voice_of


def test_parts_are_taken_literally() -> None:
    voice = voice_of("en")
    assert voice.say("tile.score_now", score="{0} {score} {self}") == "now {0} {score} {self}"


def test_stable_names_have_words_or_speak_for_themselves() -> None:
    voice = voice_of("en")
    assert voice.term("severity", "critical") == "Critical"
    assert voice.term("source", "fee_estimates") == "fee estimates"
    assert voice.term("source", "a\x1bb") == "ab"


def test_long_lists_say_how_many_more() -> None:
    voice = voice_of("en")
    assert voice.listed(tuple("abcdef")) == "a, b, c, d, e, f"
    assert voice.listed(tuple("abcdefgh")) == "a, b, c, d, e, f and 2 more"


def test_prose_is_harmless_and_spaced() -> None:
    nbsp = "\N{NO-BREAK SPACE}"
    assert (
        voice_of("fr").prose("Un point : deux ; trois ?")
        == f"Un point{nbsp}: deux{nbsp}; trois{nbsp}?"
    )
    assert voice_of("en").prose("a : b\x00") == "a : b"


def test_names() -> None:
    key = "03864ef025fde8fb587d989186ce6a4a186895ee44a926bfc370e2c366597a3f8f"
    assert short_name("  ACINQ\n", key) == "ACINQ"
    assert short_name("\N{ZERO WIDTH SPACE}", key) == "03864ef025…3f8f"
    assert short_name("A" * 33, key) == "A" * 31 + "…"


def test_unknown_language_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="'xx'"):
        voice_of("xx")
