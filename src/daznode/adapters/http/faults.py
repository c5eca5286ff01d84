"""What can go wrong in a call, as errors of ours: one table of transport faults, one of statuses.

Messages are made of the source, the method, the path and a reason of ours. Nothing that was sent
and nothing that the other side wrote is in them: either may hold a secret.
"""

import ssl
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx2

from daznode.domain.errors import (
    BackendAnswerInvalid,
    BackendError,
    BackendRateLimited,
    BackendRefused,
    BackendTimeout,
    BackendUnavailable,
    BackendUntrusted,
)

_TRANSPORT: Final[tuple[tuple[type[Exception], type[BackendError], str, bool], ...]] = (
    (httpx2.ConnectTimeout, BackendTimeout, "no connection in time", False),
    (httpx2.PoolTimeout, BackendTimeout, "no free connection in time", False),
    (httpx2.TimeoutException, BackendTimeout, "no answer in time", True),
    (TimeoutError, BackendTimeout, "no answer in time", True),
    (httpx2.ProxyError, BackendUnavailable, "the proxy does not connect", False),
    (httpx2.ConnectError, BackendUnavailable, "cannot be reached", False),
    (httpx2.NetworkError, BackendUnavailable, "the connection broke", True),
    (httpx2.RemoteProtocolError, BackendUnavailable, "the connection ended too early", True),
    (httpx2.DecodingError, BackendAnswerInvalid, "the answer cannot be decompressed", True),
    (httpx2.TransportError, BackendUnavailable, "the call failed", True),
)
"""Fault, error, reason, and whether the call may have arrived; the most specific first."""

_STATUS: Final[dict[int, tuple[type[BackendError], str]]] = {
    400: (BackendAnswerInvalid, "does not take the request"),
    401: (BackendRefused, "the credential is not accepted"),
    403: (BackendRefused, "the credential does not allow it"),
    404: (BackendAnswerInvalid, "does not know the path"),
    407: (BackendUnavailable, "the proxy wants a credential"),
    408: (BackendTimeout, "timed out on its side"),
    425: (BackendRateLimited, "too early"),
    429: (BackendRateLimited, "too many requests"),
    501: (BackendAnswerInvalid, "cannot do it"),
    504: (BackendTimeout, "timed out behind its gateway"),
}
_STATUS_CLASSES: Final[dict[int, tuple[type[BackendError], str]]] = {
    1: (BackendAnswerInvalid, "an interim answer only"),
    2: (BackendAnswerInvalid, "an unexpected success"),
    3: (BackendAnswerInvalid, "points elsewhere; redirects are not followed"),
    4: (BackendAnswerInvalid, "does not take the request"),
    5: (BackendUnavailable, "an error of its own"),
}


def transport_error(where: str, fault: Exception) -> BackendError:
    """A fault below HTTP as an error of ours.

    Args:
        where: Source, method and path.
        fault: One of `TRANSPORT_FAULTS`.
    """
    kind, reason, may_have_arrived = next(
        (error, reason, arrived)
        for known, error, reason, arrived in _TRANSPORT
        if isinstance(fault, known)
    )
    if (detail := _tls_detail(fault)) is not None:
        kind, reason = BackendUntrusted, f"its certificate cannot be verified ({detail})"
    made = kind(f"{where}: {reason}")
    made.may_have_arrived = may_have_arrived
    return made


TRANSPORT_FAULTS: Final = (httpx2.TransportError, httpx2.DecodingError, TimeoutError)


def status_error(where: str, status: int, headers: Mapping[str, str]) -> BackendError:
    """A status that is no success as an error of ours."""
    kind, reason = _STATUS.get(status) or _STATUS_CLASSES.get(
        status // 100, (BackendAnswerInvalid, "no HTTP status")
    )
    message = f"{where}: {reason} (HTTP {status})"
    if kind is BackendRateLimited:
        return BackendRateLimited(message, retry_after_seconds(headers))
    return kind(message)


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """How long the other side asks us to wait, seconds; None if it does not say.

    A date is measured against the answer's own `Date`, so that no clock of ours has to agree.

    References:
        RFC 9110, section 10.2.3.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    until, sent_at = _moment(text), _moment(headers.get("date", ""))
    if until is None or sent_at is None:
        return None
    return max(0.0, (until - sent_at).total_seconds())


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return moment if moment.tzinfo is not None else None


def _tls_detail(fault: BaseException) -> str | None:
    cause: BaseException | None = fault
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message
        cause = cause.__cause__ or cause.__context__
    return None
