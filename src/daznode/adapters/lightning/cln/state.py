"""Core Lightning's present: channels with both policies, wallet, peers, HTLCs in flight, closes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from daznode.adapters.http.answer import JsonShape
from daznode.adapters.http.together import together
from daznode.adapters.lightning.block_time import opened_about
from daznode.adapters.lightning.cln import shapes
from daznode.adapters.lightning.cln.connection import ClnConnection, network_name
from daznode.adapters.lightning.trust import doubting
from daznode.domain.ids import NodeId, ShortChannelId, parse_node_id, parse_scid
from daznode.domain.node_state import ChannelPolicy, NodeIdentity, NodeObservation, OwnChannel
from daznode.domain.provenance import Reality
from daznode.domain.units import MSAT_PER_SAT, BlockHeight, Msat, Ppm, Sat
from daznode.domain.vitals import (
    ClosedChannel,
    CloseKind,
    NodeVitals,
    PeerState,
    PendingClose,
    PendingHtlc,
    Wallet,
)

CHANNELS: Final = JsonShape(shapes.PeerChannels)
DIRECTIONS: Final = JsonShape(shapes.DirectedChannels)
NODES: Final = JsonShape(shapes.Nodes)
FUNDS: Final = JsonShape(shapes.Funds)
CLOSED: Final = JsonShape(shapes.ClosedChannels)

_OPEN: Final = frozenset({"CHANNELD_NORMAL", "CHANNELD_AWAITING_SPLICE"})
_CLOSING: Final = frozenset(
    {
        "CHANNELD_SHUTTING_DOWN",
        "CLOSINGD_SIGEXCHANGE",
        "CLOSINGD_COMPLETE",
        "AWAITING_UNILATERAL",
        "FUNDING_SPEND_SEEN",
        "ONCHAIN",
    }
)
_DISABLED: Final = 2
"""Bit of `channel_flags` (BOLT 7, `channel_update`)."""

_NO_FEE: Final = 0


def identity_of(info: shapes.Info) -> NodeIdentity:
    """Who the node is; it says when it does not follow the chain, and nothing of gossip."""
    is_synced = info.warning_bitcoind_sync is None and info.warning_lightningd_sync is None
    return NodeIdentity(
        node_id=parse_node_id(info.id),
        alias=info.alias,
        backend="cln",
        network=network_name(info.network),
        block_height=BlockHeight(info.blockheight),
        is_synced_to_chain=is_synced,
        is_synced_to_graph=is_synced,
        reality=Reality.REAL,
        version=info.version,
    )


def policy_of(policy: shapes.SidePolicy, *, is_disabled: bool) -> ChannelPolicy:
    """One side's policy in our words; Core Lightning has no inbound fees."""
    return ChannelPolicy(
        base_fee_msat=Msat(policy.fee_base_msat),
        fee_ppm=Ppm(policy.fee_proportional_millionths),
        inbound_base_fee_msat=Msat(_NO_FEE),
        inbound_fee_ppm=Ppm(_NO_FEE),
        cltv_delta=policy.cltv_expiry_delta,
        htlc_minimum_msat=Msat(policy.htlc_minimum_msat),
        htlc_maximum_msat=Msat(policy.htlc_maximum_msat),
        is_disabled=is_disabled,
    )


