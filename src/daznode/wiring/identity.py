"""Who may ask: passwords, tokens and proofs of nodes, and the trips that rest on them."""

from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from daznode.config import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from daznode.ports.accounts import AccountStore, ChallengeStore, ProfileStore
    from daznode.ports.audit import AuditTrail
    from daznode.ports.clock import Clock, IdSource
    from daznode.ports.coordination import RateLimiter
    from daznode.ports.journal import Journal
    from daznode.ports.metrics import Metrics
    from daznode.ports.store import ReportStore
    from daznode.usecases.accounts import Accounts

SECRET_FILE: Final = "jwt_secret"  # noqa: S105 - the name of the file
"""In the data folder: signs tokens where `JWT_SECRET` is not set, so that the command line and a
service on loopback agree without any setting."""


def token_secret(settings: Settings) -> bytes:
    """What signs bearer tokens: `JWT_SECRET`, else a secret made once in the data folder.

    Raises:
        StoreUnavailable: It can be neither read nor made.
        StoreCorrupt: The file holds no secret, or others may read it.
    """
    if settings.jwt_secret is not None:
        return settings.jwt_secret.get_secret_value().encode()
    from daznode.adapters.identity.secret_file import read_or_make

    return read_or_make(settings.data_dir / SECRET_FILE)


@dataclass(frozen=True, slots=True)
class IdentityParts:
    """What the trips are made over."""

    accounts: "AccountStore"
    profiles: "ProfileStore"
    challenges: "ChallengeStore"
    audit: "AuditTrail"
    reports: "ReportStore"
    limiter: "RateLimiter"
    journal: "Journal"
    metrics: "Metrics"
    clock: "Clock"
    ids: "IdSource"


class Identity:
    """The trips of accounts, profiles and proofs, over one service's parts.

    Args:
        settings: What was set.
        parts: Stores and the rest.
    """

    def __init__(self, settings: Settings, parts: IdentityParts) -> None:
        """Make all trips; the password threads start when the first password comes."""
        from daznode.adapters.identity.node_signatures import SignedMessages
        from daznode.adapters.identity.passwords import Argon2Passwords
        from daznode.adapters.identity.tokens import JwtTokens
        from daznode.usecases.accounts import Accounts
        from daznode.usecases.audit_trail import AuditNotes, ReadAudit
        from daznode.usecases.authenticate import Authenticate
        from daznode.usecases.log_in import LogIn
        from daznode.usecases.profiles import Profiles
        from daznode.usecases.prove_node import ProveNode

        clock, ids = parts.clock, parts.ids
        self.passwords = Argon2Passwords()
        self.tokens = JwtTokens(token_secret(settings), settings.jwt_expire_minutes, clock, ids)
        self.notes = AuditNotes(parts.audit, clock, ids)
        self.accounts = Accounts(parts.accounts, self.passwords, self.tokens, self.notes, clock)
        self.log_in = LogIn(
            parts.accounts, self.passwords, self.tokens, parts.limiter, self.notes, parts.journal
        )
        self.authenticate = Authenticate(self.tokens, parts.accounts, clock)
        self.prove_node = ProveNode(
            parts.challenges,
            parts.profiles,
            SignedMessages(),
            self.notes,
            clock,
            ids,
            language=settings.language,
        )
        self.profiles = Profiles(
            profiles=parts.profiles,
            reports=parts.reports,
            notes=self.notes,
            journal=parts.journal,
            metrics=parts.metrics,
            clock=clock,
            hour=settings.report_hour,
            minute=settings.report_minute,
        )
        self.read_audit = ReadAudit(parts.audit)

    def close(self) -> None:
        """Let the password threads end."""
        self.passwords.close()


@asynccontextmanager
async def opened_accounts(settings: Settings) -> "AsyncIterator[Accounts]":
    """Accounts alone, for one command; the database is closed after it, whatever happens."""
    from daznode.adapters.clock import RandomIds, SystemClock
    from daznode.adapters.identity.passwords import Argon2Passwords
    from daznode.adapters.identity.tokens import JwtTokens
    from daznode.usecases.accounts import Accounts
    from daznode.usecases.audit_trail import AuditNotes
    from daznode.wiring.storage import open_stores

    clock, ids = SystemClock(), RandomIds()
    stores = open_stores(settings, settings.data_dir, settings.report_files_dir, clock=clock)
    try:
        await stores.prepare()
        with closing(Argon2Passwords()) as passwords:
            tokens = JwtTokens(token_secret(settings), settings.jwt_expire_minutes, clock, ids)
            notes = AuditNotes(stores.audit, clock, ids)
            yield Accounts(stores.accounts, passwords, tokens, notes, clock)
    finally:
        await stores.close()
