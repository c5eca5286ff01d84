"""PublicSource: public services that know the chain, the network, or a node."""

from typing import Protocol

from daznode.domain.health import DependencyHealth
from daznode.domain.ids import NodeId
from daznode.domain.public_data import DirectoryEntry, NetworkCount, OnchainFees


class PublicSource(Protocol):
    """One service. What it does not know it answers with None; asking costs nothing where it cannot.

    Every method:

    Raises:
        BackendError: It cannot be reached, answers wrongly, or is asked too often.
    """

    @property
    def name(self) -> str:
        """Stable name: `mempool`, `amboss`, `sparkseer`."""

    async def fees(self) -> OnchainFees | None:
        """What the mempool asks for."""

    async def network(self) -> NetworkCount | None:
        """How large the network is."""

    async def node(self, node_id: NodeId) -> DirectoryEntry | None:
        """What it knows of a node. It learns by this that somebody asks for that node."""

    async def probe(self) -> DependencyHealth:
        """How it is, what the credential permits, and what is missing; never raises."""
