"""The audit trail: who did what to what, when; entries are added and never changed."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing that was done.

    Attributes:
        entry_id: UUID.
        at: Moment, UTC.
        tenant_id: Whose data it touched.
        actor: User id of who did it; `scheduler` or `cli` where no user did.
        action: Stable word: `login`, `login_refused`, `node_proven`, `report_enabled`, ...
        subject: What it was done to: a user id, a node key, a run id.
        detail: One line for people; never a secret.
        request_id: Of the HTTP request; None otherwise.
    """

    entry_id: str
    at: datetime
    tenant_id: str
    actor: str
    action: str
    subject: str
    detail: str = ""
    request_id: str | None = None
