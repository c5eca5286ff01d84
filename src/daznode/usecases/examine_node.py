"""Examine the connected node: whether it answers, what its credential allows, and what is missing."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from daznode.domain.capability import Capability
from daznode.domain.errors import BackendError, BackendRefused, BackendUntrusted
from daznode.domain.health import Diagnosis, right, warning, wrong
from daznode.domain.node_state import NodeIdentity
from daznode.ports.clock import Clock
from daznode.ports.lightning import ConnectedNode, NodeGraph, NodeRecords

Question = Callable[[], Awaitable[object]]

CONNECTION: Final = "node"
PERMISSIONS: Final = "node permissions"

_UNTRUSTED: Final = (
    "check the certificate file, DAZNODE_NODE_PUBKEY and DAZNODE_NODE_NETWORK; somebody else may "
    "answer there"
)
_REFUSED: Final = "make a credential with the permissions of docs/connect-lnd.md or connect-cln.md"
_AWAY: Final = "check that the node runs and that its address, port and proxy are right"


@dataclass(frozen=True, slots=True)
class NodeExaminer:
    """Asks the node what a report asks, once, and changes nothing.

    Attributes:
        node: The node.
        clock: For the end of the past that is asked for.
        close: Closes its connection.
        is_dry: Whether nothing may be changed on it.
    """

    node: ConnectedNode
    clock: Clock
    close: Callable[[], Awaitable[None]]
    is_dry: bool

    @property
    def name(self) -> str:
        """What it looks at."""
        return CONNECTION

    async def diagnose(self) -> tuple[Diagnosis, ...]:
        """Whether it answers, and what may be asked of it."""
        try:
            try:
                identity = await self.node.identity()
                capabilities = await self.node.capabilities()
            except BackendError as error:
                return (_unreachable(error),)
            permitted = await self._permissions(capabilities.can)
            return (_identified(identity), permitted, self._writes(capabilities.can))
        finally:
            await self.close()

    def _questions(self, can: frozenset[Capability]) -> dict[str, Question]:
        """What reports ask of a node, by what it gives."""
        questions: dict[str, Question] = {"channels and balances": self.node.examine}
        for strand in self.node.strands:
            questions[strand.replace("_", " ")] = self._first_page(strand)
        if isinstance(self.node, NodeRecords):
            questions["closed channels"] = self.node.closed_channels
            if Capability.BACKUP_EXPORT in can:
                questions["channel backup"] = self.node.export_backup
        if isinstance(self.node, NodeGraph) and Capability.MISSION_CONTROL in can:
            questions["mission control"] = self.node.mission_control
        return questions

    async def _permissions(self, can: frozenset[Capability]) -> Diagnosis:
        allowed, refused, failed = [], [], []
        for what, ask in self._questions(can).items():
            try:
                await ask()
            except BackendRefused:
                refused.append(what)
            except BackendError as error:
                failed.append(f"{what} ({error})")
            else:
                allowed.append(what)
        detail = f"may read: {', '.join(allowed) or 'nothing'}"
        if refused:
            detail += f"; may not read: {', '.join(refused)}"
        if failed:
            detail += f"; failed: {'; '.join(failed)}"
        if not allowed:
            return wrong(PERMISSIONS, detail, _REFUSED, BackendRefused.exit_code)
        if refused or failed:
            return warning(PERMISSIONS, detail, _REFUSED if refused else _AWAY)
        return right(PERMISSIONS, detail)

    def _first_page(self, strand: str) -> Question:
        async def ask() -> None:
            now = self.clock.now()
            async for _ in self.node.pages(strand, None, now):
                return

        return ask

    def _writes(self, can: frozenset[Capability]) -> Diagnosis:
        if self.is_dry:
            return right("node changes", "DRY_RUN is on: nothing can be changed on the node")
        if Capability.WRITE_POLICY not in can:
            return right("node changes", "this backend cannot change policies")
        return warning(
            "node changes",
            "DRY_RUN is off: policies can be changed, if the credential allows it",
            "set DRY_RUN=true unless that is meant",
        )


def _identified(identity: NodeIdentity) -> Diagnosis:
    said = (
        f"{identity.backend} {identity.version} {identity.alias!r} ({identity.node_id[:16]}...), "
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
        mend = "wait, or look at its chain backend, its peers and its disk"
        return warning(CONNECTION, f"{said}; does not follow {' and '.join(lags)}", mend)
    return right(CONNECTION, f"{said}, synced")


def _unreachable(error: BackendError) -> Diagnosis:
    mend = _AWAY
    if isinstance(error, BackendUntrusted):
        mend = _UNTRUSTED
    elif isinstance(error, BackendRefused):
        mend = _REFUSED
    return wrong(CONNECTION, str(error), mend, error.exit_code)
