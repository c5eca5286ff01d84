"""What the close look at a MongoDB database finds."""

import asyncio
import gc
from uuid import uuid4

import pytest
from tests.servers import free_port

from daznode.adapters.store.mongodb.health import MongoDoctor, describe
from daznode.adapters.store.mongodb.store import MongoStore
from daznode.domain.errors import StoreUnavailable
from daznode.domain.health import ServiceHealth


def look(uri, tmp_path, *, is_prepared):
    async def whole():
        store = MongoStore(uri, f"health_{uuid4().hex[:8]}", tmp_path)
        if is_prepared:
            await store.prepare()
        found = await MongoDoctor(store.link, store.reports).diagnose()
        await store.close()
        return {one.name: one for one in found}

    return asyncio.run(whole())


def test_a_single_server_works_and_is_told_to_become_a_replica_set(mongodb_of_session, tmp_path):
    found = look(mongodb_of_session.uri, tmp_path, is_prepared=True)
    assert list(found) == ["server", "schema", "indexes", "report files"]
    assert found["server"].state is ServiceHealth.DEGRADED
    assert "replica set" in found["server"].mend
    assert found["schema"].state is ServiceHealth.HEALTHY
    # This server does not say which way its indexes run, and that is what is found.
    assert "report_date desc" in found["indexes"].detail
    assert "report_id" not in found["indexes"].detail


def test_a_database_that_was_never_prepared_misses_everything(mongodb_of_session, tmp_path):
    found = look(mongodb_of_session.uri, tmp_path, is_prepared=False)
    assert found["schema"].state is ServiceHealth.DEGRADED
    assert "daily_reports (report_id, unique=True)" in found["indexes"].detail
    assert "start the service once" in found["indexes"].mend


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"  # the driver's watcher leaves a socket behind
)
def test_a_server_that_is_not_there_is_one_finding(tmp_path):
    uri = f"mongodb://127.0.0.1:{free_port()}/?serverSelectionTimeoutMS=150&connectTimeoutMS=150"
    found = look(uri, tmp_path, is_prepared=False)
    assert list(found) == ["database"]
    assert found["database"].state is ServiceHealth.UNHEALTHY
    assert "MONGODB_URI" in found["database"].mend

    async def ask():
        store = MongoStore(uri, "d", tmp_path)
        try:
            await describe(store.link)
        finally:
            await store.close()

    with pytest.raises(StoreUnavailable):
        asyncio.run(ask())
    gc.collect()
