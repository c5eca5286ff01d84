"""What every ProfileStore and ChallengeStore promises."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.builders import DAY, MORNING, a_challenge, a_node_id, a_profile

from daznode.domain.accounts import NotificationPreferences
from daznode.domain.errors import InvalidParameter, NodeKeyTaken

A_MOMENT = timedelta(milliseconds=1)


@pytest.fixture
def store(stores):
    return stores.profiles


@pytest.fixture
def challenges(stores):
    return stores.challenges


def test_a_profile_is_read_back_as_it_was_stored(store, run):
    async def trip():
        full = a_profile(
            pubkey_proven_at=MORNING,
            alias="our node ⚡",
            language="fr",
            report_hour=0,
            notifications=NotificationPreferences(weekly_digest=True, min_severity="info"),
        )
        await store.put_profile(full)
        assert await store.profile("alice") == full
        assert await store.profile_of_node(a_node_id(1)) == full
        bare = a_profile(user_id="bob", lightning_pubkey=None, daily_report_enabled=False)
        await store.put_profile(bare)
        assert await store.profile("bob") == bare
        assert await store.profile("carol") is None
        assert await store.profile_of_node(a_node_id(2)) is None

    run(trip())


def test_a_profile_replaces_the_users_former_one(store, run):
    async def trip():
        await store.put_profile(a_profile())
        changed = a_profile(lightning_pubkey=a_node_id(2), updated_at=MORNING + DAY)
        await store.put_profile(changed)
        assert await store.profile("alice") == changed
        assert await store.profile_of_node(a_node_id(1)) is None
        await store.put_profile(replace(changed, lightning_pubkey=None))
        assert await store.profile_of_node(a_node_id(2)) is None

    run(trip())


def test_many_profiles_may_have_no_key(store, run):
    async def trip():
        for number in range(3):
            await store.put_profile(a_profile(user_id=f"u{number}", lightning_pubkey=None))
        assert await store.enabled_profiles() == ()

    run(trip())


def test_a_key_stands_in_one_profile(store, run):
    async def trip():
        await store.put_profile(a_profile())
        before = a_profile(user_id="bob", lightning_pubkey=a_node_id(2))
        await store.put_profile(before)
        with pytest.raises(NodeKeyTaken, match=a_node_id(1)):
            await store.put_profile(replace(before, lightning_pubkey=a_node_id(1)))
        assert await store.profile("bob") == before

    run(trip())


def test_of_many_who_claim_a_key_at_once_one_gets_it(store, run):
    async def trip():
        asked = (store.put_profile(a_profile(user_id=f"u{number}")) for number in range(8))
        told = await asyncio.gather(*asked, return_exceptions=True)
        assert sum(one is None for one in told) == 1
        assert sum(isinstance(one, NodeKeyTaken) for one in told) == 7

    run(trip())


def test_a_proven_key_is_taken_from_one_who_only_claimed_it(store, run):
    async def trip():
        await store.put_profile(a_profile(user_id="bob"))
        ours = a_profile(pubkey_proven_at=MORNING + DAY, updated_at=MORNING + DAY)
        assert await store.take_node_key(ours) is True
        assert await store.profile_of_node(a_node_id(1)) == ours
        loser = a_profile(
            user_id="bob",
            lightning_pubkey=None,
            daily_report_enabled=False,
            updated_at=MORNING + DAY,
        )
        assert await store.profile("bob") == loser

    run(trip())


def test_a_free_key_and_ones_own_are_taken_from_nobody(store, run):
    async def trip():
        ours = a_profile(pubkey_proven_at=MORNING)
        assert await store.take_node_key(ours) is False
        assert await store.take_node_key(replace(ours, alias="again")) is False
        assert (await store.profile("alice")).alias == "again"

    run(trip())


def test_a_key_that_another_has_proven_stays_there(store, run):
    async def trip():
        theirs = a_profile(user_id="bob", pubkey_proven_at=MORNING)
        await store.take_node_key(theirs)
        before = a_profile(lightning_pubkey=a_node_id(2))
        await store.put_profile(before)
        with pytest.raises(NodeKeyTaken):
            await store.take_node_key(
                replace(before, lightning_pubkey=a_node_id(1), pubkey_proven_at=MORNING)
            )
        assert await store.profile("bob") == theirs
        assert await store.profile("alice") == before

    run(trip())


def test_of_many_who_prove_a_key_at_once_one_gets_it(store, run):
    async def trip():
        await store.put_profile(a_profile(user_id="claimer"))
        asked = (
            store.take_node_key(a_profile(user_id=f"u{number}", pubkey_proven_at=MORNING))
            for number in range(6)
        )
        told = await asyncio.gather(*asked, return_exceptions=True)
        assert sum(isinstance(one, bool) for one in told) == 1
        assert sum(isinstance(one, NodeKeyTaken) for one in told) == 5
        holder = await store.profile_of_node(a_node_id(1))
        assert holder.pubkey_proven_at == MORNING
        assert (await store.profile("claimer")).lightning_pubkey is None

    run(trip())


def test_only_a_proven_key_is_taken(store, run):
    async def trip():
        with pytest.raises(InvalidParameter, match="takes a node key that is proven"):
            await store.take_node_key(a_profile())
        assert await store.profile("alice") is None

    run(trip())


def test_a_user_id_that_cannot_name_a_folder_is_refused(store, run):
    async def trip():
        with pytest.raises(InvalidParameter, match="names the folder"):
            await store.put_profile(a_profile(user_id="a/b"))

    run(trip())


def test_enabled_profiles_have_a_key_and_come_in_order(store, run):
    async def trip():
        given = (
            a_profile(user_id="dave", lightning_pubkey=a_node_id(4)),
            a_profile(user_id="bob", lightning_pubkey=a_node_id(2)),
            a_profile(user_id="off", lightning_pubkey=a_node_id(3), daily_report_enabled=False),
            a_profile(user_id="keyless", lightning_pubkey=None),
        )
        for profile in given:
            await store.put_profile(profile)
        assert await store.enabled_profiles() == (given[1], given[0])
        assert await store.count_enabled() == 2

    run(trip())


def test_a_challenge_is_good_for_one_try(challenges, run):
    async def trip():
        challenge = a_challenge()
        await challenges.put_challenge(challenge)
        assert await challenges.take_challenge("bob", MORNING) is None
        assert await challenges.take_challenge("alice", MORNING) == challenge
        assert await challenges.take_challenge("alice", MORNING) is None

    run(trip())


def test_a_new_challenge_replaces_the_former_one(challenges, run):
    async def trip():
        await challenges.put_challenge(a_challenge())
        second = a_challenge(challenge_id="2", message="daznode second")
        await challenges.put_challenge(second)
        assert await challenges.take_challenge("alice", MORNING) == second
        assert await challenges.take_challenge("alice", MORNING) is None

    run(trip())


def test_an_expired_challenge_counts_as_none(challenges, run):
    async def trip():
        challenge = a_challenge()
        await challenges.put_challenge(challenge)
        assert await challenges.take_challenge("alice", challenge.expires_at) is None
        await challenges.put_challenge(challenge)
        assert await challenges.take_challenge("alice", challenge.expires_at - A_MOMENT) is not None

    run(trip())


def test_two_takers_never_both_get_a_challenge(challenges, run):
    async def trip():
        await challenges.put_challenge(a_challenge())
        told = await asyncio.gather(
            *(challenges.take_challenge("alice", MORNING) for _ in range(8))
        )
        assert sum(one is not None for one in told) == 1

    run(trip())
