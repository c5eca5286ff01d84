"""Reads in the same process: forms of a report, tags, limits, and what is said of what is not there."""

import asyncio
import json

import pytest
from tests.api_house import a_house, a_token
from tests.builders import a_node_id, a_scid

from daznode.domain.accounts import Role
from daznode.domain.ids import format_scid

TOKEN = a_token("alice", "tenant-a")
ADMIN = a_token("root", "local", Role.ADMIN)


def lived(scenario, tmp_path, **given):
    async def run():
        async with a_house(tmp_path, **given) as house:
            await scenario(house)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("how", "media", "begins"),
    [
        ({}, "application/json", b'{"status":"success"'),
        ({"headers": {"Accept": "text/html,*/*;q=0.5"}}, "text/html", b"<!"),
        ({"headers": {"Accept": "application/pdf"}}, "application/pdf", b"%PDF-"),
        ({"params": {"format": "md"}}, "text/markdown", b"#"),
        (
            {"params": {"format": "pdf"}, "headers": {"Accept": "text/html"}},
            "application/pdf",
            b"%PDF-",
        ),
        ({"headers": {"Accept": "*/*"}}, "application/json", b"{"),
    ],
    ids=["default", "browser", "pdf by header", "md by query", "query wins", "anything"],
)
def test_a_report_comes_in_the_form_asked_for(how, media, begins, tmp_path):
    async def scenario(house):
        report = await house.add_report("alice", "tenant-a")
        path = f"/api/v1/reports/daily/{report.report_id}"
        answer = await house.get(path, TOKEN, **how)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].partition(";")[0] == media
        assert answer.content.startswith(begins)
        assert answer.headers["content-disposition"].startswith("inline; filename=")
        tag = answer.headers["etag"]
        held = {**how.get("headers", {}), "If-None-Match": tag}
        again = await house.get(path, TOKEN, params=how.get("params"), headers=held)
        assert (again.status_code, again.content) == (304, b"")

    lived(scenario, tmp_path, has_network=False)


def test_a_form_that_nobody_has_is_refused(tmp_path):
    async def scenario(house):
        report = await house.add_report("alice", "tenant-a")
        path = f"/api/v1/reports/daily/{report.report_id}"
        answer = await house.get(path, TOKEN, headers={"Accept": "image/png"})
        assert answer.status_code == 406
        assert answer.json()["code"] == "not-acceptable"
        wrong = await house.get(path, TOKEN, params={"format": "docx"})
        assert wrong.status_code == 422

    lived(scenario, tmp_path, has_network=False)


