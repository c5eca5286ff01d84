"""A cache in this process: bounded in bytes, each thing made once however many ask for it."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Final

from daznode.adapters.cache.flights import Flights
from daznode.ports.metrics import Metrics

MOST_BYTES: Final = 64 * 1024**2

ENTRY_BYTES: Final = 256
"""What an entry takes besides its key and value, about."""


class Shelf:
    """Bytes by key, each for a while; when it is full, what was not asked for longest goes.

    Args:
        most_bytes: Of all keys and values together.
        clock: Seconds that only ever grow.
    """

    def __init__(
        self, most_bytes: int = MOST_BYTES, clock: Callable[[], float] = monotonic
    ) -> None:
        """Keep nothing yet."""
        self._most_bytes = most_bytes
        self._clock = clock
        self._entries: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._n_bytes = 0

    @property
    def n_bytes(self) -> int:
        """What it takes now."""
        return self._n_bytes

    def get(self, key: str) -> bytes | None:
        """What is kept under a key; None if nothing is."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        ends_at, value = entry
        if self._clock() >= ends_at:
            self.forget(key)
            return None
        self._entries.move_to_end(key)
        return value

    def put(self, key: str, value: bytes, ttl_seconds: float) -> None:
        """Keep something; what alone is larger than a quarter of the shelf is not kept."""
        self.forget(key)
        n_bytes = _size_of(key, value)
        if ttl_seconds <= 0 or n_bytes > self._most_bytes // 4:
            return
        self._entries[key] = (self._clock() + ttl_seconds, value)
        self._n_bytes += n_bytes
        while self._n_bytes > self._most_bytes:
            oldest, (_, gone) = self._entries.popitem(last=False)
            self._n_bytes -= _size_of(oldest, gone)

    def forget(self, key: str) -> None:
        """Forget what is kept under a key."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._n_bytes -= _size_of(key, entry[1])

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._n_bytes = 0


class MemoryCache:
    """A `Cache` in this process.

    Args:
        metrics: Told of hits and misses by kind.
        shelf: Where things are kept.
    """

    def __init__(self, metrics: Metrics, shelf: Shelf | None = None) -> None:
        """Keep nothing yet."""
        self._metrics = metrics
        self._shelf = shelf or Shelf()
        self._flights = Flights()

    async def get(self, key: str) -> bytes | None:
        """What is kept under a key; None if nothing is."""
        value = self._shelf.get(key)
        self._metrics.cache_asked(kind_of(key), is_hit=value is not None)
        return value

    async def put(self, key: str, value: bytes, ttl_seconds: float) -> None:
        """Keep something for a while."""
        self._flights.disown(key)
        self._shelf.put(key, value, ttl_seconds)

    async def get_or_make(
        self, key: str, ttl_seconds: float, make: Callable[[], Awaitable[bytes]]
    ) -> bytes:
        """What is kept under a key, else what `make` makes, once for all that wait for it."""
        value = self._shelf.get(key)
        if value is not None:
            self._metrics.cache_asked(kind_of(key), is_hit=True)
            return value

        async def fly(is_wanted: Callable[[], bool]) -> bytes:
            self._metrics.cache_asked(kind_of(key), is_hit=False)
            made = await make()
            if is_wanted():
                self._shelf.put(key, made, ttl_seconds)
            return made

        return await self._flights.join(key, fly)

    async def forget(self, *keys: str) -> None:
        """Forget what is kept under keys, and what is just being made for them."""
        for key in keys:
            self._flights.disown(key)
            self._shelf.forget(key)

    async def close(self) -> None:
        """Stop what is being made."""
        await self._flights.close()


def kind_of(key: str) -> str:
    """The kind of data that a key names: its first word."""
    return key.partition(":")[0]


def _size_of(key: str, value: bytes) -> int:
    return len(key) + len(value) + ENTRY_BYTES
