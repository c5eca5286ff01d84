"""Refills while a payment waits: it is saved, or nothing is lost; what is in flight is not spent."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from tests.payment_worlds import ground, loop

from daznode.simulate.payments.bounds import route_bounds
from daznode.simulate.payments.demand import BUYER, COLD, DAY_MS, DemandParams, Payments, Roles
from daznode.simulate.payments.ground import Ground
from daznode.simulate.payments.kernels.deliver import LOST, SETTLED
from daznode.simulate.payments.kernels.just_in_time import chance_of, source_for
from daznode.simulate.payments.loop import PaymentLoop
from daznode.simulate.payments.network import IntArray, PaymentNetwork
from daznode.simulate.payments.standing import StandingRefill
from daznode.simulate.payments.state import (
    EVENT_AMOUNT_IN,
    EVENT_AMOUNT_OUT,
    EVENT_IN,
    EVENT_KIND,
    EVENT_OUT,
    FAILED_BEYOND,
    FORWARDED,
    IS_DISABLED,
    REFILLED,
    REFUSED,
)
from daznode.simulate.payments.succession import Succession

M = 1_000_000_000
"""A million sat, in msat."""
CAPACITY = 10 * M
PAYER, PLAYER, PAID, AROUND, BEYOND = range(5)


@dataclass
class Tiny:
    """The payer, then the player, then the paid and who is beyond; another way leads around.

    Every channel has 10 million sat; `local` is what the first named has of it.
    """

    local: dict[tuple[int, int], int] = field(
        default_factory=lambda: {
            (PAYER, PLAYER): 9 * M,
            (PLAYER, PAID): M // 2,
            (PLAYER, AROUND): 8 * M,
            (AROUND, PAID): 6 * M,
            (PAID, BEYOND): 5 * M,
        }
    )
    around_ppm: int = 200
    most_parts: int = 1

    def edge(self, source: int, target: int) -> int:
        return self._directions().index((source, target))

    def _directions(self) -> list[tuple[int, int]]:
        both = [*self.local, *((target, source) for source, target in self.local)]
        return sorted(both, key=lambda pair: (pair[1], pair[0]))

    def loop(self, *amounts: int, target: int = PAID, limit_msat: int = 200_000) -> PaymentLoop:
        """A loop in which the payer pays some amounts, one every second."""
        directions, n = self._directions(), 5
        source, to = np.array(directions).T
        channels = list(self.local)

        def number(pair: tuple[int, int]) -> int:
            return channels.index(pair if pair in self.local else pair[::-1])

        prices = {AROUND: self.around_ppm, PAID: 100}
        fee_ppm = np.array([prices.get(one, 10) for one, _ in directions])
        same = np.full(len(directions), CAPACITY, np.int64)
        zero = np.zeros(len(directions), np.int64)
        network = PaymentNetwork(
            start=np.searchsorted(to, np.arange(n + 1)),
            snapshot_node=np.arange(n),
            source=source,
            target=to,
            reverse=np.array([directions.index(pair[::-1]) for pair in directions]),
            scid=np.array([number(pair) for pair in directions]),
            capacity_msat=same,
            base_fee_msat=zero,
            fee_ppm=fee_ppm,
            inbound_base_msat=zero,
            inbound_ppm=zero,
            cltv_delta=zero + 40,
            htlc_minimum_msat=zero + 1,
            htlc_maximum_msat=same,
            is_disabled=zero != 0,
        )
        roles = Roles(np.full(n, BUYER), np.ones(n), np.ones(n))
        demand = replace(DemandParams(payments_per_day=1.0), most_parts=self.most_parts)
        ground = Ground(network, roles, demand, np.zeros(n, np.bool_))
        bounds = route_bounds(network, ground.floor_ppm(PLAYER))
        made = PaymentLoop(ground, bounds, player=PLAYER, seed=1, days=0)
        for pair, local in self.local.items():
            edge = self.edge(*pair)
            made.book.balance[edge] = local
            made.book.balance[network.reverse[edge]] = CAPACITY - local
        count = len(amounts)
        made.payments = Payments(
            at_ms=1_000 * np.arange(1, count + 1),
            source=np.full(count, PAYER),
            target=np.full(count, target),
            amount_msat=np.array(amounts),
            limit_msat=np.full(count, limit_msat),
            kind=np.full(count, COLD),
        )
        made.results = np.zeros((count, 4), np.int64)
        return made

    def standing(self, **given: int) -> StandingRefill:
        """CLBoss's rule with its 10 sat, for the channel with the paid."""
        rule = {"allowance_msat": 10_000, "least_fee_msat": 5_000, "fee_ppm": 1_000}
        edges = (self.edge(PLAYER, PAID),)
        return StandingRefill(edges, **{**rule, "margin_msat": 0, **given})


def lived(made: PaymentLoop) -> IntArray:
    events = made.run_until(60_000)
    assert made.is_sound()
    return events


def kinds(events: IntArray) -> list[int]:
    return [int(kind) for kind in events[:, EVENT_KIND]]


