"""The full loop: money is conserved, one seed gives one history, and the player is true to life."""

import hashlib

import numpy as np
import pytest
from tests.payment_worlds import ground, loop

from daznode.simulate.payments.demand import DAY_MS
from daznode.simulate.payments.ground import feerates
from daznode.simulate.payments.kernels.deliver import LOST, NO_ROUTE, NOT_TRIED, SETTLED
from daznode.simulate.payments.loop import HOUR_MS, PaymentLoop
from daznode.simulate.payments.network import IntArray
from daznode.simulate.payments.state import (
    EVENT_AMOUNT_IN,
    EVENT_AMOUNT_OUT,
    EVENT_AT,
    EVENT_DETAIL,
    EVENT_IN,
    EVENT_KIND,
    EVENT_OUT,
    FEE_TOO_LOW,
    FORWARDED,
    HTLC_MAX,
    IS_DISABLED,
    PPM,
    REFUSED,
)


def _hash(made: PaymentLoop, events: IntArray) -> str:
    digest = hashlib.sha256(events.tobytes())
    for column in (made.book.balance, made.results, made.book.shown):
        digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()


def _own(made: PaymentLoop) -> IntArray:
    return ground().network.edges_from(made.player)


def _ask(made: PaymentLoop, ppm: int) -> None:
    for edge in _own(made).tolist():
        row = made.book.now[edge].copy()
        row[PPM] = ppm
        made.set_policy(edge, row, (0, 0))


def test_money_is_conserved_and_most_payments_arrive() -> None:
    made = loop()

    made.run_until(2 * DAY_MS)

    assert made.is_sound()
    outcome = made.results[:, 0]
    assert set(np.unique(outcome)) <= {SETTLED, LOST, NO_ROUTE, NOT_TRIED}
    assert (outcome == SETTLED).mean() > 0.7
    assert (outcome != SETTLED).any()


def test_large_payments_arrive_less_often_and_take_more_attempts() -> None:
    made = loop(days=3)
    made.run_until(3 * DAY_MS)
    amount, outcome = made.payments.amount_msat, made.results[:, 0]
    small, large = amount < 20_000_000, amount > 500_000_000

    assert (outcome[small] == SETTLED).mean() > (outcome[large] == SETTLED).mean() + 0.05
    assert made.results[large, 1].mean() > made.results[small, 1].mean()


def test_nobody_pays_more_than_the_limit() -> None:
    made = loop()
    made.run_until(DAY_MS)
    settled = made.results[:, 0] == SETTLED

    assert (made.results[settled, 2] <= made.payments.limit_msat[settled] + 16).all()
    assert (made.results[~settled, 2] == 0).all()
    assert made.results[settled, 3].max() <= 30


def test_one_seed_gives_one_history() -> None:
    first, again, other = loop(seed=7), loop(seed=7), loop(seed=8)
    hashes = [_hash(one, one.run_until(DAY_MS)) for one in (first, again, other)]

    assert hashes[0] == hashes[1]
    assert hashes[0] != hashes[2]


def test_the_history_does_not_depend_on_the_steps_in_which_it_is_lived() -> None:
    whole, stepped = loop(), loop()
    events = whole.run_until(DAY_MS)
    steps = np.sort(np.random.default_rng(1).integers(1, DAY_MS, 50)).tolist()
    seen = [stepped.run_until(step) for step in [*steps, DAY_MS]]

    assert _hash(whole, events) == _hash(stepped, np.concatenate(seen))


