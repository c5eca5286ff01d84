"""Compare generated networks with real ones and write the tables of docs/generated-network.md.

Usage: python bench/calibration.py [--check]. The real files are looked for in the folder that
DAZNODE_TEST_DATA names, `../shared/data` by default.
"""

import gzip
import json
import os
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import networkx as nx
import numpy as np

from daznode.domain.gossip import GraphSnapshot
from daznode.simulate.generated.market import DO_NOT_ROUTE_PPM
from daznode.simulate.generated.topology import NetworkParams, generate_network

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "generated-network.md"
DATA = Path(os.environ.get("DAZNODE_TEST_DATA", ROOT.parent / "shared" / "data"))
MARKS = ("<!-- tables begin -->", "<!-- tables end -->")
SEEDS = (1, 2, 3, 4, 5)
AT = datetime(2025, 4, 30, tzinfo=UTC)
CORE_SAT = 5_000_000
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999)


class Network:
    """A network as plain columns, wherever it comes from."""

    def __init__(self, ends: np.ndarray, capacity_sat: np.ndarray) -> None:
        self.ends = ends
        self.capacity_sat = capacity_sat
        self.degree = np.bincount(ends.ravel())
        self.degree = self.degree[self.degree > 0]
        self.fee_ppm = self.base_msat = np.empty(0)
        self.shares: dict[str, float] = {}

    def core(self) -> "Network":
        """Its channels of at least 5 million sat."""
        large = self.capacity_sat > CORE_SAT
        return Network(self.ends[:, large], self.capacity_sat[large])

    def graph(self) -> nx.Graph:
        """Its nodes and pairs."""
        graph = nx.Graph()
        graph.add_edges_from(self.ends.T.tolist())
        return graph


def generated(nodes: int, channels: int, leaf_ratio: float, seed: int) -> Network:
    params = NetworkParams(nodes, channels, leaf_ratio)
    rng = np.random.default_rng(seed)
    return of_snapshot(generate_network(params, rng, observed_at=AT, imported_at=AT))


def of_snapshot(snapshot: GraphSnapshot) -> Network:
    channels, policies = snapshot.channels, snapshot.channels.policies
    ends = np.stack([channels.node1, channels.node2]).astype(np.int64)
    network = Network(ends, channels.capacity_sat)
    here = policies.is_present
    network.fee_ppm, network.base_msat = policies.fee_ppm[here], policies.base_fee_msat[here]
    inbound = policies.inbound_fee_ppm[here]
    stated = here & (policies.htlc_maximum_msat >= 0)
    part = policies.htlc_maximum_msat / (channels.capacity_sat * 1_000)
    network.shares = {
        "disabled": policies.is_disabled[here].mean(),
        "missing": 1.0 - here.mean(),
        "inbound fee": (inbound != 0).mean(),
        "inbound discount, median": float(np.median(inbound[inbound < 0])),
        "largest HTLC below half": (part[stated] < 0.5).mean(),
    }
    return network


def real_2019() -> Network:
    with zipfile.ZipFile(DATA / "describegraph-2019-03-09.json.zip") as archive:
        dump = json.loads(archive.read(archive.namelist()[0]))
    edges = dump["edges"]
    place = {node["pub_key"]: row for row, node in enumerate(dump["nodes"])}
    ends = np.array([[place[edge[side]] for edge in edges] for side in ("node1_pub", "node2_pub")])
    network = Network(ends, np.array([int(edge["capacity"]) for edge in edges]))
    sides = [edge[side] for edge in edges for side in ("node1_policy", "node2_policy")]
    known = [side for side in sides if side]
    network.fee_ppm = np.array([int(side["fee_rate_milli_msat"]) for side in known])
    network.base_msat = np.array([int(side["fee_base_msat"]) for side in known])
    network.shares = {
        "disabled": float(np.mean([side["disabled"] for side in known])),
        "missing": 1.0 - len(known) / len(sides),
    }
    return network


