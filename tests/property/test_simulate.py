"""Generated networks keep the promises of the columns; fees follow the rules."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daznode.domain.gossip import UNKNOWN_MSAT, AddressKind, content_sha256
from daznode.domain.ids import is_curve_point
from daznode.simulate.generated.chain import height_at
from daznode.simulate.generated.evolution import evolve_network
from daznode.simulate.generated.topology import MOST_PARALLEL, NetworkParams, generate_network
from daznode.simulate.payments.kernels.attempt import node_fee
from daznode.simulate.payments.state import BASE, INBOUND_BASE, INBOUND_PPM, PPM

AMOUNTS = st.integers(0, 2 * 10**12)
MOMENTS = st.datetimes(datetime(2018, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def check(snapshot):
    """Every promise of `NodeColumns`, `ChannelColumns` and `PolicyColumns`."""
    nodes, channels, policies = snapshot.nodes, snapshot.channels, snapshot.channels.policies
    at = snapshot.origin.observed_at
    keys = [row.tobytes() for row in nodes.node_id]
    assert keys == sorted(set(keys))
    assert all(is_curve_point(key) for key in keys[:5])
    assert len(nodes.alias) == len(keys) == len(nodes.last_update) == len(nodes.address_kinds)
    silent = nodes.last_update == 0
    assert ((nodes.address_kinds == AddressKind.NONE) == silent).all()
    assert all(not nodes.alias[row] for row in np.flatnonzero(silent))
    assert nodes.last_update.max(initial=0) <= at.timestamp()
    assert (np.diff(channels.scid.astype(np.uint64)) > 0).all() or len(channels.scid) < 2
    assert (channels.node1 < channels.node2).all()
    assert (channels.capacity_sat >= 20_000).all()
    heights = (channels.scid >> np.uint64(40)).astype(np.int64)
    assert heights.max(initial=0) <= max(1, height_at(at) - 6)
    absent = ~policies.is_present
    for name in type(policies).__slots__:
        column = getattr(policies, name)
        assert column.shape == (2, snapshot.n_channels)
        expected = UNKNOWN_MSAT if name == "htlc_maximum_msat" else 0
        assert (column[absent] == expected).all()
    assert ((policies.fee_ppm >= 0) & (policies.fee_ppm < 2**32)).all()
    assert policies.last_update.max(initial=0) <= at.timestamp()
    dtypes = (channels.scid.dtype, channels.node1.dtype, channels.capacity_sat.dtype)
    assert dtypes == (np.uint64, np.int32, np.int64)
    assert nodes.node_id.dtype == nodes.address_kinds.dtype == np.uint8
    assert snapshot.origin.content_sha256 == content_sha256(nodes, channels)


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 120), st.integers(0, 300), st.integers(0, 2**64 - 1), MOMENTS)
def test_generated_and_evolved_networks_are_snapshots(nodes, more, seed, at):
    more = min(more, MOST_PARALLEL * nodes * (nodes - 1) // 2 - nodes + 1)
    rng = np.random.default_rng(seed)
    params = NetworkParams(nodes, nodes - 1 + more)
    network = generate_network(params, rng, observed_at=at, imported_at=at)
    assert (network.n_nodes, network.n_channels) == (params.nodes, params.channels)
    check(network)
    later = at + timedelta(days=3)
    check(evolve_network(network, rng, observed_at=later, imported_at=later, days=3))


def kept_msat(amount_msat, outgoing=(0, 0), inbound=(0, 0)):
    """What a node keeps of a payment: by outbound and by inbound base fee and rate."""
    policies = np.zeros((2, 8), np.int64)
    policies[0, [INBOUND_BASE, INBOUND_PPM]] = inbound
    policies[1, [BASE, PPM]] = outgoing
    return node_fee(policies, 0, 1, amount_msat)


@given(AMOUNTS, st.integers(0, 10**6), st.integers(0, 10**6), st.integers(-(10**5), 10**5))
def test_a_forward_never_costs_us_and_a_discount_never_raises_its_price(
    amount_msat, base_msat, ppm, inbound_ppm
):
    plain_msat = kept_msat(amount_msat, (base_msat, ppm))
    assert plain_msat == base_msat + amount_msat * ppm // 10**6
    fee_msat = kept_msat(amount_msat, (base_msat, ppm), (0, inbound_ppm))
    assert fee_msat >= 0
    assert (fee_msat <= plain_msat) if inbound_ppm <= 0 else (fee_msat >= plain_msat)


@given(AMOUNTS, st.integers(0, 10**5))
def test_a_discount_is_a_surcharge_turned_round(amount_msat, ppm):
    dear = (10**12, 0)
    surcharge_msat = kept_msat(amount_msat, dear, (0, ppm)) - 10**12
    assert kept_msat(amount_msat, dear, (0, -ppm)) - 10**12 == -surcharge_msat


@pytest.mark.parametrize(
    ("amount_msat", "outgoing", "inbound", "fee_msat"),
    [
        (10_000_000, (1_000, 250), (0, 0), 3_500),
        # 1,000 ppm of 10,000,000 is 10,000; 100 ppm of 10,010,000 is 1,001.
        (10_000_000, (0, 1_000), (0, -100), 8_999),
        # Rounded towards zero.
        (1_999_989, (10, 0), (0, -1), 9),
        (999_900, (10, 0), (0, -1), 10),
        (1_000_000, (0, 0), (7, 0), 7),
        # Nobody is paid to send payments.
        (10_000_000, (0, 10), (-5_000, -2_000), 0),
    ],
)
def test_a_node_keeps_what_the_rules_say(amount_msat, outgoing, inbound, fee_msat):
    """BOLT 7, "HTLC Fees"; BLIP 18; LND, `InboundFee.CalcFee`."""
    assert kept_msat(amount_msat, outgoing, inbound) == fee_msat
