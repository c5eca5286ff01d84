"""Blocks of a document that can be run: fences that say `sh run`, and answers that say `json answer`."""

import re
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """Commands of a document.

    Attributes:
        line: Where they stand.
        text: The commands.
        words: What else the fence says: `report`: they need one.
        answer: The JSON that the document shows after them; None without one.
    """

    line: int
    text: str
    words: frozenset[str]
    answer: str | None


def blocks_of(path: Path) -> list[Block]:
    """All blocks that can be run, in order."""
    text = path.read_text(encoding="utf-8")
    found: list[Block] = []
    for match in _FENCE.finditer(text):
        language, *words = match["info"].split() or [""]
        line = text.count("\n", 0, match.start()) + 1
        if language == "sh" and "run" in words:
            found.append(Block(line, match["text"], frozenset(words) - {"run"}, None))
        elif language == "json" and "answer" in words:
            assert found, f"{path.name}:{line}: an answer to nothing"
            assert found[-1].answer is None, f"{path.name}:{line}: two answers to one block"
            found[-1] = Block(found[-1].line, found[-1].text, found[-1].words, match["text"])
    return found


def differences(shown, got, where="answer"):
    """Where an answer is of another shape than the one shown.

    Every key that is shown must be there, and every key that is there must be shown, unless the
    document shows the key `...`. Of lists the first entries are compared. A shown or given null fits
    everything.
    """
    if shown is None or got is None:
        return
    if isinstance(shown, dict) and isinstance(got, dict):
        names = set(shown) - {"..."}
        for missing in sorted(names - set(got)):
            yield f"{where}.{missing}: shown, but not there"
        for extra in sorted(set(got) - names):
            if "..." not in shown:
                yield f"{where}.{extra}: there, but not shown"
        for name in sorted(names & set(got)):
            yield from differences(shown[name], got[name], f"{where}.{name}")
    elif isinstance(shown, list) and isinstance(got, list):
        if shown and got:
            yield from differences(shown[0], got[0], f"{where}[0]")
    elif kind(shown) is not kind(got):
        yield f"{where}: {kind(shown).__name__} shown, {kind(got).__name__} there"


def kind(value):
    """Whole and broken numbers are one kind in JSON."""
    return float if isinstance(value, int) and not isinstance(value, bool) else type(value)
