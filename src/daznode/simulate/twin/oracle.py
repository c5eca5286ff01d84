"""An upper bound: the fees that somebody would have set who knew the demand of the days to come."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

import numpy as np

from daznode.domain.ids import ShortChannelId
from daznode.domain.progress import Progress, silent
from daznode.domain.units import PPM_ONE, Msat, Ppm
from daznode.simulate.payments.around import restore_ppm
from daznode.simulate.payments.network import IntArray
from daznode.simulate.payments.state import (
    BASE,
    EVENT_AMOUNT_IN,
    EVENT_AMOUNT_OUT,
    EVENT_KIND,
    FORWARDED,
    INBOUND_BASE,
    INBOUND_PPM,
    OPTION_OUT,
    PPM,
)
from daznode.simulate.policies.sight import Orders, PolicyOrder, Sight
from daznode.simulate.twin.course import Recording, TwinCourse

GRID_PPM: Final = (0, 10, 30, 60, 100, 200, 300, 500, 800, 1_200, 2_000, 3_000, 5_000, 10_000)
_ROUNDS: Final = 2


class FixedFees:
    """A policy that sets one fee for each channel once, and never looks again."""

    every = timedelta(days=1)

    def __init__(self, fee_ppm: dict[ShortChannelId, int]) -> None:
        """Take the fees, ppm by channel; other channels are left as they are."""
        self._fee_ppm = fee_ppm

    def look(self, sight: Sight) -> Orders:
        """Set what is not set yet: base and inbound fees 0."""
        orders = []
        for channel in sight.observation.channels:
            wanted, held = self._fee_ppm.get(channel.scid), channel.local_policy
            if wanted is None or held is None:
                continue
            policy = replace(
                held,
                base_fee_msat=Msat(0),
                fee_ppm=Ppm(wanted),
                inbound_base_fee_msat=Msat(0),
                inbound_fee_ppm=Ppm(0),
            )
            if policy != held:
                orders.append(PolicyOrder(channel.scid, policy))
        return Orders(policies=tuple(orders))


def hindsight_fees(
    recording: Recording, until_ms: int, progress: Progress = silent
) -> dict[ShortChannelId, int]:
    """Static fees by channel that would have earned most in a recording, by coordinate ascent.

    The aim is the score: fees less half of what restoring the starting balances costs. First the
    best common fee, then channel by channel in the order of their traffic, twice round. In-sample on
    purpose: it knows what comes. It is a bound for static fees in the twin, and near one for others,
    since demand hardly moves but by the hour; it does not refill.

    Args:
        recording: What senders would have paid.
        until_ms: End of the days that count.
        progress: Told of channels tried.

    Returns:
        Fee in ppm by channel.

    Raises:
        Interrupted: The progress asked to stop.
    """
    network = recording.loop.ground.network
    own = network.edges_from(recording.loop.player)
    price_ppm = restore_ppm(recording.around)

    course = TwinCourse(recording)
    book = course.book
    back = network.reverse[own]
    book.now[own, BASE] = 0
    book.now[back, INBOUND_BASE] = book.now[back, INBOUND_PPM] = 0
    before = book.balance[own].copy()

    def score(fees: IntArray) -> int:
        course.rewind()
        book.now[own, PPM] = fees
        events = course.run_until(until_ms)
        passed = events[events[:, EVENT_KIND] == FORWARDED]
        earned = int((passed[:, EVENT_AMOUNT_IN] - passed[:, EVENT_AMOUNT_OUT]).sum())
        drained = np.maximum(before - book.balance[own], 0)
        return earned - int((drained * price_ppm // PPM_ONE).sum()) // 2

    common = max(GRID_PPM, key=lambda ppm: score(np.full(len(own), ppm, np.int64)))
    fees = np.full(len(own), common, np.int64)
    best = score(fees)
    asked = np.bincount(
        np.searchsorted(np.sort(own), recording.options[:, OPTION_OUT]), minlength=len(own)
    )[np.argsort(np.argsort(own))]
    busiest = [place for place in np.argsort(-asked, kind="stable").tolist() if asked[place] > 0]
    for turn in range(_ROUNDS):
        for done, place in enumerate(busiest):
            progress("hindsight", turn * len(busiest) + done, _ROUNDS * len(busiest))
            for ppm in GRID_PPM:
                tried = fees.copy()
                tried[place] = ppm
                reached = score(tried)
                if reached > best:
                    best, fees = reached, tried
    return {
        ShortChannelId(int(scid)): int(ppm)
        for scid, ppm in zip(network.scid[own], fees, strict=True)
    }
