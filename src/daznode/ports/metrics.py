"""Metrics: what happened, counted for whoever watches the service."""

from typing import Protocol


class Metrics(Protocol):
    """Counts and durations; calling it is cheap and never fails."""

    def report_generated(self, seconds: float) -> None:
        """A report was made and stored in that time."""

    def report_failed(self, reason: str) -> None:
        """A report was given up; `reason` is an error code."""

    def batch_succeeded(self, at_timestamp: float) -> None:
        """A daily run has ended without a failure of its own, at that Unix time."""

    def users_enabled(self, count: int) -> None:
        """How many users have the daily report enabled."""

    def report_indexed(self, seconds: float) -> None:
        """A report was indexed for retrieval in that time."""

    def cache_asked(self, kind: str, *, is_hit: bool) -> None:
        """The cache was asked for something of a kind."""

    def source_called(self, source: str, outcome: str, seconds: float) -> None:
        """An outside source answered or did not; `outcome` is `ok` or an error code."""

    def breaker_is(self, source: str, state: str) -> None:
        """A circuit breaker is `closed`, `half-open` or `open`."""

    def alerts_open(self, count_by_severity: dict[str, int]) -> None:
        """Open alerts of all users by severity."""

    def network_is(self, nodes: int, channels: int, capacity_sat: int) -> None:
        """The size of the newest network snapshot."""

    def http_answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered; `route` is the template of its path, never the path itself."""
