"""What a policy must fit before it is sent: bounds that no node checks, fields that cannot be set."""

from typing import Final

from daznode.domain.capability import Capabilities, PolicyField
from daznode.domain.node_state import ChannelPolicy
from daznode.domain.units import PPM_ONE

_U32: Final = 2**32
_I32: Final = 2**31

_BOUNDS: Final[dict[PolicyField, tuple[int, int]]] = {
    PolicyField.BASE_FEE: (0, _U32 - 1),
    PolicyField.FEE_PPM: (0, PPM_ONE),
    PolicyField.INBOUND_BASE_FEE: (-_I32, _I32 - 1),
    PolicyField.INBOUND_FEE_PPM: (-PPM_ONE, PPM_ONE),
    PolicyField.CLTV_DELTA: (1, 2**16 - 1),
    PolicyField.HTLC_MINIMUM: (0, 2**63 - 1),
    PolicyField.HTLC_MAXIMUM: (1, 2**63 - 1),
}
"""Least and most of each field. LND takes a negative base fee as a huge one, and any ppm; more than
the whole amount is a slip of the pen."""


def fault_in(
    policy: ChannelPolicy, current: ChannelPolicy, capabilities: Capabilities
) -> str | None:
    """Why a policy cannot be written; None if it can.

    Args:
        policy: What is wanted.
        current: What holds now.
        capabilities: What the backend sets.
    """
    for field, (least, most) in _BOUNDS.items():
        value = getattr(policy, field.value)
        if not least <= value <= most:
            return f"{field.value} {value}: takes {least} to {most}"
        if field not in capabilities.sets and value != getattr(current, field.value):
            return f"{field.value}: {capabilities.backend} cannot set it per channel"
        if field in capabilities.disturbs and field not in capabilities.sets:
            return f"{field.value}: {capabilities.backend} would change it and could not restore it"
    if policy.htlc_minimum_msat > policy.htlc_maximum_msat:
        return (
            f"htlc_minimum_msat {policy.htlc_minimum_msat}: "
            f"takes at most htlc_maximum_msat {policy.htlc_maximum_msat}"
        )
    return None
