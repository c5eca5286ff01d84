"""The channel table: what each channel holds, costs, sold and kept."""

from collections.abc import Callable
from dataclasses import dataclass

from daznode.domain.page import (
    Align,
    Block,
    Cell,
    Column,
    Paragraph,
    Section,
    Table,
    Tone,
    plain_text,
)
from daznode.domain.report import ChannelRow, DailyReport, Scope
from daznode.report import formats
from daznode.report.sections.glance import tone_of
from daznode.report.voice import Voice, short_name

_HEAD_ROWS = 15
_TAIL_ROWS = 3
_NBSP = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class _Field:
    """One column, and how a row fills it."""

    label: str
    fill: Callable[[ChannelRow, Voice], Cell]
    is_detail: bool = False
    align: Align = Align.RIGHT


def _tight(text: str) -> str:
    """Keeps a second line together: it is narrow, and may break only between its parts."""
    return text.replace(" ", _NBSP)


def _peer(row: ChannelRow, voice: Voice) -> Cell:
    sub = plain_text(row.scid)
    if row.is_active is False:
        return Cell(
            short_name(row.peer_alias, row.peer_id),
            tone=Tone.WARN,
            sub=f"{sub} · {voice.say('channels.inactive')}",
        )
    return Cell(short_name(row.peer_alias, row.peer_id), sub=sub)


def _balance(row: ChannelRow, voice: Voice) -> Cell:
    if row.local_ratio is None:
        return Cell(formats.count(row.local_sats, voice.language))
    sub = "" if row.local_sats is None else formats.count(row.local_sats, voice.language)
    share = formats.percent_text(row.local_ratio, voice.language)
    return Cell(share, bar_ratio=row.local_ratio, sub=sub)


def _capacity(row: ChannelRow, voice: Voice) -> Cell:
    sub = "" if row.age_days is None else formats.days(row.age_days, voice.language)
    return Cell(formats.count(row.capacity_sats, voice.language), sub=sub)


def _fee(row: ChannelRow, voice: Voice) -> Cell:
    parts = []
    if row.base_fee_msat:
        parts.append(
            voice.say("channels.base", msat=formats.count(row.base_fee_msat, voice.language))
        )
    if row.inbound_fee_ppm:
        fee = formats.signed_count(row.inbound_fee_ppm, voice.language)
        parts.append(voice.say("channels.inbound", fee=fee))
    return Cell(formats.count(row.fee_ppm, voice.language), sub=" · ".join(map(_tight, parts)))


def _market(row: ChannelRow, voice: Voice) -> Cell:
    sub = ""
    if row.peer_fee_ppm is not None:
        fee = formats.count(row.peer_fee_ppm, voice.language)
        sub = _tight(voice.say("channels.peer_fee", fee=fee))
    return Cell(formats.count(row.market_p50_ppm, voice.language), sub=sub)


def _in(row: ChannelRow, voice: Voice) -> Cell:
    return Cell(formats.count(row.volume_in_7d_sats, voice.language))


def _out(row: ChannelRow, voice: Voice) -> Cell:
    sub = _tight(voice.counted(row.forwards_out_7d, "forward")) if row.forwards_out_7d else ""
    return Cell(formats.count(row.volume_out_7d_sats, voice.language), sub=sub)


def _revenue(row: ChannelRow, voice: Voice) -> Cell:
    sub = ""
    if row.assisted_7d_msat:
        sats = formats.bare_msat(row.assisted_7d_msat, voice.language)
        sub = _tight(voice.say("channels.assisted", sats=sats))
    return Cell(formats.bare_msat(row.revenue_7d_msat, voice.language), sub=sub)


def _cost(row: ChannelRow, voice: Voice) -> Cell:
    return Cell(formats.bare_msat(row.rebalance_cost_7d_msat, voice.language))


def _profit(row: ChannelRow, voice: Voice) -> Cell:
    text = formats.signed_bare_msat(row.profit_7d_msat, voice.language)
    return Cell(text, tone=tone_of(row.profit_7d_msat))


def _failed(row: ChannelRow, voice: Voice) -> Cell:
    sub = ""
    if row.missed_fees_7d_msat:
        sats = formats.bare_msat(row.missed_fees_7d_msat, voice.language)
        sub = _tight(voice.say("channels.missed", sats=sats))
    tone = Tone.WARN if row.failed_7d else Tone.NEUTRAL
    return Cell(formats.count(row.failed_7d, voice.language), tone=tone, sub=sub)


def _state(row: ChannelRow, voice: Voice) -> Cell:
    if row.is_active is None:
        return Cell(formats.DASH)
    if row.is_active:
        return Cell(voice.say("channels.active"))
    return Cell(voice.say("channels.inactive"), tone=Tone.WARN)


_PEER = _Field("channels.peer", _peer, align=Align.LEFT)
_CAPACITY = _Field("channels.capacity", _capacity, is_detail=True)
_FEE = _Field("channels.fee", _fee)
_MARKET = _Field("channels.market", _market, is_detail=True)

_OWN_FIELDS = (
    _PEER,
    _Field("channels.balance", _balance, align=Align.LEFT),
    _CAPACITY,
    _FEE,
    _MARKET,
    _Field("channels.in", _in, is_detail=True),
    _Field("channels.out", _out, is_detail=True),
    _Field("channels.revenue", _revenue, is_detail=True),
    _Field("channels.cost", _cost, is_detail=True),
    _Field("channels.profit", _profit),
    _Field("channels.failed", _failed, is_detail=True),
)

_PUBLIC_FIELDS = (
    _PEER,
    _Field("channels.capacity", _capacity),
    _FEE,
    _MARKET,
    _Field("channels.state", _state, align=Align.LEFT),
)


def _table(report: DailyReport, voice: Voice) -> Table:
    is_own = report.scope is Scope.NODE
    fields = _OWN_FIELDS if is_own else _PUBLIC_FIELDS
    n_rows = len(report.channels)
    is_long = n_rows > _HEAD_ROWS + _TAIL_ROWS
    n_between = n_rows - _HEAD_ROWS - _TAIL_ROWS
    return Table(
        caption=voice.say("channels.caption" if is_own else "channels.caption_public"),
        columns=tuple(
            Column(voice.say(one.label), one.align, is_detail=one.is_detail) for one in fields
        ),
        rows=tuple(tuple(one.fill(row, voice) for one in fields) for row in report.channels),
        head_rows=_HEAD_ROWS if is_long else None,
        tail_rows=_TAIL_ROWS if is_long else 0,
        short_note=(
            voice.say("channels.between", count=voice.counted(n_between, "channel"))
            if is_long
            else ""
        ),
    )


def lay_out_channels(report: DailyReport, voice: Voice) -> Section:
    """The section `channels`.

    Args:
        report: The report; its channels stay in the order given.
        voice: Its language.

    Returns:
        The table; on public data without the columns that only the node can fill, which one
        sentence replaces.
    """
    title = voice.say("section.channels")
    if not report.channels:
        return Section("channels", title, (Paragraph(voice.say("channels.none")),))
    blocks: tuple[Block, ...] = (_table(report, voice),)
    if report.scope is not Scope.NODE:
        blocks = (Paragraph(voice.say("channels.public")), *blocks)
    return Section("channels", title, blocks)
