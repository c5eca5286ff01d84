"""The shelf of a cache: its size and its ages."""

from hypothesis import given
from hypothesis import strategies as st

from daznode.adapters.cache.memory import ENTRY_BYTES, Shelf, kind_of


class Now:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


def test_what_was_not_asked_for_longest_goes_first():
    shelf = Shelf(4 * (ENTRY_BYTES + 101))
    for key in "abcd":
        shelf.put(key, bytes(100), 60)
    assert shelf.get("a") is not None
    shelf.put("e", bytes(100), 60)
    assert [key for key in "abcde" if shelf.get(key) is not None] == ["a", "c", "d", "e"]


def test_what_is_too_large_is_not_kept_and_takes_nothing_else_away():
    shelf = Shelf(10_000)
    shelf.put("a", b"small", 60)
    shelf.put("b", bytes(5_000), 60)
    assert shelf.get("a") == b"small"
    assert shelf.get("b") is None


def test_what_has_ended_takes_no_room():
    now = Now()
    shelf = Shelf(10_000, now)
    shelf.put("a", b"x", 5)
    now.seconds = 5
    assert shelf.get("a") is None
    assert shelf.n_bytes == 0


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abcdefgh"),
            st.one_of(st.none(), st.binary(max_size=800)),
            st.floats(0, 3),
        )
    )
)
def test_it_is_never_larger_than_it_may_be_and_counts_what_it_holds(steps):
    now = Now()
    shelf = Shelf(2_500, now)
    for key, value, seconds in steps:
        now.seconds += seconds / 2
        if value is None:
            shelf.forget(key)
        else:
            shelf.put(key, value, seconds)
        assert 0 <= shelf.n_bytes <= 2_500
        shelf.get("a")
    shelf.clear()
    assert shelf.n_bytes == 0


def test_the_kind_is_the_first_word():
    assert kind_of("report:latest:alice") == "report"
    assert kind_of("stats") == "stats"
