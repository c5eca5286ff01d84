"""Every finding and piece of advice has words in every language, with every figure in them."""

import re
from datetime import UTC, datetime

import pytest

from daznode.domain.errors import InvalidParameter, InvariantBroken
from daznode.domain.finding import Finding
from daznode.domain.report import Severity
from daznode.report.wording import LANGUAGES, Wording, figure_text, fill
from daznode.report.words import findings_en, findings_fr

NOW = datetime(2026, 11, 21, 6, tzinfo=UTC)
FIELD = re.compile(r"\{(\w+)")
TABLES = ("ALERTS", "ADVICE", "BASIS", "CLUES", "NARRATIVE", "SOURCES")


@pytest.mark.parametrize("table", TABLES)
def test_both_languages_word_the_same_things(table):
    assert list(getattr(findings_en, table)) == list(getattr(findings_fr, table))


@pytest.mark.parametrize("table", ["ALERTS", "ADVICE", "NARRATIVE", "SOURCES"])
def test_both_languages_use_the_same_figures(table):
    english, french = getattr(findings_en, table), getattr(findings_fr, table)
    for key, texts in english.items():
        assert set(FIELD.findall(str(texts))) == set(FIELD.findall(str(french[key]))), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_clue_has_a_unit(language):
    for label in LANGUAGES[language].CLUES:
        value = 0.5 if label.endswith(("_ratio", "_score")) else 5
        assert any(character.isdigit() for character in figure_text(label, value, language))


@pytest.mark.parametrize(
    ("template", "figures", "expected"),
    [
        ("{channels_count:channel|channels} ran", {"channels_count": 1}, "1 channel ran"),
        ("{channels_count:channel|channels} ran", {"channels_count": 1200}, "1,200 channels ran"),
        ("{side_ratio} and {fee_ppm}", {"side_ratio": 0.125, "fee_ppm": 250}, "12.5% and 250 ppm"),
        (
            "{cost_msat} to {peer}",
            {"cost_msat": 1_500_000, "peer": "{x} [b]"},
            "1,500 sat to {x} [b]",
        ),
        ("{net_signed_msat}", {"net_signed_msat": -2_000_000}, "−2,000 sat"),
    ],
)
def test_fill(template, figures, expected):
    assert fill(template, figures, "en") == expected


def test_french_counts_zero_as_singular():
    assert fill("{n_count:canal|canaux}", {"n_count": 0}, "fr") == "0 canal"


def test_a_figure_without_a_unit_is_our_bug():
    with pytest.raises(InvariantBroken, match="strange"):
        figure_text("strange", 5, "en")


def test_unknown_language_is_the_callers_fault():
    with pytest.raises(InvalidParameter, match=r"'de'.*en or fr"):
        Wording("de")


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_alias_stays_a_text(language):
    finding = Finding(
        "channel_inactive",
        Severity.WARNING,
        {
            "channels_count": 1,
            "of_count": 3,
            "capacity_sats": 5,
            "share_ratio": 0.3,
            "peer": "{share_ratio} <script>",
        },
        variant="own",
    )
    assert "{share_ratio} <script>" in Wording(language).alert(finding, NOW).description
