"""The layout: nothing known is lost, nothing unknown is invented, both languages say all of it."""

import string
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from importlib.resources import files

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.report_samples import (
    hostile_report,
    public_report,
    rich_report,
    single_channel_report,
    unknown_report,
)

from daznode.domain.errors import InvalidParameter
from daznode.domain.page import Page, Paragraph, Table, Tiles
from daznode.domain.provenance import Reality, SourceStatus
from daznode.domain.report import (
    CapacityMetrics,
    ChannelMetrics,
    DailyReport,
    ForwardingMetrics,
    GenerationStatus,
    NetworkMetrics,
)
from daznode.report import formats
from daznode.report.layout import lay_out
from daznode.report.voice import TABLES

SAMPLES = (rich_report, public_report, single_channel_report, unknown_report, hostile_report)


def texts_of(value: object) -> Iterator[str]:
    """Every text of a page, in order."""
    if isinstance(value, str) and not isinstance(value, Enum):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from texts_of(item)
    elif is_dataclass(value):
        for one in fields(value):
            yield from texts_of(getattr(value, one.name))


def section(page: Page, key: str) -> str:
    found = [one for one in page.sections if one.key == key]
    assert found, f"no section {key}"
    return "\n".join(texts_of(found[0]))


def promised(report: DailyReport) -> list[tuple[str, str]]:
    """The figures that the layout promises to show, as (where they come from, text)."""
    language = report.language
    sats = lambda value: formats.sats(value, language)  # noqa: E731
    signed = lambda value: formats.signed_sats(value, language)  # noqa: E731
    count = lambda value: formats.count(value, language)  # noqa: E731
    place = lambda value: formats.place(value, language)  # noqa: E731
    score = lambda value: formats.score(value, language)  # noqa: E731
    share = lambda value: formats.percent_text(value, language)  # noqa: E731
    metrics = report.metrics
    network, money = metrics.network, metrics.forwarding
    figures = [
        ("capacity.total", metrics.capacity.total_sats, sats),
        ("channels.avg", metrics.channels.avg_capacity_sats, sats),
        ("channels.active", metrics.channels.active, count),
        ("channels.inactive", metrics.channels.inactive, count),
        ("channels.pending", metrics.channels.pending, count),
        ("capacity.delta", metrics.capacity.total_sats_delta_24h, signed),
        ("summary.score", report.summary.overall_score, score),
        ("summary.capacity", report.summary.capacity_btc, lambda v: formats.btc(v, language)),
        ("summary.channels", report.summary.channels_count, count),
    ]
    if report.scope.value == "node":
        figures += [
            ("capacity.local", metrics.capacity.local_balance, sats),
            ("capacity.remote", metrics.capacity.remote_balance, sats),
            ("capacity.ratio", metrics.capacity.liquidity_ratio, share),
            ("money.forwards_24h", money.forwards_24h, count),
            ("money.forwards_7d", money.forwards_7d, count),
            ("money.success", money.success_rate_24h, share),
            ("money.cost_24h", money.rebalance_cost_24h, sats),
            ("money.cost_7d", money.rebalance_cost_7d, sats),
            ("money.net_24h", money.net_24h, signed),
            ("money.net_7d", money.net_7d_msat, lambda v: formats.signed_msat_as_sats(v, language)),
            (
                "money.revenue_24h",
                money.revenue_24h_msat,
                lambda v: formats.msat_as_sats(v, language),
            ),
            (
                "money.revenue_7d",
                money.revenue_7d_msat,
                lambda v: formats.msat_as_sats(v, language),
            ),
            ("money.volume_24h", money.volume_24h_sats, sats),
            ("money.volume_7d", money.volume_7d_sats, sats),
            ("money.failed", money.failed_24h, count),
            ("money.missed", money.missed_fees_7d_sats, sats),
            ("money.earned_ppm", money.earned_ppm_7d, lambda v: formats.ppm(v, language)),
            ("money.delta", money.revenue_delta_24h, signed),
        ]
    if network.rank is not None or network.n_nodes is not None:
        figures += [
            ("network.n_nodes", network.n_nodes, count),
            ("network.rank", network.rank, place),
            ("network.percentile", network.percentile, score),
            ("network.centrality", network.centrality_score, score),
            ("network.reliability", network.reliability_score, score),
            ("network.performance", network.performance_score, score),
            ("network.betweenness", network.betweenness_rank, place),
            ("network.fee_betweenness", network.fee_betweenness_rank, place),
            ("network.closeness", network.closeness_rank, place),
            ("network.capacity", network.capacity_rank, place),
            ("network.degree", network.degree_rank, place),
            ("network.hops", network.mean_hops, lambda v: formats.decimal(v, 3, language)),
            ("network.rank_delta", network.rank_delta, lambda v: formats.signed_count(v, language)),
            (
                "network.hops_delta",
                network.mean_hops_delta,
                lambda v: formats.signed_decimal(v, 3, language),
            ),
        ]
    return [(name, write(value)) for name, value, write in figures if value is not None]


