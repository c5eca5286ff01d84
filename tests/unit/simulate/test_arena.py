"""The arena: runs that are fair, repeatable, and equal in whatever order or thread they are made."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache

import pytest
from tests.payment_worlds import snapshot

from daznode.domain.channel_plan import ChannelPlan, PlannedClose, PlannedOpen
from daznode.domain.errors import ChannelNotFound, InvalidParameter, NodeNotFound
from daznode.domain.experiment import NodeSet, RunKey, RunOutcome, Tier
from daznode.domain.ids import NodeId, ShortChannelId
from daznode.domain.units import Sat
from daznode.simulate.arena import Arena, ArenaParams
from daznode.simulate.policies.table import POLICIES
from daznode.simulate.referee.nodes import node_set_of
from daznode.simulate.referee.standings import ORACLE

DAYS, BURN_IN = 2, 1
PARAMS = ArenaParams(payments_per_day=2_500)


@cache
def arena(tier: Tier = Tier.FULL) -> Arena:
    return Arena.prepare(snapshot(), replace(PARAMS, tier=tier))


def _node() -> NodeId:
    return arena().choose(NodeSet.DEVELOPMENT, 1, 1)[0]


def run(policy: str, seed: int = 2, tier: Tier = Tier.FULL, of: Arena | None = None) -> RunOutcome:
    return (of or arena(tier)).run(
        RunKey(_node(), seed, policy), days=DAYS, burn_in_days=BURN_IN, base="keep"
    )


def _without_key(outcome: RunOutcome) -> RunOutcome:
    return replace(outcome, key=RunKey(_node(), 0, ""))


@pytest.mark.parametrize("policy", [*POLICIES, ORACLE])
def test_the_books_of_every_policy_add_up(policy: str) -> None:
    outcome = run(policy)

    assert outcome.days == DAYS
    assert outcome.fees_msat == sum(one.earned_msat for one in outcome.channels)
    assert outcome.captive_msat <= outcome.fees_msat
    assert outcome.refill_cost_msat == sum(one.refill_cost_msat for one in outcome.channels)
    assert outcome.forwards == sum(one.forwards for one in outcome.channels)
    assert outcome.forwards + outcome.refused <= outcome.offered
    assert outcome.updates == sum(one.updates for one in outcome.channels)
    assert outcome.net_low_msat <= outcome.net_msat <= outcome.net_high_msat
    assert 0 <= outcome.imbalance <= 1
    for channel in outcome.channels:
        assert len(channel.days) == DAYS
        assert channel.days[-1].local_msat == channel.end_local_msat
        assert 0 <= channel.end_local_msat <= channel.capacity_sat * 1_000
        assert sum(day.earned_msat for day in channel.days) == channel.earned_msat


def test_money_of_the_node_is_conserved() -> None:
    outcomes = [run("clboss", seed=seed) for seed in (2, 4, 6)]

    assert any(outcome.refills for outcome in outcomes)
    for outcome in outcomes:
        moved = sum(one.end_local_msat - one.start_local_msat for one in outcome.channels)
        assert moved == outcome.fees_msat - outcome.refill_cost_msat


def test_two_copies_of_a_policy_without_chance_are_one() -> None:
    first, copy = run("static-300"), run("static-300#2")

    assert _without_key(first) == _without_key(copy)
    assert first.history_sha256 == copy.history_sha256


def test_two_copies_of_a_policy_with_chance_differ_by_it_alone() -> None:
    first, copy = run("hill-climb"), run("hill-climb#2")

    assert first.history_sha256 != copy.history_sha256
    assert first.payments == pytest.approx(copy.payments, rel=0.01)


def test_a_run_is_the_same_whoever_ran_before_and_beside_it() -> None:
    fresh = Arena.prepare(snapshot(), PARAMS)
    names = ("static-1000", "clboss-fees", "keep", "hill-climb")
    with ThreadPoolExecutor(2) as pool:
        side_by_side = list(pool.map(lambda name: run(name, of=fresh), names))

    assert side_by_side == [run(name) for name in reversed(names)][::-1]


def test_as_many_burn_ins_are_kept_as_runs_are_made_at_once() -> None:
    many = Arena.prepare(snapshot(), replace(PARAMS, at_once=6))
    lived: list[tuple[str, int, int]] = []

    def note(stage: str, done: int, total: int) -> None:
        lived.append((stage, done, total))

    def burn_ins(policy: str) -> int:
        lived.clear()
        for seed in range(2, 14, 2):
            key = RunKey(_node(), seed, policy)
            many.run(key, days=2, burn_in_days=1, base="keep", progress=note)
        return lived.count(("days lived", 0, 1))

    assert burn_ins("keep") == 6
    assert burn_ins("static-30") == 0


def test_other_seeds_are_other_runs() -> None:
    assert run("keep", seed=2).history_sha256 != run("keep", seed=4).history_sha256


def test_chosen_nodes_are_of_the_set_and_route() -> None:
    for node_set in NodeSet:
        chosen = arena().choose(node_set, 3, 1)
        assert len(set(chosen)) == 3
        assert all(node_set_of(node) is node_set for node in chosen)
    outcomes = [
        arena().run(RunKey(node, 2, "static-30"), days=DAYS, burn_in_days=0, base="keep")
        for node in arena().choose(NodeSet.DEVELOPMENT, 3, 1)
    ]
    assert any(outcome.forwards for outcome in outcomes)


def test_the_sets_have_worlds_of_their_own() -> None:
    other = Arena.prepare(snapshot(), replace(PARAMS, node_set=NodeSet.EVALUATION))

    assert (other.ground.roles.kind != arena().ground.roles.kind).any()


def test_the_twin_screens_like_the_loop() -> None:
    names = ("static-30", "static-300", "static-1000")
    full = [run(name).fees_msat for name in names]
    twin = [run(name, tier=Tier.TWIN).fees_msat for name in names]

    for found, expected in zip(twin, full, strict=True):
        assert found == pytest.approx(expected, rel=0.35, abs=30_000)


def test_hindsight_is_not_beaten_by_a_common_fee_in_the_twin() -> None:
    bound = run(ORACLE, tier=Tier.TWIN).net_msat

    assert bound >= max(run(f"static-{ppm}", tier=Tier.TWIN).net_msat for ppm in (30, 100, 300))


@pytest.mark.parametrize(
    ("policy", "days", "burn_in", "words"),
    [
        ("clbos", 1, 0, "policy 'clbos': not known"),
        ("keep", 0, 0, "days: 0 measured"),
        ("keep", 1, -1, "-1 before"),
    ],
)
def test_what_cannot_be_run_is_refused(policy: str, days: int, burn_in: int, words: str) -> None:
    with pytest.raises(InvalidParameter, match=words):
        arena().run(RunKey(_node(), 2, policy), days=days, burn_in_days=burn_in, base="keep")


def test_a_node_without_channels_is_not_found() -> None:
    with pytest.raises(NodeNotFound, match="no channel in the network"):
        arena().run(RunKey(NodeId("02" * 33), 2, "keep"), days=1, burn_in_days=0, base="keep")


def test_no_payments_no_arena() -> None:
    with pytest.raises(InvalidParameter, match="payments per day"):
        Arena.prepare(snapshot(), replace(PARAMS, payments_per_day=0))


def test_a_policys_chance_is_its_own_on_every_node() -> None:
    """Else all nodes of a seed would be lucky together, and two copies of a policy would differ."""
    first, second = arena().choose(NodeSet.DEVELOPMENT, 2, 1)
    changes = []
    for node in (first, second):
        outcome = arena().run(
            RunKey(node, 2, "hill-climb"), days=1, burn_in_days=0, base="static-100"
        )
        changes.append(
            "".join(
                "+" if channel.days[0].fee_ppm > 100 else "-"
                for channel in outcome.channels
                if channel.updates
            )
        )
    shorter = min(map(len, changes))
    assert shorter > 5
    assert changes[0][:shorter] != changes[1][:shorter]


def _peer() -> NodeId:
    """The largest node."""
    largest = int(arena().network.node_capacity_msat().argmax())
    return NodeId(snapshot().node_hex(int(arena().network.snapshot_node[largest])))


def planned(plan: ChannelPlan, policy: str = "static-100", tier: Tier = Tier.FULL) -> RunOutcome:
    return arena(tier).run(
        RunKey(_node(), 2, policy), days=DAYS, burn_in_days=BURN_IN, base="keep", plan=plan
    )


@pytest.mark.parametrize("policy", ["keep", "clboss", "lndmanage", "cl-revenue-ops", "hill-climb"])
def test_channels_are_opened_and_closed_under_any_policy(policy: str) -> None:
    scid = run("keep").channels[0].scid
    plan = ChannelPlan((PlannedOpen(_peer(), Sat(4_000_000)),), (PlannedClose(scid, 2),))
    outcome = planned(plan, policy)

    new, closed = outcome.channels[-1], outcome.channels[0]
    assert (new.opened_on, new.capacity_sat, closed.closed_on) == (0, 4_000_000, 1)
    assert outcome.onchain_cost_msat > 0
    assert outcome.net_high_msat == outcome.fees_msat - outcome.spent_msat
    moved = sum(one.end_local_msat - one.start_local_msat for one in outcome.channels)
    assert moved == outcome.fees_msat - outcome.refill_cost_msat
    assert planned(plan, policy) == outcome


def test_an_open_without_money_changes_nothing_at_all() -> None:
    plan = ChannelPlan((PlannedOpen(_peer(), Sat(4_000_000)),), wallet_sat=Sat(0))

    assert planned(plan) == run("static-100")


def test_a_run_with_opens_leaves_others_as_they_were() -> None:
    before = run("hill-climb")
    planned(ChannelPlan((PlannedOpen(_peer(), Sat(4_000_000)),)))

    assert run("hill-climb") == before


def test_closes_work_in_the_twin_and_opens_are_refused() -> None:
    scid = run("keep").channels[0].scid
    outcome = planned(ChannelPlan(closes=(PlannedClose(scid),)), tier=Tier.TWIN)
    assert outcome.channels[0].closed_on == 0
    with pytest.raises(InvalidParameter, match=r"tier twin: .* takes the tier full"):
        planned(ChannelPlan((PlannedOpen(_peer(), Sat(4_000_000)),)), tier=Tier.TWIN)


def test_plans_that_cannot_be_are_refused_before_anything_is_lived_through() -> None:
    nobody = NodeId("02" * 33)
    for plan, policy, error, words in (
        (ChannelPlan((PlannedOpen(nobody, Sat(50_000)),)), "keep", NodeNotFound, "no channel"),
        (ChannelPlan((PlannedOpen(_node(), Sat(50_000)),)), "keep", InvalidParameter, "itself"),
        (ChannelPlan((PlannedOpen(_peer(), Sat(1)),)), "keep", InvalidParameter, "20,000"),
        (
            ChannelPlan((PlannedOpen(_peer(), Sat(50_000)),)),
            ORACLE,
            InvalidParameter,
            "open under oracle",
        ),
        (
            ChannelPlan(closes=(PlannedClose(ShortChannelId(7)),)),
            "keep",
            ChannelNotFound,
            "close of 0x0x7: not one of the node's",
        ),
    ):
        with pytest.raises(error, match=words):
            planned(plan, policy)
