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
from tests.builders import a_node_id, a_scid, same_columns
from tests.dumps import (
    IMPORTED,
    SECONDS,
    a_dump,
    a_node,
    a_policy,
    a_row,
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


def test_columns_keep_the_promises_of_the_domain() -> None:
    snapshot = read(a_dump(9))
    keys = [snapshot.node_hex(index) for index in range(snapshot.n_nodes)]
    assert keys == sorted(keys)
    assert np.all(np.diff(snapshot.channels.scid.astype(np.int64)) > 0)
    assert np.all(snapshot.channels.node1 < snapshot.channels.node2)
    assert snapshot.nodes.node_id.shape == (9, 33)
    for number in range(1, 9):
        at = snapshot.channels.scid.tolist().index(a_scid(number))
        ends = {keys[snapshot.channels.node1[at]], keys[snapshot.channels.node2[at]]}
        assert ends == {a_node_id(number), a_node_id(number + 1)}


def test_nodes_known_by_their_channels_only_are_added() -> None:
    snapshot = read({"nodes": [a_node(1)], "edges": [an_edge(1, 1, 2)]})
    second = node_number(snapshot, 2)
    assert snapshot.n_nodes == 2
    assert snapshot.nodes.last_update[second] == 0
    assert snapshot.nodes.alias[second] == ""


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


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"channel_id": "0"}, "channel-scid-invalid"),
        ({"channel_id": "x"}, "channel-scid-invalid"),
        ({"channel_id": str(2**64)}, "channel-scid-invalid"),
        ({"channel_id": None}, "channel-scid-invalid"),
        ({"channel_id": 10**400}, "channel-scid-invalid"),
        ({"node1_pub": "02" + "00" * 32}, "channel-key-not-on-curve"),
        ({"node1_pub": "02ab"}, "channel-key-invalid"),
        ({"node2_pub": 7}, "channel-key-invalid"),
        ({"node2_pub": " " + a_node_id(2)[1:]}, "channel-key-invalid"),
        ({"capacity": "-1"}, "channel-capacity-out-of-range"),
        ({"capacity": "2100000000000001"}, "channel-capacity-out-of-range"),
        ({"capacity": "9" * 20}, "channel-capacity-out-of-range"),
        ({"capacity": 1.5}, "channel-wrong-type"),
        ({"capacity": True}, "channel-wrong-type"),
        ({"capacity": "1e3"}, "channel-wrong-type"),
        ({"last_update": []}, "channel-wrong-type"),
        ({"channel_id": str(16_000_001 << 40)}, "channel-unannounced"),
        ({"node1_policy": "free"}, "policy-wrong-type"),
        ({"node1_policy": {}}, "policy-empty"),
        ({"node1_policy": a_policy(disabled=1)}, "policy-wrong-type"),
        ({"node1_policy": a_policy(fee_base_msat="abc")}, "policy-wrong-type"),
        ({"node1_policy": a_policy(fee_base_msat=str(2**32))}, "policy-fee-out-of-range"),
        ({"node1_policy": a_policy(fee_rate_milli_msat="-1")}, "policy-fee-out-of-range"),
        ({"node1_policy": a_policy(inbound_fee_base_msat=2**31)}, "policy-fee-out-of-range"),
        ({"node1_policy": a_policy(time_lock_delta=65_536)}, "policy-cltv-out-of-range"),
        ({"node1_policy": a_policy(min_htlc="-5")}, "policy-htlc-out-of-range"),
        ({"node1_policy": a_policy(max_htlc_msat=str(2**64 - 1))}, "policy-htlc-out-of-range"),
        ({"node1_policy": a_policy(last_update=2**32)}, "policy-timestamp-out-of-range"),
    ],
)
def test_bad_channel_is_skipped_and_bad_policy_dropped(
    fields: dict[str, object], reason: str
) -> None:
    chain = [an_edge(number, number, number + 1) for number in range(1, 6)]
    chain[2] |= fields
    snapshot = read(a_dump(6, *chain))
    assert snapshot.origin.skipped == ((reason, 1),)
    if reason.startswith("channel-"):
        assert snapshot.n_channels == 4
    else:
        assert snapshot.n_channels == 5
        assert snapshot.channels.policies.is_present.sum() == 9


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"pub_key": "zz" * 33}, "node-key-invalid"),
        ({"pub_key": "05" + "11" * 32}, "node-key-not-on-curve"),
        ({"alias": 5}, "node-wrong-type"),
        ({"addresses": {}}, "node-wrong-type"),
        ({"addresses": [{"network": "tcp"}]}, "node-wrong-type"),
        ({"last_update": "soon"}, "node-wrong-type"),
        ({"last_update": -1}, "node-timestamp-out-of-range"),
        ({"last_update": 2**32}, "node-timestamp-out-of-range"),
    ],
)
def test_bad_node_is_skipped_and_known_by_its_channels(
    fields: dict[str, object], reason: str
) -> None:
    dump = a_dump(6)
    dump["nodes"][2] |= fields
    snapshot = read(dump)
    assert snapshot.origin.skipped == ((reason, 1),)
    assert snapshot.n_nodes == 6
    assert snapshot.nodes.last_update[node_number(snapshot, 3)] == 0


