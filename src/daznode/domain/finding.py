"""What the rules found: alerts and advice as figures, not yet in words."""

from dataclasses import dataclass, field

from daznode.domain.report import Priority, Severity

Figure = int | float | str
"""A figure of a finding; the suffix of its name tells its unit, as everywhere."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong, as a rule found it.

    Attributes:
        rule: Name of the rule, the alert's `type`; `variant` chooses among its wordings.
        severity: How much it matters.
        requires_action: Whether the operator has to do something.
        figures: Named figures of the text; names end in their unit.
        channels: Short channel ids concerned, as text.
        variant: Which wording; empty for the only one.
    """

    rule: str
    severity: Severity
    figures: dict[str, Figure] = field(default_factory=dict)
    channels: tuple[str, ...] = ()
    variant: str = ""
    requires_action: bool = True


@dataclass(frozen=True, slots=True)
class Clue:
    """One figure that supports a piece of advice.

    Attributes:
        label: Name of the wording; its suffix is the unit of the value.
        value: The figure.
        source: Source it comes from, as named in the report.
    """

    label: str
    value: Figure
    source: str


@dataclass(frozen=True, slots=True)
class Advice:
    """Something to change, as a rule found it.

    Attributes:
        rule: Name of the rule.
        priority: How soon.
        category: `liquidity`, `fees`, `channels` or `performance`.
        impact_score: 0 to 10.
        figures: Named figures of the text; names end in their unit.
        channels: Short channel ids concerned, as text.
        gain_msat_month: Estimated gain in 30 days, msat; None where nothing supports one.
        gain_basis: Name of the wording that says how it was estimated, or why not.
        clues: Evidence.
    """

    rule: str
    priority: Priority
    category: str
    impact_score: float
    figures: dict[str, Figure]
    channels: tuple[str, ...]
    gain_msat_month: int | None
    gain_basis: str
    clues: tuple[Clue, ...]
