"""Balances of one channel, and what is asked for passing a payment on."""

import pytest
from tests.builders import a_policy, a_scid

from daznode.domain.errors import InvariantBroken
from daznode.simulate.channel import SimChannel, inbound_fee_msat, total_fee_msat


def a_sim_channel(local_msat=400_000_000, capacity_sat=1_000_000):
    return SimChannel(a_scid(), capacity_sat, local_msat)


def test_what_is_sent_is_received():
    channel = a_sim_channel()
    channel.send(1_234_567)
    assert channel.local_msat == 398_765_433
    assert channel.local_msat + channel.remote_msat == 1_000_000_000
    channel.receive(1_234_567)
    assert channel.local_msat == 400_000_000


def test_the_reserve_is_kept_to_the_msat():
    channel = a_sim_channel()
    assert channel.reserve_msat == 10_000_000
    assert channel.sendable_msat == 390_000_000
    with pytest.raises(InvariantBroken, match="send of 390000001 msat; takes 0 to 390000000 msat"):
        channel.send(390_000_001)
    channel.send(390_000_000)
    assert channel.sendable_msat == 0
    assert channel.receivable_msat == 980_000_000
    with pytest.raises(InvariantBroken, match="receive of 980000001 msat"):
        channel.receive(980_000_001)


def test_a_refused_amount_moves_nothing():
    channel = a_sim_channel()
    for amount_msat in (-1, 10**12):
        with pytest.raises(InvariantBroken):
            channel.send(amount_msat)
    assert channel.local_msat == 400_000_000


def test_a_side_below_its_reserve_can_only_receive():
    channel = a_sim_channel(local_msat=0)
    assert channel.sendable_msat == 0
    channel.receive(5_000_000)
    assert channel.sendable_msat == 0


@pytest.mark.parametrize("local_msat", [-1, 1_000_000_001])
def test_a_balance_outside_the_capacity_is_a_bug(local_msat):
    with pytest.raises(InvariantBroken, match="outside its capacity of 1000000 sat"):
        a_sim_channel(local_msat)


@pytest.mark.parametrize(
    ("amount_msat", "base_msat", "ppm", "fee_msat"),
    [
        (1_999_999, 0, -1, -1),
        (999_999, 0, -1, 0),
        (1_000_000, -1_000, -250, -1_250),
        (1_500_000, 0, 100, 150),
        (1_000_000, 7, 0, 7),
    ],
)
def test_an_inbound_fee_is_rounded_towards_zero(amount_msat, base_msat, ppm, fee_msat):
    assert inbound_fee_msat(amount_msat, base_msat, ppm) == fee_msat


def test_the_fee_is_the_outbound_one_without_an_inbound_one():
    incoming = a_policy(fee_ppm=9_999, inbound_base_fee_msat=0, inbound_fee_ppm=0)
    outgoing = a_policy(base_fee_msat=1_000, fee_ppm=250)
    assert total_fee_msat(10_000_000, incoming, outgoing) == 3_500


def test_a_discount_is_granted_on_the_amount_with_the_outbound_fee():
    incoming = a_policy(inbound_base_fee_msat=0, inbound_fee_ppm=-100)
    outgoing = a_policy(base_fee_msat=0, fee_ppm=1_000)
    # 1,000 ppm of 10,000,000 is 10,000; 100 ppm of 10,010,000 is 1,001.
    assert total_fee_msat(10_000_000, incoming, outgoing) == 8_999


def test_nobody_is_paid_to_send_payments():
    incoming = a_policy(inbound_base_fee_msat=-5_000, inbound_fee_ppm=-2_000)
    assert total_fee_msat(10_000_000, incoming, a_policy(base_fee_msat=0, fee_ppm=10)) == 0