def test_records_of_another_type_are_skipped() -> None:
    dump = a_dump(6)
    dump["nodes"] += [5, "x"]
    dump["edges"] += [None, [1]]
    assert read(dump).origin.skipped == (("channel-wrong-type", 2), ("node-wrong-type", 2))


def test_channel_of_a_node_with_itself_is_skipped() -> None:
    snapshot = read(a_dump(3, an_edge(1), an_edge(2, 2, 3), an_edge(3, 2, 2)))
    assert snapshot.origin.skipped == (("channel-with-itself", 1),)


def test_newest_of_duplicates_stays_in_either_order() -> None:
    newer = a_policy(last_update=SECONDS - 10, fee_rate_milli_msat="77")
    edges = [an_edge(1), an_edge(2, 2, 3), an_edge(1, node1_policy=newer, node2_policy=newer)]
    for order in (edges, edges[::-1]):
        snapshot = read(a_dump(3, *order))
        assert snapshot.n_channels == 2
        assert snapshot.origin.skipped == (("channel-duplicate", 1),)
        assert snapshot.channels.policies.fee_ppm[:, 0].tolist() == [77, 77]


def test_conflicting_duplicates_of_one_moment_do_not_depend_on_their_order() -> None:
    edges = [an_edge(1), an_edge(2, 2, 3), an_edge(1, 1, 3, capacity="5")]
    nodes = [a_node(1), a_node(2), a_node(1, alias="other"), a_node(3), a_node(4)]
    hashes = {
        read({"nodes": some_nodes, "edges": some_edges}).origin.content_sha256
        for some_nodes in (nodes, nodes[::-1])
        for some_edges in (edges, edges[::-1])
    }
    assert len(hashes) == 1


def test_repeated_field_of_a_record_is_ambiguous() -> None:
    text = as_bytes(a_dump(5))
    twice = text.replace(b'"capacity": "1000000"', b'"capacity": "1", "capacity": "2"', 1)
    assert read(twice).origin.skipped == (("channel-repeated-field", 1),)
    twice = text.replace(b'"min_htlc": "1000"', b'"min_htlc": "1", "min_htlc": "2"', 1)
    assert read(twice).origin.skipped == (("policy-repeated-field", 1),)
    twice = text.replace(b'"alias": "node 1"', b'"alias": "a", "alias": "b"', 1)
    assert read(twice).origin.skipped == (("node-repeated-field", 1),)


def test_repeated_unread_field_does_no_harm() -> None:
    text = as_bytes(a_dump(5)).replace(b'"color": ', b'"color": "a", "color": ', 1)
    assert read(text).origin.skipped == ()


def test_text_of_one_record_that_is_no_utf8_spoils_that_record_only() -> None:
    text = as_bytes(a_dump(5)).replace(b"node 3", b"node \xff3")
    snapshot = read(text)
    assert snapshot.origin.skipped == (("node-not-utf8", 1),)
    assert snapshot.n_nodes == 5


def test_lone_surrogate_leaves_the_alias() -> None:
    text = as_bytes(a_dump(5)).replace(b"node 3", b"node \\ud8003")
    snapshot = read(text)
    assert "node 3" in snapshot.nodes.alias
    assert snapshot.origin.skipped == ()


def test_dump_mostly_unusable_is_refused_with_the_commonest_reason() -> None:
    edges = [an_edge(number, number, number + 1, capacity="-1") for number in range(1, 6)]
    edges[0] = an_edge(1)
    with pytest.raises(InvalidDump, match=r"mostly channel-capacity-out-of-range \(4\)"):
        read(a_dump(6, *edges))
    policy = a_policy(time_lock_delta="?")
    with pytest.raises(InvalidDump, match=r"policies cannot be used, mostly policy-wrong-type"):
        read(a_dump(2, an_edge(1, node1_policy=policy, node2_policy=policy)))
    nodes = [a_node(number, pub_key="02") for number in range(1, 4)]
    with pytest.raises(InvalidDump, match=r"mostly node-key-invalid \(3\)"):
        read({"nodes": nodes, "edges": [an_edge(1)]})


