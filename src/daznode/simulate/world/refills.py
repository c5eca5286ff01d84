"""The operator's habit of refilling channels that run low; it looks at no profit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from daznode.domain.node_state import OwnChannel, Rebalance
from daznode.domain.units import MSAT_PER_SAT, PPM_ONE, Msat, msat_of
from daznode.simulate.policies.sight import RefillOrder

CarryOut = Callable[[RefillOrder], Sequence[Rebalance]]


@dataclass(frozen=True, slots=True)
class RefillParams:
    """The habit.

    Attributes:
        every_seconds: Time between looks at the channels.
        below_ratio: Local share below which a channel is refilled.
        to_ratio: Local share up to which it is, and below which none is drained for it.
        from_ratio: Local share above which a channel may be drained for it.
        most_sats: Largest circular payment, sat.
        least_sats: Smallest one, sat.
        limit_ppm: Most that is paid, millionths of the amount, whatever the channel earns.
        day_limit_sats: Most that is paid in a day, sat.
        per_look: Most refills at one look.
        tries_per_look: Most channels for which a way is sought at one look.
    """

    every_seconds: int = 14_400
    below_ratio: float = 0.15
    to_ratio: float = 0.4
    from_ratio: float = 0.6
    most_sats: int = 2_000_000
    least_sats: int = 200_000
    limit_ppm: int = 400
    day_limit_sats: int = 1_500
    per_look: int = 2
    tries_per_look: int = 6


class RefillHabit:
    """The habit at work, with what it has spent today."""

    def __init__(self, params: RefillParams) -> None:
        """Start with nothing spent.

        Args:
            params: The habit.
        """
        self._params = params
        self._day = -1
        self._spent_msat = 0

    def look(
        self, day: int, channels: Sequence[OwnChannel], carry_out: CarryOut
    ) -> list[Rebalance]:
        """Look at the channels and refill the emptiest from the fullest.

        Args:
            day: Number of the day: what may be spent is for a day.
            channels: The channels that can be used, as they are now.
            carry_out: Tries an order and tells what came of it.

        Returns:
            The circular payments that succeeded.
        """
        if day != self._day:
            self._day, self._spent_msat = day, 0
        params = self._params
        local_msat = {channel.scid: channel.local_msat for channel in channels}
        usable = [channel for channel in channels if channel.is_active]

        def ratio(channel: OwnChannel) -> float:
            return local_msat[channel.scid] / msat_of(channel.capacity_sat)

        low = [channel for channel in usable if ratio(channel) < params.below_ratio]
        low = [one for one in low if one.remote_policy and not one.remote_policy.is_disabled]
        done: list[Rebalance] = []
        for target in sorted(low, key=ratio)[: params.tries_per_look]:
            source = max(usable, key=ratio)
            if len(done) >= params.per_look or ratio(source) <= params.from_ratio:
                break
            wish_sats = min(
                params.most_sats,
                int((params.to_ratio - ratio(target)) * target.capacity_sat),
                int((ratio(source) - params.to_ratio) * source.capacity_sat),
            )
            for made in self._tried(source, target, wish_sats, carry_out):
                local_msat[made.scid_out] = Msat(
                    local_msat[made.scid_out] - made.amount_msat - made.fee_msat
                )
                local_msat[made.scid_in] = Msat(local_msat[made.scid_in] + made.amount_msat)
                done.append(made)
        return done

    def _tried(
        self, source: OwnChannel, target: OwnChannel, wish_sats: int, carry_out: CarryOut
    ) -> Sequence[Rebalance]:
        """A large amount finds fewer ways: half of it is tried where the whole finds none."""
        for sats in (wish_sats, wish_sats // 2):
            amount_msat = Msat(sats * MSAT_PER_SAT)
            left_msat = self._params.day_limit_sats * MSAT_PER_SAT - self._spent_msat
            most_msat = Msat(min(amount_msat * self._params.limit_ppm // PPM_ONE, left_msat))
            if sats < self._params.least_sats or most_msat <= 0:
                continue
            order = RefillOrder(target.scid, (source.scid,), amount_msat, most_msat)
            if made := carry_out(order):
                self._spent_msat += sum(one.fee_msat for one in made)
                return made
        return ()
