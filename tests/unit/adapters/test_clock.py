"""The system's clock and random names."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from daznode.adapters.clock import RandomIds, SystemClock

if TYPE_CHECKING:
    from daznode.ports.clock import Clock, IdSource


def test_now_is_the_present_moment_in_utc():
    clock: Clock = SystemClock()
    before = datetime.now(UTC)
    now = clock.now()
    after = datetime.now(UTC)
    assert now.utcoffset() == timedelta(0)
    assert before <= now <= after


def test_every_id_is_a_new_uuid_of_version_4():
    ids: IdSource = RandomIds()
    made = [ids.new_id() for _ in range(1_000)]
    assert len(set(made)) == 1_000
    for text in made:
        assert str(UUID(text)) == text
        assert UUID(text).version == 4
