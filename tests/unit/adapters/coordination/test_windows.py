"""The arithmetic of the sliding window."""

from hypothesis import given
from hypothesis import strategies as st

from daznode.adapters.coordination.windows import verdict

WINDOW = 60


def judge(previous, current, elapsed, limit=10):
    said, counts = verdict(
        previous=previous,
        current=current,
        limit=limit,
        window_seconds=WINDOW,
        elapsed_seconds=elapsed,
    )
    assert counts == said.is_allowed
    return said


def test_a_full_former_window_leaves_nothing_at_its_border():
    said = judge(10, 0, 0.0)
    assert not said.is_allowed
    assert said.retry_after_seconds == 1


def test_half_of_the_former_window_counts_at_half_time():
    said = judge(10, 2, 30.0)
    assert said.is_allowed
    assert said.remaining == 10 - 5 - 2 - 1


def test_a_used_up_window_is_waited_for():
    said = judge(0, 10, 45.0)
    assert (said.is_allowed, said.retry_after_seconds) == (False, 15)


@given(
    limit=st.integers(1, 1_000),
    share=st.floats(0, 1),
    now=st.floats(0, 1),
    elapsed=st.floats(0, WINDOW, exclude_max=True),
)
def test_whoever_waits_as_told_is_allowed_and_a_second_less_would_not_do(
    limit, share, now, elapsed
):
    previous, current = round(limit * share), round(limit * now)
    said = judge(previous, current, elapsed, limit)
    if said.is_allowed:
        assert said.retry_after_seconds == 0
        return

    def later(seconds):
        at = elapsed + seconds
        if at >= 2 * WINDOW:
            return judge(0, 0, at - 2 * WINDOW, limit)
        if at >= WINDOW:
            return judge(current, 0, at - WINDOW, limit)
        return judge(previous, current, at, limit)

    # A wait that ends exactly at a border may need the next moment: the header has whole seconds.
    assert later(said.retry_after_seconds + 1e-6).is_allowed
    if said.retry_after_seconds > 1:
        assert not later(said.retry_after_seconds - 1 - 1e-6).is_allowed
