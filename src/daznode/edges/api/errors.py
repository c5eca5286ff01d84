"""What a route raises becomes a problem document; a stack trace never leaves the process."""

from typing import Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from daznode.domain.errors import DaznodeError
from daznode.edges.api.asgi import request_id_of
from daznode.edges.api.gate import FAULT
from daznode.edges.api.problems import MEDIA_TYPE, Problem, answer_of, problem_of, refusal
from daznode.wiring.service import Service

_MOST_FAULTS: Final = 20
_BAD_REQUEST: Final = 400
_NO_FIT: Final = 422
_SERVER_FAULT: Final = 500


def response_of(problem: Problem) -> Response:
    """A problem document as a response."""
    return Response(
        problem.body, problem.status, headers=dict(problem.headers), media_type=MEDIA_TYPE
    )


class Refusals:
    """Answers errors of ours.

    Args:
        service: For the log.
    """

    def __init__(self, service: Service) -> None:
        """Answer nothing yet."""
        self._journal = service.journal

    async def __call__(self, request: Request, exc: Exception) -> Response:
        """The answer to one; what callers are not told is in the log."""
        assert isinstance(exc, DaznodeError)  # noqa: S101 - registered for that class alone
        request_id = request_id_of(request.scope)
        if answer_of(type(exc)).status >= _SERVER_FAULT:
            self._journal.warning(
                "Request cannot be answered", request_id=request_id, code=exc.code, error=str(exc)
            )
        return response_of(problem_of(exc, request_id))


def answer_errors(app: FastAPI, refusals: Refusals) -> None:
    """Let an application answer what its routes raise."""

    async def invalid(request: Request, exc: Exception) -> Response:
        assert isinstance(exc, RequestValidationError)  # noqa: S101 - registered for that class alone
        faults = [
            {"where": ".".join(str(part) for part in one["loc"]), "what": str(one["msg"])}
            for one in exc.errors()[:_MOST_FAULTS]
        ]
        detail = "; ".join(f"{one['where']}: {one['what']}" for one in faults[:3])
        return response_of(refusal(422, detail, request_id_of(request.scope), faults=faults))

    async def refused(request: Request, exc: Exception) -> Response:
        assert isinstance(exc, HTTPException)  # noqa: S101 - registered for that class alone
        headers = tuple((exc.headers or {}).items())
        # The framework says 400 of a body that it cannot parse; here all such are 422.
        status = _NO_FIT if exc.status_code == _BAD_REQUEST else exc.status_code
        return response_of(
            refusal(status, str(exc.detail), request_id_of(request.scope), headers=headers)
        )

    async def unexpected(request: Request, exc: Exception) -> Response:
        # The framework raises it again after this; the gate then logs it.
        del exc
        return response_of(refusal(500, FAULT, request_id_of(request.scope)))

    app.add_exception_handler(DaznodeError, refusals)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(Exception, unexpected)
