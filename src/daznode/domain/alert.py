"""Alerts over time: one record per node and cause, open until the figures say otherwise."""

from dataclasses import dataclass
from datetime import datetime

from daznode.domain.ids import NodeId
from daznode.domain.report import Severity


@dataclass(frozen=True, slots=True)
class NodeAlert:
    """Something that is or was wrong with a user's node.

    Attributes:
        alert_id: UUID.
        user_id: Whose alert.
        tenant_id: Whose data.
        node_pubkey: The node.
        key: What makes it the same alert tomorrow: its type and the channels affected.
        type: Stable name of the rule.
        severity: Critical, warning or info, as last seen.
        title: One line, as last seen.
        description: What, how much against which limit, and what to look at.
        channels_affected: Short channel ids.
        requires_action: Whether the operator has to do something.
        opened_at: Moment of the figures that showed it first, UTC.
        seen_at: Moment of the figures that showed it last, UTC.
        resolved_at: Moment of the figures that no longer showed it, UTC; None while open.
    """

    alert_id: str
    user_id: str
    tenant_id: str
    node_pubkey: NodeId
    key: str
    type: str
    severity: Severity
    title: str
    description: str
    channels_affected: tuple[str, ...]
    requires_action: bool
    opened_at: datetime
    seen_at: datetime
    resolved_at: datetime | None = None
