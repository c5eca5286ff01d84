"""Chunks on threads: order, stop, errors, no thread left."""

import threading
import time

import pytest

from daznode.domain.errors import Interrupted, InvalidParameter
from daznode.graph.parallel import Crew, Job, run_chunks


def daznode_threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("daznode-measure")]


def job(results: list[int], n_chunks: int = 40, delay_seconds: float = 0.0) -> Job[int, int, None]:
    def work(_scratch: None, chunk: int) -> int:
        # Early chunks are slow: later ones finish first and must wait for their turn.
        time.sleep(delay_seconds * (chunk % 7 == 0))
        return chunk * chunk

    return Job("squares", range(n_chunks), lambda: None, work, results.append)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_are_committed_in_order(threads: int) -> None:
    """Whoever finishes first."""
    results: list[int] = []
    run_chunks(job(results, delay_seconds=0.003), Crew(threads))
    assert results == [chunk * chunk for chunk in range(40)]
    assert daznode_threads() == []


@pytest.mark.parametrize("threads", [1, 3])
def test_progress_is_told_in_the_calling_thread(threads: int) -> None:
    """From nothing to all, chunk by chunk."""
    told: list[tuple[str, int, int]] = []
    callers: set[int] = set()

    def progress(stage: str, done: int, total: int) -> None:
        told.append((stage, done, total))
        callers.add(threading.get_ident())

    run_chunks(job([], n_chunks=9), Crew(threads, progress))
    assert told == [("squares", done, 9) for done in range(10)]
    assert callers == {threading.get_ident()}


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("stop_at", [0, 3])
def test_a_progress_that_interrupts_stops_the_work(threads: int, stop_at: int) -> None:
    """Interrupted passes, most chunks are never begun, no thread is left."""
    begun: list[int] = []

    def work(_scratch: None, chunk: int) -> int:
        begun.append(chunk)
        return chunk

    def progress(_stage: str, done: int, _total: int) -> None:
        if done == stop_at:
            message = "stopped"
            raise Interrupted(message)

    results: list[int] = []
    with pytest.raises(Interrupted, match="stopped"):
        run_chunks(
            Job("work", range(1000), lambda: None, work, results.append), Crew(threads, progress)
        )
    assert results == list(range(stop_at))
    assert len(begun) < 100
    assert daznode_threads() == []


@pytest.mark.parametrize("threads", [1, 2])
def test_an_error_in_a_chunk_comes_out(threads: int) -> None:
    """After the chunks before it were committed."""

    def work(_scratch: None, chunk: int) -> int:
        if chunk == 5:
            message = "chunk five"
            raise ValueError(message)
        return chunk

    results: list[int] = []
    with pytest.raises(ValueError, match="chunk five"):
        run_chunks(Job("work", range(50), lambda: None, work, results.append), Crew(threads))
    assert results == [0, 1, 2, 3, 4]
    assert daznode_threads() == []


def test_each_thread_has_its_own_scratch() -> None:
    """As many as threads, never two users of one."""
    scratches: list[list[int]] = []
    in_use: set[int] = set()
    clashes: list[int] = []

    def new_scratch() -> list[int]:
        scratches.append([])
        return scratches[-1]

    def work(scratch: list[int], chunk: int) -> int:
        if id(scratch) in in_use:
            clashes.append(chunk)
        in_use.add(id(scratch))
        time.sleep(0.001)
        in_use.discard(id(scratch))
        return chunk

    run_chunks(Job("work", range(30), new_scratch, work, lambda _: None), Crew(3))
    assert len(scratches) == 3
    assert clashes == []


def test_no_chunks_is_no_work() -> None:
    """Progress is told once, scratch is not made."""
    told: list[int] = []
    run_chunks(
        Job("work", [], lambda: 1 / 0, lambda _s, c: c, lambda _r: None),
        Crew(2, lambda _stage, done, total: told.append(done + total)),
    )
    assert told == [0]


def test_a_crew_without_threads_is_refused() -> None:
    """The message says what it takes."""
    with pytest.raises(InvalidParameter, match="threads is 0; it takes 1 or more"):
        Crew(0)
