"""Dumps made and mutated by Hypothesis: one clear refusal or a true snapshot, the same both ways in."""

import gzip
import io
import json
import os
import zipfile
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from tests.builders import a_node_id, a_scid, same_columns
from tests.dumps import a_document, a_dump, as_bytes, read
from tests.random_snapshots import random_snapshots

from daznode.adapters.sources.describegraph_file import write_describegraph
from daznode.adapters.sources.dump_rows import DumpRows
from daznode.adapters.sources.exact_reader import read_exactly
from daznode.adapters.sources.fast_reader import read_fast
from daznode.adapters.sources.graph_file import GraphFile
from daznode.domain.errors import InvalidDump
from daznode.domain.gossip import GraphSnapshot
from daznode.domain.progress import silent

SAMPLES = sorted((Path(__file__).parents[1] / "data").glob("*.json"))

# --- dumps as values --------------------------------------------------------------------------

NUMBERS = st.one_of(
    st.integers(0, 2**32),
    st.sampled_from(
        [0, 1, -1, 2**31, 2**32 - 1, 2**53, 2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63)]
    ),
)
SPELLED = st.one_of(NUMBERS, NUMBERS.map(str), st.none())
NAMES = st.text(st.characters(codec="utf-8"), max_size=40)
KEYS = st.integers(1, 6).map(a_node_id)
HOSTS = st.one_of(
    st.sampled_from(["1.2.3.4:9735", "[::1]:9735", "abc.Onion:1", "a.example:9735", "0500", ""]),
    st.text(st.sampled_from("ab.:[]0123onion/"), max_size=14),
)
ADDRESSES = st.one_of(
    st.none(),
    st.lists(st.fixed_dictionaries({"addr": HOSTS}, optional={"network": NAMES}), max_size=3),
)
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), NAMES),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=8,
)
POLICIES = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {"time_lock_delta": st.integers(0, 70_000)},
        optional={
            "min_htlc": SPELLED,
            "fee_base_msat": SPELLED,
            "fee_rate_milli_msat": SPELLED,
            "disabled": st.sampled_from([True, False, None]),
            "max_htlc_msat": SPELLED,
            "last_update": SPELLED,
            "inbound_fee_base_msat": SPELLED,
            "inbound_fee_rate_milli_msat": SPELLED,
            "custom_records": ANYTHING,
        },
    ),
)
NODES = st.fixed_dictionaries(
    {"pub_key": KEYS},
    optional={
        "alias": st.one_of(NAMES, st.none()),
        "last_update": SPELLED,
        "addresses": ADDRESSES,
        "features": ANYTHING,
        "color": NAMES,
    },
)
EDGES = st.fixed_dictionaries(
    {
        "channel_id": st.integers(0, 2**64 - 1).map(str) | st.integers(0, 6).map(a_scid),
        "node1_pub": KEYS,
        "node2_pub": KEYS,
    },
    optional={
        "capacity": SPELLED,
        "last_update": SPELLED,
        "node1_policy": POLICIES,
        "node2_policy": POLICIES,
        "auth_proof": ANYTHING,
    },
)


@st.composite
def clean_texts(draw: Any) -> bytes:
    """Dumps that the scanner must take: LND's shape in any order of fields, spacing and escaping."""
    nodes = [_shuffled(draw, node) for node in draw(st.lists(NODES, max_size=5))]
    edges = [_shuffled(draw, edge) for edge in draw(st.lists(EDGES, max_size=5))]
    dump = _shuffled(draw, {"nodes": nodes, "edges": edges, "other": draw(ANYTHING)})
    return json.dumps(
        dump,
        indent=draw(st.sampled_from([None, 0, 1, 4, "\t"])),
        separators=draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\r\n", " : ")])),
        ensure_ascii=draw(st.booleans()),
    ).encode()


def _shuffled(draw: Any, record: dict[str, Any]) -> dict[str, Any]:
    return {name: record[name] for name in draw(st.permutations(sorted(record)))}


