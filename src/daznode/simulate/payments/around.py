"""The price of the best way around a node: what replaces it, and what refilling a channel costs."""

from typing import Final

import numpy as np

from daznode.simulate.payments.kernels.around import fees_around
from daznode.simulate.payments.network import FloatArray, IntArray, PaymentNetwork
from daznode.simulate.payments.state import BASE, HTLC_MAX, HTLC_MIN, IS_DISABLED, PPM

AMOUNT_MSAT: Final = 500_000_000
"""500,000 sat: what the prices are asked for about the size of a usual refill."""

RESTORE_MOST_PPM: Final = 1_500
"""What no operator would pay more for; the evaluation protocol caps the price there."""


def around_ppm(network: PaymentNetwork, policies: IntArray, node: int) -> FloatArray:
    """What moving 500,000 sat to each peer costs from any other peer of a node, without it.

    Everybody on the way charges, the peer it starts from too. Balances are not known to the public
    and are not looked at, so this is a lower bound.

    Args:
        network: Who is linked to whom.
        policies: What is announced, (n_edges, 8).
        node: The node.

    Returns:
        Fee by channel, in the order of `network.edges_from(node)`, ppm; infinite if there is no way.
    """
    can = (
        (policies[:, IS_DISABLED] == 0)
        & (policies[:, HTLC_MAX] >= AMOUNT_MSAT)
        & (policies[:, HTLC_MIN] <= AMOUNT_MSAT)
    )
    fee = policies[:, BASE] + policies[:, PPM] * (AMOUNT_MSAT / 1e6)
    fee = np.where(can, fee, np.inf)
    of_channel = network.target[network.edges_from(node)]
    peers, place = np.unique(of_channel, return_inverse=True)
    costs = np.zeros(len(peers))
    fees_around(network.start, network.source.astype(np.uint32), fee, node, peers, costs)
    return np.asarray(costs[place] / (AMOUNT_MSAT / 1e6), dtype=np.float64)


def restore_ppm(around: FloatArray) -> IntArray:
    """What bringing back a drained millisatoshi is charged at: the way around, within bounds.

    Args:
        around: From `around_ppm`.

    Returns:
        Whole ppm, at most `RESTORE_MOST_PPM`, and that where there is no way around.
    """
    dear = np.where(np.isfinite(around), around, RESTORE_MOST_PPM)
    return np.minimum(np.round(dear), RESTORE_MOST_PPM).astype(np.int64)
