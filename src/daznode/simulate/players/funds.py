"""A node's money on chain: what closed channels gave back, what opens and their transactions take."""

from dataclasses import dataclass, field
from typing import Final

from daznode.domain.units import Sat

_NOTHING: Final = Sat(0)


@dataclass(slots=True)
class Funds:
    """Confirmed money, and money that waits for its confirmations.

    Attributes:
        spendable_sat: Confirmed.
        waiting: Moment from which it can be spent, ms, and amount, by moment.
    """

    spendable_sat: Sat = _NOTHING
    waiting: list[tuple[int, Sat]] = field(default_factory=list)

    @property
    def awaited_sat(self) -> Sat:
        """What cannot be spent yet."""
        return Sat(sum(amount for _, amount in self.waiting))

    def receive(self, amount_sat: Sat, from_ms: int) -> None:
        """Expect money that can be spent from a moment on."""
        self.waiting = sorted((*self.waiting, (from_ms, amount_sat)))

    def settle(self, now_ms: int) -> None:
        """Count as spendable what has its confirmations by now."""
        while self.waiting and self.waiting[0][0] <= now_ms:
            self.spendable_sat = Sat(self.spendable_sat + self.waiting.pop(0)[1])

    def pay(self, amount_sat: Sat) -> bool:
        """Pay if there is enough; whether there was."""
        if amount_sat > self.spendable_sat:
            return False
        self.spendable_sat = Sat(self.spendable_sat - amount_sat)
        return True

    def copy(self) -> "Funds":
        """The same money, to be spent apart."""
        return Funds(self.spendable_sat, list(self.waiting))