def same_rows(one: DumpRows, other: DumpRows) -> bool:
    """Whether two readers found the same, keys compared by what they are."""
    mine, theirs = one.rows, other.rows
    if (one.kind, one.n_node_records, one.n_channel_records, one.is_generated) != (
        other.kind,
        other.n_node_records,
        other.n_channel_records,
        other.is_generated,
    ):
        return False
    if one.skipped or other.skipped:
        return False
    keyed = {"keys", "node_key", "channel_keys"}
    for field in fields(mine):
        left, right = getattr(mine, field.name), getattr(theirs, field.name)
        if field.name == "alias":
            if left != right:
                return False
        elif field.name not in keyed and (
            left.dtype != right.dtype or not np.array_equal(left, right)
        ):
            return False
    return np.array_equal(mine.keys[mine.node_key], theirs.keys[theirs.node_key]) and (
        np.array_equal(mine.keys[mine.channel_keys], theirs.keys[theirs.channel_keys])
    )


def check_agreement(text: bytes) -> bool:
    """What the scanner takes, the exact reader reads the same; whether it took it."""
    document = a_document(text)
    fast = read_fast(document, silent)
    if fast is None:
        return False
    assert same_rows(fast, read_exactly([document], silent))
    return True


def outcome(data: bytes) -> GraphSnapshot | None:
    """A snapshot that keeps the domain's promises, or None for a refusal in one line."""
    try:
        snapshot = read(data)
    except InvalidDump as exc:
        refusal = exc
    else:
        return kept_promises(snapshot)
    assert "\n" not in str(refusal)
    assert refusal.where
    assert refusal.expected
    return None


def kept_promises(snapshot: GraphSnapshot) -> GraphSnapshot:
    channels = snapshot.channels
    assert snapshot.n_channels > 0
    assert np.all(channels.scid[1:] > channels.scid[:-1])
    assert np.all(channels.node1 < channels.node2)
    assert int(channels.node2.max()) < snapshot.n_nodes
    keys = [snapshot.node_hex(index) for index in range(snapshot.n_nodes)]
    assert keys == sorted(set(keys))
    absent = ~channels.policies.is_present
    for field in fields(channels.policies):
        values = getattr(channels.policies, field.name)[absent]
        assert np.all(values == (-1 if field.name == "htlc_maximum_msat" else 0))
    return snapshot


@settings(deadline=None, max_examples=150)
@given(clean_texts())
def test_scanner_takes_every_clean_dump_and_agrees(text: bytes) -> None:
    assert check_agreement(text)


@settings(deadline=None, max_examples=60)
@given(clean_texts())
def test_every_dump_of_lnds_shape_is_read_or_refused(text: bytes) -> None:
    outcome(text)


@settings(deadline=None, max_examples=60)
@given(ANYTHING, ANYTHING)
def test_wrong_types_anywhere_are_skipped_or_refused(first: object, second: object) -> None:
    dump = a_dump(4)
    dump["edges"][0]["node1_policy"] = first
    dump["edges"][1] = second
    dump["nodes"][0]["addresses"] = first
    dump["nodes"][1]["alias"] = second
    outcome(as_bytes(dump))
    outcome(as_bytes({"nodes": first, "edges": second}))
    check_agreement(as_bytes(dump))


# --- mutations of bytes -----------------------------------------------------------------------

MUTATIONS = st.lists(
    st.tuples(
        st.sampled_from(["flip", "cut", "insert", "double", "drop", "word"]),
        st.floats(0, 1, exclude_max=True),
        st.integers(1, 40),
        st.integers(0, 255),
    ),
    min_size=1,
    max_size=4,
)
WORDS = (
    b"null", b"NaN", b"1e999", b"-0", b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\\u",
    b"\\ud800", b"\xf0\x9f\x9a\x80", b"\xff", b"\x00", b"99999999999999999999", b"true", b"0x",
    b"\xe2\x80\xae", b"1.0", b'"channel_id"', b'"\\u006eodes"', b'"edges": []', b"00", b"\xed\xa0\x80",
)  # fmt: skip


def mutated(text: bytes, mutations: list[tuple[str, float, int, int]]) -> bytes:
    data = bytearray(text)
    for kind, place, length, value in mutations:
        at = int(place * len(data))
        if kind == "flip" and data:
            data[at] ^= 1 << value % 8
        elif kind == "cut":
            del data[at:]
        elif kind == "insert":
            data[at:at] = bytes([value]) * (1 + length % 3)
        elif kind == "double":
            data[at:at] = data[at : at + length]
        elif kind == "drop":
            del data[at : at + length]
        else:
            data[at:at] = WORDS[value % len(WORDS)]
    return bytes(data)


