"""Batches of reports as Celery messages on Redis: a run's name and whose reports, in JSON."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from celery import Celery
from kombu.entity import Queue
from kombu.exceptions import KombuError, OperationalError
from redis.exceptions import RedisError

from daznode.domain.errors import StoreUnavailable

QUEUE: Final = "daznode.reports"
TASK: Final = "daznode.work_reports"

REDELIVERED_AFTER_SECONDS: Final = 120
"""A message that a worker has taken and not ended is delivered again. Whether the worker is alive does
not matter: its jobs are leased in the database, and whoever gets the message again finds none free."""

SEND_SECONDS: Final = 2.0
"""For one message, before its reports are made here."""

_CONNECT: Final = {"max_retries": 0, "interval_start": 0, "interval_step": 0}


def make_app(url: str) -> Celery:
    """The Celery application, for workers and for who sends them messages.

    Nothing but JSON is sent or taken; results go into the database and nowhere else.

    Args:
        url: Of Redis, as in `REDIS_URL`.
    """
    app = Celery("daznode", set_as_current=False)
    # Celery spells the address of a Unix socket in its own way.
    broker = url.replace("unix://", "redis+socket://", 1) if url.startswith("unix://") else url
    app.conf.update(
        broker_url=broker,
        broker_transport_options={
            "visibility_timeout": REDELIVERED_AFTER_SECONDS,
            "global_keyprefix": "daznode:celery:",
            "socket_connect_timeout": SEND_SECONDS / 2,
            "socket_keepalive": True,
        },
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_heartbeat=0,
        task_default_queue=QUEUE,
        task_queues=(Queue(QUEUE),),  # type: ignore[no-untyped-call]
        task_create_missing_queues=False,
        accept_content=["json"],
        task_serializer="json",
        result_backend=None,
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_send_sent_event=False,
        worker_prefetch_multiplier=1,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_enable_remote_control=False,
        timezone="UTC",
    )
    return app


class CeleryQueue:
    """A `BatchQueue` for Celery workers.

    Args:
        app: Of the same Redis as the workers'.
    """

    def __init__(self, app: Celery) -> None:
        """Connect to nothing yet."""
        self._app = app

    async def put(self, run_id: str, user_ids: Sequence[str]) -> None:
        """Send one message.

        Raises:
            StoreUnavailable: Redis cannot be reached; nothing was sent, or nobody can say.
        """
        await self._do(lambda: self._send(run_id, list(user_ids)))

    async def count(self) -> int:
        """Messages that no worker has taken yet.

        Raises:
            StoreUnavailable: Redis cannot be reached.
        """
        return int(await self._do(self._count))

    def _send(self, run_id: str, user_ids: list[str]) -> None:
        with self._connection() as connection, connection.Producer() as producer:
            self._app.send_task(
                TASK,
                args=(run_id, user_ids),
                argsrepr=f"('{run_id}', {len(user_ids)} users)",
                producer=producer,
                retry=False,
                ignore_result=True,
            )

    def _count(self) -> int:
        with self._connection() as connection:
            declared = connection.default_channel.queue_declare(QUEUE)
            return int(declared.message_count)

    def _connection(self) -> Any:  # noqa: ANN401 - kombu carries no types
        connection = self._app.connection_for_write(
            transport_options={"socket_timeout": SEND_SECONDS}
        )
        return connection.ensure_connection(timeout=SEND_SECONDS, **_CONNECT)

    async def _do(self, work: Any) -> Any:  # noqa: ANN401 - kombu carries no types
        try:
            async with asyncio.timeout(2 * SEND_SECONDS):
                return await asyncio.to_thread(work)
        except (KombuError, OperationalError, RedisError, OSError) as exc:
            line = " ".join(str(exc).split())[:200] or type(exc).__name__
            message = f"Celery's queue in Redis is away: {line}"
            raise StoreUnavailable(message) from exc
