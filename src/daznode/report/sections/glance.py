"""The day at a glance: the key figures as tiles."""

from daznode.domain.page import Section, Tile, Tiles, Tone
from daznode.domain.report import DailyReport, Scope
from daznode.report import formats
from daznode.report.voice import Voice


def tone_of(value: float | None) -> Tone:
    """Good above zero, bad below, neutral otherwise: for changes and results."""
    if not value:
        return Tone.NEUTRAL
    return Tone.GOOD if value > 0 else Tone.BAD


def _change(text: str, value: float | None, voice: Voice) -> str:
    return (
        voice.say("no_day_before") if value is None else voice.say("since_day_before", change=text)
    )


def _money_tiles(report: DailyReport, voice: Voice) -> tuple[Tile, ...]:
    figures = report.metrics.forwarding
    language = voice.language
    net = Tile(
        voice.say("tile.net_7d"),
        formats.signed_msat_as_sats(figures.net_7d_msat, language),
        voice.say(
            "tile.net_7d.note",
            revenue=formats.msat_as_sats(figures.revenue_7d_msat, language),
            cost=formats.sats(figures.rebalance_cost_7d, language),
        ),
        tone_of(figures.net_7d_msat),
    )
    revenue = Tile(
        voice.say("tile.revenue_24h"),
        formats.msat_as_sats(figures.revenue_24h_msat, language),
        _change(
            formats.signed_sats(figures.revenue_delta_24h, language),
            figures.revenue_delta_24h,
            voice,
        ),
        tone_of(figures.revenue_delta_24h),
    )
    forwards = Tile(
        voice.say("tile.forwards_24h"),
        formats.count(figures.forwards_24h, language),
        voice.say("tile.forwards_24h.note", volume=formats.sats(figures.volume_24h_sats, language)),
        Tone.NEUTRAL,
    )
    success_note = voice.say(
        "tile.success.note", failed=formats.count(figures.failed_24h, language)
    )
    if figures.failed_24h is None:
        success_note = voice.say("tile.success.unknown")
    elif figures.success_rate_24h is None and not figures.failed_24h:
        success_note = voice.say("tile.success.idle")
    success = Tile(
        voice.say("tile.success"),
        formats.percent_text(figures.success_rate_24h, language),
        success_note,
        Tone.NEUTRAL,
    )
    return net, revenue, forwards, success


def _capacity_tile(report: DailyReport, voice: Voice) -> Tile:
    delta = report.metrics.capacity.total_sats_delta_24h
    return Tile(
        voice.say("tile.capacity"),
        formats.btc(report.summary.capacity_btc, voice.language),
        _change(formats.signed_sats(delta, voice.language), delta, voice),
        Tone.NEUTRAL,
    )


def _channels_tile(report: DailyReport, voice: Voice) -> Tile:
    channels = report.metrics.channels
    return Tile(
        voice.say("tile.channels"),
        formats.count(report.summary.channels_count, voice.language),
        voice.say(
            "tile.channels.note",
            active=formats.count(channels.active, voice.language),
            inactive=formats.count(channels.inactive, voice.language),
        ),
        Tone.WARN if channels.inactive else Tone.NEUTRAL,
    )


def _local_tile(report: DailyReport, voice: Voice) -> Tile:
    capacity = report.metrics.capacity
    return Tile(
        voice.say("tile.local"),
        formats.percent_text(capacity.liquidity_ratio, voice.language),
        voice.say(
            "tile.local.note",
            local=formats.sats(capacity.local_balance, voice.language),
            remote=formats.sats(capacity.remote_balance, voice.language),
        ),
        Tone.NEUTRAL,
    )


def _score_tile(report: DailyReport, voice: Voice) -> Tile:
    summary = report.summary
    now = formats.score(summary.overall_score, voice.language)
    if summary.score_delta_24h is None:
        return Tile(voice.say("tile.score"), now, voice.say("no_day_before"), Tone.NEUTRAL)
    return Tile(
        voice.say("tile.score_delta"),
        formats.signed_score(summary.score_delta_24h, voice.language),
        voice.say("tile.score_now", score=now),
        tone_of(round(summary.score_delta_24h, 1)),
    )


def _public_tiles(report: DailyReport, voice: Voice) -> tuple[Tile, ...]:
    network, fees = report.metrics.network, report.metrics.fees
    language = voice.language
    tiles: list[Tile] = []
    if network.rank is not None:
        ahead = None if network.percentile is None else network.percentile / 100
        tiles.append(
            Tile(
                voice.say("tile.rank"),
                formats.place(network.rank, language),
                voice.say("tile.rank.note", share=formats.percent_text(ahead, language)),
                Tone.NEUTRAL,
            )
        )
    if fees.avg_fee_rate is not None:
        tiles.append(
            Tile(
                voice.say("tile.fee"),
                formats.ppm(fees.avg_fee_rate, language),
                voice.say(
                    "tile.fee.note",
                    low=formats.count(fees.min_fee_rate, language),
                    high=formats.ppm(fees.max_fee_rate, language),
                ),
                Tone.NEUTRAL,
            )
        )
    return tuple(tiles)


def lay_out_glance(report: DailyReport, voice: Voice) -> Section:
    """The tiles: money first for an own node, size and place for a node seen from outside.

    Args:
        report: The report.
        voice: Its language.

    Returns:
        The section `summary`; without a block if nothing at all is known.
    """
    capacity, channels = _capacity_tile(report, voice), _channels_tile(report, voice)
    tiles: tuple[Tile, ...]
    if report.scope is Scope.NODE:
        tiles = (*_money_tiles(report, voice), capacity, _local_tile(report, voice), channels)
    else:
        public = (capacity, channels, *_public_tiles(report, voice))
        tiles = tuple(tile for tile in public if tile.value != formats.DASH)
    if report.summary.overall_score is not None:
        tiles = (*tiles, _score_tile(report, voice))
    blocks = (Tiles(tiles),) if tiles else ()
    return Section("summary", voice.say("section.summary"), blocks)
