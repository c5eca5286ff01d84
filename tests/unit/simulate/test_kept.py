"""Kept values: made once, side by side for different keys, the latest only, again after an error."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daznode.domain.errors import InvalidParameter
from daznode.simulate.kept import Kept

WAIT_S = 10.0


def test_threads_that_want_the_same_value_make_it_once() -> None:
    kept: Kept[str, object] = Kept(1)
    made: list[object] = []
    is_begun, may_end = Event(), Event()

    def make() -> object:
        is_begun.set()
        assert may_end.wait(WAIT_S)
        made.append(object())
        return made[-1]

    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(kept.of, "a", make)
        assert is_begun.wait(WAIT_S)
        others = [pool.submit(kept.of, "a", make) for _ in range(2)]
        may_end.set()
        found = [one.result(WAIT_S) for one in (first, *others)]

    assert found == made * 3
    assert len(made) == 1


def test_threads_that_want_different_values_make_them_side_by_side() -> None:
    kept: Kept[int, int] = Kept(1)
    meeting = Barrier(2, timeout=WAIT_S)

    def make(key: int) -> int:
        meeting.wait()
        return -key

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda key: kept.of(key, lambda: make(key)), (1, 2))) == [-1, -2]


def test_what_could_not_be_made_is_made_by_the_next() -> None:
    kept: Kept[str, int] = Kept(1)

    def fail() -> int:
        message = "not today"
        raise InvalidParameter(message)

    with pytest.raises(InvalidParameter, match="not today"):
        kept.of("a", fail)
    assert kept.of("a", lambda: 1) == 1
    assert kept.of("a", fail) == 1


@given(st.integers(1, 4), st.lists(st.integers(0, 6), max_size=40))
def test_the_latest_are_kept_and_no_more(most: int, keys: list[int]) -> None:
    kept: Kept[int, int] = Kept(most)
    latest: list[int] = []

    for key in keys:
        made: list[int] = []
        assert kept.of(key, lambda key=key, made=made: made.append(key) or key) == key
        assert bool(made) == (key not in latest)
        latest = [*(one for one in latest if one != key), key][-most:]


def test_none_cannot_be_kept() -> None:
    with pytest.raises(InvalidParameter, match="values kept: 0"):
        Kept(0)
