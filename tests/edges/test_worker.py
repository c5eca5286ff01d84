"""`daznode worker` with wrong settings, and what its messages may be."""

import pytest
from celery.exceptions import Reject
from click.testing import CliRunner
from tests.fakes.batch import FakeJournal

from daznode.domain.errors import RunNotFound, StoreUnavailable
from daznode.edges.cli.app import cli
from daznode.edges.worker.celery import MOST_USERS, LoopThread, ReportTasks


class FakeWorker:
    """Remembers what it was to make; `error` is what it then raises."""

    def __init__(self) -> None:
        self.journal, self.made, self.error = FakeJournal(), [], None

    async def work(self, run_id, user_ids):
        self.made.append((run_id, user_ids))
        if self.error is not None:
            raise self.error


@pytest.fixture
def worker():
    return FakeWorker()


@pytest.fixture
def tasks(worker):
    loops = LoopThread()
    yield ReportTasks(worker, loops)
    loops.close()


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("REDIS_URL", "DAILY_REPORTS_EXECUTOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DAZNODE_DATA_DIR", str(tmp_path))
    return monkeypatch


def test_a_worker_of_a_service_that_sends_nothing_is_refused(settings):
    done = CliRunner().invoke(cli, ["worker"])
    assert done.exit_code == 78
    assert done.stderr.startswith("error: DAILY_REPORTS_EXECUTOR='local'")


def test_a_worker_without_a_broker_is_refused(settings):
    settings.setenv("DAILY_REPORTS_EXECUTOR", "celery")
    done = CliRunner().invoke(cli, ["worker"])
    assert done.exit_code == 78
    assert "REDIS_URL" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_message_names_whose_reports_are_made(tasks, worker):
    tasks.work("daily-20261127-06", ["alice", "bob"])
    assert worker.made == [("daily-20261127-06", ["alice", "bob"])]


@pytest.mark.parametrize(
    ("run_id", "user_ids"),
    [
        (7, ["alice"]),
        ("", ["alice"]),
        ("r" * 201, ["alice"]),
        ("run", "alice"),
        ("run", [None]),
        ("run", [["alice"]]),
        ("run", ["alice"] * (MOST_USERS + 1)),
        ("run", {"alice": 1}),
    ],
)
def test_other_messages_are_dropped(tasks, worker, run_id, user_ids):
    tasks.work(run_id, user_ids)
    assert worker.made == []
    assert worker.journal.events("error") == ["Message that is none of ours dropped"]


@pytest.mark.parametrize("error", [RunNotFound("gone"), StoreUnavailable("locked")])
def test_what_goes_wrong_as_foreseen_is_logged_and_the_message_is_done(tasks, worker, error):
    worker.error = error
    tasks.work("run", ["alice"])
    assert len(worker.journal.events("warning")) == 1


def test_a_worker_that_stops_sends_messages_back(tasks, worker):
    tasks.stop()
    with pytest.raises(Reject) as told:
        tasks.work("run", ["alice"])
    assert told.value.requeue
    assert worker.made == []
