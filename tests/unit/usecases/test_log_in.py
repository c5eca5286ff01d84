"""Login: a token for the right password, and one answer, equally slow, for everything else."""

from datetime import timedelta

import pytest
from tests.identity_house import PASSWORD, house

from daznode.domain.errors import RateLimited, Unauthenticated
from daznode.usecases.log_in import TRIES_PER_ADDRESS, TRIES_PER_NAME

HOME = "192.0.2.7"


async def refused(home, name, password, address=HOME):
    with pytest.raises(Unauthenticated) as caught:
        await home.log_in.run(name, password, address=address)
    return str(caught.value)


def test_the_right_password_gives_a_token(tmp_path):
    async def trip(home):
        await home.accounts.add("alice", PASSWORD, tenant_id="acme")
        issued = await home.log_in.run(" ALICE", PASSWORD, address=HOME, request_id="r1")
        assert home.tokens.verify(issued.access_token).tenant_id == "acme"
        assert (await home.trail())[-1] == ("alice", "acme", "login", "alice", f"from {HOME}")
        assert (await home.entries())[0].request_id == "r1"

    house(tmp_path, trip)


def test_all_refusals_are_one(tmp_path):
    async def trip(home):
        await home.accounts.add("alice", PASSWORD)
        await home.accounts.add("carol", PASSWORD)
        await home.accounts.set_disabled("carol", is_disabled=True)
        home.passwords.asked.clear()
        said = {
            await refused(home, "alice", "wrong"),
            await refused(home, "nobody", PASSWORD),
            await refused(home, "carol", PASSWORD),
            await refused(home, "no name/at all", PASSWORD),
            await refused(home, "alice", ""),
            await refused(home, "", ""),
        }
        assert said == {"login: wrong username or password"}
        assert len(home.passwords.asked) == 6, "each took the time of a verification"
        trail = [entry for entry in await home.trail() if entry[2] == "login_refused"]
        assert [entry[3] for entry in trail] == ["alice", "nobody", "carol", "?", "alice", "?"]
        assert not any(PASSWORD in str(entry) or "wrong" in str(entry) for entry in trail)

    house(tmp_path, trip)


def test_a_guesser_of_one_name_is_stopped_from_any_number_of_addresses(tmp_path):
    async def trip(home):
        await home.accounts.add("alice", PASSWORD)
        for at in range(TRIES_PER_NAME):
            await refused(home, "alice", "wrong", f"198.51.100.{at}")
        with pytest.raises(RateLimited, match="too many tries") as caught:
            await home.log_in.run("alice", PASSWORD, address="203.0.113.1")
        assert 1 <= caught.value.retry_after_seconds <= 300
        assert home.journal.texts("warning") == ["Login throttled"]
        await refused(home, "bob", "wrong", "203.0.113.1")

    house(tmp_path, trip)


@pytest.mark.parametrize(
    ("addresses", "is_one"),
    [
        (["192.0.2.7"], True),
        (["::ffff:192.0.2.7", "192.0.2.7"], True),
        (["2001:db8:1:2::1", "2001:db8:1:2:ffff::9"], True),
        (["2001:db8:1:2::1", "2001:db8:1:3::1"], False),
        (["192.0.2.7", "192.0.2.8"], False),
        (["x" * 100, "x" * 200], True),
    ],
)
def test_a_guesser_of_many_names_is_stopped_by_the_address(tmp_path, addresses, is_one):
    async def trip(home):
        for at in range(TRIES_PER_ADDRESS):
            await refused(home, f"user{at}", "wrong", addresses[at % len(addresses)])
        if not is_one:
            await refused(home, "last", "wrong", addresses[0])
            return
        with pytest.raises(RateLimited):
            await home.log_in.run("last", "wrong", address=addresses[0])

    house(tmp_path, trip)


def test_the_window_ends(tmp_path):
    async def trip(home):
        await home.accounts.add("alice", PASSWORD)
        for _ in range(TRIES_PER_NAME):
            await refused(home, "alice", "wrong")
        with pytest.raises(RateLimited) as caught:
            await home.log_in.run("alice", PASSWORD, address=HOME)
        home.pass_time(timedelta(seconds=caught.value.retry_after_seconds + 1))
        assert await home.log_in.run("alice", PASSWORD, address=HOME)

    house(tmp_path, trip)
