"""What the service and its workers ask outside: the connected node, public services, the queue."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from daznode.config import Settings
from daznode.domain.health import DependencyHealth, ServiceHealth

if TYPE_CHECKING:
    from daznode.adapters.http.client import HttpClient
    from daznode.adapters.lightning.connect import NodeHandle
    from daznode.ports.clock import Clock
    from daznode.ports.health import Probe
    from daznode.ports.journal import Journal
    from daznode.ports.lightning import NodeEvents
    from daznode.ports.metrics import Metrics
    from daznode.wiring.batches import Elsewhere


@dataclass(frozen=True, slots=True)
class Outside:
    """All of it.

    Attributes:
        elsewhere: For the batches.
        events: What the connected node tells of itself; None without one.
        probes: How each of them is, by its name.
        close: Closes all connections.
    """

    elsewhere: "Elsewhere"
    events: "NodeEvents | None"
    probes: "tuple[tuple[str, Probe], ...]"
    close: Callable[[], Awaitable[None]]


def open_outside(
    settings: Settings, clock: "Clock", journal: "Journal", metrics: "Metrics"
) -> Outside:
    """Everything outside that the settings name; nobody is asked by that.

    Args:
        settings: What was set.
        clock: Time.
        journal: Told of public services that could not be asked.
        metrics: Told of each call, and of circuits.

    Raises:
        ConfigError: Settings of the node or of the queue do not fit together.
    """
    from daznode.adapters.store.history import SqliteHistory
    from daznode.wiring.batches import Elsewhere
    from daznode.wiring.coordination import open_queue
    from daznode.wiring.nodes import open_node
    from daznode.wiring.public import open_public
    from daznode.wiring.secrets import credential_at_start

    clients: dict[str, HttpClient] = {}

    def observe(source: str, outcome: str, seconds: float) -> None:
        metrics.source_called(source, outcome, seconds)
        if source in clients:
            metrics.breaker_is(source, clients[source].circuit.value.replace("_", "-"))

    def tell(source: str, error: str) -> None:
        journal.warning(f"Could not fetch {source} data: {error}")

    handle = open_node(settings, credential_at_start(settings, clock), clock, observe)
    public = open_public(settings, clock, observer=observe, tell=tell)
    history = None if handle is None else SqliteHistory(settings.data_dir)
    clients |= public.clients
    if handle is not None:
        clients[handle.client.source.name] = handle.client

    async def close() -> None:
        await public.close()
        if handle is not None:
            await handle.client.aclose()
        if history is not None:
            history.close()

    probes: tuple[tuple[str, Probe], ...] = tuple(
        (source.name, SourceProbe(source.probe)) for source in public.sources
    )
    if handle is not None:
        probes = (("node", NodeProbe(handle)), *probes)
    elsewhere = Elsewhere(
        node=None if handle is None else handle.node,
        history=history,
        public=public.gather,
        queue=open_queue(settings),
    )
    events = None if handle is None else handle.events(clock)
    return Outside(elsewhere, events, probes, close)


@dataclass(frozen=True, slots=True)
class SourceProbe:
    """A public service as a part of the service."""

    probe: Callable[[], Awaitable[DependencyHealth]]

    async def check(self) -> DependencyHealth:
        """Ask it."""
        return await self.probe()


@dataclass(frozen=True, slots=True)
class NodeProbe:
    """The connected node as a part of the service: its circuit, which every call keeps up to date."""

    handle: "NodeHandle"

    async def check(self) -> DependencyHealth:
        """Look at the circuit; the node is not asked, since every report does."""
        circuit = self.handle.client.circuit.value
        return DependencyHealth(
            name="node",
            state=ServiceHealth.HEALTHY if circuit == "closed" else ServiceHealth.DEGRADED,
            is_required=False,
            detail=f"{self.handle.client.source.where}; circuit {circuit}",
        )
