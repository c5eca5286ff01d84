"""The HTTP application: routes, their documentation, and the layers around them."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.responses import Response
from starlette.types import ASGIApp

from daznode import __version__
from daznode.edges.api.admission import Admission, Callers
from daznode.edges.api.bodies import BodyLimits
from daznode.edges.api.docs_page import CONTENT_POLICY, docs_page
from daznode.edges.api.documented import InputFault, ProblemDocument, show_examples
from daznode.edges.api.errors import Refusals, answer_errors
from daznode.edges.api.gate import Gate, InFlight
from daznode.edges.api.quick_route import QuickLane
from daznode.edges.api.routes.admin import add_admin
from daznode.edges.api.routes.alerts import add_alerts
from daznode.edges.api.routes.auth import add_auth
from daznode.edges.api.routes.health import add_health
from daznode.edges.api.routes.network import add_network
from daznode.edges.api.routes.profile import add_profile
from daznode.edges.api.routes.reports import add_latest_report, add_reports
from daznode.edges.api.routes.scores import add_scores
from daznode.edges.api.schemas import BODY_EXAMPLES
from daznode.edges.api.watch import Watch
from daznode.wiring.service import Service

OPENAPI_PATH: Final = "/openapi.json"
DOCS_PATH: Final = "/docs"

DRAIN_SECONDS: Final = 10.0
"""For requests in flight when the service stops."""

DESCRIPTION: Final = """\
Lightning routing-node intelligence: daily reports, scores, advice with evidence, alerts.

**Access.** `POST /auth/login` gives a bearer token; send it as `Authorization: Bearer ...`. What a
caller sees follows from the token alone; what belongs to somebody else does not exist.

**Errors** are `application/problem+json` (RFC 9457) with a stable `type` and `code`. After 429 and
503 wait for the seconds in `Retry-After`.

**Units.** Amounts end in `_sats`, `_sat` or `_msat`, proportional fees in `_ppm` (millionths); times
are ISO 8601 in UTC; ratios are 0 to 1, scores 0 to 100. `null` is what no source knows.

**Caching.** Answers carry an `ETag`; send it as `If-None-Match` to be told 304 while it holds.

**Tracing.** `X-Request-ID` comes back on every response and stands in the service's log.
"""

TAGS: Final = (
    ("auth", "Tokens, and proofs that a node is the caller's."),
    ("profile", "The caller's settings and the switch of the daily report."),
    ("reports", "The caller's daily, weekly and monthly reports."),
    ("scores", "Scores of nodes with their evidence, and rankings."),
    ("network", "Advice, the fee market of a node, the network in figures."),
    ("alerts", "What is wrong with the caller's node."),
    ("admin", "For administrators."),
    ("health", "For machines that watch the service."),
)

Lifespan = Callable[[], AbstractAsyncContextManager[None]]


def build_app(service: Service, around: Lifespan | None = None) -> ASGIApp:
    """The whole door: a FastAPI application in its layers.

    Args:
        service: What the routes ask; started and stopped with the application.
        around: Entered after the service has started, left before it stops.
    """
    in_flight = InFlight()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        del app
        await service.start()
        try:
            if around is None:
                yield
            else:
                async with around():
                    yield
        finally:
            service.announce_stop()
            await in_flight.drained(DRAIN_SECONDS)
            await service.stop()

    callers = Callers(service)
    refusals = Refusals(service)
    app = _routed(service, callers, refusals, lifespan)
    layers: ASGIApp = Admission(BodyLimits(QuickLane(app, refusals)), service, callers)
    return Gate(layers, Watch(service), in_flight, service.journal)


def openapi_of(service: Service) -> dict[str, Any]:
    """The OpenAPI document."""
    return _routed(service, Callers(service), Refusals(service), None).openapi()


def _routed(
    service: Service,
    callers: Callers,
    refusals: Refusals,
    lifespan: Any,  # noqa: ANN401 - FastAPI's
) -> FastAPI:
    app = FastAPI(
        title="daznode",
        version=__version__,
        description=DESCRIPTION,
        openapi_tags=[{"name": name, "description": words} for name, words in TAGS],
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
        max_body_size=None,
        generate_unique_id_function=lambda route: route.name,
    )
    add_latest_report(app, service)
    add_scores(app, service)
    add_network(app, service)
    add_reports(app, service)
    add_auth(app, service)
    add_profile(app, service)
    add_alerts(app, service, callers)
    add_admin(app, service)
    add_health(app, service)
    _document(app)
    answer_errors(app, refusals)
    return app


def _document(app: FastAPI) -> None:
    """Serve the document and a page of it that needs no script."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]

    @app.get(OPENAPI_PATH, include_in_schema=False)
    async def openapi_document() -> dict[str, Any]:
        return openapi()

    @app.get(DOCS_PATH, include_in_schema=False)
    async def documentation() -> Response:
        return Response(
            docs_page(openapi()),
            media_type="text/html",
            headers={"content-security-policy": CONTENT_POLICY},
        )


def _described(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        tags=app.openapi_tags,
    )
    components = document.setdefault("components", {})
    components["securitySchemes"] = {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "From `POST /auth/login` or `daznode user token`.",
        }
    }
    schemas = components.setdefault("schemas", {})
    schemas[InputFault.__name__] = InputFault.model_json_schema()
    problem = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
    problem.pop("$defs", None)
    schemas[ProblemDocument.__name__] = problem
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    show_examples(document)
    _show_bodies(document)
    return document


def _show_bodies(document: dict[str, Any]) -> None:
    """Add an example to every body of a request."""
    for item in document["paths"].values():
        for operation in item.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                name = content["schema"]["$ref"].rpartition("/")[2]
                content["example"] = BODY_EXAMPLES[name]
