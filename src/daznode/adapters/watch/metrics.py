"""Prometheus metrics of the service, in a registry of its own, of one process or of several."""

from typing import Any, Final, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.values import ValueClass

REPORT_SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
"""Around the limit of the alert (60 s), up to the time limit of one report."""

REQUEST_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 10)
"""Around what is promised (200 ms) and the limit of the alert (1 s)."""

SOURCE_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

BREAKER_STATES: Final = {"closed": 0, "half-open": 1, "open": 2}

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Others are a caller's invention and counted as one."""

SEVERITIES: Final = ("critical", "warning", "info")

_CLASSES: Final = ("0xx", "1xx", "2xx", "3xx", "4xx", "5xx")

_IS_SHARED: Final[bool] = ValueClass._multiprocess  # noqa: SLF001 - nothing public tells it
"""Whether `PROMETHEUS_MULTIPROC_DIR` was set when the library was loaded."""

_Metric = TypeVar("_Metric", bound=MetricWrapperBase)


class PrometheusMetrics:
    """A `Metrics` that Prometheus can read.

    With `PROMETHEUS_MULTIPROC_DIR` set before the start, every process writes to files there, and
    each answers for all of them.
    """

    def __init__(self) -> None:
        """Count nothing yet."""
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self._children: dict[tuple[object, ...], Any] = {}
        self._make_reports()
        self._make_requests()
        self._make_network()
        if not _IS_SHARED:
            ProcessCollector(registry=self._registry)
            PlatformCollector(registry=self._registry)
            GCCollector(registry=self._registry)

    def _make_reports(self) -> None:
        counter, gauge, histogram = self._counter, self._gauge, self._histogram
        self._generated = counter("daily_reports_generated", "Daily reports made and stored.")
        self._generation_seconds = histogram(
            "daily_reports_generation_duration_seconds", "Time to make one report.", REPORT_SECONDS
        )
        self._errors = counter("daily_reports_errors", "Daily reports given up.", "reason")
        self._users = gauge(
            "daily_reports_users_enabled_total", "Users who have the daily report enabled."
        )
        self._indexing_seconds = histogram(
            "daily_reports_rag_indexing_duration_seconds",
            "Time to index one report for retrieval.",
            REPORT_SECONDS,
        )
        self._last_success = gauge(
            "daily_reports_last_success_timestamp_seconds",
            "Unix time at which a daily run last succeeded; 0 if none has.",
        )

    def _make_requests(self) -> None:
        counter, gauge, histogram = self._counter, self._gauge, self._histogram
        self._request_seconds = histogram(
            "http_request_duration_seconds",
            "Time to answer a request, by template of its path and class of its status.",
            REQUEST_SECONDS,
            "method",
            "route",
            "status",
        )
        self._cache_hits = counter("cache_hits", "Answers found in the cache.", "kind")
        self._cache_misses = counter("cache_misses", "Answers not found in the cache.", "kind")
        self._source_calls = counter(
            "source_calls", "Calls of outside sources.", "source", "outcome"
        )
        self._source_seconds = histogram(
            "source_call_duration_seconds",
            "Time an outside source took.",
            SOURCE_SECONDS,
            "source",
        )
        self._breaker = gauge(
            "circuit_breaker_state",
            "Circuit breaker of an outside source: 0 closed, 1 half-open, 2 open.",
            "source",
        )

    def _make_network(self) -> None:
        gauge = self._gauge
        self._alerts = gauge("alerts_open", "Open alerts of all users.", "level")
        self._nodes = gauge("lightning_network_nodes", "Nodes in the newest snapshot.")
        self._channels = gauge("lightning_network_channels", "Channels in the newest snapshot.")
        self._capacity = gauge(
            "lightning_network_capacity_sats", "Capacity of all channels of the newest snapshot."
        )

    def report_generated(self, seconds: float) -> None:
        """A report was made and stored in that time."""
        self._generated.inc()
        self._generation_seconds.observe(seconds)

    def report_failed(self, reason: str) -> None:
        """A report was given up; `reason` is an error code."""
        self._child(self._errors, reason).inc()

    def batch_succeeded(self, at_timestamp: float) -> None:
        """A daily run has ended without a failure of its own, at that Unix time."""
        self._last_success.set(at_timestamp)

    def users_enabled(self, count: int) -> None:
        """How many users have the daily report enabled."""
        self._users.set(count)

    def report_indexed(self, seconds: float) -> None:
        """A report was indexed for retrieval in that time."""
        self._indexing_seconds.observe(seconds)

    def cache_asked(self, kind: str, *, is_hit: bool) -> None:
        """The cache was asked for something of a kind."""
        self._child(self._cache_hits if is_hit else self._cache_misses, kind).inc()

    def source_called(self, source: str, outcome: str, seconds: float) -> None:
        """An outside source answered or did not; `outcome` is `ok` or an error code."""
        self._child(self._source_calls, source, outcome).inc()
        self._child(self._source_seconds, source).observe(seconds)

    def breaker_is(self, source: str, state: str) -> None:
        """A circuit breaker is `closed`, `half-open` or `open`."""
        self._child(self._breaker, source).set(BREAKER_STATES[state])

    def alerts_open(self, count_by_severity: dict[str, int]) -> None:
        """Open alerts of all users by severity."""
        for severity in SEVERITIES:
            self._child(self._alerts, severity).set(count_by_severity.get(severity, 0))

    def network_is(self, nodes: int, channels: int, capacity_sat: int) -> None:
        """The size of the newest network snapshot."""
        self._nodes.set(nodes)
        self._channels.set(channels)
        self._capacity.set(capacity_sat)

    def http_answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered; `route` is the template of its path, never the path itself."""
        named = method if method in METHODS else "other"
        self._child(self._request_seconds, named, route, _class_of(status)).observe(seconds)

    def exposition(self) -> tuple[bytes, str]:
        """All figures in Prometheus' text format, and its media type."""
        registry = self._registry
        if _IS_SHARED:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry), CONTENT_TYPE_PLAIN_0_0_4

    @property
    def registry(self) -> CollectorRegistry:
        """Where the figures are, for a server of their own."""
        return self._registry

    def _child(self, metric: _Metric, *labels: str) -> _Metric:
        """The series of some labels: the library's own search for it costs more than counting."""
        key = (metric, *labels)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = metric.labels(*labels)
        return child

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(name, meaning, labels, registry=self._registry)

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        # Of several processes that say something the last one is right.
        return Gauge(name, meaning, labels, registry=self._registry, multiprocess_mode="mostrecent")

    def _histogram(
        self, name: str, meaning: str, limits: tuple[float, ...], *labels: str
    ) -> Histogram:
        return Histogram(name, meaning, labels, registry=self._registry, buckets=limits)


def _class_of(status: int) -> str:
    """`2xx` of 204."""
    return _CLASSES[status // 100] if 0 <= status < len(_CLASSES) * 100 else _CLASSES[0]
