"""Diagnoses: what is right and wrong with a part of an installation, and how to mend it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What is to be thought of a part."""

    RIGHT = "right"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found out about one part.

    Attributes:
        part: `settings`, `data folder`, `database`, ...
        verdict: Right; a warning: it works, but not for long or not as meant; wrong: it does not work.
        finding: One line: what was found, with its figures.
        remedy: One line: what to do; empty when nothing is to be done.
        exit_code: Of the error it would end with; 0 unless wrong.
    """

    part: str
    verdict: Verdict
    finding: str
    remedy: str = ""
    exit_code: int = 0


def right(part: str, finding: str) -> Diagnosis:
    """A part with which all is well."""
    return Diagnosis(part, Verdict.RIGHT, finding)


def warning(part: str, finding: str, remedy: str) -> Diagnosis:
    """A part that works, but not for long or not as meant."""
    return Diagnosis(part, Verdict.WARNING, finding, remedy)


def wrong(part: str, finding: str, remedy: str, exit_code: int) -> Diagnosis:
    """A part that does not work."""
    return Diagnosis(part, Verdict.WRONG, finding, remedy, exit_code)


def worst_exit_code(diagnoses: Iterable[Diagnosis]) -> int:
    """The highest exit code of what is wrong; 0 when nothing is."""
    return max((one.exit_code for one in diagnoses), default=0)
