"""The full network loop: every payment searches, attempts, fails, retries and settles, in virtual time."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from daznode.domain.errors import InvariantBroken
from daznode.simulate.payments.demand import Payments, draw_payments
from daznode.simulate.payments.gossip import Gossip, gossip_delay_ms
from daznode.simulate.payments.ground import Ground, draw_balances, stream
from daznode.simulate.payments.kernels.circular import circular
from daznode.simulate.payments.kernels.deliver import deliver
from daznode.simulate.payments.kernels.relax import relax_balances
from daznode.simulate.payments.network import IntArray
from daznode.simulate.payments.opening import (
    CONFIRM_MS,
    NewChannel,
    usual_policy,
    widened,
    widened_book,
    widened_scratch,
)
from daznode.simulate.payments.standing import StandingRefill, standing_orders
from daznode.simulate.payments.state import (
    EVENT_COLUMNS,
    INBOUND_BASE,
    INBOUND_PPM,
    IS_DISABLED,
    OPTION_COLUMNS,
    PPM,
    Book,
    Bounds,
    Memory,
    Net,
    Scratch,
    copied,
    new_book,
    new_memory,
    new_net,
    new_scratch,
    put_policy,
    show,
)
from daznode.simulate.payments.succession import Succession, later_book, later_memory
from daznode.simulate.payments.widened_bounds import widened_bounds

HOUR_MS: Final = 3_600_000
ACCEPTS_FORMER_MS: Final = 600_000
"""A node takes its former fee for ten minutes after a change (BOLT 7's advice)."""

RELAX_HOURS: Final = 72.0
"""Others bring their channels back with this time constant (prototype: without it the share of
payments that arrive fell from 98.9 % to 93.0 % within 300,000 payments)."""

_DOWN_PER_HOUR: Final = 0.03 / 24
_UP_PER_HOUR: Final = 1 / 3
"""A node goes offline once in a month or so, for three hours in the mean. Chosen, not measured."""

_EVENT_ROOM: Final = 8_192
_OPTION_ROOM: Final = 65_536


class PaymentLoop:
    """A network in which payments happen, with one node whose policy can be set from outside.

    One seed gives one history: what happens does not depend on the steps in which the loop runs.
    """

    def __init__(
        self,
        ground: Ground,
        bounds: Bounds,
        *,
        player: int,
        seed: int,
        days: int,
    ) -> None:
        """Draw what will happen, before anything does.

        Args:
            ground: The network.
            bounds: Made with `ground.floor_ppm(player)`.
            player: The node that is watched and steered; -1 for none.
            seed: Number of the run's chance.
            days: For how long payments are drawn.
        """
        network = ground.network
        self.ground, self.player, self.seed, self.days = ground, player, seed, days
        self.net: Net = new_net(network)
        self.bounds = bounds
        self._initial = draw_balances(network, stream(seed, "balances"))
        self.book: Book = new_book(network, self._initial)
        self.memory: Memory = new_memory(network)
        self.scratch: Scratch = new_scratch(network)
        self.payments = draw_payments(
            ground.demand, ground.roles, player, days, stream(seed, "payments")
        )
        self.results = np.zeros((len(self.payments), 4), np.int64)
        self.now_ms = 0
        self._next = 0
        self._outages = stream(seed, "outages")
        self._gossip_rng = stream(seed, "gossip")
        self._gossip = Gossip()
        self._unconfirmed: list[tuple[int, int, int, bool]] = []
        self._standing = standing_orders(network.n_edges, seed)
        self._events = np.zeros((_EVENT_ROOM, EVENT_COLUMNS), np.int64)
        self._own_ppm = network.fee_ppm
        self._is_minded = np.zeros(network.n_nodes, np.bool_)
        self._options = np.zeros((0, OPTION_COLUMNS), np.int64)
        self.options: list[IntArray] = []

    def copy(self) -> "PaymentLoop":
        """A loop in the same state that goes its own way."""
        twin = object.__new__(PaymentLoop)
        twin.ground, twin.player, twin.seed = self.ground, self.player, self.seed
        twin.days, twin.net, twin.bounds = self.days, self.net, self.bounds
        twin._initial, twin._own_ppm = self._initial, self._own_ppm
        twin._is_minded = self._is_minded.copy()
        twin.book = copied(self.book)
        twin.memory = copied(self.memory)
        twin.scratch = new_scratch(self.ground.network)
        twin.payments, twin.results = self.payments, self.results.copy()
        twin.now_ms, twin._next = self.now_ms, self._next
        twin._outages = _same(self._outages)
        twin._gossip_rng = _same(self._gossip_rng)
        twin._gossip = self._gossip.copy()
        twin._unconfirmed = list(self._unconfirmed)
        twin._standing = self._standing.copy()
        twin._events = np.zeros_like(self._events)
        twin._options = np.zeros_like(self._options)
        twin.options = []
        return twin

    def record(self) -> None:
        """From now on note the player's chances while payments happen, in `options`."""
        self._options = np.zeros((_OPTION_ROOM, OPTION_COLUMNS), np.int64)

    # --- time -------------------------------------------------------------------------------------

    def run_until(self, to_ms: int) -> IntArray:
        """Let happen what happens before a moment.

        Args:
            to_ms: Virtual moment, not before `now_ms`.

        Returns:
            What the player saw, rows of `EVENT_COLUMNS` by moment.

        Raises:
            InvariantBroken: A channel's balances no longer make its capacity.
        """
        seen: list[IntArray] = []
        while self.now_ms < to_ms:
            hour_ends = (self.now_ms // HOUR_MS + 1) * HOUR_MS
            until = min(to_ms, hour_ends)
            for waiting in (self._gossip.waiting, self._unconfirmed):
                if waiting:
                    until = max(min(until, waiting[0][0]), self.now_ms)
            seen.extend(self._deliver(until))
            self.now_ms = until
            self._confirm()
            self._hear()
            if until == hour_ends:
                self._hour(until // HOUR_MS)
        return np.concatenate(seen) if seen else np.zeros((0, EVENT_COLUMNS), np.int64)

    def _deliver(self, until_ms: int) -> list[IntArray]:
        end = int(np.searchsorted(self.payments.at_ms, until_ms, side="left"))
        seen = []
        while self._next < end:
            self._next, count, n_options = deliver(
                self.net,
                self.book,
                self.memory,
                self.bounds,
                self.scratch,
                self._standing,
                self.payments.columns,
                self._next,
                end,
                self.player,
                self.ground.demand.most_parts,
                self._events,
                self.results,
                self._options,
            )
            if n_options:
                self.options.append(self._options[:n_options].copy())
            if count:
                seen.append(self._events[:count].copy())
        return seen

    def _confirm(self) -> None:
        """Channels that the player has opened become usable, and are announced."""
        while self._unconfirmed and self._unconfirmed[0][0] <= self.now_ms:
            _, scid, delay_ms, is_disabled = self._unconfirmed.pop(0)
            both = np.flatnonzero(self.ground.network.scid == scid)
            off = is_disabled & (self.ground.network.source[both] == self.player)
            for policies in (self.book.now, self.book.former):
                policies[both, IS_DISABLED] = off
            for edge in both.tolist():
                self._gossip.send(edge, self.now_ms + delay_ms, self.book.now[edge])

    def _hear(self) -> None:
        """What the player changed becomes known to senders."""
        while self._gossip.waiting and self._gossip.waiting[0][0] <= self.now_ms:
            edge, row = self._gossip.next()
            self.book.seen[edge] = row
            show(self.book, np.array([edge]))

    def _hour(self, hour: int) -> None:
        """What the rest of the network does by itself."""
        relax_balances(
            self.net, self.book, self._initial, 1.0 - _decay(1.0 / RELAX_HOURS), self.player
        )
        draw = self._outages.random(self.ground.network.n_nodes)
        offline = self.book.is_offline
        changes = np.where(offline != 0, draw < _UP_PER_HOUR, draw < _DOWN_PER_HOUR)
        offline[changes & ~self._is_minded] ^= 1
        if self.player >= 0:
            offline[self.player] = 0
        self._follow(hour % 24)
        if hour % 24 == 0 and not self.is_sound():
            message = f"virtual hour {hour}: the balances of a channel do not make its capacity"
            raise InvariantBroken(message)

    def _follow(self, hour: int) -> None:
        """Nodes whose hour it is ask more for what they have little of, 50 % to 150 % of their fee.

        As charge-lnd's `proportional` does; they do it once a day each.
        """
        network = self.ground.network
        source = network.source
        is_turn = self.ground.is_follower[source] & (source % 24 == hour) & (source != self.player)
        edges = np.flatnonzero(is_turn)
        if len(edges) == 0:
            return
        thousandths = self.book.balance[edges] * 1_000 // network.capacity_msat[edges]
        ppm = self._own_ppm[edges] * (1_500 - thousandths) // 1_000
        self.book.now[edges, PPM] = ppm
        self.book.seen[edges, PPM] = ppm
        show(self.book, edges)

    def set_offline(self, node: int, *, is_offline: bool) -> None:
        """Take a node off the network or bring it back; chance no longer does."""
        self._is_minded[node] = True
        self.book.is_offline[node] = is_offline

    def move_to(
        self,
        ground: Ground,
        bounds: Bounds,
        since: Succession,
        *,
        player: int,
        balance_msat: IntArray,
        payments: Payments,
    ) -> None:
        """Go on in the network of a later day.

        Balances, what senders remember, who is offline and what gossip still carries stay; others'
        policies are those that the later network announces, the player's own are as they were.

        Args:
            ground: The later network.
            bounds: Made with `ground.floor_ppm(player)`.
            since: Which of its channels and nodes were there before.
            player: Place of the player in it.
            balance_msat: Balances of channels that were not there before, (n_edges,).
            payments: What will be paid from now on.
        """
        network = ground.network
        self._initial = since.of_edges(self._initial, balance_msat)
        self.book = later_book(self.book, network, since, player, balance_msat)
        self.memory = later_memory(self.memory, network, since)
        self._gossip = self._gossip.later(since)
        self._standing = self._standing.later(since)
        self._is_minded = since.of_nodes(self._is_minded, np.zeros(network.n_nodes, np.bool_))
        self.ground, self.bounds, self.player = ground, bounds, player
        self.net, self.scratch = new_net(network), new_scratch(network)
        self._own_ppm = network.fee_ppm
        self.payments, self._next = payments, 0
        self.results = np.zeros((len(payments), 4), np.int64)

    # --- the player -------------------------------------------------------------------------------

    def set_policy(self, edge: int, outbound: IntArray, inbound: tuple[int, int]) -> None:
        """Let the player ask something else for a channel: in force now, known to others later.

        Args:
            edge: From the player to the peer.
            outbound: All columns of a policy; the inbound ones are not looked at.
            inbound: Base in msat and ppm of what comes in by the channel.
        """
        back = int(self.ground.network.reverse[edge])
        book = self.book
        delay_ms = gossip_delay_ms(self._gossip_rng)
        for one in (edge, back):
            book.former[one] = book.now[one]
            book.former_until_ms[one] = self.now_ms + ACCEPTS_FORMER_MS
        put_policy(book.now, edge, back, outbound, inbound)
        for one in (edge, back):
            self._gossip.send(one, self.now_ms + delay_ms, book.now[one])

    def refill(
        self, edge_in: int, allowed_out: IntArray, amount_msat: int, most_fee_msat: int
    ) -> tuple[int, int] | None:
        """Let the player pay itself in a circle, now.

        Args:
            edge_in: From the peer to the player: by it the payment comes back.
            allowed_out: Edges from the player by which it may leave.
            amount_msat: What is to come back.
            most_fee_msat: Most that it may cost.

        Returns:
            The edge by which it left and what it cost in msat; None if no attempt succeeded.
        """
        network, reserve = self.ground.network, self.book.reserve
        own = network.edges_from(self.player)
        kept = reserve[own].copy()
        reserve[own[~np.isin(own, allowed_out)]] = 1 << 60
        reserve[network.reverse[edge_in]] = 1 << 60
        try:
            cost = circular(
                self.net,
                self.book,
                self.memory,
                self.bounds,
                self.scratch,
                self.player,
                edge_in,
                amount_msat,
                most_fee_msat,
                self.now_ms,
                0,
            )
        finally:
            reserve[own] = kept
        return None if cost < 0 else (int(self.scratch.path[0]), int(cost))

    def stand(self, refills: Sequence[StandingRefill]) -> None:
        """Let the player refill channels while payments wait, from now on.

        Args:
            refills: In place of what stood before.
        """
        self._standing = standing_orders(self.ground.network.n_edges, self.seed, refills)

    def close(self, edge: int) -> None:
        """Take a channel of the player out of the network; its balances stay as they were."""
        network = self.ground.network
        both = np.array([edge, int(network.reverse[edge])])
        scid = int(network.scid[edge])
        self._unconfirmed = [one for one in self._unconfirmed if one[1] != scid]
        for one in both.tolist():
            self._gossip.forget(one)  # what is still on its way would announce it anew
        for policies in (self.book.now, self.book.former, self.book.seen):
            policies[both, IS_DISABLED] = 1
        show(self.book, both)

    def open(
        self, peer: int, scid: int, capacity_msat: int, outbound: IntArray, inbound: tuple[int, int]
    ) -> None:
        """Let the player open a channel: edges are numbered anew, and those of it come among them.

        All of it is the player's. It becomes usable an hour later (six confirmations), and known to
        others as a change of policy does. The peer asks for it what it most commonly asks; see
        `usual_policy`. The network and the bounds that runs share stay as they are.

        Args:
            peer: Place of the other node.
            scid: An id that no channel has.
            capacity_msat: Its size.
            outbound: All columns of the player's policy; the inbound ones are not looked at.
            inbound: Base in msat and ppm of what comes in by the channel.

        Raises:
            InvariantBroken: The loop records the player's chances, which are told by edges.
        """
        if len(self._options):
            message = "a loop that records: takes no new channel"
            raise InvariantBroken(message)
        before = self.ground.network
        theirs = usual_policy(before, self.book.seen, peer, capacity_msat)
        channel = NewChannel(scid, self.player, peer, capacity_msat, outbound, theirs)
        network, since = widened(before, channel)
        self.ground = replace(self.ground, network=network)
        floor_ppm = self.ground.floor_ppm(self.player)
        self.bounds = widened_bounds(self.bounds, network, floor_ppm, self.player, peer)
        self.book = widened_book(self.book, network, since, channel)
        self._initial = since.of_edges(self._initial, self.book.balance)
        self._own_ppm = since.of_edges(self._own_ppm, network.fee_ppm)
        self.memory = later_memory(self.memory, network, since)
        self._gossip = self._gossip.later(since)
        self._standing = self._standing.later(since)
        self.net, self.scratch = new_net(network), widened_scratch(self.scratch, network)
        back = int(np.flatnonzero((network.scid == scid) & (network.target == self.player))[0])
        self.book.now[back, [INBOUND_BASE, INBOUND_PPM]] = inbound
        usable_ms = self.now_ms + CONFIRM_MS
        self._unconfirmed = sorted(
            (
                *self._unconfirmed,
                (usable_ms, scid, gossip_delay_ms(self._gossip_rng), bool(outbound[IS_DISABLED])),
            )
        )

    def is_sound(self) -> bool:
        """Whether both balances of every channel make its capacity and none is negative."""
        balance, network = self.book.balance, self.ground.network
        both = balance + balance[network.reverse]
        return bool((both == network.capacity_msat).all() and (balance >= 0).all())


def _same(rng: np.random.Generator) -> np.random.Generator:
    twin = np.random.default_rng(0)
    twin.bit_generator.state = rng.bit_generator.state
    return twin


def _decay(x: float) -> float:
    """e^-x for a small number: the same on every machine."""
    return 1.0 - x + x * x / 2.0 - x * x * x / 6.0
