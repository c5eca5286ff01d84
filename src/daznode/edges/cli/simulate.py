"""`daznode simulate`, `backtest`, `policies`, `experiments`: fee policies tried in a simulated network."""

import os
import sys
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from rich.console import Console

from daznode.domain.errors import Interrupted, InvalidParameter
from daznode.domain.experiment import ExperimentPlan, NodeSet, Tier
from daznode.domain.ids import parse_scid
from daznode.domain.kept_experiment import Advance, KeptExperiment
from daznode.domain.page import Page
from daznode.edges.cli import experiment_json, session
from daznode.edges.cli.channel_plan import parse_close, parse_open, parse_sat
from daznode.edges.cli.tables import print_experiments, print_judgements, print_policies
from daznode.edges.cli.terminal import print_page
from daznode.usecases.backtest_request import BacktestRequest
from daznode.usecases.simulate_policy import Simulated, SimulationRequest
from daznode.usecases.trial_ground import GroundTerms, PolicyLine
from daznode.wiring import Services

if TYPE_CHECKING:
    from daznode.usecases.judge_referee import Judgement

_DEFAULTS: Final = GroundTerms()
_SECONDS_BETWEEN_LINES: Final = 60.0
"""How often a long comparison says where it is when nobody looks on."""

_MINUTE: Final = 60

POLICY_LIST: Final = "list"
"""Given as a policy it asks for the table."""


def _on_terms(command: Callable[..., None]) -> Callable[..., None]:
    """The options that both commands share; those of the network and its days come as `terms`."""

    @wraps(command)
    def with_terms(**given: Any) -> None:  # noqa: ANN401 - one per option
        terms = GroundTerms(
            is_modernised=given.pop("modernise"),
            payments_per_day=given.pop("payments_per_day"),
            node_set=NodeSet(given.pop("node_set")),
            network_seed=given.pop("network_seed", _DEFAULTS.network_seed),
            days=given.pop("days"),
            burn_in_days=given.pop("burn_in"),
            base=given.pop("base"),
            tier=Tier(given.pop("tier")),
        )
        command(terms=terms, **given)

    for option in reversed(
        (
            click.option(
                "--network",
                metavar="F",
                help="A stored snapshot (its id or the start of it) or a dump; default newest.",
            ),
            click.option("--days", type=int, default=_DEFAULTS.days, show_default=True),
            click.option(
                "--burn-in",
                type=int,
                default=_DEFAULTS.burn_in_days,
                show_default=True,
                help="Days before them, under the base policy.",
            ),
            click.option(
                "--payments-per-day",
                type=int,
                default=_DEFAULTS.payments_per_day,
                show_default=True,
                help="Of the whole network.",
            ),
            click.option(
                "--modernise",
                is_flag=True,
                help="Redraw fees and capacities as they are today: for old networks.",
            ),
            click.option(
                "--tier",
                type=click.Choice([one.value for one in Tier]),
                default=_DEFAULTS.tier.value,
                show_default=True,
                help="Every payment in full, or a quick replay of one recording: it screens.",
            ),
            click.option(
                "--set",
                "node_set",
                type=click.Choice([one.value for one in NodeSet]),
                default=_DEFAULTS.node_set.value,
                show_default=True,
                help="Half of the world: tune on one, judge on the other.",
            ),
            click.option(
                "--base",
                default=_DEFAULTS.base,
                show_default=True,
                help="Policy of the burn-in, and the one compared with.",
            ),
            click.option("--out", metavar="FILE.html", help="Write the page there."),
            session.json_option,
        )
    ):
        with_terms = option(with_terms)
    return with_terms


