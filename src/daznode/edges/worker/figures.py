"""A worker's figures for Prometheus, on a port of loopback."""

import threading
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, make_server

from daznode.domain.errors import InvalidParameter

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment


class _Silent(WSGIRequestHandler):
    """Answers without a line for each request."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Say nothing."""


def serve_figures(port: int, exposition: Callable[[], tuple[bytes, str]]) -> None:
    """Answer `GET /metrics` in a thread, until the process ends.

    Raises:
        InvalidParameter: The port is taken.
    """

    def answer(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/metrics":
            status = HTTPStatus.NOT_FOUND
            start(f"{status.value} {status.phrase}", [("content-type", "text/plain")])
            return [b"see /metrics\n"]
        body, media_type = exposition()
        start("200 OK", [("content-type", media_type)])
        return [body]

    try:
        server = make_server("127.0.0.1", port, answer, handler_class=_Silent)
    except OSError as exc:
        message = f"--metrics-port {port}: cannot listen there: {exc.strerror}; takes a free port"
        raise InvalidParameter(message) from exc
    threading.Thread(target=server.serve_forever, name="figures", daemon=True).start()
