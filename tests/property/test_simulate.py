"""Generated networks keep the promises of the columns; channels keep their sums."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from daznode.simulate.channel import inbound_fee_msat, total_fee_msat
from hypothesis import given, settings
from hypothesis import strategies as st

from daznode.domain.gossip import UNKNOWN_MSAT, AddressKind, content_sha256
from daznode.domain.ids import is_curve_point
from daznode.domain.node_state import ChannelPolicy
from daznode.simulate.chain import height_at
from daznode.simulate.evolution import evolve_network
from daznode.simulate.topology import MOST_PARALLEL, NetworkParams, generate_network

FREE = ChannelPolicy(
    base_fee_msat=0,
    fee_ppm=0,
    inbound_base_fee_msat=0,
    inbound_fee_ppm=0,
    cltv_delta=80,
    htlc_minimum_msat=0,
    htlc_maximum_msat=10**15,
    is_disabled=False,
)
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


@given(AMOUNTS, st.integers(0, 10**6), st.integers(0, 2**32 - 1), st.integers(-(10**5), 10**5))
def test_a_forward_never_costs_us_and_a_discount_never_raises_its_price(
    amount_msat, base_msat, ppm, inbound_ppm
):
    outgoing = replace(FREE, base_fee_msat=base_msat, fee_ppm=ppm)
    plain_msat = total_fee_msat(amount_msat, FREE, outgoing)
    assert plain_msat == base_msat + amount_msat * ppm // 10**6
    fee_msat = total_fee_msat(amount_msat, replace(FREE, inbound_fee_ppm=inbound_ppm), outgoing)
    assert fee_msat >= 0
    assert (fee_msat <= plain_msat) if inbound_ppm <= 0 else (fee_msat >= plain_msat)


@given(AMOUNTS, st.integers(0, 10**5))
def test_a_discount_is_a_surcharge_turned_round(amount_msat, ppm):
    assert inbound_fee_msat(amount_msat, 0, -ppm) == -inbound_fee_msat(amount_msat, 0, ppm)
