"""Centralities of a generated network beside igraph, networkit, rustworkx and scipy, in one run.

`python -m bench.centrality` prints a table and writes `bench/results/centrality.json`. Every case runs
in a process of its own; only the computation is timed: graph objects are built, and our kernels
loaded from their cache, before. Peers run at their own best number of threads, ours at two.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from bench.networks import heavy_tailed
from bench.peers import PREPARE
from bench.timing import Timing, interleaved, measured, write_results

from daznode.domain.gossip import GraphSnapshot
from daznode.graph.kernels.warmup import compile_kernels
from daznode.graph.measures import MeasureParams, measure_network

AGREEMENT = 1e-9


@dataclass(frozen=True)
class Task:
    """One question asked of every library.

    Attributes:
        name: What is computed.
        ours: Our case.
        peers: Their cases.
        target: How many times faster than the best peer we mean to be.
    """

    name: str
    ours: str
    peers: tuple[str, ...]
    target: float


TASKS = (
    Task(
        "betweenness by hops",
        "hop-betweenness/ours",
        (
            "hop-betweenness/igraph",
            "hop-betweenness/networkit-1",
            "hop-betweenness/networkit-2",
            "hop-betweenness/rustworkx-2",
        ),
        12.0,
    ),
    Task(
        "betweenness by fees, directed",
        "fee-betweenness/ours",
        (
            "fee-betweenness/igraph",
            "fee-betweenness/networkit-1",
            "fee-betweenness/networkit-2",
        ),
        12.0,
    ),
    # Networkit and rustworkx are asked the easier half only: they have no fast harmonic closeness.
    Task(
        "closeness and harmonic by hops",
        "hop-closeness/ours",
        (
            "hop-closeness/igraph",
            "hop-closeness/networkit-1-closeness-only",
            "hop-closeness/networkit-2-closeness-only",
            "hop-closeness/rustworkx-2-closeness-only",
        ),
        30.0,
    ),
    Task(
        "closeness by fees, directed",
        "fee-closeness/ours",
        (
            "fee-closeness/igraph",
            "fee-closeness/networkit-1",
            "fee-closeness/networkit-2",
            "fee-closeness/scipy",
        ),
        5.0,
    ),
)


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark, or one of its cases."""
    parser = argparse.ArgumentParser(prog="bench.centrality", description=__doc__)
    parser.add_argument("--nodes", type=int, default=16_000)
    parser.add_argument("--channels", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="one round only")
    parser.add_argument("--large", action="store_true", help="100,000 nodes, ours only")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args(argv)
    if chosen.case:
        _run_case(chosen.case, heavy_tailed(chosen.nodes, chosen.channels), chosen.out)
    elif chosen.large:
        _run_large()
    else:
        _run_all(chosen.nodes, chosen.channels, 1 if chosen.quick else chosen.rounds)
    return 0


