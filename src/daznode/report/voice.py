"""The layout's labels in one language, and the texts of strangers made harmless."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from daznode.domain.errors import InvalidParameter
from daznode.domain.page import plain_text
from daznode.report import formats
from daznode.report.words import labels_en, labels_fr

TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "en": labels_en.LABELS,
    "fr": labels_fr.LABELS,
}

_NBSP: Final = "\N{NO-BREAK SPACE}"
_FRENCH_MARKS: Final = re.compile(r" (?=[:;?!»])|(?<=«) ")

_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
_NAME_LENGTH: Final = 32
"""Characters of a peer's name that are shown; BOLT 7 gives an alias 32 bytes."""

_LISTED: Final = 6


@dataclass(frozen=True, slots=True)
class Voice:
    """Says the labels of one language.

    Attributes:
        language: `en` or `fr`.
        labels: Its table.
    """

    language: str
    labels: Mapping[str, str]

    def say(self, key: str, **parts: str) -> str:
        """A label, with the texts given written where it names them.

        Args:
            key: Name of the label.
            parts: Texts by placeholder; taken literally, whatever they hold.
        """
        template = self._spaced(self.labels[key])
        return _PLACEHOLDER.sub(lambda match: parts.get(match.group(1), match.group(0)), template)

    def prose(self, text: str) -> str:
        """A text written elsewhere in this language, made harmless and spaced as the language does."""
        return self._spaced(plain_text(text).strip())

    def _spaced(self, text: str) -> str:
        """French keeps its double marks on the line of the word before them."""
        return _FRENCH_MARKS.sub(_NBSP, text) if self.language == "fr" else text

    def term(self, family: str, name: str) -> str:
        """The word for a stable name (`severity`, `critical`); the name itself if there is none."""
        label = self.labels.get(f"{family}.{name}")
        return label if label is not None else plain_text(name).replace("_", " ")

    def counted(self, value: int | None, noun: str) -> str:
        """A count with its noun; the table holds `{noun}_one` and `{noun}_many`."""
        one, many = self.labels[f"{noun}_one"], self.labels[f"{noun}_many"]
        return formats.counted(value, one, many, self.language)

    def listed(self, items: tuple[str, ...]) -> str:
        """The first few items, and how many more there are."""
        shown = ", ".join(items[:_LISTED])
        if len(items) <= _LISTED:
            return shown
        more = formats.count(len(items) - _LISTED, self.language)
        return self.say("and_more", list=shown, more=more)


def voice_of(language: str) -> Voice:
    """The voice of a language.

    Raises:
        InvalidParameter: Neither `en` nor `fr`.
    """
    labels = TABLES.get(language)
    if labels is None:
        message = f"language {language!r}: not known; expected one of {', '.join(TABLES)}"
        raise InvalidParameter(message)
    return Voice(language, labels)


def short_name(alias: str, node_id: str) -> str:
    """A peer's name on one line, at most 32 characters; the start of its key if it has none."""
    name = " ".join(plain_text(alias).split())
    if not name:
        return formats.short_key(plain_text(node_id))
    return name if len(name) <= _NAME_LENGTH else f"{name[: _NAME_LENGTH - 1]}…"