def test_half_unusable_is_still_read() -> None:
    edges = [an_edge(1), an_edge(2, 2, 3), an_edge(3, capacity="-1"), an_edge(4, capacity="-1")]
    assert read(a_dump(3, *edges)).n_channels == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "no text at all"),
        (b" \n\t ", "no text at all"),
        (b"[]", "a JSON list at byte 0"),
        (b"hello", "no JSON text at byte 0"),
        (b"\x7fELF\x02\x01\x01" + bytes(99), "binary data at byte 0"),
        ('{"nodes": []}'.encode("utf-16"), "UTF-16 text"),
        (b"{}", "neither nodes nor channels"),
        (b'{"nodes": []}', 'only "nodes"'),
        (b'{"nodes": [], "edges": []}', "no channel"),
        (b'{"edges": []}', '"edges" without "nodes"'),
        (b'{"nodes": [], "edges": {}}', '"edges" is no list'),
        (b'{"nodes": [], "edges": [], "channels": []}', 'both "edges" and "channels"'),
        (b'{"nodes": [], "nodes": []}', 'a second list "nodes"'),
        (b'{"nodes": []} {"nodes": []}', 'a second list "nodes"'),
        (b'{"nodes": [], "edges": []} x', "'x' out of place at byte 27"),
        (b'{"nodes": [,]}', "not JSON"),
        (b'{"nodes": [1,]}', "not JSON"),
        (b'{"nodes": [1 2]}', "'2' out of place at byte 13 \\(after node 1\\)"),
        (b'{"nodes" []}', "out of place at byte 9"),
        (b'{"nodes": [], }', "no name of a member"),
        (b"{nodes: []}", "no name of a member"),
        (b'{"nodes": [', "the text is cut"),
        (b'{"nodes": [{"alias": "a', "the text is cut at byte 21"),
        (b'{"other": [1, 2', "the text is cut"),
        (b'{"nodes": [{"a": NaN}]}', "the word NaN at byte 11"),
        (b'{"nodes": [' + b"[" * 2000 + b"]" * 2000 + b"]}", "nested too deep"),
        (b'{"other": ' + b"[" * 2000 + b"]" * 2000 + b"}", "nested deeper than 64"),
    ],
)
def test_unusable_text_is_refused_with_place_and_expectation(text: bytes, message: str) -> None:
    with pytest.raises(InvalidDump, match=message) as caught:
        read(text)
    line = str(caught.value)
    assert line.startswith("standard input: ")
    assert "; expected " in line
    assert "\n" not in line


def test_cut_dump_names_the_record_and_the_byte() -> None:
    text = as_bytes(a_dump(5))
    place = text.index(b"node2_policy", text.index(str(a_scid(3)).encode()))
    with pytest.raises(InvalidDump, match=f"edge 3, channel_id {a_scid(3)}") as caught:
        read(text[:place])
    assert f"byte {place - 1:,}" in caught.value.where
    assert caught.value.path == "standard input"


def test_word_that_is_no_json_is_found_by_its_byte() -> None:
    text = as_bytes(a_dump(3)).replace(b'"disabled": false', b'"disabled": nil', 1)
    place = text.index(b"nil")
    with pytest.raises(InvalidDump, match=f"byte {place:,} "):
        read(text)


def test_offset_counts_bytes_after_an_emoji() -> None:
    text = as_bytes(a_dump(3)).replace(b"node 1", "🚀🚀".encode()).replace(b'"color"', b"color", 1)
    with pytest.raises(InvalidDump, match=f"byte {text.index(b'color'):,} "):
        read(text)


def test_record_longer_than_any_announcement_is_refused() -> None:
    dump = a_dump(3)
    dump["nodes"][1]["custom_records"] = {"1": "a" * 2_000_000}
    with pytest.raises(InvalidDump, match="a record longer than 1,048,576 bytes"):
        read(dump)


def test_core_lightning_rows_out_of_order_duplicate_and_in_conflict() -> None:
    rows = [
        a_row(1, 1, 2),
        a_row(1, 2, 1),
        a_row(1, 2, 1, last_update=SECONDS - 500, fee_per_millionth=999),
        a_row(1, 1, 3, last_update=SECONDS - 900),
        a_row(2, 2, 3),
        a_row(3, 1, 2, public=False),
        a_row(4, 1, 2) | {"source": 5},
        a_row(5, 1, 2, short_channel_id="1x1"),
        a_row(6, 1, 2, amount_msat="12sat"),
        a_row(7, 1, 3),
        a_row(8, 1, 3),
        a_row(9, 1, 3),
    ]
    expected = {
        "channel-conflicting-row": 1,
        "channel-duplicate": 1,
        "channel-key-invalid": 1,
        "channel-scid-invalid": 1,
        "channel-unannounced": 1,
        "channel-wrong-type": 1,
    }
    hashes = set()
    for order in (rows, rows[::-1]):
        snapshot = read({"channels": order})
        assert dict(snapshot.origin.skipped) == expected
        assert snapshot.n_channels == 5
        assert sorted(snapshot.channels.policies.fee_ppm[:, 0].tolist()) == [10, 20]
        hashes.add(snapshot.origin.content_sha256)
    assert len(hashes) == 1


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