class ClnState:
    """Reads the present of one Core Lightning."""

    def __init__(self, connection: ClnConnection) -> None:
        """Read nothing yet."""
        self._connection = connection
        self._aliases: dict[str, str] = {}

    async def observation(self, now: datetime) -> tuple[NodeObservation, shapes.PeerChannels]:
        """The channels as they are now, and the answer they were made of."""
        ask = self._connection
        info = await ask.info()
        async with together() as group:
            channels = group.create_task(ask.ask("listpeerchannels", CHANNELS))
            ours = group.create_task(ask.ask("listchannels", DIRECTIONS, {"source": info.id}))
            theirs = group.create_task(
                ask.ask("listchannels", DIRECTIONS, {"destination": info.id})
            )
        found = channels.result()
        open_ones = [one for one in found.channels if _is_open(one)]
        await self._learn_aliases({one.peer_id for one in open_ones})
        with doubting(ask.where):
            own = [
                self._own_channel(
                    channel, _flags(ours.result()), _flags(theirs.result()), info, now
                )
                for channel in open_ones
            ]
            observation = NodeObservation(
                identity=identity_of(info),
                observed_at=now,
                channels=tuple(sorted(own, key=lambda channel: channel.scid)),
                pending_channels=len(found.channels) - len(open_ones),
            )
        return observation, found

    async def examination(self, now: datetime) -> tuple[NodeObservation, NodeVitals]:
        """The channels, and what is around them."""
        async with together() as group:
            seen = group.create_task(self.observation(now))
            funds = group.create_task(self._connection.ask("listfunds", FUNDS))
        observation, channels = seen.result()
        with doubting(self._connection.where):
            vitals = NodeVitals(
                observed_at=now,
                block_height=observation.identity.block_height,
                wallet=_wallet(funds.result()),
                peers=_peers(channels.channels),
                htlcs=_htlcs(channels.channels),
                closing=tuple(
                    sorted(
                        (_closing(one) for one in channels.channels if one.state in _CLOSING),
                        key=lambda one: one.channel_point,
                    )
                ),
                open_points={
                    scid_of(one): _point(one.funding_txid, one.funding_outnum)
                    for one in channels.channels
                    if _is_open(one)
                },
            )
        return observation, vitals

    async def closed(self) -> tuple[ClosedChannel, ...]:
        """Channels that are closed; Core Lightning lists them a hundred blocks after."""
        answer = await self._connection.ask("listclosedchannels", CLOSED)
        with doubting(self._connection.where):
            closed = [_closed(one) for one in answer.closedchannels]
        return tuple(sorted(closed, key=lambda one: one.channel_point))

    async def accounts(self) -> Mapping[str, ShortChannelId]:
        """Short channel ids by the 32-byte channel id under which the books are kept."""
        ask = self._connection
        async with together() as group:
            channels = group.create_task(ask.ask("listpeerchannels", CHANNELS))
            closed = group.create_task(ask.ask("listclosedchannels", CLOSED))
        names = [(o.channel_id, o.short_channel_id) for o in closed.result().closedchannels]
        names += [(o.channel_id, o.name) for o in channels.result().channels]
        with doubting(ask.where):
            return {account: parse_scid(scid) for account, scid in names if account and scid}

    async def _learn_aliases(self, peers: set[str]) -> None:
        """Ask for the names of peers not asked for before."""
        new = sorted(peers - self._aliases.keys())
        async with together() as group:
            tasks = [
                group.create_task(self._connection.ask("listnodes", NODES, {"id": key}))
                for key in new
            ]
        for key, task in zip(new, tasks, strict=True):
            nodes = task.result().nodes
            self._aliases[key] = nodes[0].alias if nodes else ""

    def _own_channel(
        self,
        channel: shapes.PeerChannel,
        ours: Mapping[str, bool],
        theirs: Mapping[str, bool],
        info: shapes.Info,
        now: datetime,
    ) -> OwnChannel:
        name, updates = channel.name or "", channel.updates
        is_offline = not channel.peer_connected
        remote = updates.remote if updates is not None else None
        scid = scid_of(channel)
        return OwnChannel(
            scid=scid,
            peer_id=parse_node_id(channel.peer_id),
            peer_alias=self._aliases[channel.peer_id],
            capacity_sat=Sat(channel.total_msat // MSAT_PER_SAT),
            local_msat=Msat(channel.to_us_msat),
            remote_msat=Msat(channel.total_msat - channel.to_us_msat),
            is_active=channel.peer_connected,
            is_private=channel.private,
            local_policy=None
            if updates is None
            else policy_of(updates.local, is_disabled=ours.get(name, is_offline)),
            remote_policy=None
            if remote is None
            else policy_of(remote, is_disabled=theirs.get(name, is_offline)),
            opened_at=opened_about(scid, info.blockheight, now),
        )


def scid_of(channel: shapes.PeerChannel) -> ShortChannelId:
    """The id of an open channel."""
    return parse_scid(channel.name or "")


def _is_open(channel: shapes.PeerChannel) -> bool:
    return channel.state in _OPEN and channel.name is not None


def _flags(answer: shapes.DirectedChannels) -> dict[str, bool]:
    """Whether each channel is announced as disabled, in one direction."""
    return {one.short_channel_id: bool(one.channel_flags & _DISABLED) for one in answer.channels}


def _point(txid: str, output: int) -> str:
    return f"{txid}:{output}"


def _wallet(funds: shapes.Funds) -> Wallet:
    def total_sat(status: str) -> Sat:
        total_msat = sum(one.amount_msat for one in funds.outputs if one.status == status)
        return Sat(total_msat // MSAT_PER_SAT)

    return Wallet(total_sat("confirmed"), total_sat("unconfirmed"), anchor_reserve_sat=None)


def _peers(channels: list[shapes.PeerChannel]) -> tuple[PeerState, ...]:
    online: dict[NodeId, bool] = {}
    for channel in channels:
        key = parse_node_id(channel.peer_id)
        online[key] = online.get(key, False) or channel.peer_connected
    return tuple(PeerState(key, is_online=online[key]) for key in sorted(online))


def _htlcs(channels: list[shapes.PeerChannel]) -> tuple[PendingHtlc, ...]:
    found = [
        PendingHtlc(
            scid=scid_of(channel),
            amount_msat=Msat(htlc.amount_msat),
            expiry_height=BlockHeight(htlc.expiry),
            is_incoming=htlc.direction == "in",
        )
        for channel in channels
        if channel.name is not None
        for htlc in channel.htlcs
    ]
    return tuple(sorted(found, key=lambda htlc: (htlc.expiry_height, htlc.scid)))


def _closing(channel: shapes.PeerChannel) -> PendingClose:
    return PendingClose(
        peer_id=parse_node_id(channel.peer_id),
        channel_point=_point(channel.funding_txid, channel.funding_outnum),
        kind=_close_kind(channel),
        limbo_sat=Sat(channel.to_us_msat // MSAT_PER_SAT),
        blocks_left=None,
    )


def _close_kind(channel: shapes.PeerChannel) -> CloseKind:
    """How a channel closes, by the states it went through."""
    states = {channel.state, *(change.new_state for change in channel.state_changes)}
    if "AWAITING_UNILATERAL" in states:
        return CloseKind.LOCAL_FORCE
    if states & {"CLOSINGD_COMPLETE", "CLOSINGD_SIGEXCHANGE", "CHANNELD_SHUTTING_DOWN"}:
        return CloseKind.COOPERATIVE
    return CloseKind.REMOTE_FORCE


def _closed(channel: shapes.ClosedChannel) -> ClosedChannel:
    return ClosedChannel(
        scid=parse_scid(channel.short_channel_id) if channel.short_channel_id else None,
        peer_id=parse_node_id(channel.peer_id) if channel.peer_id else None,
        channel_point=_point(channel.funding_txid, channel.funding_outnum),
        capacity_sat=Sat(channel.total_msat // MSAT_PER_SAT),
        kind=CloseKind.UNKNOWN,  # `close_cause` says who wanted it, not how it went
        settled_msat=Msat(channel.final_to_us_msat),
        closed_height=None,
    )
