"""Lines of LND's streams as far as they are used; the preimage of a settled HTLC is not read."""

from msgspec import Struct

from daznode.adapters.lightning.amounts import U64, MsatAmount, Nanoseconds


class HtlcInfo(Struct):
    """Amounts of an HTLC that was offered."""

    incoming_amt_msat: MsatAmount = 0
    outgoing_amt_msat: MsatAmount = 0


class ForwardEvent(Struct):
    """An HTLC was passed on."""

    info: HtlcInfo | None = None


class LinkFailEvent(Struct):
    """An HTLC was refused by ourselves."""

    info: HtlcInfo | None = None
    wire_failure: str = ""
    failure_detail: str = ""


class Nothing(Struct):
    """An event of which only the kind is used."""


class HtlcEvent(Struct):
    """One of GET /v2/router/htlcevents; at most one of the kinds is there."""

    incoming_channel_id: U64 = 0
    outgoing_channel_id: U64 = 0
    incoming_htlc_id: U64 = 0
    outgoing_htlc_id: U64 = 0
    timestamp_ns: Nanoseconds = 0
    event_type: str = ""
    forward_event: ForwardEvent | None = None
    forward_fail_event: Nothing | None = None
    settle_event: Nothing | None = None
    link_fail_event: LinkFailEvent | None = None
    subscribed_event: Nothing | None = None


class ChannelUpdate(Struct):
    """A policy that somebody announced."""

    advertising_node: str = ""
    connecting_node: str = ""

    @property
    def ends(self) -> tuple[str, str]:
        """Keys of both sides."""
        return self.advertising_node, self.connecting_node


class GraphUpdate(Struct):
    """One of GET /v1/graph/subscribe."""

    channel_updates: list[ChannelUpdate] = []
