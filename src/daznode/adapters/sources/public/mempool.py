"""mempool.space and self-hosted instances of it: chain fees, the network's size, pages of nodes."""

from datetime import timedelta
from decimal import Decimal
from typing import Final

import msgspec

from daznode.adapters.http.answer import JsonShape
from daznode.adapters.http.client import Call
from daznode.adapters.sources.public import plausible
from daznode.adapters.sources.public.host import PublicHost
from daznode.adapters.sources.rows import clean_alias
from daznode.domain.errors import BackendError, BackendUnavailable
from daznode.domain.health import DependencyHealth
from daznode.domain.ids import NodeId
from daznode.domain.public_data import DirectoryEntry, NetworkCount, OnchainFees
from daznode.ports.clock import Clock

NAME: Final = "mempool"
PUBLIC_URL: Final = "https://mempool.space/api/v1"

_FEES_TTL: Final = timedelta(minutes=5)
_NETWORK_TTL: Final = timedelta(hours=1)
_NODE_TTL: Final = timedelta(hours=6)
"""The service itself refreshes its graph every ten minutes and its statistics once a day."""

_NOT_FOUND: Final = 404
_FAILED: Final = 500
_UNKNOWN_NODE: Final = b"Failed to get node"
"""Its answer for a key it does not know, with status 500."""


class _Fees(msgspec.Struct):
    fastestFee: Decimal  # noqa: N815 - the service's own spelling
    halfHourFee: Decimal  # noqa: N815
    hourFee: Decimal  # noqa: N815
    economyFee: Decimal  # noqa: N815
    minimumFee: Decimal  # noqa: N815


class _Count(msgspec.Struct):
    added: str | int
    channel_count: int
    total_capacity: int | str
    node_count: int | None = None
    med_fee_rate: float | None = None


class _Latest(msgspec.Struct):
    latest: _Count


class _Node(msgspec.Struct):
    public_key: str
    active_channel_count: int
    capacity: int | str
    alias: str | None = None
    first_seen: int | str | None = None
    updated_at: int | str | None = None


_FEES: Final = JsonShape(_Fees)
_LATEST: Final = JsonShape(_Latest)
_NODE: Final = JsonShape(_Node)


class Mempool:
    """A `PublicSource`.

    Args:
        host: The instance, addressed up to `/api/v1`.
        clock: Time.
    """

    name: Final = NAME

    def __init__(self, host: PublicHost, clock: Clock) -> None:
        """Ask for nothing yet."""
        self._host = host
        self._clock = clock

    async def fees(self) -> OnchainFees | None:
        """What the mempool asks for, with decimals where the instance has them."""
        precise = Call(path="/fees/precise", accepts=(_NOT_FOUND,))
        kept = await self._host.ask(precise, _FEES_TTL)
        if kept.answer.status == _NOT_FOUND:
            kept = await self._host.ask(Call(path="/fees/recommended"), _FEES_TTL)
        said = kept.answer.json(_FEES)
        where = kept.answer.where
        return OnchainFees(
            source=NAME,
            observed_at=kept.fetched_at,
            next_block=plausible.feerate(where, said.fastestFee),
            half_hour=plausible.feerate(where, said.halfHourFee),
            hour=plausible.feerate(where, said.hourFee),
            economy=plausible.feerate(where, said.economyFee),
            minimum=plausible.feerate(where, said.minimumFee),
        )

    async def network(self) -> NetworkCount | None:
        """How large the network is, as of the day the service last counted."""
        kept = await self._host.ask(Call(path="/lightning/statistics/latest"), _NETWORK_TTL)
        said, where = kept.answer.json(_LATEST).latest, kept.answer.where
        ppm = said.med_fee_rate
        return NetworkCount(
            source=NAME,
            observed_at=plausible.moment(where, said.added, self._clock.now()),
            nodes=None
            if said.node_count is None
            else plausible.channel_count(where, said.node_count),
            channels=plausible.channel_count(where, said.channel_count),
            capacity_sat=plausible.capacity_sat(where, said.total_capacity),
            median_fee_ppm=None if ppm is None else plausible.channel_count(where, int(ppm)),
        )

    async def node(self, node_id: NodeId) -> DirectoryEntry | None:
        """What it knows of a node."""
        call = Call(path=f"/lightning/nodes/{node_id}", accepts=(_NOT_FOUND, _FAILED))
        kept = await self._host.ask(call, _NODE_TTL)
        answer, where = kept.answer, kept.answer.where
        if answer.status == _NOT_FOUND or _UNKNOWN_NODE in answer.content[:200]:
            return None
        if answer.status == _FAILED:
            message = f"{where}: HTTP 500"
            raise BackendUnavailable(message)
        said = answer.json(_NODE)
        plausible.same_node(where, said.public_key, node_id)
        now = self._clock.now()
        return DirectoryEntry(
            source=NAME,
            node_id=node_id,
            observed_at=kept.fetched_at,
            alias=clean_alias(said.alias) if said.alias else None,
            channels=plausible.channel_count(where, said.active_channel_count),
            capacity_sat=plausible.capacity_sat(where, said.capacity),
            first_seen_at=None
            if not said.first_seen
            else plausible.moment(where, said.first_seen, now),
        )

    async def probe(self) -> DependencyHealth:
        """Ask for the fees."""
        try:
            await self.fees()
        except BackendError as error:
            return self._host.health(detail=str(error))
        return self._host.health(detail="chain fees, network, nodes; needs no key")
