"""Written dumps: whole or not at all, in LND's words, and marked if they are not real."""

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from tests.builders import a_snapshot

from daznode.adapters.sources import describegraph_file
from daznode.adapters.sources.describegraph_file import write_describegraph
from daznode.adapters.sources.graph_file import GraphFile
from daznode.domain.errors import StoreUnavailable
from daznode.domain.gossip import GraphSnapshot
from daznode.domain.provenance import Reality


def back(path: Path, snapshot: GraphSnapshot) -> GraphSnapshot:
    return GraphFile(str(path)).read(imported_at=snapshot.origin.imported_at)


@pytest.mark.parametrize("name", ["g.json", "g.json.gz", "g.json.zst"])
def test_round_trip_keeps_the_content(tmp_path: Path, name: str) -> None:
    snapshot = a_snapshot(700)
    path = tmp_path / name
    write_describegraph(snapshot, str(path))
    assert back(path, snapshot).origin.content_sha256 == snapshot.origin.content_sha256
    assert [item.name for item in tmp_path.iterdir()] == [name]


def test_same_snapshot_gives_the_same_bytes(tmp_path: Path) -> None:
    snapshot = a_snapshot(5)
    for suffix in ("", ".gz", ".zst"):
        one, other = tmp_path / f"a.json{suffix}", tmp_path / f"b.json{suffix}"
        write_describegraph(snapshot, str(one))
        write_describegraph(snapshot, str(other))
        assert one.read_bytes() == other.read_bytes()


def test_written_in_lnds_words(tmp_path: Path) -> None:
    path = tmp_path / "g.json"
    write_describegraph(a_snapshot(3), str(path))
    dump = json.loads(path.read_text())
    edge = dump["edges"][0]
    assert isinstance(edge["channel_id"], str)
    assert isinstance(edge["capacity"], str)
    policy = edge["node1_policy"]
    assert isinstance(policy["fee_base_msat"], str)
    assert isinstance(policy["time_lock_delta"], int)
    assert isinstance(policy["inbound_fee_rate_milli_msat"], int)
    assert edge["chan_point"] == ""


def test_policy_without_moment_does_not_inherit_its_peers(tmp_path: Path) -> None:
    moments = [[0, 1_700_000_000, 0], [1_700_000_001, 1_700_000_002, 0]]
    snapshot = a_snapshot(3, [(0, 1), (0, 2), (1, 2)], policies={"last_update": moments})
    path = tmp_path / "g.json"
    write_describegraph(snapshot, str(path))
    assert back(path, snapshot).channels.policies.last_update.tolist() == moments


def test_made_snapshot_says_so_and_a_real_one_does_not(tmp_path: Path) -> None:
    path = tmp_path / "g.json"
    for reality, read_as in (
        (Reality.REAL, Reality.REAL),
        (Reality.GENERATED, Reality.GENERATED),
        (Reality.SIMULATED, Reality.GENERATED),
    ):
        snapshot = a_snapshot(3)
        snapshot = replace(snapshot, origin=replace(snapshot.origin, reality=reality))
        write_describegraph(snapshot, str(path))
        assert back(path, snapshot).origin.reality is read_as


def test_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "g.json.gz"
    write_describegraph(a_snapshot(3), str(path))
    before = path.read_bytes()

    def interrupted(*_: object) -> object:
        yield {"color": ""}
        raise KeyboardInterrupt

    monkeypatch.setattr(describegraph_file, "_edges", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_describegraph(a_snapshot(4), str(path))
    assert path.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == ["g.json.gz"]


def test_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="cannot be written \\(No such file"):
        write_describegraph(a_snapshot(3), str(tmp_path / "none" / "g.json"))


def test_file_is_as_readable_as_any_other(tmp_path: Path) -> None:
    """The temporary file's private mode does not stay."""
    path, other = tmp_path / "g.json", tmp_path / "other"
    write_describegraph(a_snapshot(3), str(path))
    other.touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(other.stat().st_mode)
