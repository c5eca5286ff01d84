"""Writes policies to Core Lightning with `setchannel`, and reads them back from the channel itself.

What is out of range is clamped there with a warning, still as a success: the values that come back
are compared with those that were sent. CLTV deltas are the node's, not a channel's.
"""

from typing import Final

from daznode.adapters.http.answer import HttpAnswer, JsonShape
from daznode.adapters.http.client import Call
from daznode.adapters.lightning.cln import shapes
from daznode.adapters.lightning.cln.connection import ClnConnection, failure_of
from daznode.adapters.lightning.cln.node import capabilities_of
from daznode.adapters.lightning.cln.state import CHANNELS, policy_of
from daznode.adapters.lightning.permit import WritePermit
from daznode.adapters.lightning.policy_checks import fault_in
from daznode.domain.capability import Applied, Capabilities, Refused, Unknown, WriteOutcome
from daznode.domain.errors import BackendError, ChannelNotFound
from daznode.domain.ids import ShortChannelId, format_scid
from daznode.domain.node_state import ChannelPolicy

ONE_CHANNEL_SINCE: Final = (25, 5)
"""The first whose `listpeerchannels` takes a short channel id."""

_SET: Final = JsonShape(shapes.SetChannels)
_ANSWERS: Final = (400, 401, 403, 404, 405, 500)
_SHOWN: Final = 200


class ClnPolicyWriter:
    """A `PolicyWriter` for one Core Lightning.

    Args:
        connection: To it, with a rune that allows `setchannel`.
        permit: Given only while DRY_RUN is off.
    """

    def __init__(self, connection: ClnConnection, permit: WritePermit) -> None:
        """Change nothing yet."""
        permit.check()
        self._connection = connection

    async def capabilities(self) -> Capabilities:
        """Which fields a write sets; it disturbs none."""
        return await capabilities_of(self._connection)

    async def write(self, scid: ShortChannelId, policy: ChannelPolicy) -> WriteOutcome:
        """Set the fees and limits of a channel; see `PolicyWriter`."""
        try:
            capabilities = await self.capabilities()
            current = await self.read_back(scid)
        except (BackendError, ChannelNotFound) as error:
            return Refused(f"nothing was sent: {error}")
        if (fault := fault_in(policy, current, capabilities)) is not None:
            return Refused(f"channel {format_scid(scid)}: {fault}")
        call = Call(
            path="/v1/setchannel",
            method="POST",
            body={
                "id": format_scid(scid),
                "feebase": policy.base_fee_msat,
                "feeppm": policy.fee_ppm,
                "htlcmin": policy.htlc_minimum_msat,
                "htlcmax": policy.htlc_maximum_msat,
            },
            accepts=_ANSWERS,
        )
        try:
            answer = await self._connection.client.write(call)
            return _outcome(answer, policy)
        except BackendError as error:
            return Unknown(str(error)) if error.may_have_arrived else Refused(str(error))

    async def read_back(self, scid: ShortChannelId) -> ChannelPolicy:
        """The policy that holds now, from the channel itself; see `PolicyWriter`."""
        name = format_scid(scid)
        is_one = await self._connection.version() >= ONE_CHANNEL_SINCE
        params = {"short_channel_id": name} if is_one else {}
        answer = await self._connection.ask("listpeerchannels", CHANNELS, params)
        for channel in answer.channels:
            if channel.name == name and channel.updates is not None:
                return policy_of(channel.updates.local, is_disabled=not channel.peer_connected)
        message = f"channel {name}: the node has no policy of that channel"
        raise ChannelNotFound(message)


def _outcome(answer: HttpAnswer, policy: ChannelPolicy) -> WriteOutcome:
    if answer.status in _ANSWERS:
        failure = failure_of(answer)
        if failure is None or failure.code is None:
            return Unknown(f"{answer.where}: HTTP {answer.status} without a reason")
        return Refused(f"{answer.where}: {failure.message[:_SHOWN]} (code {failure.code})")
    channels = answer.json(_SET).channels
    wanted = (
        policy.base_fee_msat,
        policy.fee_ppm,
        policy.htlc_minimum_msat,
        policy.htlc_maximum_msat,
    )
    holds = [
        (
            one.fee_base_msat,
            one.fee_proportional_millionths,
            one.minimum_htlc_out_msat,
            one.maximum_htlc_out_msat,
        )
        for one in channels
    ]
    if holds != [wanted]:
        return Unknown(f"{answer.where}: took other values than those asked for")
    return Applied()
