"""What the layers of the door share: headers of a request, and responses without a framework."""

from collections.abc import MutableMapping
from typing import Any, Final

from starlette.types import Scope, Send

from daznode.edges.api.problems import MEDIA_TYPE, Problem

Message = MutableMapping[str, Any]

REQUEST_ID: Final = "request_id"
CALLER: Final = "caller"
VERDICT: Final = "verdict"
"""Names in the `state` of a request's scope."""


def request_id_of(scope: Scope) -> str:
    """The id of the request; `-` before it has one."""
    return str(scope.get("state", {}).get(REQUEST_ID, "-"))


def header_of(scope: Scope, name: bytes) -> bytes | None:
    """The first value of a header, by its lower-case name."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return None


async def send_problem(send: Send, problem: Problem, *, is_last: bool = False) -> None:
    """Send a problem document.

    Args:
        send: Where to.
        problem: The document.
        is_last: Close the connection after it: the rest of the request will not be read.
    """
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(problem.body)).encode()),
        *((name.encode("latin-1"), value.encode("latin-1")) for name, value in problem.headers),
    ]
    if is_last:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": problem.body})
