"""The ground that policies are tried on: a network found and laid out, and the policies there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from daznode.domain.channel_plan import NO_PLAN, ChannelPlan
from daznode.domain.errors import InvalidParameter
from daznode.domain.experiment import NodeSet, RunKey, RunOutcome, Tier
from daznode.domain.gossip import GraphSnapshot
from daznode.domain.ids import NodeId
from daznode.domain.progress import Progress
from daznode.ports.clock import Clock
from daznode.ports.compute import Compute
from daznode.ports.sources import GraphSource
from daznode.ports.store import SnapshotStore
from daznode.usecases.find_snapshot import read, stored

MOST_DAYS: Final = 365
"""A year of days; longer runs would outlive the network that they start from."""

MOST_PAYMENTS_PER_DAY: Final = 10_000_000
MOST_PAYMENTS: Final = 10_000_000
"""Of one run, burn-in included: they are drawn before it begins and take some 100 bytes each."""

LARGEST_NETWORK_SEED: Final = 2**32 - 1


@dataclass(frozen=True, slots=True)
class PolicyLine:
    """One policy of the table.

    Attributes:
        name: Name in the table.
        summary: What it does, in a sentence.
        source: Where its rules were published.
        is_bound: Whether it knows what no node can know: nothing can rest on it.
    """

    name: str
    summary: str
    source: str
    is_bound: bool = False


@dataclass(frozen=True, slots=True)
class GroundTerms:
    """What a network is made into, and how long runs on it last.

    Attributes:
        is_modernised: Whether fees and capacities are redrawn as they are today.
        payments_per_day: Mean number of payments of the whole network, from 1.
        node_set: Which half of the world's chance.
        network_seed: Number of that chance, from 0.
        days: Measured days, 1 to 365.
        burn_in_days: Days before them, 0 to 365.
        base: Policy during those, and the one that others are compared with.
        tier: How payments are lived through.
    """

    is_modernised: bool = False
    payments_per_day: int = 10_000
    node_set: NodeSet = NodeSet.DEVELOPMENT
    network_seed: int = 1
    days: int = 10
    burn_in_days: int = 2
    base: str = "keep"
    tier: Tier = Tier.FULL


class TrialGround(Protocol):
    """A network laid out once, in which runs are made; several threads may make them at once."""

    def choose(self, node_set: NodeSet, count: int, seed: int) -> tuple[NodeId, ...]:
        """Nodes to try policies on, of all kinds; raises InvalidParameter if there are too few."""

    def run(
        self,
        key: RunKey,
        *,
        days: int,
        burn_in_days: int,
        base: str,
        plan: ChannelPlan = NO_PLAN,
        progress: Progress,
    ) -> RunOutcome:
        """Make one run; the same key, days and plan give the same outcome.

        Raises:
            NodeNotFound: The node, or one that the plan opens a channel to, has no usable channel.
            ChannelNotFound: The plan closes a channel that the node has not.
            InvalidParameter: The plan cannot be carried out in such runs.
        """


class GroundMaker(Protocol):
    """Lays a network out."""

    def __call__(
        self, snapshot: GraphSnapshot, terms: GroundTerms, progress: Progress
    ) -> TrialGround:
        """A network as the terms want it.

        Raises:
            InvalidParameter: No channel of the snapshot can be used.
        """


@dataclass(frozen=True, slots=True)
class TrialRoom:
    """Where trials find their network, their policies and their threads.

    Attributes:
        snapshots: Stored networks.
        compute: Threads.
        clock: Time.
        make: Lays a network out.
        engine: Version of the simulator.
        policies: The table of policies, in its order.
    """

    snapshots: SnapshotStore
    compute: Compute
    clock: Clock
    make: GroundMaker
    engine: str
    policies: tuple[PolicyLine, ...]

    async def snapshot(self, which: str | GraphSource | None) -> GraphSnapshot:
        """A network: a stored one by its id or the start of it, a dump, or None for the newest.

        Raises:
            NoSnapshot: Nothing is stored.
            SnapshotNotFound: No stored snapshot, or more than one, has that name.
            InvalidDump: The dump cannot be used.
        """
        if which is None or isinstance(which, str):
            return await stored(self.snapshots, which)
        return await read(which, self.compute, self.clock)

    async def ground(self, snapshot: GraphSnapshot, terms: GroundTerms) -> TrialGround:
        """The network laid out; raises as `GroundMaker`."""
        return await self.compute.run(lambda progress: self.make(snapshot, terms, progress))

    def check(self, terms: GroundTerms, policies: Sequence[str]) -> None:
        """Make sure that numbers are in range and policies are known, before any work is done.

        Args:
            terms: The numbers, and the base policy.
            policies: Names; after a `#` stands the number of a copy.

        Raises:
            InvalidParameter: They are not; the message says what is taken.
        """
        for name, value, low, high in (
            ("days", terms.days, 1, MOST_DAYS),
            ("burn-in", terms.burn_in_days, 0, MOST_DAYS),
            ("payments per day", terms.payments_per_day, 1, MOST_PAYMENTS_PER_DAY),
            ("network seed", terms.network_seed, 0, LARGEST_NETWORK_SEED),
        ):
            check_range(name, value, low, high)
        in_all = terms.payments_per_day * (terms.days + terms.burn_in_days)
        check_range("payments of all days", in_all, 1, MOST_PAYMENTS)
        if "#" in terms.base:
            message = f"base {terms.base[:60]!r}: a copy; takes a policy's name without a number"
            raise InvalidParameter(message)
        known = {line.name for line in self.policies}
        if terms.base in {line.name for line in self.policies if line.is_bound}:
            message = f"base {terms.base!r}: a bound, no policy; takes one that a node could have"
            raise InvalidParameter(message)
        if terms.base not in known:
            names = ", ".join(line.name for line in self.policies if not line.is_bound)
            message = f"base {terms.base[:60]!r}: not known; expected one of {names}"
            raise InvalidParameter(message)
        for policy in policies:
            name, mark, copy = policy.partition("#")
            is_copy = not mark or (copy.isascii() and copy.isdigit())
            if name not in known or not is_copy:
                names = ", ".join(line.name for line in self.policies)
                message = f"policy {policy[:60]!r}: not known; expected one of {names}"
                raise InvalidParameter(message)


def check_range(name: str, value: int, low: int, high: int) -> None:
    """Make sure that a number is one that can be used.

    Raises:
        InvalidParameter: It is not; the message names it and says what it takes.
    """
    if not low <= value <= high:
        message = f"{name} {value:,}: out of range; takes {low:,} to {high:,}"
        raise InvalidParameter(message)
