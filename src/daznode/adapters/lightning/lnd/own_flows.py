"""LND's payments and invoices, which it lists by index and may decide long after."""

import base64
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Final

from msgspec import Struct

from daznode.adapters.http.answer import HttpAnswer, JsonShape
from daznode.adapters.http.client import Call
from daznode.adapters.lightning.amounts import scid_from
from daznode.adapters.lightning.block_time import moment_of_ns
from daznode.adapters.lightning.cursor import CursorText
from daznode.adapters.lightning.lnd import shapes
from daznode.adapters.lightning.lnd.connection import LndConnection
from daznode.adapters.lightning.trust import doubting, payment_ref
from daznode.domain.history import HistoryPage
from daznode.domain.ids import NodeId, ShortChannelId
from daznode.domain.node_state import Event, OwnPayment, OwnReceipt, Rebalance
from daznode.domain.units import Msat

PAYMENTS: Final = "payments"
INVOICES: Final = "invoices"

_PAYMENTS: Final = JsonShape(shapes.Payments, is_lax=True)
_INVOICES: Final = JsonShape(shapes.Invoices, is_lax=True)

_PAGE_BYTES: Final = 128 * 2**20
_PAGE_SECONDS: Final = 60.0
_DECIDED: Final = frozenset({"SUCCEEDED", "FAILED", "SETTLED", "CANCELED"})
_PARTS_PER_INVOICE: Final = 2**20
_NS_PER_SECOND: Final = 1_000_000_000

Names = Mapping[int, ShortChannelId]
"""Ids under which channels may be named, to the one by which we know them."""


class OwnCursor(Struct):
    """Where a list by index was left.

    Attributes:
        last: Index of the last entry read.
        undecided: Earlier ones that were still under way then; they are read again.
    """

    last: int = 0
    undecided: list[int] = []


OWN_CURSOR: Final = CursorText(OwnCursor)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A payment or an invoice."""

    index: int
    is_decided: bool
    events: list[tuple[int, Event]]


class LndOwnFlows:
    """Reads payments and invoices of one LND.

    Args:
        connection: To it.
        per_page: Entries asked for at once.
    """

    def __init__(self, connection: LndConnection, per_page: int) -> None:
        """Read nothing yet."""
        self._connection = connection
        self._per_page = per_page

    async def pages(
        self, strand: str, cursor: OwnCursor, names: Names
    ) -> AsyncIterator[HistoryPage]:
        """Pages of payments or invoices: first what was undecided, then what is new."""
        still: list[int] = []
        waiting = sorted(cursor.undecided)
        while waiting:
            entries, last = await self._read(strand, waiting[0] - 1, names)
            newest = max(last, waiting[0])
            asked = {index for index in waiting if index <= newest}
            waiting = [index for index in waiting if index > newest]
            entries = [entry for entry in entries if entry.index in asked]
            still += _undecided(entries)
            cursor.undecided = still + waiting
            yield _page(strand, entries, cursor)
        while True:
            entries, last = await self._read(strand, cursor.last, names)
            is_full = len(entries) >= self._per_page and last > cursor.last
            cursor.undecided = cursor.undecided + _undecided(entries)
            cursor.last = max(cursor.last, last)
            yield _page(strand, entries, cursor)
            if not is_full:
                return

    async def _read(self, strand: str, offset: int, names: Names) -> tuple[list[_Entry], int]:
        """Entries after an index, and the index of the last of them."""
        ask = self._connection
        if strand == PAYMENTS:
            node_id = await ask.node_id()
            query: dict[str, str | int] = {
                "include_incomplete": "true",
                "index_offset": offset,
                "max_payments": self._per_page,
            }
            payments = (await self._asked("/v1/payments", query)).json(_PAYMENTS)
            with doubting(ask.where):
                return [
                    _Entry(
                        one.payment_index,
                        one.status in _DECIDED,
                        _payment_events(one, node_id, names),
                    )
                    for one in payments.payments
                ], payments.last_index_offset
        query = {"index_offset": offset, "num_max_invoices": self._per_page}
        invoices = (await self._asked("/v1/invoices", query)).json(_INVOICES)
        with doubting(ask.where):
            return [
                _Entry(one.add_index, one.state in _DECIDED, _receipt_events(one, names))
                for one in invoices.invoices
            ], invoices.last_index_offset

    async def _asked(self, path: str, query: Mapping[str, str | int]) -> HttpAnswer:
        call = Call(path=path, query=query, max_bytes=_PAGE_BYTES, timeout_seconds=_PAGE_SECONDS)
        return await self._connection.client.read(call)


def _undecided(entries: list[_Entry]) -> list[int]:
    return [entry.index for entry in entries if not entry.is_decided]


def _page(strand: str, entries: list[_Entry], cursor: OwnCursor) -> HistoryPage:
    keyed = [pair for entry in entries for pair in entry.events]
    return HistoryPage(
        strand=strand,
        keys=tuple(key for key, _ in keyed),
        events=tuple(event for _, event in keyed),
        cursor=OWN_CURSOR.text(cursor),
    )


def _payment_events(
    payment: shapes.Payment, node_id: NodeId, names: Names
) -> list[tuple[int, Event]]:
    """What a payment moved: each settled part, circular where its last hop is ourselves."""
    ref = payment_ref(bytes.fromhex(payment.payment_hash))
    found: list[tuple[int, Event]] = []
    for attempt in payment.htlcs:
        route = attempt.route
        if attempt.status != "SUCCEEDED" or route is None or not route.hops:
            continue
        at = moment_of_ns(attempt.resolve_time_ns)
        first, last = route.hops[0], route.hops[-1]
        scid_out = names.get(first.chan_id) or scid_from(first.chan_id)
        event: Event
        if last.pub_key == node_id:
            event = Rebalance(
                at=at,
                scid_out=scid_out,
                scid_in=(names.get(last.chan_id) or scid_from(last.chan_id)),
                amount_msat=Msat(last.amt_to_forward_msat),
                fee_msat=Msat(route.total_amt_msat - last.amt_to_forward_msat),
                payment_ref=ref,
            )
        else:
            event = OwnPayment(
                at=at,
                scid=scid_out,
                amount_msat=Msat(route.total_amt_msat),
                fee_msat=Msat(route.total_fees_msat),
                payment_ref=ref,
            )
        found.append((attempt.attempt_id, event))
    return found


def _receipt_events(invoice: shapes.Invoice, names: Names) -> list[tuple[int, Event]]:
    """What an invoice brought in: each settled part."""
    if invoice.state != "SETTLED":
        return []
    ref = payment_ref(base64.b64decode(invoice.r_hash, validate=True))
    return [
        (
            invoice.add_index * _PARTS_PER_INVOICE + place,
            OwnReceipt(
                at=moment_of_ns(part.resolve_time * _NS_PER_SECOND),
                scid=(names.get(part.chan_id) or scid_from(part.chan_id)),
                amount_msat=Msat(part.amt_msat),
                payment_ref=ref,
            ),
        )
        for place, part in enumerate(invoice.htlcs)
        if part.state == "SETTLED"
    ]
