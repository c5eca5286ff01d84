"""When a block was found, by block count: what backends do not say of a channel's funding."""

from datetime import UTC, datetime, timedelta
from typing import Final

from daznode.domain.ids import ShortChannelId, block_height_of

SECONDS_PER_BLOCK: Final = 600
"""The interval that Bitcoin's difficulty is steered towards; it holds within some percent over years."""

FIRST_ALIAS_HEIGHT: Final = 16_000_000
"""Below their first confirmation channels bear ids from here on, far above any block (LND, CLN)."""


def opened_about(scid: ShortChannelId, tip_height: int, tip_at: datetime) -> datetime | None:
    """Moment of a channel's funding block, by the number of blocks since.

    Args:
        scid: Its short channel id.
        tip_height: Height of the newest block.
        tip_at: When that was, UTC.

    Returns:
        The moment, UTC, true within some percent of the age; None for an id that names no block.
    """
    height = block_height_of(scid)
    if height >= FIRST_ALIAS_HEIGHT or height > tip_height:
        return None
    return tip_at - timedelta(seconds=SECONDS_PER_BLOCK * (tip_height - height))


def moment_of_ns(timestamp_ns: int) -> datetime:
    """A moment from nanoseconds since 1970, floored to the microsecond; UTC."""
    seconds, rest_ns = divmod(timestamp_ns, 1_000_000_000)
    return datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=rest_ns // 1_000)
