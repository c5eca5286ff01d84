"""A log and metrics that remember what they were told."""

from collections import Counter


class FakeJournal:
    """A Journal; `events` is what it was told, as (level, event, fields)."""

    def __init__(self) -> None:
        self.events = []

    def info(self, event, **fields):
        self.events.append(("info", event, fields))

    def warning(self, event, **fields):
        self.events.append(("warning", event, fields))

    def error(self, event, **fields):
        self.events.append(("error", event, fields))

    def texts(self, level):
        return [event for one, event, _ in self.events if one == level]


class FakeMetrics:
    """Metrics; `counts` says how often it was told what, by method and arguments."""

    def __init__(self) -> None:
        self.counts = Counter()

    def __getattr__(self, name):
        def told(*args, **kwargs):
            self.counts[(name, *args, *kwargs.values())] += 1

        return told
