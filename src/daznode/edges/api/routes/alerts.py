"""Alerts: a list of those open and recent; live ones over a WebSocket."""

from enum import StrEnum
from typing import Annotated, Final

from fastapi import FastAPI, Query
from starlette.responses import Response
from starlette.websockets import WebSocket

from daznode.edges.api.access import BEARER, CallerNow
from daznode.edges.api.admission import Callers
from daznode.edges.api.alert_socket import AlertSockets
from daznode.edges.api.answers import json_response
from daznode.edges.api.documented import answers
from daznode.usecases.read_alerts import MOST_ALERTS, MOST_DAYS, AlertsAnswer
from daznode.wiring.service import Service

TAG: Final = "alerts"


class Standing(StrEnum):
    """Which alerts."""

    OPEN = "open"
    RESOLVED = "resolved"
    ALL = "all"


_IS_OPEN: Final = {Standing.OPEN: True, Standing.RESOLVED: False, Standing.ALL: None}


def add_alerts(app: FastAPI, service: Service, callers: Callers) -> None:
    """Add the routes."""
    sockets = AlertSockets(service, callers)

    @app.get(
        "/api/v1/alerts",
        tags=[TAG],
        responses=answers(AlertsAnswer, "alerts", 401, 422, 503),
        openapi_extra=BEARER,
    )
    async def alerts(
        caller: CallerNow,
        standing: Annotated[
            Standing, Query(alias="status", description="Open ones, resolved ones, or both.")
        ] = Standing.ALL,
        days: Annotated[
            int, Query(ge=1, le=MOST_DAYS, description="How far back resolved ones are shown.")
        ] = 7,
        limit: Annotated[int, Query(ge=1, le=MOST_ALERTS, description="How many.")] = 100,
    ) -> Response:
        """The caller's alerts that are open or were seen lately, the newest first.

        Live ones come over the WebSocket `/ws/alerts`: a token in the header `Authorization`, as
        the subprotocols `bearer` and the token, or in a first message `{"token": "..."}`.
        """
        found = await service.read_alerts.recent(
            caller, days=days, is_open=_IS_OPEN[standing], limit=limit
        )
        return json_response(service.encode(found))

    @app.websocket("/ws/alerts")
    async def live_alerts(socket: WebSocket) -> None:
        await sockets.serve(socket)
