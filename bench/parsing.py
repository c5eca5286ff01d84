"""Parsing describegraph beside typed msgspec and orjson, and the whole import, in one run.

`python -m bench.parsing` writes a generated dump of 16,000 nodes and 50,000 channels (some 116 MB) to
a temporary folder, prints a table and writes `bench/results/parsing.json`. A case is timed from the
file's path to numpy columns, in a process of its own that has imported its library and, for ours,
loaded the kernels from their cache. Peers do less: they read edges and node keys only, check nothing
beyond JSON and types, and run with the garbage collector off, typed and with their loops in C.
"""

import argparse
import gc
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Any

import numpy as np
from bench.dump_file import write_dump
from bench.timing import Timing, interleaved, measured, peak_mb, write_results
from numpy.typing import NDArray

from daznode.adapters.sources.exact_reader import read_exactly
from daznode.adapters.sources.fast_reader import read_fast
from daznode.adapters.sources.graph_file import GraphFile
from daznode.adapters.sources.rows import Field, GraphRows
from daznode.adapters.sources.scanner import compile_scanner
from daznode.adapters.sources.streams import DEFAULT_MAX_BYTES, Document, read_documents
from daznode.domain.progress import silent

CASES = ("ours", "msgspec-typed", "orjson")
OTHERS = ("ours-exact-reader", "ours-whole-import", "read-only")
TARGETS = {"msgspec-typed": 1.0, "orjson": 2.5}

INTEGERS = (
    "fee_base_msat",
    "fee_rate_milli_msat",
    "inbound_fee_base_msat",
    "inbound_fee_rate_milli_msat",
    "time_lock_delta",
    "min_htlc",
    "max_htlc_msat",
    "last_update",
)

