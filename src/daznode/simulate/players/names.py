"""Who the nodes of a payment network are."""

from dataclasses import dataclass

from daznode.domain.errors import NodeNotFound
from daznode.domain.gossip import GraphSnapshot
from daznode.domain.ids import NodeId
from daznode.simulate.payments.network import PaymentNetwork


@dataclass(frozen=True, slots=True)
class Names:
    """Keys and aliases by place in a payment network.

    Attributes:
        node_ids: Keys.
        aliases: Announced names, possibly empty.
    """

    node_ids: tuple[NodeId, ...]
    aliases: tuple[str, ...]

    @classmethod
    def of(cls, snapshot: GraphSnapshot, network: PaymentNetwork) -> "Names":
        """The names that a snapshot gives to the nodes of a network made from it."""
        places = network.snapshot_node.tolist()
        return cls(
            tuple(NodeId(snapshot.node_hex(place)) for place in places),
            tuple(snapshot.nodes.alias[place] for place in places),
        )

    def place_of(self, node_id: NodeId) -> int:
        """Where a node stands in the network.

        Raises:
            NodeNotFound: It has no channel that payments could use.
        """
        try:
            return self.node_ids.index(node_id)
        except ValueError:
            message = f"node {node_id}: has no channel in the network that payments could use"
            raise NodeNotFound(message) from None

    def find(self, node_id: NodeId) -> int | None:
        """Where a node stands in the network; None if it is not in it."""
        return self.node_ids.index(node_id) if node_id in self.node_ids else None

    def called(self, place: int) -> str:
        """The alias of a node, or its key if it has none."""
        return self.aliases[place] or self.node_ids[place]
