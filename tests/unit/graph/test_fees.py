import numpy as np
import pytest
from tests.builders import a_snapshot

from daznode.domain.gossip import GraphSnapshot
from daznode.domain.measures import Quantiles
from daznode.graph.fees import MarketIndex, fee_market, peer_market

SENTINEL = 2**32 - 1


def hub() -> GraphSnapshot:
    """Peer 1 with four sellers: node 0 (30 ppm), 2 (10), 3 (20), 4 (40); capacities 1, 2, 3, 4 M."""
    return a_snapshot(
        5,
        [(0, 1), (1, 2), (1, 3), (1, 4)],
        capacity_sat=[1_000_000, 2_000_000, 3_000_000, 4_000_000],
        policies={
            "fee_ppm": [[30, 500, 600, 700], [900, 10, 20, 40]],
            "base_fee_msat": [[0, 1_000, 1_000, 0], [1, 2, 3, 4]],
            "inbound_fee_ppm": [[-7, -10, 0, 0], [5, 6, 7, 8]],
        },
    )


def test_the_market_towards_a_node_weighs_by_capacity():
    """10, 20, 30, 40 ppm with 2, 3, 1, 4 of 10 million: 10 % at 10, half at 20, 60 % at 30."""
    market = fee_market(hub(), 1)
    assert market.towards.fee_ppm == Quantiles(p10=10, p25=20, p50=20, p75=40, p90=40)
    assert (market.towards.n_policies, market.towards.capacity_sat) == (4, 10_000_000)
    assert market.towards.base_fee_msat == Quantiles(p10=0, p25=2, p50=3, p75=4, p90=4)


def test_inbound_fees_are_those_of_the_receiving_side():
    market = fee_market(hub(), 1)
    assert market.towards.inbound_fee_ppm == Quantiles(p10=-10, p25=0, p50=0, p75=0, p90=0)
    assert market.outward.inbound_fee_ppm == Quantiles(p10=-7, p25=6, p50=7, p75=8, p90=8)
    assert market.outward.fee_ppm == Quantiles(p10=500, p25=600, p50=600, p75=700, p90=700)


def test_the_network_side_holds_all_policies():
    market = fee_market(hub(), 0)
    assert market.network.n_policies == 8
    assert market.network.capacity_sat == 20_000_000
    assert market.network.fee_ppm == Quantiles(p10=10, p25=20, p50=40, p75=600, p90=700)
    assert (market.node_id, market.alias) == (hub().node_hex(0), "node 0")
    assert market.snapshot_id == hub().origin.snapshot_id


def test_disabled_missing_sentinel_and_unsized_policies_are_out_and_disabled_ones_counted():
    snapshot = a_snapshot(
        6,
        [(0, 1), (0, 2), (0, 3), (0, 4), (0, 5)],
        capacity_sat=[1_000, 1_000, 1_000, 1_000, -1],
        policies={
            "fee_ppm": [[1] * 5, [100, 200, SENTINEL, 400, 500]],
            "is_disabled": [[False] * 5, [False, True, False, False, False]],
            "is_present": [[True] * 5, [True, True, True, False, True]],
        },
    )
    towards = fee_market(snapshot, 0).towards
    assert (towards.n_policies, towards.n_disabled, towards.capacity_sat) == (1, 1, 1_000)
    assert towards.fee_ppm == Quantiles(100, 100, 100, 100, 100)
    outward = fee_market(snapshot, 0).outward
    assert outward.n_policies == 4
    assert outward.inbound_fee_ppm == Quantiles(0, 0, 0, 0, 0)


def test_a_node_without_channels_has_an_empty_market():
    market = fee_market(a_snapshot(3, [(0, 1)]), 2)
    for side in (market.towards, market.outward):
        assert (side.n_policies, side.capacity_sat, side.n_disabled) == (0, 0, 0)
        assert side.fee_ppm is None
        assert side.base_fee_msat is None
        assert side.inbound_fee_ppm is None
    assert market.network.n_policies == 2


def test_a_network_without_channels_has_an_empty_market():
    index = MarketIndex(a_snapshot(2, []))
    assert index.fee_market(0).network.fee_ppm is None
    assert index.median_ppm(0) is None
    assert len(index.channel_markets(1).channel) == 0


def test_the_market_of_a_peer_is_that_of_the_others():
    """Without node 0: 10, 20, 40 ppm with 2, 3, 4 of 9 million."""
    market = peer_market(hub(), 0, 1)
    assert market is not None
    assert market.fee_ppm == Quantiles(p10=10, p25=20, p50=20, p75=40, p90=40)
    assert (market.n_competitors, market.capacity_sat) == (3, 9_000_000)


@pytest.mark.parametrize(
    ("fee_ppm", "cheaper_sat"), [(0, 0), (10, 0), (11, 2), (20, 2), (30, 5), (40, 5), (41, 9)]
)
def test_the_standing_is_the_capacity_that_charges_less(fee_ppm: int, cheaper_sat: int):
    market = peer_market(hub(), 0, 1)
    assert market is not None
    assert market.standing(fee_ppm) == cheaper_sat / 9


def test_nobody_else_means_no_market():
    snapshot = a_snapshot(2, [(0, 1), (0, 1)])
    assert peer_market(snapshot, 0, 1) is None
    markets = MarketIndex(snapshot).channel_markets(0)
    assert markets.n_competitors.tolist() == [0, 0]
    assert markets.p50_ppm.tolist() == [-1, -1]
    assert np.isnan(markets.standing).all()


def test_all_channels_of_a_node_at_once():
    markets = MarketIndex(hub()).channel_markets(0)
    assert markets.channel.tolist() == [0]
    assert markets.peer.tolist() == [1]
    assert markets.fee_ppm.tolist() == [30]
    assert markets.n_competitors.tolist() == [3]
    assert (markets.p25_ppm[0], markets.p50_ppm[0], markets.p75_ppm[0]) == (20, 20, 40)
    assert markets.standing.tolist() == [5 / 9]


def test_a_channel_without_a_price_of_ours_has_a_market_but_no_standing():
    snapshot = a_snapshot(3, [(0, 1), (1, 2)], policies={"fee_ppm": [[SENTINEL, 5], [5, 70]]})
    markets = MarketIndex(snapshot).channel_markets(0)
    assert markets.fee_ppm.tolist() == [-1]
    assert markets.p50_ppm.tolist() == [70]
    assert np.isnan(markets.standing[0])


def test_the_median_towards_a_node_counts_everybody():
    assert MarketIndex(hub()).median_ppm(1) == 20
    assert MarketIndex(hub()).median_ppm(4) == 700
