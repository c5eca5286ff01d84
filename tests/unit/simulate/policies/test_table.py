"""The table of policies: every row runs on whatever a node can show, and draws chance from its seed only."""

import numpy as np
import pytest
from tests.sights import SmallNode, a_sight, balanced

from daznode.domain.errors import InvalidParameter
from daznode.simulate.policies.table import POLICIES, policy

DAYS = 14


def lived(name, seed=3):
    node = SmallNode(np.random.default_rng(seed))
    made = policy(name, np.random.default_rng(seed + 1))
    node.live(made, DAYS)
    return node, made


@pytest.fixture(scope="module")
def lives():
    return {name: lived(name)[0] for name in POLICIES}


def test_names_are_those_asked_for():
    assert [row.name for row in POLICIES.values()] == list(POLICIES)
    for name in ("static-30", "keep", "lndg", "clboss", "nodeguard", "cl-revenue-ops", "feelancer"):
        assert POLICIES[name].summary
        assert POLICIES[name].source


def test_an_unknown_name_is_told_the_known_ones():
    with pytest.raises(InvalidParameter, match=r"'clbos': not known; one of keep, static-30, .*"):
        policy("clbos", np.random.default_rng(1))


@pytest.mark.parametrize("name", POLICIES)
def test_two_weeks_on_a_node_with_everything(name, lives):
    node = lives[name]
    n_looks = round(DAYS * 86_400 / policy(name, np.random.default_rng(1)).every.total_seconds())
    assert len(node.history) == n_looks + 1
    changes = sum(len(orders.policies) for orders in node.history)
    assert (changes == 0) == (name == "keep")


@pytest.mark.parametrize("name", POLICIES)
def test_orders_are_such_as_a_node_can_carry_out(name, lives):
    for orders in lives[name].history:
        scids = [order.scid for order in orders.policies]
        assert len(set(scids)) == len(scids)
        for order in orders.policies:
            asked = order.policy
            assert 0 <= asked.fee_ppm < 2**32
            assert 0 <= asked.base_fee_msat < 2**32
            assert asked.inbound_fee_ppm <= 0
            assert asked.cltv_delta == 80
            assert not asked.is_disabled
            whole = (asked.fee_ppm, asked.base_fee_msat, asked.inbound_fee_ppm)
            assert all(type(value) is int for value in whole)
        for refill in orders.refills:
            assert refill.scids_out
            assert refill.scid_in not in refill.scids_out
            assert refill.amount_msat > 0
            assert refill.most_fee_msat >= 0
            assert type(refill.amount_msat) is int
            assert type(refill.most_fee_msat) is int


@pytest.mark.parametrize("name", POLICIES)
def test_equal_chance_gives_equal_orders(name, lives):
    assert lived(name)[0].history == lives[name].history


@pytest.mark.parametrize("name", ["clboss", "cl-revenue-ops", "hill-climb"])
def test_other_chance_gives_other_orders(name):
    def first_week(seed):
        node = SmallNode(np.random.default_rng(3))
        node.live(policy(name, np.random.default_rng(seed)), 7)
        return node.history

    assert first_week(1) != first_week(2)


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_never_sets_what_is_set(name, lives):
    node = SmallNode(np.random.default_rng(3))
    asked = {channel.scid: channel.local_policy for channel in node.channels}
    for orders in lives[name].history:
        for order in orders.policies:
            assert asked.get(order.scid) != order.policy
            asked[order.scid] = order.policy


@pytest.mark.parametrize("name", POLICIES)
def test_a_node_without_channels_gets_no_orders(name):
    orders = policy(name, np.random.default_rng(1)).look(a_sight())
    assert not orders.policies
    assert not orders.refills


@pytest.mark.parametrize("name", ["lndg", "clboss"])
def test_tools_with_a_rebalancer_refill(name):
    node = SmallNode(np.random.default_rng(5))
    made = policy(name, np.random.default_rng(5))
    assert made.look(a_sight(balanced(1, 0.01), now=node.now)).refills == ()
    node.live(made, DAYS)
    assert sum(len(orders.refills) for orders in node.history) > 0
