"""The client against a real server that misbehaves."""

import asyncio
import gzip
import socket
from contextlib import contextmanager

import pytest
from tests.standins.certificates import self_signed, signed_by_authority
from tests.standins.proxy import SocksProxy
from tests.standins.server import Cut, LoopbackServer, Reply, json_reply

from daznode.adapters.http.breaker import Breaker, CircuitState
from daznode.adapters.http.client import Call, HttpClient
from daznode.adapters.http.source import HttpSource
from daznode.domain.errors import (
    BackendAnswerInvalid,
    BackendRateLimited,
    BackendRefused,
    BackendTimeout,
    BackendUnavailable,
    BackendUntrusted,
)

CANARY = "canary-5f2a"


@contextmanager
def serving(*replies, papers=None):
    """A server that gives these replies in turn, the last one for ever."""
    waiting = list(replies)

    async def answer(asked):
        reply = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return reply(asked) if callable(reply) else reply

    with LoopbackServer(answer, papers) as server:
        yield server


def a_source(server, **changes):
    settings = {
        "headers": {"Grpc-Metadata-macaroon": CANARY},
        "ca_file": server.papers.trust,
        "attempts": 1,
        "timeout_seconds": 5.0,
    }
    return HttpSource("lnd", server.url, **(settings | changes))


def ask(source, call, *, verb="read", **parts):
    async def trip():
        async with HttpClient(source, **parts) as client:
            return await getattr(client, verb)(call)

    return asyncio.run(trip())


def test_a_read_brings_status_headers_and_content():
    with serving(json_reply({"a": 1}, ETag="v1")) as server:
        answer = ask(
            a_source(server), Call(path="/v1/getinfo", query={"b": 2}, headers={"If": "x"})
        )
        (asked,) = server.asked
    assert (answer.status, answer.content, answer.headers["etag"]) == (200, b'{"a": 1}', "v1")
    assert (asked.method, asked.path, asked.query) == ("GET", "/v1/getinfo", {"b": "2"})
    assert asked.headers["grpc-metadata-macaroon"] == CANARY
    assert asked.headers["if"] == "x"


def test_a_body_is_sent_as_json():
    with serving(json_reply({}, 201)) as server:
        ask(a_source(server), Call(path="/v1/switch", method="POST", body={"index": 3}))
        (asked,) = server.asked
    assert asked.json() == {"index": 3}
    assert asked.headers["content-type"] == "application/json"


def test_a_read_is_tried_again_and_each_attempt_is_told():
    told = []
    with serving(Reply(503), Reply(body=b"xx", cut_after=1), json_reply({})) as server:
        source = a_source(server, attempts=3)
        answer = ask(source, Call(path="/x"), observer=lambda *one: told.append(one[:2]))
        assert answer.status == 200
        assert len(server.asked) == 3
    assert told == [("lnd", "backend-unavailable")] * 2 + [("lnd", "ok")]


def test_a_read_ends_after_its_attempts():
    with serving(Reply(500)) as server:
        with pytest.raises(BackendUnavailable):
            ask(a_source(server, attempts=2), Call(path="/x"))
        assert len(server.asked) == 2


@pytest.mark.parametrize("status", [400, 401, 404, 302])
def test_what_another_attempt_cannot_help_is_not_tried_again(status):
    with serving(Reply(status, headers={"location": "http://localhost:1/"})) as server:
        with pytest.raises((BackendAnswerInvalid, BackendRefused)):
            ask(a_source(server, attempts=3), Call(path="/x"))
        assert len(server.asked) == 1


def test_retry_after_is_kept():
    with serving(Reply(429, headers={"retry-after": "0"}), json_reply({})) as server:
        assert ask(a_source(server, attempts=2), Call(path="/x")).status == 200


