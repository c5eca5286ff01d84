"""A ground whose runs cost nothing and are the same for the same key, and a table of its policies."""

from collections.abc import Callable
from hashlib import sha256
from threading import Lock

from tests.builders import a_scid

from daznode.domain.channel_plan import NO_PLAN, ChannelPlan
from daznode.domain.errors import NodeNotFound
from daznode.domain.experiment import (
    ChannelDay,
    ChannelOutcome,
    FlowTilt,
    NodeKind,
    NodeSet,
    RunKey,
    RunOutcome,
)
from daznode.domain.gossip import GraphSnapshot
from daznode.domain.ids import NodeId
from daznode.domain.progress import Progress, silent
from daznode.domain.units import Msat, Ppm, Sat
from daznode.usecases.trial_ground import GroundTerms, PolicyLine

POLICIES = (
    PolicyLine("static-100", "100 ppm, always.", "the base of comparisons"),
    PolicyLine("dear", "Asks more, moves less.", "made up"),
    PolicyLine("cheap", "Asks less, drains.", "made up"),
)
N_CHANNELS = 2
WORTH_MSAT = {"static-100": 1_000_000, "dear": 1_400_000, "cheap": 300_000}


def an_outcome(key: RunKey, days: int = 3, n_channels: int = N_CHANNELS) -> RunOutcome:
    """A run that came to what its key says."""
    noise = sha256(f"{key.node_id}{key.seed}".encode()).digest()
    own = sha256(f"{key}".encode()).digest()
    fees = Msat(
        (WORTH_MSAT.get(key.policy.partition("#")[0], 700_000) + noise[0] * 2_000 + own[0] * 100)
        * days
    )
    channels = tuple(_a_channel(number, days, fees) for number in range(1, n_channels + 1))
    return RunOutcome(
        key=key,
        alias=f"node {key.node_id[-4:]}",
        kind=list(NodeKind)[noise[1] % 3],
        tilt=list(FlowTilt)[noise[2] % 3],
        days=days,
        payments=10_000 * days,
        network_success_ratio=0.9,
        capacity_sat=Sat(10_000_000 * n_channels),
        fees_msat=fees,
        captive_msat=Msat(fees // 10),
        refill_cost_msat=Msat(20_000),
        onchain_cost_msat=Msat(0),
        restore_msat=Msat(200_000),
        restore_flat_msat=Msat(150_000),
        forwards=50 * days,
        offered=60 * days,
        refused=10 * days,
        updates=4 * days,
        refills=1,
        imbalance=0.4,
        own_msat_days=Msat(5_000_000_000 * n_channels * days),
        history_sha256=own.hex(),
        channels=channels,
    )


def _a_channel(number: int, days: int, fees_msat: int) -> ChannelOutcome:
    each_day = tuple(
        ChannelDay(
            day=day,
            local_msat=Msat((5_000_000 - 400_000 * day) * 1_000),
            fee_ppm=Ppm(100 + 10 * day),
            inbound_fee_ppm=Ppm(-5),
            earned_msat=Msat(fees_msat // (2 * days)),
            out_msat=Msat(400_000_000),
            in_msat=Msat(1_000_000),
            refused=day,
        )
        for day in range(days)
    )
    return ChannelOutcome(
        scid=a_scid(number),
        peer_alias=f"peer {number}",
        capacity_sat=Sat(10_000_000),
        start_local_msat=Msat(5_400_000_000),
        end_local_msat=each_day[-1].local_msat,
        around_ppm=Ppm(250) if number > 1 else None,
        earned_msat=Msat(fees_msat // 2),
        captive_msat=Msat(fees_msat // 20),
        forwards=25 * days,
        refused=sum(day.refused for day in each_day),
        refilled_msat=Msat(500_000_000) if number == 1 else Msat(0),
        refill_cost_msat=Msat(20_000) if number == 1 else Msat(0),
        updates=2 * days,
        days=each_day,
    )


class FakeGround:
    """Nodes of a snapshot, in order of their keys; runs that tell what was asked of them.

    Args:
        snapshot: Where its nodes come from.
        before_run: Called with each key, in the thread of its run, before it is made.
    """

    def __init__(
        self, snapshot: GraphSnapshot, before_run: Callable[[RunKey], None] = lambda _: None
    ) -> None:
        self.node_ids = tuple(NodeId(snapshot.node_hex(place)) for place in range(snapshot.n_nodes))
        self.before_run = before_run
        self.asked: list[RunKey] = []
        self.plans: list[ChannelPlan] = []
        self._lock = Lock()

    def choose(self, node_set: NodeSet, count: int, seed: int) -> tuple[NodeId, ...]:
        del node_set
        turned = self.node_ids[seed % len(self.node_ids) :] + self.node_ids
        return turned[:count]

    def run(
        self,
        key: RunKey,
        *,
        days: int,
        burn_in_days: int,
        base: str,
        plan: ChannelPlan = NO_PLAN,
        progress: Progress = silent,
    ) -> RunOutcome:
        del burn_in_days, base
        if key.node_id not in self.node_ids:
            message = f"node {key.node_id}: has no channel"
            raise NodeNotFound(message)
        self.before_run(key)
        for day in range(days):
            progress("days lived", day, days)
        with self._lock:
            self.asked.append(key)
            self.plans.append(plan)
        return an_outcome(key, days)


class FakeMaker:
    """Lays out a `FakeGround`, and remembers for which terms."""

    def __init__(self, before_run: Callable[[RunKey], None] = lambda _: None) -> None:
        self.before_run = before_run
        self.terms: list[GroundTerms] = []
        self.grounds: list[FakeGround] = []

    def __call__(
        self, snapshot: GraphSnapshot, terms: GroundTerms, progress: Progress
    ) -> FakeGround:
        progress("network laid out", 1, 1)
        self.terms.append(terms)
        self.grounds.append(FakeGround(snapshot, self.before_run))
        return self.grounds[-1]

    @property
    def asked(self) -> list[RunKey]:
        """All runs made, in whatever ground."""
        return [key for ground in self.grounds for key in ground.asked]
