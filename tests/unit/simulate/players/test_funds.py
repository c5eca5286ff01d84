"""Money on chain is spent once, and not before it has its confirmations."""

from daznode.domain.units import Sat
from daznode.simulate.players.funds import Funds


def test_money_can_be_spent_once():
    funds = Funds(Sat(100))
    assert funds.pay(Sat(60))
    assert not funds.pay(Sat(41))
    assert funds.pay(Sat(40))
    assert funds.spendable_sat == 0


def test_money_on_its_way_waits_for_its_moment():
    funds = Funds()
    funds.receive(Sat(70), 20)
    funds.receive(Sat(30), 10)
    assert (funds.spendable_sat, funds.awaited_sat) == (0, 100)
    funds.settle(10)
    assert (funds.spendable_sat, funds.awaited_sat) == (30, 70)
    assert not funds.pay(Sat(31))
    funds.settle(25)
    assert (funds.spendable_sat, funds.awaited_sat) == (100, 0)


def test_a_copy_spends_its_own():
    funds = Funds(Sat(100), [(5, Sat(10))])
    twin = funds.copy()
    assert twin.pay(Sat(100))
    twin.settle(5)
    assert (funds.spendable_sat, funds.awaited_sat) == (100, 10)
