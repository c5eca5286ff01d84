"""The indexes of the contract on a real server: made once, checked, and forgetful after 90 days."""

import asyncio
import os
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from tests.builders import a_node_id, a_report

from daznode.adapters.store.mongodb import indexes
from daznode.adapters.store.mongodb.indexes import INDEXES, Index
from daznode.adapters.store.mongodb.store import MongoStore
from daznode.domain.errors import MigrationNeeded, ReportNotFound, StoreCorrupt

DAY = timedelta(days=1)
SERVER = os.environ.get("DAZNODE_TEST_MONGODB_URI")
FORGETTING_SECONDS = 90.0
"""A server looks for what is to be forgotten once a minute."""

CONTRACT = {
    ("user_profiles", "lightning_pubkey_1", "unique sparse"),
    ("user_profiles", "daily_report_enabled_1", ""),
    ("user_profiles", "tenant_id_1_lightning_pubkey_1", ""),
    ("daily_reports", "report_id_1", "unique"),
    ("daily_reports", "user_id_1_report_date_-1", ""),
    ("daily_reports", "node_pubkey_1_report_date_-1", ""),
    ("daily_reports", "tenant_id_1_report_date_-1", ""),
    ("daily_reports", "generation_status_1", ""),
    ("daily_reports", "report_date_1", "expireAfterSeconds"),
    ("daily_reports", "user_id_1_node_pubkey_1_report_date_1", "unique"),
}


@pytest.fixture(params=["nx-27017", *(["mongodb"] if SERVER else [])])
def uri(request):
    """A server that keeps a part of the promises, and, where one is named, one that keeps all."""
    if request.param == "nx-27017":
        return request.getfixturevalue("mongodb_of_session").uri
    return SERVER


@pytest.fixture
def trip(uri, tmp_path):
    """Runs something over a store with a database of its own."""

    def run(work):
        async def whole():
            store = MongoStore(uri, f"daznode_{uuid4().hex[:12]}", tmp_path / "assets")
            try:
                await work(store)
            finally:
                await store.link.client.drop_database(store.link.database.name)
                await store.close()

        asyncio.run(whole())

    return run


def test_the_indexes_of_the_contract_are_among_ours():
    ours = {
        (index.collection, index.name, " ".join(name for name, _ in index.options))
        for index in INDEXES
    }
    assert ours >= CONTRACT
    (expiry,) = [
        dict(index.options)["expireAfterSeconds"]
        for index in INDEXES
        if (index.collection, index.name) == ("daily_reports", "report_date_1")
    ]
    assert expiry == 7_776_000


def test_what_is_missing_is_made_and_making_it_again_changes_nothing(trip, uri):
    async def work(store):
        assert len(await indexes.missing(store.link)) == len(INDEXES)
        assert await indexes.check_schema(store.link) == 0
        for _ in range(2):
            await store.prepare()
            still = await indexes.missing(store.link)
            if uri == SERVER:
                assert still == []
            else:  # nx-27017 does not say that an index is sparse, nor which way it runs
                assert all(
                    dict(one.options).get("sparse") or any(way < 0 for _, way in one.keys)
                    for one in still
                )
        assert await indexes.check_schema(store.link) == indexes.SCHEMA

    trip(work)


def test_a_database_of_a_newer_version_is_left_alone(trip):
    async def work(store):
        await store.link.collection("schema").insert_one(
            {"_id": "daznode", "number": indexes.SCHEMA + 1}
        )
        with pytest.raises(MigrationNeeded, match=r"newer version of daznode.*update daznode"):
            await store.prepare()
        assert await store.link.database.list_collection_names() == ["schema"]

    trip(work)


def test_doubles_in_the_way_of_a_unique_index_are_said(trip, uri):
    if uri != SERVER:
        pytest.skip("nx-27017 makes a unique index beside doubles")

    async def work(store):
        await store.link.collection("users").insert_many(
            [{"_id": number, "username": "alice"} for number in range(2)]
        )
        with pytest.raises(StoreCorrupt, match=r"users \(username, unique=True\) cannot be made"):
            await store.prepare()

    trip(work)


def test_an_index_in_the_way_is_named_with_the_command_that_mends_it(trip, uri):
    if uri != SERVER:
        pytest.skip("nx-27017 takes any options for an index that is there")

    async def work(store):
        await store.link.collection("daily_reports").create_index("report_id")
        with pytest.raises(
            MigrationNeeded, match=r"db\.daily_reports\.dropIndex\(\{'report_id': 1\}\)"
        ):
            await store.prepare()
        await store.link.collection("daily_reports").drop_index("report_id_1")
        await store.prepare()

    trip(work)


def test_the_server_forgets_reports_after_90_days(trip):
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    old = a_report(report_date=today - 91 * DAY)
    young = replace(
        a_report(report_date=today - 88 * DAY), report_id=str(uuid4()), node_pubkey=a_node_id(2)
    )

    async def work(store):
        await store.prepare()
        await store.reports.put_reports((old, young))
        give_up = time.monotonic() + FORGETTING_SECONDS
        while time.monotonic() < give_up:
            try:
                await store.reports.get_report(old.report_id)
            except ReportNotFound:
                break
            await asyncio.sleep(0.2)
        else:
            pytest.fail("the report is still there")
        assert (await store.reports.get_report(young.report_id)).report_id == young.report_id

    trip(work)


def test_an_index_is_told_in_words():
    index = Index("a", (("x", 1), ("y", -1)), (("unique", True),))
    assert str(index) == "a (x, y desc, unique=True)"
    assert index.name == "x_1_y_-1"