def test_the_newest_report_is_the_one_stored_last(tmp_path):
    async def scenario(house):
        path = "/api/v1/reports/daily/latest"
        assert (await house.get(path, TOKEN)).json()["code"] == "report-not-found"
        await house.add_report("alice", "tenant-a", node_alias="first")
        assert (await house.get(path, TOKEN)).json()["report"]["node_alias"] == "first"
        await house.add_report("alice", "tenant-a", node_alias="second")
        kept = (await house.get(path, TOKEN)).json()
        assert kept["report"]["node_alias"] == "first"  # kept until whoever stores forgets it
        await house.service.parts.cache.forget("report:latest:alice")
        answer = await house.get(path, TOKEN)
        assert answer.json()["report"]["node_alias"] == "second"
        again = await house.get(path, TOKEN, headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304

    lived(scenario, tmp_path, has_network=False)


def test_an_administrators_report_is_there_when_its_task_has_ended(tmp_path):
    async def scenario(house):
        await house.add_profile("alice", "tenant-a", 1)
        path = "/api/v1/reports/daily/latest"
        for _ in range(2):
            before = (await house.get(path, TOKEN)).json()
            started = await house.ask(
                "POST",
                "/api/v1/admin/reports/daily/trigger",
                ADMIN,
                json={"user_ids": ["alice", "nobody"]},
            )
            assert started.status_code == 202
            told = started.json()
            assert told["user_ids"] == ["alice"]
            assert [one["user_id"] for one in told["refused"]] == ["nobody"]
            task = await ended(house, told["task_id"])
            assert (task["jobs"]["completed"], task["jobs"]["failed"]) == (1, 1)
            assert task["failures"][0]["user_id"] == "nobody"
            after = (await house.get(path, TOKEN)).json()
            assert after["report"]["generation_timestamp"] != before.get("report", {}).get(
                "generation_timestamp"
            )
        stats = await house.get("/api/v1/admin/reports/daily/stats", ADMIN)
        assert stats.json()["stats"]["reports_generated_today"] == 1
        assert stats.json()["stats"]["success_rate_today"] == 0.5

    lived(scenario, tmp_path)


async def ended(house, task_id):
    token = ADMIN
    async with asyncio.timeout(30):
        while True:
            task = (await house.get(f"/api/v1/admin/tasks/{task_id}", token)).json()
            if task["state"] in {"completed", "failed"}:
                return task
            await asyncio.sleep(0.05)


def test_scores_are_measured_anew_on_demand(tmp_path):
    async def scenario(house):
        admin = ADMIN
        path = "/api/v1/lightning/scores/rankings"
        before = (await house.get(path, TOKEN)).text
        started = await house.ask("POST", "/api/v1/lightning/scores/recalculate", admin)
        assert started.status_code == 202
        task = await ended(house, started.json()["task_id"])
        assert (task["kind"], task["state"]) == ("recalculate", "completed")
        assert (await house.get(path, TOKEN)).text == before

    lived(scenario, tmp_path)


def test_scores_of_many_nodes_name_the_unknown(tmp_path):
    async def scenario(house):
        keys = [a_node_id(2), a_node_id(99), a_node_id(1), a_node_id(2).upper()]
        answer = await house.ask(
            "POST", "/api/v1/lightning/scores/batch", TOKEN, json={"node_ids": keys}
        )
        told = answer.json()
        assert [one["node_id"] for one in told["scores"]] == [a_node_id(2), a_node_id(1)]
        assert told["unknown"] == [a_node_id(99)]
        single = await house.get(f"/api/v1/lightning/scores/node/{a_node_id(2)}", TOKEN)
        assert single.json()["score"] == told["scores"][0]
        too_many = await house.ask(
            "POST",
            "/api/v1/lightning/scores/batch",
            TOKEN,
            json={"node_ids": [a_node_id(1)] * 1_001},
        )
        assert too_many.status_code == 422

    lived(scenario, tmp_path)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"scores/node/{a_node_id(99)}", 404, "node-not-found"),
        ("scores/node/" + "ab" * 33, 422, "invalid-node-id"),
        ("scores/node/x", 422, "invalid-node-id"),
        ("scores/rankings?metric=beauty", 422, "invalid-parameter"),
        ("scores/rankings?page=0", 422, "invalid-parameter"),
        ("scores/rankings?limit=1001", 422, "invalid-parameter"),
        ("scores/rankings?limit=-1", 422, "invalid-parameter"),
        ("scores/rankings?limit=%F0%9F%92%A9", 422, "invalid-parameter"),
        ("scores/channel/1x2x3", 404, "channel-not-found"),
        ("scores/channel/abc", 422, "invalid-scid"),
        (f"fee-market/{a_node_id(99)}", 404, "node-not-found"),
        (f"recommendations/{a_node_id(99)}", 404, "node-not-found"),
        ("nothing/here", 404, "not-found"),
    ],
)
def test_what_is_not_there_or_no_question_is_said(path, status, code, tmp_path):
    async def scenario(house):
        answer = await house.get(f"/api/v1/lightning/{path}", TOKEN)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.json()["request_id"] == answer.headers["x-request-id"]
        assert answer.json()["type"] == f"urn:daznode:problem:{code}"

    lived(scenario, tmp_path)


def test_rankings_have_pages_and_ties_share_a_place(tmp_path):
    async def scenario(house):
        path = "/api/v1/lightning/scores/rankings?metric=channels&limit=4"
        first = (await house.get(f"{path}&page=1", TOKEN)).json()
        second = (await house.get(f"{path}&page=2", TOKEN)).json()
        third = (await house.get(f"{path}&page=3", TOKEN)).json()
        assert first["pagination"] == {"page": 1, "limit": 4, "total": 6, "pages": 2}
        rows = first["rankings"] + second["rankings"]
        assert third["rankings"] == []
        assert len({row["node_id"] for row in rows}) == 6
        values = [row["value"] for row in rows]
        assert values == sorted(values, reverse=True)
        for row in rows:
            assert row["place"] == 1 + sum(value > row["value"] for value in values)

    lived(scenario, tmp_path)


def test_a_channel_is_seen_from_the_end_asked_for_or_ones_own(tmp_path):
    async def scenario(house):
        path = f"/api/v1/lightning/scores/channel/{format_scid(a_scid(1))}"
        told = (await house.get(path, TOKEN)).json()
        ends = {told["node_id"], told["peer_id"]}
        assert len(told["heuristics"]) == 8
        assert (told["decision"], bool(told["decision_reason"])) == (None, True)
        other = (await house.get(f"{path}?node={told['peer_id']}", TOKEN)).json()
        assert (other["node_id"], other["peer_id"]) == (told["peer_id"], told["node_id"])
        number = next(one for one in range(1, 7) if a_node_id(one) == told["peer_id"])
        await house.add_profile("alice", "tenant-a", number)
        own = (await house.get(path, TOKEN)).json()
        assert own["node_id"] == told["peer_id"]
        stranger = next(a_node_id(one) for one in range(1, 7) if a_node_id(one) not in ends)
        refused = await house.get(f"{path}?node={stranger}", TOKEN)
        assert refused.status_code == 422

    lived(scenario, tmp_path)


