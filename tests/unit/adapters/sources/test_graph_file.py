"""Whole dumps of every age and both backends, through the public reader."""

import gzip
import io
import json
import os
import zipfile
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import zstandard
from tests.builders import a_node_id, same_columns
from tests.dumps import (
    IMPORTED,
    SECONDS,
    a_dump,
    a_node,
    a_policy,
    an_edge,
    as_bytes,
    read,
)

from daznode.adapters.sources import graph_file
from daznode.adapters.sources.graph_file import GraphFile
from daznode.domain.errors import InvalidDump
from daznode.domain.gossip import UNKNOWN_MSAT, UNKNOWN_SAT, AddressKind, GraphSnapshot
from daznode.domain.provenance import Reality

DATA = Path(__file__).parents[3] / "data"


def sample(name: str, **options: str) -> GraphSnapshot:
    source = GraphFile(str(DATA / name), **options)
    return source.read(imported_at=IMPORTED)


def node_number(snapshot: GraphSnapshot, number: int) -> int:
    index = snapshot.index_of(a_node_id(number))
    assert index is not None
    return index


def test_dump_of_2018_has_missing_fields_and_policies() -> None:
    """LND of 2018 left zero values out, stated no maximum, and one moment a channel."""
    snapshot = sample("describegraph-2018.json")
    policies = snapshot.channels.policies
    assert snapshot.origin.kind == "lnd-describegraph"
    assert snapshot.origin.skipped == ()
    assert policies.is_present.sum(axis=0).tolist() == [2, 1, 1]
    assert set(policies.htlc_maximum_msat.ravel().tolist()) == {UNKNOWN_MSAT}
    assert policies.last_update[policies.is_present].tolist() == [1530000200] * 4
    first_sides = policies.base_fee_msat[:, 0]
    assert sorted(first_sides.tolist()) == [0, 1000]
    assert snapshot.nodes.alias[node_number(snapshot, 2)] == ""
    assert snapshot.nodes.last_update[node_number(snapshot, 2)] == 0
    assert snapshot.origin.observed_at == datetime.fromtimestamp(1530000200, UTC)


def test_dump_of_2019_keeps_emoji_address_kinds_and_the_largest_fee() -> None:
    snapshot = sample("describegraph-2019.json")
    first = node_number(snapshot, 1)
    assert snapshot.nodes.alias[first] == "OutaSpace 🚀"
    kinds = AddressKind(int(snapshot.nodes.address_kinds[first]))
    assert kinds == AddressKind.IPV4 | AddressKind.IPV6 | AddressKind.TOR
    assert snapshot.channels.policies.fee_ppm.max() == 2**32 - 1


def test_dump_of_lnd_0_13_states_each_policys_moment_and_maximum() -> None:
    """A maximum of zero is a maximum not stated."""
    policies = sample("describegraph-0.13.json").channels.policies
    assert set(policies.last_update.ravel().tolist()) == {1625000100}
    assert policies.htlc_maximum_msat[1, 0] == UNKNOWN_MSAT
    assert policies.htlc_maximum_msat[0, 0] == 990_000_000


def test_dump_of_lnd_0_17_has_custom_records() -> None:
    snapshot = sample("describegraph-0.17.json")
    assert snapshot.n_channels == 3
    assert snapshot.channels.policies.inbound_fee_ppm.any() == np.False_


def test_dump_of_lnd_0_18_has_inbound_fees_and_a_hostile_alias() -> None:
    snapshot = sample("describegraph-0.18.json")
    policies = snapshot.channels.policies
    assert policies.inbound_base_fee_msat.min() == -1000
    assert policies.inbound_fee_ppm.min() == -250
    assert snapshot.nodes.alias[node_number(snapshot, 1)] == 'evil "tab" \\ name'


def test_dump_of_lnd_0_21_has_proofs_and_unannounced_edges() -> None:
    """An edge without policies is a channel; an alias of an unconfirmed one is private."""
    snapshot = sample("describegraph-0.21.json")
    assert snapshot.n_channels == 4
    assert snapshot.origin.skipped == (("channel-unannounced", 1),)
    assert snapshot.channels.capacity_sat[3] == UNKNOWN_SAT
    assert not snapshot.channels.policies.is_present[:, 3].any()
    assert snapshot.nodes.address_kinds[node_number(snapshot, 3)] == AddressKind.DNS


def test_core_lightning_with_nodes_in_a_second_file() -> None:
    snapshot = sample("listchannels-24.json", node_file=str(DATA / "listnodes-24.json"))
    policies = snapshot.channels.policies
    assert snapshot.origin.kind == "cln-listchannels"
    assert snapshot.n_channels == 3
    assert snapshot.channels.capacity_sat.tolist() == [1_000_000] * 3
    assert policies.is_present.sum(axis=0).tolist() == [2, 1, 2]
    assert policies.is_disabled.sum() == 1
    first = node_number(snapshot, 1)
    assert snapshot.nodes.alias[first] == "SLEEPYTRAWL-v24"
    assert snapshot.nodes.address_kinds[first] == AddressKind.IPV4 | AddressKind.TOR
    assert snapshot.nodes.address_kinds[node_number(snapshot, 2)] == AddressKind.DNS
    for index in range(2):
        number = 1 if snapshot.channels.node1[0] == first else 2
        assert policies.fee_ppm[index, 0] == 10 * (number if index == 0 else 3 - number)


