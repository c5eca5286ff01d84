"""CLBoss's price theory: five prices tried in turn for two days each, the best earner is the next centre."""

from typing import Final

import numpy as np

_UP: Final = 1.2
_DOWN: Final = 0.8
_STEPS: Final = (-2, -1, 0, 1, 2)
CARD_TICKS: Final = 288
"""Life of a card in ticks of ten minutes in which the peer is connected: two days."""


def level_multiplier(level: int) -> float:
    """`1.2^k` above zero, `0.8^|k|` below.

    References:
        ZmnSCPxj/clboss 90eaf44, `Boss/Mod/FeeModderByPriceTheory`.
    """
    return float(_UP**level if level > 0 else _DOWN**-level)


class PriceCards:
    """The cards of one peer.

    CLBoss draws the next card when it next sets fees, up to 90 minutes after the last one expired,
    and books nothing in between; here a card is drawn at the same look.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        """Make the first deck, around the price of the competitors."""
        self._rng = rng
        self._centre = 0
        self._deck: list[int] = []
        self._played: list[tuple[int, int]] = []
        self._level = 0
        self._age_ticks = 0
        self._earned_msat = 0
        self._new_round()

    @property
    def level(self) -> int:
        """Price level of the card in play."""
        return self._level

    @property
    def multiplier(self) -> float:
        """What the card in play makes of the price."""
        return level_multiplier(self._level)

    def pass_time(self, ticks: int, earned_msat: int) -> None:
        """Book what the card in play earned, msat, over some connected ticks; draw if it expired."""
        self._earned_msat += earned_msat
        self._age_ticks += ticks
        if self._age_ticks < CARD_TICKS:
            return
        self._played.append((self._level, self._earned_msat))
        if self._deck:
            self._draw()
            return
        best_level, best_msat = max(self._played, key=lambda card: card[1])
        if best_msat > 0:
            self._centre = best_level
        self._new_round()

    def _new_round(self) -> None:
        self._played = []
        self._deck = [self._centre + step for step in self._rng.permutation(_STEPS).tolist()]
        self._draw()

    def _draw(self) -> None:
        self._level = self._deck.pop()
        self._age_ticks = 0
        self._earned_msat = 0
