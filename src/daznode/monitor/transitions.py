"""From the alerts known before and a new report: what opened, what is still open, what is resolved."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID, uuid5

from daznode.domain.alert import NodeAlert
from daznode.domain.ids import NodeId
from daznode.domain.node_view import DAY
from daznode.domain.provenance import SourceStatus
from daznode.domain.report import DailyReport, ReportAlert, Severity

FLAPPING: Final = timedelta(days=3)
"""An alert that comes back so soon after it was resolved is the same one, and no news: at one
look a day, three days are three looks."""

SOURCE_BY_TYPE: Final[dict[str, str]] = {
    "node_not_synced": "node",
    "low_liquidity": "node",
    "high_failure_ratio": "node",
    "rebalance_loss": "node",
    "revenue_drop": "node",
    "idle_channels": "node",
    "pending_force_close": "node",
    "htlc_expiry": "node",
    "anchor_reserve": "node",
    "backup_gap": "node",
    "channel_inactive": "network_snapshot",
    "poor_connectivity": "network_snapshot",
    "stale_channels": "network_snapshot",
    "high_fee_variance": "network_snapshot",
    "stale_data": "network_snapshot",
    "peers_lost": "network_history",
}
"""Which source has to be there to say that an alert is over. Silence of a source resolves nothing."""

_NAMESPACE: Final = UUID("5f0f4f0c-6c1b-5d51-9f0e-2b6b3a3b7c11")

_LONGEST_KEY: Final = 200

_ORDER: Final = {Severity.INFO: 0, Severity.WARNING: 1, Severity.CRITICAL: 2}


@dataclass(frozen=True, slots=True)
class Transitions:
    """What a report changes.

    Attributes:
        opened: New alerts.
        still_open: Alerts seen again, or that nothing could say anything of; those that came back
            within `FLAPPING` and those that shrank are among them, with their former id.
        resolved: Alerts that the figures no longer show.
        worsened: Those of `still_open` that are more severe than before.
    """

    opened: tuple[NodeAlert, ...] = ()
    still_open: tuple[NodeAlert, ...] = ()
    resolved: tuple[NodeAlert, ...] = ()
    worsened: tuple[NodeAlert, ...] = ()

    @property
    def changed(self) -> tuple[NodeAlert, ...]:
        """All that has to be stored."""
        return self.opened + self.still_open + self.resolved

    @property
    def news(self) -> tuple[NodeAlert, ...]:
        """What is worth telling: what opened, what got worse, what is over."""
        return self.opened + self.worsened + self.resolved


def key_of(kind: str, channels: Iterable[str]) -> str:
    """What makes an alert the same tomorrow: its type and the channels, hashed where they are many."""
    joined = ",".join(sorted(channels))
    if not joined:
        return kind
    if len(joined) > _LONGEST_KEY:
        joined = sha256(joined.encode()).hexdigest()[:32]
    return f"{kind}:{joined}"


def step(report: DailyReport, known: Sequence[NodeAlert]) -> Transitions:
    """Compare a new report with what was known.

    Args:
        report: The report.
        known: The open alerts of its user and node, and those resolved lately.

    Returns:
        What changes; nothing, if the report is about a day before what is known. The same
        arguments give the same ids.
    """
    seen_at = _seen_at(report)
    newest = max((one.resolved_at or one.seen_at for one in known), default=None)
    if newest is not None and newest >= report.report_date + DAY:
        return Transitions()
    before = {one.key: one for one in known if _may_continue(one, seen_at)}
    opened: list[NodeAlert] = []
    still_open: list[NodeAlert] = []
    worsened: list[NodeAlert] = []
    for found in _without_doubles(report.alerts):
        former = _former(found, before)
        if former is None:
            opened.append(_opened(found, report, seen_at))
            continue
        del before[former.key]
        seen = _seen_again(former, found, seen_at)
        still_open.append(seen)
        if _ORDER[seen.severity] > _ORDER[former.severity]:
            worsened.append(seen)
    resolved = tuple(
        replace(one, resolved_at=max(seen_at, one.seen_at))
        for one in before.values()
        if one.resolved_at is None and _is_judged(one.type, report)
    )
    return Transitions(tuple(opened), tuple(still_open), resolved, tuple(worsened))


def _seen_at(report: DailyReport) -> datetime:
    """Moment of the newest figures that the report rests on; of its making if it rests on none."""
    moments = [
        source.observed_at
        for source in report.sources
        if source.observed_at is not None and source.status is not SourceStatus.UNAVAILABLE
    ]
    return max(moments, default=report.generation_timestamp)


def _may_continue(alert: NodeAlert, seen_at: datetime) -> bool:
    return alert.resolved_at is None or seen_at - alert.resolved_at <= FLAPPING


def _without_doubles(alerts: Sequence[ReportAlert]) -> list[ReportAlert]:
    """Of alerts with one key the first, which is the most severe."""
    first: dict[str, ReportAlert] = {}
    for one in alerts:
        first.setdefault(key_of(one.type, one.channels_affected), one)
    return list(first.values())


def _former(found: ReportAlert, before: dict[str, NodeAlert]) -> NodeAlert | None:
    """The alert that this one is: of the same key, or an open one that has lost channels."""
    same = before.get(key_of(found.type, found.channels_affected))
    if same is not None or not found.channels_affected:
        return same
    return next(
        (
            one
            for one in before.values()
            if one.type == found.type
            and one.resolved_at is None
            and set(found.channels_affected) < set(one.channels_affected)
        ),
        None,
    )


def _opened(found: ReportAlert, report: DailyReport, seen_at: datetime) -> NodeAlert:
    key = key_of(found.type, found.channels_affected)
    name = f"{report.user_id}\n{report.node_pubkey}\n{key}\n{seen_at.isoformat()}"
    return NodeAlert(
        alert_id=str(uuid5(_NAMESPACE, name)),
        user_id=report.user_id,
        tenant_id=report.tenant_id,
        node_pubkey=NodeId(report.node_pubkey),
        key=key,
        type=found.type,
        severity=found.severity,
        title=found.title,
        description=found.description,
        channels_affected=found.channels_affected,
        requires_action=found.requires_action,
        opened_at=seen_at,
        seen_at=seen_at,
    )


def _seen_again(former: NodeAlert, found: ReportAlert, seen_at: datetime) -> NodeAlert:
    return replace(
        former,
        key=key_of(found.type, found.channels_affected),
        severity=found.severity,
        title=found.title,
        description=found.description,
        channels_affected=found.channels_affected,
        requires_action=found.requires_action,
        seen_at=max(seen_at, former.seen_at),
        resolved_at=None,
    )


def _is_judged(kind: str, report: DailyReport) -> bool:
    """Whether the report could have shown an alert of that type."""
    status = {source.name: source.status for source in report.sources}
    name = SOURCE_BY_TYPE.get(kind, "node")
    if kind == "channel_inactive" and status.get("node") is SourceStatus.OK:
        return True
    return status.get(name) is SourceStatus.OK
