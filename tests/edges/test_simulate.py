"""`daznode simulate`, `backtest`, `policies`, `experiments` as a person or a script meets them."""

import json
import re
import signal

import pytest
from click.testing import CliRunner
from tests.builders import a_node_id, a_scid, a_snapshot
from tests.fakes.arena import FakeMaker

from daznode.adapters.sources.describegraph_file import write_describegraph
from daznode.domain.errors import Interrupted
from daznode.domain.ids import NodeId, format_scid
from daznode.edges.cli.app import cli
from daznode.simulate.referee.nodes import node_set_of
from daznode.wiring import experiments, kernels

POLICIES = "static-100,hill-climb,static-1000"
SMALL = ("--nodes", 4, "--seeds", 2, "--days", 3, "--policies", POLICIES, "--base", "static-100")
N_RUNS = 4 * 2 * 3


@pytest.fixture
def dump(tmp_path):
    path = tmp_path / "graph.json"
    write_describegraph(a_snapshot(8), str(path))
    return path


@pytest.fixture
def maker(monkeypatch):
    """Runs that cost nothing: what is tested here is the door, not the simulator."""
    made = FakeMaker()
    monkeypatch.setattr(
        experiments,
        "_lay_out",
        lambda *of, **_: made(*of),
    )
    return made


@pytest.fixture
def call(tmp_path):
    def run(*arguments):
        runner = CliRunner(env={"DAZNODE_DATA_DIR": str(tmp_path / "data"), "NO_COLOR": "1"})
        return runner.invoke(cli, [str(argument) for argument in arguments])

    return run


def fails(result, exit_code, *said):
    assert result.exit_code == exit_code, result.output
    lines = [line for line in result.stderr.splitlines() if line and "Compiling" not in line]
    assert lines[-1].startswith("error: "), result.stderr
    assert len([line for line in lines if line.startswith("error")]) == 1
    assert all(text in lines[-1] for text in said), lines[-1]


def test_a_comparison_in_the_terminal(call, dump, maker):
    result = call("backtest", "--network", dump, *SMALL)
    assert result.exit_code == 0, result.output
    assert "Everything here is simulated." in result.stdout
    for said in ("Standings", "hill-climb", "Against", "Band", "Mean rank", "Imbalance", "Own BTC"):
        assert said in result.stdout, said
    assert "4 nodes in 2 runs each" in " ".join(result.stdout.split())
    assert len(maker.asked) == N_RUNS


def test_a_comparison_for_machines(call, dump, maker):
    result = call("backtest", "--network", dump, *SMALL, "--json", "--set", "evaluation")
    found = json.loads(result.stdout)
    assert found["reality"] == "simulated"
    assert found["plan"]["node_set"] == "evaluation"
    assert found["plan"]["seeds"] == [3, 5]
    (kept,) = json.loads(call("experiments", "--json").stdout)
    assert found["experiment_id"] == kept["experiment_id"]
    assert len(found["standings"]) == 3
    assert set(found["against_base"]) == set(POLICIES.split(","))
    assert len(found["runs"]) == N_RUNS
    run = found["runs"][0]
    assert run["net_msat"] == run["fees_msat"] - run["refill_cost_msat"] - run["restore_msat"] // 2
    assert run["channels"] == 2
    assert maker.terms[0].node_set.value == "evaluation"


def test_what_is_asked_for_reaches_the_ground(call, dump, maker):
    call(
        *("backtest", "--network", dump, *SMALL, "--burn-in", 5, "--payments-per-day", 77),
        *("--modernise", "--seed", 9, "--base", "static-300", "--json"),
    )
    (terms,) = maker.terms
    assert (terms.days, terms.burn_in_days, terms.payments_per_day) == (3, 5, 77)
    assert (terms.is_modernised, terms.network_seed, terms.base) == (True, 9, "static-300")


