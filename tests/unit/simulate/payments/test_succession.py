"""A payment loop that moves to another day's network: what stays, what goes, what is new."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from daznode.domain.gossip import GraphSnapshot
from daznode.simulate.generated.evolution import evolve_network
from daznode.simulate.generated.topology import NetworkParams, generate_network
from daznode.simulate.payments.bounds import route_bounds
from daznode.simulate.payments.demand import DAY_MS, DemandParams, draw_payments, draw_roles
from daznode.simulate.payments.ground import Ground, draw_balances
from daznode.simulate.payments.loop import PaymentLoop
from daznode.simulate.payments.network import payment_network
from daznode.simulate.payments.state import FORWARDED, IS_DISABLED, PPM
from daznode.simulate.payments.succession import Succession, later_roles
from daznode.simulate.players.names import Names

AT = datetime(2025, 11, 20, 6, tzinfo=UTC)
FIRST = generate_network(
    NetworkParams(200, 700), np.random.default_rng(1), observed_at=AT, imported_at=AT
)
LATER_AT = AT + timedelta(days=8)
LATER = evolve_network(
    FIRST, np.random.default_rng(2), observed_at=LATER_AT, imported_at=LATER_AT, days=8
)
DEMAND = DemandParams(payments_per_day=1_500.0)
ALL_NEW_MSAT = 1_000


class Laid:
    """A snapshot laid out for payments."""

    def __init__(self, snapshot: GraphSnapshot) -> None:
        self.network = payment_network(snapshot)
        self.names = Names.of(snapshot, self.network)
        roles = draw_roles(self.network, DEMAND, np.random.default_rng(3))
        still = np.zeros(self.network.n_nodes, np.bool_)
        self.ground = Ground(self.network, roles, DEMAND, still)

    def bounds(self, player):
        return route_bounds(self.network, self.ground.floor_ppm(player))


BEFORE, AFTER = Laid(FIRST), Laid(LATER)
SINCE = Succession.between(
    BEFORE.network, BEFORE.names.node_ids, AFTER.network, AFTER.names.node_ids
)
_BUSY = int(np.argmax(np.bincount(BEFORE.network.source)))
KEY = BEFORE.names.node_ids[_BUSY]


def a_loop(days=1):
    return PaymentLoop(BEFORE.ground, BEFORE.bounds(_BUSY), player=_BUSY, seed=4, days=days)


def moved(loop, after=AFTER, since=SINCE):
    player = after.names.place_of(KEY)
    payments = draw_payments(DEMAND, after.ground.roles, player, 1.0, np.random.default_rng(5))
    loop.move_to(
        after.ground,
        after.bounds(player),
        since,
        player=player,
        balance_msat=draw_balances(after.network, np.random.default_rng(6)),
        payments=replace(payments, at_ms=payments.at_ms + loop.now_ms),
    )
    return loop


def sides(laid, values):
    """Values of edges, by channel and the key of who sends over them."""
    network, keys = laid.network, laid.names.node_ids
    senders = [keys[place] for place in network.source.tolist()]
    return dict(zip(zip(network.scid.tolist(), senders, strict=True), values, strict=True))


def by_key(laid, values):
    return dict(zip(laid.names.node_ids, values, strict=True))


def test_the_networks_do_differ():
    assert (SINCE.edge >= 0).sum() > 1_000
    assert (SINCE.edge < 0).any()
    assert len(set(BEFORE.network.scid) - set(AFTER.network.scid)) > 5
    assert set(AFTER.names.node_ids) - set(BEFORE.names.node_ids)


def test_balances_stay_with_the_side_they_belong_to_and_new_ones_are_as_given():
    loop = a_loop()
    loop.run_until(DAY_MS)
    before = sides(BEFORE, loop.book.balance.tolist())
    moved(loop)
    after = sides(AFTER, loop.book.balance.tolist())
    drawn = sides(AFTER, draw_balances(AFTER.network, np.random.default_rng(6)).tolist())
    assert loop.is_sound()
    for side, balance_msat in after.items():
        assert balance_msat == before.get(side, drawn[side])
    assert before.keys() - after.keys()


def test_senders_remember_and_those_away_stay_away():
    loop = a_loop()
    loop.run_until(DAY_MS - 1)
    passed = sides(BEFORE, loop.book.shown[:, -1].tolist())
    failed_at = sides(BEFORE, loop.memory.failed_at_ms.tolist())
    trusted = by_key(BEFORE, loop.memory.node_passed.tolist())
    away = by_key(BEFORE, loop.book.is_offline.tolist())
    assert any(passed.values())
    assert max(failed_at.values()) > 0
    assert any(away.values())
    moved(loop)
    for side, amount in sides(AFTER, loop.book.shown[:, -1].tolist()).items():
        assert amount == passed.get(side, 0.0)
    for side, at_ms in sides(AFTER, loop.memory.failed_at_ms.tolist()).items():
        assert at_ms == failed_at.get(side, -1)
    for key, count in by_key(AFTER, loop.memory.node_passed.tolist()).items():
        assert count == trusted.get(key, 0.0)
    for key, is_away in by_key(AFTER, loop.book.is_offline.tolist()).items():
        assert is_away == away.get(key, 0)


def a_stable_channel():
    """An edge of the player that is in both networks: before, after."""
    player = AFTER.names.place_of(KEY)
    own = np.flatnonzero((SINCE.edge >= 0) & (AFTER.network.source == player))
    return int(SINCE.edge[own[0]]), int(own[0])


def test_others_ask_what_the_later_network_says_the_player_what_it_has_set():
    loop = a_loop()
    edge, later = a_stable_channel()
    row = loop.book.now[edge].copy()
    row[PPM] = 4_321
    loop.set_policy(edge, row, (0, -77))
    moved(loop)
    others = AFTER.network.source != loop.player
    assert (loop.book.now[others, PPM] == AFTER.network.fee_ppm[others]).all()
    assert loop.book.now[later, PPM] == 4_321
    assert loop.book.now[AFTER.network.reverse[later], 3] == -77


def test_gossip_under_way_arrives_in_the_later_network():
    loop = a_loop()
    edge, later = a_stable_channel()
    row = loop.book.now[edge].copy()
    row[PPM] = 4_321
    loop.set_policy(edge, row, (0, 0))
    moved(loop)
    assert loop.book.seen[later, PPM] != 4_321
    loop.run_until(3_600_000)
    assert loop.book.seen[later, PPM] == 4_321


def test_payments_go_on_and_the_player_is_among_them():
    loop = moved(a_loop())
    events = loop.run_until(DAY_MS)
    assert (events[:, 1] == FORWARDED).sum() > 10
    assert loop.is_sound()
    network = AFTER.network
    assert (network.source[events[:, 3]] == loop.player).all()


def test_moving_to_the_same_network_changes_nothing():
    same = Laid(FIRST)
    since = Succession.between(
        BEFORE.network, BEFORE.names.node_ids, same.network, same.names.node_ids
    )
    assert (since.edge == np.arange(BEFORE.network.n_edges)).all()
    straight, stopped = a_loop(), a_loop()
    straight.run_until(DAY_MS)
    stopped.run_until(DAY_MS // 2)
    left = straight.payments.at_ms >= DAY_MS // 2
    rest = replace(
        straight.payments,
        **{
            name: getattr(straight.payments, name)[left]
            for name in ("at_ms", "source", "target", "amount_msat", "limit_msat", "kind")
        },
    )
    stopped.move_to(
        same.ground,
        same.bounds(_BUSY),
        since,
        player=_BUSY,
        balance_msat=np.zeros(same.network.n_edges, np.int64),
        payments=rest,
    )
    stopped.run_until(DAY_MS)
    assert (stopped.book.balance == straight.book.balance).all()


def test_in_a_network_that_is_all_new_nothing_stays():
    loop = a_loop()
    loop.run_until(DAY_MS)
    moved(loop, since=Succession.none(AFTER.network))
    drawn = draw_balances(AFTER.network, np.random.default_rng(6))
    assert (loop.book.balance == drawn).all()
    assert not loop.memory.node_passed.any()


def test_a_node_stays_what_it_is():
    roles = later_roles(BEFORE.ground.roles, AFTER.ground.roles, SINCE)
    was = by_key(BEFORE, zip(*_columns(BEFORE.ground.roles), strict=True))
    drawn = by_key(AFTER, zip(*_columns(AFTER.ground.roles), strict=True))
    for key, now in by_key(AFTER, zip(*_columns(roles), strict=True)).items():
        assert now == was.get(key, drawn[key])


def _columns(roles):
    return roles.kind.tolist(), roles.pays.tolist(), roles.is_paid.tolist()


def test_a_node_taken_off_by_hand_comes_back_only_by_hand():
    loop = a_loop(days=3)
    peer = int(BEFORE.network.target[BEFORE.network.edges_from(_BUSY)[0]])
    loop.set_offline(peer, is_offline=True)
    loop.run_until(2 * DAY_MS)
    assert loop.book.is_offline[peer]
    loop.set_offline(peer, is_offline=False)
    assert not loop.book.is_offline[peer]


@pytest.mark.parametrize("is_disabled", [0, 1])
def test_a_channel_that_the_player_has_disabled_stays_so(is_disabled):
    loop = a_loop()
    edge, later = a_stable_channel()
    row = loop.book.now[edge].copy()
    row[IS_DISABLED] = is_disabled
    loop.set_policy(edge, row, (0, 0))
    moved(loop)
    assert loop.book.now[later, IS_DISABLED] == is_disabled