def outcomes(made: PaymentLoop) -> list[int]:
    return [int(one) for one in made.results[:, 0]]


def test_a_payment_that_would_be_refused_is_saved() -> None:
    tiny = Tiny()
    alone, helped = tiny.loop(2 * M), tiny.loop(2 * M)
    helped.stand([tiny.standing()])

    assert kinds(lived(alone)) == [REFUSED]
    assert outcomes(alone) == [LOST]
    refill, forward = lived(helped).tolist()
    assert outcomes(helped) == [SETTLED]
    # Half-way from 2 to 10 million sat is 6, of which 0.5 were there; those on the way take 100 and
    # 200 ppm.
    brought = 5 * M + M // 2
    fee = brought // 10_000
    fee += (brought + fee) // 5_000
    out = tiny.edge(PLAYER, PAID)
    assert refill[EVENT_KIND] == REFILLED
    assert (refill[EVENT_IN], refill[EVENT_OUT]) == (out, tiny.edge(PLAYER, AROUND))
    assert (refill[EVENT_AMOUNT_IN], refill[EVENT_AMOUNT_OUT]) == (brought, brought + fee)
    assert (forward[EVENT_KIND], forward[EVENT_OUT]) == (FORWARDED, out)
    assert helped.book.balance[out] == M // 2 + brought - 2 * M
    assert helped.book.balance[tiny.edge(PLAYER, AROUND)] == 8 * M - brought - fee


def test_the_allowance_is_spent_and_forbids_the_next_one() -> None:
    tiny = Tiny()
    none_left, one_left = tiny.loop(2 * M), tiny.loop(2 * M, 5 * M)
    none_left.stand([tiny.standing(allowance_msat=-1)])
    one_left.stand([tiny.standing(allowance_msat=0)])

    assert kinds(lived(none_left)) == [REFUSED]
    assert kinds(lived(one_left)) == [REFILLED, FORWARDED, REFUSED]


@pytest.mark.parametrize(("fee_ppm", "kind"), [(298, REFUSED), (301, REFILLED)])
def test_one_refill_costs_no_more_than_its_cap(fee_ppm: int, kind: int) -> None:
    tiny = Tiny()
    made = tiny.loop(2 * M)
    made.stand([tiny.standing(fee_ppm=fee_ppm)])

    assert kinds(lived(made))[0] == kind


def test_the_least_cap_holds_for_small_refills() -> None:
    tiny = Tiny()
    made = tiny.loop(2 * M)
    made.stand([tiny.standing(fee_ppm=0, least_fee_msat=2_000_000)])

    assert kinds(lived(made)) == [REFILLED, FORWARDED]


