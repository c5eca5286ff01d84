"""Binary graphs: what is written is read, in both formats alike; what is damaged is refused in one line."""

import struct
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.binary_graphs import (
    SEEN_S,
    Graph,
    Update,
    announcement,
    gossip_store,
    node,
    rapid_sync,
    record,
    update,
)
from tests.builders import a_node_id, a_scid, same_columns

from daznode.adapters.sources.graph_file import GraphFile
from daznode.domain.errors import InvalidDump
from daznode.domain.gossip import UNKNOWN_SAT, AddressKind, GraphSnapshot

IMPORTED_AT = datetime.fromtimestamp(SEEN_S, UTC) + timedelta(hours=1)
OTHER_CHAIN = bytes(32)
KEYS = sorted(a_node_id(number) for number in range(1, 5))


def read(content: bytes, folder: Any, name: str = "graph.bin") -> GraphSnapshot:
    path = folder / name
    path.write_bytes(content)
    return GraphFile(str(path)).read(imported_at=IMPORTED_AT)


def a_graph(**given_updates: Any) -> Graph:
    channels = [
        (a_scid(1), 0, 1, 5_000_000),
        (a_scid(2), 1, 2, 2_000_000),
        (a_scid(3), 2, 3, 10_000_000),
    ]
    updates = [Update(scid, side, **given_updates) for scid, *_ in channels for side in (0, 1)]
    return Graph(list(KEYS), channels, updates)


@st.composite
def graphs(draw: Any) -> Graph:
    n_channels = draw(st.integers(1, 5))
    ends = st.lists(st.integers(0, 3), min_size=2, max_size=2, unique=True).map(sorted)
    channels = [
        (a_scid(number), *draw(ends), draw(st.integers(1, 2**40)))
        for number in range(1, n_channels + 1)
    ]
    u32, msat = st.integers(0, 2**32 - 1), st.integers(0, 21 * 10**17)
    updates = [
        Update(
            scid,
            side,
            base_fee_msat=draw(u32),
            fee_ppm=draw(st.one_of(st.just(100), u32)),
            cltv_delta=draw(st.integers(0, 65_535)),
            htlc_minimum_msat=draw(msat),
            htlc_maximum_msat=draw(msat),
            is_disabled=draw(st.booleans()),
        )
        for scid, *_ in channels
        for side in (0, 1)
        if side == 0 or draw(st.booleans())
    ]
    return Graph(list(KEYS), channels, updates)


@settings(deadline=None, max_examples=60)
@given(graph=graphs())
def test_what_is_announced_is_read_the_same_from_both_formats(graph, tmp_path_factory):
    folder = tmp_path_factory.mktemp("graph")
    blob, store = read(rapid_sync(graph, 2), folder), read(gossip_store(graph), folder)
    for snapshot in (blob, store):
        channels = snapshot.channels
        assert channels.scid.tolist() == [scid for scid, *_ in graph.channels]
        assert channels.capacity_sat.tolist() == [sat for *_, sat in graph.channels]
        place = {scid: row for row, (scid, *_) in enumerate(graph.channels)}
        assert int(channels.policies.is_present.sum()) == len(graph.updates)
        for one in graph.updates:
            at = one.side, place[one.scid]
            policies = channels.policies
            assert policies.base_fee_msat[at] == one.base_fee_msat
            assert policies.fee_ppm[at] == one.fee_ppm
            assert policies.cltv_delta[at] == one.cltv_delta
            assert policies.htlc_minimum_msat[at] == one.htlc_minimum_msat
            assert policies.is_disabled[at] == one.is_disabled
    store.channels.policies.last_update[:] = blob.channels.policies.last_update
    assert same_columns(blob.channels.policies, store.channels.policies)
    assert (
        ends_of(blob)
        == ends_of(store)
        == [(KEYS[first], KEYS[second]) for _, first, second, _ in graph.channels]
    )


def ends_of(snapshot: GraphSnapshot) -> list[tuple[str, str]]:
    channels = snapshot.channels
    return [
        (snapshot.node_hex(int(one)), snapshot.node_hex(int(two)))
        for one, two in zip(channels.node1, channels.node2, strict=True)
    ]


