"""Plain texts: nothing in them can steer a face."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from daznode.domain.page import plain_text


@given(st.text(st.characters(codec=None), max_size=300))
def test_no_control_character_survives(text: str) -> None:
    plain = plain_text(text)
    assert not any(unicodedata.category(one) in {"Cc", "Cf", "Cs", "Co", "Cn"} for one in plain)
    assert not any(unicodedata.category(one) in {"Zl", "Zp"} for one in plain)
    assert plain_text(plain) == plain


def test_what_is_kept_and_what_goes() -> None:
    assert (
        plain_text("Łódź ⚡ 日本 1\N{NARROW NO-BREAK SPACE}000")
        == "Łódź ⚡ 日本 1\N{NARROW NO-BREAK SPACE}000"
    )
    assert plain_text("\x1b[31mred\x07") == "[31mred"
    assert plain_text("a\N{RIGHT-TO-LEFT OVERRIDE}b\N{ZERO WIDTH SPACE}c") == "abc"
    assert plain_text("a\nb\tc\r\nd") == "a b c  d"
    assert (
        plain_text("Z" + "\N{COMBINING ACUTE ACCENT}" * 50)
        == "Z" + "\N{COMBINING ACUTE ACCENT}" * 2
    )
