"""The service's log: one line per event, JSON for machines or aligned text for people."""

import atexit
import json
import logging
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, Final

import msgspec
import structlog
from structlog.contextvars import bound_contextvars, get_contextvars
from structlog.processors import ExceptionRenderer, TimeStamper
from structlog.tracebacks import ExceptionDictTransformer

from daznode.adapters.watch.lines import ByteSink, LineWriter
from daznode.adapters.watch.redaction import redacted, without_secrets

LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}

NOISY: Final = ("httpx2", "httpcore2", "apscheduler", "celery", "kombu", "amqp", "pymongo", "numba")
"""Libraries whose everyday lines are of no use to an operator: only their warnings are kept."""

Event = MutableMapping[str, Any]


class LineLogger:
    """What structlog's lines end in.

    Args:
        writer: Takes each line.
    """

    __slots__ = ("_writer",)

    def __init__(self, writer: LineWriter) -> None:
        """Write nothing yet."""
        self._writer = writer

    def msg(self, line: bytes) -> None:
        """Write a line."""
        self._writer.write(line)

    debug = info = warning = error = critical = msg


class StructuredJournal:
    """A `Journal` over structlog, which also takes in what libraries log by themselves.

    A field whose name looks like a secret's, and credentials inside of texts, are hidden.

    Args:
        is_json: JSON lines; otherwise text for people.
        level: Least important level that is written.
        sink: Where lines go; standard error if None.
    """

    def __init__(self, *, is_json: bool, level: str = "info", sink: ByteSink | None = None) -> None:
        """Open the log; nothing is written yet."""
        self._level = LEVELS[level]
        is_terminal = sink is None and sys.stderr.isatty()
        self._render = _to_json if is_json else _for_people(has_colors=is_terminal)
        self._writer = LineWriter(sink or sys.stderr.buffer, self._notice)
        self._to_close = atexit.register(self._writer.close)
        self._taken_in: logging.Handler | None = None
        self._logger: Any = structlog.wrap_logger(
            LineLogger(self._writer),
            processors=[_with_traceback, _in_order, self._rendered],
            wrapper_class=structlog.make_filtering_bound_logger(self._level),
            cache_logger_on_first_use=True,
        ).bind()

    def debug(self, event: str, **fields: object) -> None:
        """Something only somebody who looks for a fault wants to know."""
        self._logger.debug(event, **fields)

    def info(self, event: str, **fields: object) -> None:
        """Something that happened as it should."""
        self._logger.info(event, **fields)

    def warning(self, event: str, **fields: object) -> None:
        """Something that went wrong and was coped with."""
        self._logger.warning(event, **fields)

    def error(self, event: str, **fields: object) -> None:
        """Something that went wrong and costs somebody something."""
        self._logger.error(event, **fields)

    @contextmanager
    def about(self, **fields: object) -> Iterator[None]:
        """Add fields (`request_id`, `user_id`, `tenant_id`) to all lines of a task and its children."""
        with bound_contextvars(**fields):
            yield

    def take_in_libraries(self) -> None:
        """Write what libraries log, and Python's warnings, as lines of this log from now on."""
        root = logging.getLogger()
        self._taken_in = _LibraryLines(self)
        root.handlers = [self._taken_in]
        root.setLevel(self._level)
        logging.captureWarnings(capture=True)
        for name in NOISY:
            logging.getLogger(name).setLevel(max(self._level, logging.WARNING))
        for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "_granian", "granian.access"):
            logger = logging.getLogger(name)
            logger.handlers, logger.disabled = [], False
            logger.setLevel(logging.NOTSET)
            logger.propagate = True

    def close(self) -> None:
        """Write what waits; later lines are lost."""
        if self._taken_in is not None:
            logging.getLogger().removeHandler(self._taken_in)
            logging.captureWarnings(capture=False)
            self._taken_in = None
        atexit.unregister(self._to_close)
        self._writer.close()

    def _rendered(self, logger: object, method: str, event: Event) -> bytes:
        return self._render(logger, method, event)

    def _notice(self, dropped: int) -> bytes:
        event: Event = {"event": "Log lines dropped: their reader is too slow", "lines": dropped}
        return self._render(None, "warning", _in_order(None, "warning", event))


class _LibraryLines(logging.Handler):
    """Standard logging records as lines of the journal."""

    def __init__(self, journal: StructuredJournal) -> None:
        super().__init__()
        self._journal = journal

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        try:
            text = record.getMessage()
        except (TypeError, ValueError):
            text = str(record.msg)
        fields: dict[str, object] = {"logger": record.name}
        if record.exc_info:
            fields["exc_info"] = record.exc_info
        if record.levelno >= logging.ERROR:
            self._journal.error(text, **fields)
        elif record.levelno >= logging.WARNING:
            self._journal.warning(text, **fields)
        elif record.levelno >= logging.INFO:
            self._journal.info(text, **fields)
        else:
            self._journal.debug(text, **fields)


def _in_order(logger: object, method: str, event: Event) -> Event:
    """When and what first, then what it is about, then the rest; secrets hidden."""
    del logger
    ordered = _STAMP(None, method, {})
    ordered["level"] = method
    ordered["event"] = without_secrets(str(event.pop("event")))
    for name, value in get_contextvars().items():
        ordered[name] = redacted(name, value)
    for name, value in event.items():
        ordered[name] = redacted(name, value)
    return ordered


_STAMP: Final = TimeStamper(fmt="iso", utc=True)

_TRACEBACK: Final = ExceptionRenderer(
    # Local variables hold what must not be logged; the frames alone say where it was.
    ExceptionDictTransformer(show_locals=False, max_frames=20)
)


def _with_traceback(logger: Any, method: str, event: Event) -> Event:  # noqa: ANN401 - structlog's
    """What was raised and where, as fields."""
    if event.get("exc_info") is None:
        event.pop("exc_info", None)
        return event
    return _TRACEBACK(logger, method, event)


_ENCODER: Final = msgspec.json.Encoder()


def _to_json(logger: object, method: str, event: Event) -> bytes:
    del logger, method
    try:
        return _ENCODER.encode(event) + b"\n"
    except (UnicodeEncodeError, OverflowError):
        # Half a surrogate pair out of somebody's alias, or an integer beyond 64 bits.
        return json.dumps(event).encode() + b"\n"


def _for_people(*, has_colors: bool) -> Any:  # noqa: ANN401 - a renderer
    console = structlog.dev.ConsoleRenderer(colors=has_colors)

    def render(logger: object, method: str, event: Event) -> bytes:
        raised = event.pop("exception", None)
        line = console(logger, method, dict(event))
        return "\n".join((line, *_raised_lines(raised))).encode(errors="replace") + b"\n"

    return render


def _raised_lines(raised: object) -> Iterator[str]:
    """A traceback as people know it, without the lines of source."""
    for one in raised if isinstance(raised, list) else ():
        for frame in one["frames"]:
            yield f"    {frame['filename']}:{frame['lineno']} in {frame['name']}"
        yield f"  {one['exc_type']}: {without_secrets(one['exc_value'])}"
