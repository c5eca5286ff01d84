"""Health asks every part at once, within a limit, and not too often."""

import asyncio
from dataclasses import replace

import pytest
from tests.builders import MORNING
from tests.fakes.clock import FakeClock

from daznode.domain.health import DependencyHealth, ServiceHealth
from daznode.usecases import service_health
from daznode.usecases.service_health import CheckHealth

WELL = DependencyHealth("database", ServiceHealth.HEALTHY, is_required=True)
DOWN = replace(WELL, state=ServiceHealth.UNHEALTHY, last_error="gone", last_error_at=MORNING)


class FakeProbe:
    """Says what it is told to, after a while."""

    def __init__(self, part, seconds=0.0):
        self.part, self.seconds, self.asked = part, seconds, 0

    async def check(self):
        self.asked += 1
        await asyncio.sleep(self.seconds)
        return self.part


def a_check(*probes):
    check = CheckHealth([(probe.part.name, probe) for probe in probes], FakeClock(), "1.0")
    check.is_started = True
    return check


def run(scenario):
    return asyncio.run(scenario)


@pytest.mark.parametrize(
    ("part", "status", "ready"),
    [
        (WELL, "healthy", "ready"),
        (DOWN, "unhealthy", "not-ready"),
        (replace(DOWN, is_required=False), "degraded", "ready"),
        (replace(WELL, state=ServiceHealth.DEGRADED, detail="slow"), "degraded", "ready"),
    ],
    ids=["well", "down", "down but not required", "degraded"],
)
def test_the_whole_is_what_its_parts_make_of_it(part, status, ready):
    async def ask():
        check = a_check(FakeProbe(part))
        return await check.detailed(), await check.readiness()

    report, readiness = run(ask())
    assert report.status == status
    assert readiness.status == ready
    assert bool(readiness.reasons) is (part.state is not ServiceHealth.HEALTHY)


def test_a_part_that_does_not_answer_is_down_and_hinders_no_other(monkeypatch):
    monkeypatch.setattr(service_health, "DEADLINE_SECONDS", 0.05)
    silent = FakeProbe(WELL, seconds=60)
    other = FakeProbe(replace(WELL, name="cache"))

    report = run(a_check(silent, other).detailed())
    assert [part.state for part in report.dependencies] == ["unhealthy", "healthy"]
    assert "no answer within" in report.dependencies[0].last_error
    assert report.dependencies[0].is_required


def test_all_that_ask_at_once_get_one_answer():
    probe = FakeProbe(WELL, seconds=0.01)

    async def ask():
        check = a_check(probe)
        await asyncio.gather(*(check.detailed() for _ in range(20)))
        await check.detailed()

    run(ask())
    assert probe.asked == 1


def test_it_is_asked_anew_after_a_while_and_remembers_the_last_error(monkeypatch):
    monkeypatch.setattr(service_health, "KEPT_SECONDS", 0.0)
    probe = FakeProbe(DOWN)

    async def ask():
        check = a_check(probe)
        first = await check.detailed()
        probe.part = WELL
        return first, await check.detailed()

    first, second = run(ask())
    assert (first.status, second.status) == ("unhealthy", "healthy")
    assert second.dependencies[0].last_error == "gone"
    assert second.dependencies[0].last_error_at == MORNING


def test_it_is_not_ready_before_the_start_and_from_the_stop_on():
    async def ask():
        check = a_check(FakeProbe(WELL))
        check.is_started = False
        before = await check.readiness()
        check.is_started = True
        while_serving = await check.readiness()
        check.is_stopping = True
        return before, while_serving, await check.readiness()

    assert [one.status for one in run(ask())] == ["not-ready", "ready", "not-ready"]
