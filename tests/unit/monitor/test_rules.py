"""What the alert rules find, and when they stay silent."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.builders import (
    DAY,
    MORNING,
    a_channel,
    a_failure,
    a_forward,
    a_node_id,
    a_policy,
    a_rebalance,
    a_scid,
    an_activity,
    an_identity,
    an_observation,
)
from tests.status_builders import a_card, a_public_channel, a_status, a_view, an_own_day

from daznode.domain.ids import format_scid
from daznode.domain.report import Severity
from daznode.domain.vitals import (
    BackupState,
    CloseKind,
    NodeVitals,
    PendingClose,
    PendingHtlc,
    Wallet,
)
from daznode.monitor.params import MonitorParams
from daznode.monitor.rules import judge
from daznode.report.wording import Wording

PARAMS = MonitorParams()


def found(status):
    """Rules that fired, with their variant and severity."""
    return {(finding.rule, finding.variant): finding.severity for finding in judge(status, PARAMS)}


def own(channels=None, **activity):
    observation = None if channels is None else an_observation(channels=tuple(channels))
    return an_own_day(
        observation, an_activity(**({"forwards": (), "failures": (), "rebalances": ()} | activity))
    )


BUSY = {
    "forwards": tuple(
        a_forward(scid_in=a_scid(i), scid_out=a_scid(j), at=MORNING - timedelta(hours=3))
        for i, j in ((1, 2), (2, 3))
    )
}


def test_a_healthy_public_node_gives_no_alert():
    assert found(a_status()) == {}


def test_a_healthy_own_node_gives_no_alert():
    assert found(a_status(own=own(**BUSY))) == {}


def test_unknown_node():
    assert found(a_status(now=None, before=None)) == {
        ("poor_connectivity", "unknown"): Severity.WARNING
    }


def test_no_channel_is_critical():
    view = a_view(channels=(), fee_reached=0)
    assert found(a_status(now=view, before=None)) == {
        ("poor_connectivity", "no_channels"): Severity.CRITICAL
    }


def test_no_route_is_critical():
    off = tuple(a_public_channel(n, local_policy=a_policy(is_disabled=True)) for n in (1, 2))
    view = a_view(channels=off, fee_reached=0)
    assert found(a_status(now=view, before=None))[("poor_connectivity", "no_route")] is (
        Severity.CRITICAL
    )


def test_channels_that_are_only_too_small_are_no_emergency():
    small = a_view(channels=(a_public_channel(1, capacity_sat=50_000),), fee_reached=0)
    assert found(a_status(now=small, before=None))[("poor_connectivity", "narrow")] is (
        Severity.WARNING
    )


def test_nothing_imported_is_not_an_unknown_node():
    status = a_status(now=None, before=None, has_network=False)
    assert ("poor_connectivity", "no_snapshot") in found(status)


def test_single_peer_with_two_channels():
    twins = (a_public_channel(1), a_public_channel(2, peer_id=a_public_channel(1).peer_id))
    assert ("poor_connectivity", "single_peer") in found(
        a_status(now=a_view(channels=twins), before=None)
    )


def test_low_centrality():
    view = a_view(card=a_card(centrality=12.0))
    assert ("poor_connectivity", "edge") in found(a_status(now=view))


@pytest.mark.parametrize(
    ("n_disabled", "severity"), [(1, Severity.WARNING), (2, Severity.CRITICAL)]
)
def test_disabled_channels_on_public_data(n_disabled, severity):
    off = a_policy(is_disabled=True)
    channels = tuple(
        a_public_channel(n, local_policy=off if n <= n_disabled else a_policy()) for n in (1, 2, 3)
    )
    assert (
        found(a_status(now=a_view(channels=channels)))[("channel_inactive", "public")] is severity
    )


def test_own_data_replaces_the_public_guess_about_offline_peers():
    off = tuple(a_public_channel(n, local_policy=a_policy(is_disabled=True)) for n in (1, 2, 3))
    assert ("channel_inactive", "public") not in found(
        a_status(now=a_view(channels=off), own=own(**BUSY))
    )


@pytest.mark.parametrize(("age_days", "is_stale"), [(13.9, False), (14.1, True)])
def test_policies_go_stale_after_two_weeks(age_days, is_stale):
    old = a_public_channel(1, local_policy_at=MORNING - timedelta(days=age_days))
    channels = (old, a_public_channel(2), a_public_channel(3))
    assert (("stale_channels", "") in found(a_status(now=a_view(channels=channels)))) is is_stale


def test_fees_far_apart():
    fees = (1, 50, 60, 70, 101)
    channels = tuple(
        a_public_channel(n, local_policy=a_policy(fee_ppm=ppm)) for n, ppm in enumerate(fees, 1)
    )
    assert ("high_fee_variance", "") in found(a_status(now=a_view(channels=channels)))
    narrower = (*channels[:-1], a_public_channel(5, local_policy=a_policy(fee_ppm=100)))
    assert ("high_fee_variance", "") not in found(a_status(now=a_view(channels=narrower)))


def test_lost_peer():
    before = a_view(channels=tuple(a_public_channel(n) for n in (1, 2, 3, 4)))
    findings = judge(a_status(before=before), PARAMS)
    assert [finding.channels for finding in findings if finding.rule == "peers_lost"] == [
        (format_scid(a_scid(4)),)
    ]


def test_old_snapshot_is_told():
    status = a_status(is_stale=True, now=a_view(seen_at=MORNING - 9 * DAY), before=None)
    stale = next(finding for finding in judge(status, PARAMS) if finding.rule == "stale_data")
    assert stale.figures["age_days"] == 9


def test_offline_peers_by_capacity():
    channels = [a_channel(1, is_active=False), a_channel(2), a_channel(3)]
    assert (
        found(a_status(own=own(channels, **BUSY)))[("channel_inactive", "own")] is Severity.WARNING
    )
    channels[1] = a_channel(2, is_active=False)
    assert (
        found(a_status(own=own(channels, **BUSY)))[("channel_inactive", "own")] is Severity.CRITICAL
    )


@pytest.mark.parametrize(
    ("local_sat", "expected"),
    [
        (400_000, ("outbound", Severity.CRITICAL)),
        (900_000, ("outbound", Severity.WARNING)),
        (2_500_000, None),
        (4_100_000, ("inbound", Severity.WARNING)),
        (4_900_000, ("inbound", Severity.CRITICAL)),
    ],
)
def test_liquidity_of_the_whole_node(local_sat, expected):
    channels = [
        a_channel(n, local_msat=local_sat * 1000, remote_msat=(5_000_000 - local_sat) * 1000)
        for n in (1, 2, 3)
    ]
    alerts = found(a_status(own=own(channels, **BUSY)))
    seen = {key[1]: severity for key, severity in alerts.items() if key[0] == "low_liquidity"}
    assert seen == ({} if expected is None else {expected[0]: expected[1]})


def test_empty_channel_that_refused_forwards():
    channels = [
        a_channel(1),
        a_channel(2, local_msat=100_000_000, remote_msat=4_900_000_000),
        a_channel(3),
    ]
    findings = judge(a_status(own=own(channels, failures=(a_failure(),), **BUSY)), PARAMS)
    depleted = next(finding for finding in findings if finding.variant == "depleted")
    assert depleted.figures["missed_msat"] == 101_000
    assert ("low_liquidity", "depleted") not in found(a_status(own=own(channels, **BUSY)))


def test_most_forwards_failed():
    failures = tuple(a_failure(is_local=False, at=MORNING - timedelta(hours=1)) for _ in range(18))
    assert ("high_failure_ratio", "") in found(a_status(own=own(failures=failures, **BUSY)))
    assert ("high_failure_ratio", "") not in found(
        a_status(own=own(failures=failures[:17], **BUSY))
    )


def test_rebalancing_that_ate_the_revenue():
    assert ("rebalance_loss", "") in found(
        a_status(own=own(rebalances=(a_rebalance(), a_rebalance()), **BUSY))
    )


def test_revenue_drop():
    many = tuple(
        a_forward(at=MORNING - day * DAY - timedelta(hours=1))
        for day in range(1, 7)
        for _ in range(5)
    )
    assert ("revenue_drop", "") in found(a_status(own=own(forwards=many)))
    today = tuple(a_forward(at=MORNING - timedelta(hours=2)) for _ in range(3))
    assert ("revenue_drop", "") not in found(a_status(own=own(forwards=many + today)))


def test_idle_channels_are_old_and_untouched():
    young = a_channel(3, opened_at=MORNING - 3 * DAY)
    status = a_status(own=own([a_channel(1), a_channel(2), young], forwards=()))
    idle = next(finding for finding in judge(status, PARAMS) if finding.rule == "idle_channels")
    assert idle.channels == (format_scid(a_scid(1)), format_scid(a_scid(2)))


@pytest.mark.parametrize(
    ("identity", "variant", "severity"),
    [
        ({"is_synced_to_chain": False}, "chain", Severity.CRITICAL),
        ({"is_synced_to_graph": False}, "graph", Severity.WARNING),
    ],
)
def test_sync(identity, variant, severity):
    observation = an_observation(
        identity=an_identity(**identity), channels=tuple(a_channel(n) for n in (1, 2, 3))
    )
    status = a_status(own=an_own_day(observation, an_activity(failures=(), rebalances=())))
    assert found(status)[("node_not_synced", variant)] is severity


def test_most_severe_first():
    status = a_status(now=a_view(fee_reached=0, channels=()), is_stale=True, before=None)
    severities = [finding.severity for finding in judge(status, PARAMS)]
    assert severities == [Severity.CRITICAL, Severity.INFO]


def vital(**changes):
    vitals = NodeVitals(
        observed_at=MORNING,
        block_height=900_000,
        wallet=Wallet(1_000_000, 0, 100_000),
        peers=(),
        htlcs=(),
        closing=(),
        open_points={},
    )
    return a_status(own=replace(own(**BUSY), vitals=replace(vitals, **changes)))


def backed_up(exported_at, uncovered=()):
    state = BackupState(exported_at, is_verified=True, uncovered=uncovered)
    return a_status(own=replace(own(**BUSY), backup=state))


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (backed_up(MORNING - timedelta(hours=24)), {}),
        (backed_up(MORNING - timedelta(hours=25)), {("backup_gap", "old"): Severity.WARNING}),
        (backed_up(MORNING, (a_scid(1),)), {("backup_gap", "uncovered"): Severity.CRITICAL}),
        (backed_up(None, (a_scid(1),)), {("backup_gap", "none"): Severity.CRITICAL}),
    ],
)
def test_backup_gap(status, expected):
    assert found(status) == expected


@pytest.mark.parametrize(
    ("left_blocks", "severity"),
    [
        (25, None),
        (24, Severity.WARNING),
        (13, Severity.WARNING),
        (12, Severity.CRITICAL),
        (-3, Severity.CRITICAL),
    ],
)
def test_htlc_expiry(left_blocks, severity):
    htlc = PendingHtlc(a_scid(1), 5_000, 900_000 + left_blocks, is_incoming=True)
    expected = {} if severity is None else {("htlc_expiry", ""): severity}
    status = vital(htlcs=(htlc,))
    assert found(status) == expected
    if severity:
        (finding,) = judge(status, PARAMS)
        assert finding.figures["left_count"] == max(0, left_blocks)
        assert finding.channels == (format_scid(a_scid(1)),)


@pytest.mark.parametrize(
    ("kind", "blocks_left", "expected"),
    [
        (CloseKind.FORCE, 144, {("pending_force_close", "counting"): Severity.WARNING}),
        (CloseKind.LOCAL_FORCE, None, {("pending_force_close", ""): Severity.WARNING}),
        (CloseKind.COOPERATIVE, None, {}),
        (CloseKind.UNKNOWN, None, {}),
    ],
)
def test_pending_force_close(kind, blocks_left, expected):
    close = PendingClose(a_node_id(2), "ab:0", kind, 700, blocks_left)
    assert found(vital(closing=(close,))) == expected


@pytest.mark.parametrize(
    ("wallet", "fires"),
    [
        (Wallet(99_999, 0, 100_000), True),
        (Wallet(60_000, 40_000, 100_000), False),
        (Wallet(0, 0, None), False),
        (None, False),
    ],
)
def test_anchor_reserve(wallet, fires):
    assert (("anchor_reserve", "") in found(vital(wallet=wallet))) == fires


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_vital_alert_has_words(language):
    htlc = PendingHtlc(a_scid(1), 5_000, 900_005, is_incoming=True)
    close = PendingClose(a_node_id(2), "ab:0", CloseKind.FORCE, 700, 10)
    statuses = [
        vital(htlcs=(htlc,), closing=(close,), wallet=Wallet(1, 0, 2)),
        vital(closing=(replace(close, blocks_left=None),)),
        backed_up(MORNING - 3 * DAY, (a_scid(1),)),
        backed_up(None, (a_scid(1),)),
    ]
    alerts = [
        Wording(language).alert(finding, MORNING)
        for status in statuses
        for finding in judge(status, PARAMS)
    ]
    assert len(alerts) == 7
    assert all(alert.title and "{" not in alert.description for alert in alerts)
