"""What a batch needs of the outside, in memory: runs, profiles, alerts, digests, leases, a log."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

from daznode.domain.errors import RunNotFound, StoreUnavailable
from daznode.domain.runs import JobCounts, RunState

PENDING, PROCESSING = RunState.PENDING, RunState.PROCESSING
COMPLETED, FAILED = RunState.COMPLETED, RunState.FAILED


class FakeRuns:
    """A RunStore; `error` makes every call fail."""

    def __init__(self) -> None:
        self.run_by_id = {}
        self.jobs = {}
        self.error = None

    def _check(self):
        if self.error is not None:
            raise StoreUnavailable(self.error)

    async def add_run(self, run):
        self._check()
        await asyncio.sleep(0)
        if run.run_id in self.run_by_id:
            return False
        self.run_by_id[run.run_id] = run
        return True

    async def run(self, run_id):
        self._check()
        if run_id not in self.run_by_id:
            raise RunNotFound(run_id)
        return self.run_by_id[run_id]

    async def end_run(self, run_id, state, at, error_message=None):
        self._check()
        run = await self.run(run_id)
        if run.finished_at is None:
            self.run_by_id[run_id] = replace(
                run, state=state, finished_at=at, error_message=error_message
            )

    async def unfinished_runs(self):
        self._check()
        return tuple(
            sorted(
                (one for one in self.run_by_id.values() if one.finished_at is None),
                key=lambda one: one.created_at,
            )
        )

    async def ask_for(self, jobs, *, again):
        self._check()
        n_pending = 0
        for job in jobs:
            key = (job.user_id, job.node_pubkey, job.report_date)
            there = self.jobs.get(key)
            if there is not None and not again:
                continue
            if there is not None and there.state is PROCESSING:
                self.jobs[key] = replace(there, run_id=job.run_id)
                continue
            self.jobs[key] = job
            n_pending += 1
        return n_pending

    async def claim(self, run_id, *, owner, now, lease_until, limit, user_ids=None):
        self._check()
        await asyncio.sleep(0)
        taken = []
        for key, job in sorted(self.jobs.items()):
            is_free = job.state is PENDING or (job.state is PROCESSING and job.lease_until <= now)
            if job.run_id != run_id or not is_free or len(taken) == limit:
                continue
            if user_ids is not None and job.user_id not in user_ids:
                continue
            self.jobs[key] = replace(
                job,
                state=PROCESSING,
                owner=owner,
                lease_until=lease_until,
                attempts=job.attempts + 1,
            )
            taken.append(self.jobs[key])
        return tuple(taken)

    def _owned(self, run_id, owner):
        return [
            (key, job)
            for key, job in self.jobs.items()
            if (job.run_id, job.state, job.owner) == (run_id, PROCESSING, owner)
        ]

    async def renew(self, run_id, *, owner, lease_until):
        self._check()
        owned = self._owned(run_id, owner)
        for key, job in owned:
            self.jobs[key] = replace(job, lease_until=lease_until)
        return len(owned)

    async def release(self, run_id, *, owner):
        self._check()
        owned = self._owned(run_id, owner)
        for key, job in owned:
            self.jobs[key] = replace(job, state=PENDING, owner=None, attempts=job.attempts - 1)
        return len(owned)

    async def end_job(self, job, state, at, *, reason=None, report_id=None):
        self._check()
        key = (job.user_id, job.node_pubkey, job.report_date)
        there = self.jobs[key]
        if there.owner != job.owner or there.state is not PROCESSING:
            return False
        self.jobs[key] = replace(
            there, state=state, owner=None, updated_at=at, reason=reason, report_id=report_id
        )
        return True

    async def counts(self, run_id):
        self._check()
        found = Counter(str(job.state) for job in self.jobs.values() if job.run_id == run_id)
        return JobCounts(**found)

    async def purge_runs(self, before):
        self._check()
        old = [key for key, job in self.jobs.items() if job.report_date < before]
        for key in old:
            del self.jobs[key]
        return len(old)

    def states(self):
        """State of each user's job."""
        return {job.user_id: job.state for job in self.jobs.values()}

    def reasons(self):
        """Reason of each user's job."""
        return {job.user_id: job.reason for job in self.jobs.values()}


