"""Routes for cached reads: documented as all others are, and served without what they do not need."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

Serve = Callable[[Request], Awaitable[Response]]


class QuickRoute(APIRoute):
    """A route whose function takes the request alone.

    Solving dependencies and opening exit stacks costs more than all the rest of a cached read. So
    the function reads its parameters itself and is called as it stands; its parameters are
    documented by `parameters`.
    """

    def __init__(self, path: str, endpoint: Serve, **options: Any) -> None:  # noqa: ANN401 - FastAPI's
        """Take FastAPI's documentation, and serve the function itself."""
        super().__init__(path, endpoint, **options)
        self.app = _served(endpoint)


def _served(endpoint: Serve) -> ASGIApp:
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        response = await endpoint(Request(scope, receive, send))
        await response(scope, receive, send)

    return serve


def parameters(*described: dict[str, Any]) -> dict[str, Any]:
    """What the OpenAPI document says of the parameters of a quick route, and that it wants a token."""
    return {"parameters": list(described), "security": [{"bearer": []}]}


def parameter(
    place: str, name: str, description: str, example: object, **schema: object
) -> dict[str, Any]:
    """One parameter.

    Args:
        place: `path` or `query`.
        name: As it stands in the path or the query.
        description: What it is.
        example: A value of it.
        schema: Members of its JSON schema.
    """
    return {
        "in": place,
        "name": name,
        "required": place == "path",
        "description": description,
        "schema": schema,
        "example": example,
    }
