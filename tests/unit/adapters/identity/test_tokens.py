"""Tokens: what is issued is verified, and nothing else is."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import MORNING
from tests.fakes.clock import FakeClock, FakeIds

from daznode.adapters.identity.tokens import JwtTokens
from daznode.domain.accounts import Account, Caller, Role
from daznode.domain.errors import Unauthenticated

SECRET = b"s" * 40
ACCOUNT = Account("alice", "alice", "acme", Role.USER, "$argon2id$", MORNING)
NOW = int(MORNING.timestamp())
CLAIMS = {
    "sub": "alice",
    "tenant_id": "acme",
    "role": "user",
    "iat": NOW,
    "exp": NOW + 3600,
    "jti": "1",
}


def tokens(clock=None, secret=SECRET):
    return JwtTokens(secret, 60, clock or FakeClock(), FakeIds())


def part(value) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def by_hand(claims, *, secret=SECRET, **header) -> str:
    """A token made without the library under test."""
    signed = f"{part({'alg': 'HS256', 'typ': 'JWT'} | header)}.{part(claims)}"
    mac = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def refused(token, said, clock=None):
    with pytest.raises(Unauthenticated, match=said) as caught:
        tokens(clock).verify(token)
    assert SECRET.decode() not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_issued_is_verified():
    token, seconds = tokens().issue(ACCOUNT)
    assert seconds == 3600
    assert tokens().verify(token) == Caller(
        "alice", "acme", Role.USER, MORNING + timedelta(hours=1)
    )
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims == CLAIMS | {"jti": "00000000-0000-4000-8000-000000000001"}
    assert jwt.get_unverified_header(token)["alg"] == "HS256"


def test_a_token_made_by_others_with_the_secret_holds():
    assert tokens().verify(by_hand(CLAIMS | {"role": "admin"})).role is Role.ADMIN


def test_it_expires():
    clock = FakeClock()
    token, _ = tokens(clock).issue(ACCOUNT)
    clock.advance(timedelta(hours=1, seconds=9))
    assert tokens(clock).verify(token).user_id == "alice"
    clock.advance(timedelta(seconds=1))
    refused(token, "expired", clock)


def test_a_token_of_the_future_is_refused_but_for_small_differences_of_clocks():
    clock = FakeClock(MORNING - timedelta(seconds=10))
    token, _ = tokens().issue(ACCOUNT)
    assert tokens(clock).verify(token)
    clock.advance(timedelta(seconds=-1))
    refused(token, "not valid yet", clock)
    refused(by_hand(CLAIMS | {"nbf": NOW + 11}), "not valid yet")
    assert tokens().verify(by_hand(CLAIMS | {"nbf": NOW + 10}))


def test_only_the_given_clock_counts():
    for century in (-1, 1):
        clock = FakeClock(MORNING + timedelta(days=36_525 * century))
        token, _ = tokens(clock).issue(ACCOUNT)
        assert tokens(clock).verify(token).user_id == "alice"
        later = int(clock.now().timestamp())
        claims = CLAIMS | {"iat": later, "nbf": later, "exp": later + 60}
        assert tokens(clock).verify(by_hand(claims))


def test_a_token_may_hold_to_the_end_of_the_calendar():
    assert tokens().verify(by_hand(CLAIMS | {"exp": 253_402_300_799}))


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "HS384", "HS512", "RS256", "ES256", ""])
def test_only_one_algorithm_is_taken(alg):
    refused(by_hand(CLAIMS, alg=alg), "not one of ours")
    refused(f"{part({'alg': alg})}.{part(CLAIMS)}.", "not one of ours")


def test_another_secret():
    refused(by_hand(CLAIMS, secret=b"t" * 40), "not one of ours")
    with pytest.raises(Unauthenticated):
        tokens(secret=b"t" * 40).verify(tokens().issue(ACCOUNT)[0])


@pytest.mark.parametrize("claim", CLAIMS)
def test_every_claim_is_required(claim):
    refused(by_hand({name: value for name, value in CLAIMS.items() if name != claim}), "token")
    refused(by_hand(CLAIMS | {claim: None}), "token")


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("sub", 7),
        ("sub", ""),
        ("sub", "x" * 129),
        ("tenant_id", ["acme"]),
        ("tenant_id", ""),
        ("role", "root"),
        ("role", ["admin"]),
        ("role", {"admin": 1}),
        ("exp", "tomorrow"),
        ("exp", True),
        ("exp", 10**30),
        ("exp", 1e308),
        ("exp", -(10**12)),
        ("exp", {}),
        ("iat", "x"),
        ("iat", 10**18),
        ("nbf", "x"),
        ("jti", 5),
    ],
)
def test_claims_of_another_kind(claim, value):
    refused(by_hand(CLAIMS | {claim: value}), "token")


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "é.é.é",
        "\ud800",
        by_hand([]),
        by_hand("x"),
        by_hand(None),
        "x" * 9999,
    ],
)
def test_what_is_no_token(token):
    refused(token, "token")


@given(st.data())
def test_no_changed_character_is_taken(data):
    token, _ = tokens().issue(ACCOUNT)
    at = data.draw(st.integers(0, len(token) - 2))  # the last character carries unused bits
    other = data.draw(st.characters(codec="utf-8").filter(lambda one: one != token[at]))
    refused(token[:at] + other + token[at + 1 :], "token")


def test_the_secret_is_not_shown():
    assert SECRET.decode() not in repr(tokens())