def row_texts(report: DailyReport) -> list[str]:
    """What each line of the channel table must show."""
    language = report.language
    texts = []
    for row in report.channels:
        texts += [row.scid, formats.count(row.capacity_sats, language)]
        texts += [formats.count(row.fee_ppm, language), formats.count(row.market_p50_ppm, language)]
        texts += [formats.count(row.peer_fee_ppm, language)]
        if row.base_fee_msat:
            texts.append(formats.count(row.base_fee_msat, language))
        if report.scope.value == "node":
            texts += [formats.percent_text(row.local_ratio, language)]
            texts += [formats.count(row.local_sats, language)]
            texts += [formats.count(row.volume_in_7d_sats, language)]
            texts += [formats.count(row.volume_out_7d_sats, language)]
            texts += [formats.bare_msat(row.revenue_7d_msat, language)]
            texts += [formats.bare_msat(row.rebalance_cost_7d_msat, language)]
            texts += [formats.signed_bare_msat(row.profit_7d_msat, language)]
            texts += [formats.count(row.failed_7d, language)]
    return texts


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("sample", SAMPLES)
def test_no_known_figure_is_lost(sample: object, language: str) -> None:
    report = sample(language=language)  # type: ignore[operator]
    shown = "\n".join(texts_of(lay_out(report)))
    for name, text in promised(report):
        assert text in shown, name
    for text in row_texts(report):
        assert text in shown


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("sample", SAMPLES)
def test_no_python_value_shows(sample: object, language: str) -> None:
    """No None, nan, enum or unfilled placeholder in any text."""
    page = lay_out(sample(language=language))  # type: ignore[operator]
    own = [
        text for text in texts_of(page) if "{{ 7*7 }}" not in text and text != page.words.page_of
    ]
    for text in own:
        assert "None" not in text
        assert "nan" not in text.split()
        assert "{" not in text
        assert "Tone." not in text
        assert "Severity" not in text


def _amount() -> st.SearchStrategy[int | None]:
    return st.none() | st.integers(0, 10**13)


def _change() -> st.SearchStrategy[int | None]:
    return st.none() | st.integers(-(10**13), 10**13)


def _ratio() -> st.SearchStrategy[float | None]:
    return st.none() | st.floats(0, 1)


def _score() -> st.SearchStrategy[float | None]:
    return st.none() | st.floats(0, 100)


def _place() -> st.SearchStrategy[int | None]:
    return st.none() | st.integers(1, 200_000)


