"""What every DigestStore promises."""

from dataclasses import replace

import pytest
from tests.builders import DAY, TODAY, a_digest, a_node_id

from daznode.domain.errors import InvalidParameter


@pytest.fixture
def store(stores):
    return stores.digests


def test_a_digest_is_read_back_as_it_was_stored(store, run):
    async def trip():
        digest = a_digest()
        assert await store.put_digest(digest) == digest
        assert await store.latest_digest("alice", 7) == digest
        assert await store.latest_digest("alice", 30) is None
        assert await store.latest_digest("bob", 7) is None

    run(trip())


def test_the_digest_of_a_period_is_replaced_and_keeps_its_id(store, run):
    async def trip():
        await store.put_digest(a_digest())
        again = a_digest(digest_id="second", narrative="Better known now.")
        stored = await store.put_digest(again)
        assert stored == replace(again, digest_id=a_digest().digest_id)
        assert await store.latest_digest("alice", 7) == stored

    run(trip())


def test_the_latest_digest_is_the_one_of_the_newest_last_day(store, run):
    async def trip():
        for number in (2, 3, 1):
            last = TODAY + number * DAY
            await store.put_digest(
                a_digest(digest_id=f"week-{number}", first_date=last - 6 * DAY, last_date=last)
            )
        await store.put_digest(
            a_digest(digest_id="month", period_days=30, last_date=TODAY + 9 * DAY)
        )
        assert (await store.latest_digest("alice", 7)).digest_id == "week-3"
        assert (await store.latest_digest("alice", 30)).digest_id == "month"

    run(trip())


def test_of_several_nodes_the_first_by_key_is_told(store, run):
    async def trip():
        keys = sorted((a_node_id(1), a_node_id(2)))
        for key in reversed(keys):
            await store.put_digest(a_digest(digest_id=key[:8] + key[-4:], node_pubkey=key))
        assert (await store.latest_digest("alice", 7)).node_pubkey == keys[0]

    run(trip())


def test_a_user_id_that_cannot_name_a_folder_is_refused(store, run):
    async def trip():
        with pytest.raises(InvalidParameter, match="names the folder"):
            await store.put_digest(a_digest(user_id="../x"))

    run(trip())
