"""Routes for cached reads: documented as all others are, and served without what they do not need."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from daznode.domain.errors import DaznodeError

Serve = Callable[[Request], Awaitable[Response]]
Refuse = Callable[[Request, DaznodeError], Awaitable[Response]]


class QuickRoute(APIRoute):
    """A route whose function takes the request alone.

    Solving dependencies and opening exit stacks costs more than all the rest of a cached read. So
    the function reads its parameters itself and is called as it stands; its parameters are
    documented by `parameters`.
    """

    def __init__(self, path: str, endpoint: Serve, **options: Any) -> None:  # noqa: ANN401 - FastAPI's
        """Take FastAPI's documentation, and serve the function itself."""
        super().__init__(path, endpoint, **options)
        self.serve: Serve = endpoint
        self.app = _served(endpoint)


class QuickLane:
    """Serves quick routes before the framework looks at a request; it gets all others.

    Its layers and its search through all routes cost as much again as the rest of a cached read.

    Args:
        app: The framework's application, with all routes.
        refuse: Answers an error of ours.
    """

    def __init__(self, app: FastAPI, refuse: Refuse) -> None:
        """Find the quick routes."""
        self._app = app
        self._refuse = refuse
        quick = [route for route in app.routes if isinstance(route, QuickRoute)]
        self._fixed = {route.path: route for route in quick if not route.param_convertors}
        self._open = [route for route in quick if route.param_convertors]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        route = self._route_of(scope)
        if route is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = route
        request = Request(scope, receive, send)
        try:
            response = await route.serve(request)
        except DaznodeError as error:
            response = await self._refuse(request, error)
        await response(scope, receive, send)

    def _route_of(self, scope: Scope) -> QuickRoute | None:
        path = scope["path"]
        route = self._fixed.get(path)
        if route is not None:
            scope["path_params"] = {}
            return route
        for candidate in self._open:
            found = candidate.path_regex.match(path)
            if found is not None:
                scope["path_params"] = found.groupdict()
                return candidate
        return None


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
