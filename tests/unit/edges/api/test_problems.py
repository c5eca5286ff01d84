"""Every error of the product has an answer, and none tells what is ours alone to know."""

import json

import pytest

from daznode.domain import errors
from daznode.domain.errors import DaznodeError, RateLimited, StoreUnavailable, Unauthenticated
from daznode.edges.api.problems import ANSWERS, answer_of, problem_of


def family(base=DaznodeError):
    yield base
    for child in base.__subclasses__():
        yield from family(child)


@pytest.mark.parametrize("error", list(dict.fromkeys(family())), ids=lambda one: one.__name__)
def test_every_error_has_an_answer(error):
    answered = answer_of(error)
    assert 400 <= answered.status <= 599
    if answered.status >= 500 and answered.status != 503:
        assert answered.detail or error is errors.CapabilityMissing, "tells its own line"


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("Unauthenticated", 401),
        ("RoleMissing", 403),
        ("ReportNotFound", 404),
        ("NodeKeyTaken", 409),
        ("InvalidNodeId", 422),
        ("NodeKeyMissing", 400),
        ("NoSnapshot", 503),
        ("StoreUnavailable", 503),
        ("StoreCorrupt", 500),
        ("BackendError", 502),
        ("InvariantBroken", 500),
    ],
)
def test_the_table_is_the_contract(name, status):
    assert answer_of(getattr(errors, name)).status == status


def test_what_the_database_said_stays_here():
    problem = problem_of(StoreUnavailable("/var/lib/daznode/daznode.db: disk full"), "id-1")
    assert b"/var/lib" not in problem.body
    told = json.loads(problem.body)
    assert told["code"] == "store-unavailable"
    assert told["request_id"] == "id-1"
    assert dict(problem.headers)["retry-after"].isdigit()


def test_headers_that_a_status_demands_are_there():
    assert "www-authenticate" in dict(problem_of(Unauthenticated("x"), "id").headers)
    assert dict(problem_of(RateLimited("x", 17), "id").headers)["retry-after"] == "17"


def test_answers_are_of_errors_of_the_product():
    assert all(issubclass(one, DaznodeError) for one in ANSWERS)
