"""What public services say: the node in directories, and what the chain asks for."""

from daznode.domain.outside import OnchainFigures, OutsideEntry
from daznode.domain.page import Align, Block, Cell, Column, Paragraph, Section, Table
from daznode.domain.report import DailyReport
from daznode.report import formats
from daznode.report.voice import Voice


def lay_out_outside(report: DailyReport, voice: Voice) -> Section | None:
    """The section `outside`; None if no service was asked, or none said anything."""
    outside = report.outside
    if outside is None:
        return None
    blocks: list[Block] = []
    if outside.onchain is not None:
        blocks.append(Paragraph(_onchain(outside.onchain, voice)))
    if outside.network_channels is not None and outside.network_source is not None:
        blocks.append(
            Paragraph(
                voice.say(
                    "outside.network",
                    source=voice.term("source", outside.network_source),
                    channels=formats.count(outside.network_channels, voice.language),
                    capacity=formats.sats(outside.network_capacity_sats, voice.language),
                )
            )
        )
    if outside.entries:
        blocks.append(_table(outside.entries, voice))
    if not blocks:
        return None
    return Section("outside", voice.say("section.outside"), tuple(blocks))


def _onchain(onchain: OnchainFigures, voice: Voice) -> str:
    language = voice.language
    return voice.say(
        "outside.onchain",
        source=voice.term("source", onchain.source),
        next_block=formats.plain_decimal(onchain.next_block_sat_per_vb, language),
        economy=formats.plain_decimal(onchain.economy_sat_per_vb, language),
        dear=formats.sats(onchain.open_next_block_sats, language),
        cheap=formats.sats(onchain.open_economy_sats, language),
    )


def _table(entries: tuple[OutsideEntry, ...], voice: Voice) -> Table:
    language = voice.language
    return Table(
        caption=voice.say("outside.caption"),
        columns=(
            Column(voice.say("outside.directory")),
            Column(voice.say("outside.channels"), Align.RIGHT),
            Column(voice.say("outside.capacity"), Align.RIGHT),
            Column(voice.say("outside.rank"), Align.RIGHT, is_detail=True),
            Column(voice.say("outside.uptime"), Align.RIGHT),
            Column(voice.say("outside.since"), is_detail=True),
        ),
        rows=tuple(
            (
                Cell(
                    voice.term("source", one.source), sub=formats.moment(one.observed_at, language)
                ),
                Cell(formats.count(one.channels, language)),
                Cell(formats.sats(one.capacity_sats, language)),
                Cell(formats.place(one.capacity_rank, language)),
                Cell(formats.percent_text(one.uptime_month_ratio, language)),
                Cell(formats.day_short(one.first_seen_at, language)),
            )
            for one in entries
        ),
    )