def test_a_screening_says_that_it_proves_nothing(call, dump, maker):
    full = call("backtest", "--network", dump, *SMALL)
    screened = call("backtest", "--network", dump, *SMALL, "--tier", "twin")
    assert [terms.tier for terms in maker.terms] == ["full", "twin"]
    assert "they screen policies within seconds and prove nothing" in " ".join(
        screened.stdout.split()
    )
    assert "prove nothing" not in " ".join(full.stdout.split())
    kept = json.loads(call("experiments", "--json").stdout)
    assert {one["plan"]["tier"] for one in kept} == {"full", "twin"}
    alone = call(
        *("simulate", "--network", dump, "--node", a_node_id(1), "--policy", "hill-climb"),
        *("--tier", "twin", "--days", 3),
    )
    assert "prove nothing" in " ".join(alone.stdout.split())


def test_a_run_of_a_comparison_can_be_made_again_alone(call, dump, maker):
    common = ("--network", dump, "--days", 3, "--set", "evaluation", "--json")
    found = json.loads(
        call(
            "backtest", *common, "--seed", 9, "--nodes", 1, "--seeds", 1, "--policies", "lndg"
        ).stdout
    )
    assert found["standings"][0]["net"]["low"] is None
    one = found["runs"][0]["key"]
    chosen = ("--node", one["node_id"], "--seed", one["seed"], "--policy", one["policy"])
    call("simulate", *common, *chosen, "--network-seed", 9)
    assert maker.terms[0] == maker.terms[1]
    assert one["seed"] == 19


@pytest.mark.parametrize("more", [(), ("--modernise", "--tier", "twin", "--base", "static-300")])
def test_the_page_says_how_to_look_into_a_run_and_the_command_makes_it_again(
    call, dump, maker, tmp_path, more
):
    call("network", "import", dump)
    out = tmp_path / "c.html"
    result = call("backtest", *SMALL, "--seed", 9, "--set", "evaluation", *more, "--out", out)
    assert result.exit_code == 0, result.output
    options = re.search(r"daznode simulate (--[^<]+)", out.read_text())
    assert options is not None
    n_runs = len(maker.asked)
    again = call("simulate", *options[1].split(), "--json")
    assert again.exit_code == 0, again.output
    assert maker.terms[1] == maker.terms[0]
    assert maker.asked[-1] in maker.asked[:n_runs]
    told = re.search(r"daznode reliability (\w+)", out.read_text())
    assert told is not None
    assert call("reliability", told[1]).exit_code == 0


def test_a_comparison_as_a_page(call, dump, maker, tmp_path):
    out = tmp_path / "pages" / "comparison.html"
    result = call("backtest", "--network", dump, *SMALL, "--out", out)
    assert result.exit_code == 0, result.output
    html = out.read_text()
    assert "<title>Fee policies compared, simulated" in html
    assert "hill-climb" in html
    assert str(out) in result.stderr


def test_the_same_command_goes_on_from_what_it_has(call, dump, maker):
    first = json.loads(call("backtest", "--network", dump, *SMALL, "--json").stdout)
    again = call("backtest", "--network", dump, *SMALL, "--json", "--jobs", 1)
    second = json.loads(again.stdout)
    assert len(maker.asked) == N_RUNS
    assert (second["standings"], second["runs"]) == (first["standings"], first["runs"])
    assert f"{N_RUNS} of {N_RUNS} runs, {N_RUNS} of them from earlier" in again.stderr


def test_ctrl_c_keeps_whole_runs_and_says_how_to_go_on(call, dump, maker, tmp_path):
    def stop(key):
        if len(maker.asked) == 5:
            signal.raise_signal(signal.SIGINT)

    maker.before_run = stop
    result = call("backtest", "--network", dump, *SMALL, "--jobs", 1)
    assert result.exit_code == Interrupted.exit_code
    kept = len(list(tmp_path.glob("data/experiments/*/runs/*")))
    assert 1 <= kept < N_RUNS
    *_, how, last = result.stderr.strip().splitlines()
    assert how == f"{kept} of {N_RUNS} runs are kept; the same command goes on from there."
    assert last == Interrupted.told
    listed = json.loads(call("experiments", "--json").stdout)
    assert [one["finished_runs"] for one in listed] == [kept]
    maker.before_run = lambda _: None
    assert call("backtest", "--network", dump, *SMALL).exit_code == 0


