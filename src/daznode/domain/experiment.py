"""Experiments with fee policies in a simulated network: what one run came to, what a comparison found."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from daznode.domain.ids import NodeId, ShortChannelId
from daznode.domain.units import Msat, Ppm, Sat


class NodeSet(StrEnum):
    """Which half of the world a node belongs to: policies are tuned on one, judged on the other."""

    DEVELOPMENT = "development"
    EVALUATION = "evaluation"


class Tier(StrEnum):
    """How payments are lived through."""

    FULL = "full"
    """Every payment of the network searches, tries, fails, retries and settles."""

    TWIN = "twin"
    """What one full loop under the base policy recorded of a node's chances is replayed: quick, blind
    to what senders remember and to others; it screens, it proves nothing."""


class NodeKind(StrEnum):
    """What a node is to the network, by capacity; a tilt of its flow may be added to it."""

    HUB = "hub"
    MID = "mid"
    LEAF = "leaf"


class FlowTilt(StrEnum):
    """Whether payments that could pass a node rather drain it, fill it, or neither."""

    SOURCE = "source"
    SINK = "sink"
    EVEN = "even"


@dataclass(frozen=True, slots=True, order=True)
class RunKey:
    """One cell of an experiment: runs with equal node and seed see the same payments.

    Attributes:
        node_id: Whose fees are set.
        seed: Number of the run's chance: balances, payments, outages.
        policy: Name in the table of policies.
    """

    node_id: NodeId
    seed: int
    policy: str


@dataclass(frozen=True, slots=True)
class ChannelDay:
    """One channel at the end of one simulated day.

    Attributes:
        day: Number of the day, from 0.
        local_msat: Our balance then.
        fee_ppm: What we asked then.
        inbound_fee_ppm: The same for what comes in.
        earned_msat: Fees of forwards that left by it during the day.
        out_msat: What left by it.
        in_msat: What came in by it.
        refused: Payments that it could not pass on for want of balance.
    """

    day: int
    local_msat: Msat
    fee_ppm: Ppm
    inbound_fee_ppm: Ppm
    earned_msat: Msat
    out_msat: Msat
    in_msat: Msat
    refused: int


@dataclass(frozen=True, slots=True)
class ChannelOutcome:
    """What one channel did in a run.

    Attributes:
        scid: Short channel id.
        peer_alias: The other side, as announced; its key if it has no name.
        capacity_sat: Funding amount.
        start_local_msat: Our balance when the measured days began, or when the channel was opened.
        end_local_msat: Our balance when they ended, or when the channel was closed.
        around_ppm: What moving 500,000 sat to the peer costs at the least without us, from any of our
            other peers; None if there is no other way. It prices what was drained.
        earned_msat: Fees of forwards that left by it.
        captive_msat: Of them, those whose sender had no other route within its limit.
        forwards: How many left by it.
        refused: Payments that it could not pass on for want of balance.
        refilled_msat: What circular payments brought in by it.
        refill_cost_msat: What they cost.
        updates: Changes of its policy.
        days: How it stood day by day; nothing held before its open and after its close.
        opened_on: Number of the day on which it was opened, from 0; None if it was there before.
        closed_on: Number of the day on which it was closed; None if it was not.
    """

    scid: ShortChannelId
    peer_alias: str
    capacity_sat: Sat
    start_local_msat: Msat
    end_local_msat: Msat
    around_ppm: Ppm | None
    earned_msat: Msat
    captive_msat: Msat
    forwards: int
    refused: int
    refilled_msat: Msat
    refill_cost_msat: Msat
    updates: int
    days: tuple[ChannelDay, ...]
    opened_on: int | None = None
    closed_on: int | None = None


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """What one run came to, over its measured days.

    Attributes:
        key: Which run.
        alias: The node's name, or its key.
        kind: What the node is to the network.
        tilt: Which way its flow leans.
        days: Measured days; the days before them are not counted.
        payments: Payments of the whole network in them, but for those whose ends were offline.
        network_success_ratio: Share of them that arrived.
        capacity_sat: Sum of the node's channels, those opened or closed meanwhile by their days.
        fees_msat: What it earned by forwards.
        captive_msat: Of it, from senders who had no other route within their limit.
        refill_cost_msat: Circular payments, all that was paid for them.
        onchain_cost_msat: Opens and closes.
        restore_msat: What bringing back what was drained would cost, each channel at its
            `around_ppm`, at most 1,500 ppm.
        restore_flat_msat: The same at 100 ppm for every channel.
        forwards: Payments that it passed on.
        offered: Payments that asked for it, passed on or not.
        refused: Of them, those that failed at this node for want of balance.
        updates: Changes of policies.
        refills: Circular payments that succeeded.
        imbalance: Mean over channels and days of |local share - 1/2|, times two, in [0, 1].
        own_msat_days: Own balance held, summed over the measured days: the capital used.
        history_sha256: Hash of all that happened in the run; equal settings give equal hashes.
        channels: Channel by channel.
    """

    key: RunKey
    alias: str
    kind: NodeKind
    tilt: FlowTilt
    days: int
    payments: int
    network_success_ratio: float
    capacity_sat: Sat
    fees_msat: Msat
    captive_msat: Msat
    refill_cost_msat: Msat
    onchain_cost_msat: Msat
    restore_msat: Msat
    restore_flat_msat: Msat
    forwards: int
    offered: int
    refused: int
    updates: int
    refills: int
    imbalance: float
    own_msat_days: Msat
    history_sha256: str
    channels: tuple[ChannelOutcome, ...]

    @property
    def spent_msat(self) -> Msat:
        """What was paid during the run."""
        return Msat(self.refill_cost_msat + self.onchain_cost_msat)

    @property
    def net_msat(self) -> Msat:
        """The score: fees less what was spent, less half of what restoring would cost at most.

        Half, because part of the flow comes back by itself; `net_low_msat` and `net_high_msat` are
        the ends of the band.
        """
        return Msat(self.fees_msat - self.spent_msat - self.restore_msat // 2)

    @property
    def net_low_msat(self) -> Msat:
        """The same with all of it: a lower bound."""
        return Msat(self.fees_msat - self.spent_msat - self.restore_msat)

    @property
    def net_high_msat(self) -> Msat:
        """The same with none of it: an upper bound."""
        return Msat(self.fees_msat - self.spent_msat)

    @property
    def net_flat_msat(self) -> Msat:
        """The same with every drained millisatoshi at 100 ppm."""
        return Msat(self.fees_msat - self.spent_msat - self.restore_flat_msat)

    @property
    def net_contested_msat(self) -> Msat:
        """The score without captive demand."""
        return Msat(self.net_msat - self.captive_msat)


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with the interval that holds the truth in 95 of 100 repetitions.

    Attributes:
        mean: The estimate.
        low: Lower end.
        high: Upper end.
    """

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PolicyStanding:
    """How one policy did over all nodes and seeds of an experiment.

    Amounts are sat per bitcoin of the node's capacity and year, so that nodes can be compared.

    Attributes:
        policy: Name in the table of policies.
        net: Score.
        net_low: Lower bound of the score (restoring at full price).
        net_high: Upper bound (restoring for nothing).
        net_flat: Restoring at 100 ppm.
        net_contested: Score without captive demand.
        gross: Fees.
        cost: Refills and on-chain fees.
        against_base: Score minus the base policy's on the same node and seed.
        is_ahead: Whether that difference is above zero after Holm's correction for all comparisons.
        is_behind: Whether it is below zero in the same sense.
        p_value: Of the two-sided sign-flip test over nodes; 1 for the base itself.
        wins: Share of nodes on which it beat the base policy.
        mean_rank: Mean place among all policies over nodes, 1 is best.
        success_ratio: Share of the payments that asked for the node and that it passed on.
        imbalance: Mean imbalance of channels.
        updates_per_channel_day: Changes of policies.
        refills_per_day: Circular payments.
        own_btc: Own balance held on average, bitcoin.
        share_of_oracle: Score as a share of the oracle's; None without an oracle, or if it earned
            nothing.
    """

    policy: str
    net: Interval
    net_low: Interval
    net_high: Interval
    net_flat: Interval
    net_contested: Interval
    gross: Interval
    cost: Interval
    against_base: Interval
    is_ahead: bool
    is_behind: bool
    p_value: float
    wins: float
    mean_rank: float
    success_ratio: float
    imbalance: float
    updates_per_channel_day: float
    refills_per_day: float
    own_btc: float
    share_of_oracle: float | None


