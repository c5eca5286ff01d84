"""RehearsalWorld: a made network with one node of ours in it, on virtual time."""

from datetime import datetime
from typing import Protocol

from daznode.domain.gossip import GraphSnapshot
from daznode.ports.lightning import ConnectedNode


class RehearsalWorld(ConnectedNode, Protocol):
    """A node that can be watched for days within seconds."""

    def now(self) -> datetime:
        """The virtual present, UTC."""

    def advance(self, to: datetime) -> None:
        """Let everything happen until `to`; CPU-bound, call it through `Compute`.

        Args:
            to: Virtual moment, UTC, not before the present.
        """

    def graph_snapshot(self) -> GraphSnapshot:
        """What gossip shows at the virtual present."""
