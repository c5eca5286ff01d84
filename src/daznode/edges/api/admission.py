"""Who asks, and whether that is not too often: known and counted before anything is done."""

import asyncio
import hashlib
import ipaddress
from collections.abc import Sequence
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from daznode.domain.accounts import Caller
from daznode.domain.errors import DaznodeError, RateLimited, Unauthenticated
from daznode.edges.api.asgi import CALLER, VERDICT, header_of, request_id_of, send_problem
from daznode.edges.api.problems import problem_of
from daznode.wiring.service import Service

BELIEVED_SECONDS: Final = 2.0
"""How long a verified token is not verified again: what an administrator does to its account is
noticed that much later."""

_MOST_BELIEVED: Final = 20_000
_WINDOW_SECONDS: Final = 60
_IPV6_NETWORK_BITS: Final = 64
"""What one subscriber has (RFC 6177): each address of it would be a fresh caller otherwise."""

UNCOUNTED: Final = frozenset({"/health", "/health/ready", "/health/detailed", "/metrics"})
"""Asked by machines that watch the service, the more often the worse it is."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Callers:
    """Who a bearer token speaks for, remembered for a few seconds.

    Args:
        service: Verifies tokens.
    """

    def __init__(self, service: Service) -> None:
        """Remember nobody yet."""
        self._authenticate = service.authenticate
        self._now = service.clock.now
        self._believed: dict[bytes, tuple[Caller, float]] = {}

    async def of(self, token: str) -> Caller:
        """Who a token speaks for.

        Raises:
            Unauthenticated: It is none of ours, has expired, or its account is disabled.
            StoreUnavailable: Nobody can say whether it is.
        """
        digest = hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
        now_seconds = asyncio.get_running_loop().time()
        known = self._believed.get(digest)
        if known is not None and now_seconds < known[1]:
            return known[0]
        caller = await self._authenticate.run(token)
        left_seconds = (caller.expires_at - self._now()).total_seconds()
        if len(self._believed) >= _MOST_BELIEVED:
            self._believed.clear()
        until_seconds = now_seconds + min(BELIEVED_SECONDS, left_seconds)
        self._believed[digest] = (caller, until_seconds)
        return caller


class Admission:
    """Finds out who asks, and refuses those who ask too often.

    Args:
        app: What is inside.
        service: Verifies tokens and counts callers.
        callers: Remembers tokens.
    """

    def __init__(self, app: ASGIApp, service: Service, callers: Callers) -> None:
        """Wrap an application."""
        self._app = app
        self._callers = callers
        self._limiter = service.limiter
        self._limit = service.settings.rate_limit_per_minute
        self._proxies = service.settings.trusted_proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] in UNCOUNTED:
            await self._app(scope, receive, send)
            return
        found = await self._caller(scope)
        scope["state"][CALLER] = found
        name = (
            f"user:{found.user_id}"
            if isinstance(found, Caller)
            else f"ip:{_network_of(address_of(scope, self._proxies))}"
        )
        verdict = await self._limiter.hit(name, self._limit, _WINDOW_SECONDS)
        scope["state"][VERDICT] = verdict
        if not verdict.is_allowed:
            message = f"more than {self._limit:,} requests in a minute"
            error = RateLimited(message, verdict.retry_after_seconds)
            await send_problem(send, problem_of(error, request_id_of(scope)))
            return
        await self._app(scope, receive, send)

    async def _caller(self, scope: Scope) -> Caller | DaznodeError | None:
        """Who asks; the reason if the token is refused; None without one."""
        given = header_of(scope, b"authorization")
        if given is None:
            return None
        scheme, _, token = given.partition(b" ")
        if scheme.lower() != b"bearer":
            message = "authorization: expected `Bearer` and a token"
            return Unauthenticated(message)
        try:
            return await self._callers.of(token.strip().decode("latin-1"))
        except DaznodeError as refused:
            return refused


def address_of(scope: Scope, proxies: Sequence[Network]) -> str:
    """Where a request comes from.

    Args:
        scope: The request.
        proxies: Networks whose word is taken for whom they forward for; without them the header
            `X-Forwarded-For` means nothing, since any caller can write it.

    Returns:
        The address of the connection, or the last one forwarded for that is no such proxy.
    """
    client = scope.get("client")
    address = client[0] if client else "unknown"
    if not proxies or not _is_in(address, proxies):
        return str(address)
    forwarded = header_of(scope, b"x-forwarded-for") or b""
    for part in reversed(forwarded.decode("latin-1").split(",")):
        candidate = part.strip()
        if not _is_address(candidate):
            break
        address = candidate
        if not _is_in(candidate, proxies):
            break
    return str(address)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_in(address: str, networks: Sequence[Network]) -> bool:
    if not _is_address(address):
        return False
    parsed = ipaddress.ip_address(address)
    return any(parsed in network for network in networks)


def _network_of(address: str) -> str:
    """What is counted as one caller: an IPv4 address, or the network of an IPv6 one."""
    if ":" not in address or not _is_address(address):
        return address
    return str(ipaddress.ip_network(f"{address}/{_IPV6_NETWORK_BITS}", strict=False))
