"""Writes policies to LND: the whole policy in one call, and read back from the channel's own edge.

LND sets base fee and ppm to 0 where they are left out, and answers 200 even where nothing was
changed: what failed stands in `failed_updates`.
"""

from typing import Any, Final

from daznode.adapters.http.answer import HttpAnswer, JsonShape
from daznode.adapters.http.client import Call
from daznode.adapters.lightning.lnd import shapes
from daznode.adapters.lightning.lnd.connection import LndConnection, failure_message
from daznode.adapters.lightning.lnd.node import capabilities_of
from daznode.adapters.lightning.lnd.state import policy_of, read_edge, sides_of
from daznode.adapters.lightning.permit import WritePermit
from daznode.adapters.lightning.policy_checks import fault_in
from daznode.domain.capability import (
    Applied,
    Capabilities,
    PolicyField,
    Refused,
    Unknown,
    WriteOutcome,
)
from daznode.domain.errors import BackendError, ChannelNotFound
from daznode.domain.ids import ShortChannelId, format_scid
from daznode.domain.node_state import ChannelPolicy

_UPDATE: Final = JsonShape(shapes.PolicyUpdate, is_lax=True)
_ANSWERS: Final = (400, 401, 403, 404, 500, 501)
_SHOWN: Final = 200


class LndPolicyWriter:
    """A `PolicyWriter` for one LND.

    Args:
        connection: To it, with a macaroon that allows `UpdateChannelPolicy`.
        permit: Given only while DRY_RUN is off.
    """

    def __init__(self, connection: LndConnection, permit: WritePermit) -> None:
        """Change nothing yet."""
        permit.check()
        self._connection = connection

    async def capabilities(self) -> Capabilities:
        """Which fields a write sets; LND disturbs none."""
        return await capabilities_of(self._connection)

    async def write(self, scid: ShortChannelId, policy: ChannelPolicy) -> WriteOutcome:
        """Set the full policy of a channel; see `PolicyWriter`."""
        try:
            capabilities = await self.capabilities()
            point, current = await self._own_side(scid)
        except (BackendError, ChannelNotFound) as error:
            return Refused(f"nothing was sent: {error}")
        if (fault := fault_in(policy, current, capabilities)) is not None:
            return Refused(f"channel {format_scid(scid)}: {fault}")
        call = Call(
            path="/v1/chanpolicy",
            method="POST",
            body=_body(point, policy, capabilities),
            accepts=_ANSWERS,
        )
        try:
            answer = await self._connection.client.write(call)
            return _outcome(answer)
        except BackendError as error:
            return Unknown(str(error)) if error.may_have_arrived else Refused(str(error))

    async def read_back(self, scid: ShortChannelId) -> ChannelPolicy:
        """The policy that holds now, from the channel's edge; see `PolicyWriter`."""
        await self._connection.known()
        _, policy = await self._own_side(scid)
        return policy

    async def _own_side(self, scid: ShortChannelId) -> tuple[str, ChannelPolicy]:
        """The funding outpoint of a channel and our policy."""
        edge = await read_edge(self._connection, scid)
        node_id = await self._connection.node_id()
        ours = None
        if edge is not None and node_id in {edge.node1_pub, edge.node2_pub}:
            ours, _ = sides_of(edge, node_id)
        if edge is None or ours is None:
            message = f"channel {format_scid(scid)}: the node has no policy of that channel"
            raise ChannelNotFound(message)
        return edge.chan_point, policy_of(ours)


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


def _outcome(answer: HttpAnswer) -> WriteOutcome:
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