def test_a_long_retry_after_is_the_callers():
    with serving(Reply(429, headers={"retry-after": "3600"})) as server:
        with pytest.raises(BackendRateLimited) as caught:
            ask(a_source(server, attempts=3), Call(path="/x"))
        assert len(server.asked) == 1
    assert caught.value.retry_after_seconds == 3600


@pytest.mark.parametrize("reply", [Reply(503), Reply(body=b"xxxx", cut_after=2), Reply(429)])
def test_a_write_is_never_tried_twice(reply):
    with serving(reply) as server:
        with pytest.raises((BackendUnavailable, BackendRateLimited)) as caught:
            ask(a_source(server, attempts=3), Call(path="/w", method="POST"), verb="write")
        assert len(server.asked) == 1
    assert caught.value.may_have_arrived


def test_a_write_that_found_nobody_certainly_changed_nothing():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        source = HttpSource("lnd", f"https://127.0.0.1:{closed.getsockname()[1]}")
        with pytest.raises(BackendUnavailable, match="cannot be reached") as caught:
            ask(source, Call(path="/w", method="POST"), verb="write")
    assert not caught.value.may_have_arrived


def test_an_answer_that_takes_too_long_is_a_timeout():
    with serving(Reply(delay_seconds=5)) as server, pytest.raises(BackendTimeout):
        ask(a_source(server), Call(path="/x", timeout_seconds=0.05))


def test_an_answer_that_drips_for_ever_is_a_timeout_too():
    async def dripping():
        while True:
            yield b" "
            await asyncio.sleep(0.01)

    with serving(lambda _: Reply(pieces=dripping())) as server, pytest.raises(BackendTimeout):
        ask(a_source(server, timeout_seconds=0.2), Call(path="/x"))


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=b"x" * 1001),
        Reply(body=gzip.compress(b"x" * 100_000), headers={"content-encoding": "gzip"}),
    ],
)
def test_an_answer_that_is_too_long_is_refused(reply):
    with serving(reply) as server, pytest.raises(BackendAnswerInvalid, match="1,000 bytes"):
        ask(a_source(server, max_bytes=1000), Call(path="/x"))


def test_an_answer_that_cannot_be_decompressed_is_invalid():
    reply = Reply(body=b"not gzip", headers={"content-encoding": "gzip"})
    with serving(reply) as server, pytest.raises(BackendAnswerInvalid):
        ask(a_source(server), Call(path="/x"))


def test_statuses_that_the_caller_takes_are_answers():
    with serving(Reply(404)) as server:
        assert ask(a_source(server), Call(path="/x", accepts=(404,))).status == 404


def test_a_source_may_read_its_failures_itself():
    def explain(where, answer):
        return BackendRefused(where) if b"macaroon" in answer.content else None

    with serving(Reply(500, b"wrong macaroon"), Reply(500, b"other")) as server:
        with pytest.raises(BackendRefused):
            ask(a_source(server), Call(path="/x"), explain=explain)
        with pytest.raises(BackendUnavailable):
            ask(a_source(server), Call(path="/x"), explain=explain)


def test_a_source_that_keeps_failing_is_left_alone():
    breaker = Breaker(failures=2)

    async def trip(source):
        async with HttpClient(source, breaker=breaker) as client:
            assert client.circuit is CircuitState.CLOSED
            for _ in range(4):
                with pytest.raises(BackendUnavailable) as caught:
                    await client.read(Call(path="/x"))
            assert client.circuit is CircuitState.OPEN
            return caught.value

    with serving(Reply(500)) as server:
        error = asyncio.run(trip(a_source(server)))
        assert len(server.asked) == 2
    assert "left alone" in str(error)
    assert not error.may_have_arrived


def test_an_unknown_certificate_is_not_trusted():
    other = signed_by_authority()
    with serving(json_reply({})) as server, pytest.raises(BackendUntrusted, match="self-signed"):
        ask(a_source(server, ca_file=other.trust, attempts=3), Call(path="/x"))


