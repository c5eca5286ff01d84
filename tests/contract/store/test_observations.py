"""What every ObservationStore promises."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.builders import (
    DAY,
    MORNING,
    a_channel,
    a_node_id,
    a_scid,
    an_identity,
    an_observation,
)

US = a_node_id(1)
EVER = (datetime(1, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
HOUR = timedelta(hours=1)


@pytest.fixture
def store(observations):
    return observations


def test_an_observation_is_read_back_as_it_was_stored(store, run):
    largest = a_channel(1, scid=(1 << 64) - 1)
    observation = an_observation(channels=(a_channel(2), largest))

    async def trip():
        await store.put_observation("t", observation)
        (read,) = await store.observations("t", US, *EVER)
        assert read == observation
        assert [channel.scid for channel in read.channels] == [a_scid(2), (1 << 64) - 1]

    run(trip())


def test_the_latest_observation_of_a_day_is_kept(store, run):
    async def trip():
        for hours in (2, 5, 3):
            await store.put_observation("t", an_observation(observed_at=MORNING + hours * HOUR))
        kept = await store.observations("t", US, *EVER)
        assert [one.observed_at for one in kept] == [MORNING + 5 * HOUR]

    run(trip())


def test_an_observation_of_the_same_moment_replaces_the_earlier_one(store, run):
    async def trip():
        await store.put_observation("t", an_observation(pending_channels=1))
        await store.put_observation("t", an_observation(pending_channels=2))
        kept = await store.observations("t", US, *EVER)
        assert [one.pending_channels for one in kept] == [2]

    run(trip())


def test_observations_come_oldest_first_from_since_to_before_until(store, run):
    moments = [MORNING + number * DAY for number in (2, 0, 3, 1)]

    async def trip():
        for moment in moments:
            await store.put_observation("t", an_observation(observed_at=moment))

        async def moments_of(since, until):
            return [one.observed_at for one in await store.observations("t", US, since, until)]

        assert await moments_of(*EVER) == sorted(moments)
        assert await moments_of(MORNING + DAY, MORNING + 3 * DAY) == [
            MORNING + DAY,
            MORNING + 2 * DAY,
        ]
        a_moment = timedelta(seconds=1)
        assert await moments_of(MORNING + a_moment, MORNING + DAY + a_moment) == [MORNING + DAY]

    run(trip())


def test_tenants_and_nodes_are_kept_apart(store, run):
    ours, theirs = an_observation(), an_observation(identity=an_identity(node_id=a_node_id(2)))

    async def trip():
        await store.put_observation("t", ours)
        await store.put_observation("t", theirs)
        await store.put_observation("u", an_observation(pending_channels=9))
        assert await store.observations("t", US, *EVER) == (ours,)
        assert await store.observations("t", a_node_id(2), *EVER) == (theirs,)
        assert await store.observations("v", US, *EVER) == ()

    run(trip())
