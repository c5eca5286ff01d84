"""What a run stands on: the network that runs share, its streams of chance, and what is drawn at first."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from daznode.simulate.payments.demand import DemandParams, Roles
from daznode.simulate.payments.network import BoolArray, FloatArray, IntArray, PaymentNetwork

_PURPOSES: Final = ("balances", "payments", "outages", "gossip", "feerate")


@dataclass(frozen=True, slots=True)
class Ground:
    """A network laid out for runs, which share it and never change it.

    Attributes:
        network: Who is linked to whom, and what they announce.
        roles: Who pays and who is paid.
        demand: What people want to pay.
        is_follower: Nodes that set their fees by how full their channels are, shape (n_nodes,), bool.
    """

    network: PaymentNetwork
    roles: Roles
    demand: DemandParams
    is_follower: BoolArray

    def floor_ppm(self, player: int) -> IntArray:
        """What each edge costs at the least during a run, shape (n_edges,): see `route_bounds`."""
        network = self.network
        floor = network.fee_ppm.copy()
        of_follower = self.is_follower[network.source]
        floor[of_follower] //= 2
        discount = np.zeros(network.n_nodes, np.int64)
        np.minimum.at(discount, network.target, network.inbound_ppm)
        gives_flat = np.zeros(network.n_nodes, np.bool_)
        gives_flat[network.target[network.inbound_base_msat < 0]] = True
        floor = np.maximum(floor + discount[network.source], 0)
        floor[gives_flat[network.source] | (network.source == player)] = 0
        return floor


def stream(seed: int, purpose: str) -> np.random.Generator:
    """The source of chance of one purpose in one run: no purpose disturbs another."""
    return np.random.default_rng([seed, _PURPOSES.index(purpose)])


def draw_balances(network: PaymentNetwork, rng: np.random.Generator) -> IntArray:
    """Hidden balances, msat, shape (n_edges,): half of the channels lean to one end, half do not.

    References:
        Bimodal balances: LND's issue 5988 and its bimodal estimator; Beta(0.3, 0.3) for them.
    """
    one_end = np.flatnonzero(np.arange(network.n_edges) < network.reverse)
    by_scid = one_end[np.argsort(network.scid[one_end], kind="stable")]
    leans = rng.random(len(by_scid)) < 0.5  # noqa: PLR2004 - half of them
    share = np.where(leans, rng.beta(0.3, 0.3, len(by_scid)), rng.random(len(by_scid)))
    balance = np.zeros(network.n_edges, np.int64)
    balance[by_scid] = (network.capacity_msat[by_scid] * share).astype(np.int64) // 1_000 * 1_000
    other = network.reverse[by_scid]
    balance[other] = network.capacity_msat[by_scid] - balance[by_scid]
    return balance


def feerates(seed: int, days: int) -> FloatArray:
    """What a transaction pays on each day, sat per vByte: a mean-reverting walk of logs around 5.

    Args:
        seed: Number of the run's chance.
        days: How many.
    """
    rng = stream(seed, "feerate")
    log, rates = 0.0, []
    for step in rng.normal(0, 0.25, days):
        log = 0.9 * log + float(step)
        rates.append(max(1.0, 5.0 * float(np.exp(log))))
    return np.array(rates)
