"""Lines on a stream, written by a thread of their own: a slow reader never stalls who writes."""

import os
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Final, Protocol

MOST_WAITING: Final = 20_000
"""Lines in memory, some 10 MB, before new ones are dropped."""

GATHER_SECONDS: Final = 0.02
"""Lines of that time are written at once: under load one write carries hundreds."""

CLOSE_SECONDS: Final = 2.0
"""How long the end of the program waits for a reader that does not read."""

MOST_AT_ONCE: Final = 2_000


class ByteSink(Protocol):
    """What lines end up in."""

    def write(self, data: bytes, /) -> object:
        """Write all of it, however long that takes."""

    def flush(self) -> object:
        """Hand it on."""


class LineWriter:
    """Takes lines at once and writes them a moment later.

    When more wait than it keeps, new ones are dropped; how many is told as a line as soon as there
    is room.

    Args:
        sink: Where the lines go.
        notice: Makes the line that tells how many were dropped.
        most_waiting: How many lines wait at the most.
    """

    def __init__(
        self, sink: ByteSink, notice: Callable[[int], bytes], *, most_waiting: int = MOST_WAITING
    ) -> None:
        """Start no thread before the first line."""
        self._sink = sink
        self._notice = notice
        self._most_waiting = most_waiting
        self._is_closed = False
        self._begin_anew()
        # A forked process has no thread of its parent, and must not write the parent's lines.
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._begin_anew)

    def _begin_anew(self) -> None:
        self._lines: SimpleQueue[bytes | None] = SimpleQueue()
        self._dropped = 0
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._closing = threading.Event()

    def write(self, line: bytes) -> None:
        """Take a line; it never waits and never raises."""
        if self._lines.qsize() >= self._most_waiting:
            self._dropped += 1
            return
        self._lines.put(line)
        if self._thread is None:
            self._start()

    def close(self) -> None:
        """Write what waits, and end; later lines are lost."""
        self._is_closed = True
        thread = self._thread
        if thread is not None:
            self._closing.set()
            self._lines.put(None)
            thread.join(CLOSE_SECONDS)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None and not self._is_closed:
                self._thread = threading.Thread(target=self._work, name="log", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        is_last = False
        while not is_last:
            first = self._lines.get()
            is_last = first is None
            batch = [] if first is None else [first]
            self._closing.wait(GATHER_SECONDS)
            is_last = self._gather(batch) or is_last
            if self._dropped:
                dropped, self._dropped = self._dropped, 0
                batch.append(self._notice(dropped))
            if not self._write(b"".join(batch)):
                return

    def _gather(self, batch: list[bytes]) -> bool:
        """Add what waits; whether the end is among it."""
        try:
            while len(batch) < MOST_AT_ONCE:
                line = self._lines.get_nowait()
                if line is None:
                    return True
                batch.append(line)
        except Empty:
            pass
        return False

    def _write(self, data: bytes) -> bool:
        try:
            self._sink.write(data)
            self._sink.flush()
        except (OSError, ValueError):
            # The reader is gone, and with it everybody who could be told.
            return not self._is_closed
        return True
