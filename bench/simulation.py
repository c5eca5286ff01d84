"""Payments a second and core: the full loop, the loop that records, and the replayed twin.

Networks: the real one of March 2019 if its file is there (`--graph FILE`, fees and sizes of today), and
a generated one of 16,000 nodes with 50,000 channels. Demand is the hard regime of the research prototype: payments of
100,000 sat in the median, ends in proportion to the root of capacity, fee limits from 0.1 % to 5 %.
Beside it what others reach: the research prototype (if its file is there) and networkx are measured
here on the same network, balances and payments (networkx: one search by fees on a perfect view of
all balances, as LNTrafficSimulator does); the others as reported, see REPORTED.
"""

import argparse
import importlib
import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
from bench.timing import interleaved, measured, write_results

from daznode.adapters.lightning.simulated import generate_snapshot
from daznode.adapters.sources.graph_file import GraphFile
from daznode.simulate.payments.bounds import route_bounds
from daznode.simulate.payments.demand import DAY_MS, DemandParams, Roles, draw_roles
from daznode.simulate.payments.ground import Ground
from daznode.simulate.payments.kernels.deliver import SETTLED
from daznode.simulate.payments.loop import PaymentLoop
from daznode.simulate.payments.network import PaymentNetwork, modernised, payment_network
from daznode.simulate.twin.course import TwinCourse, end_recording, start_recording

REAL = Path(__file__).parents[2] / "shared/data/describegraph-2019-03-09.json.zip"
PROTOTYPE = Path(__file__).parents[2] / "shared/prototypes/simulator/lnproto.py"
REPORTED = {
    "CLoTH e0e4043, compiled with -O2, default experiment": 33,
    "LNTrafficSimulator ef9d761, single path": 81,
}
"""Payments a second, measured on machines like this one when the simulator was designed."""

PER_DAY = 10_000
HARD = DemandParams(
    payments_per_day=float(PER_DAY),
    retail_median_sat=100_000,
    retail_spread=1.2,
    transfer_median_sat=100_000,
    transfer_spread=1.2,
)
WHOLE = replace(HARD, most_parts=1)
CASES = {
    "mixed senders": HARD,
    "mixed senders, whole payments": WHOLE,
    "cold LND, whole payments": replace(WHOLE, warm_ratio=0.0, uniform_ratio=0.0),
    "warm LND, whole payments": replace(WHOLE, warm_ratio=1.0, uniform_ratio=0.0),
    "uniform prior, whole payments": replace(WHOLE, warm_ratio=0.0, uniform_ratio=1.0),
    "recording for the twin": HARD,
    "replay of the twin": HARD,
    "networkx, by fees on known balances": HARD,
    "research prototype, whole payments": WHOLE,
}
PEERS = ("networkx", "research prototype")
NETWORKX_PAYMENTS = 100
LARGE_CASES = (
    "mixed senders",
    "mixed senders, whole payments",
    "recording for the twin",
    "replay of the twin",
    "research prototype, whole payments",
)
DAYS = {False: 3, True: 1}
"""Of the small network, and of the large one."""


def lay_out(network: str, demand: DemandParams) -> tuple[Ground, int]:
    if network == "synthetic":
        moment = datetime(2026, 1, 1, tzinfo=UTC)
        snapshot = generate_snapshot(
            nodes=16_000, channels=50_000, seed=1, observed_at=moment, imported_at=moment
        )
    else:
        now = datetime.now(UTC)
        snapshot = GraphFile(network, max_bytes=2**31).read(imported_at=now)
    laid = payment_network(snapshot)
    rng = np.random.default_rng(7)
    roles = draw_roles(laid, demand, rng)
    everybody = np.ones_like(roles.kind)
    roles = Roles(everybody, roles.pays, roles.is_paid)
    if network != "synthetic":
        laid = modernised(laid, draw_roles(laid, demand, rng).tilt, rng)
    ground = Ground(laid, roles, demand, np.zeros(laid.n_nodes, np.bool_))
    channels = np.bincount(laid.source, minlength=laid.n_nodes)
    return ground, int(np.argsort(-channels, kind="stable")[15])


def by_networkx(network: PaymentNetwork, loop: PaymentLoop) -> int:
    """Cheapest routes on known balances, one after another; what is settled is not moved."""
    graph = nx.DiGraph()
    for edge in range(network.n_edges):
        pair = (int(network.source[edge]), int(network.target[edge]))
        fee = int(network.base_fee_msat[edge]) + int(network.fee_ppm[edge]) // 10
        graph.add_edge(*pair, weight=fee, most=int(loop.book.balance[edge]))
    done = 0
    for payment in range(NETWORKX_PAYMENTS):
        amount = int(loop.payments.amount_msat[payment])
        view = nx.subgraph_view(
            graph, filter_edge=lambda a, b, least=amount: graph[a][b]["most"] >= least
        )
        ends = int(loop.payments.source[payment]), int(loop.payments.target[payment])
        try:
            nx.dijkstra_path(view, *ends)
            done += 1
        except nx.NetworkXNoPath:
            continue
    return done


