"""The connection: addresses, limits, refusals in our words, and one client per event loop."""

import asyncio
import gc

import pytest
from pymongo import errors
from tests.builders import an_account
from tests.servers import free_port

from daznode.adapters.store.mongodb.link import MongoLink
from daznode.adapters.store.mongodb.store import MongoStore
from daznode.domain.errors import ConfigError, InvariantBroken, StoreUnavailable

QUICK = "serverSelectionTimeoutMS=150&connectTimeoutMS=150"


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"  # the driver's watcher leaves a socket behind
)
def test_a_server_that_is_not_there_is_said_without_the_password(tmp_path):
    port = free_port()
    uri = f"mongodb://someone:hidden-word@127.0.0.1:{port}/?{QUICK}"

    async def trip():
        store = MongoStore(uri, "d", tmp_path)
        with pytest.raises(StoreUnavailable, match="no server answers") as told:
            await store.accounts.account("alice")
        await store.close()
        return told.value

    error = asyncio.run(trip())
    gc.collect()
    assert error.is_retryable
    assert f"mongodb 127.0.0.1:{port}, database d" in str(error)
    assert "hidden-word" not in str(error)
    assert "\n" not in str(error)
    assert len(str(error)) < 400


@pytest.mark.parametrize(
    "uri",
    [
        "mongodb://",
        "mongodb://host:notaport",
        "mongodb://u:p@ss@host",
        "mongodb://[::1",
    ],
)
def test_an_address_that_cannot_be_used_is_a_wrong_setting(uri, tmp_path):
    async def trip():
        await MongoStore(uri, "d", tmp_path).accounts.account("alice")

    with pytest.raises(ConfigError, match=r"MONGODB_URI=\(hidden\): takes mongodb://"):
        asyncio.run(trip())


def test_options_of_the_address_stay():
    async def trip():
        link = MongoLink(f"mongodb://127.0.0.1/?{QUICK}", "d")
        options = link.client.options
        await link.close()
        return options

    options = asyncio.run(trip())
    assert options.server_selection_timeout == 0.15
    assert options.pool_options.connect_timeout == 0.15
    assert options.pool_options.socket_timeout == 20.0


def test_writes_wait_for_the_journals_of_most_members():
    async def trip():
        link = MongoLink("mongodb://127.0.0.1", "d")
        concern = link.collection("users").write_concern
        await link.close()
        return concern

    concern = asyncio.run(trip()).document
    assert (concern["w"], concern["j"]) == ("majority", True)


@pytest.mark.parametrize(
    ("raised", "ours", "words"),
    [
        (errors.OperationFailure("no", code=13), StoreUnavailable, "role readWrite"),
        (errors.OperationFailure("no", code=18), StoreUnavailable, "user name or password"),
        (errors.OperationFailure("no", code=14031), StoreUnavailable, "the server's disk is full"),
        (errors.AutoReconnect("gone"), StoreUnavailable, "the connection broke"),
        (errors.NetworkTimeout("slow"), StoreUnavailable, "did not answer in time"),
        (errors.NotPrimaryError("stepped down"), StoreUnavailable, "not the primary"),
        (errors.WTimeoutError("w"), StoreUnavailable, "too few members"),
        (errors.DocumentTooLarge("17 MB"), InvariantBroken, "larger than the server takes"),
        (OverflowError("MongoDB can only handle up to 8-byte ints"), InvariantBroken, "64 bits"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_what_the_driver_raises_is_said_in_our_words(raised, ours, words):
    link = MongoLink("mongodb://127.0.0.1", "d")
    refusals = link.refusals()
    with pytest.raises(ours, match=words) as told, refusals:
        raise raised
    assert type(told.value) is ours
    assert told.value.__cause__ is raised


def test_each_event_loop_has_a_client_of_its_own(mongodb_of_session, tmp_path):
    store = MongoStore(mongodb_of_session.uri, "loops", tmp_path)

    async def once(number):
        await store.accounts.add_account(
            an_account(user_id=f"loop-{number}", username=f"loop-{number}")
        )
        found = await store.accounts.account(f"loop-{number}")
        client = store.link.client
        await store.close()
        return found is not None, id(client)

    told = [asyncio.run(once(number)) for number in range(3)]
    assert all(is_there for is_there, _ in told)


def test_a_number_that_does_not_fit_is_a_bug_and_nothing_is_stored(mongodb_of_session):
    async def trip():
        link = MongoLink(mongodb_of_session.uri, "numbers")
        refusals = link.refusals()
        with pytest.raises(InvariantBroken, match="64 bits"), refusals:
            await link.collection("x").insert_one({"_id": 1, "n": 1 << 63})
        assert await link.collection("x").count_documents({}) == 0
        await link.close()

    asyncio.run(trip())
