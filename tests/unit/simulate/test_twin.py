"""The twin replays what a full loop recorded: close to the loop, and a judge of hindsight."""

from dataclasses import replace
from datetime import timedelta
from functools import cache

import numpy as np
import pytest
from tests.payment_worlds import BEGINS_AT, ground, loop, names, season

from daznode.domain.errors import Interrupted, InvalidParameter
from daznode.domain.experiment import FlowTilt, NodeKind, RunKey, RunOutcome
from daznode.domain.units import Msat, Ppm
from daznode.simulate.payments.demand import DAY_MS
from daznode.simulate.payments.kernels.replay import replay
from daznode.simulate.payments.loop import PaymentLoop
from daznode.simulate.payments.standing import StandingRefill, standing_orders
from daznode.simulate.payments.state import (
    BASE,
    EVENT_AMOUNT_IN,
    EVENT_AMOUNT_OUT,
    EVENT_COLUMNS,
    EVENT_IN,
    EVENT_KIND,
    EVENT_OUT,
    FAILED_BEYOND,
    OPTION_AMOUNT,
    OPTION_COLUMNS,
    OPTION_IN,
    OPTION_OUT,
    OPTION_WORTH,
    PPM,
    REFILLED,
    REFUSED,
    copied,
)
from daznode.simulate.players.season import Season
from daznode.simulate.policies.sight import Orders, PolicyOrder, Sight
from daznode.simulate.twin.course import (
    Recording,
    TwinCourse,
    end_recording,
    start_recording,
)
from daznode.simulate.twin.oracle import FixedFees, hindsight_fees

DAYS = 3


class _Static:
    every = timedelta(days=1)

    def __init__(self, ppm: int) -> None:
        self._ppm = Ppm(ppm)

    def look(self, sight: Sight) -> Orders:
        return Orders(
            tuple(
                PolicyOrder(
                    one.scid, replace(one.local_policy, fee_ppm=self._ppm, base_fee_msat=Msat(0))
                )
                for one in sight.observation.channels
                if one.local_policy
            )
        )


@cache
def _recording() -> Recording:
    made = season(days=DAYS)
    made.steer(_Static(100), 1)
    course = made.course
    assert isinstance(course, PaymentLoop)
    begun = start_recording(course)
    course.record()
    made.steer(_Static(100), DAYS - 1)
    return end_recording(course, begun)


def _key(made: Season) -> RunKey:
    return RunKey(made.player.node_id, 1, "x")


def _outcome(made: Season) -> RunOutcome:
    return made.outcome(_key(made), NodeKind.MID, FlowTilt.EVEN)


def _twin(ppm: int) -> RunOutcome:
    made = Season(TwinCourse(_recording()), names(), BEGINS_AT)
    made.steer(_Static(ppm), DAYS - 1)
    return _outcome(made)


@cache
def _full(ppm: int) -> RunOutcome:
    made = season(days=DAYS)
    made.steer(_Static(100), 1)
    made.begin()
    made.steer(_Static(ppm), DAYS - 1)
    return _outcome(made)


@pytest.mark.parametrize("ppm", [30, 100, 1_000])
def test_it_agrees_with_the_full_loop(ppm: int) -> None:
    twin, full = _twin(ppm), _full(ppm)

    assert full.forwards > 5
    assert twin.fees_msat == pytest.approx(full.fees_msat, rel=0.25)
    assert twin.forwards == pytest.approx(full.forwards, rel=0.25, abs=3)


def test_recording_changes_nothing() -> None:
    recorded = _recording().loop

    made = season(days=DAYS)
    made.steer(_Static(100), DAYS)

    assert isinstance(made.course, PaymentLoop)
    assert (made.course.results == recorded.results).all()
    assert (made.course.book.balance == recorded.book.balance).all()


def test_options_are_the_players_and_worth_something() -> None:
    recording = _recording()
    own = ground().network.edges_from(recording.loop.player)
    options = recording.options

    assert len(options) > 50
    assert np.isin(options[:, 3], own).all()
    assert np.isin(options[:, 4], own).all()
    assert (options[:, 3] != options[:, 4]).all()
    assert (options[:, 6] > 0).all()
    assert (np.diff(options[:, 1]) >= 0).all()
    assert options[:, 0].min() >= recording.begins_ms
    assert recording.loop.options == []