def test_advice_speaks_the_language_of_the_profile(tmp_path):
    async def scenario(house):
        path = f"/api/v1/lightning/recommendations/{a_node_id(1)}"
        assert (await house.get(path, TOKEN)).json()["language"] == "en"
        await house.add_profile("alice", "tenant-a", 1, language="fr")
        told = (await house.get(path, TOKEN)).json()
        assert (told["language"], told["scope"]) == ("fr", "public")
        assert (await house.get(f"{path}?language=en", TOKEN)).json()["language"] == "en"

    lived(scenario, tmp_path)


def test_who_asks_too_often_waits(tmp_path):
    async def scenario(house):
        for left in (2, 1, 0):
            answer = await house.get("/api/v1/alerts", TOKEN)
            assert answer.headers["x-ratelimit-remaining"] == str(left)
        refused = await house.get("/api/v1/alerts", TOKEN)
        assert refused.status_code == 429
        assert refused.json()["code"] == "rate-limited"
        assert int(refused.headers["retry-after"]) >= 1
        assert (await house.get("/api/v1/alerts", a_token("bob", "tenant-b"))).status_code == 200
        assert (await house.get("/health")).status_code == 200
        # Wrong tokens are counted by address, whatever they say.
        for token in ("a", "b", "c", "d"):
            last = await house.get("/api/v1/alerts", token, headers={"X-Forwarded-For": token})
        assert last.status_code == 429

    lived(scenario, tmp_path, has_network=False, RATE_LIMIT_PER_MINUTE=3)


def test_methods_and_bodies_that_do_not_fit_are_refused(tmp_path):
    async def scenario(house):
        wrong = await house.ask("DELETE", "/api/v1/user/profile", TOKEN)
        assert (wrong.status_code, wrong.json()["code"]) == (405, "method-not-allowed")
        assert "allow" in wrong.headers
        for content, kind in (
            (b"{", "application/json"),
            (b"[]", "application/json"),
            (b'{"language": "de"}', "application/json"),
            (b'{"unknown": 1}', "application/json"),
            (b'{"report_hour": 24}', "application/json"),
            (b"<xml/>", "text/xml"),
        ):
            answer = await house.ask(
                "PUT",
                "/api/v1/user/profile",
                TOKEN,
                content=content,
                headers={"Content-Type": kind},
            )
            assert answer.status_code == 422, (content, answer.text)
            assert answer.json()["code"] == "invalid-input"
            assert answer.json()["errors"]

    lived(scenario, tmp_path, has_network=False)


def test_a_password_is_in_no_answer(tmp_path):
    async def scenario(house):
        body = json.dumps({"username": "x", "password": ["hunter-two"]})
        answer = await house.ask(
            "POST", "/auth/login", content=body, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 422
        assert "hunter" not in answer.text

    lived(scenario, tmp_path, has_network=False)


def test_the_switch_of_the_daily_report(tmp_path):
    async def scenario(house):
        path = "/api/v1/user/profile/daily-report"
        assert (await house.ask("POST", f"{path}/enable", TOKEN)).status_code == 404
        await house.ask("PUT", "/api/v1/user/profile", TOKEN, json={"language": "fr"})
        refused = await house.ask("POST", f"{path}/enable", TOKEN)
        assert (refused.status_code, refused.json()["code"]) == (400, "node-key-missing")
        body = {"lightning_pubkey": a_node_id(1), "report_hour": 5}
        await house.ask("PUT", "/api/v1/user/profile", TOKEN, json=body)
        for _ in range(2):
            enabled = await house.ask("POST", f"{path}/enable", TOKEN)
            assert enabled.status_code == 200
            assert enabled.json()["schedule"] == "0 5 * * *"
        status = (await house.get(f"{path}/status", TOKEN)).json()
        assert (status["enabled"], status["total_reports"]) == (True, 0)
        for _ in range(2):
            assert (await house.ask("POST", f"{path}/disable", TOKEN)).status_code == 200
        taken = await house.ask(
            "PUT", "/api/v1/user/profile", a_token("bob", "tenant-b"), json=body
        )
        assert (taken.status_code, taken.json()["code"]) == (409, "node-key-taken")

    lived(scenario, tmp_path, has_network=False)


def test_numbers_beyond_all_measure_do_not_fit(tmp_path):
    async def scenario(house):
        body = b'{"report_hour": ' + b"9" * 10_000 + b"}"
        answer = await house.ask(
            "PUT",
            "/api/v1/user/profile",
            TOKEN,
            content=body,
            headers={"Content-Type": "application/json"},
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid-input")

    lived(scenario, tmp_path, has_network=False)


def test_while_it_stops_it_is_not_ready(tmp_path):
    async def scenario(house):
        assert (await house.get("/health/ready")).json()["status"] == "ready"
        house.service.announce_stop()
        answer = await house.get("/health/ready")
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) >= 1
        assert answer.json()["reasons"] == ["the service is stopping"]

    lived(scenario, tmp_path, has_network=False)
