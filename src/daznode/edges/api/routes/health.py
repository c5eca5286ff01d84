"""Health and metrics: for machines that watch the service."""

from typing import Final

from fastapi import FastAPI
from starlette.responses import Response

from daznode import __version__
from daznode.domain.health import ServiceHealth
from daznode.edges.api.answers import json_response
from daznode.edges.api.described import model_of
from daznode.edges.api.documented import answers, named
from daznode.edges.api.problems import RETRY_AFTER_SECONDS
from daznode.edges.api.schemas import Alive
from daznode.usecases.service_health import HealthReport, Readiness
from daznode.wiring.service import Service

TAG: Final = "health"
_DOWN: Final = 503


def add_health(app: FastAPI, service: Service) -> None:
    """Add the routes."""
    health, encode = service.health, service.encode

    @app.get("/health", tags=[TAG], responses=_watched(Alive, "alive"))
    async def alive() -> Response:
        """The process answers; nothing else is asked."""
        return json_response(encode(Alive("alive", __version__)))

    @app.get("/health/ready", tags=[TAG], responses=_watched(Readiness, "ready", "not_ready"))
    async def ready() -> Response:
        """Whether requests should be sent here; 503 while starting, stopping, or without a store.

        `reasons` says what is missing; when ready, what is missing for part of the answers.
        """
        readiness = await health.readiness()
        return _response(encode(readiness), is_down=readiness.status != "ready")

    @app.get(
        "/health/detailed",
        tags=[TAG],
        responses=_watched(HealthReport, "health_detailed", "health_unhealthy"),
    )
    async def detailed() -> Response:
        """Every part the service leans on: state, latency, the last thing it refused."""
        report = await health.detailed()
        return _response(encode(report), is_down=report.status is ServiceHealth.UNHEALTHY)

    @app.get(
        "/metrics",
        tags=[TAG],
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    async def metrics() -> Response:
        """Counts and durations in Prometheus' text format."""
        body, media_type = service.exposition()
        return Response(body, media_type=media_type)


def _response(body: bytes, *, is_down: bool) -> Response:
    if not is_down:
        return json_response(body)
    response = json_response(body, _DOWN)
    response.headers["retry-after"] = str(RETRY_AFTER_SECONDS)
    return response


def _watched(answer: type, good: str, bad: str | None = None) -> dict[int | str, dict[str, object]]:
    """The answers of a route that is not counted and wants no token."""
    documented = answers(answer, good)
    del documented[429]
    if bad is not None:
        documented[_DOWN] = {
            "model": model_of(answer),
            "description": "The same, and it does not hold.",
            "content": {"application/json": {"example": named(bad)}},
        }
    return documented
