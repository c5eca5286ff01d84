"""The caller's profile, and the switch of the daily report."""

from typing import Final

from fastapi import FastAPI
from starlette.responses import Response

from daznode.domain.accounts import NotificationPreferences, UserProfile
from daznode.edges.api.access import BEARER, CallerNow, RequestId
from daznode.edges.api.answers import json_response
from daznode.edges.api.documented import answers
from daznode.edges.api.schemas import ProfileBody
from daznode.usecases.profiles import ProfileChange, ReportStatus, ReportSwitch
from daznode.wiring.service import Service

TAG: Final = "profile"
PATH: Final = "/api/v1/user/profile"


def add_profile(app: FastAPI, service: Service) -> None:
    """Add the routes."""
    profiles, encode = service.profiles, service.encode

    @app.get(
        PATH,
        tags=[TAG],
        responses=answers(UserProfile, "profile", 401, 404, 503),
        openapi_extra=BEARER,
    )
    async def get_profile(caller: CallerNow) -> Response:
        """What the caller has set."""
        return json_response(encode(await profiles.get(caller)))

    @app.put(
        PATH,
        tags=[TAG],
        responses=answers(UserProfile, "profile", 401, 409, 413, 422, 503),
        openapi_extra=BEARER,
    )
    async def put_profile(caller: CallerNow, request_id: RequestId, body: ProfileBody) -> Response:
        """Set the whole profile.

        Another key has to be proven again; without a key the daily report is disabled.
        """
        change = ProfileChange(
            lightning_pubkey=body.lightning_pubkey,
            alias=body.alias,
            language=body.language,
            report_hour=body.report_hour,
            notifications=NotificationPreferences(**body.notifications.model_dump()),
        )
        return json_response(encode(await profiles.put(caller, change, request_id=request_id)))

    @app.post(
        f"{PATH}/daily-report/enable",
        tags=[TAG],
        responses=answers(ReportSwitch, "report_enabled", 400, 401, 404, 503),
        openapi_extra=BEARER,
    )
    async def enable_daily_report(caller: CallerNow, request_id: RequestId) -> Response:
        """Have a report made every day; doing it twice changes nothing."""
        return json_response(encode(await profiles.enable_report(caller, request_id=request_id)))

    @app.post(
        f"{PATH}/daily-report/disable",
        tags=[TAG],
        responses=answers(ReportSwitch, "report_disabled", 401, 404, 503),
        openapi_extra=BEARER,
    )
    async def disable_daily_report(caller: CallerNow, request_id: RequestId) -> Response:
        """Have no report made from now on; reports made stay. Doing it twice changes nothing."""
        return json_response(encode(await profiles.disable_report(caller, request_id=request_id)))

    @app.get(
        f"{PATH}/daily-report/status",
        tags=[TAG],
        responses=answers(ReportStatus, "report_status", 401, 404, 503),
        openapi_extra=BEARER,
    )
    async def daily_report_status(caller: CallerNow) -> Response:
        """Where the caller's daily report stands; `schedule` is a cron line in UTC."""
        return json_response(encode(await profiles.report_status(caller)))