Work = Callable[[], dict[str, int]]


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark, or one of its cases."""
    parser = argparse.ArgumentParser(prog="bench.parsing", description=__doc__)
    parser.add_argument("--nodes", type=int, default=16_000)
    parser.add_argument("--channels", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="one round only")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args(argv)
    if chosen.case:
        _run_case(chosen.case, chosen.file)
    else:
        _run_all(chosen.nodes, chosen.channels, 1 if chosen.quick else chosen.rounds)
    return 0


def _run_all(n_nodes: int, n_channels: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "describegraph.json"
        write_dump(path, n_nodes, n_channels)
        size_mb = path.stat().st_size / 1e6
        started = time.perf_counter()
        compile_scanner()
        compile_seconds = time.perf_counter() - started
        print(
            f"{size_mb:.0f} MB; kernels compiled or loaded in {compile_seconds:.1f} s", flush=True
        )
        arguments = ["--file", str(path)]
        timings = interleaved("bench.parsing", [*CASES, *OTHERS], arguments, rounds)
        sums = {case: json.loads(_sums(path, case).read_text()) for case in CASES}
    for case in CASES:
        if sums[case] != sums["ours"]:
            message = f"{case} reads something else: {sums[case]} is not {sums['ours']}"
            raise RuntimeError(message)
    ratios = {case: timings[case].wall_seconds / timings["ours"].wall_seconds for case in TARGETS}
    _print_table(timings, ratios)
    content = {
        "nodes": n_nodes,
        "channels": n_channels,
        "file_mb": size_mb,
        "compile_or_load_seconds": compile_seconds,
        "times_faster_than": ratios,
        "targets": TARGETS,
        "cases": {case: asdict(timing) for case, timing in timings.items()},
    }
    print(f"written to {write_results('parsing', content)}")


def _print_table(timings: dict[str, Timing], ratios: dict[str, float]) -> None:
    for case, timing in timings.items():
        ratio = f"  ours is {ratios[case]:4.1f} times faster" if case in ratios else ""
        print(
            f"{case:20s} wall {timing.wall_seconds:6.3f} s  cpu {timing.cpu_seconds:6.3f} s"
            f"  peak {timing.peak_mb:5.0f} MB{ratio}"
        )


def _run_case(case: str, path: Path) -> None:
    work = PREPARE[case](path)
    before_mb = peak_mb()
    sums, told = measured(work)
    _sums(path, case).write_text(json.dumps(sums))
    print(json.dumps({**told, "before_mb": before_mb}))


def _sums(path: Path, case: str) -> Path:
    return path.with_name(f"{case}.sums")


# --- ours -------------------------------------------------------------------------------------


def _document(path: Path) -> Document:
    [document] = read_documents(str(path), max_bytes=DEFAULT_MAX_BYTES, stdin=None, progress=silent)
    return document


def _ours(path: Path) -> Work:
    compile_scanner()

    def work() -> dict[str, int]:
        dump = read_fast(_document(path), silent)
        if dump is None:
            message = "the scanner gave up on the generated dump"
            raise RuntimeError(message)
        return _row_sums(dump.rows)

    return work


def _ours_exactly(path: Path) -> Work:
    return lambda: _row_sums(read_exactly([_document(path)], silent).rows)


def _ours_whole(path: Path) -> Work:
    compile_scanner()

    def work() -> dict[str, int]:
        snapshot = GraphFile(str(path)).read(imported_at=datetime.now(UTC))
        return {"channels": snapshot.n_channels}

    return work


def _read_only(path: Path) -> Work:
    return lambda: {"bytes": len(path.read_bytes())}


def _row_sums(rows: GraphRows) -> dict[str, int]:
    return _checksums(
        rows.scid,
        rows.capacity_sat,
        rows.channel_keys.T,
        {
            name: rows.policy_values[:, :, field]
            for name, field in zip(INTEGERS, Field, strict=True)
        },
        rows.is_disabled,
    )


def _checksums(
    scid: NDArray[Any],
    capacity_sat: NDArray[Any],
    ends: Iterable[NDArray[Any]],
    integers: dict[str, NDArray[Any]],
    is_disabled: NDArray[Any],
) -> dict[str, int]:
    """What shows that all cases read the same; node positions follow the nodes of the file."""
    return {
        "scid": int(np.bitwise_xor.reduce(scid.astype(np.uint64))),
        "capacity": int(capacity_sat.sum()),
        "ends": sum(int((end * (1 + side)).sum()) for side, end in enumerate(ends)),
        **{name: int(values.sum()) for name, values in integers.items()},
        "disabled": int(is_disabled.sum()),
    }


# --- peers ------------------------------------------------------------------------------------


def _msgspec(path: Path) -> Work:
    import msgspec

    class Policy(msgspec.Struct, gc=False):
        time_lock_delta: int = 0
        min_htlc: int = 0
        fee_base_msat: int = 0
        fee_rate_milli_msat: int = 0
        disabled: bool = False
        max_htlc_msat: int = 0
        last_update: int = 0
        inbound_fee_base_msat: int = 0
        inbound_fee_rate_milli_msat: int = 0

    class Node(msgspec.Struct, gc=False):
        pub_key: str

    class Edge(msgspec.Struct, gc=False):
        channel_id: int
        node1_pub: str
        node2_pub: str
        capacity: int
        node1_policy: Policy | None = None
        node2_policy: Policy | None = None

    class Graph(msgspec.Struct, gc=False):
        nodes: list[Node]
        edges: list[Edge]

    decoder = msgspec.json.Decoder(Graph, strict=False)
    nothing = Policy()

    def work() -> dict[str, int]:
        gc.disable()
        graph = decoder.decode(path.read_bytes())
        keys = map(attrgetter("pub_key"), graph.nodes)
        return _peer_sums(graph.edges, keys, attrgetter, nothing)

    return work


def _orjson(path: Path) -> Work:
    import orjson

    nothing = dict.fromkeys(INTEGERS, 0) | {"disabled": False}

    def work() -> dict[str, int]:
        gc.disable()
        graph = orjson.loads(path.read_bytes())
        keys = map(itemgetter("pub_key"), graph["nodes"])
        return _peer_sums(graph["edges"], keys, itemgetter, nothing)

    return work


def _peer_sums(
    edges: list[Any], keys: Iterable[str], getter: Callable[[str], Any], nothing: object
) -> dict[str, int]:
    """Columns from decoded edges by `np.fromiter` over C iterators, and their checksums."""
    n_edges = len(edges)

    def column(records: list[Any], name: str, dtype: type) -> NDArray[Any]:
        return np.fromiter(map(int, map(getter(name), records)), dtype, len(records))

    position = {key: number for number, key in enumerate(keys)}
    ends = [
        np.fromiter(map(position.__getitem__, map(getter(name), edges)), np.int64, n_edges)
        for name in ("node1_pub", "node2_pub")
    ]
    policies = [
        [policy or nothing for policy in map(getter(name), edges)]
        for name in ("node1_policy", "node2_policy")
    ]
    return _checksums(
        column(edges, "channel_id", np.uint64),
        column(edges, "capacity", np.int64),
        ends,
        {name: np.stack([column(side, name, np.int64) for side in policies]) for name in INTEGERS},
        np.stack([column(side, "disabled", np.bool_) for side in policies]),
    )


PREPARE: dict[str, Callable[[Path], Work]] = {
    "ours": _ours,
    "ours-exact-reader": _ours_exactly,
    "ours-whole-import": _ours_whole,
    "msgspec-typed": _msgspec,
    "orjson": _orjson,
    "read-only": _read_only,
}


if __name__ == "__main__":
    sys.exit(main())
