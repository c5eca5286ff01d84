"""What payments come to in the simulated network, beside figures of the real one; see docs/calibration.md.

`python -m bench.realism [--graph FILE] [--days N] [--seeds N]`: the network of March 2019 with the fees
and sizes of today, and a generated network of today.
"""

import argparse
import itertools
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from bench.simulation import REAL
from bench.timing import write_results

from daznode.adapters.lightning.simulated import generate_snapshot
from daznode.adapters.sources.graph_file import GraphFile
from daznode.domain.gossip import GraphSnapshot
from daznode.simulate.arena import Arena, ArenaParams
from daznode.simulate.payments.bounds import route_bounds
from daznode.simulate.payments.demand import DAY_MS
from daznode.simulate.payments.kernels.deliver import NOT_TRIED, SETTLED
from daznode.simulate.payments.loop import PaymentLoop

SIZES_SAT = (1, 1_000, 10_000, 100_000, 1_000_000, 5_000_001)
BURN_IN_DAYS = 2
NOBODY = -1


def figures(snapshot: GraphSnapshot, *, modern: bool, days: int, seed: int) -> dict[str, object]:
    arena = Arena.prepare(snapshot, ArenaParams(is_modernised=modern))
    ground = arena.ground
    network = ground.network
    bounds = route_bounds(network, ground.floor_ppm(NOBODY))
    loop = PaymentLoop(ground, bounds, player=NOBODY, seed=seed, days=days + BURN_IN_DAYS)
    loop.run_until(BURN_IN_DAYS * DAY_MS)
    first = int(np.searchsorted(loop.payments.at_ms, loop.now_ms))
    earned, traffic = loop.scratch.earned.copy(), loop.scratch.traffic.copy()
    loop.run_until((days + BURN_IN_DAYS) * DAY_MS)
    results, amount = loop.results[first:], loop.payments.amount_msat[first:]
    tried = results[:, 0] != NOT_TRIED
    results, amount_sat = results[tried], amount[tried] / 1_000
    settled = results[:, 0] == SETTLED
    by_size = {
        f"{low}-{high - 1}": {
            "payments": int(inside.sum()),
            "success": float(settled[inside].mean()),
            "attempts": float(results[inside, 1].mean()),
        }
        for low, high in itertools.pairwise(SIZES_SAT)
        if (inside := (amount_sat >= low) & (amount_sat < high)).any()
    }
    fee_ppm = results[settled, 2] / (amount_sat[settled] * 1_000) * 1e6
    hops = np.bincount(results[settled, 3], minlength=6)
    share = loop.book.balance / network.capacity_msat
    capacity_btc = network.node_capacity_msat() / 1e11
    routed = loop.scratch.traffic - traffic >= 3 * days
    yearly_sat = (loop.scratch.earned - earned) / 1_000 * 365 / days
    per_btc = yearly_sat[routed] / capacity_btc[routed]
    volume_btc = float(amount_sat[settled].sum() / 1e8)
    return {
        "nodes": network.n_nodes,
        "channels": network.n_edges // 2,
        "capacity_btc": float(network.capacity_msat.sum() / 2e11),
        "payments": len(results),
        "mean_amount_sat": float(amount_sat.mean()),
        "median_amount_sat": float(np.median(amount_sat)),
        "turnover_a_day": volume_btc / days / float(network.capacity_msat.sum() / 2e11),
        "success": float(settled.mean()),
        "success_weighted_by_amount": float(amount_sat[settled].sum() / amount_sat.sum()),
        "by_size_sat": by_size,
        "attempts": float(results[:, 1].mean()),
        "fee_ppm_percentiles_25_50_75_95": np.percentile(fee_ppm, [25, 50, 75, 95]).tolist(),
        "fee_ppm_of_all_volume": float(results[settled, 2].sum() / (amount_sat[settled].sum() * 1e3) * 1e6),
        "hops_mean": float(results[settled, 3].mean()),
        "hops_share_1_to_5": (hops[1:6] / hops.sum()).tolist(),
        "announced_ppm_percentiles_5_50_95": np.percentile(network.fee_ppm, [5, 50, 95]).tolist(),
        "announced_ppm_mean": float(network.fee_ppm.mean()),
        "ends_below_5_percent": float((share < 0.05).mean()),
        "ends_between_20_and_80_percent": float(((share > 0.2) & (share < 0.8)).mean()),
        "routing_nodes": int(routed.sum()),
        "sat_per_btc_year_percentiles_10_50_90": np.percentile(per_btc, [10, 50, 90]).tolist(),
    }  # fmt: skip


def main(options: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.realism")
    parser.add_argument("--graph", default=str(REAL))
    parser.add_argument("--days", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=2)
    chosen = parser.parse_args(options)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    worlds: dict[str, tuple[GraphSnapshot, bool]] = {
        "generated": (
            generate_snapshot(nodes=4_000, channels=None, seed=1, observed_at=now, imported_at=now),
            False,
        )
    }
    if Path(chosen.graph).exists():
        real = GraphFile(chosen.graph, max_bytes=2**31).read(imported_at=datetime.now(UTC))
        worlds["2019 modernised"] = (real, True)
    found: dict[str, object] = {}
    for name, (snapshot, modern) in worlds.items():
        runs = [
            figures(snapshot, modern=modern, days=chosen.days, seed=seed)
            for seed in range(1, chosen.seeds + 1)
        ]
        found[name] = runs
        print(f"== {name}")
        print(json.dumps(runs[0], indent=1))
        print(" success by seed:", [run["success"] for run in runs])
    print(f" {write_results('realism', found)}")


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
