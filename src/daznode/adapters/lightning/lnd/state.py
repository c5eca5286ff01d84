"""LND's present: channels with both policies, wallet, peers, HTLCs in flight, closes."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

from daznode.adapters.http.answer import JsonShape
from daznode.adapters.http.client import Call
from daznode.adapters.http.together import together
from daznode.adapters.lightning.amounts import scid_from
from daznode.adapters.lightning.block_time import moment_of_ns, opened_about
from daznode.adapters.lightning.lnd import shapes
from daznode.adapters.lightning.lnd.connection import NOT_FOUND, LndConnection
from daznode.adapters.lightning.trust import doubting
from daznode.domain.ids import NodeId, ShortChannelId, parse_node_id
from daznode.domain.node_state import ChannelPolicy, NodeIdentity, NodeObservation, OwnChannel
from daznode.domain.provenance import Reality
from daznode.domain.units import BlockHeight, Msat, Ppm, Sat, msat_of
from daznode.domain.vitals import (
    ClosedChannel,
    CloseKind,
    NodeVitals,
    PeerState,
    PendingClose,
    PendingHtlc,
    Wallet,
)

CHANNELS: Final = JsonShape(shapes.Channels, is_lax=True)
PENDING: Final = JsonShape(shapes.Pending, is_lax=True)
CLOSED: Final = JsonShape(shapes.ClosedChannels, is_lax=True)
NODE: Final = JsonShape(shapes.NodeInfo, is_lax=True)
EDGE: Final = JsonShape(shapes.Edge, is_lax=True)
WALLET: Final = JsonShape(shapes.WalletBalance, is_lax=True)
PEERS: Final = JsonShape(shapes.Peers, is_lax=True)

_SERVER_ERROR: Final = 500
"""What LND before 0.20 answers where nothing is found."""

_ABSENCE: Final = (NOT_FOUND, _SERVER_ERROR)

_CLOSE_KINDS: Final = {
    "COOPERATIVE_CLOSE": CloseKind.COOPERATIVE,
    "LOCAL_FORCE_CLOSE": CloseKind.LOCAL_FORCE,
    "REMOTE_FORCE_CLOSE": CloseKind.REMOTE_FORCE,
    "BREACH_CLOSE": CloseKind.BREACH,
    "FUNDING_CANCELED": CloseKind.ABANDONED,
    "ABANDONED": CloseKind.ABANDONED,
}


def identity_of(info: shapes.Info) -> NodeIdentity:
    """Who the node is."""
    return NodeIdentity(
        node_id=parse_node_id(info.identity_pubkey),
        alias=info.alias,
        backend="lnd",
        network=info.network_name,
        block_height=BlockHeight(info.block_height),
        is_synced_to_chain=info.synced_to_chain,
        is_synced_to_graph=info.synced_to_graph,
        reality=Reality.REAL,
        version=info.version,
    )


def policy_of(policy: shapes.RoutingPolicy) -> ChannelPolicy:
    """One side's policy in our words."""
    return ChannelPolicy(
        base_fee_msat=Msat(policy.fee_base_msat),
        fee_ppm=Ppm(policy.fee_rate_milli_msat),
        inbound_base_fee_msat=Msat(policy.inbound_fee_base_msat),
        inbound_fee_ppm=Ppm(policy.inbound_fee_rate_milli_msat),
        cltv_delta=policy.time_lock_delta,
        htlc_minimum_msat=Msat(policy.min_htlc),
        htlc_maximum_msat=Msat(policy.max_htlc_msat),
        is_disabled=policy.disabled,
    )


def sides_of(
    edge: shapes.Edge, node_id: NodeId
) -> tuple[shapes.RoutingPolicy | None, shapes.RoutingPolicy | None]:
    """The node's own policy of a channel, and its peer's."""
    if edge.node1_pub == node_id:
        return edge.node1_policy, edge.node2_policy
    return edge.node2_policy, edge.node1_policy


def scid_of(channel: shapes.Channel) -> ShortChannelId:
    """A channel's id: the confirmed one, where a channel that began without confirmation has it."""
    if channel.zero_conf and channel.zero_conf_confirmed_scid:
        return scid_from(channel.zero_conf_confirmed_scid)
    return scid_from(channel.chan_id)


