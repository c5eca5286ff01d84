"""Core Lightning's past: forwards with their failures by index, own payments and receipts by move."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec import Struct

from daznode.adapters.http.answer import JsonShape
from daznode.adapters.http.client import Call
from daznode.adapters.lightning.cln import shapes
from daznode.adapters.lightning.cln.connection import ClnConnection
from daznode.adapters.lightning.cln.state import ClnState
from daznode.adapters.lightning.cursor import CursorText
from daznode.adapters.lightning.trust import doubting, payment_ref
from daznode.domain.errors import InvalidParameter
from daznode.domain.history import HistoryPage
from daznode.domain.ids import ShortChannelId, parse_scid
from daznode.domain.node_state import Event, Forward, HtlcFailure, OwnPayment, OwnReceipt
from daznode.domain.units import NO_MSAT, Msat

FORWARDS: Final = "forwards"
MOVES: Final = "moves"
STRANDS: Final = (FORWARDS, MOVES)

PER_PAGE: Final = 10_000
"""Some 4 MB of JSON."""

MOVES_SINCE: Final = (25, 9)
"""The first with `listchannelmoves`; before it the bookkeeper's list comes whole."""

_FORWARDS: Final = JsonShape(shapes.Forwards)
_WAIT: Final = JsonShape(shapes.WaitAnswer)
_MOVES: Final = JsonShape(shapes.Moves)
_EVENTS: Final = JsonShape(shapes.AccountEvents)
_PAGE_BYTES: Final = 64 * 2**20
_WHOLE_BYTES: Final = 512 * 2**20
_PAGE_SECONDS: Final = 60.0
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class ForwardCursor(Struct):
    """How far both orders of the forwards were read.

    Attributes:
        created: Last index in order of creation.
        updated: Last index in order of change; None before the first visit.
    """

    created: int = 0
    updated: int | None = None


class MoveCursor(Struct):
    """How many moves were read: their last index, or their number where they have none."""

    last: int = 0


_FORWARD_CURSOR: Final = CursorText(ForwardCursor)
_MOVE_CURSOR: Final = CursorText(MoveCursor)


