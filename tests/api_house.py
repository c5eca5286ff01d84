"""The whole HTTP door over a real store in a folder of its own, asked in the same process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
from tests.builders import a_node_id, a_report, a_snapshot

from daznode.adapters.clock import RandomIds, SystemClock
from daznode.adapters.identity.tokens import JwtTokens
from daznode.config import Settings
from daznode.domain.accounts import Account, Role, UserProfile
from daznode.domain.ids import NodeId
from daznode.edges.api.app import build_app
from daznode.wiring.service import Service

SECRET = "a secret of these tests, long enough to sign with"
PAIRS = ((0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (0, 3), (1, 4), (2, 5))
PASSWORD_HASH = "$argon2id$v=19$m=65536,t=3,p=4$bm90YXNhbHQ$bm90YWhhc2g"


def settings_of(folder: Path, **given: object) -> Settings:
    """Settings of a service in a folder, whatever the environment says."""
    return Settings(
        **{
            "_env_file": None,
            "DAZNODE_DATA_DIR": folder / "data",
            "RAG_ASSETS_DIR": folder / "assets",
            "JWT_SECRET": SECRET,
            "RATE_LIMIT_PER_MINUTE": 1_000_000,
            "DAZNODE_THREADS": 1,
            "DAZNODE_LOG_LEVEL": "error",
        }
        | given
    )


def a_token(
    user_id: str,
    tenant_id: str,
    role: Role = Role.USER,
    *,
    secret: str = SECRET,
    minutes: int = 60,
    ago: timedelta = timedelta(0),
) -> str:
    """A token of a user, as the service issues them."""

    class Then(SystemClock):
        def now(self) -> datetime:
            return super().now() - ago

    tokens = JwtTokens(secret.encode(), minutes, Then(), RandomIds())
    account = Account(user_id, user_id, tenant_id, role, "", datetime.now(UTC))
    return tokens.issue(account)[0]


@dataclass
class House:
    """A door that can be asked."""

    app: object
    service: Service
    client: httpx2.AsyncClient

    async def get(self, path: str, token: str | None = None, **options: object) -> httpx2.Response:
        return await self.ask("GET", path, token, **options)

    async def ask(
        self, method: str, path: str, token: str | None = None, **options: object
    ) -> httpx2.Response:
        headers = dict(options.pop("headers", {}))
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return await self.client.request(method, path, headers=headers, **options)

    async def add_user(
        self, user_id: str, tenant_id: str, role: Role = Role.USER, *, is_disabled: bool = False
    ) -> str:
        """An account; a token for it."""
        await self.service.parts.accounts.add_account(
            Account(
                user_id, user_id, tenant_id, role, PASSWORD_HASH, datetime.now(UTC), is_disabled
            )
        )
        return a_token(user_id, tenant_id, role)

    async def add_report(self, user_id: str, tenant_id: str, **given: object):
        """A report of today, stored."""
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        report = a_report(user_id=user_id, tenant_id=tenant_id, report_date=today, **given)
        return await self.service.parts.reports.put_report(
            replace(report, report_id=RandomIds().new_id())
        )

    async def add_profile(self, user_id: str, tenant_id: str, number: int, **given: object) -> None:
        """A profile with a node."""
        now = datetime.now(UTC)
        await self.service.parts.profiles.put_profile(
            UserProfile(
                **{
                    "user_id": user_id,
                    "tenant_id": tenant_id,
                    "created_at": now,
                    "updated_at": now,
                    "lightning_pubkey": NodeId(a_node_id(number)),
                    "daily_report_enabled": True,
                }
                | given
            )
        )


@asynccontextmanager
async def a_house(
    folder: Path, *, has_network: bool = True, **given: object
) -> AsyncIterator[House]:
    """A started service, its network open unless there is none."""
    service = Service(settings_of(folder, **given))
    app = build_app(service)
    if has_network:
        now = datetime.now(UTC).replace(microsecond=0)
        await service.parts.snapshots.put(
            a_snapshot(6, PAIRS, observed_at=now - timedelta(hours=1))
        )
    async with living(app):
        await until(lambda: service.health.is_started)
        await until(lambda: not has_network or service.current.opened is not None)
        transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://house") as client:
            yield House(app, service, client)


@asynccontextmanager
async def living(app) -> AsyncIterator[None]:
    """The lifespan of an application, as a server leads it."""
    said: asyncio.Queue = asyncio.Queue()
    heard: asyncio.Queue = asyncio.Queue()
    task = asyncio.create_task(app({"type": "lifespan", "state": {}}, said.get, heard.put))
    await said.put({"type": "lifespan.startup"})
    assert (await heard.get())["type"] == "lifespan.startup.complete"
    try:
        yield
    finally:
        await said.put({"type": "lifespan.shutdown"})
        assert (await heard.get())["type"] == "lifespan.shutdown.complete"
        await task


async def until(is_so, seconds: float = 20.0) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110 - what is waited for knows no event
            await asyncio.sleep(0.01)
