"""Servers stopped and started while requests come: answered or 503, named, and well again by itself."""

import threading
import time
from collections import Counter
from contextlib import contextmanager

import httpx2
from tests.api_house import a_token
from tests.builders import a_node_id
from tests.live import Live, a_live_service, store_network
from tests.servers import Nx27017, RedisServer

TOKEN = a_token("ulla", "tenant-a")


class Load:
    """Asks again and again in the background, and keeps what was answered."""

    def __init__(self, base: str, paths: tuple[str, ...]) -> None:
        self._base, self._paths = base, paths
        self._stop = threading.Event()
        self.statuses: Counter[int] = Counter()
        self.without_retry_after = 0
        self.slowest_seconds = 0.0

    def forget(self) -> None:
        """Begin to count anew."""
        self.statuses = Counter()
        self.slowest_seconds = 0.0

    def ask(self) -> None:
        with httpx2.Client(timeout=20) as client:
            while not self._stop.is_set():
                for path in self._paths:
                    began = time.monotonic()
                    answer = client.get(
                        self._base + path, headers={"Authorization": f"Bearer {TOKEN}"}
                    )
                    self.statuses[answer.status_code] += 1
                    self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - began)
                    if answer.status_code == 503 and "retry-after" not in answer.headers:
                        self.without_retry_after += 1
                time.sleep(0.01)

    def stop(self) -> None:
        self._stop.set()


@contextmanager
def loaded(live, *paths):
    load = Load(live.base, paths)
    thread = threading.Thread(target=load.ask)
    thread.start()
    try:
        yield load
    finally:
        load.stop()
        thread.join()


def state_of(live, name):
    """What the service says of one of its parts."""
    parts = live.get("/health/detailed").json()["dependencies"]
    return next(part["state"] for part in parts if part["name"] == name)


def test_redis_going_away_costs_speed_alone(tmp_path):
    redis = RedisServer(tmp_path)
    redis.start()
    paths = (
        "/api/v1/lightning/scores/rankings",
        f"/api/v1/lightning/scores/node/{a_node_id(1)}",
        "/api/v1/alerts",
    )
    try:
        with (
            a_live_service(tmp_path / "service", REDIS_URL=redis.url) as live,
            loaded(live, *paths) as load,
        ):
            live.until(lambda: load.statuses[200] > 30, "answer")
            assert state_of(live, "cache") == "healthy"
            redis.kill()
            live.until(lambda: state_of(live, "cache") != "healthy", "notice that Redis is gone")
            assert live.get("/health/ready").status_code == 200
            load.forget()
            live.until(lambda: load.statuses[200] > 30, "answer without Redis")
            assert set(load.statuses) == {200}
            redis.start()
            live.until(lambda: state_of(live, "cache") == "healthy", "notice that Redis is back")
            load.forget()
            live.until(lambda: load.statuses[200] > 30, "answer with Redis again")
            assert set(load.statuses) == {200}
    finally:
        redis.kill()


def test_rate_limits_hold_over_replicas_that_share_redis(tmp_path):
    redis = RedisServer(tmp_path)
    redis.start()
    settings = {"REDIS_URL": redis.url, "RATE_LIMIT_PER_MINUTE": "30"}
    try:
        with (
            a_live_service(tmp_path / "one", has_network=False, **settings) as one,
            a_live_service(tmp_path / "two", has_network=False, **settings) as two,
        ):
            while time.time() % 60 > 55:
                time.sleep(0.5)  # not over the edge of a minute
            answers = [live.get("/api/v1/alerts", TOKEN) for _ in range(20) for live in (one, two)]
            statuses = Counter(answer.status_code for answer in answers)
            assert statuses == {200: 30, 429: 10}
            refused = answers[-1]
            assert refused.json()["code"] == "rate-limited"
            assert 1 <= int(refused.headers["retry-after"]) <= 60
            other = one.get("/api/v1/alerts", a_token("bob", "tenant-b"))
            assert other.status_code == 200
    finally:
        redis.kill()


def test_the_database_may_come_late_go_away_and_come_back(tmp_path):
    database = Nx27017(tmp_path)
    profile, path = {"lightning_pubkey": a_node_id(1), "language": "fr"}, "/api/v1/user/profile"
    try:
        with a_live_service_without(database, tmp_path / "service") as live:
            live.until(lambda: live.get("/health").status_code == 200, "live")
            assert live.get("/health/ready").status_code == 503
            assert live.get(path, TOKEN).status_code == 503
            database.start()
            live.until(lambda: live.get("/health/ready").status_code == 200, "become ready")
            assert live.ask("PUT", path, TOKEN, json=profile).status_code == 200
            with loaded(live, path, "/api/v1/reports/daily/history", "/health") as load:
                live.until(lambda: load.statuses[200] > 20, "answer")
                database.kill()
                live.until(lambda: live.get("/health/ready").status_code == 503, "notice the loss")
                assert state_of(live, "database") == "unhealthy"
                load.forget()
                live.until(lambda: load.statuses[503] > 2, "answer 503")
                assert set(load.statuses) <= {200, 503}
                assert load.without_retry_after == 0
                refused = live.ask("PUT", path, TOKEN, json=profile | {"language": "en"})
                assert refused.status_code == 503
                assert refused.json()["code"] == "store-unavailable"
                assert database.uri.partition("//")[2] not in refused.text
                database.start()
                live.until(lambda: live.get("/health/ready").status_code == 200, "recover")
                live.until(lambda: live.get(path, TOKEN).status_code == 200, "answer again")
                load.forget()
                live.until(lambda: load.statuses[200] > 20, "answer again")
                assert set(load.statuses) == {200}
            assert live.get(path, TOKEN).json()["language"] == "fr"
    finally:
        database.kill()


@contextmanager
def a_live_service_without(database, folder):
    """A service whose database is not there yet."""
    folder.mkdir()
    live = Live(folder, {"MONGODB_URI": database.uri})
    try:
        live.start()
        yield live
    finally:
        live.close()


def test_without_any_network_it_is_ready_and_says_what_is_missing(tmp_path):
    with a_live_service(tmp_path, has_network=False) as live:
        assert live.get("/health/ready").json()["status"] == "ready"
        live.until(lambda: state_of(live, "snapshot") == "degraded", "know that there is none")
        answer = live.get("/api/v1/lightning/scores/rankings", TOKEN)
        live.until(
            lambda: (
                live.get("/api/v1/lightning/scores/rankings", TOKEN).json()["code"] == "no-snapshot"
            ),
            "know that there is none",
        )
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) >= 1
        store_network(tmp_path)
        live.until(
            lambda: live.get("/api/v1/lightning/scores/rankings", TOKEN).status_code == 200,
            "notice an imported network",
            seconds=20,
        )
