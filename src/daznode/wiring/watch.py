"""What whoever watches the service sees: its log and its metrics."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from daznode.config import Settings, prepare_metrics_folder

if TYPE_CHECKING:
    from daznode.adapters.watch.journal import StructuredJournal
    from daznode.adapters.watch.metrics import PrometheusMetrics


@dataclass(frozen=True, slots=True)
class Watch:
    """Log and metrics.

    Attributes:
        journal: Takes in what libraries log, too.
        metrics: In a registry of their own.
    """

    journal: "StructuredJournal"
    metrics: "PrometheusMetrics"

    def exposition(self) -> tuple[bytes, str]:
        """All metrics in Prometheus' text format, and its media type."""
        return self.metrics.exposition()

    def close(self) -> None:
        """Write what waits in the log."""
        self.journal.close()


def open_watch(settings: Settings) -> Watch:
    """Open log and metrics; libraries log through it from then on.

    Raises:
        ConfigError: `PROMETHEUS_MULTIPROC_DIR` cannot be written.
    """
    # The library reads the variable once, when it is loaded.
    prepare_metrics_folder(settings)
    from daznode.adapters.watch.journal import StructuredJournal
    from daznode.adapters.watch.metrics import PrometheusMetrics

    journal = StructuredJournal(is_json=settings.log_format == "json", level=settings.log_level)
    journal.take_in_libraries()
    return Watch(journal, PrometheusMetrics())
