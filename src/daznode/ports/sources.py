"""GraphSource: where a network snapshot comes from."""

from datetime import datetime
from typing import Protocol

from daznode.domain.gossip import GraphSnapshot
from daznode.domain.progress import Progress


class GraphSource(Protocol):
    """Something a whole network snapshot can be read from."""

    def read(
        self, *, imported_at: datetime, observed_at: datetime | None, progress: Progress
    ) -> GraphSnapshot:
        """Read, check and normalise the snapshot; CPU-bound, call it through `Compute`.

        Args:
            imported_at: Moment of the import, UTC.
            observed_at: Moment the data describes, if the caller knows it; else it is the newest
                gossip timestamp found that is not later than `imported_at`.
            progress: Told of bytes read and records checked.

        Raises:
            InvalidDump: The data cannot be used; says where and what was expected.
        """
