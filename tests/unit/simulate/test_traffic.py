"""Who pays whom and when."""

import numpy as np
import pytest

from daznode.simulate.kinds import PEER_KINDS, PeerKind
from daznode.simulate.traffic import demand, draw_offers, rhythm

KINDS = tuple(kind for kind in PEER_KINDS for _ in range(kind.count))


def some_offers(per_day=20_000.0, seed=1, start_second=0, weekday=2):
    rng = np.random.default_rng(seed)
    weights = demand(KINDS, rng)
    return draw_offers(
        weights, KINDS, per_day=per_day, start_second=start_second, weekday=weekday, rng=rng
    )


def test_the_rhythm_keeps_the_days_mean():
    seconds = np.arange(86_400, dtype=np.float64)
    assert rhythm(seconds).mean() == pytest.approx(1.0)
    assert seconds[rhythm(seconds).argmax()] == 16 * 3_600


def test_demand_is_a_share_and_never_from_a_peer_to_itself():
    weights = demand(KINDS, np.random.default_rng(3))
    assert weights.sum() == pytest.approx(1.0)
    assert (np.diag(weights) == 0).all()
    assert (weights >= 0).all()


def test_what_two_peers_have_to_do_with_each_other_is_mutual():
    kinds = tuple(PeerKind(name="router", count=1, size=(0, 1)) for _ in range(12))
    weights = demand(kinds, np.random.default_rng(3))
    assert weights == pytest.approx(weights.T)
    assert weights.max() > 2.0 * weights[weights > 0].min()


def test_exchanges_take_and_wallets_give():
    weights = demand(KINDS, np.random.default_rng(4))
    names = np.array([kind.name for kind in KINDS])
    for name, takes in (("exchange", True), ("merchant", True), ("wallet", False)):
        gone, come = weights[names == name].sum(), weights[:, names == name].sum()
        assert bool(come > gone) is takes, name
    assert weights[names == "dead end"].sum() + weights[:, names == "dead end"].sum() == 0


def test_payments_are_in_order_within_the_day():
    offers = some_offers()
    assert (np.diff(offers.second) >= 0).all()
    assert offers.second[0] >= 0
    assert offers.second[-1] < 86_400
    assert (offers.entry != offers.leaving).all()
    assert (offers.amount_msat >= 1_000).all()
    assert (offers.amount_msat <= 5_000_000_000).all()


@pytest.mark.parametrize("start_second", [0, 6 * 3_600])
def test_afternoons_are_busier_than_early_mornings_whenever_the_day_begins(start_second):
    offers = some_offers(start_second=start_second)
    hour = ((offers.second + start_second) % 86_400) // 3_600
    assert 1.8 < np.isin(hour, (15, 16, 17)).sum() / np.isin(hour, (3, 4, 5)).sum() < 2.9


def test_days_differ_and_weekends_are_quieter():
    counts = np.array([len(some_offers(2_000.0, seed, weekday=2).second) for seed in range(40)])
    assert 1_850 < counts.mean() < 2_250
    assert counts.std() > 100
    sundays = [len(some_offers(2_000.0, seed, weekday=6).second) for seed in range(40)]
    assert np.mean(sundays) < 0.87 * counts.mean()


def test_amounts_have_the_published_means():
    names = np.array([kind.name for kind in KINDS])
    offers = some_offers(200_000.0)
    to_shops = offers.amount_msat[names[offers.leaving] == "merchant"] / 1_000
    to_exchanges = offers.amount_msat[names[offers.leaving] == "exchange"] / 1_000
    # 5 % of a shop's and 60 % of an exchange's payments are transfers; the largest are cut off.
    assert pytest.approx(to_shops.mean(), rel=0.12) == 0.95 * 45_000 + 0.05 * 230_000
    assert pytest.approx(to_exchanges.mean(), rel=0.12) == 0.4 * 45_000 + 0.6 * 230_000
    assert np.median(to_shops) < 25_000


def test_fee_limits_lie_between_five_sat_and_an_on_chain_payment():
    offers = some_offers()
    assert offers.limit_msat.min() == 5_000
    assert offers.limit_msat.max() <= 2_000_000
    ratio = offers.limit_msat / offers.amount_msat
    large = offers.amount_msat > 10_000_000
    assert ratio[large].max() <= 0.0501


def test_one_seed_gives_one_day():
    one, again = some_offers(seed=9), some_offers(seed=9)
    for name in type(one).__slots__:
        assert (getattr(one, name) == getattr(again, name)).all()