def test_it_is_deterministic_and_conserves_money() -> None:
    first, again = TwinCourse(_recording()), TwinCourse(_recording())
    until = DAYS * DAY_MS
    middle = (1 + DAYS) * DAY_MS // 2
    whole = first.run_until(until)
    halves = np.concatenate([again.run_until(middle), again.run_until(until)])
    network = ground().network

    assert (whole == halves).all()
    both = first.book.balance + first.book.balance[network.reverse]
    assert (both == network.capacity_msat).all()
    assert (first.book.balance >= 0).all()


def test_rewinding_brings_back_the_beginning() -> None:
    course = TwinCourse(_recording())
    before = course.book.balance.copy()
    events = course.run_until(DAYS * DAY_MS)
    course.rewind()

    assert (course.book.balance == before).all()
    assert (course.run_until(DAYS * DAY_MS) == events).all()


def test_a_refill_costs_the_price_around_and_conserves_money() -> None:
    recording = _recording()
    course = TwinCourse(recording)
    network = ground().network
    own = network.edges_from(course.player)
    known = np.flatnonzero(np.isfinite(recording.around) & (recording.around > 0))
    remote = course.book.balance[network.reverse[own]]
    place = int(known[remote[known].argmax()])
    edge, edge_in = int(own[place]), int(network.reverse[own[place]])
    before = course.book.balance[own].copy()
    price_msat = int(np.ceil(10_000_000 * recording.around[place] / 1e6))

    assert course.refill(edge_in, own, 10_000_000, price_msat - 1) is None
    done = course.refill(edge_in, own, 10_000_000, price_msat)

    assert done is not None
    assert done[1] == price_msat
    assert (course.book.balance[own] - before).sum() == -price_msat
    assert course.book.balance[edge] - before[place] == 10_000_000


def _refilled_in_time(least_fee_msat: int = 1_000_000, allowance_msat: int = 10_000) -> TwinCourse:
    course = TwinCourse(_recording())
    course.stand(
        [
            StandingRefill((edge,), allowance_msat, least_fee_msat, 5_000, 215_000)
            for edge in ground().network.edges_from(course.player).tolist()
        ]
    )
    return course


def test_refills_while_payments_wait_cost_the_price_around_and_save_some() -> None:
    recording = _recording()
    own = ground().network.edges_from(recording.loop.player).tolist()
    price = dict(zip(own, recording.around.tolist(), strict=True))
    course, alone = _refilled_in_time(), TwinCourse(recording)
    before = course.book.balance.copy()
    events, without = course.run_until(DAYS * DAY_MS), alone.run_until(DAYS * DAY_MS)
    refills = events[events[:, EVENT_KIND] == REFILLED]

    assert len(refills) > 3
    assert (events[:, EVENT_KIND] == REFUSED).sum() < (without[:, EVENT_KIND] == REFUSED).sum()
    moved = dict.fromkeys(own, 0)
    for row in events[events[:, EVENT_KIND] != FAILED_BEYOND].tolist():
        if row[EVENT_KIND] == REFILLED:
            cost = row[EVENT_AMOUNT_OUT] - row[EVENT_AMOUNT_IN]
            assert cost == int(np.ceil(row[EVENT_AMOUNT_IN] * price[row[EVENT_IN]] / 1e6))
        if row[EVENT_KIND] != REFUSED:
            moved[row[EVENT_IN]] += row[EVENT_AMOUNT_IN]
            moved[row[EVENT_OUT]] -= row[EVENT_AMOUNT_OUT]
    network = ground().network
    assert (course.book.balance - before)[own].tolist() == [moved[edge] for edge in own]
    both = course.book.balance + course.book.balance[network.reverse]
    assert (both == network.capacity_msat).all()
    assert (course.book.balance >= 0).all()


def test_an_allowance_that_is_spent_forbids_refills_in_the_twin_too() -> None:
    forbidden, cheap = _refilled_in_time(allowance_msat=-1), _refilled_in_time()
    copy = cheap.copy()
    cheap.stand([])

    assert REFILLED not in forbidden.run_until(DAYS * DAY_MS)[:, EVENT_KIND]
    assert REFILLED not in cheap.run_until(DAYS * DAY_MS)[:, EVENT_KIND]
    assert REFILLED in copy.run_until(DAYS * DAY_MS)[:, EVENT_KIND]


