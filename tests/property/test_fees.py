import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.random_snapshots import random_snapshots

from daznode.domain.gossip import GraphSnapshot
from daznode.graph.fees import MarketIndex


def quantile(sold: list[tuple[int, int]], share: float) -> int:
    total = sum(sat for _, sat in sold)
    passed = 0
    for ppm, sat in sorted(sold):
        passed += sat
        if passed * 20 >= total * round(share * 20):
            return ppm
    raise AssertionError


def others_towards(snapshot: GraphSnapshot, node: int, peer: int) -> list[tuple[int, int]]:
    channels, policies = snapshot.channels, snapshot.channels.policies
    sold = []
    for k in range(snapshot.n_channels):
        for side, (source, target) in enumerate(
            ((channels.node1[k], channels.node2[k]), (channels.node2[k], channels.node1[k]))
        ):
            is_open = policies.is_present[side, k] and not policies.is_disabled[side, k]
            ppm, sat = int(policies.fee_ppm[side, k]), int(channels.capacity_sat[k])
            if target == peer and source != node and is_open and ppm < 1_000_000 and sat > 0:
                sold.append((ppm, sat))
    return sold


@settings(deadline=None, max_examples=150)
@given(snapshot=random_snapshots(min_nodes=2))
def test_markets_of_all_channels_equal_their_definition_in_plain_python(snapshot: GraphSnapshot):
    index = MarketIndex(snapshot)
    for node in range(snapshot.n_nodes):
        markets = index.channel_markets(node)
        rows = zip(
            markets.peer.tolist(),
            markets.n_competitors.tolist(),
            markets.p25_ppm.tolist(),
            markets.p50_ppm.tolist(),
            markets.p75_ppm.tolist(),
            markets.fee_ppm.tolist(),
            markets.standing.tolist(),
            strict=True,
        )
        for peer, count, p25, p50, p75, fee_ppm, standing in rows:
            sold = others_towards(snapshot, node, peer)
            assert count == len(sold)
            if not sold:
                assert (p25, p50, p75) == (-1, -1, -1)
                continue
            assert (p25, p50, p75) == tuple(quantile(sold, share) for share in (0.25, 0.5, 0.75))
            cheaper = sum(sat for ppm, sat in sold if ppm < fee_ppm)
            expected = cheaper / sum(sat for _, sat in sold) if fee_ppm >= 0 else np.nan
            np.testing.assert_array_equal(standing, expected)


@settings(deadline=None, max_examples=100)
@given(snapshot=random_snapshots(min_nodes=2), fee_ppm=st.integers(0, 1_100_000))
def test_one_peer_and_all_channels_give_the_same_market(snapshot: GraphSnapshot, fee_ppm: int):
    index = MarketIndex(snapshot)
    for node in range(snapshot.n_nodes):
        markets = index.channel_markets(node)
        for place, peer in enumerate(markets.peer.tolist()):
            market = index.peer_market(node, peer)
            if market is None:
                assert markets.n_competitors[place] == 0
                continue
            assert markets.n_competitors[place] == market.n_competitors
            assert markets.p50_ppm[place] == market.fee_ppm.p50
            sold = others_towards(snapshot, node, peer)
            cheaper = sum(sat for ppm, sat in sold if ppm < fee_ppm)
            assert market.standing(fee_ppm) == cheaper / market.capacity_sat


@settings(deadline=None, max_examples=60)
@given(snapshot=random_snapshots())
def test_both_sides_of_the_market_add_up_to_the_network(snapshot: GraphSnapshot):
    index = MarketIndex(snapshot)
    markets = [index.fee_market(node) for node in range(snapshot.n_nodes)]
    for side in ("towards", "outward"):
        parts = [getattr(market, side) for market in markets]
        assert sum(part.n_policies for part in parts) == markets[0].network.n_policies
        assert sum(part.capacity_sat for part in parts) == markets[0].network.capacity_sat
        assert sum(part.n_disabled for part in parts) == markets[0].network.n_disabled
