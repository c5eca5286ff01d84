"""Hypothesis strategy for small snapshots with everything that gossip really holds."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from tests.builders import MORNING, a_snapshot

from daznode.domain.gossip import GraphSnapshot

PRICES = st.sampled_from([0, 0, 1, 5, 100, 250, 999_999, 1_000_000, 2**32 - 1])
CAPACITIES = st.sampled_from([-1, 1, 20_000, 1_000_000, 1_000_001, 5_000_000, 2_000_000_000])
AGES = st.sampled_from([-600, 0, 1, 3_600, 86_400, 13 * 86_400, 15 * 86_400, 400 * 86_400])


@st.composite
def random_snapshots(draw: Any, min_nodes: int = 1, max_nodes: int = 7) -> GraphSnapshot:
    """Few nodes and channels: parallel, missing, disabled, free, absurd and unknown ones among them."""
    n_nodes = draw(st.integers(min_nodes, max_nodes))
    nodes = st.integers(0, n_nodes - 1)
    pair = st.tuples(nodes, nodes).filter(lambda ends: ends[0] != ends[1])
    pairs = draw(st.lists(pair, max_size=14)) if n_nodes > 1 else []
    n_channels = len(pairs)

    def rows(values: st.SearchStrategy[Any]) -> np.ndarray:
        one = st.lists(values, min_size=n_channels, max_size=n_channels)
        return np.array([draw(one), draw(one)]).reshape(2, n_channels)

    is_present = rows(st.sampled_from([True, True, True, False])).astype(bool)
    return a_snapshot(
        n_nodes,
        pairs,
        capacity_sat=np.array(
            draw(st.lists(CAPACITIES, min_size=n_channels, max_size=n_channels)), np.int64
        ),
        policies={
            "is_present": is_present,
            "is_disabled": rows(st.sampled_from([False, False, True])).astype(bool),
            "fee_ppm": rows(PRICES),
            "base_fee_msat": rows(st.sampled_from([0, 1, 1_000])),
            "inbound_fee_ppm": rows(st.sampled_from([0, 0, -50, 20])),
            "last_update": int(MORNING.timestamp()) - rows(AGES).astype(np.int64),
        },
    )
