"""SparkSeer: ranks of a node, for those who have a key."""

from datetime import timedelta
from typing import Final

import msgspec

from daznode.adapters.http.answer import JsonShape
from daznode.adapters.http.client import Call
from daznode.adapters.sources.public import plausible
from daznode.adapters.sources.public.host import PublicHost
from daznode.adapters.sources.rows import clean_alias
from daznode.domain.health import DependencyHealth
from daznode.domain.ids import NodeId
from daznode.domain.public_data import DirectoryEntry, NetworkCount, OnchainFees
from daznode.ports.clock import Clock

NAME: Final = "sparkseer"
PUBLIC_URL: Final = "https://api.sparkseer.space/v1"

_NODE_TTL: Final = timedelta(hours=6)
_NOT_FOUND: Final = 404


class _Stats(msgspec.Struct):
    pubkey: str
    alias: str | None = None
    total_capacity: int | str | None = None
    num_channels: int | None = None
    last_update: int | str | None = None


_ONE: Final = JsonShape(_Stats)
_SEVERAL: Final = JsonShape(list[_Stats])
"""One client saw a list of one around the object."""


class SparkSeer:
    """A `PublicSource`.

    Args:
        host: The API, addressed up to `/v1`; its headers hold the key.
        clock: Time.
    """

    name: Final = NAME

    def __init__(self, host: PublicHost, clock: Clock) -> None:
        """Ask for nothing yet."""
        self._host = host
        self._clock = clock

    async def fees(self) -> OnchainFees | None:
        """None: it is asked for nodes alone."""
        return None

    async def network(self) -> NetworkCount | None:
        """None: it is asked for nodes alone."""
        return None

    async def node(self, node_id: NodeId) -> DirectoryEntry | None:
        """What it knows of a node."""
        call = Call(path=f"/node/current-stats/{node_id}", accepts=(_NOT_FOUND,))
        kept = await self._host.ask(call, _NODE_TTL)
        if kept.answer.status == _NOT_FOUND:
            return None
        where = kept.answer.where
        is_list = kept.answer.content.lstrip().startswith(b"[")
        several = kept.answer.json(_SEVERAL) if is_list else [kept.answer.json(_ONE)]
        if not several:
            return None
        said = several[0]
        plausible.same_node(where, said.pubkey, node_id)
        return DirectoryEntry(
            source=NAME,
            node_id=node_id,
            observed_at=plausible.moment(where, said.last_update, self._clock.now())
            if said.last_update
            else kept.fetched_at,
            alias=clean_alias(said.alias) if said.alias else None,
            channels=None
            if said.num_channels is None
            else plausible.channel_count(where, said.num_channels),
            capacity_sat=None
            if said.total_capacity is None
            else plausible.capacity_sat(where, said.total_capacity),
        )

    async def probe(self) -> DependencyHealth:
        """How it was when it was last asked: a probe would have to name a node."""
        return self._host.health(detail="pages of nodes; needs SPARKSEER_API_KEY")
