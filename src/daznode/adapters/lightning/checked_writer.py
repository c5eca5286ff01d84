"""How a policy is written to any node over REST: checked first, sent once, ended honestly."""

from abc import ABC, abstractmethod

from daznode.adapters.http.answer import HttpAnswer
from daznode.adapters.http.client import Call, HttpClient
from daznode.adapters.lightning.permit import WritePermit
from daznode.adapters.lightning.policy_checks import fault_in
from daznode.domain.capability import Capabilities, Refused, Unknown, WriteOutcome
from daznode.domain.errors import BackendError, ChannelNotFound
from daznode.domain.ids import ShortChannelId, format_scid
from daznode.domain.node_state import ChannelPolicy


class CheckedPolicyWriter(ABC):
    """A `PolicyWriter`; a backend says what holds, how it is called, and what its answer means.

    Args:
        client: Calls the node.
        permit: Given only while DRY_RUN is off.

    Raises:
        DryRun: The permit was not given.
    """

    def __init__(self, client: HttpClient, permit: WritePermit) -> None:
        """Change nothing yet."""
        permit.check()
        self._client = client

    @abstractmethod
    async def capabilities(self) -> Capabilities:
        """Which fields a write sets, and which it disturbs."""

    async def write(self, scid: ShortChannelId, policy: ChannelPolicy) -> WriteOutcome:
        """Set the policy of a channel, in one attempt; see `PolicyWriter`."""
        try:
            capabilities = await self.capabilities()
            handle, current = await self._own_side(scid)
        except (BackendError, ChannelNotFound) as error:
            return Refused(f"nothing was sent: {error}")
        if (fault := fault_in(policy, current, capabilities)) is not None:
            return Refused(f"channel {format_scid(scid)}: {fault}")
        call = self._call(handle, policy, capabilities)
        try:
            return self._outcome(await self._client.write(call), policy)
        except BackendError as error:
            return Unknown(str(error)) if error.may_have_arrived else Refused(str(error))

    async def read_back(self, scid: ShortChannelId) -> ChannelPolicy:
        """The policy that holds now, from the most direct place; see `PolicyWriter`."""
        _, policy = await self._own_side(scid)
        return policy

    @abstractmethod
    async def _own_side(self, scid: ShortChannelId) -> tuple[str, ChannelPolicy]:
        """What the backend calls a channel by, and our policy.

        Raises:
            ChannelNotFound: The node has no such channel.
            BackendError: The node cannot be reached or answers wrongly.
        """

    @abstractmethod
    def _call(self, handle: str, policy: ChannelPolicy, capabilities: Capabilities) -> Call:
        """What is sent."""

    @abstractmethod
    def _outcome(self, answer: HttpAnswer, policy: ChannelPolicy) -> WriteOutcome:
        """What the answer means.

        Raises:
            BackendAnswerInvalid: It cannot be read.
        """


def no_policy(scid: ShortChannelId) -> ChannelNotFound:
    """The error of a channel without a policy of ours."""
    return ChannelNotFound(f"channel {format_scid(scid)}: the node has no policy of that channel")
