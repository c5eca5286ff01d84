"""Every answered request as a figure of Prometheus and a line of the log."""

from typing import Final

from starlette.types import Scope

from daznode.edges.api.asgi import request_id_of
from daznode.edges.api.gate import caller_of
from daznode.wiring.service import Service

WATCHING: Final = frozenset({"/health", "/health/ready", "/health/detailed", "/metrics"})
"""Routes whose good answers are no news."""

_FAULT: Final = 400
_SERVER_FAULT: Final = 500


class Watch:
    """Told of every request by the gate.

    Args:
        service: Its metrics and its log.
    """

    def __init__(self, service: Service) -> None:
        """Count nothing yet."""
        self._metrics = service.metrics
        self._journal = service.journal

    def __call__(
        self, scope: Scope, template: str, status: int, seconds: float, sent_bytes: int
    ) -> None:
        """Count and log one request."""
        self._metrics.http_answered(scope["method"], template, status, seconds)
        if template in WATCHING and status < _FAULT:
            return
        caller = caller_of(scope)
        tell = self._journal.warning if status >= _SERVER_FAULT else self._journal.info
        tell(
            "Request answered",
            request_id=request_id_of(scope),
            method=scope["method"],
            route=template,
            status=status,
            duration_ms=round(seconds * 1_000, 2),
            bytes=sent_bytes,
            user_id=None if caller is None else caller.user_id,
            tenant_id=None if caller is None else caller.tenant_id,
        )
