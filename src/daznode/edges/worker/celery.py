"""The door of Celery's messages: each names users of a run, whose reports are then made."""

import asyncio
import logging
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from typing import Any, Final, TypeGuard

from celery import Celery
from celery.exceptions import Reject
from celery.signals import setup_logging, worker_shutting_down

from daznode.domain.errors import DaznodeError, RunNotFound
from daznode.edges.worker.figures import serve_figures
from daznode.wiring.worker import Worker

TASK: Final = "daznode.work_reports"

MOST_USERS: Final = 1_000
LONGEST_NAME: Final = 200

SOFT_SECONDS: Final = 3_600.0
"""A batch that takes longer is stopped and given back: its reports have time limits of their own."""

HARD_SECONDS: Final = SOFT_SECONDS + 60.0
"""What does not even stop by then hangs in a thread, and that ends only with the process; its leases
run out, and whoever started the process starts it again."""

EXIT_HANGS: Final = 70


class LoopThread:
    """An event loop in a thread of its own, for all batches of a process.

    Celery's threads wait for it, so that stores, connections and compiled code exist once per
    process, and the main thread is free for Celery's own work and for signals.
    """

    def __init__(self) -> None:
        """Start the thread."""
        self._loop = asyncio.new_event_loop()
        self._running: set[Future[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="reports", daemon=True)
        self._thread.start()

    def begin(self, work: Coroutine[Any, Any, None]) -> "Future[None]":
        """Begin some work; it can be cancelled by `cancel_all`."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        self._running.add(future)
        future.add_done_callback(self._running.discard)
        return future

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Wait for some work."""
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def cancel_all(self) -> None:
        """Cancel what was begun; it still needs a moment to give back what it works on."""
        for future in tuple(self._running):
            future.cancel()

    def close(self) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class ReportTasks:
    """What the messages do.

    Args:
        worker: Makes reports.
        loops: Where.
    """

    def __init__(self, worker: Worker, loops: LoopThread) -> None:
        """Do nothing yet."""
        self._worker = worker
        self._loops = loops
        self._is_stopping = False

    def stop(self) -> None:
        """Give everything back, and take no more."""
        self._is_stopping = True
        self._loops.cancel_all()

    def work(self, run_id: object, user_ids: object) -> None:
        """Make the reports that a message names.

        Raises:
            Reject: They were not made for a reason that passes; the message goes back.
        """
        if not (_is_name(run_id) and _are_names(user_ids)):
            self._worker.journal.error("Message that is none of ours dropped")
            return
        if self._is_stopping:
            raise Reject(requeue=True)
        self._wait(self._loops.begin(self._work(run_id, user_ids)))

    async def _work(self, run_id: str, user_ids: list[str]) -> None:
        try:
            async with asyncio.timeout(SOFT_SECONDS):
                await self._worker.work(run_id, user_ids)
        except TimeoutError:
            self._worker.journal.error("Batch took too long and was given back", run_id=run_id)
        except RunNotFound as error:
            self._worker.journal.warning(f"Message of a run that is gone dropped: {error}")
        except DaznodeError as error:
            # The jobs are in the database, and are sent again by whoever minds the run.
            self._worker.journal.warning(f"Could not go on with a batch: {error}", run_id=run_id)

    def _wait(self, batch: "Future[None]") -> None:
        try:
            batch.result(timeout=HARD_SECONDS)
        except CancelledError as exc:
            raise Reject(requeue=True) from exc
        except TimeoutError:
            self._worker.journal.error("Batch hangs; this process ends itself")
            os._exit(EXIT_HANGS)


def run(
    worker: Worker, *, concurrency: int, metrics_port: int | None, say: Callable[[str], None]
) -> int:
    """Work on messages until told to stop by SIGTERM or SIGINT; the exit code.

    Args:
        worker: Makes reports.
        concurrency: Batches at once.
        metrics_port: Where Prometheus finds this process's figures on loopback; None for nowhere.
        say: Told in a line what a person should know.
    """
    loops = LoopThread()
    try:
        loops.run(worker.start(say))
        if metrics_port is not None:
            serve_figures(metrics_port, worker.exposition)
        return _consume(worker, ReportTasks(worker, loops), concurrency, say)
    finally:
        loops.run(worker.stop())
        loops.close()


def _consume(
    worker: Worker, tasks: ReportTasks, concurrency: int, say: Callable[[str], None]
) -> int:
    app = worker.open_celery()
    app.task(name=TASK, ignore_result=True)(tasks.work)

    # Celery asks who shall set up logging; nobody: the journal has done it.
    def keep_logging(**_: object) -> None:
        return

    def stop(**_: object) -> None:
        tasks.stop()

    setup_logging.connect(keep_logging)
    # It warns, with a trace, of every message that goes back when a worker stops.
    logging.getLogger("celery.app.trace").setLevel(logging.ERROR)
    worker_shutting_down.connect(stop)
    say(f"Working on reports, {concurrency} batches at once")
    consumer = _consumer(app, concurrency)
    consumer.start()
    return int(consumer.exitcode or 0)


def _consumer(app: Celery, concurrency: int) -> Any:  # noqa: ANN401 - celery carries no types
    return app.Worker(
        # Threads, not forked processes: by the time of a fork there would be threads of compiled
        # code and connections that a child must not share; and one process per core holds the
        # network once, where forked ones would each load their own.
        pool="threads",
        concurrency=concurrency,
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        optimization="fair",
    )


def _is_name(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_NAME


def _are_names(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and len(value) <= MOST_USERS and all(map(_is_name, value))