@click.command(
    short_help="Try a fee policy on a simulated node.",
    epilog="Example: daznode simulate --node ACINQ --policy clboss --days 10 --out run.html",
)
@click.option("--node", metavar="N", help="Key or alias.")
@click.option("--policy", metavar="P", help="Name of a policy; `list` shows them.")
@click.option(
    "--seed",
    type=int,
    default=2,
    show_default=True,
    help="Number of the run's chance; odd ones are kept for evaluations.",
)
@click.option(
    "--network-seed",
    type=int,
    default=_DEFAULTS.network_seed,
    show_default=True,
    help="Number of the network's chance; a comparison's is its --seed.",
)
@click.option("--channel", metavar="SCID", help="Show this channel day by day.")
@click.option(
    "--open",
    "opens",
    metavar="PEER=SAT[@DAY]",
    multiple=True,
    help="Open a channel to a key or alias on a measured day, default the first; repeatable.",
)
@click.option(
    "--close",
    "closes",
    metavar="SCID[@DAY]",
    multiple=True,
    help="Close a channel on a measured day, default the first; repeatable.",
)
@click.option(
    "--wallet",
    metavar="SAT",
    help="On-chain money for opens beside what closes return; default what the opens take.",
)
@_on_terms
def simulate(  # noqa: PLR0913 - one argument per option
    *,
    node: str | None,
    policy: str | None,
    seed: int,
    channel: str | None,
    opens: tuple[str, ...],
    closes: tuple[str, ...],
    wallet: str | None,
    network: str | None,
    terms: GroundTerms,
    out: str | None,
    as_json: bool,
) -> None:
    """Let a policy set the fees of a node in a simulated network, and say what came of it.

    The same network, node, policy and seed give the same run. Nothing on a real node is touched:
    channels are opened and closed in the simulated network alone.
    """
    if policy == POLICY_LIST:
        _show_policies(as_json=as_json)
        return
    scid = None if channel is None else parse_scid(channel)
    whose = _given("--node", node, "a key or an alias")
    which = _given("--policy", policy, "a name; `daznode policies` shows them")
    wished = tuple(map(parse_open, opens))
    ended = tuple(map(parse_close, closes))
    wallet_sat = None if wallet is None else parse_sat("--wallet", wallet)
    if wallet_sat is not None and not wished:
        message = "--wallet: nothing is to be opened; takes --open with it"
        raise InvalidParameter(message)
    _check_destination(out)

    async def trip(services: Services) -> tuple[Simulated, Page]:
        where = None if network is None else services.snapshot_or_file(network)
        made = await services.experiments.simulate(
            SimulationRequest(
                network=where,
                node=whose,
                policy=which,
                seed=seed,
                terms=terms,
                channel=scid,
                opens=wished,
                closes=ended,
                wallet_sat=wallet_sat,
            )
        )
        page = services.experiments.run_page(made, scid)
        _write(services, page, out)
        return made, page

    made, page = session.run(trip)
    if as_json:
        session.print_json(experiment_json.of_run(made, scid))
    else:
        _show(page, out)
    if made.unmade:
        click.echo(
            f"{made.unmade} of {len(made.plan.opens)} opens could not be made: "
            "the wallet did not hold enough, or the peer did not answer.",
            err=True,
        )


@click.command(
    short_help="Compare fee policies in a simulated network.",
    epilog="Example: daznode backtest --policies all --nodes 20 --seeds 2 --out comparison.html",
)
@click.option(
    "--policies",
    "names",
    metavar="A,B,...",
    default="all",
    show_default=True,
    help="Names, or all; `daznode policies` shows them.",
)
@click.option("--nodes", type=int, default=20, show_default=True, help="How many nodes.")
@click.option("--seeds", type=int, default=2, show_default=True, help="Runs of each on each node.")
@click.option(
    "--seed",
    type=int,
    default=1,
    show_default=True,
    help="Draws nodes, runs and the world around them.",
)
@click.option("--jobs", type=int, help="Runs made at once; default one a core.")
@_on_terms
def backtest(  # noqa: PLR0913 - one argument per option
    *,
    names: str,
    nodes: int,
    seeds: int,
    seed: int,
    jobs: int | None,
    network: str | None,
    terms: GroundTerms,
    out: str | None,
    as_json: bool,
) -> None:
    """Let policies set the fees of many nodes under the same payments, and rank them by net revenue.

    Every run is kept as it ends: stopped at any moment, the same command goes on from there.
    """
    wanted = tuple(part.strip() for part in names.split(","))
    _check_destination(out)
    watch = _Watch()

    async def trip(
        services: Services, note: Callable[[str, str], None]
    ) -> tuple[Page, dict[str, Any]]:
        watch.note = note
        where = None if network is None else services.snapshot_or_file(network)
        request = BacktestRequest(
            where, wanted, nodes, seeds, seed, terms, _cores() if jobs is None else jobs
        )
        found = await services.experiments.backtest(request, watch)
        page = services.experiments.comparison_page(found)
        _write(services, page, out)
        return page, experiment_json.of_comparison(found, services.experiments.readings(found))

    try:
        page, shown = session.run_noting(trip)
    except (Interrupted, KeyboardInterrupt):
        if watch.last is not None:
            click.echo(
                f"{watch.last.done_runs:,} of {watch.last.total_runs:,} runs are kept; "
                "the same command goes on from there.",
                err=True,
            )
        raise
    if as_json:
        session.print_json(shown)
    else:
        _show(page, out)