def test_core_lightning_without_nodes_has_no_aliases() -> None:
    snapshot = sample("listchannels-24.json")
    assert snapshot.nodes.alias == ("", "", "")
    assert snapshot.nodes.last_update.tolist() == [0, 0, 0]


def test_old_core_lightning_has_amounts_with_a_unit() -> None:
    """The rows of v0.7 say the same as today's, but for the maximum and the moment."""
    old, new = sample("listchannels-0.7.json"), sample("listchannels-24.json")
    assert set(old.channels.policies.htlc_maximum_msat.ravel().tolist()) == {UNKNOWN_MSAT}
    same = {
        name: getattr(new.channels.policies, name) for name in ("htlc_maximum_msat", "last_update")
    }
    filled = replace(old.channels, policies=replace(old.channels.policies, **same))
    assert same_columns(filled, new.channels)


def test_core_lightning_as_one_object_or_two_texts_or_two_members(tmp_path: Path) -> None:
    channels = json.loads((DATA / "listchannels-24.json").read_text())
    nodes = json.loads((DATA / "listnodes-24.json").read_text())
    apart = sample("listchannels-24.json", node_file=str(DATA / "listnodes-24.json"))
    archive = tmp_path / "both.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("nodes.json", as_bytes(nodes))
        packed.writestr("channels.json", as_bytes(channels))
    together = [
        read(channels | nodes),
        read(as_bytes(channels) + b"\n" + as_bytes(nodes)),
        GraphFile(str(archive)).read(imported_at=IMPORTED),
    ]
    hashes = {snapshot.origin.content_sha256 for snapshot in (apart, *together)}
    assert len(hashes) == 1


def test_same_content_has_the_same_hash_however_packed_and_ordered() -> None:
    dump = a_dump(6)
    text = as_bytes(dump, indent=2)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("graph.json", text)
        packed.writestr("__MACOSX/._graph.json", b"\0")
    reordered = {"edges": dump["edges"][::-1], "nodes": dump["nodes"][::-1]}
    swapped = [
        edge
        | {
            "node1_pub": edge["node2_pub"],
            "node2_pub": edge["node1_pub"],
            "node1_policy": edge["node2_policy"],
            "node2_policy": edge["node1_policy"],
        }
        for edge in dump["edges"]
    ]
    variants = [
        text,
        b"\xef\xbb\xbf" + text,
        gzip.compress(text),
        gzip.compress(text[:1000]) + gzip.compress(text[1000:]) + bytes(20),
        zstandard.compress(text),
        zstandard.compress(text[:1000]) + zstandard.compress(text[1000:]),
        archive.getvalue(),
        as_bytes(reordered, separators=(",", ":")),
        as_bytes({"nodes": dump["nodes"], "edges": swapped}),
    ]
    assert len({read(variant).origin.content_sha256 for variant in variants}) == 1


def test_another_fee_is_another_content() -> None:
    one = read(a_dump(3)).origin.content_sha256
    other = read(a_dump(3, an_edge(1), an_edge(2, 2, 3, node1_policy=a_policy(min_htlc="1"))))
    assert other.origin.content_sha256 != one


def test_generated_dump_is_never_taken_for_real() -> None:
    snapshot = read(a_dump(3, generated_by="daznode network generate --seed 7"))
    assert snapshot.origin.reality is Reality.GENERATED
    assert snapshot.origin.kind == "generated"
    assert read(a_dump(3)).origin.reality is Reality.REAL


def test_one_clock_in_the_future_does_not_date_the_snapshot() -> None:
    """Nor does one beyond the import, nor one liar with many channels."""
    edges = [an_edge(number, number, number + 1) for number in range(1, 60)]
    ahead = SECONDS + 3000
    liar = a_policy(last_update=ahead)
    for edge in edges[:2]:
        edge["node1_policy" if edge["node1_pub"] == a_node_id(2) else "node2_policy"] = liar
    edges[10]["node1_policy"] = a_policy(last_update=int(IMPORTED.timestamp()) + 10**6)
    honest = datetime.fromtimestamp(SECONDS - 50, UTC)
    dump = a_dump(60, *edges)
    far = read(dump, observed_at=None)
    assert far.origin.observed_at_basis == "newest-gossip"
    assert honest <= far.origin.observed_at <= datetime.fromtimestamp(ahead, UTC)
    for edge in edges:
        for side in ("node1_policy", "node2_policy"):
            if edge[side]["last_update"] != ahead:
                edge[side]["last_update"] -= 10 * 86_400
    for node in dump["nodes"]:
        node["last_update"] -= 10 * 86_400
    assert read(dump).origin.observed_at == honest - timedelta(days=10)


