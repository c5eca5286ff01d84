"""Ctrl-C at any moment: the program stops soon, says so, and leaves nothing half-written."""

import json
import os
import signal
import subprocess
import sys

import pytest

from daznode.domain.errors import Interrupted

# Python ends itself by the signal when it came inside `exec`, as in the making of a dataclass.
STOPPED = (Interrupted.exit_code, -signal.SIGINT)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("interrupt")


@pytest.fixture(scope="module")
def dump(folder):
    path = folder / "graph.json"
    arguments = ("--nodes", "6000", "--channels", "40000", "--out", str(path))
    finished(folder, "network", "generate", *arguments)
    return path


def run(folder, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "daznode", *arguments],
        env=os.environ | {"DAZNODE_DATA_DIR": str(folder / "data")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(folder, *arguments):
    """Standard output of a run that nobody stops."""
    process = run(folder, *arguments)
    printed, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    return printed


def interrupted_after(process, seconds):
    """Exit code and standard error of a process that got Ctrl-C so long after it began."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    return process.returncode, said


@pytest.mark.parametrize("seconds", [1.2, 2.4])
@pytest.mark.parametrize("command", ["import", "rankings"])
def test_stopping(folder, dump, command, seconds):
    arguments = ("network", "import") if command == "import" else ("rankings", "--json", "--graph")
    code, said = interrupted_after(run(folder, *arguments, str(dump)), seconds)
    assert code in (0, *STOPPED), said
    # Nothing is said where the signal came when all was done and the interpreter was leaving.
    is_leaving = not said or "Exception ignored" in said
    if code in STOPPED and not is_leaving:
        assert said.strip().splitlines()[-1] == Interrupted.told
    assert is_leaving or "Traceback" not in said


def test_what_was_stored_can_be_listed_and_completed(folder, dump):
    interrupted_after(run(folder, "network", "import", str(dump)), 1.2)
    finished(folder, "network", "import", str(dump))
    listed = finished(folder, "network", "list", "--json")
    assert [one["n_channels"] for one in json.loads(listed)] == [40_000]
