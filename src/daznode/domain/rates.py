"""Rate limits: what a limiter says of one more request."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RateVerdict:
    """Whether one more is within the limit.

    Attributes:
        is_allowed: It is.
        limit: How many the window allows.
        remaining: How many are left in it.
        retry_after_seconds: When to come again, whole seconds, at least 1; 0 when allowed.
    """

    is_allowed: bool
    limit: int
    remaining: int
    retry_after_seconds: int
