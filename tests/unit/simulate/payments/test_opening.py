"""A channel opened while payments run: where its money is, when it can be used, what it leaves alone."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.payment_worlds import bounds, busy_node, ground, loop

from daznode.domain.errors import InvariantBroken
from daznode.simulate.payments.demand import DAY_MS
from daznode.simulate.payments.opening import (
    CONFIRM_MS,
    NewChannel,
    usual_policy,
    weighted_median,
    widened,
)
from daznode.simulate.payments.state import (
    BASE,
    CLTV,
    EVENT_AT,
    EVENT_KIND,
    EVENT_OUT,
    FORWARDED,
    HTLC_MAX,
    HTLC_MIN,
    IS_DISABLED,
    PPM,
)

OPENER = busy_node(ground().network)
PEER = int(np.argmax(np.bincount(ground().network.source)))
SCID = 1 << 40
CAPACITY_MSAT = 50_000_000_000
FREE = np.zeros(8, np.int64)
FREE[[HTLC_MIN, HTLC_MAX, CLTV]] = 1_000, CAPACITY_MSAT, 40


def opened(at_ms=DAY_MS // 2, days=2, ask=FREE, scid=SCID, peer=PEER):
    made = loop(days=days)
    made.run_until(at_ms)
    made.open(peer, scid, CAPACITY_MSAT, ask, (0, 0))
    return made


def edge_of(made, scid=SCID):
    """From the opener to the peer."""
    network = made.ground.network
    return int(np.flatnonzero((network.scid == scid) & (network.source == made.player))[0])


def sides(network, values):
    """Values of edges by channel and sender, whatever their places."""
    keys = zip(network.scid.tolist(), network.source.tolist(), strict=True)
    return dict(zip(keys, values.tolist(), strict=True))


@given(st.lists(st.tuples(st.integers(0, 9_999), st.integers(1, 10**9)), min_size=1, max_size=30))
def test_a_weighted_median_has_half_of_the_weight_on_each_side(pairs):
    values, weights = (np.array(column, np.int64) for column in zip(*pairs, strict=True))
    found = weighted_median(values, weights)

    assert found in values
    assert 2 * weights[values <= found].sum() >= weights.sum()
    assert 2 * weights[values < found].sum() < weights.sum()


def test_a_peer_asks_what_it_most_commonly_asks():
    made, network = loop(), ground().network
    own = network.edges_from(PEER)
    seen, weight = made.book.seen, network.capacity_msat[own]
    found = usual_policy(network, seen, PEER, CAPACITY_MSAT)

    for column in (BASE, PPM, CLTV):
        assert found[column] == weighted_median(seen[own, column], weight)
    assert found[HTLC_MAX] == CAPACITY_MSAT
    network = opened().ground.network
    back = int(network.reverse[edge_of(opened())])
    assert network.fee_ppm[back] == found[PPM]


def test_a_wider_network_has_the_same_channels_and_one_more():
    network = ground().network
    held = {one.name: getattr(network, one.name).copy() for one in fields(network)}
    channel = NewChannel(SCID, OPENER, PEER, CAPACITY_MSAT, FREE, FREE)
    wide, since = widened(network, channel)

    assert wide.n_edges == network.n_edges + 2
    assert (wide.target[wide.reverse] == wide.source).all()
    assert (wide.scid[wide.reverse] == wide.scid).all()
    old = since.edge >= 0
    assert (wide.target[:-1] <= wide.target[1:]).all()
    assert (np.diff(wide.start) == np.bincount(wide.target, minlength=wide.n_nodes)).all()
    for name in ("source", "target", "scid", "capacity_msat", "fee_ppm", "htlc_maximum_msat"):
        assert (getattr(wide, name)[old] == getattr(network, name)[since.edge[old]]).all()
    for name, values in held.items():
        assert (getattr(network, name) == values).all()


def test_all_of_it_is_the_openers_and_every_other_balance_stays():
    before = loop()
    before.run_until(DAY_MS // 2)
    held = sides(before.ground.network, before.book.balance)
    made = opened()
    found = sides(made.ground.network, made.book.balance)

    assert made.is_sound()
    assert found.pop((SCID, OPENER)) == CAPACITY_MSAT
    assert found.pop((SCID, PEER)) == 0
    assert found == held
    edge = edge_of(made)
    assert made.book.reserve[edge] == CAPACITY_MSAT // 100
    made.run_until(2 * DAY_MS)
    assert made.is_sound()


def test_what_runs_share_stays_as_it_is():
    network, shared = ground().network, bounds()
    scids, hops, least = network.scid.copy(), shared.hops.copy(), shared.least.copy()
    made = opened()
    made.run_until(2 * DAY_MS)

    assert made.ground is not ground()
    assert (ground().network.scid == scids).all()
    assert (shared.hops == hops).all()
    assert (shared.least == least).all()
    assert loop().ground.network.n_edges == network.n_edges


def test_it_carries_nothing_before_six_confirmations_and_something_later():
    at_ms = 6 * 3_600_000
    made = opened(at_ms)
    assert made.book.now[edge_of(made), IS_DISABLED] == 1
    assert made.run_until(at_ms + CONFIRM_MS - 1) is not None
    assert made.book.now[edge_of(made), IS_DISABLED] == 1
    quiet = made.run_until(at_ms + CONFIRM_MS)
    assert (quiet[:, EVENT_OUT] != edge_of(made)).all()
    assert made.book.now[edge_of(made), IS_DISABLED] == 0
    assert made.book.seen[edge_of(made), IS_DISABLED] == 1
    events = made.run_until(2 * DAY_MS)
    back = int(made.ground.network.reverse[edge_of(made)])
    assert made.book.seen[[edge_of(made), back], IS_DISABLED].tolist() == [0, 0]
    passed = events[(events[:, EVENT_KIND] == FORWARDED) & (events[:, EVENT_OUT] == edge_of(made))]
    assert len(passed) > 0
    assert passed[:, EVENT_AT].min() > at_ms + CONFIRM_MS
    assert made.book.balance[edge_of(made)] < CAPACITY_MSAT


def test_it_stays_disabled_on_the_side_of_who_asked_for_that():
    ask = FREE.copy()
    ask[IS_DISABLED] = 1
    made = opened(ask=ask)
    made.run_until(DAY_MS)
    back = int(made.ground.network.reverse[edge_of(made)])
    for policies in (made.book.now, made.book.seen):
        assert policies[[edge_of(made), back], IS_DISABLED].tolist() == [1, 0]


def test_its_history_does_not_depend_on_the_steps():
    one, many = opened(), opened()
    events = one.run_until(2 * DAY_MS)
    moments = range(DAY_MS // 2, 2 * DAY_MS + 1, 1_700_000)
    steps = [many.run_until(moment) for moment in (*moments, 2 * DAY_MS)]

    assert (np.concatenate(steps) == events).all()
    assert (many.book.balance == one.book.balance).all()


def test_a_copy_taken_before_the_confirmations_goes_the_same_way():
    made = opened()
    twin = made.copy()
    assert (made.run_until(2 * DAY_MS) == twin.run_until(2 * DAY_MS)).all()
    assert (made.book.balance == twin.book.balance).all()


def test_channels_may_be_opened_one_after_another():
    made = opened()
    made.set_policy(edge_of(made), FREE, (0, 0))
    made.open(PEER - 1 if PEER - 1 != OPENER else PEER + 1, SCID + 1, CAPACITY_MSAT, FREE, (0, -5))
    made.run_until(DAY_MS)

    first, second = edge_of(made), edge_of(made, SCID + 1)
    assert made.book.seen[[first, second], IS_DISABLED].tolist() == [0, 0]
    assert made.ground.network.capacity_msat[[first, second]].tolist() == [CAPACITY_MSAT] * 2
    assert made.is_sound()


def test_a_channel_that_is_closed_is_not_announced_anew_by_what_was_on_its_way():
    made = loop()
    made.run_until(DAY_MS // 2)
    edge = int(made.ground.network.edges_from(OPENER)[0])
    made.set_policy(edge, FREE, (0, 0))
    made.close(edge)
    made.run_until(DAY_MS)
    assert made.book.seen[edge, IS_DISABLED] == 1

    fresh = opened()
    fresh.close(edge_of(fresh))
    fresh.run_until(DAY_MS)
    assert fresh.book.seen[edge_of(fresh), IS_DISABLED] == 1
    assert fresh.book.now[edge_of(fresh), IS_DISABLED] == 1


def test_a_loop_that_records_takes_none():
    made = loop()
    made.record()
    with pytest.raises(InvariantBroken, match="takes no new channel"):
        made.open(PEER, SCID, CAPACITY_MSAT, FREE, (0, 0))