def test_experiments_are_listed(call, dump, maker):
    assert "No experiment is kept" in call("experiments").stdout
    call("backtest", "--network", dump, *SMALL)
    call("backtest", "--network", dump, *SMALL, "--seed", 8, "--tier", "twin")
    head, *lines = call("experiments").stdout.splitlines()
    assert len(lines) == 2
    assert all(f"{N_RUNS} of {N_RUNS}" in line for line in lines)
    assert {"policies", "seed", "tier"} < set(head.split())
    assert {line.split()[-4:-2][1] for line in lines} == {"full", "twin"}
    assert all(len(line) <= 80 for line in (head, *lines))


def test_what_the_statistics_of_a_comparison_are_worth(call, dump, maker):
    call("backtest", "--network", dump, *SMALL)
    (kept,) = json.loads(call("experiments", "--json").stdout)
    result = call("reliability", kept["experiment_id"][:8])
    assert result.exit_code == 0, result.output
    assert "All simulated. 4 nodes, 2 seeds, 3 days, against static-100." in " ".join(
        result.stdout.split()
    )
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    for policy in ("hill-climb", "static-1000"):
        assert sum(line.startswith(policy) for line in lines) == 2, "named in both tables"
    for said in ("mirrored", "centred", "coverage", "5 % of base", "to see it"):
        assert said in result.stdout, said
    shown = json.loads(call("reliability", kept["experiment_id"], "--json").stdout)
    assert shown["reality"] == "simulated"
    assert {one["policy"] for one in shown["judgements"]} == {"hill-climb", "static-1000"}
    assert 0 <= shown["judgements"][0]["mirrored"]["false_alarms"]["mean"] <= 1
    fails(call("reliability", "zz"), 2, "experiment 'zz'", "daznode experiments")


def test_a_run_in_the_terminal_by_alias(call, dump, maker):
    result = call("simulate", "--network", dump, "--node", "node 3", "--policy", "lndg")
    assert result.exit_code == 0, result.output
    for said in ("Everything here is simulated.", "Net", "Day by day", "Channels", "peer 1"):
        assert said in result.stdout, said
    (key,) = maker.asked
    assert (key.policy, key.seed) == ("lndg", 2)


def test_a_run_for_machines_is_the_same_twice(call, dump, maker):
    command = ("simulate", "--network", dump, "--node", a_node_id(2), "--policy", "clboss")
    shown = call(*command, "--seed", 3, "--json").stdout
    assert shown == call(*command, "--seed", 3, "--json").stdout
    found = json.loads(shown)
    assert found["reality"] == "simulated"
    assert found["run"]["key"] == {"node_id": a_node_id(2), "seed": 3, "policy": "clboss"}
    assert len(found["run"]["channels"][0]["days"]) == found["terms"]["days"] == 10
    assert "x" in found["run"]["channels"][0]["scid"]


def test_one_channel_day_by_day(call, dump, maker, tmp_path):
    of_both = a_snapshot(8).node_hex(1)
    command = ("simulate", "--network", dump, "--node", of_both, "--policy", "lndg", "--days", 3)
    scid = json.loads(call(*command, "--json").stdout)["run"]["channels"][1]["scid"]
    text = call(*command, "--channel", scid, "--out", tmp_path / "c.html").stdout
    for said in (scid, "day 1", "day 3", "Fee, ppm"):
        assert said in text, said
    assert scid in (tmp_path / "c.html").read_text()
    one = json.loads(call(*command, "--channel", scid, "--json").stdout)
    assert [channel["scid"] for channel in one["run"]["channels"]] == [scid]
    n_runs = len(maker.asked)
    fails(call(*command, "--channel", format_scid(7)), 3, "channel 0x0x7: not one of the 3", scid)
    of_others = format_scid(a_scid(5))
    fails(call(*command, "--channel", of_others), 3, f"channel {of_others}: not one of the 3")
    assert len(maker.asked) == n_runs, "a wrong channel is told before the run"
    fails(call(*command, "--channel", "nonsense"), 2, "nonsense")


def test_a_node_of_the_other_half_is_marked_as_such(call, dump, maker):
    nodes = [a_snapshot(8).node_hex(place) for place in range(8)]
    for node in nodes:
        command = ("simulate", "--network", dump, "--node", node, "--policy", "lndg", "--days", 1)
        said = "do not tune on it" in " ".join(call(*command).stdout.split())
        half = json.loads(call(*command, "--json").stdout)["node_set"]
        assert half == node_set_of(NodeId(node)).value
        assert said == (half == "evaluation")
    assert {node_set_of(NodeId(node)).value for node in nodes} == {"development", "evaluation"}


