"""Amboss: what it has measured of a node, over its GraphQL API; the key is optional."""

from datetime import timedelta
from typing import Final

import msgspec

from daznode.adapters.http.answer import JsonShape
from daznode.adapters.http.client import Call
from daznode.adapters.sources.public import plausible
from daznode.adapters.sources.public.host import PublicHost
from daznode.adapters.sources.rows import clean_alias
from daznode.domain.errors import BackendAnswerInvalid, BackendError, BackendRefused
from daznode.domain.health import DependencyHealth
from daznode.domain.ids import NodeId
from daznode.domain.public_data import DirectoryEntry, NetworkCount, OnchainFees
from daznode.ports.clock import Clock

NAME: Final = "amboss"
PUBLIC_URL: Final = "https://api.amboss.space"

_NODE_TTL: Final = timedelta(hours=6)
_QUERY: Final = """
query Node($pubkey: String!) {
  getNode(pubkey: $pubkey) {
    graph_info {
      last_update
      node { pub_key alias }
      metrics { capacity capacity_rank channels channels_rank }
    }
    amboss { monitoring { healthcheck { percent_uptime { month } } } }
  }
}
"""
_REFUSALS: Final = ("UNAUTHENTICATED", "FORBIDDEN")


class _Uptime(msgspec.Struct):
    month: str | float | None = None


class _Healthcheck(msgspec.Struct):
    percent_uptime: _Uptime | None = None


class _Monitoring(msgspec.Struct):
    healthcheck: _Healthcheck | None = None


class _Amboss(msgspec.Struct):
    monitoring: _Monitoring | None = None


class _Metrics(msgspec.Struct):
    capacity: str | float | None = None
    capacity_rank: float | None = None
    channels: float | None = None
    channels_rank: float | None = None


class _Name(msgspec.Struct):
    pub_key: str
    alias: str | None = None


class _Graph(msgspec.Struct):
    last_update: str | None = None
    node: _Name | None = None
    metrics: _Metrics | None = None


class _Node(msgspec.Struct):
    graph_info: _Graph | None = None
    amboss: _Amboss | None = None


class _Data(msgspec.Struct):
    getNode: _Node | None = None  # noqa: N815 - the service's own spelling


class _Extensions(msgspec.Struct):
    code: str | None = None


class _Error(msgspec.Struct):
    message: str
    extensions: _Extensions | None = None


class _Answer(msgspec.Struct):
    data: _Data | None = None
    errors: list[_Error] = []


_ANSWER: Final = JsonShape(_Answer)


class Amboss:
    """A `PublicSource`.

    Args:
        host: The API, addressed without `/graphql`; its headers hold the key, if there is one.
        clock: Time.
        has_key: Whether they do.
    """

    name: Final = NAME

    def __init__(self, host: PublicHost, clock: Clock, *, has_key: bool) -> None:
        """Ask for nothing yet."""
        self._host = host
        self._clock = clock
        self._has_key = has_key

    async def fees(self) -> OnchainFees | None:
        """None: it is asked for nodes alone."""
        return None

    async def network(self) -> NetworkCount | None:
        """None: it is asked for nodes alone."""
        return None

    async def node(self, node_id: NodeId) -> DirectoryEntry | None:
        """What it knows of a node."""
        call = Call(
            path="/graphql",
            method="POST",
            body={"query": _QUERY, "variables": {"pubkey": node_id}},
        )
        kept = await self._host.ask(call, _NODE_TTL)
        said, where = kept.answer.json(_ANSWER), kept.answer.where
        found = said.data.getNode if said.data else None
        if found is None or found.graph_info is None or found.graph_info.node is None:
            if said.errors:
                raise _refusal(where, said.errors[0])
            if said.data is None:
                message = f"{where}: an answer without data"
                raise BackendAnswerInvalid(message)
            return None
        graph = found.graph_info
        name, metrics = found.graph_info.node, graph.metrics or _Metrics()
        plausible.same_node(where, name.pub_key, node_id)
        return DirectoryEntry(
            source=NAME,
            node_id=node_id,
            observed_at=plausible.moment(where, graph.last_update, self._clock.now())
            if graph.last_update
            else kept.fetched_at,
            alias=clean_alias(name.alias) if name.alias else None,
            channels=None
            if metrics.channels is None
            else plausible.channel_count(where, metrics.channels),
            capacity_sat=None
            if metrics.capacity is None
            else plausible.capacity_sat(where, metrics.capacity),
            capacity_rank=plausible.rank(where, metrics.capacity_rank),
            channels_rank=plausible.rank(where, metrics.channels_rank),
            uptime_month_ratio=plausible.percent_ratio(where, _uptime(found)),
        )

    async def probe(self) -> DependencyHealth:
        """How it was when it was last asked: a probe would have to name a node."""
        return self._host.health(
            detail="pages of nodes, with a key"
            if self._has_key
            else "pages of nodes; AMBOSS_API_KEY is not set, which many reads do without"
        )


def _uptime(node: _Node) -> str | float | None:
    monitoring = node.amboss.monitoring if node.amboss else None
    check = monitoring.healthcheck if monitoring else None
    return check.percent_uptime.month if check and check.percent_uptime else None


def _refusal(where: str, error: _Error) -> BackendError:
    code = error.extensions.code if error.extensions else None
    text = " ".join(error.message.split())[:120]
    if code in _REFUSALS:
        return BackendRefused(f"{where}: {text} (AMBOSS_API_KEY)")
    return BackendAnswerInvalid(f"{where}: {text}")
