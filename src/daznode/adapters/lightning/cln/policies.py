"""Writes policies to Core Lightning with `setchannel`, and reads them back from the channel itself.

What is out of range is clamped there with a warning, still as a success: the values that come back
are compared with those that were sent. CLTV deltas are the node's, not a channel's.
"""

from typing import Final

from daznode.adapters.http.answer import HttpAnswer, JsonShape
from daznode.adapters.http.client import Call
from daznode.adapters.lightning.checked_writer import CheckedPolicyWriter, no_policy
from daznode.adapters.lightning.cln import shapes
from daznode.adapters.lightning.cln.connection import ClnConnection, failure_of
from daznode.adapters.lightning.cln.node import capabilities_of
from daznode.adapters.lightning.cln.state import CHANNELS, policy_of
from daznode.adapters.lightning.permit import WritePermit
from daznode.domain.capability import Applied, Capabilities, Refused, Unknown, WriteOutcome
from daznode.domain.ids import ShortChannelId, format_scid
from daznode.domain.node_state import ChannelPolicy

ONE_CHANNEL_SINCE: Final = (25, 5)
"""The first whose `listpeerchannels` takes a short channel id."""

_SET: Final = JsonShape(shapes.SetChannels)
_ANSWERS: Final = (400, 401, 403, 404, 405, 500)
_SHOWN: Final = 200


class ClnPolicyWriter(CheckedPolicyWriter):
    """A `PolicyWriter` for one Core Lightning.

    Args:
        connection: To it, with a rune that allows `setchannel`.
        permit: Given only while DRY_RUN is off.
    """

    def __init__(self, connection: ClnConnection, permit: WritePermit) -> None:
        """Change nothing yet."""
        super().__init__(connection.client, permit)
        self._connection = connection

    async def capabilities(self) -> Capabilities:
        """Which fields a write sets; it disturbs none."""
        return await capabilities_of(self._connection)

    async def _own_side(self, scid: ShortChannelId) -> tuple[str, ChannelPolicy]:
        """From the channel itself."""
        name = format_scid(scid)
        is_one = await self._connection.version() >= ONE_CHANNEL_SINCE
        params = {"short_channel_id": name} if is_one else {}
        answer = await self._connection.ask("listpeerchannels", CHANNELS, params)
        for channel in answer.channels:
            if channel.name == name and channel.updates is not None:
                policy = policy_of(channel.updates.local, is_disabled=not channel.peer_connected)
                return name, policy
        raise no_policy(scid)

    def _call(self, handle: str, policy: ChannelPolicy, capabilities: Capabilities) -> Call:
        """The fees and limits of the channel."""
        del capabilities
        return Call(
            path="/v1/setchannel",
            method="POST",
            body={
                "id": handle,
                "feebase": policy.base_fee_msat,
                "feeppm": policy.fee_ppm,
                "htlcmin": policy.htlc_minimum_msat,
                "htlcmax": policy.htlc_maximum_msat,
            },
            accepts=_ANSWERS,
        )

    def _outcome(self, answer: HttpAnswer, policy: ChannelPolicy) -> WriteOutcome:
        """Applied only if the values that come back are those that were sent."""
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
