"""Record the examples of the OpenAPI document: answers of the real service over a generated network.

Run as `python -m tests.record_api_examples`; it writes `src/daznode/edges/api/examples.json`.
"""

import asyncio
import json
import tempfile
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

from tests.api_house import House, a_house, until

from daznode.adapters.lightning.simulated import generate_snapshot
from daznode.domain.accounts import Role
from daznode.domain.ids import format_scid
from daznode.domain.runs import Run, RunKind, RunState

TARGET: Final = Path(__file__).parents[1] / "src/daznode/edges/api/examples.json"
MOST_ENTRIES: Final = 2
"""Of a list: enough to see its shape."""

DAY: Final = timedelta(days=1)
PASSWORD: Final = "correct horse battery staple"
PROFILE: Final = "/api/v1/user/profile"
REPORTS: Final = "/api/v1/reports"
LIGHTNING: Final = "/api/v1/lightning"


class Recorder:
    """Asks, and keeps what was answered.

    Args:
        house: Whom to ask.
    """

    def __init__(self, house: House) -> None:
        self._house = house
        self.examples: dict[str, Any] = {}

    async def keep(
        self, name: str, method: str, path: str, token: str | None = None, **options: Any
    ) -> Any:
        """Ask, and keep the answer under a name; the whole answer is returned."""
        answer = await self._house.ask(method, path, token, **options)
        if answer.is_error and not name.startswith(("not_", "health_")):
            message = f"{name}: {answer.status_code} {answer.text}"
            raise RuntimeError(message)
        self.examples[name] = shortened(answer.json())
        return answer.json()


def shortened(value: Any) -> Any:
    """The same with the first entries of every list only."""
    if isinstance(value, dict):
        return {key: shortened(one) for key, one in value.items()}
    if isinstance(value, list):
        is_series = all(one is None or isinstance(one, int | float) for one in value)
        return value if is_series else [shortened(one) for one in value[:MOST_ENTRIES]]
    return value


async def record() -> dict[str, Any]:
    """Live through a user's first days, and keep every answer."""
    with tempfile.TemporaryDirectory() as folder:
        async with a_house(Path(folder), has_network=False) as house:
            recorder = Recorder(house)
            await _networks(house)
            alice, admin = await _users(house, recorder)
            node_id = await _scores(recorder, alice)
            await _profile(recorder, alice, node_id)
            await _channel(house, recorder, alice)
            await _reports(house, recorder, alice, admin)
            await _rest(house, recorder, alice, admin, node_id)
            return recorder.examples


async def _networks(house: House) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    for days, channels in ((1, 1_180), (0, 1_200)):
        await house.service.parts.snapshots.put(
            generate_snapshot(
                nodes=400,
                channels=channels,
                seed=7,
                observed_at=now - days * DAY - timedelta(minutes=5),
                imported_at=now,
            )
        )
    house.service.current.notice()
    await until(lambda: house.service.current.opened is not None, 120)


async def _users(house: House, recorder: Recorder) -> tuple[str, str]:
    for name, role in (("alice", Role.USER), ("root", Role.ADMIN)):
        await house.service.accounts.add(name, PASSWORD, role=role)
    body = {"username": "alice", "password": PASSWORD}
    told = await recorder.keep("login", "POST", "/auth/login", json=body)
    root = await house.ask("POST", "/auth/login", json={**body, "username": "root"})
    recorder.examples["login"]["access_token"] = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2ln"
    return told["access_token"], root.json()["access_token"]


async def _scores(recorder: Recorder, token: str) -> str:
    told = await recorder.keep("rankings", "GET", f"{LIGHTNING}/scores/rankings", token)
    node_id = told["rankings"][0]["node_id"]
    unknown = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
    await recorder.keep("node_score", "GET", f"{LIGHTNING}/scores/node/{node_id}", token)
    await recorder.keep(
        "scores_batch",
        "POST",
        f"{LIGHTNING}/scores/batch",
        token,
        json={"node_ids": [node_id, unknown]},
    )
    return str(node_id)


