"""One simulated run laid out: what it came to, day by day, and channel by channel."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from daznode.domain.errors import ChannelNotFound
from daznode.domain.experiment import ChannelDay, ChannelOutcome, RunOutcome, Tier
from daznode.domain.ids import ShortChannelId, format_scid
from daznode.domain.page import (
    Align,
    Block,
    Cell,
    Charts,
    Column,
    Page,
    Paragraph,
    Section,
    Series,
    Table,
    Tile,
    Tiles,
    Tone,
)
from daznode.domain.units import Msat, msat_of
from daznode.report import formats
from daznode.report.experiment_text import LANGUAGE, face_words, shown_name
from daznode.report.words.experiment_en import say

Number = TypeVar("Number", int, float)

HISTORIES: Final = 12
"""Channels whose days a run's page shows; a hub has thousands."""

_CHARTED: Final = 4
"""Of them, those drawn as well."""

_SHOWN_CHANNELS: Final = 20
_HASH_CHARACTERS: Final = 16

_DAY_COLUMNS: Final = ("local", "share", "fee", "inbound", "earned", "out", "in", "refused")
_CHANNEL_COLUMNS: Final = (
    *("capacity", "start", "end", "around", "earned", "captive", "forwards", "refused"),
    *("refilled", "refill_cost", "run_updates"),
)


def lay_out_run(
    outcome: RunOutcome,
    network: str,
    base: str,
    tier: Tier = Tier.FULL,
    *,
    is_kept_for_judging: bool = False,
) -> Page:
    """A run in words.

    Args:
        outcome: What it came to.
        network: Id of its snapshot.
        base: Policy before the measured days.
        tier: How payments were lived through.
        is_kept_for_judging: Whether the node is of the half that no policy should be tuned on.

    Returns:
        A page that every face renders; the same run gives the same page.
    """
    ordered = sorted(outcome.channels, key=lambda one: (-one.earned_msat, one.scid))
    lead = say(
        "run.lead",
        policy=outcome.key.policy,
        kind=say(f"kind.{outcome.kind.value}"),
        fees=_sat(outcome.fees_msat),
        days=_counted(outcome.days, "simulated day"),
        spent=_sat(outcome.spent_msat),
        restore=_sat(outcome.restore_msat),
        low=_sat(outcome.net_low_msat),
        high=_sat(outcome.net_high_msat),
        base=base,
    )
    page = _page(
        outcome,
        network,
        say("run.title"),
        shown_name(outcome.alias),
        lead + (say("run.kept_for_judging") if is_kept_for_judging else ""),
        (
            Section("result", say("section.result"), (_tiles(outcome), *_came_and_went(ordered))),
            Section("days", say("section.days"), _node_days(outcome)),
            Section("channels", say("section.channels"), (_channels(ordered),)),
            Section("history", say("section.history"), _histories(ordered)),
        ),
    )
    banner = page.banner + (say("screened") if tier is Tier.TWIN else "")
    return replace(page, banner=banner)


def lay_out_channel(outcome: RunOutcome, scid: ShortChannelId, network: str) -> Page:
    """One channel of a run in words, day by day.

    Raises:
        ChannelNotFound: The node has no such channel.
    """
    channel = next((one for one in outcome.channels if one.scid == scid), None)
    if channel is None:
        some = ", ".join(format_scid(one.scid) for one in outcome.channels[:3])
        message = (
            f"channel {format_scid(scid)}: not one of the {len(outcome.channels):,} usable channels "
            f"of {shown_name(outcome.alias)}; expected one such as {some or 'none'}"
        )
        raise ChannelNotFound(message)
    lead = say(
        "channel.lead",
        peer=shown_name(channel.peer_alias),
        capacity=formats.sats(channel.capacity_sat, LANGUAGE),
        earned=_sat(channel.earned_msat),
        forwards=_counted(channel.forwards, "forward"),
        updates=_counted(channel.updates, "time"),
        refused=_counted(channel.refused, "payment"),
    )
    page = _page(
        outcome,
        network,
        say("channel.title"),
        f"{format_scid(scid)} · {shown_name(channel.peer_alias)}",
        lead,
        (
            Section(
                "history",
                say("section.days"),
                (Charts(_channel_series(channel)), _day_table(channel, is_folded=False)),
            ),
        ),
    )
    return replace(page, status_text=say("channel.status", status=page.status_text))


