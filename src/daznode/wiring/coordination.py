"""What several processes have to agree on, in Redis if one is set, else in this process and folder."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from daznode.config import Settings
from daznode.domain.errors import ConfigError

if TYPE_CHECKING:
    from celery import Celery

    from daznode.adapters.coordination.celery_queue import CeleryQueue
    from daznode.adapters.redis_link import RedisLink
    from daznode.ports.alerts import AlertFeed
    from daznode.ports.cache import Cache
    from daznode.ports.clock import Clock
    from daznode.ports.coordination import Leases, RateLimiter
    from daznode.ports.health import Probe
    from daznode.ports.journal import Journal
    from daznode.ports.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Coordination:
    """Cache, leases, rate limits and the feed of alerts.

    Attributes:
        cache: Answers kept for a while.
        leases: Who leads.
        limiter: Counts requests.
        feed: Tells alerts.
        probes: How the parts outside of the database are, by their names.
        close: Ends what goes on by itself and closes connections.
    """

    cache: "Cache"
    leases: "Leases"
    limiter: "RateLimiter"
    feed: "AlertFeed"
    probes: "tuple[tuple[str, Probe], ...]"
    close: Callable[[], Awaitable[None]]


def open_coordination(settings: Settings, journal: "Journal", metrics: "Metrics") -> Coordination:
    """Choose by `REDIS_URL`; nothing is connected to before it is used.

    Raises:
        ConfigError: The address cannot be understood, or the driver is not installed.
    """
    from daznode.adapters.clock import SystemClock

    clock = SystemClock()
    probes = _probes(settings, clock)
    if settings.redis_url is None:
        return _alone(settings, metrics, probes)
    return _shared(open_link(settings, journal), metrics, clock, probes)


def open_link(settings: Settings, journal: "Journal") -> "RedisLink":
    """The link to `REDIS_URL`.

    Raises:
        ConfigError: It is not set or cannot be understood, or the driver is not installed.
    """
    if settings.redis_url is None:
        message = "REDIS_URL: not set; takes redis://, rediss:// or unix:// and a server"
        raise ConfigError(message)
    try:
        from daznode.adapters.redis_link import RedisLink
    except ImportError as exc:
        message = "REDIS_URL: its driver is not installed; `pip install 'daznode[redis]'`"
        raise ConfigError(message) from exc
    return RedisLink(settings.redis_url.get_secret_value(), journal)


def open_queue(settings: Settings) -> "CeleryQueue | None":
    """The queue of reports where `DAILY_REPORTS_EXECUTOR` is `celery`; else none.

    Raises:
        ConfigError: `REDIS_URL` is not set, or Celery is not installed.
    """
    if settings.executor != "celery":
        return None
    from daznode.adapters.coordination.celery_queue import CeleryQueue

    return CeleryQueue(open_celery(settings))


def open_celery(settings: Settings) -> "Celery":
    """Celery over `REDIS_URL`.

    Raises:
        ConfigError: It is not set, or Celery is not installed.
    """
    if settings.redis_url is None:
        message = "DAILY_REPORTS_EXECUTOR='celery': takes REDIS_URL, its broker, which is not set"
        raise ConfigError(message)
    try:
        from daznode.adapters.coordination.celery_queue import make_app
    except ImportError as exc:
        message = (
            "DAILY_REPORTS_EXECUTOR='celery': Celery is not installed; "
            "`pip install 'daznode[celery,redis]'`"
        )
        raise ConfigError(message) from exc
    return make_app(settings.redis_url.get_secret_value())


def _alone(
    settings: Settings, metrics: "Metrics", probes: "tuple[tuple[str, Probe], ...]"
) -> Coordination:
    from daznode.adapters.cache.memory import MemoryCache
    from daznode.adapters.coordination.folder_leases import FolderLeases
    from daznode.adapters.coordination.memory_feed import MemoryFeed
    from daznode.adapters.coordination.memory_limiter import MemoryLimiter

    cache = MemoryCache(metrics)
    return Coordination(
        cache=cache,
        leases=FolderLeases(settings.data_dir),
        limiter=MemoryLimiter(),
        feed=MemoryFeed(),
        probes=probes,
        close=cache.close,
    )


def _shared(
    link: "RedisLink",
    metrics: "Metrics",
    clock: "Clock",
    probes: "tuple[tuple[str, Probe], ...]",
) -> Coordination:
    from daznode.adapters.cache.redis import RedisCache
    from daznode.adapters.coordination.redis_feed import RedisFeed
    from daznode.adapters.coordination.redis_leases import RedisLeases
    from daznode.adapters.coordination.redis_limiter import RedisLimiter
    from daznode.adapters.watch.probes import redis_probe

    cache, feed = RedisCache(link, metrics), RedisFeed(link)

    async def close() -> None:
        await cache.close()
        await feed.close()
        await link.close()

    return Coordination(
        cache=cache,
        leases=RedisLeases(link),
        limiter=RedisLimiter(link),
        feed=feed,
        probes=(("cache", redis_probe(link, clock)), *probes),
        close=close,
    )


def _probes(settings: Settings, clock: "Clock") -> "tuple[tuple[str, Probe], ...]":
    from daznode.adapters.watch.probes import disk_probe, qdrant_probe

    disk = ("disk", disk_probe(settings.data_dir, clock))
    if settings.qdrant_url is None:
        return (disk,)
    key = settings.qdrant_api_key
    api_key = None if key is None else key.get_secret_value()
    return disk, ("qdrant", qdrant_probe(settings.qdrant_url, api_key, clock))
