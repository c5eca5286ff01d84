"""What a policy sees at each look, and what it may order: the same on a simulated and on a real node."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from daznode.domain.ids import NodeId, ShortChannelId
from daznode.domain.node_state import ChannelPolicy, NodeActivity, NodeObservation
from daznode.domain.units import Msat, Sat

IntArray = NDArray[np.int64]

_NOTHING: Final = Sat(0)


@dataclass(frozen=True, slots=True)
class PeerMarket:
    """What gossip says of one of our peers.

    Attributes:
        base_fee_msat: Of every announced direction of a channel that leads to the peer and is not
            ours, disabled ones included, shape (n_rivals,), int64.
        fee_ppm: The same directions, int64.
        capacity_sat: Of their channels, int64.
        rival_capacity_sat: Of each distinct node at the other end, the sum of all its channels, shape
            (n_distinct,), int64, by place in the network.
    """

    base_fee_msat: IntArray
    fee_ppm: IntArray
    capacity_sat: IntArray
    rival_capacity_sat: IntArray


@dataclass(frozen=True, slots=True)
class PublicMarket:
    """The public network around a node.

    Attributes:
        own_capacity_sat: Sum of the node's announced channels.
        peers: Its peers that gossip knows.
        feerate_sat_vb: What a transaction pays to be confirmed soon, sat per vByte.
    """

    own_capacity_sat: Sat
    peers: Mapping[NodeId, PeerMarket]
    feerate_sat_vb: float


@dataclass(frozen=True, slots=True)
class PendingOpen:
    """A channel that is paid for and not usable yet.

    Attributes:
        peer: To whom.
        capacity_sat: Its size.
    """

    peer: NodeId
    capacity_sat: Sat


@dataclass(frozen=True, slots=True)
class Wallet:
    """The node's money on chain, and the channels on their way out of it.

    Attributes:
        spendable_sat: Confirmed: what opens can be paid with.
        awaited_sat: On its way back from closed channels.
        opening: Channels that wait for confirmations.
    """

    spendable_sat: Sat = _NOTHING
    awaited_sat: Sat = _NOTHING
    opening: tuple[PendingOpen, ...] = ()


NO_WALLET: Final = Wallet()
"""Nothing on chain."""


@dataclass(frozen=True, slots=True)
class Sight:
    """One look of a policy at its node; nothing in it that a real node would not show.

    Attributes:
        now: Moment of the look, UTC.
        observation: Channels with balances and policies.
        activity: What happened since the last look.
        market: The public network.
        wallet: Money on chain.
    """

    now: datetime
    observation: NodeObservation
    activity: NodeActivity
    market: PublicMarket
    wallet: Wallet = NO_WALLET


@dataclass(frozen=True, slots=True)
class PolicyOrder:
    """Set the full policy of one channel.

    Attributes:
        scid: Which channel.
        policy: All fields.
    """

    scid: ShortChannelId
    policy: ChannelPolicy


@dataclass(frozen=True, slots=True)
class RefillOrder:
    """Pay oneself in a circle, so that one channel gains local balance.

    Attributes:
        scid_in: Channel by which the payment comes back.
        scids_out: Channels by which it may leave; empty for any other.
        amount_msat: What is to come back, in one payment.
        most_fee_msat: Most that it may cost.
    """

    scid_in: ShortChannelId
    scids_out: tuple[ShortChannelId, ...]
    amount_msat: Msat
    most_fee_msat: Msat


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """Open a channel, all of it on the own side, paid for on chain.

    Attributes:
        peer: To whom.
        capacity_sat: Its size, sat.
        policy: What is asked for it from the first moment.
    """

    peer: NodeId
    capacity_sat: Sat
    policy: ChannelPolicy


@dataclass(frozen=True, slots=True)
class Orders:
    """What a policy wants done, in this order: policies, then refills, closes, opens.

    Attributes:
        policies: At most one a channel.
        refills: Tried once each, one after another.
        closes: Channels to close cooperatively; the on-chain fee is paid.
        opens: Channels to open, as far as the wallet pays for them and their transactions.
    """

    policies: tuple[PolicyOrder, ...] = ()
    refills: tuple[RefillOrder, ...] = ()
    closes: tuple[ShortChannelId, ...] = field(default=())
    opens: tuple[OpenOrder, ...] = ()


class FeePolicy(Protocol):
    """Something that sets fees; it may remember what it saw."""

    @property
    def every(self) -> timedelta:
        """Time between looks, a whole number of ten minutes."""

    def look(self, sight: Sight) -> Orders:
        """Look at the node and say what is to be done; called once every `every`."""
