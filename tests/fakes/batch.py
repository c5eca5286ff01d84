"""Leases that a test can end or break, and a log and metrics that can be read."""

from datetime import timedelta

from daznode.domain.errors import StoreUnavailable


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
    """Metrics of batches that can be read."""

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

    def cache_asked(self, kind, *, is_hit):
        pass
