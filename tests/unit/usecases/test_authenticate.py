"""A bearer token becomes a caller, until its account is disabled or it expires."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.identity_house import PASSWORD, house

from daznode.domain.errors import Unauthenticated
from daznode.usecases.authenticate import REMEMBERED


def test_a_disabled_account_is_out_within_seconds(tmp_path):
    async def trip(home):
        await home.accounts.add("alice", PASSWORD)
        token = (await home.accounts.token("alice")).access_token
        assert (await home.authenticate.run(token)).user_id == "alice"
        await home.accounts.set_disabled("alice", is_disabled=True)
        home.pass_time(REMEMBERED)
        for _ in range(2):
            with pytest.raises(Unauthenticated, match="disabled"):
                await home.authenticate.run(token)
        await home.accounts.set_disabled("alice", is_disabled=False)
        assert await home.authenticate.run(token)

    house(tmp_path, trip)


def test_a_clock_set_back_does_not_keep_a_disabled_account_in(tmp_path):
    async def trip(home):
        await home.accounts.add("alice", PASSWORD)
        token = (await home.accounts.token("alice")).access_token
        home.pass_time(timedelta(seconds=15))
        assert await home.authenticate.run(token)
        await home.accounts.set_disabled("alice", is_disabled=True)
        home.pass_time(timedelta(seconds=-15))
        with pytest.raises(Unauthenticated, match="disabled"):
            await home.authenticate.run(token)

    house(tmp_path, trip)


def test_a_token_of_another_program_with_the_secret_needs_no_account_here(tmp_path):
    async def trip(home):
        account = await home.accounts.add("alice", PASSWORD)
        stranger = replace(account, user_id="zoe", tenant_id="acme")
        token, _ = home.tokens.issue(stranger)
        assert (await home.authenticate.run(token)).tenant_id == "acme"

    house(tmp_path, trip)


def test_an_expired_token_is_refused_though_it_is_remembered(tmp_path):
    async def trip(home):
        await home.accounts.add("alice", PASSWORD)
        token = (await home.accounts.token("alice")).access_token
        home.pass_time(timedelta(minutes=60, seconds=5))
        assert await home.authenticate.run(token)
        home.pass_time(timedelta(seconds=5))
        with pytest.raises(Unauthenticated, match="expired"):
            await home.authenticate.run(token)

    house(tmp_path, trip)
