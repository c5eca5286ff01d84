"""Accounts as an operator keeps them: made, listed, disabled, given passwords and tokens."""

import asyncio

import pytest
from tests.identity_house import PASSWORD, house

from daznode.domain.accounts import Role
from daznode.domain.errors import AccountExists, InvalidParameter, NotAllowed, UserNotFound


def test_an_account_is_made_and_noted(tmp_path):
    async def trip(home):
        account = await home.accounts.add(" Alice ", PASSWORD, tenant_id="acme", role=Role.ADMIN)
        assert (account.user_id, account.username, account.tenant_id) == ("alice", "alice", "acme")
        assert account.role is Role.ADMIN
        assert account.created_at == home.clock.now()
        assert not account.is_disabled
        assert account.password_hash.startswith("$argon2id$")
        assert await home.accounts.all() == (account,)
        assert await home.trail() == [("cli", "acme", "user_added", "alice", "role admin")]

    house(tmp_path, trip)


def test_a_name_is_taken_once_whatever_its_case(tmp_path):
    async def trip(home):
        await home.accounts.add("alice", PASSWORD)
        with pytest.raises(AccountExists):
            await home.accounts.add("ALICE", PASSWORD, tenant_id="other")
        assert len(await home.accounts.all()) == 1
        assert len(await home.trail()) == 1

    house(tmp_path, trip)


@pytest.mark.parametrize(
    "name",
    ["", " ", "../alice", "a/b", ".alice", "a b", "é", "x" * 65, "a\nb", "a\0b", "nul", "a."],
)
def test_names_that_are_none(tmp_path, name):
    async def trip(home):
        with pytest.raises(InvalidParameter) as caught:
            await home.accounts.add(name, PASSWORD)
        assert "\n" not in str(caught.value)
        assert await home.accounts.all() == ()

    house(tmp_path, trip)


@pytest.mark.parametrize("tenant", ["", "A", "../x", "a b", "x" * 65, "é"])
def test_tenants_that_are_none(tmp_path, tenant):
    async def trip(home):
        with pytest.raises(InvalidParameter, match="tenant"):
            await home.accounts.add("alice", PASSWORD, tenant_id=tenant)

    house(tmp_path, trip)


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("x" * 11, "11 characters; expected 12 to 1,024"),
        ("", "0 characters"),
        ("ab" * 600, "1,200 characters"),
        ("alice.example", "it is the username"),
        (" Alice.Example ", "it is the username"),
        ("x" * 12, "one character repeated"),
    ],
)
def test_passwords_that_are_too_weak_are_refused_and_not_shown(tmp_path, password, said):
    async def trip(home):
        with pytest.raises(InvalidParameter, match=said) as caught:
            await home.accounts.add("alice.example", password)
        assert not password.strip() or password.strip() not in str(caught.value)
        await home.accounts.add("alice.example", PASSWORD)
        with pytest.raises(InvalidParameter, match=said):
            await home.accounts.set_password("alice.example", password)

    house(tmp_path, trip)


def test_another_password_takes_the_place_of_the_former(tmp_path):
    async def trip(home):
        await home.accounts.add("alice", PASSWORD)
        await home.accounts.set_password("Alice", PASSWORD + "2")
        (account,) = await home.accounts.all()
        assert await home.passwords.verify(PASSWORD + "2", account.password_hash)
        assert not await home.passwords.verify(PASSWORD, account.password_hash)
        assert [entry[2] for entry in await home.trail()] == ["user_added", "password_set"]

    house(tmp_path, trip)


def test_disabling_twice_is_noted_once(tmp_path):
    async def trip(home):
        await home.accounts.add("alice", PASSWORD)
        for _ in range(2):
            assert (await home.accounts.set_disabled("alice", is_disabled=True)).is_disabled
        with pytest.raises(NotAllowed, match="disabled"):
            await home.accounts.token("alice")
        for _ in range(2):
            assert not (await home.accounts.set_disabled("alice", is_disabled=False)).is_disabled
        assert await home.accounts.token("alice")
        deeds = [entry[2] for entry in await home.trail()]
        assert deeds == ["user_added", "user_disabled", "user_enabled", "token_issued"]

    house(tmp_path, trip)


def test_a_token_speaks_for_its_account_and_does_not_show_itself(tmp_path):
    async def trip(home):
        await home.accounts.add("alice", PASSWORD, tenant_id="acme")
        issued = await home.accounts.token("ALICE")
        assert issued.access_token not in repr(issued)
        assert issued.expires_in_seconds == 3_600
        caller = home.tokens.verify(issued.access_token)
        assert (caller.user_id, caller.tenant_id, caller.role) == ("alice", "acme", Role.USER)

    house(tmp_path, trip)


def test_nobody_is_said_to_be_nobody(tmp_path):
    async def trip(home):
        for deed in (
            home.accounts.token("bob"),
            home.accounts.set_password("bob", PASSWORD),
            home.accounts.set_disabled("bob", is_disabled=True),
        ):
            with pytest.raises(UserNotFound, match="'bob'"):
                await deed
        assert await home.trail() == []

    house(tmp_path, trip)


def test_of_two_who_take_a_name_at_once_one_gets_it(tmp_path):
    async def trip(home):
        results = await asyncio.gather(
            *(home.accounts.add("alice", PASSWORD) for _ in range(6)), return_exceptions=True
        )
        assert sum(isinstance(one, AccountExists) for one in results) == 5
        assert len(await home.accounts.all()) == 1

    house(tmp_path, trip)
