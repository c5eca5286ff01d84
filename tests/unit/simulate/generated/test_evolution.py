"""A day in the life of a generated network."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from daznode.domain.errors import InvalidParameter
from daznode.simulate.generated.evolution import evolve_network
from daznode.simulate.generated.topology import NetworkParams, generate_network

AT = datetime(2025, 11, 20, 6, tzinfo=UTC)
DAY = timedelta(days=1)


def a_network(nodes=3_000, channels=10_000):
    params = NetworkParams(nodes, channels)
    return generate_network(params, np.random.default_rng(3), observed_at=AT, imported_at=AT)


def after(network, days=1, seed=4, protected=None):
    at = network.origin.observed_at + days * DAY
    return evolve_network(
        network,
        np.random.default_rng(seed),
        observed_at=at,
        imported_at=at,
        days=days,
        protected=protected,
    )


def in_both(one, other):
    """Columns of the channels that both have: indexes in the first and in the second."""
    _, first, second = np.intersect1d(one.channels.scid, other.channels.scid, return_indices=True)
    return first, second


@pytest.fixture(scope="module")
def before():
    return a_network()


@pytest.fixture(scope="module")
def tomorrow(before):
    return after(before)


def test_about_one_channel_in_a_hundred_opens_or_closes(before, tomorrow):
    kept = len(in_both(before, tomorrow)[0])
    assert 0.003 < 1.0 - kept / before.n_channels < 0.008
    assert 0.003 < 1.0 - kept / tomorrow.n_channels < 0.009


def test_about_three_policies_in_a_hundred_change(before, tomorrow):
    first, second = in_both(before, tomorrow)
    old, new = before.channels.policies, tomorrow.channels.policies
    changed = old.fee_ppm[:, first] != new.fee_ppm[:, second]
    assert 0.024 < changed.mean() < 0.036
    assert (new.last_update[:, second][changed] > int(AT.timestamp())).all()
    assert (old.base_fee_msat[:, first] == new.base_fee_msat[:, second]).all()
    assert (before.channels.capacity_sat[first] == tomorrow.channels.capacity_sat[second]).all()


def test_a_few_nodes_come_and_go_and_none_is_left_alone(before, tomorrow):
    old = {row.tobytes() for row in before.nodes.node_id}
    new = {row.tobytes() for row in tomorrow.nodes.node_id}
    assert 0 < len(new - old) < 30
    assert 0 < len(old - new) < 60
    ends = np.concatenate([tomorrow.channels.node1, tomorrow.channels.node2])
    assert len(np.unique(ends)) == tomorrow.n_nodes


def test_nothing_is_younger_than_the_day(tomorrow):
    now = int((AT + DAY).timestamp())
    assert tomorrow.channels.policies.last_update.max() <= now
    assert tomorrow.nodes.last_update.max() <= now
    assert tomorrow.origin.observed_at == AT + DAY


def test_living_policies_are_announced_again_before_they_are_two_weeks_old(before):
    network = after(before, days=20)
    policies = network.channels.policies
    alive = policies.is_present & ~policies.is_disabled
    oldest = int((AT + 20 * DAY).timestamp()) - policies.last_update[alive].min()
    assert oldest <= 14 * 86_400


def test_new_channels_of_old_nodes_ask_what_their_others_ask(before, tomorrow):
    fresh = ~np.isin(tomorrow.channels.scid, before.channels.scid)
    policies = tomorrow.channels.policies
    assert policies.is_present[:, fresh].all()
    assert not policies.is_disabled[:, fresh].any()
    bases = {}
    for side, ends in enumerate((tomorrow.channels.node1, tomorrow.channels.node2)):
        for column in np.flatnonzero(~fresh & policies.is_present[side]):
            owner = tomorrow.node_hex(int(ends[column]))
            bases.setdefault(owner, set()).add(int(policies.base_fee_msat[side, column]))
        for column in np.flatnonzero(fresh):
            owner = tomorrow.node_hex(int(ends[column]))
            if owner in bases and side == 1:
                assert int(policies.base_fee_msat[side, column]) in bases[owner]


def test_one_seed_gives_one_future(before, tomorrow):
    assert after(before).origin.content_sha256 == tomorrow.origin.content_sha256
    assert after(before, seed=5).origin.content_sha256 != tomorrow.origin.content_sha256


def test_a_protected_node_keeps_its_channels_and_prices(before):
    ends = np.concatenate([before.channels.node1, before.channels.node2])
    hub = before.node_hex(int(np.bincount(ends).argmax()))
    network = after(before, days=5, protected=hub)

    def own(snapshot):
        place = snapshot.index_of(hub)
        channels, policies = snapshot.channels, snapshot.channels.policies
        rows = {}
        for side, mine in enumerate((channels.node1, channels.node2)):
            for column in np.flatnonzero(mine == place):
                rows[int(channels.scid[column])] = (
                    int(policies.fee_ppm[side, column]),
                    bool(policies.is_disabled[side, column]),
                    int(policies.last_update[side, column]),
                )
        return rows

    assert len(own(before)) > 100
    kept = own(network)
    assert {scid: row[:2] for scid, row in kept.items()} == {
        scid: row[:2] for scid, row in own(before).items()
    }


@pytest.mark.parametrize("days", [0, -1, 367])
def test_days_out_of_range_are_refused(before, days):
    with pytest.raises(InvalidParameter, match=f"days: {days}; takes 1 to 366"):
        evolve_network(
            before,
            np.random.default_rng(1),
            observed_at=AT + DAY,
            imported_at=AT + DAY,
            days=days,
        )


def test_the_past_is_refused(before):
    with pytest.raises(InvalidParameter, match="takes a moment after 2025-11-20"):
        evolve_network(before, np.random.default_rng(1), observed_at=AT, imported_at=AT)


def test_the_smallest_network_lives_on():
    network = a_network(2, 1)
    for day in range(40):
        network = after(network, seed=day)
        ends = np.concatenate([network.channels.node1, network.channels.node2])
        assert len(np.unique(ends)) == network.n_nodes
