"""Hit ratio of the cache over a day of simulated readers, asked through the whole HTTP door.

`python -m bench traffic`: the day passes in the cache's clock, second by second as requests come;
everything else is the service as it runs. The readers are made up, not measured:

- a fifth of the operators leave a page open for eight hours: their latest report every minute, the
  network, the rankings and the score of their node every five;
- three fifths look twice a day: report, history, their score, rankings, two nodes they look up
  (popularity by Zipf's law), the fee market of one, and the report again a minute later;
- a fifth let a program read their report and their score every ten minutes.

Reports come at 06:00 for everybody, and a new network snapshot at noon.
"""

import asyncio
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
from bench.timing import write_results
from tests.api_house import a_token, living, settings_of, until
from tests.builders import a_report

from daznode.adapters.cache.memory import MemoryCache, Shelf
from daznode.adapters.clock import RandomIds
from daznode.adapters.lightning.simulated import generate_snapshot
from daznode.domain.accounts import Account, Role
from daznode.domain.gossip import GraphSnapshot
from daznode.edges.api.app import build_app
from daznode.usecases.keep_made import LATEST_KEY
from daznode.wiring.parts import open_parts
from daznode.wiring.service import Service

OPERATORS = 200
NODES, CHANNELS = 4_000, 12_500
DAY = 24 * 3600
REPORTS_AT, SNAPSHOT_AT = 6 * 3600, 12 * 3600
WANTED_RATIO = 0.8
LATEST = "/reports/daily/latest"
RANKINGS = "/lightning/scores/rankings"
STATS = "/lightning/network/stats"
SCORE = "/lightning/scores/node/"

Ask = tuple[float, int, str]
"""When, seconds of the day; which operator; what."""


def _asked(nodes: list[str], draw: random.Random) -> Iterator[Ask]:
    weights = [1 / rank for rank in range(1, len(nodes) + 1)]

    def looked_up() -> str:
        return draw.choices(nodes, weights)[0]

    for operator in range(OPERATORS):
        own = nodes[operator * 7]
        kind = operator % 5
        begins = draw.uniform(5, 15) * 3600
        if kind == 0:
            for minute in range(8 * 60):
                at = begins + minute * 60
                yield at, operator, LATEST
                if minute % 5 == 0:
                    yield from ((at, operator, path) for path in (STATS, RANKINGS, SCORE + own))
        elif kind == 1:
            for turn in range(24 * 6):
                at = draw.uniform(0, 30) + turn * 600
                yield from ((at, operator, path) for path in (LATEST, SCORE + own))
        else:
            for at in (begins, begins + draw.uniform(3, 8) * 3600):
                market = f"/lightning/fee-market/{looked_up()}"
                paths = [LATEST, "/reports/daily/history", SCORE + own, RANKINGS]
                paths += [SCORE + looked_up(), SCORE + looked_up(), market, LATEST]
                for turn, path in enumerate(paths):
                    yield at + turn * 10, operator, path


async def _lived(folder: Path) -> dict[str, object]:
    now = [0.0]
    settings = settings_of(folder)
    parts = open_parts(settings)
    cache = MemoryCache(parts.metrics, Shelf(clock=lambda: now[0]))
    service = Service(settings, replace(parts, cache=cache))
    app = build_app(service)
    await service.parts.snapshots.put(_network(hours_ago=2))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(living(app))
        await until(lambda: service.current.opened is not None, seconds=120)
        transport = httpx2.ASGITransport(app=app)
        client = await stack.enter_async_context(
            httpx2.AsyncClient(transport=transport, base_url="http://service/api/v1")
        )
        tokens = [await _account(service, operator) for operator in range(OPERATORS)]
        await _reports(service, timedelta(days=1))
        nodes = []
        for page in range(1, 16):
            ranked = await client.get(
                RANKINGS,
                params={"limit": 100, "page": page},
                headers={"Authorization": f"Bearer {tokens[0]}"},
            )
            nodes += [one["node_id"] for one in ranked.json()["rankings"]]
        asks = sorted(_asked(nodes, random.Random(7)))
        due = [(REPORTS_AT, _reports), (SNAPSHOT_AT, _imported)]
        answers: Counter[int] = Counter()
        begun = time.perf_counter()
        for at, operator, path in asks:
            now[0] = at
            while due and due[0][0] <= at:
                await due.pop(0)[1](service, timedelta(0))
            headers = {"Authorization": f"Bearer {tokens[operator]}"}
            answers[(await client.get(path, headers=headers)).status_code] += 1
        seconds = time.perf_counter() - begun
        found = _counted(service.parts.exposition()[0].decode())
    return {
        "requests": len(asks),
        "answers": {str(status): count for status, count in answers.items()},
        "requests_per_second_in_process": round(len(asks) / seconds),
        "by_kind": found,
        "hit_ratio": _ratio(
            sum(one["hits"] for one in found.values()), sum(one["misses"] for one in found.values())
        ),
        "wanted_hit_ratio": WANTED_RATIO,
    }


def _network(*, hours_ago: int) -> GraphSnapshot:
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=hours_ago)
    return generate_snapshot(nodes=NODES, channels=CHANNELS, seed=7, observed_at=at, imported_at=at)


async def _account(service: Service, operator: int) -> str:
    name = f"operator-{operator}"
    account = Account(name, name, "t", Role.USER, "", datetime.now(UTC))
    await service.parts.accounts.add_account(account)
    return a_token(name, "t", minutes=600)


async def _reports(service: Service, ago: timedelta) -> None:
    """Everybody's report of a day, as a batch stores them."""
    day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - ago
    for operator in range(OPERATORS):
        report = a_report(user_id=f"operator-{operator}", tenant_id="t", report_date=day)
        await service.parts.reports.put_report(replace(report, report_id=RandomIds().new_id()))
        await service.parts.cache.forget(LATEST_KEY.format(user_id=f"operator-{operator}"))


async def _imported(service: Service, ago: timedelta) -> None:
    """Another snapshot, opened and warmed as the service does."""
    del ago
    before = service.current.opened
    await service.parts.snapshots.put(_network(hours_ago=1))
    await until(lambda: service.current.opened is not before, seconds=120)


def _counted(exposition: str) -> dict[str, dict[str, float]]:
    """Hits and misses by kind of data, as Prometheus reads them."""
    found: dict[str, dict[str, float]] = {}
    for line in exposition.splitlines():
        for name in ("hits", "misses"):
            if line.startswith(f"cache_{name}_total{{"):
                kind, value = line.split('kind="', 1)[1].split('"', 1)[0], line.rsplit(" ", 1)[1]
                found.setdefault(kind, {"hits": 0.0, "misses": 0.0})[name] += float(value)
    for one in found.values():
        one["hit_ratio"] = _ratio(one["hits"], one["misses"])
    return found


def _ratio(hits: float, misses: float) -> float:
    return round(hits / max(hits + misses, 1), 4)


def main(options: list[str]) -> None:
    """Live the day, print, and write `bench/results/traffic.json`."""
    del options
    with tempfile.TemporaryDirectory() as folder:
        content = asyncio.run(_lived(Path(folder)))
    for kind, one in content["by_kind"].items():
        print(f"  {kind:14s} hits {one['hits']:8,.0f}  misses {one['misses']:6,.0f}")
    print(f"{content['requests']:,} requests, answers {content['answers']}")
    print(f"hit ratio {content['hit_ratio']:.1%}, wanted {WANTED_RATIO:.0%}")
    print(f"written: {write_results('traffic', content)}")
