"""Heights and moments of the generated chain."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from daznode.simulate.generated.chain import height_at, moment_of


@given(st.integers(1, 2_000_000))
def test_a_block_is_the_newest_one_from_its_moment_until_the_next(height):
    found_at = moment_of(height)
    assert height_at(found_at) == height
    assert height_at(found_at + timedelta(minutes=10)) == height + 1
    assert height == 1 or height_at(found_at - timedelta(microseconds=1)) == height - 1


def test_the_halving_of_2024_is_where_it_was():
    assert height_at(datetime(2024, 4, 20, 0, 9, 27, tzinfo=UTC)) == 840_000


def test_there_is_a_block_before_bitcoin():
    assert height_at(datetime(2000, 1, 1, tzinfo=UTC)) == 1
