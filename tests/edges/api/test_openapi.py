"""The OpenAPI document describes what is answered, shows it, and can be read without anybody's script."""

import asyncio
import re

import jsonschema_rs
import pytest
from tests.api_house import a_house, a_token, settings_of

from daznode.edges.api.app import openapi_of
from daznode.wiring.service import Service


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    return openapi_of(Service(settings_of(tmp_path_factory.mktemp("openapi"))))


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def fits(document, schema, value):
    whole = {**schema, "components": document["components"]}
    try:
        jsonschema_rs.validator_for(whole, validate_formats=True).validate(value)
    except jsonschema_rs.ValidationError as fault:
        pytest.fail(f"{fault.message}; is it an example? run `make examples`")


def test_every_route_of_the_contract_is_there(document):
    assert {name for name, _ in operations(document)} == {
        "POST /auth/login",
        "POST /auth/node/challenge",
        "POST /auth/node/verify",
        "GET /api/v1/user/profile",
        "PUT /api/v1/user/profile",
        "POST /api/v1/user/profile/daily-report/enable",
        "POST /api/v1/user/profile/daily-report/disable",
        "GET /api/v1/user/profile/daily-report/status",
        "GET /api/v1/reports/daily/latest",
        "GET /api/v1/reports/daily/history",
        "GET /api/v1/reports/daily/{report_id}",
        "GET /api/v1/reports/weekly/latest",
        "GET /api/v1/reports/monthly/latest",
        "POST /api/v1/admin/reports/daily/trigger",
        "GET /api/v1/admin/tasks/{task_id}",
        "GET /api/v1/admin/reports/daily/stats",
        "GET /api/v1/lightning/scores/node/{pubkey}",
        "GET /api/v1/lightning/scores/channel/{scid}",
        "POST /api/v1/lightning/scores/batch",
        "GET /api/v1/lightning/scores/rankings",
        "POST /api/v1/lightning/scores/recalculate",
        "GET /api/v1/lightning/recommendations/{pubkey}",
        "GET /api/v1/lightning/fee-market/{pubkey}",
        "GET /api/v1/lightning/network/stats",
        "GET /api/v1/audit",
        "GET /api/v1/alerts",
        "GET /health",
        "GET /health/ready",
        "GET /health/detailed",
        "GET /metrics",
    }


def test_every_answer_has_an_example_that_fits_it(document):
    for name, operation in operations(document):
        for status, said in operation["responses"].items():
            for media, content in said.get("content", {}).items():
                if "json" not in media:
                    continue
                assert content.get("example"), (name, status)
                fits(document, content["schema"], content["example"])
                if media == "application/problem+json":
                    assert content["example"]["status"] == int(status), (name, status)


def test_every_body_has_an_example_that_fits_it(document):
    n_bodies = 0
    for name, operation in operations(document):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            assert content.get("example"), name
            fits(document, content["schema"], content["example"])
            n_bodies += 1
    assert n_bodies == 5


def test_every_route_says_what_it_is_and_every_field_what_it_means(document):
    tags = {tag["name"] for tag in document["tags"]}
    for name, operation in operations(document):
        assert operation.get("description"), name
        assert set(operation["tags"]) <= tags, name
        for one in operation.get("parameters", []):
            assert one.get("description") or one["schema"].get("description"), (name, one["name"])
    for name, schema in document["components"]["schemas"].items():
        for field, described in schema.get("properties", {}).items():
            if name == "LoginBody":
                continue
            assert described.get("description") or "$ref" in described, f"{name}.{field}"


def test_names_of_operations_are_different(document):
    names = [operation["operationId"] for _, operation in operations(document)]
    assert len(names) == len(set(names))


def test_the_documentation_loads_nothing_from_anywhere(tmp_path):
    async def read():
        async with a_house(tmp_path, has_network=False) as house:
            page = await house.get("/docs")
            assert page.status_code == 200
            assert "script" not in page.headers["content-security-policy"]
            assert page.headers["content-security-policy"].startswith("default-src 'none'")
            assert not re.search(r"<script|<link|<img|src=|@import|url\(|https?://", page.text)
            for name, operation in operations((await house.get("/openapi.json")).json()):
                assert f"id='{operation['operationId']}'" in page.text, name

    asyncio.run(read())


def test_answers_fit_what_is_described(document, tmp_path):
    """Real answers, whole, against the schemas: also those that no example shows."""

    async def walk():
        async with a_house(tmp_path) as house:
            await house.add_report("alice", "tenant-a", n_channels=12)
            await house.add_profile("alice", "tenant-a", 1)
            token = a_token("alice", "tenant-a")
            for path in (
                "/api/v1/reports/daily/latest",
                "/api/v1/reports/daily/history?days=90",
                "/api/v1/user/profile",
                "/api/v1/user/profile/daily-report/status",
                "/api/v1/lightning/scores/rankings?metric=capacity_sat&limit=3&page=2",
                "/api/v1/lightning/network/stats",
                "/health/detailed",
            ):
                answer = await house.get(path, token)
                assert answer.status_code == 200, answer.text
                operation = document["paths"][path.partition("?")[0]]["get"]
                schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
                fits(document, schema, answer.json())

    asyncio.run(walk())