class Core2025:
    """The channels above 5 million sat of 2025-04-30, and the totals of their nodes."""

    def __init__(self) -> None:
        with gzip.open(DATA / "highway-2025-04-30.json.gz") as file:
            data = json.load(file)
        place = {node["id"]: row for row, node in enumerate(data["nodes"])}
        edges = data["edges"]
        ends = np.array([[place[edge[side]] for edge in edges] for side in ("source", "target")])
        self.network = Network(ends, np.array([edge["capacity"] for edge in edges]))
        self.totals = np.array([int(node["Total_Channels"] or 0) for node in data["nodes"]])


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def figure(value: float) -> str:
    if value != value:  # noqa: PLR0124 - not a number
        return "n/a"
    if abs(value) >= 1_000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.3g}"


def middle(networks: list[Network], measure: Callable[[Network], float]) -> str:
    """A figure's median over the seeds, with its range where they differ."""
    values = sorted(measure(network) for network in networks)
    low, high = figure(values[0]), figure(values[-1])
    shown = figure(float(np.median(values)))
    return shown if low == high else f"{shown} ({low} to {high})"


def quantile_rows(
    columns: list[list[Network]], values: Callable[[Network], np.ndarray]
) -> list[list[str]]:
    rows = []
    for share in QUANTILES:
        name = f"{100 * share:g} %"
        cells = [
            middle(column, lambda one, at=share: float(np.quantile(values(one), at)))
            for column in columns
        ]
        rows.append([name, *cells])
    return rows


def rows_of(
    columns: list[list[Network]], measures: dict[str, Callable[[Network], float]]
) -> list[list[str]]:
    return [
        [name, *[middle(column, measure) for column in columns]]
        for name, measure in measures.items()
    ]


def parallel_share(network: Network) -> float:
    low, high = network.ends.min(axis=0), network.ends.max(axis=0)
    pairs = np.unique(low * (network.ends.max() + 1) + high)
    return 1.0 - len(pairs) / network.ends.shape[1]


def largest_component(network: Network) -> float:
    graph = network.graph()
    return max(len(part) for part in nx.connected_components(graph)) / len(graph)


def deepest_core(network: Network) -> float:
    return max(nx.core_number(network.graph()).values())


def usual_ppm(network: Network) -> np.ndarray:
    return network.fee_ppm[network.fee_ppm < 1_000_000]


def degree_tables(old: Network, core: Core2025, like: list[Network], now: list[Network]) -> str:
    head = ["channels per node", "2019", "generated, 2019's size", "generated, 16,000 / 50,000"]
    columns = [[old], like, now]
    rows = quantile_rows(columns, lambda one: one.degree)
    rows += rows_of(
        columns,
        {
            "largest": lambda one: one.degree.max(),
            "with a single channel": lambda one: (one.degree == 1).mean(),
        },
    )
    tail = [
        [
            f"with {least:,} or more",
            figure((core.totals >= least).sum()),
            middle(now, lambda one, at=least: (one.degree >= at).sum()),
        ]
        for least in (20, 51, 100, 200, 500, 1_000)
    ]
    tail.append(["largest", figure(core.totals.max()), middle(now, lambda one: one.degree.max())])
    tail_head = ["nodes", "2025-04-30", "generated, 16,000 / 50,000"]
    return f"### Degrees\n\n{table(head, rows)}\n\n{table(tail_head, tail)}"


def capacity_tables(old: Network, core: Core2025, now: list[Network]) -> str:
    head = ["capacity, sat", "2019", "generated, 16,000 / 50,000"]
    columns = [[old], now]
    rows = quantile_rows(columns, lambda one: one.capacity_sat)
    rows += rows_of(
        columns,
        {
            "mean": lambda one: one.capacity_sat.mean(),
            "network, BTC": lambda one: one.capacity_sat.sum() / 1e8,
            "share above 5 million": lambda one: (one.capacity_sat > CORE_SAT).mean(),
            "share above 100 million": lambda one: (one.capacity_sat > 1e8).mean(),
        },
    )
    inside = [[core.network], [one.core() for one in now]]

    def up_to_one_btc(one: Network) -> np.ndarray:
        return one.capacity_sat[one.capacity_sat <= 1e8]

    core_head = ["channels of 5 to 100 million sat", "2025-04-30", "generated"]
    core_rows = quantile_rows(inside, up_to_one_btc)
    core_rows += rows_of(
        inside,
        {
            "mean": lambda one: up_to_one_btc(one).mean(),
            "exactly 10,000,000": lambda one: (up_to_one_btc(one) == 10_000_000).mean(),
            "exactly 16,777,215": lambda one: (up_to_one_btc(one) == 16_777_215).mean(),
        },
    )
    return f"### Capacities\n\n{table(head, rows)}\n\n{table(core_head, core_rows)}"