def test_what_cannot_be_done_is_said_before_anything_is_compiled(call, dump, maker, monkeypatch):
    compiled = []
    monkeypatch.setattr(kernels, "compile_payments", lambda *of: compiled.append(of))
    node = ("--node", "nobody", "--policy", "lndg")
    fails(call("simulate", "--network", dump, *node), 3, "'nobody'")
    fails(call("backtest", *SMALL), 5, "daznode network import")
    assert not compiled
    call("backtest", "--network", dump, *SMALL)
    assert len(compiled) == 1


def test_opens_and_closes_reach_the_ground(call, dump, maker):
    made = call(
        *("simulate", "--network", dump, "--node", "node 3", "--policy", "lndg", "--days", 4),
        *("--open", "node 5=5,000,000@2", "--open", f"{a_node_id(6)}=20_000", "--wallet", 6000000),
        *("--close", "814x12x1@3", "--json"),
    )
    assert made.exit_code == 0, made.output
    (plan,) = maker.grounds[0].plans
    first, second = plan.opens
    named = a_snapshot(8)
    peer = named.node_hex(named.nodes.alias.index("node 5"))
    assert (first.peer, first.capacity_sat, first.day) == (peer, 5_000_000, 2)
    assert (second.peer, second.capacity_sat, second.day) == (a_node_id(6), 20_000, 1)
    assert [(format_scid(one.scid), one.day) for one in plan.closes] == [("814x12x1", 3)]
    assert plan.wallet_sat == 6_000_000
    found = json.loads(made.stdout)
    assert found["plan"]["opens"][0]["capacity_sat"] == 5_000_000
    assert found["plan"]["closes"] == [{"scid": "814x12x1", "day": 3}]
    # The ground of these tests opens nothing: that is said.
    assert found["plan"]["opens_not_made"] == 2
    assert "2 of 2 opens could not be made" in made.stderr


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        (("--open", "node 5"), 2, "takes PEER=SAT or PEER=SAT@DAY"),
        (("--open", "=5000000"), 2, "takes PEER=SAT or PEER=SAT@DAY"),
        (("--open", "node 5=lots"), 2, "amount 'lots'; takes a whole number of sat"),
        (("--open", "node 5=50000@x"), 2, "day 'x'; takes a whole number from 1"),
        (("--open", "node 5=50000@"), 2, "day ''; takes a whole number from 1"),
        (("--open", "node 5=50000@5"), 2, "open on day 5: out of range; takes 1 to 4"),
        (("--open", "node 5=19999"), 2, "open of 19,999 sat: out of range; takes 20,000 to"),
        (("--open", f"node 5={10**15}"), 2, "out of range; takes 20,000 to 1,000,000,000"),
        (("--open", f"node 5={'9' * 5000}"), 2, "takes a whole number of sat"),
        (("--open", "nobody at all=50000"), 3, "'nobody at all': no node of that name"),
        (("--open", "node 3=50000"), 2, "open to 'node 3': the node itself"),
        (("--close", "nonsense"), 2, "short channel id 'nonsense'"),
        (("--close", "814x12x1@9"), 2, "close on day 9: out of range; takes 1 to 4"),
        (("--open", "node 5=50000", "--wallet", "-5"), 2, "--wallet '-5'"),
        (("--wallet", "50000"), 2, "--wallet: nothing is to be opened; takes --open with it"),
    ],
)
def test_plans_that_cannot_be_are_said_in_one_line(call, dump, maker, arguments, exit_code, said):
    common = ("--network", dump, "--node", "node 3", "--policy", "lndg", "--days", 4)
    fails(call("simulate", *common, *arguments), exit_code, said)
    assert maker.asked == []


