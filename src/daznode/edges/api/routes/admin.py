"""Administration: reports now, tasks, figures of the day, scores anew, the audit trail."""

from typing import Annotated, Final

from fastapi import FastAPI, Path, Query
from starlette.responses import Response

from daznode.domain.answers import SUCCESS, paginated
from daznode.edges.api.access import BEARER, AdminNow, RequestId
from daznode.edges.api.answers import json_response
from daznode.edges.api.documented import answers
from daznode.edges.api.schemas import AuditAnswer, TriggerBody
from daznode.usecases.admin_reports import StatsAnswer, TaskAnswer, TaskStarted
from daznode.usecases.audit_trail import MAX_LIMIT
from daznode.wiring.service import Service

TAG: Final = "admin"
_ACCEPTED: Final = 202


def add_admin(app: FastAPI, service: Service) -> None:
    """Add the routes."""
    admin, encode = service.admin_reports, service.encode

    @app.post(
        "/api/v1/admin/reports/daily/trigger",
        tags=[TAG],
        status_code=_ACCEPTED,
        responses=answers(TaskStarted, "triggered", 401, 403, 413, 422, 503, status=_ACCEPTED),
        openapi_extra=BEARER,
    )
    async def trigger_daily_reports(
        caller: AdminNow, request_id: RequestId, body: TriggerBody
    ) -> Response:
        """Have reports made now, for some users or for all who have the daily report enabled."""
        started = await admin.trigger(caller, body.user_ids, request_id)
        return json_response(encode(started), _ACCEPTED)

    @app.get(
        "/api/v1/admin/tasks/{task_id}",
        tags=[TAG],
        responses=answers(TaskAnswer, "task", 401, 403, 404, 422, 503),
        openapi_extra=BEARER,
    )
    async def task(
        caller: AdminNow,
        task_id: Annotated[
            str,
            Path(
                min_length=1,
                max_length=64,
                description="Name of the task.",
                examples=["0b7f8c1e-4a2d-4a53-9d0e-0a1b2c3d4e5f"],
            ),
        ],
    ) -> Response:
        """How far a task is."""
        return json_response(encode(await admin.task(caller, task_id)))

    @app.get(
        "/api/v1/admin/reports/daily/stats",
        tags=[TAG],
        responses=answers(StatsAnswer, "stats", 401, 403, 503),
        openapi_extra=BEARER,
    )
    async def daily_report_stats(caller: AdminNow) -> Response:
        """How reports go today, and why some were given up."""
        return json_response(encode(await admin.stats(caller)))

    @app.post(
        "/api/v1/lightning/scores/recalculate",
        tags=[TAG],
        status_code=_ACCEPTED,
        responses=answers(TaskStarted, "recalculation", 401, 403, 503, status=_ACCEPTED),
        openapi_extra=BEARER,
    )
    async def recalculate_scores(caller: AdminNow, request_id: RequestId) -> Response:
        """Have the newest snapshot measured and scored anew."""
        started = await admin.recalculate(caller, request_id)
        return json_response(encode(started), _ACCEPTED)

    @app.get(
        "/api/v1/audit",
        tags=[TAG],
        responses=answers(AuditAnswer, "audit", 401, 403, 422, 503),
        openapi_extra=BEARER,
    )
    async def audit_trail(
        caller: AdminNow,
        action: Annotated[
            str | None,
            Query(
                max_length=64,
                description="Only entries of that kind.",
                examples=["login_refused"],
            ),
        ] = None,
        page: Annotated[int, Query(ge=1, le=1_000_000, description="From 1.")] = 1,
        limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Entries a page.")] = 50,
    ) -> Response:
        """What was done to the data of the caller's tenant, the newest first."""
        found = await service.read_audit.run(caller, action=action, page=page, limit=limit)
        answer = AuditAnswer(SUCCESS, found.entries, paginated(page, limit, found.total))
        return json_response(encode(answer))