def _page(
    outcome: RunOutcome,
    network: str,
    title: str,
    subject: str,
    lead: str,
    sections: tuple[Section, ...],
) -> Page:
    passed = outcome.forwards / outcome.offered if outcome.offered else None
    status, tone = "even", Tone.NEUTRAL
    if outcome.net_msat:
        status, tone = ("gain", Tone.GOOD) if outcome.net_msat > 0 else ("loss", Tone.BAD)
    return Page(
        language=LANGUAGE,
        title=title,
        subject=subject,
        subject_detail=say(
            "run.detail",
            node=outcome.key.node_id,
            policy=outcome.key.policy,
            seed=str(outcome.key.seed),
            network=network,
        ),
        date_text=say("run.date", days=_counted(outcome.days, "simulated day")),
        score_text=formats.DASH if passed is None else f"{passed:.0%}",
        score_ratio=passed,
        score_caption=say("run.score_caption", offered=formats.count(outcome.offered, LANGUAGE)),
        status_text=say(f"run.status_{status}"),
        status_tone=tone,
        banner=say("simulated"),
        lead=lead,
        sections=tuple(one for one in sections if one.blocks),
        footer=say(
            "footer_run", network=network, history=outcome.history_sha256[:_HASH_CHARACTERS]
        ),
        words=face_words(say("run.score")),
    )


def _tiles(outcome: RunOutcome) -> Tiles:
    def tile(name: str, value: str, note: str = "", **parts: str) -> Tile:
        said = say(f"tile.{note or name}_note", **parts)
        return Tile(say(f"tile.{name}"), value, said, Tone.NEUTRAL)

    channel_days = max(1, len(outcome.channels) * outcome.days)
    per_day = formats.decimal(outcome.updates / channel_days, 2, LANGUAGE)
    own_msat = outcome.own_msat_days // outcome.days
    of_capacity = own_msat / msat_of(outcome.capacity_sat) if outcome.capacity_sat else None
    flat = formats.signed_msat_as_sats(outcome.net_flat_msat, LANGUAGE)
    return Tiles(
        (
            tile(
                "net",
                formats.signed_msat_as_sats(outcome.net_msat, LANGUAGE),
                low=_sat(outcome.net_low_msat),
                high=_sat(outcome.net_high_msat),
            ),
            tile(
                "contested",
                formats.signed_msat_as_sats(outcome.net_contested_msat, LANGUAGE),
                captive=_sat(outcome.captive_msat),
            ),
            tile("fees", _sat(outcome.fees_msat)),
            tile("refills", _sat(outcome.refill_cost_msat), refills=_count(outcome.refills)),
            tile("onchain", _sat(outcome.onchain_cost_msat)),
            tile("restore", _sat(outcome.restore_msat), flat=flat),
            tile(
                "forwards",
                formats.count(outcome.forwards, LANGUAGE),
                refused=formats.count(outcome.refused, LANGUAGE),
            ),
            tile("updates", formats.count(outcome.updates, LANGUAGE), per_day=per_day),
            tile("imbalance", formats.percent_text(outcome.imbalance, LANGUAGE)),
            tile("own", _sat(own_msat), share=formats.percent_text(of_capacity, LANGUAGE)),
            tile(
                "network",
                formats.percent_text(outcome.network_success_ratio, LANGUAGE),
                payments=formats.count(outcome.payments, LANGUAGE),
            ),
        )
    )