def by_prototype(loop: PaymentLoop, begins_ms: int) -> dict[str, Any]:
    """The prototype on the loop's network, balances and payments; it knows neither parts nor outages."""
    sys.path.append(str(PROTOTYPE.parent))
    prototype: Any = importlib.import_module(PROTOTYPE.stem)  # numba's cache knows it by its name
    network, payments = loop.ground.network, loop.payments
    made = prototype.Sim(
        {
            "n": network.n_nodes,
            "E": network.n_edges,
            "src": network.source.astype(np.int32),
            "dst": network.target.astype(np.int32),
            "rev": network.reverse.copy(),
            "inptr": network.start.astype(np.int32),
            "cap": network.capacity_msat.copy(),
            "base": network.base_fee_msat,
            "ppm": network.fee_ppm,
            "cltv": network.cltv_delta,
            "minh": network.htlc_minimum_msat,
            "dis": network.is_disabled,
        },
        1,
        X=loop.player,
    )
    made.bal = loop.book.balance.copy()
    made.ED[:, 1] = np.minimum(network.capacity_msat, network.htlc_maximum_msat)
    made.hd = np.zeros(4 * network.n_edges + network.n_nodes)
    made.hn = np.zeros(len(made.hd), np.int32)
    made.ps, made.pd = payments.source.astype(np.int32), payments.target.astype(np.int32)
    made.pa, made.pt = payments.amount_msat.astype(np.float64), payments.at_ms / 1_000
    made.pk, made.pl = payments.kind.astype(np.int32), payments.limit_msat / payments.amount_msat
    made.out = np.zeros(len(payments), np.int8)
    first = int(np.searchsorted(payments.at_ms, begins_ms))
    made.step(0, first)
    _, told = measured(lambda: made.step(first, len(payments)))
    settled = float((made.out[first:] == 1).mean())
    return told | {"payments": len(payments) - first, "settled": settled}


def run(case: str, network: str) -> None:
    ground, player = lay_out(network, CASES[case])
    if case.startswith("networkx"):
        loop = PaymentLoop(
            ground,
            route_bounds(ground.network, ground.floor_ppm(player)),
            player=player,
            seed=1,
            days=1,
        )
        _, told = measured(lambda: by_networkx(ground.network, loop))
        print(json.dumps(told | {"payments": NETWORKX_PAYMENTS}))
        return
    bounds, laid = measured(lambda: route_bounds(ground.network, ground.floor_ppm(player)))
    days = DAYS[network == "synthetic"]
    loop = PaymentLoop(ground, bounds, player=player, seed=1, days=days)
    if case.startswith("research prototype"):
        print(json.dumps(by_prototype(loop, DAY_MS // 24)))
        return
    loop.run_until(DAY_MS // 24)
    recorded = case.startswith(("recording", "replay"))
    begun = start_recording(loop)
    if recorded:
        loop.record()
    first = int(np.searchsorted(loop.payments.at_ms, loop.now_ms))
    _, told = measured(lambda: loop.run_until(days * DAY_MS))
    payments = len(loop.payments) - first
    if case.startswith("replay"):
        course = TwinCourse(end_recording(loop, begun))
        course.run_until(days * DAY_MS)
        rounds = 200

        def replayed() -> None:
            for _ in range(rounds):
                course.rewind()
                course.run_until(days * DAY_MS)

        _, told = measured(replayed)
        payments *= rounds
    settled = float((loop.results[first:, 0] == SETTLED).mean())
    print(
        json.dumps(
            told
            | {"payments": payments, "settled": settled, "bounds_seconds": laid["wall_seconds"]}
        )
    )


def compare(network: str, rounds: int) -> dict[str, object]:
    payments: dict[str, int] = {}
    is_large = network == "synthetic"
    cases = LARGE_CASES if is_large else tuple(CASES)
    if not PROTOTYPE.exists():
        cases = tuple(case for case in cases if not case.startswith("research prototype"))
    timings = interleaved("bench.simulation", cases, ("--network", network), rounds)
    for case in cases:
        days = DAYS[is_large] - 1 / 24
        count = NETWORKX_PAYMENTS if case.startswith("networkx") else round(PER_DAY * days)
        payments[case] = count * (200 if case.startswith("replay") else 1)
    speeds = {case: payments[case] / timings[case].wall_seconds for case in cases}
    for case, speed in speeds.items():
        print(f"  {case:40s} {speed:14,.0f} payments/s  peak {timings[case].peak_mb:5.0f} MB")
    mixed, whole = "mixed senders", "mixed senders, whole payments"
    for peer in (case for case in cases if case.startswith(PEERS)):
        ratios = ", ".join(
            f"{case} {speeds[case] / speeds[peer]:,.1f} x" for case in (mixed, whole)
        )
        print(f"  beside {peer}: {ratios}")
    for peer, speed in REPORTED.items():
        print(f"  as reported: {peer}: {speed:,} payments/s; ours {speeds[mixed] / speed:,.0f} x")
    return {
        "payments_per_second": speeds,
        "peak_mb": {case: timings[case].peak_mb for case in cases},
        "rounds": rounds,
    }


def main(options: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench simulation")
    parser.add_argument("--graph", default=str(REAL))
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args(options)
    found: dict[str, object] = {"reported": REPORTED}
    if Path(chosen.graph).exists():
        print(" the network of March 2019, prices of today")
        found["2019"] = compare(chosen.graph, chosen.rounds)
    else:
        print(f" {chosen.graph}: not there, passed over")
    print(" 16,000 nodes, 50,000 channels")
    found["synthetic"] = compare("synthetic", chosen.rounds)
    print(f" {write_results('simulation', found)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--case", choices=CASES, required=True)
    parser.add_argument("--network", required=True)
    chosen = parser.parse_args()
    run(chosen.case, chosen.network)
