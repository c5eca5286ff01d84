"""One LND as a node of ours: all reading roles in one place."""

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from msgspec import Struct

from daznode.adapters.http.answer import JsonShape
from daznode.adapters.http.client import Call
from daznode.adapters.lightning.lnd import shapes
from daznode.adapters.lightning.lnd.connection import LndConnection
from daznode.adapters.lightning.lnd.history import STRANDS, LndHistory
from daznode.adapters.lightning.lnd.state import LndState, identity_of
from daznode.adapters.lightning.trust import doubting
from daznode.domain.capability import Capabilities, Capability, PolicyField
from daznode.domain.history import HistoryPage
from daznode.domain.ids import NodeId, parse_node_id
from daznode.domain.mission import PairReading
from daznode.domain.node_state import NodeIdentity, NodeObservation
from daznode.domain.units import Msat
from daznode.domain.vitals import ChannelBackup, ClosedChannel, NodeVitals
from daznode.ports.clock import Clock

CAN: Final = frozenset(Capability) - {Capability.FAILURES_IN_HISTORY}
INBOUND_FEES_SINCE: Final = (0, 18, 0)

_BACKUP: Final = JsonShape(shapes.Backup, is_lax=True)
_MISSION: Final = JsonShape(shapes.Mission, is_lax=True)
_ANYTHING: Final = JsonShape(Struct)
_BACKUP_BYTES: Final = 64 * 2**20
_GRAPH_BYTES: Final = 1024 * 2**20
_GRAPH_SECONDS: Final = 600.0
_MISSION_BYTES: Final = 64 * 2**20

_INBOUND: Final = frozenset({PolicyField.INBOUND_BASE_FEE, PolicyField.INBOUND_FEE_PPM})


async def capabilities_of(connection: LndConnection) -> Capabilities:
    """What LND of the version at the other end can do."""
    has_inbound = await connection.version() >= INBOUND_FEES_SINCE
    fields = frozenset(PolicyField)
    return Capabilities("lnd", CAN, sets=fields if has_inbound else fields - _INBOUND)


class LndNode:
    """Reads one LND.

    Args:
        connection: To it.
        clock: Moment of what is observed.
        history: Reads its past; None for one with the usual pages.
    """

    strands = STRANDS

    def __init__(
        self, connection: LndConnection, clock: Clock, history: LndHistory | None = None
    ) -> None:
        """Read nothing yet."""
        self._connection = connection
        self._clock = clock
        self._state = LndState(connection)
        self._history = history or LndHistory(connection)

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
        observation, _, _ = await self._state.observation(self._clock.now())
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
        """All channels in one backup that only the node's seed can read, verified by the node."""
        ask = self._connection
        await ask.known()
        call = Call(path="/v1/channels/backup", max_bytes=_BACKUP_BYTES)
        multi = (await ask.client.read(call)).json(_BACKUP).multi_chan_backup
        await ask.post(
            "/v1/channels/backup/verify",
            _ANYTHING,
            {"multi_chan_backup": {"multi_chan_backup": multi.multi_chan_backup}},
        )
        with doubting(ask.where):
            return ChannelBackup(
                exported_at=self._clock.now(),
                covers=frozenset(_outpoint(point) for point in multi.chan_points),
                is_encrypted=True,
                is_verified=True,
                content=base64.b64decode(multi.multi_chan_backup, validate=True),
            )

    async def save_graph(self, target: Path) -> None:
        """The network as the node knows it, as a `describegraph` dump in a file."""
        await self._connection.known()
        call = Call(path="/v1/graph", timeout_seconds=_GRAPH_SECONDS, max_bytes=_GRAPH_BYTES)
        await self._connection.client.save(call, target)

    async def mission_control(self) -> tuple[PairReading, ...]:
        """What the node has learned from payment attempts, by pair."""
        await self._connection.known()
        call = Call(path="/v2/router/mc", max_bytes=_MISSION_BYTES)
        found = (await self._connection.client.read(call)).json(_MISSION)
        with doubting(self._connection.where):
            readings = [_reading(pair) for pair in found.pairs]
        return tuple(sorted(readings, key=lambda one: (one.from_node, one.to_node)))


def _outpoint(point: shapes.Outpoint) -> str:
    txid = point.funding_txid_str
    if not txid:
        txid = base64.b64decode(point.funding_txid_bytes, validate=True)[::-1].hex()
    return f"{txid}:{point.output_index}"


def _reading(pair: shapes.MissionPair) -> PairReading:
    past = pair.history
    return PairReading(
        from_node=_key(pair.node_from),
        to_node=_key(pair.node_to),
        success_msat=Msat(past.success_amt_msat) if past.success_time else None,
        success_at=datetime.fromtimestamp(past.success_time, UTC) if past.success_time else None,
        failure_msat=Msat(past.fail_amt_msat) if past.fail_time else None,
        failure_at=datetime.fromtimestamp(past.fail_time, UTC) if past.fail_time else None,
    )


def _key(text: str) -> NodeId:
    return parse_node_id(base64.b64decode(text, validate=True).hex())