def _run_all(n_nodes: int, n_channels: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sizes = ["--nodes", str(n_nodes), "--channels", str(n_channels), "--out", folder]
        timings: dict[str, Timing] = {}
        for task in TASKS:
            print(task.name, flush=True)
            cases = [task.ours, *task.peers]
            timings |= interleaved("bench.centrality", cases, sizes, rounds)
        timings |= interleaved("bench.centrality", ["all-measures/ours"], sizes, rounds)
        disagreements = {
            peer: _disagreement(Path(folder), task.ours, peer)
            for task in TASKS
            for peer in task.peers
        }
    rows = [_row(task, timings) for task in TASKS]
    _print_table(rows, timings, disagreements)
    path = write_results(
        "centrality",
        {
            "network": {"nodes": n_nodes, "channels": n_channels, "seed": 7},
            "tasks": rows,
            "timings": {case: asdict(timing) for case, timing in timings.items()},
            "largest_relative_disagreement": disagreements,
        },
    )
    print(f"\nwritten to {path}")
    worst = max(disagreements, key=lambda peer: disagreements[peer])
    if disagreements[worst] > AGREEMENT:
        sys.exit(f"{worst} disagrees by {disagreements[worst]:.1e}; expected {AGREEMENT:.0e}")


def _row(task: Task, timings: dict[str, Timing]) -> dict[str, Any]:
    ours = timings[task.ours]
    best = min((timings[peer] for peer in task.peers), key=lambda timing: timing.wall_seconds)
    least = min((timings[peer] for peer in task.peers), key=lambda timing: timing.cpu_seconds)
    return {
        "task": task.name,
        "ours_wall_seconds": ours.wall_seconds,
        "ours_cpu_seconds": ours.cpu_seconds,
        "best_peer": best.case,
        "best_peer_wall_seconds": best.wall_seconds,
        "wall_ratio": best.wall_seconds / ours.wall_seconds,
        "thriftiest_peer": least.case,
        "thriftiest_peer_cpu_seconds": least.cpu_seconds,
        "cpu_ratio": least.cpu_seconds / ours.cpu_seconds,
        "target_wall_ratio": task.target,
    }


def _print_table(
    rows: list[dict[str, Any]], timings: dict[str, Timing], disagreements: dict[str, float]
) -> None:
    print(
        f"\n{'task':32s} {'ours':>8s} {'best peer':>10s} {'ratio':>6s} {'target':>6s} {'cpu':>6s}"
    )
    for row in rows:
        print(
            f"{row['task']:32s} {row['ours_wall_seconds']:7.3f}s {row['best_peer_wall_seconds']:9.3f}s"
            f" {row['wall_ratio']:5.1f}x {row['target_wall_ratio']:5.0f}x {row['cpu_ratio']:5.1f}x"
            f"  {row['best_peer']}"
        )
    everything = timings["all-measures/ours"]
    print(
        f"{'all measures of all nodes':32s} {everything.wall_seconds:7.3f}s"
        f"  cpu {everything.cpu_seconds:.3f} s  peak {everything.peak_mb:.0f} MB"
    )
    print("largest relative disagreement with a peer:", f"{max(disagreements.values()):.1e}")


def _disagreement(folder: Path, ours: str, peer: str) -> float:
    """Largest difference from ours relative to ours, over all nodes and what both have."""
    mine, theirs = (np.load(folder / _file(case)) for case in (ours, peer))
    largest = 0.0
    for name in theirs.files:
        scale = np.maximum(np.abs(mine[name]), 1e-12)
        # Shares of tiny credit: a relative error of nothing is nothing.
        scale = np.maximum(scale, np.abs(mine[name]).max() * 1e-12)
        largest = max(largest, float((np.abs(mine[name] - theirs[name]) / scale).max()))
    return largest


def _file(case: str) -> str:
    return case.replace("/", "-") + ".npz"


def _run_case(case: str, snapshot: GraphSnapshot, out: Path | None) -> None:
    task, library = case.split("/")
    compute = PREPARE[task](snapshot, library)
    result, told = measured(compute)
    if out is not None:
        np.savez(out / _file(case), **result)
    print(json.dumps(told))


def _run_large() -> None:
    def show(stage: str, done: int, total: int) -> None:
        print(f"\r{stage:16s} {done:6d} of {total:6d}", end="\n" if done == total else "")

    compile_kernels()
    snapshot = heavy_tailed(100_000, 400_000)
    _, told = measured(lambda: measure_network(snapshot, MeasureParams(), threads=2, progress=show))
    print(
        f"100,000 nodes, 400,000 channels: wall {told['wall_seconds']:.1f} s,"
        f" cpu {told['cpu_seconds']:.1f} s, peak {told['peak_mb']:.0f} MB"
    )
    path = write_results("centrality-large", {"nodes": 100_000, "channels": 400_000, **told})
    print(f"written to {path}")


if __name__ == "__main__":
    sys.exit(main())