@settings(deadline=None, max_examples=150)
@given(graph=graphs(), version=st.sampled_from([1, 2, 16]), data=st.data())
@example(graph=a_graph(), version=16, data=None)
def test_whatever_is_cut_or_flipped_is_read_or_refused_in_one_line(
    graph, version, data, tmp_path_factory
):
    whole = gossip_store(graph) if version == 16 else rapid_sync(graph, version)
    damaged = bytearray(whole)
    if data is not None:
        for _ in range(data.draw(st.integers(0, 3))):
            damaged[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
        del damaged[data.draw(st.integers(1, len(whole))) :]
    try:
        snapshot = read(bytes(damaged), tmp_path_factory.mktemp("graph"))
    except InvalidDump as error:
        told = str(error)
    else:
        told = ""
        assert snapshot.n_channels <= len(graph.channels)
    assert "\n" not in told


def test_a_blob_states_its_own_moment(tmp_path):
    snapshot = read(rapid_sync(a_graph()), tmp_path)
    assert snapshot.origin.kind == "ldk-rapid-gossip-sync"
    assert snapshot.origin.observed_at == datetime.fromtimestamp(SEEN_S, UTC)
    assert snapshot.origin.observed_at_basis == "stated"
    assert set(snapshot.channels.capacity_sat.tolist()) == {UNKNOWN_SAT}
    week = 7 * 86_400
    assert set(np.unique(snapshot.channels.policies.last_update)) == {SEEN_S - week}


def test_addresses_of_a_second_version_are_known(tmp_path):
    snapshot = read(rapid_sync(a_graph(), 2), tmp_path)
    place = snapshot.index_of(KEYS[0])
    assert snapshot.nodes.address_kinds[place] == AddressKind.IPV4


def test_an_update_without_its_base_is_left_out_and_counted(tmp_path):
    graph = a_graph()
    first, *_ = graph.channels[0]
    graph.updates = [Update(first, 0), Update(first, 1)]
    blob = bytearray(rapid_sync(graph))
    blob[-1] |= 0x80  # the second update names only what has changed since an earlier blob
    snapshot = read(bytes(blob), tmp_path)
    assert dict(snapshot.origin.skipped) == {"policy-without-its-base": 1}


def test_a_store_knows_names_inbound_fees_and_deleted_records(tmp_path):
    graph = a_graph(inbound=(-1_000, -50))
    scid, *_ = graph.channels[0]
    old, new = Update(scid, 0, fee_ppm=7, moment_s=SEEN_S - 50), Update(scid, 0, fee_ppm=9)
    more = (
        record(node(KEYS[1], "Ünit ⚡".encode())),
        record(update(Update(scid, 0, fee_ppm=666, moment_s=SEEN_S + 1)), flags=0xA000),
        record(update(new)),
        record(update(old), SEEN_S - 50),
    )
    snapshot = read(gossip_store(graph, *more), tmp_path)
    place = snapshot.index_of(KEYS[1])
    assert snapshot.nodes.alias[place] == "Ünit ⚡"
    assert snapshot.nodes.address_kinds[place] == AddressKind.TOR
    assert snapshot.channels.policies.fee_ppm[0, 0] == 9
    assert snapshot.channels.policies.inbound_fee_ppm[1, 0] == -50
    assert snapshot.channels.policies.inbound_base_fee_msat[1, 0] == -1_000
    assert snapshot.origin.kind == "cln-gossip-store"


def test_a_channel_deleted_later_is_not_there(tmp_path):
    graph = a_graph()
    scid, *_ = graph.channels[0]
    snapshot = read(gossip_store(graph, record(struct.pack(">HQ", 4103, scid), 0)), tmp_path)
    assert snapshot.n_channels == 2


@pytest.mark.parametrize("cut", [1, 12, 60])
def test_a_record_that_is_still_being_written_ends_the_reading(tmp_path, cut):
    graph = a_graph()
    torn = record(update(Update(graph.channels[0][0], 0, fee_ppm=666)))[:cut]
    snapshot = read(gossip_store(graph, torn), tmp_path)
    assert 666 not in snapshot.channels.policies.fee_ppm
    incomplete = record(update(Update(graph.channels[0][0], 0, fee_ppm=666)), flags=0)
    snapshot = read(gossip_store(graph, incomplete), tmp_path)
    assert 666 not in snapshot.channels.policies.fee_ppm


@pytest.mark.parametrize("version", [9, 10, 13, 16])
def test_versions_that_look_like_blanks_are_known_all_the_same(tmp_path, version):
    assert read(gossip_store(a_graph(), version=version), tmp_path).n_channels == 3


def test_a_damaged_record_refuses_the_file(tmp_path):
    content = bytearray(gossip_store(a_graph()))
    content[60] ^= 1
    with pytest.raises(InvalidDump, match="checksum does not fit at byte"):
        read(bytes(content), tmp_path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (rapid_sync(a_graph(), chain=OTHER_CHAIN), "graph of another chain"),
        (rapid_sync(a_graph(), seen_s=SEEN_S + 86_400), "a moment in the future"),
        (rapid_sync(a_graph())[:200], "ends within a record"),
        (rapid_sync(Graph(list(KEYS), [(a_scid(1), 0, 9, 1)])), "a node that is not there"),
        (
            bytes([16]) + record(announcement(a_graph(), a_scid(1), 0, 1, OTHER_CHAIN)),
            "gossip of another chain",
        ),
        (b"LDK\x03" + bytes(200), "no JSON text"),
        (
            b"LDK\x01" + rapid_sync(a_graph())[4:40] + struct.pack(">I", 2**31),
            "2,147,483,648 nodes",
        ),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, content, told):
    with pytest.raises(InvalidDump, match=told):
        read(content, tmp_path)
