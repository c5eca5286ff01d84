"""What can be asked of a comparison of policies, and how much of it."""

from dataclasses import dataclass, field
from typing import Final

from daznode.ports.sources import GraphSource
from daznode.usecases.trial_ground import GroundTerms

ALL_POLICIES: Final = "all"
"""Stands for every policy of the table."""

MOST_NODES: Final = 1_000
MOST_SEEDS: Final = 1_000
MOST_JOBS: Final = 256
LARGEST_SEED: Final = 2**31 - 1 - MOST_SEEDS


@dataclass(frozen=True, slots=True)
class BacktestRequest:
    """What is to be compared.

    Attributes:
        network: A stored snapshot's id or the start of it, a dump, or None for the newest stored.
        policies: Names in the table; `all` for every one, the bound included. The base
            policy is always added.
        n_nodes: How many nodes are tried.
        n_seeds: How many runs each node and policy has.
        seed: Number from which nodes and runs, and the world around them, are drawn; from 0.
        terms: What the network is made into, and for how long; its `network_seed` becomes `seed`.
        jobs: Runs made at once.
    """

    network: str | GraphSource | None
    policies: tuple[str, ...] = (ALL_POLICIES,)
    n_nodes: int = 20
    n_seeds: int = 2
    seed: int = 1
    terms: GroundTerms = field(default_factory=GroundTerms)
    jobs: int = 1