class ClnHistory:
    """Reads the past of one Core Lightning.

    Args:
        connection: To it.
        per_page: Rows asked for at once.
    """

    strands = STRANDS

    def __init__(self, connection: ClnConnection, *, per_page: int = PER_PAGE) -> None:
        """Read nothing yet."""
        self._connection = connection
        self._state = ClnState(connection)
        self._per_page = per_page

    async def pages(
        self, strand: str, cursor: str | None, until: datetime
    ) -> AsyncIterator[HistoryPage]:
        """Pages of a strand from a cursor on, to the newest row; see `NodeHistory`."""
        del until  # rows come by index: what happens later comes later
        await self._connection.known()
        match strand:
            case "forwards":
                pages = self._forwards(_FORWARD_CURSOR.read(cursor))
            case "moves":
                pages = self._moves(_MOVE_CURSOR.read(cursor))
            case _:
                message = f"strand {strand!r}: takes {', '.join(STRANDS)}"
                raise InvalidParameter(message)
        async for page in pages:
            yield page

    async def newest(self) -> int:
        """Index of the newest change of a forward."""
        return await self._wait(0, timeout_seconds=None)

    async def change_after(self, index: int, *, timeout_seconds: float) -> int:
        """Wait until a forward changes after an index; the index of that change.

        Raises:
            BackendTimeout: None did in time.
        """
        return await self._wait(index + 1, timeout_seconds=timeout_seconds)

    async def _wait(self, nextvalue: int, *, timeout_seconds: float | None) -> int:
        call = Call(
            path="/v1/wait",
            method="POST",
            body={"subsystem": "forwards", "indexname": "updated", "nextvalue": nextvalue},
            timeout_seconds=timeout_seconds,
            is_waiting=nextvalue > 0,
        )
        answer = (await self._connection.client.read(call)).json(_WAIT)
        return answer.updated or 0

    async def _forwards(self, cursor: ForwardCursor) -> AsyncIterator[HistoryPage]:
        """Forwards that are decided: new ones first, then those that changed since the last visit.

        A forward is created once and changes once, when it is decided. The order of changes is
        noted before anything is read: what is decided while reading comes in it.
        """
        if cursor.updated is None:
            cursor.updated = await self.newest()
        told: set[int] = set()
        async for rows in self._rows("created", cursor.created):
            told |= {row.created_index for row in rows if row.updated_index > cursor.updated}
            cursor.created = rows[-1].created_index if rows else cursor.created
            yield self._page(rows, cursor)
        async for rows in self._rows("updated", cursor.updated):
            cursor.updated = rows[-1].updated_index if rows else cursor.updated
            yield self._page([row for row in rows if row.created_index not in told], cursor)

    async def _rows(self, index: str, last: int) -> AsyncIterator[list[shapes.ForwardRow]]:
        while True:
            answer = await self._connection.ask(
                "listforwards",
                _FORWARDS,
                {"index": index, "start": last + 1, "limit": self._per_page},
                timeout_seconds=_PAGE_SECONDS,
                max_bytes=_PAGE_BYTES,
            )
            rows = answer.forwards
            yield rows
            if len(rows) < self._per_page:
                return
            last = rows[-1].created_index if index == "created" else rows[-1].updated_index

    def _page(self, rows: list[shapes.ForwardRow], cursor: ForwardCursor) -> HistoryPage:
        with doubting(self._connection.where):
            keyed = [
                (row.created_index, event) for row in rows if (event := _event(row)) is not None
            ]
        return _page(FORWARDS, keyed, _FORWARD_CURSOR.text(cursor))

    async def _moves(self, cursor: MoveCursor) -> AsyncIterator[HistoryPage]:
        accounts = await self._state.accounts()
        if await self._connection.version() < MOVES_SINCE:
            yield await self._account_events(cursor, accounts)
            return
        while True:
            answer = await self._connection.ask(
                "listchannelmoves",
                _MOVES,
                {"index": "created", "start": cursor.last + 1, "limit": self._per_page},
                timeout_seconds=_PAGE_SECONDS,
                max_bytes=_PAGE_BYTES,
            )
            moves = answer.channelmoves
            cursor.last = moves[-1].created_index if moves else cursor.last
            with doubting(self._connection.where):
                keyed = [
                    (move.created_index, event)
                    for move in moves
                    if move.primary_tag == "invoice"
                    and (event := _flow(move, move.payment_hash, accounts.get(move.account_id)))
                ]
            yield _page(MOVES, keyed, _MOVE_CURSOR.text(cursor))
            if len(moves) < self._per_page:
                return

    async def _account_events(
        self, cursor: MoveCursor, accounts: Mapping[str, ShortChannelId]
    ) -> HistoryPage:
        """The bookkeeper's list, which only grows, after the events known."""
        answer = await self._connection.ask(
            "bkpr-listaccountevents",
            _EVENTS,
            timeout_seconds=_PAGE_SECONDS,
            max_bytes=_WHOLE_BYTES,
        )
        rows = [one for one in answer.events if one.type == "channel"]
        known, cursor.last = cursor.last, max(cursor.last, len(rows))
        with doubting(self._connection.where):
            keyed = [
                (place, event)
                for place, row in enumerate(rows[known:], known + 1)
                if row.tag == "invoice"
                and (event := _flow(row, row.payment_id, accounts.get(row.account)))
            ]
        return _page(MOVES, keyed, _MOVE_CURSOR.text(cursor))


def _page(strand: str, keyed: Sequence[tuple[int, Event]], cursor: str) -> HistoryPage:
    return HistoryPage(
        strand, tuple(key for key, _ in keyed), tuple(event for _, event in keyed), cursor
    )


def _moment(seconds: float) -> datetime:
    """A moment from seconds with decimals: a double holds microseconds of this century exactly."""
    return _EPOCH + timedelta(microseconds=round(seconds * 1_000_000))


def _event(row: shapes.ForwardRow) -> Forward | HtlcFailure | None:
    """A decided forward; None while it is under way."""
    if row.status == "offered":
        return None
    at = _moment(row.received_time if row.resolved_time is None else row.resolved_time)
    scid_in = parse_scid(row.in_channel)
    scid_out = None if row.out_channel is None else parse_scid(row.out_channel)
    out_msat = row.in_msat if row.out_msat is None else row.out_msat
    if row.status == "settled" and scid_out is not None:
        return Forward(at, scid_in, scid_out, Msat(row.in_msat), Msat(out_msat))
    is_local = row.status == "local_failed"
    word = (row.failreason or "unknown").removeprefix("WIRE_").lower()
    return HtlcFailure(
        at=at,
        scid_in=scid_in,
        scid_out=scid_out,
        amount_out_msat=Msat(out_msat),
        missed_fee_msat=Msat(row.fee_msat or NO_MSAT),
        is_local=is_local,
        reason=word if is_local else "downstream",
    )


def _flow(
    row: shapes.Move | shapes.AccountEvent, payment_hash: str | None, scid: ShortChannelId | None
) -> OwnPayment | OwnReceipt | None:
    """A payment's part that left or came in; None in a channel that the node has forgotten."""
    if scid is None:
        return None
    at = _moment(row.timestamp)
    ref = 0 if payment_hash is None else payment_ref(bytes.fromhex(payment_hash))
    if row.debit_msat:
        return OwnPayment(at, scid, Msat(row.debit_msat), Msat(row.fees_msat), ref)
    return OwnReceipt(at, scid, Msat(row.credit_msat), ref)