METRICS = st.fixed_dictionaries(
    {
        "capacity": st.builds(
            CapacityMetrics, _amount(), _amount(), _amount(), _ratio(), _change()
        ),
        "channels": st.builds(
            ChannelMetrics, _amount(), _amount(), _amount(), _amount(), _change()
        ),
        "forwarding": st.builds(
            ForwardingMetrics,
            *[_amount(), _amount(), _ratio(), _amount(), _amount(), _amount(), _amount()],
            *[_change(), _change(), _amount(), _amount(), _change(), _amount(), _amount()],
            *[_amount(), _amount(), _amount(), _change()],
        ),
        "network": st.builds(
            NetworkMetrics,
            *[_place(), _place(), _score(), _score(), _score(), _score()],
            *[_place() for _ in range(5)],
            *[st.none() | st.floats(0, 30), st.none() | st.floats(-30, 30), _change()],
            *[st.none(), st.none()],
        ),
    }
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(metrics=METRICS, language=st.sampled_from(["en", "fr"]), is_own=st.booleans())
def test_any_figures_survive(metrics: dict[str, object], language: str, *, is_own: bool) -> None:
    """Whatever is known and whatever is not, the layout stands and shows all that is known."""
    sample = rich_report if is_own else public_report
    report = sample(n_channels=2, language=language)
    report = replace(report, metrics=replace(report.metrics, **metrics))
    page = lay_out(report)
    shown = "\n".join(texts_of(page))
    assert "None" not in shown
    for name, text in promised(report):
        assert text in shown, name


def test_unknown_is_a_dash_or_a_sentence_never_zero() -> None:
    """On public data money is one sentence; a key nobody knows gets no table of dashes."""
    public = lay_out(public_report())
    money = section(public, "money")
    assert "only the node knows it" in money
    assert "Revenue" not in money
    assert "0 sat" not in [text.strip() for text in texts_of(public)]
    unknown = lay_out(unknown_report())
    assert "Tiles(" not in repr(unknown)
    for key in ("channels", "network", "fees", "opportunities"):
        blocks = next(one for one in unknown.sections if one.key == key).blocks
        assert [type(block) for block in blocks] == [Paragraph], key


def test_public_channel_table_has_no_empty_columns() -> None:
    page = lay_out(public_report())
    table = next(
        block
        for one in page.sections
        if one.key == "channels"
        for block in one.blocks
        if isinstance(block, Table)
    )
    for index, column in enumerate(table.columns):
        assert any(row[index].text != formats.DASH for row in table.rows), column.title


def test_every_row_has_a_cell_for_every_column() -> None:
    for sample in SAMPLES:
        for one in lay_out(sample()).sections:
            for block in one.blocks:
                if isinstance(block, Table):
                    assert {len(row) for row in block.rows} <= {len(block.columns)}


def test_reading_order() -> None:
    """How it went, what is wrong, what to do, then the figures, then where they come from."""
    keys = [one.key for one in lay_out(rich_report()).sections]
    assert keys == [
        *("summary", "alerts", "advice", "trends", "money", "channels"),
        *("network", "fees", "opportunities", "sources"),
    ]


def test_channels_keep_their_order_and_long_tables_say_what_short_faces_skip() -> None:
    report = rich_report(n_channels=40)
    page = lay_out(report)
    table = next(block for one in page.sections if one.key == "channels" for block in one.blocks)
    assert isinstance(table, Table)
    assert [row[0].sub.split(" ")[0] for row in table.rows] == [row.scid for row in report.channels]
    assert (table.head_rows, table.tail_rows) == (15, 3)
    assert table.short_note.startswith("22 channels in between")
    short = lay_out(rich_report(n_channels=18))
    table = next(block for one in short.sections if one.key == "channels" for block in one.blocks)
    assert isinstance(table, Table)
    assert (table.head_rows, table.short_note) == (None, "")


def test_banner_says_what_is_not_real() -> None:
    rich = rich_report()
    assert lay_out(rich).banner.startswith("Simulated node")
    assert lay_out(public_report()).banner.startswith("Public data only")
    generated = replace(
        rich, sources=tuple(replace(one, reality=Reality.GENERATED) for one in rich.sources)
    )
    assert lay_out(generated).banner.startswith("Generated network")
    real = replace(rich, sources=tuple(replace(one, reality=Reality.REAL) for one in rich.sources))
    assert lay_out(real).banner == ""
    failed = replace(
        real, generation_status=GenerationStatus.FAILED, error_message="node timed out\x1b[2J"
    )
    assert lay_out(failed).banner == "This report could not be completed: node timed out[2J"


def test_sources_say_why_and_what_is_missing() -> None:
    shown = section(lay_out(public_report()), "sources")
    assert "Unavailable" in shown
    assert "no node is connected" in shown
    assert "not known because of it: our balance, their balance, forwards and earnings" in shown


def test_charts_need_two_days_and_keep_gaps() -> None:
    rich = lay_out(rich_report())
    charts = next(one for one in rich.sections if one.key == "trends").blocks[0]
    score = charts.series[1]  # type: ignore[union-attr]
    assert score.values[2] is None
    assert score.value_texts[2] == formats.DASH
    assert score.labels[0] == "14\N{NO-BREAK SPACE}Nov"
    assert score.summary.startswith("Node score: 80.9 on 14")
    public = next(one for one in lay_out(public_report()).sections if one.key == "trends")
    assert [type(block) for block in public.blocks] == [Paragraph]


def test_same_report_same_page() -> None:
    assert lay_out(rich_report()) == lay_out(rich_report())


def test_both_languages_have_the_same_labels() -> None:
    english, french = TABLES["en"], TABLES["fr"]
    assert english.keys() == french.keys()
    for key in english:
        wanted = {name for _, name, _, _ in string.Formatter().parse(english[key]) if name}
        given_names = {name for _, name, _, _ in string.Formatter().parse(french[key]) if name}
        assert wanted == given_names, key


def test_every_label_is_used_somewhere() -> None:
    """No dead label: each stands in a page of some sample, or names a value that a report may hold."""
    source = ""
    rooms = [files("daznode.report"), files("daznode.report.sections")]
    for room in rooms:
        for file in room.iterdir():
            if file.name.endswith(".py"):
                source += file.read_text()
    families = ("rating", "status", "severity", "priority", "category", "source", "state")
    families += ("reality", "field", "opportunity")
    nouns = {
        f"{noun}_{form}" for noun in ("channel", "forward", "source") for form in ("one", "many")
    }
    for key in TABLES["en"]:
        is_named = f'"{key}"' in source
        assert is_named or key.split(".")[0] in families or key in nouns, key


def test_french_holds_double_marks_on_their_line() -> None:
    shown = "\n".join(texts_of(lay_out(rich_report(language="fr"))))
    for mark in ":;?!":
        assert f" {mark}" not in shown, mark


def test_tiles_of_a_quiet_day() -> None:
    """Nothing asked is said so, and no rate is made up from it."""
    tiles = lay_out(single_channel_report()).sections[0].blocks[0]
    assert isinstance(tiles, Tiles)
    success = next(tile for tile in tiles.tiles if tile.label.startswith("Success"))
    assert (success.value, success.note) == (formats.DASH, "nothing was asked of the node")


def test_failures_that_nobody_recorded_are_not_called_none() -> None:
    report = single_channel_report()
    unwatched = replace(report.metrics.forwarding, failed_24h=None, success_rate_24h=None)
    report = replace(report, metrics=replace(report.metrics, forwarding=unwatched))
    tiles = lay_out(report).sections[0].blocks[0]
    assert isinstance(tiles, Tiles)
    success = next(tile for tile in tiles.tiles if tile.label.startswith("Success"))
    assert (success.value, success.note) == (formats.DASH, "failures were not recorded")


def test_a_node_that_was_not_reached_is_said_at_the_top() -> None:
    report = single_channel_report()
    sources = tuple(
        replace(one, status=SourceStatus.STALE, error="gone") if one.name == "node" else one
        for one in report.sources
    )
    assert "not reached" in lay_out(replace(report, sources=sources)).banner
    assert "not reached" not in lay_out(report).banner


def test_unknown_language_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="'de'"):
        lay_out(replace(rich_report(), language="de"))