def _node_days(outcome: RunOutcome) -> tuple[Block, ...]:
    """Sums over channels, day by day."""
    by_day: dict[int, list[ChannelDay]] = {}
    for channel in outcome.channels:
        for day in channel.days:
            by_day.setdefault(day.day, []).append(day)
    if not by_day:
        return (Paragraph(say("channels.none")),)
    numbers = sorted(by_day)

    def summed(read: Callable[[ChannelDay], int]) -> list[int]:
        return [sum(map(read, by_day[number])) for number in numbers]

    earned_msat = summed(lambda day: day.earned_msat)
    out_msat = summed(lambda day: day.out_msat)
    local_msat = summed(lambda day: day.local_msat)
    refused = summed(lambda day: day.refused)
    charts = Charts(
        (
            _series("earned", numbers, earned_msat, _bare, "columns"),
            _series("out", numbers, out_msat, _bare, "columns"),
            _series("local", numbers, local_msat, _bare, "line"),
            _series("refused", numbers, refused, _count, "columns"),
        )
    )
    table = Table(
        caption=say("days.caption"),
        columns=(
            Column(say("col.day")),
            *(
                Column(say(f"col.{name}"), Align.RIGHT)
                for name in ("earned", "out", "local", "refused")
            ),
        ),
        rows=tuple(
            (
                Cell(_day(number)),
                Cell(_bare(earned_msat[at])),
                Cell(_bare(out_msat[at])),
                Cell(_bare(local_msat[at])),
                Cell(_count(refused[at])),
            )
            for at, number in enumerate(numbers)
        ),
        is_folded=True,
    )
    return (charts, table)


def _channels(ordered: Sequence[ChannelOutcome]) -> Block:
    if not ordered:
        return Paragraph(say("channels.none"))
    more = len(ordered) - _SHOWN_CHANNELS
    details = ("start", "captive", "refused", "around", "refill_cost", "refilled", "capacity")
    return Table(
        caption=say("channels.caption"),
        columns=(
            Column(say("col.peer")),
            *(
                Column(say(f"col.{name}"), Align.RIGHT, is_detail=name in details)
                for name in _CHANNEL_COLUMNS
            ),
        ),
        rows=tuple(_channel_row(channel) for channel in ordered),
        head_rows=_SHOWN_CHANNELS if more > 0 else None,
        short_note=say("channels.short", count=_count(more)) if more > 0 else "",
    )


def _channel_row(channel: ChannelOutcome) -> tuple[Cell, ...]:
    start = _share(channel.start_local_msat, channel)
    end = _share(channel.end_local_msat, channel)
    return (
        Cell(
            shown_name(channel.peer_alias),
            sub=" · ".join((format_scid(channel.scid), *_stay(channel))),
        ),
        Cell(_count(channel.capacity_sat)),
        Cell(formats.percent_text(start, LANGUAGE)),
        Cell(formats.percent_text(end, LANGUAGE), bar_ratio=end),
        Cell(formats.count(channel.around_ppm, LANGUAGE)),
        Cell(_bare(channel.earned_msat)),
        Cell(_bare(channel.captive_msat)),
        Cell(_count(channel.forwards)),
        Cell(_count(channel.refused)),
        Cell(_bare(channel.refilled_msat)),
        Cell(_bare(channel.refill_cost_msat)),
        Cell(_count(channel.updates)),
    )


def _came_and_went(ordered: Sequence[ChannelOutcome]) -> tuple[Block, ...]:
    """A line for each channel that was opened, and one for each that was closed."""
    return tuple(
        Paragraph(
            say(
                f"run.{name}",
                day=_day(day),
                capacity=formats.sats(channel.capacity_sat, LANGUAGE),
                peer=shown_name(channel.peer_alias),
                earned=_sat(channel.earned_msat),
                forwards=_counted(channel.forwards, "forward"),
                local=_sat(channel.end_local_msat),
            )
        )
        for channel in ordered
        for name, day in (("opened", channel.opened_on), ("closed", channel.closed_on))
        if day is not None
    )


def _stay(channel: ChannelOutcome) -> list[str]:
    """From when to when a channel was there, if not all the time."""
    moments = (("opened", channel.opened_on), ("closed", channel.closed_on))
    return [say(f"channels.{name}", day=_day(day)) for name, day in moments if day is not None]


