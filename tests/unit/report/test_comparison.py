"""A comparison of policies as a page: every figure of the standings, its marks, and what it rests on."""

from dataclasses import replace

import pytest
from tests.builders import MORNING, a_node_id
from tests.fakes.arena import WORTH_MSAT, an_outcome

from daznode.domain.experiment import Comparison, ExperimentPlan, Interval, NodeSet
from daznode.domain.page import Bars, Table, Tone
from daznode.report.comparison import lay_out_comparison
from daznode.report.markdown import to_markdown
from daznode.simulate.referee.standings import against_base, compare

PLAN = ExperimentPlan(
    network="20261121T060000Z-0123456789ab",
    is_modernised=True,
    node_set=NodeSet.EVALUATION,
    nodes=tuple(a_node_id(number) for number in range(1, 11)),
    policies=("static-100", "dear", "cheap"),
    base="static-100",
    seeds=(3, 5),
    days=3,
    burn_in_days=1,
    payments_per_day=1_000,
    engine="1",
    network_seed=4,
)


def compared(plan: ExperimentPlan = PLAN) -> Comparison:
    return compare(plan, [an_outcome(key) for key in plan.keys], MORNING)


def page_of(found: Comparison, fewest: int = 1):
    return lay_out_comparison(found, against_base(found.plan, found.outcomes), fewest=fewest)


def tables_of(page, key):
    (section,) = (one for one in page.sections if one.key == key)
    return [block for block in section.blocks if isinstance(block, Table)]


@pytest.fixture(scope="module")
def page():
    return page_of(compared())


def test_all_is_marked_as_simulated(page):
    assert "simulated" in page.title
    assert page.banner.startswith("Everything here is simulated.")
    assert "Simulated by daznode, engine 1" in page.footer


def test_the_page_says_what_was_run(page):
    text = to_markdown(page)
    for said in (
        "10 nodes",
        "2 runs each",
        "1,000 payments a day",
        "redrawn as they are today",
        "evaluation half",
        "seed 4",
    ):
        assert said in text, said
    assert PLAN.network in page.subject_detail
    assert "3 simulated days after 1 day of burn-in" in page.date_text


def test_policies_stand_by_score_and_are_marked_against_the_base(page):
    found = compared()
    table = tables_of(page, "standings")[0]
    assert [row[0].text for row in table.rows] == ["dear", "static-100", "cheap"]
    marks = {row[0].text: (row[2].sub, row[2].tone) for row in table.rows}
    assert marks["dear"][0].endswith("· ahead")
    assert marks["dear"][1] is Tone.GOOD
    assert marks["cheap"][0].endswith("· behind")
    assert marks["cheap"][1] is Tone.BAD
    assert marks["static-100"] == ("base", Tone.NEUTRAL)
    first = found.standings[0]
    assert table.rows[0][1].text == f"{round(first.net.mean):,}"
    assert table.rows[0][1].sub == f"{round(first.net.low):,} to {round(first.net.high):,}"
    assert table.rows[0][3].text == (
        f"{round(first.net_low.mean):,} to {round(first.net_high.mean):,}"
    )
    assert page.status_text == "1 ahead of static-100, 1 behind"


def test_every_column_of_the_standings_is_somewhere(page):
    titles = {column.title for table in tables_of(page, "standings") for column in table.columns}
    assert titles >= {
        *("Net", "Band", "No captive", "Gross", "Cost", "Success", "Imbalance", "Changes"),
        *("Refills", "Own BTC", "Mean rank", "Against static-100", "Wins", "At 100 ppm"),
    }


def test_a_claim_is_held_only_if_every_reading_agrees():
    found = compared()
    readings = {name: dict(one) for name, one in against_base(PLAN, found.outcomes).items()}
    (table,) = tables_of(lay_out_comparison(found, readings), "readings")
    assert table.note.endswith("That is so for dear, cheap.")
    readings["dear"]["net_flat"] = replace(readings["dear"]["net_flat"], low=-1.0)
    (table,) = tables_of(lay_out_comparison(found, readings), "readings")
    assert table.note.endswith("That is so for cheap.")


def test_what_is_not_told_apart_holds_no_claim():
    found = compared(replace(PLAN, nodes=PLAN.nodes[:4]))
    assert not any(one.is_ahead or one.is_behind for one in found.standings)
    sure = Interval(2.0, 1.0, 3.0)
    readings = {
        name: dict.fromkeys(one, sure)
        for name, one in against_base(found.plan, found.outcomes).items()
    }
    (table,) = tables_of(lay_out_comparison(found, readings), "readings")
    assert table.note.endswith("That is so for no policy here.")


