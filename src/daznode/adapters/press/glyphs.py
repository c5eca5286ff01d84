"""Which characters the fonts that come with the typesetter can draw, and texts without the others."""

import unicodedata
from bisect import bisect_right
from typing import Final

_DRAWN: Final[tuple[tuple[int, int], ...]] = (
    (0x0020, 0x007E),  # ASCII
    (0x00A0, 0x00AC),  # Latin-1 signs
    (0x00AE, 0x0241),  # Latin-1 letters, Latin Extended-A and -B
    (0x0250, 0x02E9),  # IPA, spacing modifiers
    (0x0300, 0x033F),  # combining accents
    (0x038E, 0x03A1),  # Greek
    (0x03A3, 0x03CE),
    (0x03F0, 0x045F),  # Cyrillic
    (0x0490, 0x04C4),
    (0x0531, 0x0556),  # Armenian
    (0x0561, 0x0587),
    (0x05D0, 0x05EA),  # Hebrew
    (0x0621, 0x063A),  # Arabic
    (0x0640, 0x0655),
    (0x0660, 0x066D),
    (0x10D0, 0x10FC),  # Georgian
    (0x1E00, 0x1E9B),  # Latin Extended Additional
    (0x1E9E, 0x1EF9),
    (0x1F00, 0x1F15),  # Greek Extended
    (0x1F20, 0x1F45),
    (0x2010, 0x2027),  # punctuation
    (0x202F, 0x2037),
    (0x2074, 0x208E),  # superscripts, subscripts
    (0x20A0, 0x20B5),  # currencies
    (0x20BF, 0x20BF),  # bitcoin sign
    (0x2122, 0x2122),  # trade mark
    (0x2153, 0x2184),  # fractions, Roman numerals
    (0x2190, 0x2220),  # arrows, mathematics
    (0x2234, 0x223D),
    (0x2241, 0x226B),
    (0x2460, 0x2473),  # circled digits
    (0x24FF, 0x262F),  # boxes, blocks, shapes, symbols
    (0x2638, 0x268B),
    (0x26A0, 0x26A1),  # warning sign, high voltage
    (0x270C, 0x2727),  # dingbats
    (0x2729, 0x274B),
    (0x2761, 0x277F),
)
"""Code points, first and last, that Libertinus Serif or DejaVu Sans Mono have in regular, semibold
and bold; read from the character maps of the font files in typst-assets 0.15. A test typesets
them all under PDF/UA, which refuses a document with a missing glyph."""

_FIRSTS: Final = tuple(first for first, _ in _DRAWN)
_ELLIPSIS: Final = "…"


def is_drawn(character: str) -> bool:
    """Whether the fonts have the character."""
    index = bisect_right(_FIRSTS, ord(character)) - 1
    return index >= 0 and ord(character) <= _DRAWN[index][1]


def drawable(text: str) -> str:
    """A text with only what the fonts can draw.

    Args:
        text: Plain text.

    Returns:
        The text in composed form. A run of letters or digits of a script the fonts lack becomes
        an ellipsis; pictures (emoji) and other signs they lack are dropped, and a text of nothing
        else becomes an ellipsis.
    """
    if text.isascii() and text.isprintable():
        return text
    kept: list[str] = []
    for character in unicodedata.normalize("NFC", text):
        if is_drawn(character):
            kept.append(character)
        elif unicodedata.category(character)[0] in "LN" and kept[-1:] != [_ELLIPSIS]:
            kept.append(_ELLIPSIS)
    drawn = "".join(kept)
    is_emptied = bool(text.strip()) and not drawn.strip()
    return _ELLIPSIS if is_emptied else drawn