def _histories(ordered: Sequence[ChannelOutcome]) -> tuple[Block, ...]:
    """The days of the channels that moved most."""
    known = [channel for channel in ordered if channel.days]
    moved = sorted(known, key=_moved_msat, reverse=True)[:HISTORIES]
    if not moved:
        return ()
    intro = Paragraph(say("history.intro", shown=_count(len(moved)), total=_count(len(ordered))))
    charts = Charts(
        tuple(
            series
            for channel in moved[:_CHARTED]
            for series in _channel_series(channel, shown_name(channel.peer_alias))[:2]
        )
    )
    return (intro, charts, *(_day_table(channel, is_folded=True) for channel in moved))


def _moved_msat(channel: ChannelOutcome) -> int:
    return sum(day.out_msat + day.in_msat for day in channel.days)


def _day_table(channel: ChannelOutcome, *, is_folded: bool) -> Table:
    return Table(
        caption=say(
            "history.caption",
            peer=shown_name(channel.peer_alias),
            scid=format_scid(channel.scid),
        ),
        columns=(
            Column(say("col.day")),
            *(
                Column(say(f"col.{name}"), Align.RIGHT, is_detail=name in {"share", "inbound"})
                for name in _DAY_COLUMNS
            ),
        ),
        rows=tuple(
            (
                Cell(_day(day.day)),
                Cell(_bare(day.local_msat)),
                Cell(formats.percent_text(_share(day.local_msat, channel), LANGUAGE)),
                Cell(_count(day.fee_ppm)),
                Cell(_count(day.inbound_fee_ppm)),
                Cell(_bare(day.earned_msat)),
                Cell(_bare(day.out_msat)),
                Cell(_bare(day.in_msat)),
                Cell(_count(day.refused)),
            )
            for day in channel.days
        ),
        is_folded=is_folded,
    )


def _channel_series(channel: ChannelOutcome, whose: str = "") -> tuple[Series, ...]:
    """Balance, price, and what came of them, for a channel with at least one day.

    Args:
        channel: The channel.
        whose: Name in the titles, where channels of several peers stand together.
    """
    days = channel.days
    numbers = [day.day for day in days]
    shares = [_share(day.local_msat, channel) for day in days]
    made = (
        _series("share", numbers, shares, _percent, "line"),
        _series("fee", numbers, [day.fee_ppm for day in days], _count, "line"),
        _series("earned", numbers, [day.earned_msat for day in days], _bare, "columns"),
        _series("out", numbers, [day.out_msat for day in days], _bare, "columns"),
    )
    if not whose:
        return made
    return tuple(
        replace(one, title=f"{one.title} · {whose}", summary=f"{whose} · {one.summary}")
        for one in made
    )


def _series(
    name: str,
    numbers: Sequence[int],
    values: Sequence[Number],
    write: Callable[[Number], str],
    kind: str,
) -> Series:
    texts = [write(value) for value in values]
    title = say(f"chart.{name}")
    is_flat = min(values) == max(values)
    return Series(
        title=title,
        labels=tuple(_day(number) for number in numbers),
        values=tuple(float(value) for value in values),
        value_texts=tuple(texts),
        kind=kind,
        summary=say(
            "chart.summary_flat" if is_flat else "chart.summary",
            title=title,
            first=texts[0],
            first_day=_day(numbers[0]),
            last=texts[-1],
            last_day=_day(numbers[-1]),
            low=write(min(values)),
            high=write(max(values)),
        ),
    )


def _share(local_msat: Msat, channel: ChannelOutcome) -> float:
    return local_msat / msat_of(channel.capacity_sat) if channel.capacity_sat else 0.0


def _day(number: int) -> str:
    """Days are counted from 1 for people."""
    return say("day", number=str(number + 1))


def _sat(value_msat: int) -> str:
    return formats.msat_as_sats(value_msat, LANGUAGE)


def _bare(value_msat: int) -> str:
    return formats.bare_msat(value_msat, LANGUAGE)


def _count(value: int) -> str:
    return formats.count(value, LANGUAGE)


def _percent(value: float) -> str:
    return formats.percent_text(value, LANGUAGE)


def _counted(number: int, one: str) -> str:
    return formats.counted(number, one, f"{one}s", LANGUAGE)
