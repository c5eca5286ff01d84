"""Who may ask: accounts with roles, the profile of a user, callers, and challenges to prove a node."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from daznode.domain.ids import NodeId

LOCAL_TENANT: Final = "local"
"""The tenant of whoever runs the service; the reports of the command line belong to it too."""


class Role(StrEnum):
    """What an account may do."""

    USER = "user"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Account:
    """One who can log in.

    Attributes:
        user_id: Stable name of the user; names the folder of the report files too.
        username: What is typed at login; unique, lower case.
        tenant_id: Whose data the user sees; users of one tenant share nothing but that name.
        role: User or admin.
        password_hash: Argon2id, in the PHC string format.
        created_at: Moment the account was made, UTC.
        is_disabled: Whether it can no longer log in.
    """

    user_id: str
    username: str
    tenant_id: str
    role: Role
    password_hash: str = field(repr=False)
    created_at: datetime
    is_disabled: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as a verified token says.

    Attributes:
        user_id: The user.
        tenant_id: The user's tenant.
        role: User or admin.
        expires_at: Until when the token holds, UTC.
    """

    user_id: str
    tenant_id: str
    role: Role
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NotificationPreferences:
    """What a user wants to be told of.

    Attributes:
        daily_report: A message when the report is there.
        weekly_digest: A message with the week.
        monthly_digest: A message with the month.
        min_severity: Least severity of an alert that is worth a message: `info`, `warning`, `critical`.
    """

    daily_report: bool = False
    weekly_digest: bool = False
    monthly_digest: bool = False
    min_severity: str = "critical"


@dataclass(frozen=True, slots=True)
class UserProfile:
    """What a user has set.

    Attributes:
        user_id: The user.
        tenant_id: The user's tenant.
        lightning_pubkey: Key of the user's node; None before one is given. One user only may hold it.
        pubkey_proven_at: Moment the user proved to own the key, UTC; None while only claimed: then
            reports rest on public data.
        alias: Name of the node as the user writes it; None for the announced one.
        language: `en` or `fr`.
        report_hour: UTC hour of the daily report, 0 to 23; None for the service's hour.
        daily_report_enabled: Whether a report is made every day.
        notifications: What the user wants to be told of.
        created_at: Moment the profile was made, UTC.
        updated_at: Moment of the last change, UTC.
    """

    user_id: str
    tenant_id: str
    created_at: datetime
    updated_at: datetime
    lightning_pubkey: NodeId | None = None
    pubkey_proven_at: datetime | None = None
    alias: str | None = None
    language: str = "en"
    report_hour: int | None = None
    daily_report_enabled: bool = False
    notifications: NotificationPreferences = field(default_factory=NotificationPreferences)


@dataclass(frozen=True, slots=True)
class NodeChallenge:
    """A text that a user signs with a node to prove that the node is theirs; good for one try.

    Attributes:
        challenge_id: UUID.
        user_id: Who was given it; nobody else can use it.
        message: What to sign, one line of ASCII.
        expires_at: Until when it holds, UTC.
    """

    challenge_id: str
    user_id: str
    message: str
    expires_at: datetime
