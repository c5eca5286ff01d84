"""Every route of the OpenAPI document with every wrong token, and with another tenant's."""

import asyncio
import base64
import json
from datetime import timedelta

import pytest
from tests.api_house import House, a_house, a_token
from tests.builders import a_node_id, a_scid

from daznode.domain.accounts import Role
from daznode.domain.ids import format_scid

SECRETS = ("alice", "tenant-a", "report-of-alice")


def routes(document):
    """Method, path and description of every route."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def body_of(operation):
    """A body that fits, where the route takes one."""
    bodies = {
        "login": {"username": "alice", "password": "not the password"},
        "verify": {"signature": "yyyy", "pubkey": a_node_id(1)},
        "put_profile": {"language": "fr"},
        "batch_scores": {"node_ids": [a_node_id(1)]},
        "trigger_daily_reports": {"user_ids": ["alice"]},
    }
    return bodies.get(operation["operationId"])


def unsigned(user_id, tenant_id):
    """A token that says of itself that nobody signed it."""
    import time

    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    now = int(time.time())
    claims = {
        "sub": user_id,
        "tenant_id": tenant_id,
        "role": "admin",
        "iat": now,
        "exp": now + 3_600,
        "jti": "1",
    }
    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims)}."


async def seeded(house: House) -> dict[str, str]:
    """Alice has everything; the values that paths ask for are hers."""
    report = await house.add_report("alice", "tenant-a", node_alias="report-of-alice")
    await house.add_profile("alice", "tenant-a", 1, alias="report-of-alice")
    root = await house.add_user("root", "tenant-a", Role.ADMIN)
    started = await house.ask(
        "POST", "/api/v1/admin/reports/daily/trigger", root, json={"user_ids": ["alice"]}
    )
    assert started.status_code == 202
    return {
        "report_id": report.report_id,
        "pubkey": a_node_id(1),
        "scid": format_scid(a_scid(1)),
        "task_id": started.json()["task_id"],
    }


def filled(path, values):
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", value)
    assert "{" not in path, path
    return path


def is_admins(operation):
    return "403" in operation["responses"]


async def document_of(house):
    return (await house.get("/openapi.json")).json()


WRONG = {
    "none": lambda: None,
    "expired": lambda: a_token("alice", "tenant-a", minutes=1, ago=timedelta(minutes=5)),
    "another key": lambda: a_token("alice", "tenant-a", Role.ADMIN, secret="x" * 40),
    "alg none": lambda: unsigned("alice", "tenant-a"),
    "garbage": lambda: "a.b.c",
    "empty": lambda: "",
    "disabled": lambda: a_token("mallory", "tenant-a", Role.ADMIN),
}


@pytest.mark.parametrize("kind", WRONG)
def test_no_route_takes_a_wrong_token(kind, tmp_path):
    async def walk():
        async with a_house(tmp_path) as house:
            values = await seeded(house)
            await house.add_user("mallory", "tenant-a", Role.ADMIN, is_disabled=True)
            n_walked = 0
            for method, path, operation in routes(await document_of(house)):
                if "security" not in operation:
                    continue
                answer = await house.ask(
                    method, filled(path, values), WRONG[kind](), json=body_of(operation)
                )
                assert answer.status_code == 401, (method, path, answer.text)
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.headers["www-authenticate"].startswith("Bearer")
                assert answer.json()["code"] == "unauthenticated"
                assert not any(word in answer.text for word in SECRETS), answer.text
                n_walked += 1
            assert n_walked >= 20

    asyncio.run(walk())


def test_routes_without_a_token_are_few_and_known(tmp_path):
    async def walk():
        async with a_house(tmp_path, has_network=False) as house:
            document = await document_of(house)
            open_to_all = {
                path for _, path, operation in routes(document) if "security" not in operation
            }
            assert open_to_all == {
                "/auth/login",
                "/health",
                "/health/ready",
                "/health/detailed",
                "/metrics",
            }

    asyncio.run(walk())


def test_a_user_is_no_administrator(tmp_path):
    async def walk():
        async with a_house(tmp_path) as house:
            values = await seeded(house)
            token = await house.add_user("ulla", "tenant-a")
            admins = [one for one in routes(await document_of(house)) if is_admins(one[2])]
            assert len(admins) == 5
            for method, path, operation in admins:
                answer = await house.ask(
                    method, filled(path, values), token, json=body_of(operation)
                )
                assert answer.status_code == 403, (method, path, answer.text)
                assert answer.json()["code"] == "role-missing"

    asyncio.run(walk())


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("tenant_id", ["tenant-b", "tenant-a"], ids=["stranger", "same tenant"])
def test_nobody_sees_what_is_alices(role, tenant_id, tmp_path):
    """Whoever asks: no answer holds her name, her tenant or her words, and nothing of hers changes."""

    async def walk():
        async with a_house(tmp_path) as house:
            values = await seeded(house)
            own = a_token("alice", "tenant-a")
            before = (await house.get("/api/v1/user/profile", own)).json()
            token = a_token("bob", tenant_id, role)
            for method, path, operation in routes(await document_of(house)):
                is_shared = role is Role.ADMIN and tenant_id == "tenant-a" and is_admins(operation)
                if "security" not in operation or is_shared:
                    continue
                answer = await house.ask(
                    method, filled(path, values), token, json=body_of(operation)
                )
                assert answer.status_code < 500, (method, path, answer.text)
                told = answer.text
                if operation["operationId"] == "trigger_daily_reports" and role is Role.ADMIN:
                    refused = answer.json()["refused"]
                    assert refused == [
                        {"user_id": "alice", "reason": "profile-not-found: nothing is set yet"}
                    ]
                    continue
                words = set(SECRETS) - {tenant_id}
                assert not any(word in told for word in words), (method, path, told)
                if "report_id" in path or ("task_id" in path and role is Role.ADMIN):
                    assert answer.status_code == 404, (method, path, told)
            assert (await house.get("/api/v1/user/profile", own)).json() == before

    asyncio.run(walk())


def test_a_token_of_an_account_that_is_disabled_ends_within_seconds(tmp_path):
    async def walk():
        async with a_house(tmp_path) as house:
            token = await house.add_user("ulla", "tenant-a")
            assert (await house.get("/api/v1/alerts", token)).status_code == 200
            await house.service.parts.accounts.set_disabled("ulla", is_disabled=True)
            async with asyncio.timeout(20):
                while (await house.get("/api/v1/alerts", token)).status_code != 401:  # noqa: ASYNC110
                    await asyncio.sleep(0.2)

    asyncio.run(walk())