async def names_of(connection: LndConnection) -> Mapping[int, ShortChannelId]:
    """What `true_ids` gave when the channels were last looked at; looks at them if they never were."""
    if connection.names is None:
        channels = await connection.get("/v1/channels", CHANNELS)
        with doubting(connection.where):
            connection.names = true_ids(channels.channels)
    return connection.names


def true_ids(channels: Iterable[shapes.Channel]) -> dict[int, ShortChannelId]:
    """Every id under which the channels may be named, to the one by which we know them."""
    known: dict[int, ShortChannelId] = {}
    for channel in channels:
        scid = scid_of(channel)
        for name in (channel.chan_id, *channel.alias_scids, int(scid)):
            known[name] = scid
    return known


async def read_edge(connection: LndConnection, chan_id: int) -> shapes.Edge | None:
    """A channel as the node's graph has it; None if it has none (it is not announced yet)."""
    call = Call(path=f"/v1/graph/edge/{chan_id}", accepts=_ABSENCE)
    answer = await connection.client.read(call)
    if answer.status in _ABSENCE:
        connection.check_absence(answer)
        return None
    return answer.json(EDGE)


class LndState:
    """Reads the present of one LND."""

    def __init__(self, connection: LndConnection) -> None:
        """Read nothing yet."""
        self._connection = connection

    async def observation(
        self, now: datetime
    ) -> tuple[NodeObservation, shapes.Channels, shapes.Pending]:
        """The channels as they are now, and the answers they were made of."""
        ask = self._connection
        info = await ask.info()
        async with together() as group:
            open_ones = group.create_task(
                ask.get("/v1/channels", CHANNELS, {"peer_alias_lookup": "true"})
            )
            others = group.create_task(ask.get("/v1/channels/pending", PENDING))
        channels, pending = open_ones.result(), others.result()
        with doubting(ask.where):
            ask.names = true_ids(channels.channels)
        edges = await self._edges(NodeId(info.identity_pubkey), channels.channels)
        with doubting(ask.where):
            seen_at = info.best_header_timestamp
            tip_at = datetime.fromtimestamp(seen_at, UTC) if seen_at else now
            own = [
                _own_channel(channel, edges.get(channel.chan_id), info, tip_at)
                for channel in channels.channels
            ]
            observation = NodeObservation(
                identity=identity_of(info),
                observed_at=now,
                channels=tuple(sorted(own, key=lambda channel: channel.scid)),
                pending_channels=_n_pending(pending),
            )
        return observation, channels, pending

    async def examination(self, now: datetime) -> tuple[NodeObservation, NodeVitals]:
        """The channels, and what is around them."""
        async with together() as group:
            seen = group.create_task(self.observation(now))
            wallet = group.create_task(self._connection.get("/v1/balance/blockchain", WALLET))
            peers = group.create_task(self._connection.get("/v1/peers", PEERS))
        observation, channels, pending = seen.result()
        with doubting(self._connection.where):
            vitals = NodeVitals(
                observed_at=now,
                block_height=observation.identity.block_height,
                wallet=_wallet(wallet.result()),
                peers=_peers(peers.result().peers, channels.channels),
                htlcs=_htlcs(channels.channels),
                closing=_closing(pending),
                open_points={scid_of(one): one.channel_point for one in channels.channels},
            )
        return observation, vitals

    async def closed(self) -> tuple[ClosedChannel, ...]:
        """Channels that are closed."""
        answer = await self._connection.get("/v1/channels/closed", CLOSED)
        with doubting(self._connection.where):
            closed = [_closed(one) for one in answer.channels]
        return tuple(sorted(closed, key=lambda one: one.channel_point))

    async def _edges(
        self, node_id: NodeId, channels: list[shapes.Channel]
    ) -> Mapping[int, shapes.Edge]:
        """Both policies of each channel: announced ones in one answer, the others one by one."""
        edges: dict[int, shapes.Edge] = {}
        if any(not channel.private for channel in channels):
            call = Call(
                path=f"/v1/graph/node/{node_id}",
                query={"include_channels": "true"},
                accepts=_ABSENCE,
            )
            answer = await self._connection.client.read(call)
            if answer.status in _ABSENCE:
                self._connection.check_absence(answer)
            else:
                edges = {edge.channel_id: edge for edge in answer.json(NODE).channels}
        missing = [one.chan_id for one in channels if one.chan_id not in edges]
        async with together() as group:
            found = [group.create_task(read_edge(self._connection, one)) for one in missing]
        for chan_id, task in zip(missing, found, strict=True):
            if (edge := task.result()) is not None:
                edges[chan_id] = edge
        return edges


