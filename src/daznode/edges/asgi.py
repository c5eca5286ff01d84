"""The service as one ASGI application, as a server loads it: the HTTP door and the clock beside it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.types import ASGIApp

from daznode.config import load_settings
from daznode.edges.api.app import build_app
from daznode.edges.worker.scheduler import ReportScheduler
from daznode.wiring.service import Service


def create() -> ASGIApp:
    """Build the application over the settings of the environment."""
    return application(Service(load_settings()))


def application(service: Service) -> ASGIApp:
    """Build the application over a service."""
    scheduler = ReportScheduler(
        service.scheduled,
        is_enabled=service.settings.scheduler_enabled,
        wake=service.wake_worker,
    )
    service.watch_scheduler(lambda: scheduler.is_running)

    @asynccontextmanager
    async def with_clock() -> AsyncIterator[None]:
        await scheduler.start()
        try:
            yield
        finally:
            await scheduler.stop()

    return build_app(service, with_clock)
