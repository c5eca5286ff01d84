"""What every AccountStore promises."""

import asyncio
from dataclasses import replace

import pytest
from tests.builders import an_account

from daznode.domain.accounts import Role
from daznode.domain.errors import AccountExists, InvalidParameter, UserNotFound


@pytest.fixture
def store(stores):
    return stores.accounts


def test_an_account_is_read_back_as_it_was_stored(store, run):
    async def trip():
        account = an_account(role=Role.ADMIN, is_disabled=True)
        await store.add_account(account)
        assert await store.account("alice") == account
        assert await store.account_named("alice@example.org") == account
        assert await store.accounts() == (account,)

    run(trip())


def test_names_are_compared_in_lower_case(store, run):
    async def trip():
        await store.add_account(an_account(username="Alice@Example.org"))
        found = await store.account_named("ALICE@example.ORG")
        assert found is not None
        assert found.username == "alice@example.org"
        with pytest.raises(AccountExists, match="is taken"):
            await store.add_account(an_account(user_id="other", username="aLICE@example.org"))

    run(trip())


def test_a_user_id_is_taken_once(store, run):
    async def trip():
        await store.add_account(an_account())
        with pytest.raises(AccountExists, match="alice"):
            await store.add_account(an_account(username="somebody else"))
        assert [one.username for one in await store.accounts()] == ["alice@example.org"]

    run(trip())


def test_of_many_who_take_a_name_at_once_one_gets_it(store, run):
    async def trip():
        asked = (
            store.add_account(an_account(user_id=f"user-{number}", username="shared"))
            for number in range(8)
        )
        told = await asyncio.gather(*asked, return_exceptions=True)
        assert sum(one is None for one in told) == 1
        assert sum(isinstance(one, AccountExists) for one in told) == 7
        assert len(await store.accounts()) == 1

    run(trip())


def test_a_user_id_that_cannot_name_a_folder_is_refused(store, run):
    async def trip():
        with pytest.raises(InvalidParameter, match="names the folder of the report files"):
            await store.add_account(an_account(user_id="../bob"))
        assert await store.accounts() == ()

    run(trip())


def test_nobody_is_found_before_anybody_is_there(store, run):
    async def trip():
        assert await store.account("alice") is None
        assert await store.account_named("alice") is None
        assert await store.accounts() == ()

    run(trip())


def test_accounts_come_in_the_order_of_their_usernames(store, run):
    async def trip():
        for number, name in enumerate(("carol", "alice", "bob_2", "bob")):
            await store.add_account(an_account(user_id=f"u{number}", username=name))
        found = [one.username for one in await store.accounts()]
        assert found == ["alice", "bob", "bob_2", "carol"]

    run(trip())


def test_a_password_is_replaced_and_an_account_disabled_and_enabled(store, run):
    async def trip():
        account = an_account()
        await store.add_account(account)
        await store.set_password("alice", "$argon2id$new")
        await store.set_disabled("alice", is_disabled=True)
        changed = replace(account, password_hash="$argon2id$new", is_disabled=True)
        assert await store.account("alice") == changed
        await store.set_disabled("alice", is_disabled=False)
        assert await store.account("alice") == replace(changed, is_disabled=False)

    run(trip())


def test_only_an_account_that_is_there_is_changed(store, run):
    async def trip():
        with pytest.raises(UserNotFound, match="bob"):
            await store.set_password("bob", "$argon2id$new")
        with pytest.raises(UserNotFound, match="bob"):
            await store.set_disabled("bob", is_disabled=True)

    run(trip())
