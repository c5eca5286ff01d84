"""Where the node stands in the network, and what it charges beside its competitors."""

from daznode.domain.page import (
    Align,
    Bar,
    Bars,
    Block,
    Cell,
    Column,
    Paragraph,
    Section,
    Table,
    Tile,
    Tiles,
    Tone,
    plain_text,
)
from daznode.domain.report import DailyReport, MarketStanding, NetworkMetrics
from daznode.report import formats
from daznode.report.sections.glance import tone_of
from daznode.report.voice import Voice, short_name

_HEAD_ROWS = 8
_FULL_SCORE = 100.0
_MIDDLE = 0.5


def _scores(network: NetworkMetrics, voice: Voice) -> Bars:
    figures = (
        ("network.centrality", network.centrality_score),
        ("network.reliability", network.reliability_score),
        ("network.performance", network.performance_score),
        ("network.percentile", network.percentile),
    )
    return Bars(
        caption=voice.say("network.scores"),
        bars=tuple(
            Bar(
                voice.say(key),
                None if value is None else value / _FULL_SCORE,
                formats.score(value, voice.language),
                Tone.INFO,
            )
            for key, value in figures
        ),
    )


def _ranks(network: NetworkMetrics, voice: Voice) -> Table:
    places = (
        ("network.overall", network.rank),
        ("network.betweenness", network.betweenness_rank),
        ("network.fee_betweenness", network.fee_betweenness_rank),
        ("network.closeness", network.closeness_rank),
        ("network.capacity", network.capacity_rank),
        ("network.degree", network.degree_rank),
    )
    return Table(
        caption=voice.say("network.table"),
        columns=(
            Column(voice.say("network.measure")),
            Column(voice.say("network.place"), Align.RIGHT),
        ),
        rows=(
            *(
                (Cell(voice.say(key)), Cell(formats.place(place, voice.language)))
                for key, place in places
            ),
            (
                Cell(voice.say("network.n_nodes")),
                Cell(formats.count(network.n_nodes, voice.language)),
            ),
            (
                Cell(voice.say("network.mean_hops")),
                Cell(formats.decimal(network.mean_hops, 3, voice.language)),
            ),
        ),
    )


def _peers(keys: tuple[str, ...] | None, names: dict[str, str], voice: Voice) -> Cell:
    if keys is None:
        return Cell(formats.DASH)
    shown = voice.listed(tuple(names.get(key) or short_name("", key) for key in keys))
    return Cell(formats.count(len(keys), voice.language), sub=shown)


def _moves(report: DailyReport, voice: Voice) -> Table:
    network, language = report.metrics.network, voice.language
    names = {row.peer_id: short_name(row.peer_alias, row.peer_id) for row in report.channels}
    hops_delta = network.mean_hops_delta
    return Table(
        caption=voice.say("network.moves"),
        columns=(
            Column(voice.say("network.measure")),
            Column(voice.say("network.change"), Align.RIGHT),
        ),
        rows=(
            (
                Cell(voice.say("network.rank_delta")),
                Cell(
                    formats.signed_count(network.rank_delta, language),
                    tone=tone_of(network.rank_delta),
                ),
            ),
            (
                Cell(voice.say("network.mean_hops")),
                Cell(
                    formats.signed_decimal(hops_delta, 3, language),
                    tone=tone_of(None if hops_delta is None else -round(hops_delta, 3)),
                ),
            ),
            (Cell(voice.say("network.peers_gained")), _peers(network.peers_gained, names, voice)),
            (Cell(voice.say("network.peers_lost")), _peers(network.peers_lost, names, voice)),
        ),
    )


def lay_out_network(report: DailyReport, voice: Voice) -> Section:
    """The section `network`: scores, ranks and changes, or why there are none."""
    network = report.metrics.network
    title = voice.say("section.network")
    if network.rank is None and network.n_nodes is None:
        return Section("network", title, (Paragraph(voice.say("network.unknown")),))
    changes = (
        network.rank_delta,
        network.mean_hops_delta,
        network.peers_gained,
        network.peers_lost,
    )
    scores, ranks = _scores(network, voice), _ranks(network, voice)
    blocks: tuple[Block, ...] = (
        scores,
        ranks,
        Paragraph(voice.say("network.no_day_before")),
    )
    if any(change is not None for change in changes):
        blocks = (scores, _moves(report, voice), ranks)
    return Section("network", title, blocks)