@dataclass(frozen=True, slots=True)
class ExperimentPlan:
    """What an experiment runs; equal plans give equal outcomes.

    Attributes:
        network: Id of the snapshot.
        is_modernised: Whether its fees and capacities were redrawn as they are today.
        node_set: Which nodes could be chosen.
        nodes: Who is tried, by key.
        policies: Names in the table of policies.
        base: Policy that the others are compared with.
        seeds: Numbers of the runs.
        days: Measured days.
        burn_in_days: Days before them, with the base policy.
        payments_per_day: Mean number of payments of the whole network.
        engine: Version of the simulator; another one may give other outcomes.
        network_seed: Number of the chance that made of the network what no snapshot says: who pays,
            who is paid, and the fees if they are redrawn.
        tier: How payments are lived through.
    """

    network: str
    is_modernised: bool
    node_set: NodeSet
    nodes: tuple[NodeId, ...]
    policies: tuple[str, ...]
    base: str
    seeds: tuple[int, ...]
    days: int
    burn_in_days: int
    payments_per_day: int
    engine: str
    network_seed: int = 1
    tier: Tier = Tier.FULL

    @property
    def keys(self) -> tuple[RunKey, ...]:
        """All runs, in the order in which they are done: whole nodes and seeds first."""
        return tuple(
            RunKey(node, seed, policy)
            for seed in self.seeds
            for node in self.nodes
            for policy in self.policies
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """What an experiment found.

    Attributes:
        plan: What was run.
        made_at: When the last run ended, UTC.
        standings: By score, best first.
        outcomes: Every run, by key.
        experiment_id: Under which its runs are kept; empty if they are not.
    """

    plan: ExperimentPlan
    made_at: datetime
    standings: tuple[PolicyStanding, ...]
    outcomes: tuple[RunOutcome, ...]
    experiment_id: str = ""
