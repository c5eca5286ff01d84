"""Retries: what is worth trying again, what is told of a failure, and how long to wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daznode.domain.errors import (
    InvalidParameter,
    NodeKeyMissing,
    ProfileNotFound,
    ReportTimeout,
    StoreUnavailable,
)
from daznode.domain.retries import LONGEST_PAUSE_SECONDS, failure_of, pause_seconds


@pytest.mark.parametrize(
    ("error", "may_pass"),
    [
        (StoreUnavailable("disk full"), True),
        (ReportTimeout("300 s"), True),
        (ValueError("x"), True),
        (InvalidParameter("language 'de'"), False),
        (ProfileNotFound("user 'x'"), False),
        (NodeKeyMissing("user 'x'"), False),
    ],
)
def test_what_is_worth_trying_again(error, may_pass):
    assert failure_of(error).may_pass is may_pass


def test_the_reason_is_the_code_and_one_line():
    assert failure_of(StoreUnavailable("disk\n full")).reason == "store-unavailable: disk full"
    assert len(failure_of(StoreUnavailable("x" * 9_999)).line) == 500


def test_an_error_that_nobody_foresaw_tells_only_its_kind():
    failure = failure_of(ValueError("mongodb://user:hunter2@host"))
    assert failure.reason == "invariant-broken: ValueError; see the log"


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_pauses_double_up_to_a_minute(attempts, chance):
    pause = pause_seconds(attempts, chance)
    full = min(2.0 ** min(attempts - 1, 20), LONGEST_PAUSE_SECONDS)
    assert full / 2 <= pause <= full