def test_moment_given_is_taken() -> None:
    given = datetime(2025, 11, 19, tzinfo=UTC)
    snapshot = read(a_dump(3), observed_at=given)
    assert snapshot.origin.observed_at == given
    assert snapshot.origin.observed_at_basis == "given"
    assert snapshot.origin.snapshot_id.startswith("20251119T000000Z-")


def test_dump_without_any_moment_asks_for_one() -> None:
    edge = an_edge(1, last_update=0, node1_policy=a_policy(last_update=0), node2_policy=None)
    dump = {"nodes": [a_node(1, last_update=0)], "edges": [edge]}
    with pytest.raises(InvalidDump, match="no moment of gossip"):
        read(dump)
    assert read(dump, observed_at=IMPORTED).n_channels == 1


def test_missing_file_and_folder_are_refused_in_words(tmp_path: Path) -> None:
    for path, words in ((tmp_path / "none.json", "No such file"), (tmp_path, "it is a folder")):
        with pytest.raises(InvalidDump, match=words):
            GraphFile(str(path)).read(imported_at=IMPORTED)


def test_file_keeps_its_name_without_folders(tmp_path: Path) -> None:
    path = tmp_path / "graph.json"
    path.write_bytes(as_bytes(a_dump(3)))
    snapshot = GraphFile(str(path)).read(imported_at=IMPORTED)
    assert snapshot.origin.name == "graph.json"
    assert snapshot.origin.imported_at == IMPORTED


def test_progress_hears_of_reading_parsing_and_keys() -> None:
    told: list[tuple[str, int, int]] = []
    source = GraphFile("-", stdin=io.BytesIO(as_bytes(a_dump(3))))
    source.read(
        imported_at=IMPORTED, progress=lambda stage, done, total: told.append((stage, done, total))
    )
    assert {stage for stage, _, _ in told} == {"reading", "parsing", "checking keys"}
    assert all(0 <= done <= total for _, done, total in told)


def test_interruption_passes() -> None:
    class Stop(Exception):
        pass

    def stop(stage: str, done: int, total: int) -> None:
        raise Stop

    with pytest.raises(Stop):
        GraphFile("-", stdin=io.BytesIO(as_bytes(a_dump(3)))).read(
            imported_at=IMPORTED, progress=stop
        )


@pytest.mark.network_data
def test_real_network_of_2019(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scanner and exact reader agree on the real dump, and with what plain JSON counts in it."""
    folder = Path(os.environ.get("DAZNODE_TEST_DATA", "../shared/data"))
    path = folder / "describegraph-2019-03-09.json.zip"
    if not path.exists():
        pytest.skip(f"no real network at {path}")
    with zipfile.ZipFile(path) as packed:
        plain = json.loads(packed.read(packed.namelist()[0]))
    fast = GraphFile(str(path)).read(imported_at=IMPORTED)
    monkeypatch.setattr(graph_file, "FAST_MIN_BYTES", 2**40)
    exact = GraphFile(str(path)).read(imported_at=IMPORTED)
    assert same_columns(fast, exact)
    assert fast.origin.skipped == ()
    assert fast.n_nodes == len(plain["nodes"]) == 3648
    assert fast.n_channels == len(plain["edges"]) == 31_124
    edges = {int(edge["channel_id"]): edge for edge in plain["edges"]}
    assert fast.channels.scid.tolist() == sorted(edges)
    assert fast.channels.capacity_sat.sum() == sum(int(e["capacity"]) for e in edges.values())
    names = Counter(node["pub_key"] for node in plain["nodes"])
    assert {fast.node_hex(index) for index in range(fast.n_nodes)} == set(names)
    for at, scid in enumerate(fast.channels.scid.tolist()):
        for side, name in enumerate(("node1_policy", "node2_policy")):
            policy = edges[scid][name]
            assert fast.channels.policies.is_present[side, at] == (policy is not None)
            if policy is not None:
                fee_ppm = int(policy["fee_rate_milli_msat"])
                assert fast.channels.policies.fee_ppm[side, at] == fee_ppm
                assert fast.channels.policies.is_disabled[side, at] == policy["disabled"]


def test_capacities_beyond_the_supply_of_bitcoin_are_refused() -> None:
    """Each is possible alone; together they would overflow sums of 64 bits."""
    half_sat = 21_000_000 * 100_000_000 // 2
    edges = [an_edge(number, 1, 2, capacity=str(half_sat)) for number in (1, 2)]
    assert read(a_dump(4, *edges)).n_channels == 2
    edges.append(an_edge(3, 1, 2, capacity="1000"))
    with pytest.raises(InvalidDump, match="more bitcoin than there is"):
        read(a_dump(4, *edges))
