"""Bodies are read whole under limits before anybody parses them."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daznode.edges.api.bodies import MOST_BYTES, MOST_DEPTH, BodyLimits, Refused, check_depth


async def echo(scope, receive, send):
    message = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": message["body"]})


def asked(parts, *, headers=(), method="POST", read_seconds=5.0, pause_seconds=0.0):
    """The messages that a caller gets who sends a body in parts, and how many parts were read."""
    sent = []
    waiting = list(parts)

    async def receive():
        if not waiting:
            await asyncio.sleep(60)
        await asyncio.sleep(pause_seconds)
        part = waiting.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(waiting)}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": method, "headers": list(headers), "state": {}}
    asyncio.run(BodyLimits(echo, read_seconds=read_seconds)(scope, receive, send))
    return sent, len(parts) - len(waiting)


def test_a_body_in_parts_arrives_whole():
    sent, _ = asked([b'{"a":', b" 1}"])
    assert sent[1]["body"] == b'{"a": 1}'


def test_a_stated_length_is_refused_before_anything_is_read():
    sent, n_read = asked([b"x"], headers=[(b"content-length", b"100000000")])
    assert sent[0]["status"] == 413
    assert (b"connection", b"close") in sent[0]["headers"]
    assert json.loads(sent[1]["body"])["code"] == "body-too-large"
    assert n_read == 0


def test_a_body_without_a_stated_length_is_refused_as_soon_as_it_is_too_long():
    part = b"x" * (MOST_BYTES // 2)
    sent, n_read = asked([part] * 100)
    assert sent[0]["status"] == 413
    assert n_read == 3


def test_a_caller_who_sends_too_slowly_is_told_so():
    sent, _ = asked([b"x"] * 50, read_seconds=0.1, pause_seconds=0.02)
    assert sent[0]["status"] == 408
    assert json.loads(sent[1]["body"])["code"] == "request-timeout"


def test_a_caller_who_goes_away_is_not_answered():
    sent = []

    async def receive():
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "headers": [], "state": {}}
    asyncio.run(BodyLimits(echo)(scope, receive, send))
    assert sent == []


@pytest.mark.parametrize(
    "body",
    [
        b"[" * (MOST_DEPTH + 1),
        b'{"a":' * (MOST_DEPTH + 1) + b"1" + b"}" * (MOST_DEPTH + 1),
        b'["\\"", ' + b"[" * MOST_DEPTH,
        b"[]" * 20_001,
        b'{"a": "\xff"}',
    ],
    ids=["lists", "objects", "behind an escaped quote", "many", "no UTF-8"],
)
def test_deep_or_broken_json_is_refused(body):
    with pytest.raises(Refused) as caught:
        check_depth(body)
    assert caught.value.status == 422


@pytest.mark.parametrize(
    "body",
    [
        b"[" * MOST_DEPTH,
        b'["' + b"[" * 5_000 + b'"]',
        b'["\\\\", "' + b"[" * 500 + b'"]',
        b"[]," * 5_000,
        b'"' + b"[" * 500,
        b"\\" + b'"' + b"[" * 500,
    ],
    ids=["deepest", "in a text", "behind an escaped backslash", "side by side", "no end", "stray"],
)
def test_what_only_looks_deep_passes(body):
    check_depth(body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=60,
)


@given(json_values)
def test_depth_is_what_the_value_has(value):
    def depth(one):
        if isinstance(one, dict):
            return 1 + max(map(depth, one.values()), default=0)
        return 1 + max(map(depth, one), default=0) if isinstance(one, list) else 0

    # Filled up so that a count of brackets alone never decides.
    filled = [value, *([[]] * MOST_DEPTH)]
    deep = filled
    for _ in range(MOST_DEPTH - depth(filled)):
        deep = [deep]
    check_depth(json.dumps(deep).encode())
    with pytest.raises(Refused):
        check_depth(json.dumps([deep]).encode())
