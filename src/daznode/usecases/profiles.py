"""Profiles: what a user sets, and the switch of the daily report."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from daznode.domain.accounts import Caller, NotificationPreferences, UserProfile
from daznode.domain.errors import InvalidParameter, NodeKeyMissing, ProfileNotFound
from daznode.domain.ids import NodeId, parse_node_id
from daznode.domain.page import plain_text
from daznode.domain.report import Severity
from daznode.domain.schedule import cron_line, next_report_at
from daznode.ports.accounts import ProfileStore
from daznode.ports.clock import Clock
from daznode.ports.journal import Journal
from daznode.ports.metrics import Metrics
from daznode.ports.store import ReportStore
from daznode.usecases.audit_trail import AuditNotes, Deed, Doer

LANGUAGES: Final = ("en", "fr")
LONGEST_ALIAS: Final = 64
"""BOLT 7 announces 32 bytes; a user may write a longer name for the own eyes."""

_LAST_HOUR: Final = 23


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """What a user wants the profile to say; it replaces all that was set before.

    Attributes:
        lightning_pubkey: Key of the node, 66 hex characters; None for none.
        alias: Name of the node for the user's reports; None or blank for the announced one.
        language: `en` or `fr`.
        report_hour: UTC hour, 0 to 23; None for the service's hour.
        notifications: What the user wants to be told of.
    """

    lightning_pubkey: str | None = None
    alias: str | None = None
    language: str = "en"
    report_hour: int | None = None
    notifications: NotificationPreferences = field(default_factory=NotificationPreferences)


@dataclass(frozen=True, slots=True)
class ReportSwitch:
    """What switching the daily report did.

    Attributes:
        status: `success`.
        message: One sentence for the user.
        next_report: When the next one is made, UTC; None when disabled.
        schedule: Five cron fields, UTC.
    """

    status: str
    message: str
    next_report: datetime | None
    schedule: str


@dataclass(frozen=True, slots=True)
class ReportStatus:
    """Where the daily report of a user stands.

    Attributes:
        enabled: Whether one is made every day.
        schedule: Five cron fields, UTC.
        last_report: When the latest one was made, UTC; None without one.
        total_reports: How many are kept.
        next_report: When the next one is made, UTC; None when disabled.
    """

    enabled: bool
    schedule: str
    last_report: datetime | None
    total_reports: int
    next_report: datetime | None


@dataclass(frozen=True, slots=True)
class Profiles:
    """What a user does with the own profile.

    Attributes:
        profiles: Profiles of users.
        reports: Reports of users.
        notes: The audit trail.
        journal: The log.
        metrics: Counts.
        clock: The present.
        hour: UTC hour of the service's daily job.
        minute: Its minute.
    """

    profiles: ProfileStore
    reports: ReportStore
    notes: AuditNotes
    journal: Journal
    metrics: Metrics
    clock: Clock
    hour: int
    minute: int

    async def get(self, caller: Caller) -> UserProfile:
        """The caller's profile.

        Raises:
            ProfileNotFound: Nothing is set yet.
        """
        profile = await self.profiles.profile(caller.user_id)
        if profile is None:
            message = "profile: nothing is set yet; put one first"
            raise ProfileNotFound(message)
        return profile

    async def put(
        self, caller: Caller, change: ProfileChange, *, request_id: str | None = None
    ) -> UserProfile:
        """Set the caller's profile.

        Another key drops the proof; without a key the daily report is disabled.

        Raises:
            InvalidNodeId: The key is none.
            InvalidParameter: Another value is outside what it takes.
            NodeKeyTaken: Another user's profile holds that key.
        """
        key = parse_node_id(change.lightning_pubkey) if change.lightning_pubkey else None
        _check(change)
        now = self.clock.now()
        former = await self.profiles.profile(caller.user_id)
        base = former or UserProfile(
            caller.user_id, caller.tenant_id, created_at=now, updated_at=now
        )
        changed = replace(
            base,
            tenant_id=caller.tenant_id,
            lightning_pubkey=key,
            pubkey_proven_at=base.pubkey_proven_at if key == base.lightning_pubkey else None,
            alias=_alias(change.alias),
            language=change.language,
            report_hour=change.report_hour,
            daily_report_enabled=base.daily_report_enabled and key is not None,
            notifications=change.notifications,
        )
        if changed == former:
            return former
        stored = replace(changed, updated_at=now)
        await self.profiles.put_profile(stored)
        doer = Doer(caller.user_id, caller.tenant_id, request_id)
        await self.notes.add(doer, Deed.PROFILE_CHANGED, caller.user_id, _what_changed(former, key))
        if base.daily_report_enabled and not stored.daily_report_enabled:
            await self._tell_switched(stored, doer)
        return stored

    async def enable_report(self, caller: Caller, *, request_id: str | None = None) -> ReportSwitch:
        """Have a report made every day; doing it twice changes nothing.

        Raises:
            ProfileNotFound: Nothing is set yet.
            NodeKeyMissing: The profile names no node.
        """
        profile = await self.get(caller)
        if profile.lightning_pubkey is None:
            message = "profile: it names no node; put `lightning_pubkey` first"
            raise NodeKeyMissing(message)
        was = profile.daily_report_enabled
        enabled = await self._switched(caller, profile, request_id, is_enabled=True)
        due_at = next_report_at(enabled, self.hour, self.minute, self.clock.now())
        return ReportSwitch(
            status="success",
            message=(
                f"Daily report {'was enabled before' if was else 'enabled'}; "
                f"the next one is due on {due_at:%Y-%m-%d at %H:%M} UTC."
            ),
            next_report=due_at,
            schedule=cron_line(enabled, self.hour, self.minute),
        )

    async def disable_report(
        self, caller: Caller, *, request_id: str | None = None
    ) -> ReportSwitch:
        """Have no report made from now on; doing it twice changes nothing. Reports made stay.

        Raises:
            ProfileNotFound: Nothing is set yet.
        """
        profile = await self.get(caller)
        was = profile.daily_report_enabled
        disabled = await self._switched(caller, profile, request_id, is_enabled=False)
        return ReportSwitch(
            status="success",
            message=f"Daily report {'disabled' if was else 'was disabled before'}.",
            next_report=None,
            schedule=cron_line(disabled, self.hour, self.minute),
        )

    async def report_status(self, caller: Caller) -> ReportStatus:
        """Where the caller's daily report stands.

        Raises:
            ProfileNotFound: Nothing is set yet.
        """
        profile = await self.get(caller)
        latest = await self.reports.latest_report(caller.user_id)
        return ReportStatus(
            enabled=profile.daily_report_enabled,
            schedule=cron_line(profile, self.hour, self.minute),
            last_report=latest.generation_timestamp if latest else None,
            total_reports=await self.reports.count_reports(caller.user_id),
            next_report=next_report_at(profile, self.hour, self.minute, self.clock.now()),
        )

    async def _switched(
        self, caller: Caller, profile: UserProfile, request_id: str | None, *, is_enabled: bool
    ) -> UserProfile:
        if profile.daily_report_enabled == is_enabled:
            return profile
        changed = replace(profile, daily_report_enabled=is_enabled, updated_at=self.clock.now())
        await self.profiles.put_profile(changed)
        await self._tell_switched(changed, Doer(caller.user_id, caller.tenant_id, request_id))
        return changed

    async def _tell_switched(self, profile: UserProfile, doer: Doer) -> None:
        is_enabled = profile.daily_report_enabled
        deed = Deed.REPORT_ENABLED if is_enabled else Deed.REPORT_DISABLED
        await self.notes.add(doer, deed, profile.user_id)
        word = "enabled" if is_enabled else "disabled"
        self.journal.info(
            f"Daily report {word} for tenant {profile.tenant_id}",
            tenant_id=profile.tenant_id,
            user_id=profile.user_id,
        )
        self.metrics.users_enabled(await self.profiles.count_enabled())


def _check(change: ProfileChange) -> None:
    """All faults in one line."""
    faults = []
    if change.language not in LANGUAGES:
        faults.append(f"language {change.language[:20]!r}: expected en or fr")
    if change.report_hour is not None and not 0 <= change.report_hour <= _LAST_HOUR:
        faults.append(f"report hour {change.report_hour}: expected 0 to 23, UTC")
    if change.alias is not None and len(change.alias) > LONGEST_ALIAS:
        faults.append(f"alias: {len(change.alias):,} characters; expected at most {LONGEST_ALIAS}")
    severities = [one.value for one in Severity]
    if change.notifications.min_severity not in severities:
        faults.append(
            f"least severity {change.notifications.min_severity[:20]!r}: "
            f"expected one of {', '.join(severities)}"
        )
    if faults:
        raise InvalidParameter("; ".join(faults))


def _alias(text: str | None) -> str | None:
    return (plain_text(text).strip() or None) if text else None


def _what_changed(former: UserProfile | None, key: NodeId | None) -> str:
    before = former.lightning_pubkey if former else None
    if before == key:
        return "settings"
    return f"node key {key}" if key else "node key removed"
