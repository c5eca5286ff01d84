"""RULES: the table of checks on a day's status, and the function that runs them."""

from collections.abc import Callable, Iterator
from typing import Final

from daznode.domain.finding import Finding
from daznode.domain.node_view import DayStatus
from daznode.domain.report import Severity
from daznode.monitor.own_rules import OWN_RULES
from daznode.monitor.params import MonitorParams
from daznode.monitor.public_rules import PUBLIC_RULES
from daznode.monitor.vital_rules import VITAL_RULES

Rule = Callable[[DayStatus, MonitorParams], Iterator[Finding]]

RULES: Final[tuple[Rule, ...]] = (*OWN_RULES, *VITAL_RULES, *PUBLIC_RULES)

_ORDER: Final = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}


def judge(status: DayStatus, params: MonitorParams) -> tuple[Finding, ...]:
    """Run every rule over a day.

    Args:
        status: What is known; a rule whose figures are unknown stays silent, and the absence
            itself is a finding of its own rule.
        params: Thresholds.

    Returns:
        Findings, the most severe first, within a severity in the order of the table.
    """
    findings = [finding for rule in RULES for finding in rule(status, params)]
    return tuple(sorted(findings, key=lambda finding: _ORDER[finding.severity]))
