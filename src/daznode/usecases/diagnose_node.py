"""Diagnose the connected node: ask it who it is, whether it follows the chain, what may be done."""

from dataclasses import dataclass
from typing import Final

from daznode.domain.capability import Capability
from daznode.domain.health import Diagnosis, right, warning
from daznode.ports.lightning import LightningNode

_SHOWN_KEY: Final = 12


@dataclass(frozen=True, slots=True)
class NodeExaminer:
    """Asks the connected node, as every report does.

    Attributes:
        node: The node.
        name: What it is called.
    """

    node: LightningNode
    name: str = "node"

    async def diagnose(self) -> tuple[Diagnosis, ...]:
        """Who it is, whether it is in step, and what the credential allows.

        Raises:
            BackendError: It does not answer, refuses the credential, or is another node than the
                settings name.
        """
        identity = await self.node.identity()
        said = (
            f"{identity.backend} {identity.version} {identity.node_id[:_SHOWN_KEY]}... on "
            f"{identity.network}, block {identity.block_height:,}"
        )
        lags = [
            what
            for what, is_synced in (
                ("the chain", identity.is_synced_to_chain),
                ("gossip", identity.is_synced_to_graph),
            )
            if not is_synced
        ]
        if lags:
            mend = "wait, or see why: its chain backend, its peers, its disk"
            return (warning(self.name, f"{said}; does not follow {' and '.join(lags)}", mend),)
        can = (await self.node.capabilities()).can
        words = sorted(one.value for one in Capability if one in can)
        return (right(self.name, f"{said}; can: {', '.join(words)}"),)
