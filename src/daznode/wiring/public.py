"""Public services as the settings name them, in the order in which they are believed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from daznode.config import Settings

if TYPE_CHECKING:
    from daznode.adapters.http.client import HttpClient, Observer
    from daznode.adapters.sources.public.host import PublicHost
    from daznode.ports.clock import Clock
    from daznode.ports.public_data import PublicSource
    from daznode.usecases.gather_public import GatherPublic, Tell


@dataclass(frozen=True, slots=True)
class PublicServices:
    """Whom to ask.

    Attributes:
        gather: The trip to them; None if nobody is to be asked.
        sources: Each of them, for health and `daznode doctor`.
        clients: What calls each, by name, for the metrics.
        close: Closes all connections.
    """

    gather: "GatherPublic | None"
    sources: "tuple[PublicSource, ...]"
    clients: "dict[str, HttpClient]"
    close: Callable[[], Awaitable[None]]


def named_sources(settings: Settings) -> tuple[str, ...]:
    """Services that the settings name: in the list, or by a key or an address of their own."""
    own = {
        "mempool": settings.mempool_api_url,
        "amboss": settings.amboss_api_key or settings.amboss_api_url,
        "sparkseer": settings.sparkseer_api_key,
    }
    return tuple(name for name in own if own[name] or name in settings.public_sources)


def open_public(
    settings: Settings,
    clock: "Clock",
    *,
    observer: "Observer | None" = None,
    tell: "Tell | None" = None,
) -> PublicServices:
    """Make the services; nobody is asked by that.

    Args:
        settings: What was set.
        clock: Time.
        observer: Told of each call, for metrics.
        tell: Told of a service that could not be asked.
    """
    from daznode.adapters.http.client import HttpClient
    from daznode.adapters.http.source import HttpSource
    from daznode.adapters.sources.public import amboss, mempool, sparkseer
    from daznode.adapters.sources.public.host import PublicHost
    from daznode.usecases.gather_public import GatherPublic

    hosts: list[PublicHost] = []
    clients: dict[str, HttpClient] = {}

    def host(name: str, url: str, headers: dict[str, str]) -> "PublicHost":
        source = HttpSource(name=name, base_url=url, headers=headers, attempts=2)
        client = HttpClient(source) if observer is None else HttpClient(source, observer=observer)
        clients[name] = client
        hosts.append(PublicHost(client, clock, per_second=settings.public_rate))
        return hosts[-1]

    sources: list[PublicSource] = []
    names = named_sources(settings)
    if "mempool" in names:
        url = settings.mempool_api_url or mempool.PUBLIC_URL
        sources.append(mempool.Mempool(host(mempool.NAME, url, {}), clock))
    if "amboss" in names:
        key = settings.amboss_api_key
        headers = {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}
        url = settings.amboss_api_url or amboss.PUBLIC_URL
        there = host(amboss.NAME, url, headers)
        sources.append(amboss.Amboss(there, clock, has_key=key is not None))
    if "sparkseer" in names:
        key = settings.sparkseer_api_key
        headers = {"api-key": key.get_secret_value()} if key else {}
        url = settings.sparkseer_api_url or sparkseer.PUBLIC_URL
        sources.append(sparkseer.SparkSeer(host(sparkseer.NAME, url, headers), clock))

    async def close() -> None:
        for one in hosts:
            await one.aclose()

    made = tuple(sources)
    gather = None
    if made:
        gather = GatherPublic(made, clock) if tell is None else GatherPublic(made, clock, tell)
    return PublicServices(gather, made, clients, close)
