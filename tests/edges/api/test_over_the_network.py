"""A real service on loopback: hostile clients, stops, kills, and what it says of itself."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, closing

import httpx2
import pytest
from tests.api_house import a_token
from tests.live import Live, a_live_service, children_of, store_network
from websockets.sync.client import connect

LOGIN = "/auth/login"


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    with a_live_service(tmp_path_factory.mktemp("live"), DAZNODE_LOG_LEVEL="warning") as service:
        yield service


@pytest.fixture
def links():
    """Bare connections to a service, closed after the test."""
    with ExitStack() as stack:

        def connect(live):
            made = socket.create_connection(("127.0.0.1", live.port), timeout=40)
            return stack.enter_context(closing(made))

        yield connect


def answer_on(link):
    """The first answer on a connection, as far as it comes before the end."""
    got = b""
    try:
        while chunk := link.recv(65_536):
            got += chunk
            if b"\r\n\r\n" in got and got.endswith(b"}"):
                break
    except OSError:
        pass
    return got


def test_it_says_what_it_is(live):
    assert live.get("/health").json()["status"] == "alive"
    detailed = live.get("/health/detailed").json()
    names = {part["name"] for part in detailed["dependencies"]}
    assert {"database", "snapshot", "scheduler"} <= names
    assert live.get("/docs").status_code == 200
    assert "No administrator yet" in live.notes[0]
    assert "http_request_duration_seconds" in live.get("/metrics").text


def test_a_hundred_megabytes_are_refused_at_once(live, links):
    link = links(live)
    link.sendall(
        b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: 100000000\r\n\r\n"
    )
    got = answer_on(link)
    assert got.startswith(b"HTTP/1.1 413"), got
    assert b"body-too-large" in got


def test_a_hundred_megabytes_in_chunks_are_refused_after_the_first(live, links):
    link = links(live)
    link.sendall(
        b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )
    chunk = b"%x\r\n" % 100_000 + b" " * 100_000 + b"\r\n"
    n_sent = 0
    try:
        for _ in range(1_000):
            link.sendall(chunk)
            n_sent += 1
    except OSError:
        pass
    got = answer_on(link)
    assert n_sent < 200
    assert not got or got.startswith(b"HTTP/1.1 413"), got


def test_deep_json_is_refused(live):
    answer = live.ask(
        "POST",
        LOGIN,
        content=b"[" * 500_000,
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid-input"


def test_header_bombs_are_refused(live, links):
    link = links(live)
    link.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n" + b"X-Bomb: " + b"a" * 200_000)
    got = answer_on(link)
    assert b" 431 " in got.partition(b"\r\n")[0] or got == b""
    link = links(live)
    link.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n" + b"X-A: b\r\n" * 5_000 + b"\r\n")
    got = answer_on(link)
    assert b" 200 " not in got.partition(b"\r\n")[0]
    assert live.get("/health").status_code == 200


def test_slow_clients_do_not_hinder_others_and_are_let_go(live, links):
    """A hundred that never end their head, one that never ends its body: all are cut off."""
    slow = [links(live) for _ in range(100)]
    for link in slow:
        link.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n")
    body = links(live)
    body.sendall(
        b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: 50\r\n\r\n{"
    )
    began = time.monotonic()
    assert live.get("/health").status_code == 200
    assert time.monotonic() - began < 2
    slow[0].settimeout(30)
    got = slow[0].recv(100)
    assert got == b"" or b" 408 " in got
    assert answer_on(body).startswith(b"HTTP/1.1 408")


def test_a_request_in_flight_is_answered_before_the_stop(tmp_path, links):
    with a_live_service(tmp_path, has_network=False) as live:
        link = links(live)
        body = b'{"username": "nobody", "password": "not the password"}'
        head = (
            "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        link.sendall(head.encode() + body[:10])
        time.sleep(0.3)
        live.process.send_signal(signal.SIGTERM)
        time.sleep(0.7)
        link.sendall(body[10:])
        assert answer_on(link).startswith(b"HTTP/1.1 401")
        assert live.process.wait(30) == 0
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", live.port), timeout=5)


def test_ctrl_c_stops_it_with_0_whoever_is_connected(tmp_path):
    with (
        a_live_service(tmp_path, has_network=False) as live,
        httpx2.Client() as idle,
        connect(
            live.websocket,
            additional_headers={"Authorization": f"Bearer {a_token('ulla', 'tenant-a')}"},
        ) as listener,
    ):
        assert idle.get(f"{live.base}/health").status_code == 200
        assert "ready" in listener.recv(timeout=10)
        live.process.send_signal(signal.SIGINT)
        assert live.process.wait(30) == 0


def test_killed_it_leaves_nobody_behind_and_starts_again(tmp_path):
    with a_live_service(tmp_path) as live:
        port = live.port
        workers = children_of(live.process.pid)
        live.process.kill()
        live.process.wait()
        deadline = time.monotonic() + 20
        while any(is_alive(one) for one in workers):
            assert time.monotonic() < deadline, "a process stayed behind"
            time.sleep(0.05)
        live.start(port=port)
        live.wait_ready()


def test_several_processes_serve_one_port(tmp_path):
    with a_live_service(tmp_path, options=("--workers", "2")) as live:
        assert len(children_of(live.process.pid)) == 2
        token = a_token("ulla", "tenant-a")
        for _ in range(20):
            with httpx2.Client() as client:
                answer = client.get(
                    f"{live.base}/api/v1/lightning/scores/rankings",
                    headers={"Authorization": f"Bearer {token}"},
                )
            assert answer.status_code in (200, 503)
        counted = live.get("/metrics").text
        assert 'route="/api/v1/lightning/scores/rankings"' in counted
        assert live.stop() == 0


def test_a_taken_port_is_one_line(live, tmp_path):
    ended = serve(tmp_path, "--port", str(live.port))
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "cannot listen there" in ended.stderr


def test_beyond_loopback_it_wants_a_secret(tmp_path):
    ended = serve(tmp_path, "--host", "0.0.0.0", "--port", "0")
    assert ended.returncode == 78
    assert ended.stderr.startswith("error: JWT_SECRET")
    assert ended.stderr.count("\n") == 1


def test_tokens_outlive_a_restart_without_any_setting(tmp_path):
    live = Live(tmp_path, {"JWT_SECRET": ""})
    store_network(tmp_path)
    try:
        live.start()
        live.until(lambda: live.get("/health/ready").status_code == 200, "ready")
        password = "correct horse battery staple"
        subprocess.run(
            [sys.executable, "-m", "daznode", "user", "add", "ulla", "--password-file", "-"],
            env=live.env,
            input=password,
            text=True,
            check=True,
            capture_output=True,
        )
        body = {"username": "ulla", "password": password}
        token = live.ask("POST", LOGIN, json=body).json()["access_token"]
        assert live.stop() == 0
        live.start()
        live.until(lambda: live.get("/health/ready").status_code == 200, "ready")
        assert live.get("/api/v1/alerts", token).status_code == 200
        secrets = [path for path in (tmp_path / "data").iterdir() if "secret" in path.name]
        assert [oct(path.stat().st_mode & 0o777) for path in secrets] == ["0o600"]
        assert password not in live.log.read_text()
        assert token not in live.log.read_text()
    finally:
        live.close()


def test_many_at_once_are_all_answered(live):
    """A thousand connections kept open, each asking a few times."""
    token = a_token("ulla", "tenant-a")
    failures = []

    def ask_on(links):
        for link in links:
            for _ in range(3):
                link.request(
                    "GET",
                    "/api/v1/lightning/scores/rankings",
                    headers={"Authorization": f"Bearer {token}"},
                )
                answer = link.getresponse()
                answer.read()
                if answer.status != 200:
                    failures.append(answer.status)

    links = [http.client.HTTPConnection("127.0.0.1", live.port, timeout=30) for _ in range(400)]
    for link in links:
        link.connect()
    threads = [threading.Thread(target=ask_on, args=(links[part::4],)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for link in links:
        link.close()
    assert failures == []


def serve(folder, *options):
    """A start that is to fail."""
    env = {
        name: value
        for name, value in os.environ.items()
        if name in {"PATH", "HOME", "PYTHONPATH", "NUMBA_CACHE_DIR"}
    } | {"DAZNODE_DATA_DIR": str(folder / "data")}
    return subprocess.run(
        [sys.executable, "-m", "daznode", "serve", *options],
        env=env,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
