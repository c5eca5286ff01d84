"""What senders see of the simulated node: its price beside that of the ways around it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daznode.domain.node_state import ChannelPolicy
from daznode.domain.units import MSAT_PER_SAT, PPM_ONE
from daznode.simulate.surroundings import Surroundings, hop_cost_msat
from daznode.simulate.traffic import Offers

FloatArray = NDArray[np.float64]

REFERENCE_SATS: Final = (10_000, 100_000, 1_000_000)
"""Amounts for which ways around the node are priced; others cost in proportion to the nearest."""

_HOPS_THROUGH: Final = 2


@dataclass(frozen=True, slots=True)
class _Side:
    """One side's policies of the node's channels, as columns; all of shape (n_peers,)."""

    base_msat: FloatArray
    fee_ppm: FloatArray
    inbound_base_msat: FloatArray
    inbound_ppm: FloatArray
    least_msat: FloatArray
    most_msat: FloatArray
    is_open: NDArray[np.bool_]

    @classmethod
    def of(cls, policies: Sequence[ChannelPolicy]) -> "_Side":
        def column(name: str) -> FloatArray:
            return np.array([getattr(policy, name) for policy in policies], dtype=np.float64)

        return cls(
            base_msat=column("base_fee_msat"),
            fee_ppm=column("fee_ppm"),
            inbound_base_msat=column("inbound_base_fee_msat"),
            inbound_ppm=column("inbound_fee_ppm"),
            least_msat=column("htlc_minimum_msat"),
            most_msat=column("htlc_maximum_msat"),
            is_open=np.array([not policy.is_disabled for policy in policies]),
        )


def costs_around_msat(surroundings: Surroundings, peers: NDArray[np.int64]) -> FloatArray:
    """Costs of the cheapest ways between the peers that avoid the node.

    Args:
        surroundings: The network of the day.
        peers: Index of each peer in its nodes, shape (n_peers,).

    Returns:
        Costs, shape (3, n_peers, n_peers), msat, one layer per reference amount.
    """
    layers = [surroundings.costs_msat(peers, sats * MSAT_PER_SAT) for sats in REFERENCE_SATS]
    return np.stack(layers)


def asked(
    offers: Offers,
    around_msat: FloatArray,
    own: Sequence[ChannelPolicy],
    theirs: Sequence[ChannelPolicy],
) -> NDArray[np.bool_]:
    """Which payments their senders would send through the node, if its channels can be used.

    A sender takes the node when its policies allow the amount, the fees stay within the sender's
    limit, and the way through it costs no more than the cheapest way around it, by the sender's own
    measure.

    Args:
        offers: Payments of the day.
        around_msat: What `costs_around_msat` gives.
        own: The node's policy towards each peer.
        theirs: Each peer's policy towards the node.

    Returns:
        Shape (n_offers,).
    """
    mine, peers = _Side.of(own), _Side.of(theirs)
    entry, leaving = offers.entry, offers.leaving
    amount = offers.amount_msat.astype(np.float64)
    outbound = mine.base_msat[leaving] + amount * mine.fee_ppm[leaving] / PPM_ONE
    inbound = mine.inbound_base_msat[entry] + (amount + outbound) * (
        mine.inbound_ppm[entry] / PPM_ONE
    )
    received = amount + np.maximum(outbound + inbound, 0.0)
    before = peers.base_msat[entry] + received * peers.fee_ppm[entry] / PPM_ONE
    fees = received - amount + before
    through = fees + _HOPS_THROUGH * hop_cost_msat(amount)
    references = np.array(REFERENCE_SATS, dtype=np.float64) * MSAT_PER_SAT
    middles = np.sqrt(references[1:] * references[:-1])
    layer = np.searchsorted(middles, amount)
    around = around_msat[layer, entry, leaving] * (amount / references[layer])
    allowed = (
        mine.is_open[leaving]
        & peers.is_open[entry]
        & (amount >= mine.least_msat[leaving])
        & (amount <= mine.most_msat[leaving])
        & (received >= peers.least_msat[entry])
        & (received <= peers.most_msat[entry])
    )
    is_cheap = (fees <= offers.limit_msat) & (through <= around * offers.detour_ratio)
    return np.asarray(allowed & is_cheap, dtype=np.bool_)
