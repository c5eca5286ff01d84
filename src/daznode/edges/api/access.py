"""Who may use a route: anybody with a valid token, or administrators."""

from typing import Annotated, Any, Final

from fastapi import Depends
from starlette.requests import HTTPConnection, Request
from starlette.types import Scope

from daznode.domain.accounts import Caller, Role
from daznode.domain.errors import DaznodeError, RoleMissing, Unauthenticated
from daznode.edges.api.asgi import CALLER, request_id_of

BEARER: Final[dict[str, Any]] = {"security": [{"bearer": []}]}
"""For the OpenAPI document: the route wants a token."""


def known_caller(scope: Scope) -> Caller:
    """Who asks, as the admission found out.

    Raises:
        Unauthenticated: No token, or none that is valid.
        StoreUnavailable: Nobody could say whether it is.
    """
    found = scope["state"].get(CALLER)
    if isinstance(found, Caller):
        return found
    if isinstance(found, DaznodeError):
        # A new one each time: an error that is raised twice collects tracebacks.
        raise type(found)(*found.args)
    message = "no token; give one as `Authorization: Bearer ...`, from POST /auth/login"
    raise Unauthenticated(message)


async def _caller(request: HTTPConnection) -> Caller:
    return known_caller(request.scope)


async def _admin(request: HTTPConnection) -> Caller:
    caller = known_caller(request.scope)
    if caller.role is not Role.ADMIN:
        message = "only administrators may do that"
        raise RoleMissing(message)
    return caller


async def _request_id(request: Request) -> str:
    return request_id_of(request.scope)


CallerNow = Annotated[Caller, Depends(_caller)]
AdminNow = Annotated[Caller, Depends(_admin)]
RequestId = Annotated[str, Depends(_request_id)]
