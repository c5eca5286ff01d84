"""CLBoss's refills while a payment waits: what they may cost, as a standing order for each peer."""

from collections.abc import Mapping, Sequence
from typing import Final

from daznode.domain.ids import NodeId, ShortChannelId
from daznode.domain.node_state import OwnChannel
from daznode.domain.units import MSAT_PER_SAT, Msat, Ppm
from daznode.simulate.policies.sight import JitOrder
from daznode.simulate.policies.window import Flow, Window

_FREE_MSAT: Final = 10 * MSAT_PER_SAT
_EARNINGS_DIVISOR: Final = 4
_LEAST_FEE_MSAT: Final = Msat(5 * MSAT_PER_SAT)
_FEE_PPM: Final = Ppm(1_000)
_HTLC_WEIGHT: Final = 172
_WEIGHT_PER_VBYTE: Final = 4


def allowance_msat(flow: Flow) -> int:
    """What may still be spent on one peer: 10 sat and a quarter of what it earned, less what is spent.

    Args:
        flow: All that passed by the peer; refills of any kind count as spent. The result is below 0
            where more than that has been spent.
    """
    return _FREE_MSAT + flow.earned_msat // _EARNINGS_DIVISOR - flow.refill_cost_msat


def htlc_msat(feerate_sat_vb: float) -> Msat:
    """What one more HTLC adds to the price of a commitment transaction: 172 weight units."""
    return Msat(round(feerate_sat_vb * _HTLC_WEIGHT / _WEIGHT_PER_VBYTE * MSAT_PER_SAT))


def jit_orders(
    peers: Mapping[NodeId, Sequence[OwnChannel]], ever: Window, feerate_sat_vb: float
) -> tuple[JitOrder, ...]:
    """Standing orders of `JitRebalancer`: a peer that has cost too much gets none.

    References:
        ZmnSCPxj/clboss 90eaf44, `Boss/Mod/JitRebalancer`. Payments that wait at one moment may
        together exceed what one of them may cost (issue 323); here they wait one after another.
    """
    orders = []
    for channels in peers.values():
        scids = tuple(ShortChannelId(channel.scid) for channel in channels)
        left_msat = allowance_msat(ever.over(scids))
        if left_msat >= 0:
            orders.append(
                JitOrder(
                    scids=scids,
                    allowance_msat=Msat(left_msat),
                    least_fee_msat=_LEAST_FEE_MSAT,
                    fee_ppm=_FEE_PPM,
                    margin_msat=htlc_msat(feerate_sat_vb),
                )
            )
    return tuple(orders)