def _charges(report: DailyReport, voice: Voice) -> Tiles:
    fees, language = report.metrics.fees, voice.language
    low, high = formats.count(fees.min_fee_rate, language), formats.ppm(fees.max_fee_rate, language)
    base = formats.DASH
    if fees.base_fee_avg is not None:
        base = voice.say("fees.base_msat", msat=formats.count(fees.base_fee_avg, language))
    tiles = [
        Tile(
            voice.say("fees.mean"),
            formats.ppm(fees.avg_fee_rate, language),
            voice.say("fees.mean.note"),
            Tone.NEUTRAL,
        ),
        Tile(voice.say("fees.range"), f"{low} {formats.DASH} {high}", "", Tone.NEUTRAL),
        Tile(voice.say("fees.base"), base, "", Tone.NEUTRAL),
    ]
    if fees.market:
        tiles += [
            Tile(
                voice.say("fees.below"),
                voice.counted(fees.below_market, "channel"),
                voice.say("fees.below.note"),
                Tone.NEUTRAL,
            ),
            Tile(
                voice.say("fees.above"),
                voice.counted(fees.above_market, "channel"),
                voice.say("fees.above.note"),
                Tone.NEUTRAL,
            ),
        ]
    return Tiles(tuple(tiles))


def _market_row(one: MarketStanding, voice: Voice) -> tuple[Cell, ...]:
    language = voice.language
    tone = Tone.NEUTRAL
    if one.fee_ppm > one.market_p75_ppm:
        tone = Tone.WARN
    elif one.fee_ppm < one.market_p25_ppm:
        tone = Tone.INFO
    return (
        Cell(short_name(one.peer_alias, ""), sub=plain_text(one.scid)),
        Cell(formats.count(one.fee_ppm, language), tone=tone),
        Cell(formats.count(one.market_p25_ppm, language)),
        Cell(formats.count(one.market_p50_ppm, language)),
        Cell(formats.count(one.market_p75_ppm, language)),
        Cell(formats.percent_text(one.standing, language), bar_ratio=one.standing),
        Cell(formats.count(one.n_competitors, language)),
    )


def _market(report: DailyReport, voice: Voice) -> Table:
    standings = sorted(report.metrics.fees.market, key=lambda one: -abs(one.standing - _MIDDLE))
    is_long = len(standings) > _HEAD_ROWS + 1
    note = ""
    if is_long:
        rest = voice.counted(len(standings) - _HEAD_ROWS, "channel")
        note = voice.say("fees.between", count=rest)
    return Table(
        caption=voice.say("fees.market"),
        columns=(
            Column(voice.say("channels.peer")),
            Column(voice.say("fees.ours"), Align.RIGHT),
            Column(voice.say("fees.p25"), Align.RIGHT, is_detail=True),
            Column(voice.say("fees.p50"), Align.RIGHT),
            Column(voice.say("fees.p75"), Align.RIGHT, is_detail=True),
            Column(voice.say("fees.standing")),
            Column(voice.say("fees.competitors"), Align.RIGHT, is_detail=True),
        ),
        rows=tuple(_market_row(one, voice) for one in standings),
        head_rows=_HEAD_ROWS if is_long else None,
        short_note=note,
    )


def lay_out_fees(report: DailyReport, voice: Voice) -> Section:
    """The section `fees`: what the node charges, and each channel beside its market."""
    title = voice.say("section.fees")
    if report.metrics.fees.avg_fee_rate is None:
        return Section("fees", title, (Paragraph(voice.say("fees.none")),))
    blocks: tuple[Block, ...] = (_charges(report, voice),)
    if report.metrics.fees.market:
        blocks = (*blocks, _market(report, voice))
    else:
        blocks = (*blocks, Paragraph(voice.say("fees.market_none")))
    return Section("fees", title, blocks)
