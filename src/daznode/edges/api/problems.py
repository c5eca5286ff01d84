"""Errors as problem documents (RFC 9457): one table says which error is which status."""

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from daznode.domain.errors import (
    BackendError,
    CapabilityMissing,
    DataUnavailable,
    DaznodeError,
    InputError,
    NodeKeyMissing,
    NotAllowed,
    NotFound,
    RateLimited,
    RoleMissing,
    StorageError,
    StoreUnavailable,
    Unauthenticated,
)

MEDIA_TYPE: Final = "application/problem+json"

RETRY_AFTER_SECONDS: Final = 5
"""When to ask again for what is missing for a while: about as long as a restart takes."""


@dataclass(frozen=True, slots=True)
class Answered:
    """How an error is answered.

    Attributes:
        status: HTTP status.
        title: The same for every error of this kind.
        detail: Said in place of the error's own line, which may name what is ours alone to know,
            such as a folder; None for the error's own line.
        retry_after_seconds: When to ask again; None where that does not help.
    """

    status: int
    title: str
    detail: str | None = None
    retry_after_seconds: int | None = None


ANSWERS: Final[dict[type[DaznodeError], Answered]] = {
    Unauthenticated: Answered(401, "Not authenticated"),
    RoleMissing: Answered(403, "Role missing"),
    RateLimited: Answered(429, "Too many requests"),
    NodeKeyMissing: Answered(400, "No node in the profile"),
    CapabilityMissing: Answered(501, "Backend cannot do that"),
    NotAllowed: Answered(409, "Not possible now"),
    NotFound: Answered(404, "Not found"),
    InputError: Answered(422, "Invalid input"),
    DataUnavailable: Answered(
        503, "Not enough is known to answer", retry_after_seconds=RETRY_AFTER_SECONDS
    ),
    BackendError: Answered(
        502, "Another system failed", "another system did not answer as it should"
    ),
    StoreUnavailable: Answered(
        503,
        "Store unavailable",
        "the database cannot be reached just now; ask again in a few seconds",
        RETRY_AFTER_SECONDS,
    ),
    StorageError: Answered(500, "Store failed", "what is stored cannot be read"),
    DaznodeError: Answered(500, "Internal error", "an error of the service; it has been logged"),
}
"""The nearest class of an error in its family decides."""

STATUS_TITLES: Final = {
    400: ("bad-request", "Bad request"),
    401: ("unauthenticated", "Not authenticated"),
    403: ("role-missing", "Role missing"),
    404: ("not-found", "Not found"),
    405: ("method-not-allowed", "Method not allowed"),
    406: ("not-acceptable", "Not acceptable"),
    408: ("request-timeout", "Request too slow"),
    413: ("body-too-large", "Body too large"),
    415: ("unsupported-media-type", "Unsupported media type"),
    422: ("invalid-input", "Invalid input"),
    429: ("rate-limited", "Too many requests"),
    500: ("internal-error", "Internal error"),
    503: ("stopping", "Not available"),
}
"""Refusals of the door itself, which no error of the product stands for."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem document, ready to be sent.

    Attributes:
        status: HTTP status.
        body: The document.
        headers: What belongs to it besides its type and length.
    """

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


def answer_of(error: type[DaznodeError]) -> Answered:
    """How an error is answered: as the nearest class of its family that the table names."""
    return next(ANSWERS[base] for base in error.__mro__ if base in ANSWERS)


def problem_of(error: DaznodeError, request_id: str) -> Problem:
    """The document for an error of ours."""
    answered = answer_of(type(error))
    retry_after = (
        error.retry_after_seconds
        if isinstance(error, RateLimited)
        else answered.retry_after_seconds
    )
    headers: list[tuple[str, str]] = []
    if retry_after is not None:
        headers.append(("retry-after", str(retry_after)))
    if answered.status == 401:  # noqa: PLR2004 - RFC 9110, section 15.5.2 demands the header
        headers.append(("www-authenticate", 'Bearer realm="daznode", error="invalid_token"'))
    return Problem(
        answered.status,
        document(
            answered.status,
            error.code,
            answered.title,
            answered.detail or str(error),
            request_id,
        ),
        tuple(headers),
    )


def refusal(
    status: int,
    detail: str,
    request_id: str,
    *,
    faults: list[dict[str, str]] | None = None,
    headers: tuple[tuple[str, str], ...] = (),
) -> Problem:
    """The document for a refusal of the door itself.

    Args:
        status: HTTP status.
        detail: What was wrong, and what it takes.
        request_id: Of the request.
        faults: Each fault of the input with its place.
        headers: What belongs to it besides its type and length.
    """
    code, title = STATUS_TITLES.get(status, ("http-error", "Request refused"))
    return Problem(status, document(status, code, title, detail, request_id, faults), headers)


def document(
    status: int,
    code: str,
    title: str,
    detail: str,
    request_id: str,
    faults: list[dict[str, str]] | None = None,
) -> bytes:
    """A problem document as JSON."""
    members: dict[str, Any] = {
        "type": f"urn:daznode:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id,
    }
    if faults:
        members["errors"] = faults
    return msgspec.json.encode(members)
