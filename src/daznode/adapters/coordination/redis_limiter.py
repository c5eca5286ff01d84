"""Rate limits counted in Redis for all processes, in one round trip each."""

from typing import Final

from daznode.adapters.coordination.memory_limiter import MemoryLimiter
from daznode.adapters.coordination.windows import verdict
from daznode.adapters.redis_link import RedisLink
from daznode.domain.errors import StoreUnavailable
from daznode.domain.rates import RateVerdict

PREFIX: Final = "daznode:rate:"

# The same sum as in `windows.verdict`; Redis' own clock, since those of its clients differ.
# One hash per caller holds both windows, so that one key is touched in any cluster.
_HIT: Final = """
local limit, window_us = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now_us = time[1] * 1000000 + time[2]
local window = math.floor(now_us / window_us)
local elapsed_us = now_us - window * window_us
local kept = redis.call('HMGET', KEYS[1], 'window', 'previous', 'current')
local previous, current = 0, 0
if kept[1] then
  local age = window - tonumber(kept[1])
  if age == 0 then previous, current = tonumber(kept[2]), tonumber(kept[3])
  elseif age == 1 then previous = tonumber(kept[3]) end
end
if math.floor(previous * (1 - elapsed_us / window_us)) + current < limit then
  redis.call('HSET', KEYS[1], 'window', window, 'previous', previous, 'current', current + 1)
  redis.call('PEXPIRE', KEYS[1], math.ceil((2 * window_us - elapsed_us) / 1000))
end
return {previous, current, elapsed_us}
"""


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

    async def hit(self, caller: str, limit: int, window_seconds: int) -> RateVerdict:
        """Count one more, unless it is refused."""
        keys = (f"{PREFIX}{window_seconds}:{caller}",)
        args = (limit, window_seconds * 1_000_000)
        try:
            previous, current, elapsed_us = await self._link.ask(
                lambda redis: self._hit(keys=keys, args=args, client=redis)
            )
        except StoreUnavailable:
            return await self._alone.hit(caller, limit, window_seconds)
        said, _ = verdict(
            previous=previous,
            current=current,
            limit=limit,
            window_seconds=window_seconds,
            elapsed_seconds=elapsed_us / 1_000_000,
        )
        return said
