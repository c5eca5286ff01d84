"""Standing orders of the player: which channels it refills while a payment waits, and for how much."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from daznode.simulate.payments.network import IntArray
from daznode.simulate.payments.succession import Succession

RULE_COLUMNS: Final = 4
ALLOWANCE, LEAST_FEE, FEE_PPM, MARGIN = range(RULE_COLUMNS)
"""Columns of a rule: what may still be spent (the refill that goes below 0 is the last one), the cap
of one refill's cost (the larger of a sum and a share of the amount), and what a channel must have
beside the payment; all msat but the share."""

_SEED_BITS: Final = 63


class Standing(NamedTuple):
    """Standing orders as the kernels read them.

    Attributes:
        group: By edge, the row of `rule` that it is refilled by, -1 for none, (n_edges,), int64; of
            length 0 if nothing is ordered.
        rule: (n_rules, 4), int64; what may still be spent goes down as it is spent.
        seed: Number of the chance by which sources are drawn, (1,), int64.
    """

    group: IntArray
    rule: IntArray
    seed: IntArray

    def copy(self) -> "Standing":
        """The same orders, of which others may spend."""
        return self._replace(rule=self.rule.copy())

    def later(self, since: Succession) -> "Standing":
        """The same orders in the network of a later day."""
        if len(self.group) == 0:
            return self
        none = np.full(len(since.edge), -1, np.int64)
        return self._replace(group=since.of_edges(self.group, none))


@dataclass(frozen=True, slots=True)
class StandingRefill:
    """Refill some channels of the player while a payment waits that they lack the balance for.

    Attributes:
        edges: From the player to one peer.
        allowance_msat: What such refills of these channels may still cost together.
        least_fee_msat: What one may cost whatever it brings.
        fee_ppm: What one may cost of what it brings, if that is more.
        margin_msat: What the channel must have beside the payment for it to pass.
    """

    edges: tuple[int, ...]
    allowance_msat: int
    least_fee_msat: int
    fee_ppm: int
    margin_msat: int


def standing_orders(n_edges: int, seed: int, refills: Sequence[StandingRefill] = ()) -> Standing:
    """Orders as arrays.

    Args:
        n_edges: Of the network.
        seed: Number of the run's chance.
        refills: The orders; of an edge that is named twice the last one counts.
    """
    group = np.full(n_edges if refills else 0, -1, np.int64)
    rule = np.zeros((len(refills), RULE_COLUMNS), np.int64)
    for at, one in enumerate(refills):
        group[list(one.edges)] = at
        rule[at] = (one.allowance_msat, one.least_fee_msat, one.fee_ppm, one.margin_msat)
    return Standing(group, rule, np.array([seed % (1 << _SEED_BITS)], np.int64))
