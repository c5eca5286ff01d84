"""Sending that can be stopped at any moment without leaving a socket open.

httpcore closes a connection whose task is cancelled at every stage but one: while TLS is being
agreed, the socket below it would stay open. So a stop that comes then waits for that stage, which
has a time limit of its own, to end.
"""

import asyncio
from typing import Any

import httpx2


class _Handshake:
    """Whether TLS is being agreed, as httpcore's trace tells."""

    def __init__(self) -> None:
        self.is_over = asyncio.Event()
        self.is_over.set()

    async def trace(self, name: str, info: dict[str, Any]) -> None:
        """Told by httpcore of each stage of a request."""
        del info
        if name.endswith("start_tls.started"):
            self.is_over.clear()
        elif ".start_tls." in name:
            self.is_over.set()


async def send(client: httpx2.AsyncClient, request: httpx2.Request) -> httpx2.Response:
    """Send a request; the answer's head, its body to be read.

    Raises:
        httpx2.HTTPError: As the client does.
    """
    handshake = _Handshake()
    request.extensions["trace"] = handshake.trace
    sending = asyncio.ensure_future(client.send(request, stream=True))
    try:
        return await asyncio.shield(sending)
    except asyncio.CancelledError:
        await handshake.is_over.wait()
        sending.cancel()
        (ended,) = await asyncio.gather(sending, return_exceptions=True)
        if isinstance(ended, httpx2.Response):
            await ended.aclose()
        raise
