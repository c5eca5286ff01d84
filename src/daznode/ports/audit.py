"""AuditTrail: who did what, when; added to, never changed."""

from collections.abc import Sequence
from typing import Protocol

from daznode.domain.audit import AuditEntry


class AuditTrail(Protocol):
    """Entries in the order in which they were added."""

    async def add_entries(self, entries: Sequence[AuditEntry]) -> None:
        """Add entries, all or none.

        Raises:
            StoreUnavailable: They cannot be written.
        """

    async def entries(
        self, *, tenant_id: str | None, action: str | None, page: int, limit: int
    ) -> tuple[tuple[AuditEntry, ...], int]:
        """A page of the trail, the newest first, and how many entries there are in all.

        Args:
            tenant_id: Only of that tenant; None for all.
            action: Only of that kind; None for all.
            page: From 1.
            limit: Entries a page.
        """