def test_refills_in_time_of_the_twin_do_not_depend_on_the_steps() -> None:
    whole, stepped = _refilled_in_time(), _refilled_in_time()
    middle = (1 + DAYS) * DAY_MS // 2
    events = whole.run_until(DAYS * DAY_MS)

    halves = [stepped.run_until(middle), stepped.run_until(DAYS * DAY_MS)]

    assert (events == np.concatenate(halves)).all()


def test_hindsight_beats_every_common_fee_in_the_twin() -> None:
    recording = _recording()
    fees = hindsight_fees(recording, DAYS * DAY_MS)
    made = Season(TwinCourse(recording), names(), BEGINS_AT)
    made.steer(FixedFees(fees), DAYS - 1)

    best = max(_twin(ppm).net_msat for ppm in (0, 30, 100, 300, 1_000, 3_000))

    assert _outcome(made).net_msat >= best - 1_000
    assert len(set(fees.values())) > 1


def test_hindsight_can_be_stopped() -> None:
    def stop(stage: str, done: int, total: int) -> None:
        message = f"{stage} {done} of {total}"
        raise Interrupted(message)

    with pytest.raises(Interrupted, match=r"hindsight 0 of \d+"):
        hindsight_fees(_recording(), DAYS * DAY_MS, stop)


def test_a_closed_channel_is_out_of_the_twin_too() -> None:
    course = TwinCourse(_recording())
    busiest = int(np.bincount(_recording().options[:, 3]).argmax())
    course.close(busiest)

    events = course.run_until(DAYS * DAY_MS)

    assert busiest not in events[:, 3]


def test_nothing_comes_in_by_a_closed_channel_of_the_twin() -> None:
    course = TwinCourse(_recording())
    busiest = int(np.bincount(_recording().options[:, OPTION_IN]).argmax())
    assert busiest in TwinCourse(_recording()).run_until(DAYS * DAY_MS)[:, EVENT_IN]
    course.close(busiest)

    events = course.run_until(DAYS * DAY_MS)

    assert busiest not in events[:, EVENT_IN]


def test_a_peer_that_was_offline_when_recording_began_does_not_stay_so() -> None:
    recording = _recording()
    book = copied(recording.book)
    book.is_offline[:] = 1
    course = TwinCourse(replace(recording, book=book))
    made = Season(course, names(), BEGINS_AT)

    assert all(one.is_active for one in made.player.observation().channels)


def test_a_sender_tries_no_channel_twice_in_one_attempt_however_many_there_are() -> None:
    course = loop()
    network, book = ground().network, course.book
    own = network.edges_from(course.player)
    out = int(own[book.balance[own].argmax()])
    others = own[own != out]
    into = int(others[book.balance[network.reverse[others]].argmax()])
    book.now[out, [BASE, PPM]] = 0
    options = np.zeros((70, OPTION_COLUMNS), np.int64)
    options[:, OPTION_OUT], options[:, OPTION_IN] = out, into
    options[:, OPTION_AMOUNT] = 1_000_000 + np.arange(70)
    options[:, OPTION_WORTH] = 50_000 + np.arange(70)
    events = np.zeros((128, EVENT_COLUMNS), np.int64)

    nothing = standing_orders(network.n_edges, 1)

    _, count = replay(course.net, book, options, 0, 1, events, nothing, np.zeros(0))

    assert events[:count, EVENT_AMOUNT_OUT].tolist() == [1_000_069, 1_000_068, 1_000_067]
    assert (events[:count, EVENT_KIND] == FAILED_BEYOND).all()


def test_the_loop_of_a_recording_is_a_full_loop() -> None:
    made = loop()
    assert made.options == []
    made.run_until(DAY_MS // 4)
    assert made.options == []


def test_the_twin_opens_no_channel() -> None:
    """Its recorded senders could never choose it, so that every open would look like a loss."""
    course = TwinCourse(_recording())
    with pytest.raises(InvalidParameter, match=r"open of 5,000 sat .* takes the tier full"):
        course.open(1, 1, 5_000_000, np.zeros(8, np.int64), (0, 0))