def test_without_a_file_of_its_own_a_self_signed_server_is_not_trusted():
    with serving(json_reply({})) as server, pytest.raises(BackendUntrusted):
        ask(a_source(server, ca_file=None), Call(path="/x"))


def test_a_certificate_of_another_name_is_not_trusted_unless_that_name_is_given():
    papers = self_signed("elsewhere.example")
    with serving(json_reply({}), papers=papers) as server:
        with pytest.raises(BackendUntrusted, match="localhost"):
            ask(a_source(server), Call(path="/x"))
        source = a_source(server, server_name="elsewhere.example")
        assert ask(source, Call(path="/x")).status == 200


def test_an_authority_of_ones_own_is_trusted():
    with serving(json_reply({}), papers=signed_by_authority()) as server:
        assert ask(a_source(server), Call(path="/x")).status == 200


def test_an_onion_address_is_called_through_its_proxy():
    papers = self_signed("abcdef.onion")
    with serving(json_reply({}), papers=papers) as server, SocksProxy(server.port) as proxy:
        source = HttpSource(
            "lnd",
            f"https://abcdef.onion:{server.port}",
            ca_file=papers.trust,
            proxy_url=f"socks5://127.0.0.1:{proxy.port}",
        )
        assert ask(source, Call(path="/x")).status == 200
    assert proxy.asked_for == [f"abcdef.onion:{server.port}"]


def test_no_secret_is_in_errors_or_reprs():
    call = Call(path="/x", method="POST", query={"key": CANARY}, body=CANARY, headers={"k": CANARY})
    with serving(Reply(500, CANARY.encode())) as server:
        client = HttpClient(a_source(server))
        shown = [repr(client), repr(client.source), repr(call)]
        with pytest.raises(BackendUnavailable) as caught:
            ask(a_source(server), call)
        shown.append(repr(caught.value))
        shown.append(repr(ask(a_source(server), Call(path="/x", accepts=(500,)))))
        asyncio.run(client.aclose())
    assert not [text for text in shown if CANARY in text]


def streamed(source, *, take=None, **limits):
    async def trip():
        lines = []
        async with (
            HttpClient(source) as client,
            client.stream(Call(path="/s"), **limits) as stream,
        ):
            async for line in stream:
                lines.append(line)
                if len(lines) == take:
                    break
        return lines

    return asyncio.run(trip())


def pieces(*parts, end=None):
    async def give():
        for part in parts:
            yield part
        if end is not None:
            raise end

    return lambda _: Reply(pieces=give())


def test_a_stream_gives_whole_lines_however_they_are_cut():
    with serving(pieces(b"on", b"e\ntwo\n\nthr", b"ee\n", b"half")) as server:
        assert streamed(a_source(server)) == [b"one", b"two", b"three"]


def test_a_stream_can_be_left_while_it_goes_on():
    async def endless():
        while True:
            yield b"x\n"
            await asyncio.sleep(0)

    with serving(lambda _: Reply(pieces=endless())) as server:
        assert streamed(a_source(server), take=3) == [b"x"] * 3


def test_a_stream_that_breaks_says_so():
    with serving(pieces(b"one\n", end=Cut())) as server, pytest.raises(BackendUnavailable):
        streamed(a_source(server))


def test_a_stream_that_falls_silent_says_so():
    async def silent():
        yield b"one\n"
        await asyncio.sleep(5)

    with serving(lambda _: Reply(pieces=silent())) as server, pytest.raises(BackendTimeout):
        streamed(a_source(server), idle_seconds=0.05)


def test_a_line_that_is_too_long_is_refused():
    with serving(pieces(b"x" * 600, b"x" * 600)) as server, pytest.raises(BackendAnswerInvalid):
        streamed(a_source(server, max_bytes=1000))


def test_a_stream_that_is_refused_says_so():
    with serving(Reply(401)) as server, pytest.raises(BackendRefused):
        streamed(a_source(server))