def test_a_copy_goes_its_own_way_from_the_same_state() -> None:
    made = loop()
    made.run_until(DAY_MS // 2)
    twin = made.copy()
    untouched = twin.copy()
    _ask(twin, 4_321)
    twin.run_until(DAY_MS)
    events = made.run_until(DAY_MS)

    assert _hash(untouched, untouched.run_until(DAY_MS)) == _hash(made, events)
    assert (twin.book.now[_own(made), PPM] == 4_321).all()
    assert not (made.book.now[_own(made), PPM] == 4_321).any()


def test_the_players_balances_move_by_what_it_sees_and_by_nothing_else() -> None:
    made = loop()
    own = _own(made)
    _ask(made, 50)
    before = made.book.balance[own].copy()

    events = made.run_until(2 * DAY_MS)

    passed = events[events[:, EVENT_KIND] == FORWARDED]
    assert len(passed) > 20
    moved = dict.fromkeys(own.tolist(), 0)
    for row in passed.tolist():
        moved[row[EVENT_IN]] += row[EVENT_AMOUNT_IN]
        moved[row[EVENT_OUT]] -= row[EVENT_AMOUNT_OUT]
    assert (made.book.balance[own] - before).tolist() == [moved[edge] for edge in own.tolist()]
    assert (np.diff(events[:, EVENT_AT]) >= 0).all()


def test_forwards_keep_to_the_announced_limits_and_fees() -> None:
    made = loop()
    _ask(made, 200)
    for edge in _own(made).tolist():
        row = made.book.now[edge].copy()
        row[HTLC_MAX] = 30_000_000
        made.set_policy(edge, row, (0, 0))
    made.run_until(HOUR_MS)
    events = made.run_until(2 * DAY_MS)
    passed = events[events[:, EVENT_KIND] == FORWARDED]
    fees = passed[:, EVENT_AMOUNT_IN] - passed[:, EVENT_AMOUNT_OUT]
    base = made.book.now[passed[:, EVENT_OUT], 0]

    assert len(passed)
    assert passed[:, EVENT_AMOUNT_OUT].max() <= 30_000_000
    assert (fees == base + passed[:, EVENT_AMOUNT_OUT] * 200 // 1_000_000).all()


def test_a_disabled_channel_passes_nothing_on() -> None:
    made = loop()
    edge = int(_own(made)[0])
    made.close(edge)

    events = made.run_until(2 * DAY_MS)
    passed = events[events[:, EVENT_KIND] == FORWARDED]

    assert made.book.now[edge, IS_DISABLED]
    assert edge not in passed[:, EVENT_OUT]
    assert edge not in passed[:, EVENT_IN]


def test_dear_nodes_are_passed_by_and_free_ones_are_used() -> None:
    counts = {}
    for ppm in (0, 5_000):
        made = loop()
        _ask(made, ppm)
        events = made.run_until(2 * DAY_MS)
        counts[ppm] = int((events[:, EVENT_KIND] == FORWARDED).sum())

    assert counts[0] > 2 * counts[5_000]


def test_a_change_is_known_to_senders_some_minutes_later() -> None:
    made = loop()
    edge = int(_own(made)[0])
    made.run_until(HOUR_MS)
    _ask(made, 777)

    assert made.book.now[edge, PPM] == 777
    assert made.book.seen[edge, PPM] != 777
    made.run_until(2 * HOUR_MS)
    assert made.book.seen[edge, PPM] == 777


def test_no_two_updates_of_a_channel_are_known_within_a_minute() -> None:
    made = loop()
    edge = int(_own(made)[0])
    for ppm in range(100, 130):
        row = made.book.now[edge].copy()
        row[PPM] = ppm
        made.set_policy(edge, row, (0, 0))
    known_at = [at for at, one, _ in sorted(made._gossip.waiting) if one == edge]

    assert len(known_at) == 30
    assert np.diff(known_at).min() >= 60_000


def test_the_former_fee_is_taken_for_ten_minutes() -> None:
    made = loop(days=3)
    _ask(made, 0)
    made.run_until(DAY_MS)
    refused = []
    for _ in range(6):
        _ask(made, 400)
        start = made.now_ms
        events = made.run_until(start + 600_000)
        refused += events[events[:, EVENT_KIND] == REFUSED].tolist()
        passed = events[events[:, EVENT_KIND] == FORWARDED]
        assert (passed[:, EVENT_AMOUNT_IN] >= passed[:, EVENT_AMOUNT_OUT]).all()
        _ask(made, 0)
        made.run_until(start + 2 * HOUR_MS)
    assert not [row for row in refused if row[EVENT_DETAIL] == FEE_TOO_LOW]


def test_senders_do_not_hold_a_fee_against_a_node_that_they_did_not_know() -> None:
    made = loop()
    own = _own(made)
    made.book.now[own, PPM] = made.book.seen[own, PPM] + 50

    events = made.run_until(DAY_MS)

    refused = events[events[:, EVENT_KIND] == REFUSED]
    is_fee = refused[:, EVENT_DETAIL] == FEE_TOO_LOW
    blamed = refused[~is_fee, EVENT_OUT]
    surprised = np.setdiff1d(refused[is_fee, EVENT_OUT], blamed)
    assert len(surprised) > 5
    assert (made.memory.failed_at_ms[surprised] == -1).all()


def test_offline_peers_refuse_what_comes_by_them() -> None:
    made = loop()
    network = ground().network
    peers = np.unique(network.target[_own(made)])
    made.book.is_offline[peers] = 1
    events = made.run_until(HOUR_MS)

    assert (events[:, EVENT_KIND] != FORWARDED).all()


class TestRefill:
    """A circular payment moves what was asked at the price that the hops ask, or nothing."""

    def _ready(self) -> tuple[PaymentLoop, int, IntArray]:
        made = loop()
        made.run_until(HOUR_MS)
        own = _own(made)
        network = ground().network
        remote = made.book.balance[network.reverse[own]]
        return made, int(own[remote.argmax()]), own

    def test_it_moves_the_amount_and_costs_what_left_more_than_came(self) -> None:
        made, edge, own = self._ready()
        before = made.book.balance[own].copy()
        edge_in = int(ground().network.reverse[edge])

        done = made.refill(edge_in, own, 1_000_000_000, 1_000_000_000)

        assert done is not None
        out, cost_msat = done
        moved = made.book.balance[own] - before
        assert cost_msat > 0
        assert moved[own == edge].tolist() == [1_000_000_000]
        assert moved[own == out].tolist() == [-1_000_000_000 - cost_msat]
        assert moved.sum() == -cost_msat
        assert made.is_sound()

    def test_above_its_price_nothing_moves(self) -> None:
        made, edge, own = self._ready()
        before = made.book.balance.copy()

        assert made.refill(int(ground().network.reverse[edge]), own, 1_000_000_000, 1) is None
        assert (made.book.balance == before).all()

    def test_it_leaves_only_by_the_channels_that_are_allowed(self) -> None:
        made, edge, own = self._ready()
        edge_in = int(ground().network.reverse[edge])
        rich = own[np.argsort(-made.book.balance[own])]
        allowed = rich[rich != edge][:1]
        reserve = made.book.reserve.copy()

        done = made.refill(edge_in, allowed, 20_000_000, 20_000_000)

        assert done is None or done[0] == int(allowed[0])
        assert made.refill(edge_in, own[:0], 20_000_000, 20_000_000) is None
        assert (made.book.reserve == reserve).all()


def test_feerates_are_seeded_and_never_below_the_least() -> None:
    rates = feerates(3, 400)

    assert (rates == feerates(3, 400)).all()
    assert (rates[:50] == feerates(3, 50)).all()
    assert rates.min() >= 1.0
    assert 2 < np.median(rates) < 12
    assert (rates != feerates(4, 400)).any()


def test_balances_relax_towards_their_beginning_but_the_players_do_not() -> None:
    made = loop()
    network, own = ground().network, _own(made)
    made.book.balance[:] = 0
    one_end = np.arange(network.n_edges) < network.reverse
    made.book.balance[one_end] = network.capacity_msat[one_end]
    others = ~np.isin(np.arange(network.n_edges), np.concatenate([own, network.reverse[own]]))
    apart = np.abs(made.book.balance - made._initial)[others].sum()
    held = made.book.balance[own].copy()
    made._next = len(made.payments)

    made.run_until(DAY_MS)

    assert np.abs(made.book.balance - made._initial)[others].sum() == pytest.approx(
        apart * np.exp(-24 / 72), rel=0.01
    )
    assert (made.book.balance[own] == held).all()
