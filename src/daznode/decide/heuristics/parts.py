"""How a heuristic is put together: parts with weights, of which some may not be known."""

from dataclasses import dataclass

from daznode.domain.channel_score import HeuristicEvidence

NEEDS_OWN_DATA = "only the node itself knows; no connected node gave its data"


@dataclass(frozen=True, slots=True)
class Part:
    """One input of a heuristic.

    Attributes:
        name: Stable name of the figure.
        weight: Its share where all parts are known.
        figure: The figure; None if not known.
        unit: Of the figure.
        score: What it is worth, in [0, 1]; None if not known.
    """

    name: str
    weight: float
    figure: float | int | None
    unit: str
    score: float | None


@dataclass(frozen=True, slots=True)
class Judged:
    """What a heuristic says.

    Attributes:
        score: In [0, 1]; None if no part is known.
        confidence: Share of the weights that was known, in [0, 1].
        evidence: All figures, known or not.
        reason: Why the score is None.
    """

    score: float | None
    confidence: float
    evidence: tuple[HeuristicEvidence, ...]
    reason: str | None = None


def join(parts: tuple[Part, ...], reason: str = "no figure of it is known") -> Judged:
    """Mean of the known parts by weight; the weights of the unknown ones lower the confidence.

    Args:
        parts: All parts, with weights that sum to 1.
        reason: What to say if none is known.
    """
    evidence = tuple(HeuristicEvidence(one.name, one.figure, one.unit) for one in parts)
    known = [(one.weight, one.score) for one in parts if one.score is not None]
    weight = sum(share for share, _ in known)
    if weight <= 0:
        return Judged(None, 0.0, evidence, reason)
    score = sum(share * value for share, value in known) / weight
    return Judged(min(1.0, max(0.0, score)), min(1.0, weight), evidence)


def fair_share(share: float | None, count: int) -> float | None:
    """What a share is worth beside an equal one: `share / (share + 1 / count)`.

    0.5 where it is exactly one of `count` equal shares, 0 for nothing, and close to 1 for several
    times its due. None stays None.
    """
    if share is None:
        return None
    return share / (share + 1 / max(count, 1))