@settings(deadline=None, max_examples=400)
@given(st.sampled_from(SAMPLES), MUTATIONS)
def test_mutated_samples_never_surprise(path: Path, mutations: Any) -> None:
    text = mutated(path.read_bytes(), mutations)
    outcome(text)
    check_agreement(text)


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(
        ["time_lock_delta", "fee_base_msat", "disabled", "channel_id", "capacity", "alias", "addr",
         "pub_key", "node1_pub", "last_update", "custom_records", "color"]
    ),
    st.one_of(
        st.sampled_from(list(WORDS)),
        st.binary(max_size=6),
        st.text(st.sampled_from('0123456789-+.eE" \\utrfalsn[]{},:'), max_size=12).map(str.encode),
    ),
)  # fmt: skip
@example("disabled", b"falsy")
@example("time_lock_delta", b"-")
@example("custom_records", b'{"a" : [1 , {"b":-0.5e+7}]}')
@example("alias", b'"\x7f"')
def test_any_bytes_as_a_value_never_surprise(name: str, value: bytes) -> None:
    """The scanner takes no value that the standard reader refuses."""
    dump = a_dump(3)
    dump["nodes"][0]["addresses"][0]["addr"] = "1.1.1.1:1"
    text = as_bytes(dump)
    marker = f'"{name}": '.encode()
    start = text.index(marker) + len(marker)
    end = json.JSONDecoder().raw_decode(text.decode(), start)[1]
    changed = text[:start] + value + text[end:]
    outcome(changed)
    check_agreement(changed)


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(["gzip", "zip", "zstd"]), MUTATIONS)
def test_mutated_packed_files_never_surprise(packing: str, mutations: Any) -> None:
    outcome(mutated(packed_sample(packing), mutations))


@cache
def packed_sample(packing: str) -> bytes:
    text = as_bytes(a_dump(5), indent=1)
    if packing == "gzip":
        return gzip.compress(text)
    if packing == "zstd":
        return zstandard.compress(text)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("graph.json", text)
    return buffer.getvalue()


@cache
def real_text() -> bytes:
    path = Path(os.environ.get("DAZNODE_TEST_DATA", "../shared/data"))
    path /= "describegraph-2019-03-09.json.zip"
    if not path.exists():
        pytest.skip(f"no real network at {path}")
    with zipfile.ZipFile(path) as archive:
        return archive.read(archive.namelist()[0])


@pytest.mark.network_data
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.floats(0, 1), st.floats(0, 1), MUTATIONS)
def test_mutated_slices_of_the_real_network_never_surprise(
    nodes_at: float, edges_at: float, mutations: Any
) -> None:
    text = real_text()
    divide = text.index(b'"edges"')
    opening = b"\n        {\n"
    node = text.index(opening, int(nodes_at * (divide - 60_000))) + 1
    edge = text.index(opening, divide + int(edges_at * (len(text) - divide - 90_000))) + 1
    nodes = text[node : text.index(b"\n        },\n", node + 9_000) + 10]
    edges = text[edge : text.index(b"\n        },\n", edge + 15_000) + 10]
    whole = b'{\n    "nodes": [\n' + nodes + b'\n    ],\n    "edges": [\n' + edges + b"\n    ]\n}\n"
    assert check_agreement(whole)
    assert outcome(whole) is not None
    broken = mutated(whole, mutations)
    outcome(broken)
    check_agreement(broken)


# --- writing and reading back -----------------------------------------------------------------


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(random_snapshots(min_nodes=2), st.sampled_from(["g.json", "g.json.gz", "g.json.zst"]))
def test_written_snapshot_reads_back_the_same(
    tmp_path: Path, snapshot: GraphSnapshot, name: str
) -> None:
    assume(snapshot.n_channels > 0)
    path = tmp_path / name
    write_describegraph(snapshot, str(path))
    back = GraphFile(str(path)).read(
        imported_at=snapshot.origin.imported_at, observed_at=snapshot.origin.observed_at
    )
    assert same_columns(back.nodes, snapshot.nodes)
    assert same_columns(back.channels, snapshot.channels)
    assert back.origin.content_sha256 == snapshot.origin.content_sha256
    assert check_agreement(as_plain(path))


def as_plain(path: Path) -> bytes:
    data = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(data)
    if path.suffix == ".zst":
        return zstandard.ZstdDecompressor().decompressobj().decompress(data)
    return data
