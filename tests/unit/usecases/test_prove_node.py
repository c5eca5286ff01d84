"""A node is proven by a signature over a challenge, once, by whoever holds its key."""

from datetime import timedelta

import pytest
from coincurve import PrivateKey
from tests.identity_house import a_caller, house
from tests.signing import node_id_of, signed

from daznode.domain.errors import (
    ChallengeMissing,
    InvalidNodeId,
    InvalidSignature,
    NodeKeyMissing,
    NodeKeyTaken,
)
from daznode.usecases.profiles import ProfileChange

KEY, OTHER = PrivateKey(b"\x01" * 32), PrivateKey(b"\x02" * 32)
ALICE, BOB = a_caller("alice"), a_caller("bob", tenant_id="acme")


async def proven(home, caller, key, **options):
    challenge = await home.prove_node.challenge(caller)
    return await home.prove_node.verify(caller, signed(key, challenge.message), **options)


def test_a_challenge_is_one_safe_line_that_names_its_user_and_ends(tmp_path):
    async def trip(home):
        challenge = await home.prove_node.challenge(a_caller("zoë'; rm -rf $HOME`x`\n"))
        line = challenge.message
        assert line.isascii()
        assert line.isprintable()
        assert not set(line) & set("'\"`$\\!<>&|")
        assert line.startswith("daznode: user zo?")
        assert challenge.challenge_id in line
        assert challenge.expires_at == home.clock.now() + timedelta(minutes=10)
        assert f"{challenge.expires_at:%Y-%m-%dT%H:%M:%SZ}" in line
        assert (await home.prove_node.challenge(ALICE)).message != line

    house(tmp_path, trip)


def test_who_signs_gets_the_key(tmp_path):
    async def trip(home):
        await home.profiles.put(ALICE, ProfileChange(node_id_of(KEY), alias="Mine", report_hour=4))
        profile = await proven(home, ALICE, KEY)
        assert profile == await home.profiles.get(ALICE)
        assert profile.pubkey_proven_at == home.clock.now()
        assert (profile.alias, profile.report_hour) == ("Mine", 4)
        assert (await home.trail())[-1] == ("alice", "local", "node_proven", node_id_of(KEY), "")

    house(tmp_path, trip)


def test_without_a_profile_one_is_made(tmp_path):
    async def trip(home):
        with pytest.raises(NodeKeyMissing, match="pubkey"):
            await proven(home, ALICE, KEY)
        profile = await proven(home, ALICE, KEY, pubkey=node_id_of(KEY).upper())
        assert profile.lightning_pubkey == node_id_of(KEY)
        assert profile == await home.profiles.get(ALICE)

    house(tmp_path, trip)


def test_a_challenge_is_good_for_one_try(tmp_path):
    async def trip(home):
        challenge = await home.prove_node.challenge(ALICE)
        right = signed(KEY, challenge.message)
        with pytest.raises(InvalidSignature, match="not of"):
            await home.prove_node.verify(
                ALICE, signed(OTHER, challenge.message), pubkey=node_id_of(KEY)
            )
        with pytest.raises(ChallengeMissing):
            await home.prove_node.verify(ALICE, right, pubkey=node_id_of(KEY))
        assert await proven(home, ALICE, KEY, pubkey=node_id_of(KEY))
        with pytest.raises(ChallengeMissing):
            await home.prove_node.verify(ALICE, right, pubkey=node_id_of(KEY))
        assert [entry[2] for entry in await home.trail()] == ["node_refused", "node_proven"]

    house(tmp_path, trip)


def test_a_question_that_cannot_be_answered_does_not_use_the_challenge(tmp_path):
    async def trip(home):
        challenge = await home.prove_node.challenge(ALICE)
        right = signed(KEY, challenge.message)
        with pytest.raises(NodeKeyMissing):
            await home.prove_node.verify(ALICE, right)
        with pytest.raises(InvalidNodeId):
            await home.prove_node.verify(ALICE, right, pubkey="02" * 20)
        assert await home.prove_node.verify(ALICE, right, pubkey=node_id_of(KEY))

    house(tmp_path, trip)


def test_it_expires_after_ten_minutes(tmp_path):
    async def trip(home):
        challenge = await home.prove_node.challenge(ALICE)
        home.pass_time(timedelta(minutes=10))
        with pytest.raises(ChallengeMissing):
            await home.prove_node.verify(
                ALICE, signed(KEY, challenge.message), pubkey=node_id_of(KEY)
            )

    house(tmp_path, trip)


def test_nobody_answers_the_challenge_of_another(tmp_path):
    async def trip(home):
        challenge = await home.prove_node.challenge(ALICE)
        right = signed(KEY, challenge.message)
        with pytest.raises(ChallengeMissing):
            await home.prove_node.verify(BOB, right, pubkey=node_id_of(KEY))
        await home.prove_node.challenge(BOB)
        with pytest.raises(InvalidSignature):
            await home.prove_node.verify(BOB, right, pubkey=node_id_of(KEY))
        assert await home.prove_node.verify(ALICE, right, pubkey=node_id_of(KEY))

    house(tmp_path, trip)


@pytest.mark.parametrize("change", [lambda line: line + "\n", lambda line: line[:-1], str.upper])
def test_another_text_is_not_the_challenge(tmp_path, change):
    async def trip(home):
        challenge = await home.prove_node.challenge(ALICE)
        with pytest.raises(InvalidSignature):
            await home.prove_node.verify(
                ALICE, signed(KEY, change(challenge.message)), pubkey=node_id_of(KEY)
            )

    house(tmp_path, trip)


def test_a_proof_beats_a_claim_and_both_are_told(tmp_path):
    async def trip(home):
        await home.profiles.put(BOB, ProfileChange(node_id_of(KEY)))
        await home.profiles.enable_report(BOB)
        with pytest.raises(NodeKeyTaken):
            await home.profiles.put(ALICE, ProfileChange(node_id_of(KEY)))
        assert await proven(home, ALICE, KEY, pubkey=node_id_of(KEY))
        lost = await home.profiles.get(BOB)
        assert lost.lightning_pubkey is None
        assert not (await home.profiles.report_status(BOB)).next_report
        deeds = [(entry[1], entry[2]) for entry in await home.trail()][-2:]
        assert deeds == [("acme", "node_key_lost"), ("local", "node_proven")]

    house(tmp_path, trip)


def test_a_proof_does_not_beat_a_proof(tmp_path):
    async def trip(home):
        await proven(home, BOB, KEY, pubkey=node_id_of(KEY))
        with pytest.raises(NodeKeyTaken):
            await proven(home, ALICE, KEY, pubkey=node_id_of(KEY))
        assert (await home.profiles.get(BOB)).lightning_pubkey == node_id_of(KEY)

    house(tmp_path, trip)
