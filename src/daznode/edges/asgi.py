"""The service as one ASGI application, as a server loads it: the HTTP door and the clock beside it."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

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
        with _ending_with_parent():
            await scheduler.start()
            try:
                yield
            finally:
                await scheduler.stop()

    return build_app(service, with_clock)


@contextmanager
def _ending_with_parent() -> Iterator[None]:
    """Stop when the process that started this one has died: nobody else would ever stop it."""
    parent = multiprocessing.parent_process()
    if parent is None:
        yield
        return
    loop = asyncio.get_running_loop()

    def stop() -> None:
        loop.remove_reader(parent.sentinel)
        os.kill(os.getpid(), signal.SIGTERM)

    loop.add_reader(parent.sentinel, stop)
    try:
        yield
    finally:
        loop.remove_reader(parent.sentinel)
