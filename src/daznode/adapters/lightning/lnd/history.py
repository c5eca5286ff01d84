"""LND's past: settled forwards, own payments and receipts, page by page and nothing twice.

Failed forwards are not in LND's history; it tells them only to who listens.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final

from msgspec import Struct

from daznode.adapters.http.answer import JsonShape
from daznode.adapters.http.client import Call
from daznode.adapters.lightning.amounts import scid_from
from daznode.adapters.lightning.block_time import moment_of_ns
from daznode.adapters.lightning.cursor import CursorText
from daznode.adapters.lightning.lnd import shapes
from daznode.adapters.lightning.lnd.connection import LndConnection
from daznode.adapters.lightning.lnd.own_flows import (
    INVOICES,
    OWN_CURSOR,
    PAYMENTS,
    LndOwnFlows,
    Names,
)
from daznode.adapters.lightning.lnd.state import names_of
from daznode.adapters.lightning.trust import doubting
from daznode.domain.errors import InvalidParameter
from daznode.domain.history import HistoryPage
from daznode.domain.node_state import Forward
from daznode.domain.units import Msat

FORWARDS: Final = "forwards"
STRANDS: Final = (FORWARDS, PAYMENTS, INVOICES)

FORWARDS_PER_PAGE: Final = 20_000
"""LND documents 50,000 as the most; 20,000 are some 7 MB of JSON."""

OWN_PER_PAGE: Final = 100
"""A payment comes with all its attempts and their routes: some are hundreds of kilobytes of JSON."""

_FORWARDING: Final = JsonShape(shapes.ForwardingHistory, is_lax=True)
_PAGE_BYTES: Final = 64 * 2**20
_PAGE_SECONDS: Final = 60.0
_NS_PER_SECOND: Final = 1_000_000_000


class ForwardCursor(Struct):
    """The last forward known, by its moment; LND gives no two the same nanosecond."""

    last_ns: int = -1


FORWARD_CURSOR: Final = CursorText(ForwardCursor)


class LndHistory:
    """Reads the past of one LND.

    Args:
        connection: To it.
        forwards_per_page: Forwards asked for at once.
        own_per_page: Payments or invoices asked for at once.
    """

    strands = STRANDS

    def __init__(
        self,
        connection: LndConnection,
        *,
        forwards_per_page: int = FORWARDS_PER_PAGE,
        own_per_page: int = OWN_PER_PAGE,
    ) -> None:
        """Read nothing yet."""
        self._connection = connection
        self._per_page = forwards_per_page
        self._own = LndOwnFlows(connection, own_per_page)

    async def pages(
        self, strand: str, cursor: str | None, until: datetime
    ) -> AsyncIterator[HistoryPage]:
        """Pages of a strand from a cursor on; see `NodeHistory`."""
        if strand not in STRANDS:
            message = f"strand {strand!r}: takes {', '.join(STRANDS)}"
            raise InvalidParameter(message)
        await self._connection.known()
        names = await names_of(self._connection)
        if strand == FORWARDS:
            pages = self.forwards(FORWARD_CURSOR.read(cursor), until, names)
        else:
            pages = self._own.pages(strand, OWN_CURSOR.read(cursor), names)
        async for page in pages:
            yield page

    async def forwards(
        self, cursor: ForwardCursor, until: datetime, names: Names
    ) -> AsyncIterator[HistoryPage]:
        """Forwards after a moment and before another.

        `index_offset` counts events from `start_time`, so both ends of the window stay fixed while
        paging. The window begins with the second of the last forward known: LND's history can be
        pruned, and an offset into all of it would then skip some.
        """
        last_ns = cursor.last_ns
        window = {
            "start_time": str(max(0, last_ns) // _NS_PER_SECOND),
            "end_time": str(int(until.timestamp())),
            "num_max_events": self._per_page,
        }
        offset = 0
        while True:
            answer = await self._read({**window, "index_offset": offset})
            with doubting(self._connection.where):
                page = _page(answer.forwarding_events, last_ns, until, names)
            yield page
            last_ns = page.keys[-1] if page.keys else last_ns
            is_full = len(answer.forwarding_events) >= self._per_page
            if not is_full or answer.last_offset_index <= offset:
                return
            offset = answer.last_offset_index

    async def _read(self, body: dict[str, object]) -> shapes.ForwardingHistory:
        call = Call(
            path="/v1/switch",
            method="POST",
            body=body,
            max_bytes=_PAGE_BYTES,
            timeout_seconds=_PAGE_SECONDS,
        )
        return (await self._connection.client.read(call)).json(_FORWARDING)


def _page(
    found: list[shapes.ForwardingEvent], last_ns: int, until: datetime, names: Names
) -> HistoryPage:
    keys: list[int] = []
    events: list[Forward] = []
    for one in found:
        at = moment_of_ns(one.timestamp_ns)
        if one.timestamp_ns <= last_ns or at >= until:
            continue
        last_ns = one.timestamp_ns
        keys.append(last_ns)
        events.append(
            Forward(
                at=at,
                scid_in=names.get(one.chan_id_in) or scid_from(one.chan_id_in),
                scid_out=names.get(one.chan_id_out) or scid_from(one.chan_id_out),
                amount_in_msat=Msat(one.amt_in_msat),
                amount_out_msat=Msat(one.amt_out_msat),
            )
        )
    return HistoryPage(
        FORWARDS, tuple(keys), tuple(events), FORWARD_CURSOR.text(ForwardCursor(last_ns))
    )
