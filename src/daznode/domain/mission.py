"""What a node has learned from payment attempts of its own."""

from dataclasses import dataclass
from datetime import datetime

from daznode.domain.ids import NodeId
from daznode.domain.units import Msat


@dataclass(frozen=True, slots=True)
class PairReading:
    """What is known of payments from one node to another.

    Attributes:
        from_node: The node that forwards.
        to_node: The node that receives from it.
        success_msat: Largest amount that passed, msat; None if none did.
        success_at: When, UTC; None if none did.
        failure_msat: Smallest amount that failed since, msat; None if none did.
        failure_at: When, UTC; None if none did.
    """

    from_node: NodeId
    to_node: NodeId
    success_msat: Msat | None
    success_at: datetime | None
    failure_msat: Msat | None
    failure_at: datetime | None
