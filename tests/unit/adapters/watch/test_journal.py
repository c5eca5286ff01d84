"""The log as an operator or a machine reads it."""

import asyncio
import json
import logging
import re
import threading
import time
import warnings

import pytest

from daznode.adapters.watch.journal import StructuredJournal
from daznode.adapters.watch.lines import MOST_WAITING


class Sink:
    """Keeps what is written; `is_stuck` makes it wait like a pipe that nobody reads."""

    def __init__(self) -> None:
        self.written = b""
        self.is_stuck = threading.Event()

    def write(self, data):
        while self.is_stuck.is_set():
            time.sleep(0.005)
        self.written += data

    def flush(self):
        pass


@pytest.fixture
def sink():
    return Sink()


@pytest.fixture
def journal(sink):
    made = StructuredJournal(is_json=True, sink=sink)
    yield made
    made.close()


@pytest.fixture
def root_logging():
    """Give the libraries their loggers back."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    logging.captureWarnings(capture=False)


def lines(journal, sink):
    journal.close()
    return [json.loads(line) for line in sink.written.splitlines()]


def test_a_line_says_when_how_bad_and_what(journal, sink):
    journal.info("Report r1 generated successfully", generation_duration=1.25, user_id="alice")
    (line,) = lines(journal, sink)
    assert list(line) == ["timestamp", "level", "event", "generation_duration", "user_id"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", line["timestamp"])
    assert (line["level"], line["event"]) == ("info", "Report r1 generated successfully")


def test_lines_of_a_request_carry_its_names_and_other_tasks_do_not(journal, sink):
    async def request(number):
        with journal.about(request_id=f"r{number}", tenant_id="t1"):
            await asyncio.sleep(0)
            journal.warning("slow")

    async def trip():
        await asyncio.gather(request(1), request(2))
        journal.info("after")

    asyncio.run(trip())
    one, two, after = lines(journal, sink)
    assert {one["request_id"], two["request_id"]} == {"r1", "r2"}
    assert one["tenant_id"] == "t1"
    assert "request_id" not in after


def test_what_an_error_was_is_a_trace_without_variables(journal, sink):
    def fail(macaroon):
        message = "cannot reach redis://user:hunter2@10.0.0.1:6379/0"
        raise ConnectionError(message)

    try:
        fail("0201036c6e64")
    except ConnectionError as error:
        journal.error("Background work ended", exc_info=error)
    (line,) = lines(journal, sink)
    text = json.dumps(line)
    assert line["exception"][0]["exc_type"] == "ConnectionError"
    assert line["exception"][0]["frames"][-1]["name"] == "fail"
    assert "hunter2" not in text
    assert "0201036c6e64" not in text


def test_an_exc_info_of_none_is_no_trace(journal, sink):
    journal.error("Error generating report", exc_info=None)
    (line,) = lines(journal, sink)
    assert set(line) == {"timestamp", "level", "event"}


def test_less_important_lines_than_wanted_are_not_written(sink):
    journal = StructuredJournal(is_json=True, level="warning", sink=sink)
    journal.info("no")
    journal.warning("yes")
    assert [line["event"] for line in lines(journal, sink)] == ["yes"]


def test_for_people_the_trace_follows_the_line(sink):
    journal = StructuredJournal(is_json=False, sink=sink)
    try:
        int("odd")
    except ValueError as error:
        journal.error("Could not fetch Amboss data", source="amboss", exc_info=error)
    journal.close()
    text = sink.written.decode()
    assert "Could not fetch Amboss data" in text
    assert "source=amboss" in text
    assert text.rstrip().endswith("base 10: 'odd'")


def test_what_cannot_be_encoded_is_written_all_the_same(journal, sink):
    journal.info(
        "alias \ud83d", amount=2**70, at=time.gmtime(0), raw=b"\x00\x01", ratio=float("nan")
    )
    (line,) = lines(journal, sink)
    assert line["amount"] == 2**70
    assert line["raw"] == "2 bytes"


def test_libraries_log_through_it(journal, sink, root_logging):
    journal.take_in_libraries()
    logging.getLogger("asyncio").error(
        "Task exception was never retrieved %s", "Bearer abcdef123456"
    )
    logging.getLogger("celery.worker").info("everyday")
    logging.getLogger("celery.worker").warning("odd")
    logging.getLogger("_granian").info("Started worker-1")
    logging.getLogger("strange").warning("%d of %d", 1)  # noqa: PLE1206 - as faulty libraries do
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    events = [(line["logger"], line["level"], line["event"]) for line in lines(journal, sink)]
    assert events[:4] == [
        ("asyncio", "error", "Task exception was never retrieved Bearer [hidden]"),
        ("celery.worker", "warning", "odd"),
        ("_granian", "info", "Started worker-1"),
        ("strange", "warning", "%d of %d"),
    ]
    assert events[4][:2] == ("py.warnings", "warning")


def test_a_reader_that_does_not_read_stalls_nobody_and_is_told_what_it_missed(journal, sink):
    sink.is_stuck.set()
    began = time.perf_counter()
    for number in range(MOST_WAITING + 3_000):
        journal.info("line", number=number)
    assert time.perf_counter() - began < 5.0
    sink.is_stuck.clear()
    journal.info("later")
    found = lines(journal, sink)
    dropped = [line["lines"] for line in found if line["event"].startswith("Log lines dropped")]
    assert sum(dropped) + len(found) - len(dropped) == MOST_WAITING + 3_001
    assert sum(dropped) > 0


def test_a_reader_that_is_gone_is_no_error(sink):
    class Gone(Sink):
        def flush(self):
            raise BrokenPipeError

    journal = StructuredJournal(is_json=True, sink=Gone())
    journal.info("one")
    time.sleep(0.05)
    journal.info("two")
    journal.close()


def test_a_line_costs_little(journal):
    def a_request():
        journal.info(
            "Request answered",
            request_id="0f8fad5b-d9cb-469f-a165-70867728950e",
            method="GET",
            route="/api/v1/reports/daily/latest",
            status=200,
            duration_ms=1.25,
            bytes=4_711,
            user_id="alice",
            tenant_id="tenant-1",
        )

    best = float("inf")
    for _ in range(5):
        began = time.thread_time()
        for _ in range(1_000):
            a_request()
        best = min(best, time.thread_time() - began)
    assert best / 1_000 < 60e-6  # about 8 us on a free core; the limit leaves room for a busy one
