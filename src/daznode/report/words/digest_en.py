"""English wording of the weekly and monthly digest."""

from typing import Final

NARRATIVE: Final[dict[str, str]] = {
    "earned": "In the {period_days} to {last_day} the node settled {forwards_count:forward|forwards} and earned {revenue_sats}.",
    "net": "{cost_sats} went into rebalancing: {net_signed_sats} net.",
    "known": "Revenue is known for {known_count} of {of_count} days.",
    "best": "The best day was {best_day}, with {best_sats}.",
    "public": "For the {period_days} to {last_day} public data alone is known.",
    "reports": "{reports_count:report|reports} of {of_count} days are there.",
    "score_up": "The score rose by {change_score} to {overall_score}.",
    "score_down": "The score fell by {change_score} to {overall_score}.",
    "score_same": "The score is {overall_score}, as before.",
    "alerts_none": "Nothing needs attention.",
    "alerts_some": "{alerts_count:thing needs|things need} attention.",
}
