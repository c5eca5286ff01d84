"""A real LNbits in an environment of its own, started for the tests and stopped after them."""

import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

VERSION = "1.6.2"
START_SECONDS = 90
PASSWORD = "test-password"


def environment() -> Path:
    """The folder that `make lnbits` makes."""
    if given := os.environ.get("DAZNODE_TEST_LNBITS"):
        return Path(given)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "daznode" / f"lnbits-{VERSION}"


def need_environment() -> Path:
    """The folder, or no test: skipped on a developer's machine, failed where all must run."""
    folder = environment()
    if not (folder / ".installed").exists():
        message = f"no LNbits in {folder}: make lnbits"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return folder


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class LnbitsServer:
    """One LNbits on loopback, set up with a superuser; use it as a context manager.

    Attributes:
        url: Where it listens.
        token: The superuser's login token.
    """

    def __init__(self, **settings: str) -> None:
        self._environment = need_environment()
        self._settings = settings
        self._port = _free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self.token = ""

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="daznode-lnbits-")
        self._log = (Path(self._folder.name) / "log").open("wb")
        (packages,) = (self._environment / "lib").glob("python3.*/site-packages")
        self._process = subprocess.Popen(
            [
                self._environment / "bin" / "python", "-m", "uvicorn", "lnbits.__main__:app",
                "--host", "127.0.0.1", "--port", str(self._port), "--loop", "uvloop",
            ],
            cwd=packages,  # it opens its own files by relative paths
            env=self._variables(),
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        return self

    def ready(self):
        """Wait until it answers, and set it up."""
        give_up = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up and self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self._port)) == 0:
                    break
            time.sleep(0.05)
        else:
            log = (Path(self._folder.name) / "log").read_text(errors="replace")
            pytest.fail(f"LNbits did not start: {log[-2000:]}")
        body = {"username": "admin", "password": PASSWORD, "password_repeat": PASSWORD}
        self.token = self.ask("PUT", "/api/v1/auth/first_install", body)["access_token"]
        return self

    def __exit__(self, *_):
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
        self._folder.cleanup()

    def ask(self, method: str, path: str, body: Any = None, token: str | None = None) -> Any:
        """Call it as its own page would."""
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Content-Type": "application/json",
                "Authorization": f"Bearer {token or self.token}",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            with error:
                pytest.fail(f"{method} {path}: {error.code} {error.read()[:500]}")

    def wallet(self, name: str, sat: int = 0) -> dict[str, str]:
        """A fresh wallet with money in it: `id`, `adminkey`, `inkey`."""
        made = self.ask("POST", "/api/v1/wallet", {"name": name})
        if sat:
            self.ask("PUT", "/users/api/v1/balance", {"id": made["id"], "amount": sat})
        return made

    def node_token(self, *rights: str) -> str:
        """An access token of the superuser for the node behind it, with `read` and/or `write`."""
        base = {"name": "-".join(("node", *rights)), "password": PASSWORD}
        acls = self.ask("PUT", "/api/v1/auth/acl", {"id": "", **base})["access_control_list"]
        acl = next(one for one in acls if one["name"] == base["name"])
        for endpoint in acl["endpoints"]:
            is_node = endpoint["path"] == "/node/api/v1"
            endpoint["read"] = is_node and "read" in rights
            endpoint["write"] = is_node and "write" in rights
        self.ask("PUT", "/api/v1/auth/acl", {**acl, **base})
        made = self.ask(
            "POST",
            "/api/v1/auth/acl/token",
            {
                "acl_id": acl["id"], "token_name": "t", "password": PASSWORD,
                "expiration_time_minutes": 60,
            },
        )  # fmt: skip
        return made["api_token"]

    def _variables(self) -> dict[str, str]:
        data = self._folder.name
        return {
            "PATH": f"{self._environment / 'bin'}:/usr/bin:/bin",
            "HOME": data,
            "HOST": "127.0.0.1",
            "PORT": str(self._port),
            "FORWARDED_ALLOW_IPS": "127.0.0.1",
            "LNBITS_DATA_FOLDER": data,
            "LNBITS_EXTENSIONS_PATH": f"{data}/extensions",
            "LNBITS_ADMIN_UI": "true",
            "AUTH_HTTPS_ONLY": "false",
            "AUTH_SECRET_KEY": "0" * 32,
            "AUTH_ALLOWED_METHODS": '["username-password"]',
            "LNBITS_BACKEND_WALLET_CLASS": "FakeWallet",
            "FAKE_WALLET_SECRET": "test-secret",
            # Nothing of it may call out.
            "LNBITS_EXTENSIONS_DEACTIVATE_ALL": "true",
            "LNBITS_EXTENSIONS_MANIFESTS": "[]",
            "LNBITS_WASM_EXTENSIONS_MANIFESTS": "[]",
            "LNBITS_PRICE_AGGREGATOR_ENABLED": "false",
            "LNBITS_EXCHANGE_RATE_PROVIDERS": "[]",
            "LNBITS_LNURL_ALLOW_PRIVATE_IPS": "true",
            "LNBITS_CALLBACK_ALLOW_PRIVATE_IPS": "true",
            "LNBITS_CALLBACK_URL_RULES": '["http://127.0.0.1:[0-9]+"]',
            "LNBITS_RATE_LIMIT_NO": "100000",
            "LNBITS_NODE_UI": "true",
            "LNBITS_NODE_UI_TRANSACTIONS": "true",
            "ENABLE_LOG_TO_FILE": "false",
            "NOTIFICATION_BALANCE_DELTA_THRESHOLD_SATS": "0",
            **self._settings,
        }
