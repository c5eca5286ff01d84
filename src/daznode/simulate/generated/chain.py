"""Block heights of the generated chain: ten minutes a block since the halving of April 2024."""

from datetime import UTC, datetime, timedelta
from typing import Final

from daznode.domain.units import BlockHeight

ANCHOR_HEIGHT: Final = BlockHeight(840_000)
ANCHOR_AT: Final = datetime(2024, 4, 20, 0, 9, 27, tzinfo=UTC)
"""Timestamp of block 840,000 on mainnet."""

BLOCK_SECONDS: Final = 600
BLOCKS_PER_DAY: Final = 144

_FIRST_HEIGHT: Final = BlockHeight(1)


def height_at(moment: datetime) -> BlockHeight:
    """Height of the newest block at a moment; mainnet drifts from it by a few blocks a day.

    Args:
        moment: Aware moment.

    Returns:
        The height, at least 1.
    """
    blocks = (moment - ANCHOR_AT) // timedelta(seconds=BLOCK_SECONDS)
    return BlockHeight(max(_FIRST_HEIGHT, ANCHOR_HEIGHT + blocks))


def moment_of(height: int) -> datetime:
    """When a block was found, UTC; the inverse of `height_at`."""
    return ANCHOR_AT + timedelta(seconds=BLOCK_SECONDS * (height - ANCHOR_HEIGHT))