def _own_channel(
    channel: shapes.Channel, edge: shapes.Edge | None, info: shapes.Info, tip_at: datetime
) -> OwnChannel:
    local, remote = (None, None) if edge is None else sides_of(edge, NodeId(info.identity_pubkey))
    scid = scid_of(channel)
    return OwnChannel(
        scid=scid,
        peer_id=parse_node_id(channel.remote_pubkey),
        peer_alias=_alias(channel.peer_alias, channel.remote_pubkey),
        capacity_sat=Sat(channel.capacity),
        local_msat=msat_of(Sat(channel.local_balance)),
        remote_msat=msat_of(Sat(channel.remote_balance)),
        is_active=channel.active,
        is_private=channel.private,
        local_policy=None if local is None else policy_of(local),
        remote_policy=None if remote is None else policy_of(remote),
        opened_at=opened_about(scid, info.block_height, tip_at),
    )


def _alias(alias: str, key: str) -> str:
    """The peer's own name; LND puts the start of its key, or a reason, where there is none."""
    is_made_up = key.startswith(alias) or alias.startswith("unable to lookup")
    return "" if is_made_up else alias


def _n_pending(pending: shapes.Pending) -> int:
    return (
        len(pending.pending_open_channels)
        + len(pending.waiting_close_channels)
        + len(pending.pending_force_closing_channels)
    )


def _wallet(balance: shapes.WalletBalance) -> Wallet:
    reserve = balance.reserved_balance_anchor_chan
    return Wallet(
        confirmed_sat=Sat(balance.confirmed_balance),
        unconfirmed_sat=Sat(balance.unconfirmed_balance),
        anchor_reserve_sat=None if reserve is None else Sat(reserve),
    )


def _peers(peers: list[shapes.Peer], channels: list[shapes.Channel]) -> tuple[PeerState, ...]:
    states = {
        peer.pub_key: PeerState(
            peer_id=parse_node_id(peer.pub_key),
            is_online=True,
            flaps=peer.flap_count,
            last_flap_at=moment_of_ns(peer.last_flap_ns) if peer.last_flap_ns > 0 else None,
        )
        for peer in peers
    }
    for channel in channels:
        if channel.remote_pubkey not in states:
            key = parse_node_id(channel.remote_pubkey)
            states[channel.remote_pubkey] = PeerState(key, is_online=False)
    return tuple(states[key] for key in sorted(states))


def _htlcs(channels: list[shapes.Channel]) -> tuple[PendingHtlc, ...]:
    found = [
        PendingHtlc(
            scid=scid_of(channel),
            amount_msat=msat_of(Sat(htlc.amount)),
            expiry_height=BlockHeight(htlc.expiration_height),
            is_incoming=htlc.incoming,
        )
        for channel in channels
        for htlc in channel.pending_htlcs
    ]
    return tuple(sorted(found, key=lambda htlc: (htlc.expiry_height, htlc.scid)))


def _closing(pending: shapes.Pending) -> tuple[PendingClose, ...]:
    forced = [
        PendingClose(
            peer_id=parse_node_id(one.channel.remote_node_pub),
            channel_point=one.channel.channel_point,
            kind=CloseKind.FORCE,
            limbo_sat=Sat(one.limbo_balance),
            blocks_left=max(0, one.blocks_til_maturity),
        )
        for one in pending.pending_force_closing_channels
    ]
    waiting = [
        PendingClose(
            peer_id=parse_node_id(one.channel.remote_node_pub),
            channel_point=one.channel.channel_point,
            kind=CloseKind.UNKNOWN,
            limbo_sat=Sat(one.limbo_balance),
            blocks_left=None,
        )
        for one in pending.waiting_close_channels
    ]
    return tuple(sorted((*forced, *waiting), key=lambda one: one.channel_point))


def _closed(channel: shapes.Closed) -> ClosedChannel:
    return ClosedChannel(
        scid=scid_from(channel.chan_id) if channel.chan_id else None,
        peer_id=parse_node_id(channel.remote_pubkey),
        channel_point=channel.channel_point,
        capacity_sat=Sat(channel.capacity),
        kind=_CLOSE_KINDS.get(channel.close_type, CloseKind.UNKNOWN),
        settled_msat=msat_of(Sat(channel.settled_balance)),
        closed_height=BlockHeight(channel.close_height) if channel.close_height else None,
    )
