"""A node backend by role: what we read of an operator's own node, and the few things we change.

One backend fills several roles; `Capabilities` says which. All times are aware and UTC.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

from daznode.domain.capability import Capabilities, WriteOutcome
from daznode.domain.history import HistoryPage, NodeEvent
from daznode.domain.ids import ShortChannelId
from daznode.domain.minted import MintedCredential, NodeCredential
from daznode.domain.mission import PairReading
from daznode.domain.node_state import ChannelPolicy, NodeIdentity, NodeObservation
from daznode.domain.vitals import ChannelBackup, ClosedChannel, NodeVitals


class LightningNode(Protocol):
    """What every backend can tell."""

    async def identity(self) -> NodeIdentity:
        """Who the node is.

        Raises:
            BackendError: The node cannot be reached or answers wrongly.
        """

    async def observe(self) -> NodeObservation:
        """Channels with balances and policies, as they are now.

        Raises:
            BackendError: The node cannot be reached or answers wrongly.
        """

    async def examine(self) -> tuple[NodeObservation, NodeVitals]:
        """The same channels, and how the node is doing, at one moment.

        Raises:
            BackendError: The node cannot be reached or answers wrongly.
        """

    async def capabilities(self) -> Capabilities:
        """What backend and version can do; the credential may allow less.

        Raises:
            BackendError: The node cannot be reached or answers wrongly.
        """


class NodeHistory(Protocol):
    """The past, in strands of pages that go on where they were left."""

    @property
    def strands(self) -> tuple[str, ...]:
        """Names of the strands."""

    def pages(self, strand: str, cursor: str | None, until: datetime) -> AsyncIterator[HistoryPage]:
        """Pages from a cursor on, the last one perhaps empty.

        Args:
            strand: One of `strands`.
            cursor: Of the last page that was kept; None from the beginning.
            until: Up to then nothing is left out; what happens later may come now or later.

        Raises:
            BackendError: The node cannot be reached or answers wrongly; pages given before are whole.
        """


class ConnectedNode(LightningNode, NodeHistory, Protocol):
    """A node whose past can be read too: what a report needs."""


@runtime_checkable
class NodeRecords(Protocol):
    """What a node keeps for the worst day: closed channels, and the backup of the open ones."""

    async def closed_channels(self) -> tuple[ClosedChannel, ...]:
        """Channels that are closed and that the backend still knows, by funding outpoint.

        Raises:
            BackendError: The node cannot be reached or answers wrongly.
        """

    async def export_backup(self) -> ChannelBackup:
        """A static backup of all channels, verified by the node if it can.

        Raises:
            BackendError: The node cannot be reached, answers wrongly or does not allow it.
        """


@runtime_checkable
class NodeGraph(Protocol):
    """The network as the node knows it."""

    async def save_graph(self, target: Path) -> None:
        """All announced nodes and channels, as a dump that a `GraphSource` reads.

        Args:
            target: File to write; useless if this raises.

        Raises:
            BackendError: The node cannot be reached or answers wrongly.
        """

    async def mission_control(self) -> tuple[PairReading, ...]:
        """What the node has learned from payment attempts, by pair.

        Raises:
            BackendError: The node cannot be reached or answers wrongly.
            CapabilityMissing: The backend learns nothing.
        """


class NodeEvents(Protocol):
    """What the node tells to who listens."""

    def listen(self) -> AbstractAsyncContextManager[AsyncIterator[NodeEvent]]:
        """Listen within a block; the first event is LISTENING.

        What happened before it must be fetched. Nothing is repeated after a break.

        Raises:
            BackendError: The node cannot be reached, or the connection broke.
        """


class PolicyWriter(Protocol):
    """Changes what a channel charges; it cannot be made while DRY_RUN is on."""

    async def capabilities(self) -> Capabilities:
        """Which fields a write sets, and which it disturbs.

        Raises:
            BackendError: The node cannot be reached or answers wrongly.
        """

    async def write(self, scid: ShortChannelId, policy: ChannelPolicy) -> WriteOutcome:
        """Set the full policy of a channel, in one attempt, never repeated.

        Args:
            scid: One of the node's open channels.
            policy: All fields; `is_disabled` is not set.

        Returns:
            How it ended. Fields that the backend cannot set and that differ from what holds make it
            Refused before anything is sent.
        """

    async def read_back(self, scid: ShortChannelId) -> ChannelPolicy:
        """The policy of a channel that holds now, from the most direct place the node has.

        Raises:
            ChannelNotFound: The node has no such channel.
            BackendError: The node cannot be reached or answers wrongly.
        """


class CredentialMint(Protocol):
    """Makes, lists and revokes credentials of the node itself."""

    async def mint(self, purpose: str) -> MintedCredential:
        """Make a credential that allows what a purpose needs and no more.

        Args:
            purpose: `reader` or `fees`.

        Raises:
            BackendError: The node cannot be reached, answers wrongly or does not allow it.
        """

    async def credentials(self) -> tuple[NodeCredential, ...]:
        """Credentials that can be revoked, by id; secrets are not among what is told.

        Raises:
            BackendError: The node cannot be reached, answers wrongly or does not allow it.
        """

    async def revoke(self, credential_id: str) -> None:
        """End a credential and all that derive from it.

        Raises:
            InvalidParameter: It cannot be revoked, or there is none of that id.
            BackendError: The node cannot be reached, answers wrongly or does not allow it.
        """
