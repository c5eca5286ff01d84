"""Which nodes and seeds are tried."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daznode.domain.errors import InvalidParameter
from daznode.domain.experiment import FlowTilt, NodeKind, NodeSet
from daznode.simulate.referee.nodes import (
    NodeCensus,
    candidates,
    choose,
    node_set_of,
    run_seeds,
)


def census_of(n_nodes, seed=0):
    rng = np.random.default_rng(seed)
    return NodeCensus(
        node_ids=[rng.bytes(33).hex() for _ in range(n_nodes)],
        capacity_sat=rng.integers(1_000_000, 10_000_000_000, n_nodes),
        channels=rng.integers(1, 40, n_nodes),
        flow_tilt=rng.uniform(-1, 1, n_nodes),
    )


def test_who_routes_and_what_it_is():
    tilts = [0.0, 0.21, -0.21, 0.2, -0.2, 1.0, *[0.0] * 6]
    census = NodeCensus(
        node_ids=[f"{place:02d}" for place in range(12)],
        capacity_sat=np.arange(12, dtype=np.int64) + 1,
        channels=np.array([5, 5, 5, 5, 5, 5, 4, *[9] * 5]),
        flow_tilt=np.array(tilts),
    )
    found = candidates(census)
    assert [one.node_id for one in found] == ["00", "01", "02", "03", "04", "05"]
    assert [one.kind for one in found] == [
        *[NodeKind.LEAF] * 2,
        *[NodeKind.MID] * 2,
        *[NodeKind.HUB] * 2,
    ]
    even, sink, source = FlowTilt.EVEN, FlowTilt.SINK, FlowTilt.SOURCE
    assert [one.tilt for one in found] == [even, sink, source, even, even, sink]


def test_the_largest_are_no_candidates_even_if_they_are_all_there_is():
    assert candidates(census_of(5)) == ()
    assert candidates(census_of(0)) == ()


@given(st.integers(0, 50), st.integers(1, 40), st.integers(0, 2**32))
def test_the_sets_never_share_a_node(network, count, seed):
    found = candidates(census_of(300, network))
    mine = choose(found, NodeSet.DEVELOPMENT, count, seed)
    theirs = choose(found, NodeSet.EVALUATION, count, seed)
    assert not {one.node_id for one in mine} & {one.node_id for one in theirs}
    assert {node_set_of(one.node_id) for one in mine} == {NodeSet.DEVELOPMENT}
    assert len({one.node_id for one in mine}) == count


@given(st.integers(9, 40), st.integers(0, 2**32))
def test_strata_are_as_even_as_can_be(count, seed):
    found = candidates(census_of(1_500))
    chosen = Counter((one.kind, one.tilt) for one in choose(found, NodeSet.EVALUATION, count, seed))
    assert len(chosen) == 9
    assert max(chosen.values()) - min(chosen.values()) <= 1


@given(st.integers(0, 2**32))
def test_three_are_of_three_kinds_and_three_tilts(seed):
    chosen = choose(candidates(census_of(1_500)), NodeSet.DEVELOPMENT, 3, seed)
    assert {one.kind for one in chosen} == set(NodeKind)
    assert {one.tilt for one in chosen} == set(FlowTilt)


def test_an_empty_stratum_leaves_its_turns_to_others():
    found = [one for one in candidates(census_of(1_500)) if one.kind is not NodeKind.HUB]
    chosen = choose(found, NodeSet.EVALUATION, 60, 1)
    strata = Counter((one.kind, one.tilt) for one in chosen)
    assert set(strata.values()) == {10}


def test_a_seed_gives_the_same_nodes_in_any_order_and_others_give_others():
    found = candidates(census_of(600))
    first = choose(found, NodeSet.EVALUATION, 20, 7)
    assert choose(found[::-1], NodeSet.EVALUATION, 20, 7) == first
    assert choose(found, NodeSet.EVALUATION, 30, 7)[:20] == first
    assert choose(found, NodeSet.EVALUATION, 20, 8) != first


@pytest.mark.parametrize("count", [0, 10_000])
def test_asking_for_too_many_says_how_many_there_are(count):
    found = candidates(census_of(100))
    there = sum(node_set_of(one.node_id) is NodeSet.EVALUATION for one in found)
    with pytest.raises(
        InvalidParameter, match=rf"this network has {there} that .*; takes 1 to {there}$"
    ):
        choose(found, NodeSet.EVALUATION, count, 1)


def test_where_there_is_nobody_to_try_it_is_said():
    with pytest.raises(InvalidParameter, match=r"has 0 that .*; takes another network or set$"):
        choose((), NodeSet.EVALUATION, 1, 1)


def test_about_half_of_all_nodes_are_for_tuning():
    share = np.mean([node_set_of(one) is NodeSet.DEVELOPMENT for one in census_of(4_000).node_ids])
    assert share == pytest.approx(0.5, abs=0.04)


@given(st.integers(0, 1_000), st.integers(1, 50), st.integers(0, 1_000), st.integers(1, 50))
def test_the_sets_never_share_a_seed(first, count, other, others):
    mine = run_seeds(NodeSet.DEVELOPMENT, first, count)
    assert not set(mine) & set(run_seeds(NodeSet.EVALUATION, other, others))
    assert len(set(mine)) == count
    assert run_seeds(NodeSet.DEVELOPMENT, first + 1, count)[: count - 1] == mine[1:]


@pytest.mark.parametrize(("first", "count"), [(-1, 3), (0, 0)])
def test_seeds_that_cannot_be(first, count):
    with pytest.raises(InvalidParameter):
        run_seeds(NodeSet.DEVELOPMENT, first, count)


@pytest.mark.parametrize("tilt", [1.1, -2.0, np.nan])
def test_a_census_with_an_impossible_tilt_or_a_short_column_is_refused(tilt):
    census = census_of(10)
    census.flow_tilt[3] = tilt
    with pytest.raises(InvalidParameter, match="tilt"):
        candidates(census)
    short = NodeCensus(census.node_ids[1:], census.capacity_sat, census.channels, census.flow_tilt)
    with pytest.raises(InvalidParameter, match="one capacity"):
        candidates(short)