def test_differences_that_are_sure_are_coloured_and_dearer_is_no_gain():
    found = compared()
    readings = {name: dict(one) for name, one in against_base(PLAN, found.outcomes).items()}
    readings["dear"]["gross"] = Interval(1.0, -1.0, 3.0)
    readings["dear"]["cost"] = Interval(2.0, 1.0, 3.0)
    (table,) = tables_of(lay_out_comparison(found, readings), "readings")
    dear, cheap = table.rows
    assert (dear[1].tone, cheap[1].tone) == (Tone.GOOD, Tone.BAD)
    assert (dear[-2].tone, dear[-1].tone) == (Tone.NEUTRAL, Tone.BAD)


def test_where_no_difference_could_be_told_the_page_says_what_it_takes():
    few = replace(PLAN, nodes=PLAN.nodes[:6])
    assert "6 nodes cannot tell any policy apart" in to_markdown(page_of(compared(few), fewest=7))
    assert "at least 7 nodes" in to_markdown(page_of(compared(few), fewest=7))
    assert "cannot tell" not in to_markdown(page_of(compared(few), fewest=6))
    alone = compared(replace(PLAN, nodes=PLAN.nodes[:1]))
    assert "2 seeds cannot tell any policy apart" in to_markdown(page_of(alone, fewest=6))
    base_alone = compared(replace(PLAN, policies=("static-100",)))
    assert "cannot tell" not in to_markdown(page_of(base_alone, fewest=60))


def test_a_comparison_that_is_kept_names_itself():
    text = to_markdown(page_of(replace(compared(), experiment_id="3f2a55")))
    assert "daznode reliability 3f2a55" in text
    assert "daznode reliability" not in to_markdown(page_of(compared()))


def test_each_node_has_its_best_policy_and_a_table_of_its_own(page):
    best, matrix, *own = tables_of(page, "nodes")
    assert len(best.rows) == len(matrix.rows) == len(own) == len(PLAN.nodes)
    assert {row[1].text for row in best.rows} == {"dear"}
    assert all(table.is_folded for table in (matrix, *own))
    assert [cell.tone is Tone.GOOD for cell in matrix.rows[0][1:]] == [True, False, False]
    run = next(one for one in compared().outcomes if one.key.node_id == PLAN.nodes[0])
    assert run.alias in own[0].caption


def test_losses_are_drawn_as_such():
    found = compared()
    losing = replace(found.standings[2], net=replace(found.standings[2].net, mean=-50.0))
    shown = page_of(replace(found, standings=(*found.standings[:2], losing)))
    (bars,) = (one for one in shown.sections[0].blocks if isinstance(one, Bars))
    assert bars.bars[-1].value == "\N{MINUS SIGN}50"
    assert bars.bars[-1].tone is Tone.BAD


def test_where_nothing_beats_the_base_the_page_says_so():
    shown = page_of(compared(replace(PLAN, policies=("static-100", "cheap"))))
    assert shown.score_ratio is None
    assert "no policy came before static-100" in shown.score_caption
    assert "no other policy did better" in shown.lead


def test_the_bound_gives_a_share_of_what_is_possible_and_never_comes_first(monkeypatch):
    monkeypatch.setitem(WORTH_MSAT, "oracle", 5_000_000)
    found = compared(replace(PLAN, policies=("static-100", "dear", "oracle")))
    shown = lay_out_comparison(found, against_base(found.plan, found.outcomes), bound="oracle")
    score, money, _ = tables_of(shown, "standings")
    assert money.columns[-1].title == "Of possible"
    assert money.rows[0][-1].text == "100%"
    assert [row[0].text for row in score.rows] == ["oracle", "dear", "static-100"]
    assert score.rows[0][2].sub == "a bound, no policy"
    assert shown.lead.startswith("dear came first")
    assert shown.status_text == "1 ahead of static-100, 0 behind"
    assert {row[1].text for row in tables_of(shown, "nodes")[0].rows} == {"dear"}
    assert [row[0].text for row in tables_of(shown, "readings")[0].rows] == ["dear"]


def test_the_base_alone_can_be_shown():
    shown = page_of(compared(replace(PLAN, policies=("static-100",))))
    assert "no policy here" in to_markdown(shown)


def test_a_single_run_of_each_policy_has_figures_and_no_interval():
    shown = page_of(compared(replace(PLAN, nodes=PLAN.nodes[:1], seeds=(3,))))
    row = tables_of(shown, "standings")[0].rows[0]
    assert row[1].text != "\N{EN DASH}"
    assert row[1].sub == "too few runs for an interval"
    assert "inf" not in to_markdown(shown)
    assert shown.status_text == "0 ahead of static-100, 0 behind"


def test_the_same_comparison_gives_the_same_page(page):
    assert page_of(compared()) == page