@click.command(short_help="The fee policies there are.", epilog="Example: daznode policies")
@session.json_option
def policies(*, as_json: bool) -> None:
    """The fee policies that can be tried, and where their rules were published."""
    _show_policies(as_json=as_json)


@click.command(short_help="The comparisons kept.", epilog="Example: daznode experiments")
@session.json_option
def experiments(*, as_json: bool) -> None:
    """Comparisons that were begun: what they run, and how far they are."""

    async def trip(services: Services) -> tuple[KeptExperiment, ...]:
        return await services.experiments.kept()

    kept = session.run(trip)
    if as_json:
        session.print_json(kept)
    else:
        print_experiments(kept)


@click.command(
    short_help="What a comparison's statistics are worth.",
    epilog="Example: daznode reliability 3f2a",
)
@click.argument("experiment", metavar="EXPERIMENT")
@session.json_option
def reliability(experiment: str, *, as_json: bool) -> None:
    """Null test and power on the runs of EXPERIMENT, a finished comparison by its id.

    The null test makes worlds out of the runs in which nothing differs, and counts how often the
    referee sees a difference all the same: at 5 %, about five in a hundred. Power says how many
    nodes, seeds and days it takes to see a twentieth of what the base policy earned.
    """

    async def trip(services: Services) -> "tuple[ExperimentPlan, tuple[Judgement, ...]]":
        return await services.experiments.judge(experiment)

    plan, judgements = session.run(trip)
    if as_json:
        session.print_json(experiment_json.of_judgements(plan, judgements))
    else:
        print_judgements(plan, judgements)


class _Watch:
    """Says how far a comparison is: beside its bar, or now and then in a line."""

    def __init__(self) -> None:
        self.note: Callable[[str, str], None] = _unseen
        self.last: Advance | None = None
        self._said_at = time.monotonic()

    def __call__(self, advance: Advance) -> None:
        """Hear of an advance."""
        is_first, self.last = self.last is None, advance
        text = f"{advance.done_runs:,} of {advance.total_runs:,} runs{_left(advance)}"
        self.note("runs", text)
        if sys.stderr.isatty():
            return
        now = time.monotonic()
        if now - self._said_at >= _SECONDS_BETWEEN_LINES or (is_first and advance.resumed_runs):
            self._said_at = now
            click.echo(text, err=True)


def _unseen(stage: str, text: str) -> None:
    del stage, text


def _left(advance: Advance) -> str:
    if advance.seconds_left is None:
        kept = advance.resumed_runs
        return f", {kept:,} of them from earlier" if kept else ""
    if advance.seconds_left < _MINUTE:
        return ", under a minute left"
    return f", about {round(advance.seconds_left / _MINUTE):,} min left"


def _show_policies(*, as_json: bool) -> None:
    async def trip(services: Services) -> tuple[PolicyLine, ...]:
        return services.experiments.policies()

    lines = session.run(trip)
    if as_json:
        session.print_json(lines)
    else:
        print_policies(lines)


def _given(option: str, value: str | None, takes: str) -> str:
    if value is None or not value.strip():
        message = f"{option}: missing; takes {takes}"
        raise InvalidParameter(message)
    return value


def _check_destination(out: str | None) -> None:
    """Whether a page can go there, before any work is done."""
    if out is not None and Path(out).is_dir():
        message = f"--out {out}: a folder; takes a file such as {Path(out) / 'page.html'}"
        raise InvalidParameter(message)
    if out is not None:
        there = next(one for one in Path(out).absolute().parents if one.exists())
        if not (there.is_dir() and os.access(there, os.W_OK)):
            message = f"--out {out}: {there} is no folder that can be written; takes a file in one"
            raise InvalidParameter(message)


def _write(services: Services, page: Page, out: str | None) -> None:
    if out is not None:
        services.write_file(Path(out), services.html(page))


def _show(page: Page, out: str | None) -> None:
    print_page(page, Console())
    if out is not None:
        click.echo(out, err=True)


def _cores() -> int:
    """Cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS
        return os.cpu_count() or 1