def test_policies_are_shown_with_their_sources(call):
    text = call("policies").stdout
    assert "clboss" in text
    assert "ZmnSCPxj/clboss" in text
    lines = json.loads(call("policies", "--json").stdout)
    assert {"name", "summary", "source", "is_bound"} == set(lines[0])
    assert [line["name"] for line in lines if line["is_bound"]] == ["oracle"]
    assert call("simulate", "--policy", "list").stdout == text


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        (("backtest", "--network", "nowhere"), 5, "daznode network import"),
        (("backtest", "--policies", "nonsense"), 2, "policy 'nonsense': not known"),
        (("backtest", "--nodes", 0), 2, "nodes 0: out of range; takes 1 to 1,000"),
        (("backtest", "--days", 0), 2, "days 0: out of range; takes 1 to 365"),
        (("backtest", "--jobs", 0), 2, "jobs 0: out of range"),
        (("backtest", "--out", "."), 2, "--out .: a folder; takes a file"),
        (
            ("backtest", "--out", "/dev/null/c.html"),
            2,
            "/dev/null is no folder that can be written",
        ),
        (("backtest", "--base", "nonsense"), 2, "base 'nonsense': not known; expected one of keep"),
        (("simulate", "--policy", "lndg"), 2, "--node: missing; takes a key or an alias"),
        (("simulate", "--node", "x"), 2, "--policy: missing; takes a name"),
        (("simulate", "--node", "x", "--policy", "lndg"), 5, "daznode network import"),
        (("simulate", "--node", "x", "--policy", "lndg", "--seed", -1), 2, "seed -1"),
        (
            ("simulate", "--node", "x", "--policy", "lndg", "--network-seed", -1),
            2,
            "network seed -1: out of range",
        ),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(call, maker, arguments, exit_code, said):
    fails(call(*arguments), exit_code, said)


def test_a_node_that_is_not_there(call, dump, maker):
    result = call("simulate", "--network", dump, "--node", "nobody", "--policy", "lndg")
    fails(result, 3, "'nobody': no node of that name")


def test_a_real_run_in_a_small_network(call, tmp_path):
    """The one run here that is simulated in earnest: same command, same history."""
    graph = tmp_path / "network.json"
    call("network", "generate", "--nodes", 60, "--channels", 200, "--out", graph)
    ranked = json.loads(call("rankings", "--graph", graph, "--limit", 1, "--json").stdout)
    command = (
        *("simulate", "--network", graph, "--node", ranked[0]["node_id"], "--policy", "hill-climb"),
        *("--days", 2, "--burn-in", 1, "--payments-per-day", 200, "--json"),
    )
    found = json.loads(call(*command).stdout)
    run = found["run"]
    assert run["payments"] > 0
    assert run["updates"] > 0
    assert all(len(channel["days"]) == 2 for channel in run["channels"])
    again = json.loads(call(*command).stdout)["run"]
    assert again["history_sha256"] == run["history_sha256"]


def test_a_real_run_with_a_channel_that_was_not_there(call, tmp_path):
    """What would a channel to the largest node have earned? And what does closing one give back?"""
    graph = tmp_path / "network.json"
    call("network", "generate", "--nodes", 60, "--channels", 200, "--out", graph)
    ranked = json.loads(call("rankings", "--graph", graph, "--limit", 9, "--json").stdout)
    node, peer = ranked[8]["node_id"], ranked[0]["node_id"]
    command = (
        *("simulate", "--network", graph, "--node", node, "--policy", "static-100"),
        *("--days", 2, "--burn-in", 1, "--payments-per-day", 500),
    )
    alone = json.loads(call(*command, "--json").stdout)["run"]
    scid = alone["channels"][0]["scid"]
    plan = ("--open", f"{peer}=5000000", "--close", f"{scid}@2")
    run = json.loads(call(*command, *plan, "--json").stdout)["run"]
    new = run["channels"][-1]
    assert len(run["channels"]) == len(alone["channels"]) + 1
    assert (new["opened_on"], new["capacity_sat"]) == (0, 5_000_000)
    assert run["channels"][0]["closed_on"] == 1
    assert run["onchain_cost_msat"] > alone["onchain_cost_msat"] == 0
    shown = call(*command, *plan)
    said = " ".join(shown.stdout.split())
    assert "Opened on day 1: 5,000,000 sat to" in said
    assert "Closed on day 2: the channel with" in said
    assert "Paid on chain" in said
    fails(call(*command, "--open", f"{peer}=5000000", "--tier", "twin"), 2, "takes the tier full")
    fails(call(*command, "--close", "0x0x7"), 3, "close of 0x0x7: not one of the node's")
