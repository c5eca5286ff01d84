"""The command line as a person or a script meets it: output, exit codes, files, one line of error."""

import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from daznode.edges.cli.app import cli

N_NODES, N_CHANNELS = 120, 400


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("cli")


@pytest.fixture(scope="module")
def dump(folder):
    path = folder / "graph.json.gz"
    result = call(
        folder, "network", "generate", "--nodes", N_NODES, "--channels", N_CHANNELS, "--out", path
    )
    assert result.exit_code == 0, result.output
    return path


@pytest.fixture(scope="module")
def stored(folder, dump):
    assert call(folder, "network", "import", dump).exit_code == 0
    return dump


def call(folder, *arguments, **environment):
    runner = CliRunner(
        env={"DAZNODE_DATA_DIR": str(folder / "data"), "NO_COLOR": "1"} | environment
    )
    return runner.invoke(cli, [str(argument) for argument in arguments])


def fails(result, exit_code, *said):
    assert result.exit_code == exit_code, result.output
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("error: ")
    assert all(text in lines[0] for text in said), lines[0]


def a_key(folder, place=0):
    ranked = json.loads(call(folder, "rankings", "--limit", 20, "--json").stdout)
    return ranked[place]["node_id"]


def test_help_is_quick_to_read_and_loads_no_kernel():
    result = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "daznode", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "demo" in result.stdout
    loaded = {line.rpartition("|")[2].strip() for line in result.stderr.splitlines()}
    assert not loaded & {"numba", "pyarrow", "scipy", "typst"}


def test_import_is_idempotent(folder, stored):
    again = json.loads(call(folder, "network", "import", stored, "--json").stdout)
    assert again["is_new"] is False
    assert (again["n_nodes"], again["n_channels"]) == (N_NODES, N_CHANNELS)
    assert again["origin"]["reality"] == "generated"
    listed = json.loads(call(folder, "network", "list", "--json").stdout)
    assert [one["snapshot_id"] for one in listed] == [again["snapshot_id"]]


def test_import_from_standard_input(tmp_path, dump):
    result = subprocess.run(
        [sys.executable, "-m", "daznode", "network", "import", "-", "--json"],
        input=dump.read_bytes(),
        capture_output=True,
        check=True,
        env=os.environ | {"DAZNODE_DATA_DIR": str(tmp_path)},
    )
    assert json.loads(result.stdout)["n_channels"] == N_CHANNELS


def test_stats_and_diff(folder, stored):
    stats = json.loads(call(folder, "network", "stats", "--json").stdout)["stats"]
    assert stats["n_channels"] == N_CHANNELS
    text = call(folder, "network", "stats", stored).output
    assert "median fee, ppm" in text
    diff = json.loads(call(folder, "network", "diff", stored, stored, "--json").stdout)
    assert diff["channels_opened"] == diff["fee_changes"] == 0


def test_score_by_key_and_from_a_file(folder, stored):
    key = a_key(folder)
    card = json.loads(call(folder, "score", key, "--json").stdout)
    assert (card["node_id"], card["rank"]) == (key, 1)
    from_file = json.loads(call(folder, "score", key, "--graph", stored, "--json").stdout)
    assert from_file["evidence"] == card["evidence"]
    assert "percentile" in call(folder, "score", key).output


def test_rankings_by_a_measure(folder, stored):
    result = call(folder, "rankings", "--metric", "capacity_sat", "--limit", 5, "--json")
    values = [
        next(item["value"] for item in card["evidence"] if item["name"] == "capacity_sat")
        for card in json.loads(result.stdout)
    ]
    assert len(values) == 5
    assert values == sorted(values, reverse=True)


def test_fee_market(folder, stored):
    market = json.loads(call(folder, "fee-market", a_key(folder), "--json").stdout)
    assert market["towards"]["n_policies"] > 0
    quantiles = market["network"]["fee_ppm"]
    assert quantiles["p10"] <= quantiles["p50"] <= quantiles["p90"]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_report_in_the_terminal(folder, stored, language):
    result = call(folder, "report", a_key(folder), "--language", language)
    assert result.exit_code == 0, result.output
    assert "None" not in result.stdout
    assert "\x1b" not in result.stdout


