"""Rate limits counted in Redis for all processes; requests that come together share a round trip."""

import asyncio
from dataclasses import dataclass
from typing import Final

from daznode.adapters.coordination.memory_limiter import MemoryLimiter
from daznode.adapters.coordination.windows import verdict
from daznode.adapters.redis_link import RedisLink
from daznode.domain.errors import StoreUnavailable
from daznode.domain.rates import RateVerdict

PREFIX: Final = "daznode:rate:"

AT_ONCE: Final = 250
"""Requests in one round trip: Redis does nothing else for the time of some 250 commands."""

# The same sum as in `windows.verdict`; Redis' own clock, since those of its clients differ.
_HIT: Final = """
local time = redis.call('TIME')
local now_us = time[1] * 1000000 + time[2]
local answers = {}
for i, key in ipairs(KEYS) do
  local limit, window_us = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local window = math.floor(now_us / window_us)
  local elapsed_us = now_us - window * window_us
  local kept = redis.call('HMGET', key, 'window', 'previous', 'current')
  local previous, current = 0, 0
  if kept[1] then
    local age = window - tonumber(kept[1])
    if age == 0 then previous, current = tonumber(kept[2]), tonumber(kept[3])
    elseif age == 1 then previous = tonumber(kept[3]) end
  end
  if math.floor(previous * (1 - elapsed_us / window_us)) + current < limit then
    redis.call('HSET', key, 'window', window, 'previous', previous, 'current', current + 1)
    redis.call('PEXPIRE', key, math.ceil((2 * window_us - elapsed_us) / 1000))
  end
  answers[i] = {previous, current, elapsed_us}
end
return answers
"""


@dataclass(frozen=True, slots=True, eq=False)
class _Hit:
    """One request that waits for its verdict."""

    caller: str
    limit: int
    window_seconds: int
    said: asyncio.Future[RateVerdict]


class RedisLimiter:
    """A `RateLimiter` over all processes; while Redis is away each counts by itself.

    Args:
        link: To Redis.
        alone: Counts meanwhile.
    """

    def __init__(self, link: RedisLink, alone: MemoryLimiter | None = None) -> None:
        """Ask nothing yet."""
        self._link = link
        self._alone = alone or MemoryLimiter()
        self._hit = link.script(_HIT)
        self._waiting: list[_Hit] = []
        self._asking: set[asyncio.Task[None]] = set()

    async def hit(self, caller: str, limit: int, window_seconds: int) -> RateVerdict:
        """Count one more, unless it is refused."""
        loop = asyncio.get_running_loop()
        hit = _Hit(caller, limit, window_seconds, loop.create_future())
        if not self._waiting:
            # At the end of this turn of the loop: what comes in the same turn goes along.
            loop.call_soon(self._begin)
        self._waiting.append(hit)
        if len(self._waiting) >= AT_ONCE:
            self._begin()
        return await hit.said

    def _begin(self) -> None:
        if not self._waiting:
            return
        hits, self._waiting = self._waiting, []
        task = asyncio.create_task(self._ask(hits))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _ask(self, hits: list[_Hit]) -> None:
        keys = [f"{PREFIX}{one.window_seconds}:{one.caller}" for one in hits]
        args = [number for one in hits for number in (one.limit, one.window_seconds * 1_000_000)]
        try:
            answers = await self._link.ask(
                lambda redis: self._hit(keys=keys, args=args, client=redis)
            )
        except StoreUnavailable:
            for one in hits:
                said = await self._alone.hit(one.caller, one.limit, one.window_seconds)
                _tell(one, said)
            return
        except BaseException as error:
            for one in hits:
                if not one.said.done():
                    one.said.set_exception(error)
            raise
        for one, (previous, current, elapsed_us) in zip(hits, answers, strict=True):
            said, _ = verdict(
                previous=previous,
                current=current,
                limit=one.limit,
                window_seconds=one.window_seconds,
                elapsed_seconds=elapsed_us / 1_000_000,
            )
            _tell(one, said)


def _tell(hit: _Hit, said: RateVerdict) -> None:
    if not hit.said.done():  # whoever asked may have gone
        hit.said.set_result(said)
