"""The steered node: shows what a real node would show, and does what is ordered, at its true cost."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from daznode.domain.channel_plan import LARGEST_CHANNEL, SMALLEST_CHANNEL
from daznode.domain.ids import NodeId, ShortChannelId
from daznode.domain.node_state import (
    ChannelPolicy,
    Forward,
    HtlcFailure,
    NodeActivity,
    NodeIdentity,
    NodeObservation,
    OwnChannel,
    Rebalance,
)
from daznode.domain.provenance import Reality
from daznode.domain.units import MSAT_PER_SAT, Msat, Ppm, Sat
from daznode.simulate.generated.chain import height_at, moment_of
from daznode.simulate.payments.network import IntArray
from daznode.simulate.payments.opening import CONFIRM_MS
from daznode.simulate.payments.standing import StandingRefill
from daznode.simulate.payments.state import (
    BASE,
    CLTV,
    EVENT_AMOUNT_IN,
    EVENT_AMOUNT_OUT,
    EVENT_AT,
    EVENT_DETAIL,
    EVENT_IN,
    EVENT_KIND,
    EVENT_OUT,
    FEE_TOO_LOW,
    FORWARDED,
    HTLC_MAX,
    HTLC_MIN,
    INBOUND_BASE,
    INBOUND_PPM,
    IS_DISABLED,
    NO_BALANCE,
    OUTSIDE_LIMITS,
    PPM,
    REFILLED,
    REFUSED,
    UNREACHABLE,
)
from daznode.simulate.players.course import Course
from daznode.simulate.players.funds import Funds
from daznode.simulate.players.names import Names
from daznode.simulate.policies.sight import (
    JitOrder,
    OpenOrder,
    Orders,
    PendingOpen,
    RefillOrder,
    Wallet,
)

OPEN_VBYTES: Final = 150
"""Size of a transaction that opens a channel: one input, change, vByte; a rough figure."""

CLOSE_VBYTES: Final = 140
"""Size of a cooperative close with two outputs, vByte."""

_REASONS: Final = {
    NO_BALANCE: "insufficient_balance",
    FEE_TOO_LOW: "fee_insufficient",
    OUTSIDE_LIMITS: "htlc_limits",
    UNREACHABLE: "peer_offline",
}
_HEIGHT_SHIFT: Final = 40
_TX_SHIFT: Final = 16


@dataclass(slots=True)
class Ledger:
    """What the player did beside forwarding.

    Attributes:
        refills: Circular payments that succeeded.
        updates: By channel, how often its policy was changed.
        onchain_msat: Fees of transactions.
        opened_ms: Moment at which a channel was opened, for those that were.
        closed_ms: Moment at which a channel was closed, for those that were.
    """

    refills: list[Rebalance] = field(default_factory=list)
    updates: dict[ShortChannelId, int] = field(default_factory=dict)
    onchain_msat: int = 0
    opened_ms: dict[ShortChannelId, int] = field(default_factory=dict)
    closed_ms: dict[ShortChannelId, int] = field(default_factory=dict)


class Player:
    """One node of a payment loop as its operator sees it; the network hides the rest."""

    def __init__(self, loop: Course, names: Names, begins_at: datetime) -> None:
        """Stand in front of the player of a loop.

        Args:
            loop: Its player is this node; others may advance it too.
            names: Who its nodes are.
            begins_at: Moment of the loop's beginning, UTC.
        """
        network = loop.ground.network
        self._loop, self._names, self._begins_at = loop, names, begins_at
        own = network.edges_from(loop.player)
        self._stand_by(tuple(ShortChannelId(int(scid)) for scid in network.scid[own]))
        self._policies: dict[tuple[int, ...], ChannelPolicy] = {}
        self._usable_ms: dict[ShortChannelId, int] = {}
        self.closed: set[ShortChannelId] = set()
        self.funds = Funds()
        self.ledger = Ledger()

    def _stand_by(self, scids: tuple[ShortChannelId, ...]) -> None:
        """Find the node's channels in the network as it is now; new ones come last."""
        network = self._loop.ground.network
        own = network.edges_from(self._loop.player)
        places = dict(zip(network.scid[own].tolist(), own.tolist(), strict=True))
        self.scids = scids
        self.edges: IntArray = np.array([places[scid] for scid in scids], np.int64)
        self._edge_of = dict(zip(scids, self.edges.tolist(), strict=True))
        self._scid_of = {edge: scid for scid, edge in self._edge_of.items()}
        self._peers = network.target[self.edges].tolist()
        self._back: IntArray = network.reverse[self.edges]
        self._opened = tuple(
            min(self._begins_at, moment_of(int(scid) >> _HEIGHT_SHIFT)) for scid in scids
        )

    def copy(self, course: Course) -> "Player":
        """The same node in a copy of its course, with an empty ledger."""
        twin = Player(course, self._names, self._begins_at)
        twin._stand_by(self.scids)
        twin._usable_ms, twin.closed = dict(self._usable_ms), set(self.closed)
        twin.funds = self.funds.copy()
        return twin

    @property
    def node_id(self) -> NodeId:
        """The node's key."""
        return self._names.node_ids[self._loop.player]

    @property
    def now(self) -> datetime:
        """The virtual present, UTC."""
        return self.moment(self._loop.now_ms)

    def moment(self, at_ms: int) -> datetime:
        """A moment of the loop as a time, UTC."""
        return self._begins_at + timedelta(milliseconds=at_ms)

    def _can_use(self, scid: ShortChannelId) -> bool:
        """Whether a channel is the node's, confirmed and not closed."""
        is_confirmed = self._usable_ms.get(scid, 0) <= self._loop.now_ms
        return scid in self._edge_of and is_confirmed and scid not in self.closed

    def unconfirmed(self) -> tuple[ShortChannelId, ...]:
        """Channels that were opened and are not usable yet."""
        waiting = (scid for scid, at_ms in self._usable_ms.items() if at_ms > self._loop.now_ms)
        return tuple(scid for scid in waiting if scid not in self.closed)

    # --- what it shows ----------------------------------------------------------------------------

    def identity(self) -> NodeIdentity:
        """Who the node is."""
        return NodeIdentity(
            node_id=self.node_id,
            alias=self._names.aliases[self._loop.player],
            backend="simulated",
            network="simulated",
            block_height=height_at(self.now),
            is_synced_to_chain=True,
            is_synced_to_graph=True,
            reality=Reality.SIMULATED,
        )

    def observation(self) -> NodeObservation:
        """The node's open channels as they are now, by scid."""
        loop, names = self._loop, self._names
        book, network = loop.book, loop.ground.network
        local = book.balance[self.edges].tolist()
        remote = book.balance[self._back].tolist()
        capacity = network.capacity_msat[self.edges].tolist()
        asks = self._asked(self.edges, self._back)
        asked = self._asked(self._back, self.edges)
        return NodeObservation(
            identity=self.identity(),
            observed_at=self.now,
            channels=tuple(
                OwnChannel(
                    scid=scid,
                    peer_id=names.node_ids[peer],
                    peer_alias=names.aliases[peer],
                    capacity_sat=Sat(capacity[at] // MSAT_PER_SAT),
                    local_msat=Msat(local[at]),
                    remote_msat=Msat(remote[at]),
                    is_active=not book.is_offline[peer],
                    is_private=False,
                    local_policy=asks[at],
                    remote_policy=asked[at],
                    opened_at=self._opened_at(scid, at),
                )
                for at, (scid, peer) in enumerate(zip(self.scids, self._peers, strict=True))
                if self._can_use(scid)
            ),
            pending_channels=len(self.unconfirmed()),
        )

    def _opened_at(self, scid: ShortChannelId, at: int) -> datetime:
        usable_ms = self._usable_ms.get(scid)
        return self._opened[at] if usable_ms is None else self.moment(usable_ms - CONFIRM_MS)

    def wallet(self) -> Wallet:
        """The node's money on chain, and the channels on their way."""
        self.funds.settle(self._loop.now_ms)
        network = self._loop.ground.network
        return Wallet(
            spendable_sat=self.funds.spendable_sat,
            awaited_sat=self.funds.awaited_sat,
            opening=tuple(
                PendingOpen(
                    self._names.node_ids[int(network.target[self._edge_of[scid]])],
                    Sat(int(network.capacity_msat[self._edge_of[scid]]) // MSAT_PER_SAT),
                )
                for scid in self.unconfirmed()
            ),
        )

    def _asked(self, edges: IntArray, back: IntArray) -> list[ChannelPolicy]:
        """Policies of edges, with what their source asks for what comes in by the other direction."""
        now = self._loop.book.now
        rows = now[edges].copy()
        rows[:, [INBOUND_BASE, INBOUND_PPM]] = now[back][:, [INBOUND_BASE, INBOUND_PPM]]
        return [self._policy(tuple(row)) for row in rows.tolist()]

    def _policy(self, row: tuple[int, ...]) -> ChannelPolicy:
        known = self._policies.get(row)
        if known is None:
            known = self._policies[row] = ChannelPolicy(
                base_fee_msat=Msat(row[BASE]),
                fee_ppm=Ppm(row[PPM]),
                inbound_base_fee_msat=Msat(row[INBOUND_BASE]),
                inbound_fee_ppm=Ppm(row[INBOUND_PPM]),
                cltv_delta=row[CLTV],
                htlc_minimum_msat=Msat(row[HTLC_MIN]),
                htlc_maximum_msat=Msat(row[HTLC_MAX]),
                is_disabled=bool(row[IS_DISABLED]),
            )
        return known

    def activity(
        self, since: datetime, until: datetime, events: IntArray, refills: Sequence[Rebalance]
    ) -> NodeActivity:
        """What an operator sees of events of the loop.

        Args:
            since: Start of the window, UTC.
            until: Its end, UTC.
            events: Rows that the loop gave for it.
            refills: Circular payments that were ordered at its start.
        """
        forwards, failures = [], []
        for row in events[events[:, EVENT_KIND] != REFILLED].tolist():
            at = self.moment(row[EVENT_AT])
            scid_in = self._scid_of[row[EVENT_IN]]
            scid_out = self._scid_of[row[EVENT_OUT]]
            if row[EVENT_KIND] == FORWARDED:
                forwards.append(
                    Forward(
                        at,
                        scid_in,
                        scid_out,
                        Msat(row[EVENT_AMOUNT_IN]),
                        Msat(row[EVENT_AMOUNT_OUT]),
                    )
                )
                continue
            is_local = row[EVENT_KIND] == REFUSED
            failures.append(
                HtlcFailure(
                    at=at,
                    scid_in=scid_in,
                    scid_out=scid_out,
                    amount_out_msat=Msat(row[EVENT_AMOUNT_OUT]),
                    missed_fee_msat=Msat(row[EVENT_AMOUNT_IN] - row[EVENT_AMOUNT_OUT]),
                    is_local=is_local,
                    reason=_REASONS[row[EVENT_DETAIL]] if is_local else "downstream",
                )
            )
        rebalances = (*refills, *self.refilled(events))
        return NodeActivity(since, until, tuple(forwards), tuple(failures), rebalances)

    def refilled(self, events: IntArray) -> list[Rebalance]:
        """The circular payments among events of the loop: refills while payments waited."""
        return [
            Rebalance(
                at=self.moment(row[EVENT_AT]),
                scid_out=self._scid_of[row[EVENT_OUT]],
                scid_in=self._scid_of[row[EVENT_IN]],
                amount_msat=Msat(row[EVENT_AMOUNT_IN]),
                fee_msat=Msat(row[EVENT_AMOUNT_OUT] - row[EVENT_AMOUNT_IN]),
            )
            for row in events[events[:, EVENT_KIND] == REFILLED].tolist()
        ]

    # --- what it does -----------------------------------------------------------------------------

    def carry_out(self, orders: Orders, feerate_sat_vb: float) -> list[Rebalance]:
        """Do what was ordered, as far as the node can.

        Orders for channels that are not there, or that change nothing, are passed over: so does a
        node whose channel was closed a moment ago. So are opens to nobody or to oneself, to a peer
        that does not answer, of a size that nodes refuse, and those that the wallet cannot pay with
        their transaction. What a close gives back can be spent an hour later.

        Args:
            orders: What to do.
            feerate_sat_vb: What transactions pay now.

        Returns:
            The circular payments that succeeded.
        """
        for order in orders.policies:
            if self._can_use(order.scid):
                self._ask(order.scid, order.policy)
        tried = [self._refill(refill) for refill in orders.refills]
        done = [made for made in tried if made is not None]
        for scid in orders.closes:
            if self._can_use(scid):
                self._close(scid, round(CLOSE_VBYTES * feerate_sat_vb))
        for opening in orders.opens:
            self._open(opening, round(OPEN_VBYTES * feerate_sat_vb))
        self.ledger.refills.extend(done)
        if orders.just_in_time is not None:
            self._loop.stand([self._standing(order) for order in orders.just_in_time])
        return done

    def _close(self, scid: ShortChannelId, fee_sat: int) -> None:
        edge, now_ms = self._edge_of[scid], self._loop.now_ms
        held_sat = int(self._loop.book.balance[edge]) // MSAT_PER_SAT
        self.closed.add(scid)
        self._loop.close(edge)
        self.funds.receive(Sat(max(held_sat - fee_sat, 0)), now_ms + CONFIRM_MS)
        self.ledger.closed_ms[scid] = now_ms
        self.ledger.onchain_msat += fee_sat * MSAT_PER_SAT

    def _open(self, order: OpenOrder, fee_sat: int) -> None:
        loop = self._loop
        peer = self._names.find(order.peer)
        is_fit = SMALLEST_CHANNEL <= order.capacity_sat <= LARGEST_CHANNEL
        if peer is None or peer == loop.player or not is_fit or loop.book.is_offline[peer]:
            return
        self.funds.settle(loop.now_ms)
        if not self.funds.pay(Sat(order.capacity_sat + fee_sat)):
            return
        scid = self._new_scid()
        capacity_msat = int(order.capacity_sat) * MSAT_PER_SAT
        outbound, inbound = _rows(order.policy, capacity_msat)
        loop.open(peer, scid, capacity_msat, outbound, inbound)
        self._stand_by((*self.scids, scid))
        self._usable_ms[scid] = loop.now_ms + CONFIRM_MS
        self.ledger.opened_ms[scid] = loop.now_ms
        self.ledger.onchain_msat += fee_sat * MSAT_PER_SAT

    def _new_scid(self) -> ShortChannelId:
        """An id in the next block that no channel has."""
        taken = set(self._loop.ground.network.scid.tolist())
        scid = (height_at(self.now) + 1) << _HEIGHT_SHIFT | 1 << _TX_SHIFT
        while scid in taken:
            scid += 1 << _TX_SHIFT
        return ShortChannelId(scid)

    def set_policy(self, scid: ShortChannelId, policy: ChannelPolicy) -> None:
        """Ask something else for one of the node's channels from now on."""
        self._ask(scid, policy)

    def _ask(self, scid: ShortChannelId, policy: ChannelPolicy) -> None:
        edge = self._edge_of[scid]
        row, inbound = _rows(policy, int(self._loop.net.capacity[edge]))
        now = self._loop.book.now
        back = int(self._loop.net.reverse[edge])
        held = now[edge].copy()
        held[[INBOUND_BASE, INBOUND_PPM]] = 0
        if (held == row).all() and tuple(now[back, [INBOUND_BASE, INBOUND_PPM]]) == inbound:
            return
        self._loop.set_policy(edge, row, inbound)
        self.ledger.updates[scid] = self.ledger.updates.get(scid, 0) + 1

    def end_standing_orders(self) -> None:
        """Refill nothing more while payments wait: who ordered it is no longer there."""
        self._loop.stand(())

    def _standing(self, order: JitOrder) -> StandingRefill:
        known = [scid for scid in order.scids if self._can_use(scid)]
        return StandingRefill(
            edges=tuple(self._edge_of[scid] for scid in known),
            allowance_msat=order.allowance_msat,
            least_fee_msat=order.least_fee_msat,
            fee_ppm=order.fee_ppm,
            margin_msat=order.margin_msat,
        )

    def _refill(self, order: RefillOrder) -> Rebalance | None:
        if not self._can_use(order.scid_in):
            return None
        if order.amount_msat <= 0 or order.most_fee_msat < 0:
            return None
        chosen = order.scids_out or tuple(scid for scid in self.scids if scid != order.scid_in)
        allowed = [self._edge_of[scid] for scid in chosen if self._can_use(scid)]
        edge_in = int(self._loop.net.reverse[self._edge_of[order.scid_in]])
        made = self._loop.refill(
            edge_in, np.array(allowed, np.int64), order.amount_msat, order.most_fee_msat
        )
        if made is None:
            return None
        edge_out, cost_msat = made
        return Rebalance(
            at=self.now,
            scid_out=self._scid_of[edge_out],
            scid_in=order.scid_in,
            amount_msat=order.amount_msat,
            fee_msat=Msat(cost_msat),
        )


def _rows(policy: ChannelPolicy, capacity_msat: int) -> tuple[IntArray, tuple[int, int]]:
    """A policy as the course has it: its columns without inbound fees, and those."""
    row = np.zeros(8, np.int64)
    row[BASE], row[PPM] = policy.base_fee_msat, policy.fee_ppm
    row[HTLC_MIN] = policy.htlc_minimum_msat
    row[HTLC_MAX] = min(policy.htlc_maximum_msat, capacity_msat)
    row[CLTV], row[IS_DISABLED] = policy.cltv_delta, int(policy.is_disabled)
    return row, (policy.inbound_base_fee_msat, policy.inbound_fee_ppm)
