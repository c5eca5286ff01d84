"""All policies by name: adding one is one file and one row here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from daznode.domain.errors import InvalidParameter
from daznode.domain.units import Ppm
from daznode.simulate.policies.charge_lnd import MatchPeer, Proportional
from daznode.simulate.policies.clboss.policy import Clboss, Refills
from daznode.simulate.policies.feeadjuster import FeeAdjuster
from daznode.simulate.policies.feelancer import Feelancer
from daznode.simulate.policies.hill_climb import HillClimb
from daznode.simulate.policies.lndg.fees import Settings
from daznode.simulate.policies.lndg.policy import Lndg
from daznode.simulate.policies.lndmanage import LndManage
from daznode.simulate.policies.nodeguard import NodeGuard
from daznode.simulate.policies.revenue_ops.policy import RevenueOps
from daznode.simulate.policies.sight import FeePolicy
from daznode.simulate.policies.static import Keep, StaticFee

_OURS: Final = "a rule without a tool"
_CLBOSS: Final = "ZmnSCPxj/clboss 90eaf44 (0.15.1): Boss/Mod/"


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """One policy that can be tried.

    Attributes:
        name: How it is asked for.
        summary: What it does, in one line for people.
        source: Tool, version and file that it was rebuilt from, so that it can be checked.
        make: Makes a fresh one that draws its chance from what it is given.
    """

    name: str
    summary: str
    source: str
    make: Callable[[np.random.Generator], FeePolicy]


def _static(fee_ppm: Ppm) -> PolicyRow:
    return PolicyRow(
        name=f"static-{fee_ppm}",
        summary=f"{fee_ppm} ppm in every channel, no base fee",
        source=_OURS,
        make=lambda _: StaticFee(fee_ppm),
    )


_ROWS: Final = (
    PolicyRow(
        name="keep",
        summary="the fees the node has, never changed",
        source=_OURS,
        make=lambda _: Keep(),
    ),
    *(_static(Ppm(fee_ppm)) for fee_ppm in (30, 100, 300, 1_000)),
    PolicyRow(
        name="charge-lnd-proportional",
        summary="100 ppm when full to 300 ppm when empty, base fee 1 sat",
        source="accumulator/charge-lnd 17039cd (v0.3.1): charge_lnd/strategy.py, examples/",
        make=lambda _: Proportional(),
    ),
    PolicyRow(
        name="charge-lnd-match-peer",
        summary="whatever the peer asks of us",
        source="accumulator/charge-lnd 17039cd (v0.3.1): charge_lnd/strategy.py",
        make=lambda _: MatchPeer(),
    ),
    PolicyRow(
        name="lndg",
        summary="steps by liquidity, flow and failures once a day, with its rebalancer",
        source="cryptosharks131/lndg bd75f83 (v1.10.1): af.py, jobs.py, rebalancer.py",
        make=lambda _: Lndg(),
    ),
    PolicyRow(
        name="lndg-inbound",
        summary="the same with automatic inbound discounts",
        source="cryptosharks131/lndg bd75f83 (v1.10.1): af.py, jobs.py, rebalancer.py",
        make=lambda _: Lndg(Settings(sets_inbound=True)),
    ),
    PolicyRow(
        name="clboss",
        summary="the competitors' median by size, balance and price theory, with three rebalancers",
        source=_CLBOSS,
        make=Clboss,
    ),
    PolicyRow(
        name="clboss-settled",
        summary="the same, its first balancing done long ago: refills from earnings and just in time",
        source=_CLBOSS,
        make=lambda rng: Clboss(rng, Refills.SETTLED),
    ),
    PolicyRow(
        name="clboss-fees",
        summary="the same without refills: its three fee modifiers alone",
        source=_CLBOSS,
        make=lambda rng: Clboss(rng, Refills.NONE),
    ),
    PolicyRow(
        name="nodeguard",
        summary="pulls each channel to a share that its flow calls for, inbound fees included",
        source="Elenpay/NodeGuard 2a1cdaa: Services/FeeOptimizerService.cs, "
        "PeerCategorizationService.cs, Jobs/TargetRatioReevaluationJob.cs",
        make=lambda _: NodeGuard(),
    ),
    PolicyRow(
        name="cl-revenue-ops",
        summary="Thompson sampling between floors and a ceiling, with its rebalancer",
        source="lightning-goats/cl_revenue_ops ccc9413: modules/fee_controller.py, "
        "modules/rebalancer.py, modules/config.py",
        make=RevenueOps,
    ),
    PolicyRow(
        name="feelancer",
        summary="a margin plus a spread for each peer, steered by its share of the balance",
        source="feelancer21/feelancer 6534fbc: src/feelancer/pid/analytics.py; gains of "
        "docker_demo/app/feelancer.toml at 0763a97",
        make=lambda _: Feelancer(),
    ),
    PolicyRow(
        name="lndmanage",
        summary="once a week by what left, against 100,000 sat",
        source="bitromortac/lndmanage 1aa45a7: lib/fee_setting.py",
        make=lambda _: LndManage(),
    ),
    PolicyRow(
        name="feeadjuster",
        summary="10 ppm times 50^(1/2 - our share), when a balance has moved",
        source="lightningd/plugins c0b768f: feeadjuster/",
        make=FeeAdjuster,
    ),
    PolicyRow(
        name="hill-climb",
        summary="a step of 25 % a day in each channel, turning when it earned less",
        source=_OURS,
        make=HillClimb,
    ),
)

POLICIES: Final[Mapping[str, PolicyRow]] = MappingProxyType({row.name: row for row in _ROWS})
"""Every policy by its name."""


def policy(name: str, rng: np.random.Generator) -> FeePolicy:
    """A fresh policy by its name.

    Args:
        name: One of `POLICIES`.
        rng: Where it draws its chance from.

    Raises:
        InvalidParameter: No policy has that name.
    """
    row = POLICIES.get(name)
    if row is None:
        message = f"policy {name!r}: not known; one of {', '.join(POLICIES)}"
        raise InvalidParameter(message)
    return row.make(rng)
