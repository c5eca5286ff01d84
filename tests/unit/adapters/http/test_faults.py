"""Statuses and `Retry-After`, as errors of ours."""

import pytest

from daznode.adapters.http.faults import retry_after_seconds, status_error
from daznode.domain.errors import (
    BackendAnswerInvalid,
    BackendRateLimited,
    BackendRefused,
    BackendTimeout,
    BackendUnavailable,
)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (204, BackendAnswerInvalid),
        (302, BackendAnswerInvalid),
        (400, BackendAnswerInvalid),
        (401, BackendRefused),
        (403, BackendRefused),
        (404, BackendAnswerInvalid),
        (408, BackendTimeout),
        (429, BackendRateLimited),
        (500, BackendUnavailable),
        (501, BackendAnswerInvalid),
        (503, BackendUnavailable),
        (504, BackendTimeout),
        (599, BackendUnavailable),
        (999, BackendAnswerInvalid),
    ],
)
def test_a_status_becomes_one_kind_of_error(status, kind):
    error = status_error("lnd at h:1: GET /x", status, {})
    assert type(error) is kind
    assert str(error).startswith("lnd at h:1: GET /x: ")
    assert f"HTTP {status}" in str(error)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 0 "}, 0.0),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Fri, 27 Nov 2026 10:00:30 GMT"}, None),
        (
            {
                "retry-after": "Fri, 27 Nov 2026 10:00:30 GMT",
                "date": "Fri, 27 Nov 2026 10:00:00 GMT",
            },
            30.0,
        ),
        (
            {
                "retry-after": "Fri, 27 Nov 2026 09:00:00 GMT",
                "date": "Fri, 27 Nov 2026 10:00:00 GMT",
            },
            0.0,
        ),
    ],
)
def test_how_long_to_wait(headers, seconds):
    assert retry_after_seconds(headers) == seconds
