"""What a player stands in: the full loop, or its twin; a policy cannot tell them apart."""

from collections.abc import Sequence
from typing import Protocol

from daznode.simulate.payments.demand import Payments
from daznode.simulate.payments.ground import Ground
from daznode.simulate.payments.network import IntArray
from daznode.simulate.payments.standing import StandingRefill
from daznode.simulate.payments.state import Book, Net


class Course(Protocol):
    """A network in virtual time with one node that is watched and steered; see `PaymentLoop`."""

    ground: Ground
    player: int
    seed: int
    days: int
    net: Net
    book: Book
    payments: Payments
    results: IntArray
    now_ms: int

    def copy(self) -> "Course":
        """A course in the same state that goes its own way."""

    def run_until(self, to_ms: int) -> IntArray:
        """Let happen what happens before a moment, and tell what the player saw of it."""

    def set_policy(self, edge: int, outbound: IntArray, inbound: tuple[int, int]) -> None:
        """Let the player ask something else for a channel."""

    def refill(
        self, edge_in: int, allowed_out: IntArray, amount_msat: int, most_fee_msat: int
    ) -> tuple[int, int] | None:
        """Let the player pay itself in a circle: edge by which it left and cost in msat, or None."""

    def stand(self, refills: Sequence[StandingRefill]) -> None:
        """Let the player refill channels while payments wait; in place of what stood before."""

    def close(self, edge: int) -> None:
        """Take a channel of the player out of the network."""

    def open(
        self, peer: int, scid: int, capacity_msat: int, outbound: IntArray, inbound: tuple[int, int]
    ) -> None:
        """Let the player open a channel; edges are numbered anew."""