class FakeProfiles:
    """A ProfileStore."""

    def __init__(self, *profiles):
        self.by_user = {one.user_id: one for one in profiles}

    async def put_profile(self, profile):
        self.by_user[profile.user_id] = profile

    async def profile(self, user_id):
        return self.by_user.get(user_id)

    async def enabled_profiles(self):
        return tuple(
            one
            for _, one in sorted(self.by_user.items())
            if one.daily_report_enabled and one.lightning_pubkey is not None
        )


class FakeAlerts:
    """An AlertStore, and an AlertFeed that keeps what it was told."""

    def __init__(self) -> None:
        self.by_id = {}
        self.told = []
        self.error = None

    async def open_alerts(self, user_id, node_id):
        return tuple(
            one
            for one in self.by_id.values()
            if (one.user_id, one.node_pubkey, one.resolved_at) == (user_id, node_id, None)
        )

    async def put_alerts(self, alerts):
        if self.error is not None:
            raise self.error
        self.by_id |= {one.alert_id: one for one in alerts}

    async def alerts(self, user_id, *, since, is_open, limit):
        return tuple(
            one
            for one in self.by_id.values()
            if one.user_id == user_id
            and (is_open is None or (one.resolved_at is None) is is_open)
            and (one.resolved_at is None or one.seen_at >= since)
        )[:limit]

    async def purge_alerts(self, before):
        old = [
            one.alert_id
            for one in self.by_id.values()
            if one.resolved_at is not None and one.resolved_at < before
        ]
        for alert_id in old:
            del self.by_id[alert_id]
        return len(old)

    async def count_open(self):
        return dict(
            Counter(str(one.severity) for one in self.by_id.values() if one.resolved_at is None)
        )

    async def publish(self, alerts):
        self.told.extend(alerts)


class FakeDigests:
    """A DigestStore."""

    def __init__(self) -> None:
        self.kept = {}
        self.error = None

    async def put_digest(self, digest):
        if self.error is not None:
            raise self.error
        key = (digest.user_id, digest.period_days, digest.last_date)
        former = self.kept.get(key, digest)
        self.kept[key] = replace(digest, digest_id=former.digest_id)
        return self.kept[key]

    async def latest_digest(self, user_id, period_days):
        found = [one for key, one in sorted(self.kept.items()) if key[:2] == (user_id, period_days)]
        return found[-1] if found else None


class FakeCache:
    """A Cache of which only forgetting is seen."""

    def __init__(self) -> None:
        self.forgotten = []

    async def forget(self, *keys):
        self.forgotten.extend(keys)


class FakeLeases:
    """Leases that end when the clock says so; `error` makes asking fail."""

    def __init__(self, clock):
        self.clock, self.held, self.error = clock, {}, None

    async def acquire(self, name, owner, ttl_seconds):
        if self.error is not None:
            raise StoreUnavailable(self.error)
        holder, until = self.held.get(name, (owner, None))
        if holder != owner and until > self.clock.now():
            return False
        self.held[name] = (owner, self.clock.now() + timedelta(seconds=ttl_seconds))
        return True

    async def release(self, name, owner):
        if self.held.get(name, ("", None))[0] == owner:
            del self.held[name]


class FakeJournal:
    """A Journal that can be read."""

    def __init__(self) -> None:
        self.lines = []

    def _tell(self, level, event, fields):
        self.lines.append((level, event, fields))

    def info(self, event, **fields):
        self._tell("info", event, fields)

    def warning(self, event, **fields):
        self._tell("warning", event, fields)

    def error(self, event, **fields):
        self._tell("error", event, fields)

    def events(self, level=None):
        """The texts of all lines, or of those of a level."""
        return [event for kind, event, _ in self.lines if level in (None, kind)]


class FakeMetrics:
    """Metrics that can be read; what is not looked at is not kept."""

    def __init__(self) -> None:
        self.generated, self.failed, self.succeeded_at, self.enabled = [], [], [], None
        self.open_by_severity = None

    def report_generated(self, seconds):
        self.generated.append(seconds)

    def report_failed(self, reason):
        self.failed.append(reason)

    def batch_succeeded(self, at_timestamp):
        self.succeeded_at.append(at_timestamp)

    def users_enabled(self, count):
        self.enabled = count

    def alerts_open(self, count_by_severity):
        self.open_by_severity = count_by_severity
