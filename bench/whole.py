"""File to all measures and scores of all nodes, one process from its start, with warm kernels.

The file is a generated describegraph dump in LND's own pretty-printed shape. With --large, a network
of 100,000 nodes and 400,000 channels, measured once.
"""

import argparse
import json
import sys
import tempfile
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

START = time.perf_counter()
MODULE = "bench.whole"
TARGET_SECONDS, TARGET_MB = 5.0, 600.0


def run_case(path: str) -> None:
    """Read, measure and score; print what it took from the first line of this process on."""
    from bench.timing import peak_mb

    from daznode.adapters.sources.graph_file import GraphFile
    from daznode.domain.measures import ScoreWeights
    from daznode.graph.measures import MeasureParams, measure_network
    from daznode.graph.view import NetworkIndex

    imported = time.perf_counter()
    snapshot = GraphFile(path).read(imported_at=datetime.now(UTC))
    read = time.perf_counter()
    measures = measure_network(snapshot, MeasureParams(), threads=2)
    measured = time.perf_counter()
    scores = NetworkIndex(snapshot, measures, None, ScoreWeights()).scores
    done = time.perf_counter()
    print(
        json.dumps(
            {
                "wall_seconds": done - START,
                "cpu_seconds": time.process_time(),
                "peak_mb": peak_mb(),
                "import_seconds": imported - START,
                "read_seconds": read - imported,
                "measure_seconds": measured - read,
                "score_seconds": done - measured,
                "n_scored": int((scores.rank > 0).sum()),
            }
        )
    )


def main(arguments: list[str] | None = None) -> None:
    """Time the trip over several rounds and write `bench/results/whole.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case")
    parser.add_argument("--quick", action="store_true", help="one round")
    parser.add_argument("--large", action="store_true", help="100,000 nodes, 400,000 channels")
    parser.add_argument("path", nargs="?")
    options = parser.parse_args(arguments)
    if options.case:
        run_case(options.path)
        return

    from bench.dump_file import write_dump
    from bench.timing import interleaved, write_results

    size = (100_000, 400_000) if options.large else (16_000, 50_000)
    rounds = 1 if options.quick or options.large else 3
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.json"
        write_dump(path, *size)
        print(f"{size[0]:,} nodes, {size[1]:,} channels, {path.stat().st_size / 1e6:.0f} MB")
        interleaved(MODULE, ["warm up"], [str(path)], 1)
        timing = interleaved(MODULE, ["file to scores"], [str(path)], rounds)["file to scores"]
    print(
        f"file to scores of all nodes: {timing.wall_seconds:.2f} s (target {TARGET_SECONDS} s), "
        f"{timing.peak_mb:.0f} MB (target {TARGET_MB:.0f} MB)"
    )
    name = "whole-large" if options.large else "whole"
    write_results(
        name,
        {
            "nodes": size[0],
            "channels": size[1],
            "target_seconds": TARGET_SECONDS,
            "target_mb": TARGET_MB,
            **asdict(timing),
        },
    )


if __name__ == "__main__":
    main(sys.argv[1:])
