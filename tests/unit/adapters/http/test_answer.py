"""Answers are typed, and their content stays out of messages."""

import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daznode.adapters.http.answer import JsonShape
from daznode.domain.errors import BackendAnswerInvalid


class Shape(msgspec.Struct):
    amount: int
    names: list[str] = []


def test_a_fitting_text_is_read():
    assert JsonShape(Shape).read("x", b'{"amount": 3, "extra": null}') == Shape(3)


def test_lax_shapes_take_numbers_as_texts():
    assert JsonShape(Shape, is_lax=True).read("x", b'{"amount": "-3"}') == Shape(-3)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>canary</html>",
        b'{"amount": 1',
        b'{"amount": "canary"}',
        b'{"amount": 1, "names": [3]}',
        b"\xff",
    ],
)
def test_anything_else_is_one_error_that_names_the_place_and_not_the_content(content):
    with pytest.raises(BackendAnswerInvalid) as caught:
        JsonShape(Shape).read("lnd at h:1: GET /x", content)
    assert str(caught.value).startswith("lnd at h:1: GET /x: the answer ")
    assert "canary" not in str(caught.value)


@given(st.binary() | st.text().map(str.encode))
def test_no_content_raises_anything_else(content):
    with contextlib.suppress(BackendAnswerInvalid):
        JsonShape(Shape, is_lax=True).read("x", content)
