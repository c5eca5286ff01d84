"""Answers as responses: bytes with a tag that saves sending them twice."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from daznode.edges.api.asgi import header_of
from daznode.usecases.cached_answers import Answer

JSON: Final = "application/json"
CHECKED_AGAIN: Final = "private, no-cache"
"""Kept by the caller alone, and only used after asking whether it still holds."""


def tagged_response(
    request: Request, answer: Answer, *, media_type: str = JSON, file_name: str | None = None
) -> Response:
    """An answer, or 304 for a caller that has it.

    Args:
        request: Of the caller.
        answer: The bytes and their tag.
        media_type: Of the bytes.
        file_name: What a browser that saves it should call it; None for what is not saved.
    """
    tag = f'"{answer.tag}"'
    headers = {"etag": tag, "cache-control": CHECKED_AGAIN, "vary": "Authorization, Accept"}
    held = header_of(request.scope, b"if-none-match")
    if held is not None and _names(held.decode("latin-1"), tag):
        return Response(status_code=304, headers=headers)
    if file_name is not None:
        headers["content-disposition"] = f'inline; filename="{file_name}"'
    return Response(answer.body, headers=headers, media_type=media_type)


def json_response(body: bytes, status: int = 200) -> Response:
    """JSON that is written already."""
    return Response(body, status, media_type=JSON)


def _names(held: str, tag: str) -> bool:
    """Whether `If-None-Match` names a tag (RFC 9110, section 13.1.2: weak comparison)."""
    if held.strip() == "*":
        return True
    return any(one.strip().removeprefix("W/") == tag for one in held.split(","))
