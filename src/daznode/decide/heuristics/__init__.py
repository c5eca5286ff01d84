"""HEURISTICS: the table of the eight heuristics of a channel, with their weights."""

from collections.abc import Callable
from typing import Final

from daznode.decide.heuristics.activity import activity
from daznode.decide.heuristics.age import age
from daznode.decide.heuristics.centrality import centrality
from daznode.decide.heuristics.competitiveness import competitiveness
from daznode.decide.heuristics.liquidity import liquidity
from daznode.decide.heuristics.parts import Judged
from daznode.decide.heuristics.peer_quality import peer_quality
from daznode.decide.heuristics.position import position
from daznode.decide.heuristics.reliability import reliability
from daznode.domain.channel_score import ChannelFeatures

HEURISTICS: Final[dict[str, tuple[float, Callable[[ChannelFeatures], Judged]]]] = {
    "centrality": (0.20, centrality),
    "liquidity": (0.25, liquidity),
    "activity": (0.20, activity),
    "competitiveness": (0.15, competitiveness),
    "reliability": (0.10, reliability),
    "age": (0.05, age),
    "peer_quality": (0.03, peer_quality),
    "position": (0.02, position),
}