def test_a_circular_payment_that_fails_changes_nothing() -> None:
    tiny = Tiny()
    tiny.local[(AROUND, PAID)] = 0
    alone, tried = tiny.loop(2 * M, M // 4), tiny.loop(2 * M, M // 4)
    tried.stand([tiny.standing()])

    events = lived(alone)
    assert kinds(events) == [REFUSED, FORWARDED]
    assert (lived(tried) == events).all()
    assert (tried.results == alone.results).all()
    for name in ("balance", "reserve", "shown", "now"):
        assert (getattr(tried.book, name) == getattr(alone.book, name)).all()


def test_what_cannot_be_moved_whole_is_moved_in_golden_parts() -> None:
    tiny = Tiny()
    tiny.local[(AROUND, PAID)] = 4 * M
    made = tiny.loop(2 * M)
    made.stand([tiny.standing()])

    events = lived(made)
    refills = events[events[:, EVENT_KIND] == REFILLED]
    moved = refills[:, EVENT_AMOUNT_IN]
    fees = refills[:, EVENT_AMOUNT_OUT] - moved

    assert kinds(events)[-1] == FORWARDED
    assert moved[0] == pytest.approx(5.5 * M * 0.618034, rel=1e-6)
    assert 2 * M < moved.sum() <= 4 * M
    assert (fees <= moved // 1_000).all()


def test_a_refill_stays_if_the_payment_fails_further_on() -> None:
    tiny = Tiny()
    tiny.local[(PAID, BEYOND)] = 0
    made = tiny.loop(2 * M, target=BEYOND, limit_msat=500_000)
    made.stand([tiny.standing()])

    assert kinds(lived(made)) == [REFILLED, FAILED_BEYOND]
    assert outcomes(made) == [LOST]
    # Of the paid, 100 ppm of 2 million sat are to be passed on too: half of it more is brought.
    assert made.book.balance[tiny.edge(PLAYER, PAID)] == 6 * M + 100_000


def test_the_margin_counts_beside_the_whole_local_balance() -> None:
    tiny = Tiny()
    tiny.local[(PLAYER, PAID)] = 2 * M + M // 20
    enough, short = tiny.loop(2 * M), tiny.loop(2 * M)
    enough.stand([tiny.standing(margin_msat=M // 20)])
    short.stand([tiny.standing(margin_msat=M // 20 + 1)])

    assert kinds(lived(enough)) == [REFUSED], (
        "the reserve is missing, which CLBoss does not look at"
    )
    assert kinds(lived(short)) == [REFILLED, FORWARDED]


def test_new_orders_replace_the_old_ones_and_a_copy_spends_for_itself() -> None:
    tiny = Tiny()
    made = tiny.loop(2 * M)
    made.stand([tiny.standing(allowance_msat=0)])
    twin, ended = made.copy(), made.copy()
    ended.stand([])

    assert kinds(lived(made)) == [REFILLED, FORWARDED]
    assert kinds(lived(twin)) == [REFILLED, FORWARDED]
    assert kinds(lived(ended)) == [REFUSED]


def test_orders_go_along_into_the_network_of_a_later_day() -> None:
    tiny = Tiny()
    made = tiny.loop(2 * M)
    made.stand([tiny.standing()])
    network, payments = made.ground.network, made.payments
    every = np.arange(network.n_edges)
    balance = made.book.balance.copy()
    made.move_to(
        made.ground,
        made.bounds,
        Succession(every, np.arange(network.n_nodes)),
        player=PLAYER,
        balance_msat=balance,
        payments=payments,
    )

    assert kinds(lived(made)) == [REFILLED, FORWARDED]


def test_what_is_in_flight_is_not_spent() -> None:
    """Half of a payment lies at the player when the other half waits; then all of it is given back."""
    tiny = Tiny(most_parts=2)
    tiny.local = {
        (PAYER, PLAYER): CAPACITY,
        (PLAYER, PAID): M + M // 5,
        (PAYER, AROUND): 6 * M,
        (AROUND, PAID): 6 * M,
        (PAID, BEYOND): 5 * M,
    }
    made = tiny.loop(2 * M)
    made.stand([tiny.standing()])
    before = made.book.balance.copy()

    assert REFILLED not in kinds(lived(made))
    assert outcomes(made) == [LOST]
    assert (made.book.balance == before).all()


def _share_of(made: PaymentLoop, edge: int, draws: int = 4_000) -> dict[int, float]:
    drawn = [source_for(made.net, made.book, edge, (at + 0.5) / draws) for at in range(draws)]
    return {one: drawn.count(one) / draws for one in set(drawn)}


def test_sources_are_drawn_by_how_full_they_are() -> None:
    tiny = Tiny()
    tiny.local[(PAYER, PLAYER)] = 8 * M
    made = tiny.loop()
    filled = tiny.edge(PLAYER, PAID)
    around, payer = tiny.edge(PLAYER, AROUND), tiny.edge(PLAYER, PAYER)

    assert _share_of(made, filled) == pytest.approx({around: 0.8, payer: 0.2}, abs=1e-3)
    made.book.now[around, IS_DISABLED] = 1
    assert _share_of(made, filled) == {payer: 1.0}
    made.book.is_offline[PAYER] = 1
    assert _share_of(made, filled) == {-1: 1.0}


def test_chance_is_even_and_depends_on_all_that_it_is_made_of() -> None:
    drawn = np.array([chance_of(3, payment, turn) for payment in range(2_000) for turn in (0, 1)])

    assert ((drawn >= 0) & (drawn < 1)).all()
    assert len(set(drawn.tolist())) == len(drawn)
    assert np.histogram(drawn, 10, (0, 1))[0] == pytest.approx(np.full(10, 400), rel=0.2)
    assert np.corrcoef(drawn[::2], drawn[1::2])[0, 1] == pytest.approx(0, abs=0.1)
    assert chance_of(3, 7, 1) == drawn[15] != chance_of(4, 7, 1)


def _standing(made: PaymentLoop) -> PaymentLoop:
    own = ground().network.edges_from(made.player).tolist()
    made.stand([StandingRefill((edge,), 1_000_000, 5_000, 3_000, 215_000) for edge in own])
    return made


def test_the_history_does_not_depend_on_the_steps_in_which_it_is_lived() -> None:
    whole, stepped = _standing(loop()), _standing(loop())
    events = whole.run_until(2 * DAY_MS)
    steps = np.sort(np.random.default_rng(1).integers(1, 2 * DAY_MS, 50)).tolist()
    seen = np.concatenate([stepped.run_until(step) for step in [*steps, 2 * DAY_MS]])

    assert kinds(events).count(REFILLED) > 3
    assert (events == seen).all()
    assert (whole.book.balance == stepped.book.balance).all()
    assert (whole.results == stepped.results).all()
    assert whole.is_sound()


def test_the_players_balances_move_by_what_it_sees() -> None:
    made = _standing(loop())
    own = ground().network.edges_from(made.player)
    before = made.book.balance[own].copy()
    moved = dict.fromkeys(own.tolist(), 0)
    for row in made.run_until(2 * DAY_MS).tolist():
        if row[EVENT_KIND] in (FORWARDED, REFILLED):
            moved[row[EVENT_IN]] += row[EVENT_AMOUNT_IN]
            moved[row[EVENT_OUT]] -= row[EVENT_AMOUNT_OUT]

    assert (made.book.balance[own] - before).tolist() == [moved[edge] for edge in own.tolist()]
    assert (made.book.reserve == ground().network.capacity_msat // 100).all()
