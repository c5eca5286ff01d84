"""Reports: the caller's own, as data or as documents."""

from typing import Annotated, Any, Final

from fastapi import FastAPI, Path, Query
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from daznode.domain.report_answers import DailyReportAnswer, DailyReportsAnswer, DigestAnswer
from daznode.domain.runs import RunKind
from daznode.edges.api.access import BEARER, CallerNow, known_caller
from daznode.edges.api.answers import tagged_response
from daznode.edges.api.documented import answers
from daznode.edges.api.quick_route import QuickRoute
from daznode.usecases.digests import PERIOD_DAYS
from daznode.usecases.read_reports import (
    MOST_DAYS,
    MOST_REPORTS,
    Face,
)
from daznode.wiring.service import Service

TAG: Final = "reports"

MEDIA_TYPES: Final = {
    Face.JSON: "application/json",
    Face.HTML: "text/html",
    Face.PDF: "application/pdf",
    Face.MD: "text/markdown",
}

_PAGE_POLICY: Final = (
    b"default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    b"frame-ancestors 'none'"
)
"""The document brings its own styles and drawings, and runs nothing."""


def add_reports(app: FastAPI, service: Service) -> None:
    """Add the routes, but for the newest report's."""
    _add_history(app, service)
    _add_one(app, service)
    for word, kind in (("weekly", RunKind.WEEKLY), ("monthly", RunKind.MONTHLY)):
        _add_digest(app, service, word, PERIOD_DAYS[kind])


def add_latest_report(app: FastAPI, service: Service) -> None:
    """Add the route that is asked most often."""

    async def daily_latest(request: Request) -> Response:
        """The caller's newest daily report."""
        caller = known_caller(request.scope)
        return tagged_response(request, await service.read_reports.latest(caller))

    app.router.add_api_route(
        "/api/v1/reports/daily/latest",
        daily_latest,
        methods=["GET"],
        tags=[TAG],
        responses=answers(DailyReportAnswer, "daily_latest", 401, 404, 503),
        openapi_extra=BEARER,
        route_class_override=QuickRoute,
    )


def _add_history(app: FastAPI, service: Service) -> None:
    @app.get(
        "/api/v1/reports/daily/history",
        tags=[TAG],
        responses=answers(DailyReportsAnswer, "daily_history", 401, 422, 503),
        openapi_extra=BEARER,
    )
    async def daily_history(
        request: Request,
        caller: CallerNow,
        days: Annotated[
            int, Query(ge=1, le=MOST_DAYS, description="How far back; today is the first day.")
        ] = 30,
        page: Annotated[int, Query(ge=1, le=1_000_000, description="From 1.")] = 1,
        limit: Annotated[int, Query(ge=1, le=MOST_REPORTS, description="Reports a page.")] = 10,
    ) -> Response:
        """A page of the caller's daily reports, newest first."""
        answer = await service.read_reports.history(caller, days=days, page=page, limit=limit)
        return tagged_response(request, answer)


def _add_one(app: FastAPI, service: Service) -> None:
    documented = answers(DailyReportAnswer, "daily_report", 401, 404, 406, 422, 503)
    for face in (Face.HTML, Face.PDF, Face.MD):
        is_binary = face is Face.PDF
        documented[200]["content"][MEDIA_TYPES[face]] = {
            "schema": {"type": "string", **({"format": "binary"} if is_binary else {})}
        }

    @app.get(
        "/api/v1/reports/daily/{report_id}",
        tags=[TAG],
        responses=documented,
        openapi_extra=BEARER,
    )
    async def daily_report(
        request: Request,
        caller: CallerNow,
        report_id: Annotated[
            str,
            Path(
                min_length=1,
                max_length=64,
                description="UUID of the report.",
                examples=["0b7f8c1e-4a2d-4a53-9d0e-0a1b2c3d4e5f"],
            ),
        ],
        format_: Annotated[
            Face | None, Query(alias="format", description="Form; wins over `Accept`.")
        ] = None,
    ) -> Response:
        """One of the caller's daily reports, as JSON, HTML, PDF or Markdown."""
        face = format_ or wanted_face(request.headers.get("accept", ""))
        document = await service.read_reports.one(caller, report_id, face)
        response = tagged_response(
            request,
            document.answer,
            media_type=MEDIA_TYPES[face],
            file_name=document.file_name,
        )
        if face is Face.HTML:
            response.raw_headers.append((b"content-security-policy", _PAGE_POLICY))
        return response


def _add_digest(app: FastAPI, service: Service, word: str, days: int) -> None:
    async def latest_digest(request: Request, caller: CallerNow) -> Response:
        return tagged_response(request, await service.read_reports.digest(caller, days))

    options: dict[str, Any] = {
        "summary": f"{word.capitalize()} latest",
        "description": f"The caller's newest report over {days} days.",
        "operation_id": f"{word}_latest",
    }
    app.get(
        f"/api/v1/reports/{word}/latest",
        tags=[TAG],
        responses=answers(DigestAnswer, f"{word}_latest", 401, 404, 503),
        openapi_extra=BEARER,
        **options,
    )(latest_digest)


def wanted_face(accept: str) -> Face:
    """The form that a caller wants most of those we have (RFC 9110, section 12.5.1).

    Args:
        accept: The header; empty for anything, which is JSON.

    Raises:
        HTTPException: 406, none of ours is wanted.
    """
    if not accept.strip():
        return Face.JSON
    best, best_worth = None, 0.0
    for face, media_type in MEDIA_TYPES.items():
        worth = _worth(accept, media_type)
        if worth > best_worth:
            best, best_worth = face, worth
    if best is None:
        raise HTTPException(406, f"expected one of {', '.join(MEDIA_TYPES.values())}")
    return best


def _worth(accept: str, media_type: str) -> float:
    """Weight of a media type in an `Accept` header; the most specific range decides."""
    ranges = {"*/*": 0, f"{media_type.partition('/')[0]}/*": 1, media_type: 2}
    found = (-1, 0.0)
    for part in accept.split(","):
        name, *options = (one.strip().lower() for one in part.split(";"))
        if name in ranges and ranges[name] >= found[0]:
            found = (ranges[name], _quality(options))
    return found[1]


def _quality(options: list[str]) -> float:
    for option in options:
        name, _, value = option.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0
