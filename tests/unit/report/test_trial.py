"""One simulated run as a page: what it came to, its days, its channels, one channel alone."""

from dataclasses import replace

import pytest
from tests.builders import a_node_id, a_scid
from tests.fakes.arena import an_outcome

from daznode.adapters.press.document import DocumentPress
from daznode.domain.errors import ChannelNotFound
from daznode.domain.experiment import RunKey
from daznode.domain.ids import format_scid
from daznode.domain.page import Charts, Paragraph, Table, Tiles, Tone
from daznode.domain.units import Msat, Ppm
from daznode.report.trial import HISTORIES, lay_out_channel, lay_out_run

NETWORK = "20261121T060000Z-0123456789ab"
RUN = an_outcome(RunKey(a_node_id(3), 7, "dear"), days=4)


def section_of(page, key):
    return next(one for one in page.sections if one.key == key)


def blocks_of(page, key, kind):
    return [block for block in section_of(page, key).blocks if isinstance(block, kind)]


def test_the_result_is_told_with_its_band_and_as_simulated():
    page = lay_out_run(RUN, NETWORK, "static-100")
    (tiles,) = blocks_of(page, "result", Tiles)
    by_label = {tile.label: tile for tile in tiles.tiles}
    assert by_label["Net"].value.startswith("+")
    assert by_label["Fees"].value == f"{RUN.fees_msat // 1000:,} sat"
    contested_sat = (RUN.net_msat - RUN.captive_msat) // 1000
    assert by_label["Net without captives"].value == f"+{contested_sat:,} sat"
    assert by_label["Paid for refills"].value == "20 sat"
    assert by_label["Paid on chain"].value == "0 sat"
    assert by_label["Own balance"].value == "10,000,000 sat"
    assert "50.0% of the capacity" in by_label["Own balance"].note
    assert by_label["Forwards"].note == "40 refused for want of balance"
    assert page.status_text == "Net gain"
    assert (page.score_text, page.score_ratio) == ("83%", pytest.approx(5 / 6))
    assert page.banner.startswith("Everything here is simulated.")
    assert "static-100" in page.lead
    assert RUN.history_sha256[:16] in page.footer


def test_a_loss_is_called_one():
    page = lay_out_run(replace(RUN, refill_cost_msat=Msat(10**9)), NETWORK, "static-100")
    assert page.status_text == "Net loss"


def test_where_nothing_happened_no_gain_is_claimed():
    nothing = dict.fromkeys(("fees_msat", "refill_cost_msat", "restore_msat"), Msat(0))
    page = lay_out_run(replace(RUN, **nothing), NETWORK, "static-100")
    assert (page.status_text, page.status_tone) == ("Neither gain nor loss", Tone.NEUTRAL)


def test_the_days_of_the_node_are_the_sums_over_its_channels():
    page = lay_out_run(RUN, NETWORK, "static-100")
    (charts,) = blocks_of(page, "days", Charts)
    by_title = {series.title: series for series in charts.series}
    assert by_title["Passed on, sat"].values == (800_000_000.0,) * 4
    assert by_title["Refused for want of balance"].values == (0.0, 2.0, 4.0, 6.0)
    assert by_title["Fees earned, sat"].labels == ("day 1", "day 2", "day 3", "day 4")


def test_every_channel_is_in_the_table_and_the_busiest_have_their_days():
    run = an_outcome(RUN.key, days=4, n_channels=30)
    page = lay_out_run(run, NETWORK, "static-100")
    (table,) = blocks_of(page, "channels", Table)
    assert len(table.rows) == 30
    assert table.head_rows == 20
    assert table.short_note == "10 more"
    assert format_scid(a_scid(1)) in {row[0].sub for row in table.rows}
    tables = blocks_of(page, "history", Table)
    assert len(tables) == HISTORIES
    assert all(len(one.rows) == 4 and one.is_folded for one in tables)
    assert "12 channels that moved most, of 30" in section_of(page, "history").blocks[0].text


def test_the_busiest_is_what_moved_not_what_earned():
    idle, busy = RUN.channels
    days = tuple(replace(day, in_msat=Msat(10**12)) for day in busy.days)
    run = replace(RUN, channels=(idle, replace(busy, days=days, earned_msat=Msat(0))))
    first = blocks_of(lay_out_run(run, NETWORK, "static-100"), "history", Table)[0]
    assert format_scid(busy.scid) in first.caption


