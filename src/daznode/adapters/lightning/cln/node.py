"""One Core Lightning as a node of ours: all reading roles in one place."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Final

from daznode.adapters.http.answer import JsonShape
from daznode.adapters.lightning.cln import shapes
from daznode.adapters.lightning.cln.connection import ClnConnection, call_of
from daznode.adapters.lightning.cln.history import STRANDS, ClnHistory
from daznode.adapters.lightning.cln.state import CHANNELS, ClnState, identity_of
from daznode.adapters.lightning.trust import doubting
from daznode.domain.capability import Capabilities, Capability, PolicyField
from daznode.domain.errors import CapabilityMissing
from daznode.domain.history import HistoryPage
from daznode.domain.mission import PairReading
from daznode.domain.node_state import NodeIdentity, NodeObservation
from daznode.domain.vitals import ChannelBackup, ClosedChannel, NodeVitals
from daznode.ports.clock import Clock

CAN: Final = frozenset(Capability) - {
    Capability.FAILURES_IN_EVENTS,
    Capability.MISSION_CONTROL,
    Capability.BACKUP_EXPORT,
    Capability.BACKUP_VERIFY,
}
SETS: Final = frozenset(
    {
        PolicyField.BASE_FEE,
        PolicyField.FEE_PPM,
        PolicyField.HTLC_MINIMUM,
        PolicyField.HTLC_MAXIMUM,
    }
)
COVERAGE_SINCE: Final = (26, 6)
"""The first whose recovery data names the channels in it."""

_RECOVERY: Final = JsonShape(shapes.RecoverData)
_GRAPH_BYTES: Final = 1024 * 2**20
_GRAPH_SECONDS: Final = 600.0


async def capabilities_of(connection: ClnConnection) -> Capabilities:
    """What Core Lightning of the version at the other end can do."""
    can = CAN
    if await connection.version() >= COVERAGE_SINCE:
        can |= {Capability.BACKUP_EXPORT}
    return Capabilities("cln", can, sets=SETS)


class ClnNode:
    """Reads one Core Lightning.

    Args:
        connection: To it.
        clock: Moment of what is observed.
        history: Reads its past; None for one with the usual pages.
    """

    strands = STRANDS

    def __init__(
        self, connection: ClnConnection, clock: Clock, history: ClnHistory | None = None
    ) -> None:
        """Read nothing yet."""
        self._connection = connection
        self._clock = clock
        self._state = ClnState(connection)
        self._history = history or ClnHistory(connection)

    async def capabilities(self) -> Capabilities:
        """What backend and version can do."""
        return await capabilities_of(self._connection)

    async def identity(self) -> NodeIdentity:
        """Who the node is, checked."""
        info = await self._connection.info()
        with doubting(self._connection.where):
            return identity_of(info)

    async def observe(self) -> NodeObservation:
        """Channels with balances and policies, as they are now."""
        observation, _ = await self._state.observation(self._clock.now())
        return observation

    async def examine(self) -> tuple[NodeObservation, NodeVitals]:
        """The channels, and how the node is doing."""
        return await self._state.examination(self._clock.now())

    async def closed_channels(self) -> tuple[ClosedChannel, ...]:
        """Channels that are closed, by funding outpoint."""
        await self._connection.known()
        return await self._state.closed()

    def pages(self, strand: str, cursor: str | None, until: datetime) -> AsyncIterator[HistoryPage]:
        """The past from a cursor on; see `NodeHistory`."""
        return self._history.pages(strand, cursor, until)

    async def export_backup(self) -> ChannelBackup:
        """The encrypted recovery data; Core Lightning cannot verify it.

        Raises:
            CapabilityMissing: The version does not say which channels are in it.
        """
        ask = self._connection
        data = await ask.ask("getemergencyrecoverdata", _RECOVERY)
        if data.backed_up_channel_ids is None:
            message = f"{ask.where}: backup export: takes Core Lightning 26.06 or newer"
            raise CapabilityMissing(message)
        channels = (await ask.ask("listpeerchannels", CHANNELS)).channels
        named = set(data.backed_up_channel_ids)
        with doubting(ask.where):
            return ChannelBackup(
                exported_at=self._clock.now(),
                covers=frozenset(
                    f"{one.funding_txid}:{one.funding_outnum}"
                    for one in channels
                    if one.channel_id in named
                ),
                is_encrypted=True,
                is_verified=None,
                content=bytes.fromhex(data.filedata),
            )

    async def save_graph(self, target: Path) -> None:
        """The network as the node knows it: `listchannels` and `listnodes`, one after the other."""
        await self._connection.known()
        nodes = target.with_name(f"{target.name}.nodes")
        for method, file in (("listchannels", target), ("listnodes", nodes)):
            call = call_of(method, {}, timeout_seconds=_GRAPH_SECONDS, max_bytes=_GRAPH_BYTES)
            await self._connection.client.save(call, file)
        with target.open("ab") as whole, nodes.open("rb") as rest:
            whole.write(b"\n")
            while piece := rest.read(2**20):
                whole.write(piece)
        nodes.unlink()

    async def mission_control(self) -> tuple[PairReading, ...]:
        """Core Lightning learns by channel direction, not by pair.

        Raises:
            CapabilityMissing: Always.
        """
        message = f"{self._connection.where}: mission control: Core Lightning keeps none by pair"
        raise CapabilityMissing(message)
