"""A course that replays recorded chances: a season of a policy in seconds instead of minutes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from daznode.domain.errors import InvalidParameter
from daznode.domain.experiment import Tier
from daznode.domain.units import MSAT_PER_SAT
from daznode.simulate.payments.around import around_ppm
from daznode.simulate.payments.demand import Payments
from daznode.simulate.payments.ground import Ground
from daznode.simulate.payments.kernels.replay import replay
from daznode.simulate.payments.loop import PaymentLoop
from daznode.simulate.payments.network import FloatArray, IntArray
from daznode.simulate.payments.standing import StandingRefill, standing_orders
from daznode.simulate.payments.state import (
    EVENT_COLUMNS,
    IS_DISABLED,
    OPTION_COLUMNS,
    Book,
    Net,
    copied,
    put_policy,
)

_EVENT_ROOM: Final = 8_192


@dataclass(frozen=True, slots=True)
class Recording:
    """What a node's customers would have paid, from one full loop under a reference policy.

    Attributes:
        options: Chances by payment and attempt, (n_options, 9), int64; see `record_options`.
        around: What refilling each channel costs at the least, ppm, by the player's channels.
        loop: The full loop, at the end of what was recorded.
        begins_ms: Moment at which it began.
        book: Policies and balances at that moment.
    """

    options: IntArray
    around: FloatArray
    loop: PaymentLoop
    begins_ms: int
    book: Book


def start_recording(loop: PaymentLoop) -> tuple[int, Book]:
    """What must be kept of a loop before its chances are recorded."""
    return loop.now_ms, copied(loop.book)


def end_recording(loop: PaymentLoop, begun: tuple[int, Book]) -> Recording:
    """Take what a loop that was told to `record` has recorded since `begun`.

    Args:
        loop: The loop.
        begun: From `start_recording`.
    """
    begins_ms, book = begun
    none = np.zeros((0, OPTION_COLUMNS), np.int64)
    options = np.concatenate(loop.options) if loop.options else none
    loop.options = []  # a hub's fill hundreds of megabytes; twice of them is too much to keep
    first = int(np.searchsorted(options[:, 0], begins_ms))
    around = around_ppm(loop.ground.network, loop.book.seen, loop.player)
    return Recording(options[first:], around, loop, begins_ms, book)


class TwinCourse:
    """A `Course` in which the rest of the network is a recording.

    Exact in the node's own balances. Blind to how its fees change the rest of the network, what
    senders remember of it, and payments in parts; a refill, ordered at a look or standing, succeeds
    whenever its price is not below the best way around, which is a lower bound of what it costs.
    """

    ground: Ground
    player: int
    seed: int
    days: int
    net: Net
    payments: Payments
    results: IntArray

    def __init__(self, recording: Recording) -> None:
        """Stand at the beginning of a recording.

        Args:
            recording: What is replayed; shared, never changed.
        """
        loop = recording.loop
        self.ground, self.player, self.seed = loop.ground, loop.player, loop.seed
        self.days, self.net = loop.days, loop.net
        self.payments, self.results = loop.payments, loop.results
        self.book = copied(recording.book)
        self.book.is_offline[:] = 0  # who went offline when is in what was recorded, not here
        self.now_ms = recording.begins_ms
        self._recording = recording
        self._next = 0
        self._own = loop.ground.network.edges_from(loop.player)
        self._events = np.zeros((_EVENT_ROOM, EVENT_COLUMNS), np.int64)
        self._standing = standing_orders(loop.ground.network.n_edges, self.seed)
        self._around_ppm = np.zeros(0)

    def copy(self) -> "TwinCourse":
        """A course in the same state that goes its own way."""
        other = TwinCourse(self._recording)
        other.book, other.now_ms = copied(self.book), self.now_ms
        other._next = self._next
        other._standing, other._around_ppm = self._standing.copy(), self._around_ppm
        return other

    def rewind(self) -> None:
        """Go back to the beginning: balances as they were, policies as they are."""
        book, began = self.book, self._recording.book
        for edges in (self._own, self.net.reverse[self._own]):
            book.balance[edges] = began.balance[edges]
        self.now_ms, self._next = self._recording.begins_ms, 0

    def run_until(self, to_ms: int) -> IntArray:
        """Let the recorded senders choose up to a moment; see `PaymentLoop.run_until`."""
        options = self._recording.options
        seen = []
        while self._next < len(options) and options[self._next, 0] < to_ms:
            self._next, count = replay(
                self.net,
                self.book,
                options,
                self._next,
                to_ms,
                self._events,
                self._standing,
                self._around_ppm,
            )
            if count:
                seen.append(self._events[:count].copy())
        self.now_ms = to_ms
        return np.concatenate(seen) if seen else np.zeros((0, EVENT_COLUMNS), np.int64)

    def set_policy(self, edge: int, outbound: IntArray, inbound: tuple[int, int]) -> None:
        """Ask something else for a channel; everybody knows it at once."""
        back = int(self.net.reverse[edge])
        put_policy(self.book.now, edge, back, outbound, inbound)
        self.book.seen[[edge, back]] = self.book.now[[edge, back]]

    def refill(
        self, edge_in: int, allowed_out: IntArray, amount_msat: int, most_fee_msat: int
    ) -> tuple[int, int] | None:
        """Pay the price of the best way around, from the fullest channel that has the amount."""
        edge = int(self.net.reverse[edge_in])
        price = float(self._recording.around[int(np.flatnonzero(self._own == edge)[0])])
        if not np.isfinite(price):
            return None
        cost_msat = int(np.ceil(amount_msat * price / 1e6))
        book = self.book
        room = book.balance[edge_in] - book.reserve[edge_in]
        spendable = book.balance[allowed_out] - book.reserve[allowed_out]
        spendable = np.where(allowed_out == edge, -1, spendable)
        if cost_msat > most_fee_msat or room < amount_msat or len(spendable) == 0:
            return None
        best = int(spendable.argmax())
        if spendable[best] < amount_msat + cost_msat:
            return None
        out = int(allowed_out[best])
        book.balance[out] -= amount_msat + cost_msat
        book.balance[self.net.reverse[out]] += amount_msat + cost_msat
        book.balance[edge_in] -= amount_msat
        book.balance[edge] += amount_msat
        return out, cost_msat

    def stand(self, refills: Sequence[StandingRefill]) -> None:
        """Refill channels while payments wait, at the price of the best way around each."""
        n_edges = self.ground.network.n_edges
        self._standing = standing_orders(n_edges, self.seed, refills)
        if refills and len(self._around_ppm) == 0:
            self._around_ppm = np.full(n_edges, np.inf)
            self._around_ppm[self._own] = self._recording.around

    def close(self, edge: int) -> None:
        """Take a channel of the player out of the network."""
        both = [edge, int(self.net.reverse[edge])]
        self.book.now[both, IS_DISABLED] = 1
        self.book.seen[both, IS_DISABLED] = 1

    def open(
        self, peer: int, scid: int, capacity_msat: int, outbound: IntArray, inbound: tuple[int, int]
    ) -> None:
        """Refuse: nobody was asked what a channel would have been worth that was not there.

        Playing on without it would show its price and none of its fees, so that every open would look
        like a loss.

        Raises:
            InvalidParameter: Always.
        """
        del scid, outbound, inbound
        message = (
            f"open of {capacity_msat // MSAT_PER_SAT:,} sat to node {peer}: not in the twin, whose "
            f"recorded payments know nothing of new channels; takes the tier {Tier.FULL.value}"
        )
        raise InvalidParameter(message)
