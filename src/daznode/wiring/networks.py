"""The trip to networks that can be asked, as the settings want them measured and scored."""

from typing import TYPE_CHECKING

from daznode.config import Settings

if TYPE_CHECKING:
    from daznode.ports.clock import Clock
    from daznode.ports.compute import Compute
    from daznode.ports.store import MeasureStore, SnapshotStore
    from daznode.usecases.open_network import OpenNetwork


def open_networks(
    settings: Settings,
    snapshots: "SnapshotStore",
    measures: "MeasureStore",
    compute: "Compute",
    clock: "Clock",
) -> "OpenNetwork":
    """The trip from stored snapshots to networks; nothing is opened by that.

    Args:
        settings: What was set.
        snapshots: Where snapshots are.
        measures: Where their measures are kept.
        compute: Where they are measured.
        clock: Time.
    """
    from daznode.graph.measures import MeasureParams
    from daznode.usecases.open_network import OpenNetwork

    return OpenNetwork(
        snapshots=snapshots,
        measures=measures,
        compute=compute,
        clock=clock,
        params=MeasureParams(),
        weights=settings.score_weights,
        threads=settings.threads,
    )