def test_histories_of_several_channels_say_whose_they_are():
    (charts,) = blocks_of(lay_out_run(RUN, NETWORK, "static-100"), "history", Charts)
    for series in charts.series:
        peer = series.title.rpartition(" · ")[2]
        assert peer in {"peer 1", "peer 2"}
        assert series.summary.startswith(f"{peer} · ")


def test_what_never_moves_is_told_once():
    flat = replace(
        RUN.channels[0], days=tuple(replace(day, fee_ppm=Ppm(7)) for day in RUN.channels[0].days)
    )
    page = lay_out_channel(replace(RUN, channels=(flat,)), flat.scid, NETWORK)
    (charts,) = blocks_of(page, "history", Charts)
    summaries = {one.title: one.summary for one in charts.series}
    assert summaries["Fee asked, ppm"] == "Fee asked, ppm: 7 on every day."
    assert "between" in summaries["Own share of the balance"]


def test_a_node_kept_for_judging_is_marked():
    marked = lay_out_run(RUN, NETWORK, "static-100", is_kept_for_judging=True)
    assert "do not tune on it" in marked.lead
    assert "tune" not in lay_out_run(RUN, NETWORK, "static-100").lead


def test_one_channel_day_by_day():
    channel = RUN.channels[1]
    page = lay_out_channel(RUN, channel.scid, NETWORK)
    assert format_scid(channel.scid) in page.subject
    assert page.status_text == "Its node: Net gain"
    (table,) = blocks_of(page, "history", Table)
    assert not table.is_folded
    first = [cell.text for cell in table.rows[0]]
    assert first == ["day 1", "5,000,000", "50.0%", "100", "\N{MINUS SIGN}5", *first[5:]]
    assert [row[3].text for row in table.rows] == ["100", "110", "120", "130"]


def test_a_channel_that_is_not_the_nodes_is_named_with_one_that_is():
    with pytest.raises(ChannelNotFound, match=r"^channel 1x2x3: not one of the 2 [^\n]+$") as no:
        lay_out_channel(RUN, (1 << 40) | (2 << 16) | 3, NETWORK)
    assert format_scid(RUN.channels[0].scid) in str(no.value)


def test_channels_that_came_and_went_say_when_and_what_it_cost():
    first, second = RUN.channels
    channels = (replace(first, opened_on=0), replace(second, opened_on=1, closed_on=3))
    run = replace(RUN, channels=channels, onchain_cost_msat=Msat(750_000))
    page = lay_out_run(run, NETWORK, "static-100")
    (table,) = blocks_of(page, "channels", Table)
    subs = {row[0].sub for row in table.rows}
    assert f"{format_scid(first.scid)} · opened on day 1" in subs
    assert f"{format_scid(second.scid)} · opened on day 2 · closed on day 4" in subs
    said = [block.text for block in blocks_of(page, "result", Paragraph)]
    assert len(said) == 3
    assert said[0].startswith("Opened on day 1: 10,000,000 sat to peer 1. It earned ")
    assert said[2].startswith("Closed on day 4: the channel with peer 2, of which ")
    (tiles,) = blocks_of(page, "result", Tiles)
    (paid,) = (tile for tile in tiles.tiles if tile.label == "Paid on chain")
    assert paid.value == "750 sat"


def test_a_node_without_channels_has_a_page_too():
    page = lay_out_run(replace(RUN, channels=(), offered=0, forwards=0), NETWORK, "static-100")
    assert page.score_ratio is None
    assert "no channel" in DocumentPress().html(page)


def test_names_of_strangers_cannot_steer_the_page():
    channel = replace(RUN.channels[0], peer_alias="<script>alert(1)</script>\x1b[2J{day}")
    run = replace(RUN, alias="{net}\u202e<b>", channels=(channel,))
    html = DocumentPress().html(lay_out_run(run, NETWORK, "static-100"))
    assert "<script" not in html
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert "{day}" in html


def test_ids_of_charts_are_unique():
    html = DocumentPress().html(lay_out_run(RUN, NETWORK, "static-100"))
    ids = [part.partition('"')[0] for part in html.split(' id="')[1:]]
    assert len(ids) == len(set(ids))


def test_a_node_without_a_name_is_shown_by_a_short_key():
    channel = replace(RUN.channels[0], peer_alias=a_node_id(5))
    page = lay_out_run(replace(RUN, alias=a_node_id(3), channels=(channel,)), NETWORK, "static-100")
    assert page.subject == f"{a_node_id(3)[:10]}…{a_node_id(3)[-4:]}"
    assert blocks_of(page, "channels", Table)[0].rows[0][0].text.startswith(a_node_id(5)[:10])
    assert a_node_id(3) in page.subject_detail
