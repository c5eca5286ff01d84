"""How experiments with fee policies write their names, figures and intervals."""

from collections.abc import Callable
from math import isfinite
from typing import Final

from daznode.domain.experiment import Interval
from daznode.domain.ids import looks_like_node_id
from daznode.domain.page import Align, Column, PageWords, plain_text
from daznode.report import formats
from daznode.report.words.experiment_en import say

LANGUAGE: Final = "en"


def face_words(score: str) -> PageWords:
    """The words that a face itself needs.

    Args:
        score: Names the ring of the page.
    """
    return PageWords(
        action="", gain="", contents=say("contents"), score=score, page_of="", colon=say("colon")
    )


def shown_name(alias: str) -> str:
    """A node's alias made harmless; of a key, for it has no alias, enough to know it again."""
    return formats.short_key(alias) if looks_like_node_id(alias) else plain_text(alias)


def figure_column(name: str, *, is_detail: bool = False) -> Column:
    """A column of figures by the key of its title; a detail may go where there is little room."""
    return Column(say(f"col.{name}"), Align.RIGHT, is_detail=is_detail)


def amount_text(value: float) -> str:
    """An amount without its unit; a dash where it is unknown."""
    return formats.count(round(value) if isfinite(value) else None, LANGUAGE)


def signed_text(value: float) -> str:
    """A difference with its sign; a dash where it is unknown."""
    return formats.signed_count(round(value) if isfinite(value) else None, LANGUAGE)


def interval_text(interval: Interval, write: Callable[[float], str]) -> str:
    """An interval as text; a single run has none, its ends are infinite."""
    if not (isfinite(interval.low) and isfinite(interval.high)):
        return say("interval.unknown")
    return say("interval", low=write(interval.low), high=write(interval.high))


def counted(number: int, one: str, many: str = "") -> str:
    """How many of a thing; its plural ends in s if none is given."""
    return formats.counted(number, one, many or f"{one}s", LANGUAGE)
