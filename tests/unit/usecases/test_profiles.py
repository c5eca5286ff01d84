"""What a user sets: validated, replaced as a whole, and the switch of the daily report."""

from dataclasses import replace
from datetime import timedelta

import pytest
from coincurve import PrivateKey
from tests.builders import MORNING
from tests.identity_house import a_caller, a_report, house
from tests.signing import node_id_of

from daznode.domain.accounts import NotificationPreferences
from daznode.domain.errors import (
    InvalidNodeId,
    InvalidParameter,
    NodeKeyMissing,
    NodeKeyTaken,
    ProfileNotFound,
)
from daznode.usecases.profiles import ProfileChange

KEY, OTHER = (node_id_of(PrivateKey(bytes([at]) * 32)) for at in (1, 2))
ALICE, BOB = a_caller("alice", tenant_id="acme"), a_caller("bob")


def test_what_is_put_is_got(tmp_path):
    async def trip(home):
        with pytest.raises(ProfileNotFound):
            await home.profiles.get(ALICE)
        wanted = NotificationPreferences(daily_report=True, min_severity="info")
        put = await home.profiles.put(
            ALICE, ProfileChange(KEY.upper(), " Mine ", "fr", 23, wanted), request_id="r"
        )
        assert put == await home.profiles.get(ALICE)
        assert (put.lightning_pubkey, put.alias, put.language) == (KEY, "Mine", "fr")
        assert (put.report_hour, put.notifications) == (23, wanted)
        assert (put.user_id, put.tenant_id) == ("alice", "acme")
        assert put.pubkey_proven_at is None
        assert not put.daily_report_enabled
        assert await home.trail() == [
            ("alice", "acme", "profile_changed", "alice", f"node key {KEY}")
        ]

    house(tmp_path, trip)


def test_putting_the_same_again_changes_nothing(tmp_path):
    async def trip(home):
        first = await home.profiles.put(ALICE, ProfileChange(KEY))
        home.pass_time(timedelta(hours=1))
        assert await home.profiles.put(ALICE, ProfileChange(KEY)) == first
        assert len(await home.trail()) == 1
        changed = await home.profiles.put(ALICE, ProfileChange(KEY, language="fr"))
        assert changed.created_at == first.created_at
        assert changed.updated_at == home.clock.now()

    house(tmp_path, trip)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (ProfileChange(language="de"), "language 'de': expected en or fr"),
        (ProfileChange(report_hour=24), "report hour 24: expected 0 to 23"),
        (ProfileChange(report_hour=-1), "report hour -1"),
        (ProfileChange(alias="x" * 65), "alias: 65 characters"),
        (
            ProfileChange(notifications=NotificationPreferences(min_severity="loud")),
            "least severity 'loud': expected one of",
        ),
        (ProfileChange(language="de", report_hour=99), "language.*; report hour"),
    ],
)
def test_values_outside_are_refused_in_one_line(tmp_path, change, said):
    async def trip(home):
        with pytest.raises(InvalidParameter, match=said):
            await home.profiles.put(ALICE, change)
        with pytest.raises(ProfileNotFound):
            await home.profiles.get(ALICE)

    house(tmp_path, trip)


@pytest.mark.parametrize("key", ["02", "zz" * 33, "04" + "11" * 32, "02" + "ff" * 32])
def test_keys_that_are_none(tmp_path, key):
    async def trip(home):
        with pytest.raises(InvalidNodeId):
            await home.profiles.put(ALICE, ProfileChange(key))

    house(tmp_path, trip)


@pytest.mark.parametrize(
    ("alias", "kept"), [("", None), ("  ", None), ("\u202e\x1b[31mevil\n2", "[31mevil 2")]
)
def test_an_alias_cannot_steer_what_shows_it(tmp_path, alias, kept):
    async def trip(home):
        assert (await home.profiles.put(ALICE, ProfileChange(alias=alias))).alias == kept

    house(tmp_path, trip)


