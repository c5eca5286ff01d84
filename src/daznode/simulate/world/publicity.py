"""What the network knows of the simulated node, and what the node learns from the network."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import numpy as np

from daznode.domain.errors import InvariantBroken
from daznode.domain.gossip import ChannelColumns, GraphSnapshot
from daznode.domain.ids import NodeId, ShortChannelId
from daznode.domain.node_state import ChannelPolicy
from daznode.domain.units import Msat, Ppm
from daznode.simulate.generated.evolution import evolve_network
from daznode.simulate.generated.topology import joined, sealed
from daznode.simulate.world.player import Peer, announced

_REFRESH_DAYS: Final = 6
_STATED: Final = tuple(ChannelPolicy.__slots__)


def place_of(snapshot: GraphSnapshot, node_id: NodeId) -> int:
    """Index of a node that must be in a snapshot.

    Raises:
        InvariantBroken: It is not.
    """
    place = snapshot.index_of(node_id)
    if place is None:
        message = f"node {node_id}: not in the generated network of {snapshot.origin.observed_at}"
        raise InvariantBroken(message)
    return place


def next_day(
    snapshot: GraphSnapshot,
    node_id: NodeId,
    *,
    opened: Sequence[Peer],
    asked: Mapping[ShortChannelId, ChannelPolicy],
    moment: datetime,
    rng: np.random.Generator,
) -> GraphSnapshot:
    """The network a day later, the node's channels in it as the node announces them.

    Args:
        snapshot: The network of the day before.
        node_id: The node.
        opened: Peers with a usable channel, announced or not.
        asked: What the node asks for each of these channels, disabled where the peer is away.
        moment: A day after the snapshot.
        rng: Source of chance.
    """
    evolved = evolve_network(
        snapshot, rng, observed_at=moment, imported_at=moment, protected=node_id
    )
    own = place_of(evolved, node_id)
    known = set(evolved.channels.scid.tolist())
    fresh = [peer for peer in opened if peer.scid not in known]
    fresh = [peer for peer in fresh if evolved.index_of(peer.node_id) is not None]
    places = [place_of(evolved, peer.node_id) for peer in fresh]
    seconds = int(moment.timestamp())
    last_update = evolved.nodes.last_update.copy()
    last_update[own] = seconds
    channels = joined(evolved.channels, announced(fresh, places, own, seconds))
    return sealed(
        replace(evolved.nodes, last_update=last_update),
        _with_own_policies(channels, own, asked, moment),
        name=evolved.origin.name,
        observed_at=moment,
        imported_at=moment,
    )


def _with_own_policies(
    channels: ChannelColumns,
    own: int,
    asked: Mapping[ShortChannelId, ChannelPolicy],
    moment: datetime,
) -> ChannelColumns:
    """The node's own ends as it announces them: what has changed, and all anew every few days."""
    policies = channels.policies
    stated = {name: getattr(policies, name).copy() for name in _STATED}
    last_update = policies.last_update.copy()
    rows, columns = np.nonzero(np.stack([channels.node1, channels.node2]) == own)
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        scid = ShortChannelId(int(channels.scid[column]))
        now = {name: getattr(asked[scid], name) for name in _STATED}
        has_changed = any(stated[name][row, column] != value for name, value in now.items())
        if has_changed or (moment.toordinal() + scid) % _REFRESH_DAYS == 0:
            last_update[row, column] = int(moment.timestamp())
        for name, value in now.items():
            stated[name][row, column] = value
    return replace(channels, policies=replace(policies, last_update=last_update, **stated))


def remote_policies(
    snapshot: GraphSnapshot, node_id: NodeId
) -> dict[ShortChannelId, ChannelPolicy]:
    """What the peers ask in the node's announced channels, as the snapshot has it."""
    channels, policies = snapshot.channels, snapshot.channels.policies
    own = place_of(snapshot, node_id)
    rows, columns = np.nonzero(np.stack([channels.node1, channels.node2]) == own)
    found = {}
    for row, column in zip((1 - rows).tolist(), columns.tolist(), strict=True):
        found[ShortChannelId(int(channels.scid[column]))] = ChannelPolicy(
            base_fee_msat=Msat(int(policies.base_fee_msat[row, column])),
            fee_ppm=Ppm(int(policies.fee_ppm[row, column])),
            inbound_base_fee_msat=Msat(int(policies.inbound_base_fee_msat[row, column])),
            inbound_fee_ppm=Ppm(int(policies.inbound_fee_ppm[row, column])),
            cltv_delta=int(policies.cltv_delta[row, column]),
            htlc_minimum_msat=Msat(int(policies.htlc_minimum_msat[row, column])),
            htlc_maximum_msat=Msat(int(policies.htlc_maximum_msat[row, column])),
            is_disabled=bool(policies.is_disabled[row, column]),
        )
    return found
