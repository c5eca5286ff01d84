"""Colours: every pair of text and ground that the documents use has the contrast WCAG AA asks."""

import pytest

from daznode.adapters.press.palette import DARK, LIGHT, Palette

AA_TEXT = 4.5
AA_GRAPHICS = 3.0


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb` (WCAG 2.2)."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_formula() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_is_readable(theme: Palette) -> None:
    for ground in (theme.ground, theme.panel, theme.sunken):
        for ink in (theme.ink, theme.muted, theme.accent, theme.good, theme.warn, theme.bad):
            assert contrast(ink, ground) >= AA_TEXT, (ink, ground)
    for tone in ("good", "warn", "bad", "info"):
        assert contrast(getattr(theme, tone), getattr(theme, f"{tone}_soft")) >= AA_TEXT, tone
    assert contrast(theme.ink, theme.accent_soft) >= AA_TEXT


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_drawings_are_visible(theme: Palette) -> None:
    for ground in (theme.ground, theme.panel):
        assert contrast(theme.accent, ground) >= AA_GRAPHICS
    assert contrast(theme.accent, theme.line) >= AA_GRAPHICS
    assert contrast(theme.muted, theme.line) >= AA_GRAPHICS


def test_variables_are_named_as_css_does() -> None:
    assert LIGHT.variables()["accent-soft"] == LIGHT.accent_soft
