"""Writes policies to LND: the whole policy in one call, and read back from the channel's own edge.

LND sets base fee and ppm to 0 where they are left out, and answers 200 even where nothing was
changed: what failed stands in `failed_updates`.
"""

from typing import Any, Final

from daznode.adapters.http.answer import HttpAnswer, JsonShape
from daznode.adapters.http.client import Call
from daznode.adapters.lightning.checked_writer import CheckedPolicyWriter, no_policy
from daznode.adapters.lightning.lnd import shapes
from daznode.adapters.lightning.lnd.connection import LndConnection, failure_message
from daznode.adapters.lightning.lnd.node import capabilities_of
from daznode.adapters.lightning.lnd.state import policy_of, read_edge, sides_of
from daznode.adapters.lightning.permit import WritePermit
from daznode.domain.capability import (
    Applied,
    Capabilities,
    PolicyField,
    Refused,
    Unknown,
    WriteOutcome,
)
from daznode.domain.ids import ShortChannelId
from daznode.domain.node_state import ChannelPolicy

_UPDATE: Final = JsonShape(shapes.PolicyUpdate, is_lax=True)
_ANSWERS: Final = (400, 401, 403, 404, 500, 501)
_SHOWN: Final = 200


class LndPolicyWriter(CheckedPolicyWriter):
    """A `PolicyWriter` for one LND.

    Args:
        connection: To it, with a macaroon that allows `UpdateChannelPolicy`.
        permit: Given only while DRY_RUN is off.
    """

    def __init__(self, connection: LndConnection, permit: WritePermit) -> None:
        """Change nothing yet."""
        super().__init__(connection.client, permit)
        self._connection = connection

    async def capabilities(self) -> Capabilities:
        """Which fields a write sets; LND disturbs none."""
        return await capabilities_of(self._connection)

    async def _own_side(self, scid: ShortChannelId) -> tuple[str, ChannelPolicy]:
        """The funding outpoint, and our policy from the channel's edge."""
        node_id = await self._connection.node_id()
        edge = await read_edge(self._connection, scid)
        ours = None
        if edge is not None and node_id in {edge.node1_pub, edge.node2_pub}:
            ours, _ = sides_of(edge, node_id)
        if edge is None or ours is None:
            raise no_policy(scid)
        return edge.chan_point, policy_of(ours)

    def _call(self, handle: str, policy: ChannelPolicy, capabilities: Capabilities) -> Call:
        """The full policy of the channel."""
        return Call(
            path="/v1/chanpolicy",
            method="POST",
            body=_body(handle, policy, capabilities),
            accepts=_ANSWERS,
        )

    def _outcome(self, answer: HttpAnswer, policy: ChannelPolicy) -> WriteOutcome:
        """Applied only if nothing stands in `failed_updates`."""
        del policy
        if answer.status in _ANSWERS:
            said = failure_message(answer)
            if said:
                return Refused(f"{answer.where}: {said[:_SHOWN]}")
            return Unknown(f"{answer.where}: HTTP {answer.status} without a reason")
        failed = answer.json(_UPDATE).failed_updates
        if failed:
            reasons = "; ".join(f"{one.reason} {one.update_error}".strip() for one in failed)
            return Refused(f"{answer.where}: {reasons[:_SHOWN]}")
        return Applied()


def _body(point: str, policy: ChannelPolicy, capabilities: Capabilities) -> dict[str, Any]:
    txid, _, output = point.partition(":")
    body: dict[str, Any] = {
        "chan_point": {"funding_txid_str": txid, "output_index": int(output)},
        "base_fee_msat": str(policy.base_fee_msat),
        "fee_rate_ppm": policy.fee_ppm,
        "time_lock_delta": policy.cltv_delta,
        "max_htlc_msat": str(policy.htlc_maximum_msat),
        "min_htlc_msat": str(policy.htlc_minimum_msat),
        "min_htlc_msat_specified": True,
    }
    if PolicyField.INBOUND_FEE_PPM in capabilities.sets:
        body["inbound_fee"] = {
            "base_fee_msat": policy.inbound_base_fee_msat,
            "fee_rate_ppm": policy.inbound_fee_ppm,
        }
    return body
