"""Whom a request counts for, and for how long a token is believed."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest

from daznode.domain.accounts import Caller, Role
from daznode.domain.errors import Unauthenticated
from daznode.edges.api import admission
from daznode.edges.api.admission import Callers, address_of

PROXIES = (ip_network("10.0.0.0/8"), ip_network("::1/128"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "address"),
    [
        ("192.0.2.7", None, (), "192.0.2.7"),
        ("192.0.2.7", "203.0.113.9", (), "192.0.2.7"),
        ("192.0.2.7", "203.0.113.9", PROXIES, "192.0.2.7"),
        ("10.0.0.1", "203.0.113.9", PROXIES, "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9, 10.0.0.2", PROXIES, "203.0.113.9"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.9", PROXIES, "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9, nonsense", PROXIES, "10.0.0.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", PROXIES, "10.0.0.3"),
        ("10.0.0.1", None, PROXIES, "10.0.0.1"),
        ("::1", "2001:db8::9", PROXIES, "2001:db8::9"),
    ],
)
def test_a_forwarded_address_is_believed_of_known_proxies_alone(peer, forwarded, proxies, address):
    headers = [] if forwarded is None else [(b"x-forwarded-for", forwarded.encode())]
    assert address_of({"client": (peer, 1), "headers": headers}, proxies) == address


def test_addresses_of_one_ipv6_network_count_together():
    one, other = "2001:db8:1:2::1", "2001:db8:1:2:ffff::9"
    assert admission._network_of(one) == admission._network_of(other)
    assert admission._network_of("2001:db8:1:3::1") != admission._network_of(one)
    assert admission._network_of("192.0.2.1") == "192.0.2.1"


class Verifier:
    """Says who a token speaks for, and counts how often it is asked."""

    def __init__(self, seconds):
        self.asked = 0
        self.is_refused = False
        self.expires_at = datetime.now(UTC) + timedelta(seconds=seconds)

    async def run(self, token):
        self.asked += 1
        if self.is_refused:
            message = "disabled"
            raise Unauthenticated(message)
        return Caller(token, "tenant", Role.USER, self.expires_at)


@dataclass
class Clock:
    @staticmethod
    def now():
        return datetime.now(UTC)


@dataclass
class FakeService:
    authenticate: Verifier
    clock: Clock


def asked(seconds, scenario):
    verifier = Verifier(seconds)
    callers = Callers(FakeService(verifier, Clock()))
    return asyncio.run(scenario(callers, verifier))


def test_a_token_is_verified_once_in_a_while(monkeypatch):
    monkeypatch.setattr(admission, "BELIEVED_SECONDS", 0.05)

    async def scenario(callers, verifier):
        first = [await callers.of("a") for _ in range(5)]
        assert (len(set(map(id, first))), verifier.asked) == (1, 1)
        assert (await callers.of("b")).user_id == "b"
        await asyncio.sleep(0.06)
        verifier.is_refused = True
        with pytest.raises(Unauthenticated):
            await callers.of("a")

    asked(60, scenario)


def test_a_token_is_not_believed_longer_than_it_holds():
    async def scenario(callers, verifier):
        await callers.of("a")
        await asyncio.sleep(0.06)
        await callers.of("a")
        return verifier.asked

    assert asked(0.05, scenario) == 2


def test_a_refusal_is_not_remembered():
    async def scenario(callers, verifier):
        verifier.is_refused = True
        with pytest.raises(Unauthenticated):
            await callers.of("a")
        verifier.is_refused = False
        return await callers.of("a")

    assert asked(60, scenario).user_id == "a"
