"""Generated networks as snapshots."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from daznode.domain.errors import InvalidParameter
from daznode.domain.gossip import content_sha256
from daznode.domain.provenance import Reality
from daznode.simulate.generated.topology import NetworkParams, generate_network, new_scids

AT = datetime(2025, 11, 20, 6, tzinfo=UTC)
LATER = AT + timedelta(days=200)


def a_network(nodes=400, channels=1_200, seed=1, at=AT):
    params = NetworkParams(nodes, channels)
    return generate_network(params, np.random.default_rng(seed), observed_at=at, imported_at=at)


def test_it_says_that_it_is_generated():
    origin = a_network().origin
    assert origin.kind == "generated"
    assert origin.reality is Reality.GENERATED
    assert origin.name == "400 nodes, 1200 channels"
    assert (origin.observed_at, origin.imported_at, origin.observed_at_basis) == (AT, AT, "given")


def test_one_seed_gives_one_network():
    one, again, other = a_network(), a_network(), a_network(seed=2)
    assert one.origin.content_sha256 == again.origin.content_sha256
    assert one.origin.content_sha256 == content_sha256(one.nodes, one.channels)
    assert one.origin.content_sha256 != other.origin.content_sha256


def test_the_moment_moves_times_and_ids_but_not_the_network():
    one, later = a_network(), a_network(at=LATER)

    def content(network):
        channels, policies = network.channels, network.channels.policies
        columns = (
            channels.node1,
            channels.node2,
            channels.capacity_sat,
            policies.fee_ppm[0],
            policies.fee_ppm[1],
        )
        return sorted(zip(*(column.tolist() for column in columns), strict=True))

    assert content(one) == content(later)
    assert (one.nodes.node_id == later.nodes.node_id).all()
    assert later.channels.policies.last_update.max() > one.channels.policies.last_update.max()


def test_the_largest_usual_size_is_calibrated():
    network = a_network(16_000, 50_000)
    assert (network.n_nodes, network.n_channels) == (16_000, 50_000)
    channels, policies = network.channels, network.channels.policies
    ends = np.concatenate([channels.node1, channels.node2])
    degree = np.bincount(ends, minlength=network.n_nodes)
    assert 0.36 < (degree == 1).mean() < 0.44
    assert 1_800 < degree.max() < 2_600
    assert 170 < (degree >= 51).sum() < 260
    assert 4_200e8 < channels.capacity_sat.sum() < 5_200e8
    assert 70 <= np.median(policies.fee_ppm[policies.is_present]) <= 140


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"nodes": 1}, "nodes: 1; takes 2 to 200000"),
        ({"nodes": 200_001, "channels": 300_000}, "nodes: 200001; takes 2 to 200000"),
        ({"nodes": 10, "channels": 8}, "channels: 8; expected 9 to 450 between 10 nodes"),
        (
            {"nodes": 10, "channels": 1_000_001},
            "channels: 1000001; expected 9 to 450 between 10 nodes",
        ),
        ({"leaf_ratio": 0.95}, "leaf_ratio: 0.95; takes 0 to 0.9"),
        ({"leaf_ratio": float("nan")}, "leaf_ratio: nan; takes 0 to 0.9"),
    ],
)
def test_what_no_network_can_be_made_of_is_refused(given, message):
    with pytest.raises(InvalidParameter) as refused:
        NetworkParams(**given)
    assert str(refused.value) == message


def test_ids_are_distinct_even_in_one_block():
    heights = np.full(3_000, 900_000)
    taken = new_scids(heights, np.empty(0, dtype=np.uint64), np.random.default_rng(1))
    fresh = new_scids(heights, taken, np.random.default_rng(1))
    assert len(set(taken.tolist()) | set(fresh.tolist())) == 6_000
    assert set((fresh >> np.uint64(40)).tolist()) == {900_000}
