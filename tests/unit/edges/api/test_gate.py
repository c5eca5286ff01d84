"""Every request has a name, is counted once, and every response is sealed."""

import asyncio
import json

import pytest
from tests.fakes.batch import FakeJournal

from daznode.edges.api.gate import UNMATCHED, Gate, InFlight


def served(app, headers=(), path="/x"):
    """What a caller gets, what the watcher is told, and how many stay in flight."""
    sent, told = [], []
    in_flight, journal = InFlight(), FakeJournal()

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": b""}

    def watcher(scope, template, status, seconds, sent_bytes):
        told.append((scope["state"]["request_id"], template, status, sent_bytes, in_flight.count))

    scope = {"type": "http", "method": "GET", "path": path, "headers": list(headers)}
    try:
        asyncio.run(Gate(app, watcher, in_flight, journal)(scope, receive, send))
    finally:
        served.lines = journal.lines
    return sent, told, in_flight.count


def answering(status=200, headers=()):
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})
        await send({"type": "http.response.body", "body": b"abc", "more_body": True})
        await send({"type": "http.response.body", "body": b"de"})

    return app


def test_a_request_is_named_counted_and_its_response_sealed():
    sent, told, left = served(answering())
    headers = dict(sent[0]["headers"])
    assert len(headers[b"x-request-id"]) == 32
    assert told == [(headers[b"x-request-id"].decode(), UNMATCHED, 200, 5, 0)]
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert headers[b"content-security-policy"].startswith(b"default-src 'none'")
    assert headers[b"cache-control"] == b"no-store"
    assert left == 0


def test_what_a_response_says_itself_stands():
    own = [(b"content-security-policy", b"x"), (b"cache-control", b"private")]
    sent, _, _ = served(answering(headers=own))
    names = [name for name, _ in sent[0]["headers"]]
    assert names.count(b"content-security-policy") == names.count(b"cache-control") == 1


@pytest.mark.parametrize("given", [b"7f8c1e0f5a2b4c6d", b"trace:abc-123.4_5~6/7+8="])
def test_a_sane_name_from_outside_is_kept(given):
    sent, told, _ = served(answering(), [(b"x-request-id", given)])
    assert dict(sent[0]["headers"])[b"x-request-id"] == given
    assert told[0][0] == given.decode()


@pytest.mark.parametrize(
    "given", [b"short", b"a" * 129, b"with blank!!", b"new\nline12", b"\xff" * 9]
)
def test_another_one_is_replaced(given):
    sent, _, _ = served(answering(), [(b"x-request-id", given)])
    assert dict(sent[0]["headers"])[b"x-request-id"] != given


def test_a_request_that_dies_is_answered_without_a_word_of_why_and_logged_whole():
    async def dying(scope, receive, send):
        message = "secret reason"
        raise ValueError(message)

    sent, told, left = served(dying)
    assert sent[0]["status"] == 500
    assert b"secret" not in sent[1]["body"]
    assert json.loads(sent[1]["body"])["code"] == "internal-error"
    assert dict(sent[0]["headers"])[b"x-request-id"].decode() in sent[1]["body"].decode()
    assert [(one[2], one[4]) for one in told] == [(500, 0)]
    ((level, event, fields),) = served.lines
    assert (level, event) == ("error", "Unexpected error")
    assert "secret reason" in fields["error"]
    assert isinstance(fields["exc_info"], ValueError)
    assert left == 0


def test_a_request_that_dies_in_the_middle_is_not_answered_twice():
    async def dying(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        message = "broken"
        raise ValueError(message)

    sent, _, _ = served(dying)
    assert [one["type"] for one in sent] == ["http.response.start"]
    assert served.lines


def test_stopping_waits_for_requests_in_flight_but_not_for_ever():
    async def scenario():
        in_flight = InFlight()
        assert await in_flight.drained(0.01)
        in_flight.begin()
        assert not await in_flight.drained(0.05)
        waiting = asyncio.create_task(in_flight.drained(5.0))
        await asyncio.sleep(0)
        in_flight.end()
        assert await waiting

    asyncio.run(scenario())
