"""What every AuditTrail promises."""

from datetime import timedelta

import pytest
from tests.builders import MORNING, an_entry

from daznode.domain.errors import InvalidParameter

SECOND = timedelta(seconds=1)


@pytest.fixture
def store(stores):
    return stores.audit


def test_entries_are_read_back_as_they_were_added_newest_first(store, run):
    async def trip():
        first = an_entry(1, request_id="req-1", detail="from 203.0.113.9")
        batch = (an_entry(2), an_entry(3, at=MORNING + 2 * SECOND))
        await store.add_entries((first,))
        await store.add_entries(batch)
        await store.add_entries(())
        found, total = await store.entries(tenant_id=None, action=None, page=1, limit=10)
        assert found == (batch[1], batch[0], first)
        assert total == 3

    run(trip())


def test_entries_of_one_moment_keep_the_order_in_which_they_were_added(store, run):
    async def trip():
        batch = tuple(an_entry(number, at=MORNING) for number in range(20))
        await store.add_entries(batch)
        found, _ = await store.entries(tenant_id=None, action=None, page=1, limit=20)
        assert found == batch[::-1]

    run(trip())


def test_entries_come_in_pages_by_tenant_and_action(store, run):
    async def trip():
        assert await store.entries(tenant_id=None, action=None, page=1, limit=5) == ((), 0)
        await store.add_entries(
            tuple(
                an_entry(
                    number,
                    tenant_id="a" if number % 2 else "b",
                    action="login" if number % 3 else "node_proven",
                )
                for number in range(12)
            )
        )

        async def ids(page, limit, **wanted):
            asked = {"tenant_id": None, "action": None, **wanted}
            found, total = await store.entries(page=page, limit=limit, **asked)
            return [int(one.entry_id[-4:]) for one in found], total

        assert await ids(1, 5) == ([11, 10, 9, 8, 7], 12)
        assert await ids(3, 5) == ([1, 0], 12)
        assert await ids(4, 5) == ([], 12)
        assert await ids(1, 5, tenant_id="a") == ([11, 9, 7, 5, 3], 6)
        assert await ids(1, 5, action="node_proven") == ([9, 6, 3, 0], 4)
        assert await ids(1, 5, tenant_id="a", action="node_proven") == ([9, 3], 2)
        assert await ids(1, 5, tenant_id="c") == ([], 0)

    run(trip())


def test_an_entry_is_never_replaced_and_a_batch_is_added_whole_or_not(store, run):
    async def trip():
        await store.add_entries((an_entry(1, detail="first"),))
        with pytest.raises(InvalidParameter, match="expected a fresh id"):
            await store.add_entries((an_entry(2), an_entry(1, detail="another")))
        found, total = await store.entries(tenant_id=None, action=None, page=1, limit=10)
        assert total == 1
        assert found[0].detail == "first"

    run(trip())