def test_another_key_drops_the_proof_and_no_key_ends_the_report(tmp_path):
    async def trip(home):
        await home.profiles.put(ALICE, ProfileChange(KEY))
        await home.profiles.enable_report(ALICE)
        proven = replace(await home.profiles.get(ALICE), pubkey_proven_at=home.clock.now())
        await home.parts.profiles.take_node_key(proven)
        same = await home.profiles.put(ALICE, ProfileChange(KEY, alias="x"))
        assert same.pubkey_proven_at is not None
        other = await home.profiles.put(ALICE, ProfileChange(OTHER))
        assert other.pubkey_proven_at is None
        assert other.daily_report_enabled
        none = await home.profiles.put(ALICE, ProfileChange())
        assert none.lightning_pubkey is None
        assert not none.daily_report_enabled
        assert [entry[4] for entry in await home.trail()][-2:] == ["node key removed", ""]
        assert (await home.trail())[-1][2] == "report_disabled"

    house(tmp_path, trip)


def test_a_key_stands_in_one_profile(tmp_path):
    async def trip(home):
        await home.profiles.put(ALICE, ProfileChange(KEY))
        with pytest.raises(NodeKeyTaken):
            await home.profiles.put(BOB, ProfileChange(KEY))
        await home.profiles.put(ALICE, ProfileChange())
        assert (await home.profiles.put(BOB, ProfileChange(KEY))).lightning_pubkey == KEY

    house(tmp_path, trip)


def test_enabling_answers_when_and_logs_the_line_operators_search_for(tmp_path):
    async def trip(home):
        await home.profiles.put(ALICE, ProfileChange(KEY, report_hour=9))
        switch = await home.profiles.enable_report(ALICE, request_id="r")
        assert MORNING.hour == 6
        due_at = MORNING.replace(hour=9, minute=30, second=0, microsecond=0)
        assert (switch.status, switch.next_report, switch.schedule) == (
            "success",
            due_at,
            "30 9 * * *",
        )
        assert f"{due_at:%Y-%m-%d at %H:%M} UTC" in switch.message
        assert home.journal.texts("info") == ["Daily report enabled for tenant acme"]
        assert home.metrics.enabled == [1]
        assert (await home.trail())[-1] == ("alice", "acme", "report_enabled", "alice", "")

    house(tmp_path, trip, report_minute=30)


def test_switching_twice_changes_nothing(tmp_path):
    async def trip(home):
        await home.profiles.put(ALICE, ProfileChange(KEY))
        first = await home.profiles.enable_report(ALICE)
        again = await home.profiles.enable_report(ALICE)
        assert again.next_report == first.next_report
        assert "was enabled before" in again.message
        off = await home.profiles.disable_report(ALICE)
        assert (off.status, off.message, off.next_report) == (
            "success",
            "Daily report disabled.",
            None,
        )
        assert (
            await home.profiles.disable_report(ALICE)
        ).message == "Daily report was disabled before."
        deeds = [entry[2] for entry in await home.trail()]
        assert deeds == ["profile_changed", "report_enabled", "report_disabled"]
        assert home.metrics.enabled == [1, 0]
        assert home.journal.texts("info") == [
            "Daily report enabled for tenant acme",
            "Daily report disabled for tenant acme",
        ]

    house(tmp_path, trip)


def test_without_a_profile_or_a_key_it_cannot_be_enabled(tmp_path):
    async def trip(home):
        for deed in (
            home.profiles.enable_report(ALICE),
            home.profiles.disable_report(ALICE),
            home.profiles.report_status(ALICE),
        ):
            with pytest.raises(ProfileNotFound):
                await deed
        await home.profiles.put(ALICE, ProfileChange())
        with pytest.raises(NodeKeyMissing, match="lightning_pubkey"):
            await home.profiles.enable_report(ALICE)
        assert (await home.profiles.disable_report(ALICE)).status == "success"

    house(tmp_path, trip)


def test_status_counts_the_own_reports(tmp_path):
    async def trip(home):
        await home.profiles.put(ALICE, ProfileChange(KEY))
        before = await home.profiles.report_status(ALICE)
        assert (before.enabled, before.last_report, before.total_reports) == (False, None, 0)
        assert (before.schedule, before.next_report) == ("0 6 * * *", None)
        await home.profiles.enable_report(ALICE)
        made = await home.parts.reports.put_report(a_report("alice", KEY))
        await home.parts.reports.put_report(a_report("bob", OTHER))
        after = await home.profiles.report_status(ALICE)
        assert (after.enabled, after.total_reports) == (True, 1)
        assert after.last_report == made.generation_timestamp
        assert after.next_report == MORNING.replace(minute=0) + timedelta(days=1)

    house(tmp_path, trip)
