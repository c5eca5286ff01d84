"""Answers as responses: bytes with a tag that saves sending them twice."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from daznode.edges.api.asgi import header_of
from daznode.usecases.cached_answers import Answer

JSON: Final = "application/json"
CHECKED_AGAIN: Final = (b"cache-control", b"private, no-cache")
"""Kept by the caller alone, and only used after asking whether it still holds."""

VARIES: Final = (b"vary", b"Authorization, Accept")


class BytesResponse(Response):
    """Bytes with headers that are bytes too: nothing to be encoded, parsed or guessed."""

    def __init__(self, body: bytes, status_code: int, headers: list[tuple[bytes, bytes]]) -> None:
        """Take all as it is."""
        self.status_code = status_code
        self.body = body
        self.background = None
        self.raw_headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        del scope, receive
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        await send({"type": "http.response.body", "body": self.body})


def tagged_response(
    request: Request, answer: Answer, *, media_type: str = JSON, file_name: str | None = None
) -> BytesResponse:
    """An answer, or 304 for a caller that has it.

    Args:
        request: Of the caller.
        answer: The bytes and their tag.
        media_type: Of the bytes.
        file_name: What a browser that saves it should call it; None for what is not saved.
    """
    tag = f'"{answer.tag}"'
    headers = [(b"etag", tag.encode()), CHECKED_AGAIN, VARIES]
    held = header_of(request.scope, b"if-none-match")
    if held is not None and _names(held.decode("latin-1"), tag):
        return BytesResponse(b"", 304, headers)
    headers.append((b"content-type", media_type.encode()))
    headers.append((b"content-length", b"%d" % len(answer.body)))
    if file_name is not None:
        headers.append((b"content-disposition", f'inline; filename="{file_name}"'.encode()))
    return BytesResponse(answer.body, 200, headers)


def json_response(body: bytes, status: int = 200) -> Response:
    """JSON that is written already."""
    return Response(body, status, media_type=JSON)


def _names(held: str, tag: str) -> bool:
    """Whether `If-None-Match` names a tag (RFC 9110, section 13.1.2: weak comparison)."""
    if held.strip() == "*":
        return True
    return any(one.strip().removeprefix("W/") == tag for one in held.split(","))
