"""A season of a node: a policy looks and orders, days go by, and the books are kept."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from daznode.domain.errors import InvalidParameter
from daznode.domain.experiment import (
    ChannelDay,
    ChannelOutcome,
    FlowTilt,
    NodeKind,
    RunKey,
    RunOutcome,
)
from daznode.domain.node_state import Rebalance
from daznode.domain.progress import Progress, silent
from daznode.domain.units import MSAT_PER_SAT, PPM_ONE, Msat, Ppm, Sat
from daznode.simulate.payments.around import around_ppm, restore_ppm
from daznode.simulate.payments.demand import DAY_MS
from daznode.simulate.payments.ground import feerates
from daznode.simulate.payments.kernels.deliver import NOT_TRIED, SETTLED
from daznode.simulate.payments.network import IntArray
from daznode.simulate.payments.state import (
    BASE,
    EVENT_AMOUNT_IN,
    EVENT_AMOUNT_OUT,
    EVENT_COLUMNS,
    EVENT_DETAIL,
    EVENT_IN,
    EVENT_KIND,
    EVENT_OUT,
    FORWARDED,
    INBOUND_PPM,
    NO_BALANCE,
    PPM,
    REFILLED,
    REFUSED,
)
from daznode.simulate.players.course import Course
from daznode.simulate.players.names import Names
from daznode.simulate.players.player import OPEN_VBYTES, Player
from daznode.simulate.policies.market import market_from_edges
from daznode.simulate.policies.sight import FeePolicy, PublicMarket, Sight

STEP_MS: Final = 600_000
"""Looks happen at whole multiples of ten minutes."""

RESTORE_FLAT_PPM: Final = 100


@dataclass(slots=True)
class _Days:
    """What the channels did, a row a day; each array of shape (n_channels,), int64.

    Channels that were opened later are missing at the end of earlier rows; see `_table`.
    """

    is_there: list[IntArray]
    local: list[IntArray]
    ppm: list[IntArray]
    inbound_ppm: list[IntArray]
    earned: list[IntArray]
    captive: list[IntArray]
    out: list[IntArray]
    into: list[IntArray]
    refused: list[IntArray]
    forwards: list[IntArray]
    offered: list[int]

    @classmethod
    def none(cls) -> "_Days":
        return cls([], [], [], [], [], [], [], [], [], [], [])


class Season:
    """A node with its course and its books; made, steered through days, and asked what came of it."""

    def __init__(
        self, course: Course, names: Names, begins_at: datetime, player: Player | None = None
    ) -> None:
        """Begin with empty books.

        Args:
            course: The network; its player is the node.
            names: Who its nodes are.
            begins_at: Moment of the course's beginning, UTC.
            player: The node as it stands in the course, if it has lived before.
        """
        self.course, self.names, self.begins_at = course, names, begins_at
        self.player = player or Player(course, names, begins_at)
        self._feerates = feerates(course.seed, course.days)
        self._number_channels()
        self._digest = hashlib.sha256()
        self.begin()

    def _number_channels(self) -> None:
        self._place = np.full(self.course.ground.network.n_edges, -1, np.int64)
        self._place[self.player.edges] = np.arange(len(self.player.edges))

    def fund(self, wallet_sat: Sat) -> None:
        """Put money into the node's wallet, for opens."""
        self.player.funds.receive(wallet_sat, self.course.now_ms)

    def price_of(self, opens: Sequence[Sat]) -> Sat:
        """What opening channels of given sizes takes at the most, transactions counted."""
        each = round(OPEN_VBYTES * float(self._feerates.max()))
        return Sat(sum(opens) + each * len(opens))

    def begin(self) -> None:
        """Open new books: what is measured starts now."""
        self._begun_ms = self.course.now_ms
        self._around = around_ppm(
            self.course.ground.network, self.course.book.seen, self.course.player
        )
        self._start = self.course.book.balance[self.player.edges].copy()
        self._days = _Days.none()
        self.player.ledger = type(self.player.ledger)()

    def copy(self) -> "Season":
        """A season in the same state, with new books, that goes its own way."""
        course = self.course.copy()
        twin = Season(course, self.names, self.begins_at, self.player.copy(course))
        twin._digest = self._digest.copy()
        return twin

    # --- living -----------------------------------------------------------------------------------

    def steer(self, policy: FeePolicy, days: int, progress: Progress = silent) -> None:
        """Live through whole days with a policy; standing orders of an earlier one end.

        Args:
            policy: It looks first at the beginning, then every `policy.every`.
            days: How many.
            progress: Told of days lived.

        Raises:
            InvalidParameter: The policy wants to look at other times than whole ten minutes.
        """
        every_ms = round(policy.every.total_seconds() * 1_000)
        if every_ms <= 0 or every_ms % STEP_MS:
            message = f"policy looks every {policy.every}; takes a whole number of ten minutes"
            raise InvalidParameter(message)
        self.player.end_standing_orders()
        look_ms, since_ms = self.course.now_ms, self.course.now_ms
        waiting: list[IntArray] = []
        refills: list[Rebalance] = []
        for day in range(days):
            progress("days lived", day, days)
            ends_ms = self.course.now_ms + DAY_MS
            market = self._market()
            of_day: list[IntArray] = []
            while self.course.now_ms < ends_ms:
                if self.course.now_ms == look_ms:
                    edges = self.player.edges
                    refills = self._look(policy, market, since_ms, waiting, refills)
                    if len(self.player.edges) > len(edges):
                        of_day = self._number_anew(edges, of_day)
                    waiting, since_ms = [], self.course.now_ms
                    look_ms += every_ms
                events = self.course.run_until(min(look_ms, ends_ms))
                self.player.ledger.refills.extend(self.player.refilled(events))
                of_day.append(events)
                waiting.append(events)
            self._close_day(_joined(of_day))

    def _number_anew(self, edges: IntArray, of_day: list[IntArray]) -> list[IntArray]:
        """After opens edges have other numbers, and there are channels to keep books of.

        Args:
            edges: The node's edges before.
            of_day: Events of the day so far.

        Returns:
            The events by the numbers of now.
        """
        places = self._place
        self._number_channels()
        course, player, n_before = self.course, self.player, len(edges)
        new = player.edges[n_before:]
        around = around_ppm(course.ground.network, course.book.seen, course.player)
        by_edge = dict(zip(course.ground.network.edges_from(course.player), around, strict=True))
        self._around = np.append(self._around, [by_edge[edge] for edge in new])
        self._start = np.append(self._start, course.book.balance[new])
        renumbered = _joined(of_day).copy()
        for column in (EVENT_IN, EVENT_OUT):
            renumbered[:, column] = player.edges[places[renumbered[:, column]]]
        return [renumbered]

    def _look(
        self,
        policy: FeePolicy,
        market: PublicMarket,
        since_ms: int,
        events: list[IntArray],
        refills: list[Rebalance],
    ) -> list[Rebalance]:
        """One look and what it orders; the refills that it makes at once are seen at the next one."""
        player, now = self.player, self.player.now
        sight = Sight(
            now=now,
            observation=player.observation(),
            activity=player.activity(player.moment(since_ms), now, _joined(events), refills),
            market=market,
            wallet=player.wallet(),
        )
        return player.carry_out(policy.look(sight), market.feerate_sat_vb)

    def _feerate(self) -> float:
        day = min(self.course.now_ms // DAY_MS, len(self._feerates) - 1)
        return float(self._feerates[day])

    def _market(self) -> PublicMarket:
        """The public network around the node as everybody knows it now."""
        network, seen = self.course.ground.network, self.course.book.seen
        unknown = (*self.player.unconfirmed(), *self.player.closed)
        is_known = ~np.isin(network.scid, np.array(unknown, np.int64))
        return market_from_edges(
            self.course.player,
            self.names.node_ids,
            network.source[is_known],
            network.target[is_known],
            seen[is_known, BASE],
            seen[is_known, PPM],
            network.capacity_msat[is_known] // MSAT_PER_SAT,
            self._feerate(),
        )

    # --- the books --------------------------------------------------------------------------------

    def _close_day(self, events: IntArray) -> None:
        edges, days, book = self.player.edges, self._days, self.course.book
        n = len(edges)
        back = self.course.ground.network.reverse[edges]

        def by(column: int, rows: IntArray, weights: IntArray | None = None) -> IntArray:
            total = np.zeros(n, np.int64)
            np.add.at(total, self._place[rows[:, column]], 1 if weights is None else weights)
            return total

        passed = events[events[:, EVENT_KIND] == FORWARDED]
        fees = passed[:, EVENT_AMOUNT_IN] - passed[:, EVENT_AMOUNT_OUT]
        captive = passed[:, EVENT_DETAIL] != 0
        refused = events[
            (events[:, EVENT_KIND] == REFUSED) & (events[:, EVENT_DETAIL] == NO_BALANCE)
        ]
        is_there = np.array(
            [scid not in self.player.closed for scid in self.player.scids], np.int64
        )
        days.is_there.append(is_there)
        days.local.append(book.balance[edges] * is_there)
        days.ppm.append(book.now[edges, PPM].copy())
        days.inbound_ppm.append(book.now[back, INBOUND_PPM].copy())
        days.earned.append(by(EVENT_OUT, passed, fees))
        days.captive.append(by(EVENT_OUT, passed[captive], fees[captive]))
        days.out.append(by(EVENT_OUT, passed, passed[:, EVENT_AMOUNT_OUT]))
        days.into.append(by(EVENT_IN, passed, passed[:, EVENT_AMOUNT_IN]))
        days.refused.append(by(EVENT_OUT, refused))
        days.forwards.append(by(EVENT_OUT, passed))
        days.offered.append(int((events[:, EVENT_KIND] != REFILLED).sum()))
        self._digest.update(events.astype("<i8").tobytes())
        self._digest.update(book.balance.astype("<i8").tobytes())

    def outcome(self, key: RunKey, kind: NodeKind, tilt: FlowTilt) -> RunOutcome:
        """What came of the days since `begin`.

        Args:
            key: Which run this was.
            kind: What the node is to the network.
            tilt: Which way its flow leans.
        """
        loop, player, days = self.course, self.player, self._days
        network, edges = loop.ground.network, player.edges
        around = self._around
        around_known = np.where(np.isfinite(around), np.round(around), -1).astype(np.int64)
        end = loop.book.balance[edges]
        drained = np.maximum(self._start - end, 0)
        restore = drained * restore_ppm(around) // PPM_ONE
        n_days = len(days.local)
        local, is_there = _table(days.local, len(edges)), _table(days.is_there, len(edges)) == 1
        capacity = network.capacity_msat[edges]
        lean = np.abs(2 * local / capacity - 1)
        first, last = np.searchsorted(loop.payments.at_ms, (self._begun_ms, loop.now_ms))
        results = loop.results[first:last]
        n_payments = int((results[:, 0] != NOT_TRIED).sum())
        settled = int((results[:, 0] == SETTLED).sum())
        self._digest.update(results.astype("<i8").tobytes())
        ledger = player.ledger
        channels = self._channels(around_known)
        return RunOutcome(
            key=key,
            alias=self.names.called(loop.player),
            kind=kind,
            tilt=tilt,
            days=n_days,
            payments=n_payments,
            network_success_ratio=settled / n_payments if n_payments else 0.0,
            capacity_sat=Sat(int((capacity * is_there).sum()) // max(n_days, 1) // MSAT_PER_SAT),
            fees_msat=Msat(sum(one.earned_msat for one in channels)),
            captive_msat=Msat(sum(one.captive_msat for one in channels)),
            refill_cost_msat=Msat(sum(one.fee_msat for one in ledger.refills)),
            onchain_cost_msat=Msat(ledger.onchain_msat),
            restore_msat=Msat(int(restore.sum())),
            restore_flat_msat=Msat(int((drained * RESTORE_FLAT_PPM // PPM_ONE).sum())),
            forwards=sum(one.forwards for one in channels),
            offered=sum(days.offered),
            refused=sum(one.refused for one in channels),
            updates=sum(ledger.updates.values()),
            refills=len(ledger.refills),
            imbalance=float(lean[is_there].mean()) if is_there.any() else 0.0,
            own_msat_days=Msat(int(local.sum())),
            history_sha256=self._digest.hexdigest(),
            channels=channels,
        )

    def _channels(self, around: IntArray) -> tuple[ChannelOutcome, ...]:
        days, player, loop = self._days, self.player, self.course
        n_days = len(days.local)
        end = loop.book.balance[player.edges].tolist()
        capacity = loop.ground.network.capacity_msat[player.edges].tolist()
        refills = player.ledger.refills
        n = len(player.edges)
        columns = [
            _table(rows, n).tolist()
            for rows in (
                days.local, days.ppm, days.inbound_ppm, days.earned, days.out, days.into,
                days.refused,
            )
        ]  # fmt: skip
        captive = _table(days.captive, n).sum(axis=0).tolist()
        forwards = _table(days.forwards, n).sum(axis=0).tolist()
        made = []
        for at, scid in enumerate(player.scids):
            rows = tuple(
                ChannelDay(
                    day=day,
                    local_msat=Msat(columns[0][day][at]),
                    fee_ppm=Ppm(columns[1][day][at]),
                    inbound_fee_ppm=Ppm(columns[2][day][at]),
                    earned_msat=Msat(columns[3][day][at]),
                    out_msat=Msat(columns[4][day][at]),
                    in_msat=Msat(columns[5][day][at]),
                    refused=columns[6][day][at],
                )
                for day in range(n_days)
            )
            own = [one for one in refills if one.scid_in == scid]
            peer = int(loop.ground.network.target[player.edges[at]])
            made.append(
                ChannelOutcome(
                    scid=scid,
                    peer_alias=self.names.called(peer),
                    capacity_sat=Sat(capacity[at] // MSAT_PER_SAT),
                    start_local_msat=Msat(int(self._start[at])),
                    end_local_msat=Msat(end[at]),
                    around_ppm=None if around[at] < 0 else Ppm(int(around[at])),
                    earned_msat=Msat(sum(row.earned_msat for row in rows)),
                    captive_msat=Msat(captive[at]),
                    forwards=forwards[at],
                    refused=sum(row.refused for row in rows),
                    refilled_msat=Msat(sum(one.amount_msat for one in own)),
                    refill_cost_msat=Msat(sum(one.fee_msat for one in own)),
                    updates=player.ledger.updates.get(scid, 0),
                    days=rows,
                    opened_on=self._day(player.ledger.opened_ms.get(scid)),
                    closed_on=self._day(player.ledger.closed_ms.get(scid)),
                )
            )
        return tuple(made)

    def _day(self, at_ms: int | None) -> int | None:
        """Number of a measured day, from 0."""
        return None if at_ms is None else (at_ms - self._begun_ms) // DAY_MS


def _table(rows: list[IntArray], n_channels: int) -> IntArray:
    """Days as one array, (n_days, n_channels): 0 for channels that were not there yet."""
    table = np.zeros((len(rows), n_channels), np.int64)
    for day, row in enumerate(rows):
        table[day, : len(row)] = row
    return table


def _joined(events: list[IntArray]) -> IntArray:
    return np.concatenate(events) if events else np.zeros((0, EVENT_COLUMNS), np.int64)