async def _profile(recorder: Recorder, token: str, node_id: str) -> None:
    body = {"lightning_pubkey": node_id, "alias": "My node", "report_hour": 6}
    await recorder.keep("profile", "PUT", PROFILE, token, json=body)
    await recorder.keep("report_enabled", "POST", f"{PROFILE}/daily-report/enable", token)
    await recorder.keep("challenge", "POST", "/auth/node/challenge", token)


async def _reports(house: House, recorder: Recorder, token: str, admin: str) -> None:
    started = await recorder.keep(
        "triggered",
        "POST",
        "/api/v1/admin/reports/daily/trigger",
        admin,
        json={"user_ids": ["alice", "nobody"]},
    )
    path = f"/api/v1/admin/tasks/{started['task_id']}"
    for _ in range(600):
        if (await house.get(path, admin)).json()["state"] == "completed":
            break
        await asyncio.sleep(0.1)
    await recorder.keep("task", "GET", path, admin)
    told = await recorder.keep("daily_latest", "GET", f"{REPORTS}/daily/latest", token)
    await recorder.keep("daily_history", "GET", f"{REPORTS}/daily/history?days=7", token)
    report_id = told["report"]["report_id"]
    await recorder.keep("daily_report", "GET", f"{REPORTS}/daily/{report_id}", token)
    await _digests(house, recorder, token)


async def _digests(house: House, recorder: Recorder, token: str) -> None:
    now = datetime.now(UTC)
    today = datetime.combine(now.date(), time(), UTC)
    for kind in (RunKind.WEEKLY, RunKind.MONTHLY):
        run = Run(f"{kind}-example", kind, RunState.PENDING, today, "root", now)
        await house.service.parts.runs.add_run(run)
        house.service.wake_worker()
        path = f"{REPORTS}/{kind}/latest"
        for _ in range(600):
            if not (await house.get(path, token)).is_error:
                break
            await asyncio.sleep(0.1)
        await recorder.keep(f"{kind}_latest", "GET", path, token)


async def _channel(house: House, recorder: Recorder, token: str) -> None:
    network = house.service.current.opened
    scid = format_scid(int(network.index.snapshot.channels.scid[0]))
    await recorder.keep("channel_score", "GET", f"{LIGHTNING}/scores/channel/{scid}", token)


async def _rest(house: House, recorder: Recorder, token: str, admin: str, node_id: str) -> None:
    for name, path, asker in (
        ("recommendations", f"{LIGHTNING}/recommendations/{node_id}", token),
        ("fee_market", f"{LIGHTNING}/fee-market/{node_id}", token),
        ("network_stats", f"{LIGHTNING}/network/stats", token),
        ("report_status", f"{PROFILE}/daily-report/status", token),
        ("alerts", "/api/v1/alerts", token),
        ("stats", "/api/v1/admin/reports/daily/stats", admin),
        ("audit", "/api/v1/audit", admin),
        ("alive", "/health", None),
        ("ready", "/health/ready", None),
        ("health_detailed", "/health/detailed", None),
    ):
        await recorder.keep(name, "GET", path, asker)
    await recorder.keep("report_disabled", "POST", f"{PROFILE}/daily-report/disable", token)
    await recorder.keep("recalculation", "POST", f"{LIGHTNING}/scores/recalculate", admin)
    house.service.health.is_stopping = True
    await recorder.keep("not_ready", "GET", "/health/ready")
    house.service.health.is_stopping = False
    unwell = json.loads(json.dumps(recorder.examples["health_detailed"]))
    unwell["status"] = "unhealthy"
    unwell["dependencies"][0] |= {
        "state": "unhealthy",
        "latency_seconds": 2.0,
        "last_error": "no answer within 2 s",
        "last_error_at": unwell["checked_at"],
    }
    recorder.examples["health_unhealthy"] = unwell


if __name__ == "__main__":
    examples = asyncio.run(record())
    TARGET.write_text(json.dumps(examples, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
    print(f"{TARGET.name}: {len(examples)} examples, {TARGET.stat().st_size:,} bytes")  # noqa: T201
