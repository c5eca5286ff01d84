"""Plans of opens and closes: what can be carried out, and what is refused in one line."""

import pytest
from tests.builders import a_node_id, a_scid

from daznode.domain.channel_plan import (
    LARGEST_CHANNEL,
    NO_PLAN,
    SMALLEST_CHANNEL,
    ChannelPlan,
    PlannedClose,
    PlannedOpen,
)
from daznode.domain.errors import InvalidParameter


def test_a_plan_within_its_days_is_taken():
    opens = tuple(
        PlannedOpen(a_node_id(1), size, day)
        for day, size in ((1, SMALLEST_CHANNEL), (3, LARGEST_CHANNEL))
    )
    ChannelPlan(opens, (PlannedClose(a_scid(1), 3),), wallet_sat=0).check(3)
    NO_PLAN.check(1)
    assert NO_PLAN.is_empty
    assert not ChannelPlan(opens).is_empty


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (ChannelPlan((PlannedOpen(a_node_id(1), 50_000, 4),)), "open on day 4: .* takes 1 to 3"),
        (ChannelPlan((PlannedOpen(a_node_id(1), 50_000, 0),)), "open on day 0: .* takes 1 to 3"),
        (ChannelPlan(closes=(PlannedClose(a_scid(1), 4),)), "close on day 4: .* takes 1 to 3"),
        (
            ChannelPlan((PlannedOpen(a_node_id(1), 19_999),)),
            "open of 19,999 sat: out of range; takes 20,000 to 1,000,000,000",
        ),
        (ChannelPlan((PlannedOpen(a_node_id(1), LARGEST_CHANNEL + 1),)), "1,000,000,001 sat"),
        (ChannelPlan(wallet_sat=-1), "wallet -1 sat: out of range; takes 0 or more"),
    ],
)
def test_what_cannot_be_is_refused(plan, said):
    with pytest.raises(InvalidParameter, match=said):
        plan.check(3)
