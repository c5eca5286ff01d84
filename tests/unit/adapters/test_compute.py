"""Work in a thread: the loop stays free, and stopping really stops."""

import asyncio
import os
import signal
import subprocess
import sys
import threading

import pytest

from daznode.adapters.compute import ThreadCompute
from daznode.domain.errors import Interrupted
from daznode.domain.progress import Progress
from daznode.ports.compute import Compute

PATIENCE_SECONDS = 30
"""Only ends a test that would hang for ever."""


@pytest.fixture
def compute():
    made = ThreadCompute()
    yield made
    made.close()


class Counting:
    """Work that counts until it is stopped."""

    def __init__(self):
        self.started = threading.Event()
        self.ended_by = None
        self.steps = 0

    def __call__(self, progress: Progress) -> None:
        pause = threading.Event()
        try:
            for step in range(1_000_000):
                self.steps = step
                progress("counting", step, 1_000_000)
                self.started.set()
                pause.wait(0.001)
        except BaseException as error:
            self.ended_by = error
            raise


async def until(event: threading.Event) -> None:
    assert await asyncio.to_thread(event.wait, PATIENCE_SECONDS)


def test_the_result_of_the_work_is_returned(compute: Compute):
    assert asyncio.run(compute.run(lambda _progress: 6 * 7)) == 42


def test_the_error_of_the_work_is_raised(compute: Compute):
    def fails(_progress: Progress) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(compute.run(fails))


def test_work_runs_in_another_thread_and_the_loop_goes_on_meanwhile(compute: Compute):
    """The work waits for something that only the loop can do: it would hang if it blocked it."""
    go = threading.Event()

    def waits(_progress: Progress) -> str:
        assert go.wait(PATIENCE_SECONDS)
        return threading.current_thread().name

    async def trip() -> str:
        running = asyncio.ensure_future(compute.run(waits))
        await asyncio.sleep(0.01)
        go.set()
        return await running

    assert asyncio.run(trip()) != threading.current_thread().name


def test_a_cancelled_task_ends_only_after_its_work_was_interrupted(compute: Compute):
    work = Counting()

    async def trip() -> None:
        running = asyncio.ensure_future(compute.run(work))
        await until(work.started)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert isinstance(work.ended_by, Interrupted)
        assert "counting" in str(work.ended_by)

    asyncio.run(trip())


def test_cancelling_twice_still_waits_for_the_work(compute: Compute):
    work = Counting()

    async def trip() -> None:
        running = asyncio.ensure_future(compute.run(work))
        await until(work.started)
        running.cancel()
        await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert isinstance(work.ended_by, Interrupted)

    asyncio.run(trip())


def test_a_time_limit_is_told_as_a_time_limit(compute: Compute):
    work = Counting()

    async def trip() -> None:
        async with asyncio.timeout(0.05):
            await compute.run(work)

    with pytest.raises(TimeoutError):
        asyncio.run(trip())
    assert isinstance(work.ended_by, Interrupted)


def test_work_that_was_not_begun_never_begins():
    compute = ThreadCompute(threads=1)
    first, second = Counting(), Counting()

    async def trip() -> None:
        running = asyncio.ensure_future(compute.run(first))
        await until(first.started)
        waiting = asyncio.ensure_future(compute.run(second))
        await asyncio.sleep(0.01)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert not first.ended_by
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(trip())
    compute.close()
    assert not second.started.is_set()


def test_an_error_of_cancelled_work_is_not_hidden(compute: Compute):
    begun, go = threading.Event(), threading.Event()

    def fails(_progress: Progress) -> None:
        begun.set()
        assert go.wait(PATIENCE_SECONDS)
        raise ZeroDivisionError

    async def trip() -> None:
        running = asyncio.ensure_future(compute.run(fails))
        await until(begun)
        running.cancel()
        await asyncio.sleep(0)
        go.set()
        with pytest.raises(asyncio.CancelledError) as caught:
            await running
        assert isinstance(caught.value.__cause__, ZeroDivisionError)

    asyncio.run(trip())


def test_the_listener_is_told_every_step():
    told: list[tuple[str, int, int]] = []
    compute = ThreadCompute(lambda stage, done, total: told.append((stage, done, total)))

    def work(progress: Progress) -> None:
        for step in range(3):
            progress("counting", step, 3)

    asyncio.run(compute.run(work))
    compute.close()
    assert told == [("counting", 0, 3), ("counting", 1, 3), ("counting", 2, 3)]


def test_a_listener_can_stop_the_work():
    def stop(stage: str, done: int, total: int) -> None:
        message = f"enough of {stage} at {done} of {total}"
        raise Interrupted(message)

    compute = ThreadCompute(stop)
    work = Counting()
    with pytest.raises(Interrupted, match="enough of counting at 0 of 1000000"):
        asyncio.run(compute.run(work))
    compute.close()
    assert work.steps == 0


CHILD = """
import asyncio, sys, threading
from daznode.adapters.compute import ThreadCompute

def work(progress):
    pause = threading.Event()
    try:
        for step in range(10**9):
            progress("counting", step, 10**9)
            if step == 5:
                print("counting", flush=True)
            pause.wait(0.001)
    finally:
        print("ended", flush=True)

try:
    asyncio.run(ThreadCompute().run(work))
except KeyboardInterrupt:
    print("interrupted", flush=True)
    sys.exit(130)
"""


def test_ctrl_c_ends_the_work_before_the_program():
    child = subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout.readline() == "counting\n"
        os.kill(child.pid, signal.SIGINT)
        rest, _ = child.communicate(timeout=PATIENCE_SECONDS)
    finally:
        child.kill()
    assert rest == "ended\ninterrupted\n"
    assert child.returncode == 130
