"""Channels taken together by the peer they lead to, for tools that price peers and not channels."""

from collections.abc import Iterable

from daznode.domain.ids import NodeId
from daznode.domain.node_state import OwnChannel
from daznode.domain.units import Msat, Sat


def by_peer(channels: Iterable[OwnChannel]) -> dict[NodeId, list[OwnChannel]]:
    """Channels of each peer, peers and channels in the order of the argument."""
    found: dict[NodeId, list[OwnChannel]] = {}
    for channel in channels:
        found.setdefault(channel.peer_id, []).append(channel)
    return found


def public_and_active(channels: Iterable[OwnChannel]) -> list[OwnChannel]:
    """Channels that are announced, usable and have a policy of ours."""
    return [
        channel
        for channel in channels
        if channel.is_active and not channel.is_private and channel.local_policy is not None
    ]


def local_msat(channels: Iterable[OwnChannel]) -> Msat:
    """Our balance in some channels."""
    return Msat(sum(channel.local_msat for channel in channels))


def remote_msat(channels: Iterable[OwnChannel]) -> Msat:
    """The peers' balance in some channels."""
    return Msat(sum(channel.remote_msat for channel in channels))


def capacity_sat(channels: Iterable[OwnChannel]) -> Sat:
    """Size of some channels together."""
    return Sat(sum(channel.capacity_sat for channel in channels))
