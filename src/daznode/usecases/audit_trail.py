"""The audit trail: note what was done, and show the notes to those who answer for a tenant."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from daznode.domain.accounts import Caller, Role
from daznode.domain.audit import AuditEntry
from daznode.domain.errors import InvalidParameter, RoleMissing
from daznode.ports.audit import AuditTrail
from daznode.ports.clock import Clock, IdSource

MAX_LIMIT: Final = 100
_MAX_PAGE: Final = 1_000_000
_LONGEST_DETAIL: Final = 500

CLI_ACTOR: Final = "cli"
"""Who did it where a person with the machine's own rights did."""


class Deed(StrEnum):
    """What accounts, nodes and profiles are noted for; other trips have words of their own."""

    LOGIN = "login"
    LOGIN_REFUSED = "login_refused"
    USER_ADDED = "user_added"
    USER_DISABLED = "user_disabled"
    USER_ENABLED = "user_enabled"
    PASSWORD_SET = "password_set"  # noqa: S105 - a word of the trail
    TOKEN_ISSUED = "token_issued"  # noqa: S105 - a word of the trail
    NODE_PROVEN = "node_proven"
    NODE_REFUSED = "node_refused"
    NODE_KEY_LOST = "node_key_lost"
    PROFILE_CHANGED = "profile_changed"
    REPORT_ENABLED = "report_enabled"
    REPORT_DISABLED = "report_disabled"


@dataclass(frozen=True, slots=True)
class Doer:
    """Who does something, for the trail.

    Attributes:
        actor: User id; `cli` or `scheduler` where no user does it.
        tenant_id: Whose data it touches.
        request_id: Of the HTTP request; None otherwise.
    """

    actor: str
    tenant_id: str
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class AuditNotes:
    """Adds entries to the trail."""

    trail: AuditTrail
    clock: Clock
    ids: IdSource

    async def add(self, doer: Doer, action: str, subject: str, detail: str = "") -> None:
        """Note one thing.

        Args:
            doer: Who did it.
            action: Stable word.
            subject: What it was done to.
            detail: One line for people; never a secret.

        Raises:
            StoreUnavailable: It cannot be written: then what was to be noted must not count as done.
        """
        entry = AuditEntry(
            entry_id=self.ids.new_id(),
            at=self.clock.now(),
            tenant_id=doer.tenant_id,
            actor=doer.actor,
            action=str(action),
            subject=subject,
            detail=detail[:_LONGEST_DETAIL],
            request_id=doer.request_id,
        )
        await self.trail.add_entries((entry,))


@dataclass(frozen=True, slots=True)
class AuditPage:
    """A page of the trail.

    Attributes:
        entries: The newest first.
        page: From 1.
        limit: Entries a page.
        total: Entries in all.
    """

    entries: tuple[AuditEntry, ...]
    page: int
    limit: int
    total: int

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return -(-self.total // self.limit)


@dataclass(frozen=True, slots=True)
class ReadAudit:
    """The trip from the trail to an administrator."""

    trail: AuditTrail

    async def run(
        self, caller: Caller, *, action: str | None = None, page: int = 1, limit: int = 50
    ) -> AuditPage:
        """A page of what was done to the data of the caller's tenant.

        Args:
            caller: An administrator.
            action: Only of that kind; None for all.
            page: From 1.
            limit: Entries a page, 1 to 100.

        Raises:
            RoleMissing: The caller is no administrator.
            InvalidParameter: No such page or limit.
        """
        if caller.role is not Role.ADMIN:
            message = "audit trail: only administrators may read it"
            raise RoleMissing(message)
        if not 1 <= page <= _MAX_PAGE or not 1 <= limit <= MAX_LIMIT:
            message = (
                f"page {page}, limit {limit}: expected a page from 1 and a limit from 1 to 100"
            )
            raise InvalidParameter(message)
        entries, total = await self.trail.entries(
            tenant_id=caller.tenant_id, action=action, page=page, limit=limit
        )
        return AuditPage(entries, page, limit, total)