def test_report_as_files(folder, stored, tmp_path):
    result = call(
        folder, "report", a_key(folder), "--format", "json,md,html,pdf", "--out", tmp_path
    )
    assert result.exit_code == 0, result.output
    files = {path.suffix: path for path in tmp_path.iterdir()}
    assert set(files) == {".json", ".md", ".html", ".pdf"}
    assert files[".pdf"].read_bytes().startswith(b"%PDF")
    report = json.loads(files[".json"].read_text())
    assert report["scope"] == "public"
    assert report["metrics"]["forwarding"]["revenue_24h"] is None
    assert "<script" not in files[".html"].read_text()


def test_reports_of_two_nodes_fit_into_one_folder(folder, stored, tmp_path):
    for place in (0, 1):
        result = call(folder, "report", a_key(folder, place), "--out", f"{tmp_path}/")
        assert result.exit_code == 0, result.output
    assert len(list(tmp_path.glob("*.html"))) == 2


def test_the_format_follows_the_name_of_the_file(folder, stored, tmp_path):
    for name, start in (("r.pdf", b"%PDF"), ("r.html", b"<!doctype html>"), ("r.json", b"{")):
        call(folder, "report", a_key(folder), "--out", tmp_path / name)
        assert (tmp_path / name).read_bytes().lower().startswith(start.lower())


def test_a_terminal_without_unicode(folder, stored):
    environment = os.environ | {
        "DAZNODE_DATA_DIR": str(folder / "data"),
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONIOENCODING": "ascii:strict",
    }
    for arguments in (("report", a_key(folder)), ("network", "list"), ("rankings",)):
        result = subprocess.run(
            [sys.executable, "-m", "daznode", *arguments],
            env=environment,
            capture_output=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr


def test_report_json_on_standard_output(folder, stored):
    result = call(folder, "report", a_key(folder), "--json")
    assert json.loads(result.stdout)["report_version"] == "1.1"


def test_report_of_a_key_that_the_network_does_not_know(folder, stored):
    generator = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
    report = json.loads(call(folder, "report", generator, "--json").stdout)
    assert report["summary"]["overall_score"] is None


def test_nothing_imported_yet(tmp_path):
    fails(call(tmp_path, "rankings"), 5, "daznode network import")


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        (("score", "no such node at all"), 3, ("no such node",)),
        (("score", "02" + "00" * 32), 2, ("secp256k1",)),
        (("rankings", "--metric", "beauty"), 2, ("beauty", "overall")),
        (("rankings", "--limit", "0"), 2, ("1 to 1,000",)),
        (("network", "stats", "1999"), 3, ("1999",)),
        (("network", "import", "no/such/file.json"), 2, ("no/such/file.json",)),
        (("report", "02" + "00" * 32), 2, ("secp256k1",)),
        (("report", "x" * 10, "--date", "yesterday"), 2, ("yesterday", "2026-11-21")),
        (("report", "x" * 10, "--format", "docx"), 2, ("docx", "html")),
        (("report", "x" * 10, "--format", "html,pdf"), 2, ("--out",)),
        (("network", "import", "x", "--observed-at", "soon"), 2, ("soon", "ISO 8601")),
        (("network", "import", "x", "--observed-at", "0001-01-01T00:00:00+14:00"), 2, ("0001",)),
        (("network", "import", "x", "--observed-at", "2999-01-01"), 2, ("in the future",)),
        (("report", "x" * 10, "--format", "terminal", "--out", "y"), 2, ("--out",)),
        (("network", "generate", "--nodes", "2", "--channels", "1000000"), 2, ("1000000", "2")),
    ],
)
def test_one_clear_line_for_each_mistake(folder, stored, arguments, exit_code, said):
    fails(call(folder, *arguments), exit_code, *said)


def test_a_wrong_setting_stops_at_start(folder):
    fails(
        call(folder, "network", "list", DAZNODE_THREADS="many"),
        78,
        "DAZNODE_THREADS='many'",
        "1 to 64",
    )


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"nodes": [', b"\x00\x01\x02", b"[1, 2]", b"not json"]
)
def test_a_bad_dump_is_refused_and_changes_nothing(folder, stored, tmp_path, content):
    bad = tmp_path / "bad.json"
    bad.write_bytes(content)
    before = call(folder, "network", "list", "--json").stdout
    fails(call(folder, "network", "import", bad), 2, str(bad), "expected")
    assert call(folder, "network", "list", "--json").stdout == before


def test_unknown_option_is_wrong_use(folder):
    assert call(folder, "network", "list", "--colour").exit_code == 2


def test_report_goes_nowhere_it_cannot(folder, stored):
    result = call(
        folder, "report", a_key(folder), "--format", "md", "--out", "/proc/nowhere/report.md"
    )
    fails(result, 7, "/proc/nowhere")