def fee_table(old: Network, now: list[Network]) -> str:
    published = {
        "median ppm": "98; 40 to 41 (2022)",
        "mean ppm without sentinels": "794",
        "share at 0 ppm": "0.10",
        "share below 50 ppm": "0.24 (nodes)",
        "share above 500 ppm": "0.25 (nodes)",
        "share with zero base fee": "0.40",
        "median base fee, msat": "100 (2022); 939",
        "share at 1,000 msat and 1 ppm": "",
        "share at 2^32-1 ppm": "",
        "disabled": "",
        "missing": "",
        "inbound fee": "0.076 (2026)",
        "inbound discount, median": "-200 (2026)",
        "largest HTLC below half": "0.13 (2026)",
    }
    measures: dict[str, Callable[[Network], float]] = {
        "median ppm": lambda one: float(np.median(one.fee_ppm)),
        "mean ppm without sentinels": lambda one: usual_ppm(one).mean(),
        "share at 0 ppm": lambda one: (one.fee_ppm == 0).mean(),
        "share below 50 ppm": lambda one: (one.fee_ppm < 50).mean(),
        "share above 500 ppm": lambda one: (one.fee_ppm > 500).mean(),
        "share with zero base fee": lambda one: (one.base_msat == 0).mean(),
        "median base fee, msat": lambda one: float(np.median(one.base_msat)),
        "share at 1,000 msat and 1 ppm": lambda one: (
            (one.base_msat == 1_000) & (one.fee_ppm == 1)
        ).mean(),
        "share at 2^32-1 ppm": lambda one: (one.fee_ppm == DO_NOT_ROUTE_PPM).mean(),
    }
    for name in list(published)[len(measures) :]:
        measures[name] = lambda one, key=name: one.shares.get(key, float("nan"))
    rows = rows_of([[old], now], measures)
    rows = [[row[0], row[1], published[row[0]] or "n/a", row[2]] for row in rows]
    head = ["of policies", "2019", "published, 2022 to 2026", "generated, 16,000 / 50,000"]
    return f"### Fees\n\n{table(head, rows)}"


def shape_table(old: Network, core: Core2025, like: list[Network], now: list[Network]) -> str:
    cores = [one.core() for one in now]
    head = [
        "measure",
        "2019",
        "generated, 2019's size",
        "core of 2025",
        "generated core",
        "generated, all",
    ]
    columns = [[old], like, [core.network], cores, now]
    rows = rows_of(
        columns,
        {
            "nodes": lambda one: len(one.degree),
            "channels per node, mean": lambda one: one.degree.mean(),
            "mean clustering": lambda one: nx.average_clustering(one.graph()),
            "closed triangles over all": lambda one: nx.transitivity(one.graph()),
            "degree correlation of neighbours": lambda one: nx.degree_assortativity_coefficient(
                one.graph()
            ),
            "deepest k-core": deepest_core,
            "channels beside another": parallel_share,
            "nodes in the largest component": largest_component,
        },
    )
    return f"### Shape\n\n{table(head, rows)}"


def tables() -> str:
    old, core = real_2019(), Core2025()
    like = [generated(3_648, 31_124, 0.2, seed) for seed in SEEDS]
    now = [generated(16_000, 50_000, 0.42, seed) for seed in SEEDS]
    return "\n\n".join(
        [
            degree_tables(old, core, like, now),
            capacity_tables(old, core, now),
            fee_table(old, now),
            shape_table(old, core, like, now),
        ]
    )


def main() -> int:
    if not DATA.is_dir():
        print(f"{DATA}: no such folder; set DAZNODE_TEST_DATA to the folder of the real files")
        return 2
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    made = f"{before}{MARKS[0]}\n\n{tables()}\n\n{MARKS[1]}{after}"
    if "--check" in sys.argv[1:]:
        print("equal" if made == text else "docs/generated-network.md is out of date")
        return int(made != text)
    PAGE.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
