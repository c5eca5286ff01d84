"""When a channel was opened, by block count."""

from datetime import UTC, datetime, timedelta

import pytest

from daznode.adapters.lightning.block_time import moment_of_ns, opened_about
from daznode.domain.ids import pack_scid

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_ten_minutes_a_block():
    assert opened_about(pack_scid(900_000, 1, 0), 900_144, NOW) == NOW - timedelta(days=1)


@pytest.mark.parametrize("height", [16_000_000, 900_145])
def test_an_alias_or_a_block_to_come_tells_nothing(height):
    assert opened_about(pack_scid(height, 1, 0), 900_144, NOW) is None


def test_nanoseconds_are_exact_to_the_microsecond():
    assert moment_of_ns(1_700_000_000_123_456_789).microsecond == 123_456
