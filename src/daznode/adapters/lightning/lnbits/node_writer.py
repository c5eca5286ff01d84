"""Changing the node behind LNbits: fees, channels, peers. None of it exists while DRY_RUN is on.

LNbits cannot grant fees alone: the token that sets them also opens and closes channels. So each
change is checked here, sent once, and what LNbits keeps to itself is read back.
"""

import re
from typing import Final

from daznode.adapters.http.client import Call, Method
from daznode.adapters.lightning.lnbits import shapes
from daznode.adapters.lightning.lnbits.capabilities import refuse_disturbance
from daznode.adapters.lightning.lnbits.connection import LnbitsConnection
from daznode.adapters.lightning.lnbits.node import LnbitsNode, no_channel
from daznode.adapters.lightning.permit import WritePermit
from daznode.adapters.lightning.trust import Expected
from daznode.domain.capability import Applied, Refused, Unknown, WriteOutcome
from daznode.domain.errors import BackendError, BackendRefused, InvalidAmount, InvalidParameter
from daznode.domain.ids import NodeId, ShortChannelId, parse_node_id
from daznode.domain.managed_node import ManagedChannel, ManagedState
from daznode.domain.units import MAX_SUPPLY_SAT, Msat, Ppm, Sat

NO_SAT: Final = Sat(0)
_LARGEST_U32: Final = 2**32 - 1
_ADDRESS: Final = re.compile(r"[A-Za-z0-9.\-_\[\]:]{1,255}:[0-9]{1,5}")
_BAD_REQUEST, _NOT_FOUND, _NOT_IMPLEMENTED, _UNAVAILABLE = 400, 404, 501, 503
_SLOW_SECONDS: Final = 60.0
"""LNbits waits 30 s for LND."""


class LnbitsNodeWriter:
    """The changing side of the node behind LNbits.

    Args:
        connection: To LNbits, with an access token of the superuser that may write `/node/api/v1`.
        permit: There is none while `DRY_RUN` is on.
        expected: The node that should be behind it.

    Raises:
        DryRun: The permit was not given.
    """

    def __init__(
        self,
        connection: LnbitsConnection,
        permit: WritePermit,
        expected: Expected | None = None,
    ) -> None:
        """Call nothing yet."""
        permit.check()
        self._connection = connection
        self._node = LnbitsNode(connection, expected)

    async def set_fees(
        self,
        scid: ShortChannelId,
        *,
        base_fee_msat: Msat,
        fee_ppm: Ppm,
        known_cltv_delta: int | None,
    ) -> WriteOutcome:
        """Set both fees of an open channel, in one attempt, and read them back.

        Args:
            scid: Which.
            base_fee_msat: Flat fee, msat; always sent, since LNbits makes 0 of what is left out.
            fee_ppm: Proportional fee, millionths; likewise.
            known_cltv_delta: The channel's present `cltv_delta`, read elsewhere; over LND anything
                but 80 is refused, since LNbits would overwrite it.

        Returns:
            How it ended: Applied only if the node, asked again, charges what was set.

        Raises:
            InvalidAmount: A fee out of range; neither LNbits nor LND checks all of them.
            CapabilityMissing: It would disturb `cltv_delta`, or LNbits manages no node.
            ChannelNotFound: The node has no open channel of that id.
            BackendError: It cannot be reached before anything is sent, or refuses the token.
        """
        for name, value in (("base fee, msat", base_fee_msat), ("fee, ppm", fee_ppm)):
            if not 0 <= value <= _LARGEST_U32:
                message = f"{name}: {value}; takes 0 to {_LARGEST_U32}"
                raise InvalidAmount(message)
        node = await self._node.info()
        if node.backend == "lnd":
            refuse_disturbance(known_cltv_delta)
        before = await self._node.channel(scid)
        body = {"fee_ppm": fee_ppm, "fee_base_msat": base_fee_msat}
        call = self._change("PUT", f"/channels/{before.handle}", body)
        try:
            answer = await self._connection.tell_node(call)
        except BackendError as error:
            if not error.may_have_arrived or isinstance(error, BackendRefused):
                return Refused(str(error))
            return await self._read_back(scid, body, str(error))
        if answer.status in {_BAD_REQUEST, _NOT_FOUND}:
            return Refused(f"{answer.where}: does not take it (HTTP {answer.status})")
        outcome = await self._read_back(scid, body, "LNbits says that it is done")
        if isinstance(outcome, Unknown) and await self._is_as(before):
            return Refused("LNbits says that it is done, and the node has kept what was")
        return outcome

    async def open_channel(
        self, peer: NodeId, funding_sat: Sat, *, push_sat: Sat = NO_SAT, feerate_sat_per_vb: int
    ) -> str:
        """Open a channel to a connected peer, in one attempt.

        Args:
            peer: The other side.
            funding_sat: What we put in, sat.
            push_sat: What the peer is given, sat.
            feerate_sat_per_vb: On-chain fee rate.

        Returns:
            The funding outpoint, `txid:vout`.

        Raises:
            InvalidAmount: An amount out of range.
            BackendError: It was refused, or whether it was opened is not known
                (`may_have_arrived`): look at the pending channels before trying again.
        """
        if not 0 < funding_sat <= MAX_SUPPLY_SAT or not 0 <= push_sat < funding_sat:
            message = f"channel of {funding_sat} sat, {push_sat} sat pushed: takes less pushed than put in"
            raise InvalidAmount(message)
        if not 1 <= feerate_sat_per_vb <= 10_000:  # noqa: PLR2004 - said in the message
            message = f"fee rate {feerate_sat_per_vb} sat/vB: takes 1 to 10,000"
            raise InvalidAmount(message)
        await self._node.info()
        body = {
            "peer_id": parse_node_id(peer),
            "funding_amount": funding_sat,
            "push_amount": push_sat,
            "fee_rate": feerate_sat_per_vb,
        }
        answer = await self._connection.tell_node(self._change("POST", "/channels", body))
        point = answer.json(shapes.POINT)
        return f"{point.funding_txid}:{point.output_index}"

    async def close_channel(self, scid: ShortChannelId, *, is_forced: bool = False) -> None:
        """Ask that an open channel be closed; LNbits says nothing of whether it succeeds.

        Args:
            scid: Which.
            is_forced: Without the peer, at the price of waiting for our money.

        Raises:
            ChannelNotFound: The node has no open channel of that id.
            BackendError: It was refused, or whether it arrived is not known.
        """
        await self._node.info()
        channel = await self._open_channel(scid)
        txid, _, index = channel.channel_point.partition(":")
        call = Call(
            path="/node/api/v1/channels",
            method="DELETE",
            query={
                "short_id": str(scid),
                "funding_txid": txid,
                "output_index": index,
                "force": "true" if is_forced else "false",
            },
            headers=self._connection.keys.bearer(),
            accepts=(_NOT_IMPLEMENTED, _UNAVAILABLE),
            timeout_seconds=_SLOW_SECONDS,
        )
        await self._connection.tell_node(call)

    async def connect_peer(self, peer: NodeId, address: str) -> None:
        """Connect to a node.

        Args:
            peer: Its key.
            address: `host:port`.

        Raises:
            InvalidParameter: No such address.
            BackendError: It cannot be reached or refuses.
        """
        if _ADDRESS.fullmatch(address) is None:
            message = f"address {address[:80]!r}: expected host:port"
            raise InvalidParameter(message)
        body = {"uri": f"{parse_node_id(peer)}@{address}"}
        await self._connection.tell_node(self._change("POST", "/peers", body, accepts=()))

    async def disconnect_peer(self, peer: NodeId) -> bool:
        """Disconnect from a node.

        Returns:
            Whether it was connected.

        Raises:
            BackendError: It cannot be reached or refuses.
        """
        path = f"/peers/{parse_node_id(peer)}"
        call = self._change("DELETE", path, None, accepts=(_BAD_REQUEST,))
        answer = await self._connection.tell_node(call)
        return answer.status != _BAD_REQUEST

    async def _open_channel(self, scid: ShortChannelId) -> ManagedChannel:
        is_open = {ManagedState.ACTIVE, ManagedState.INACTIVE}
        for one in await self._node.channels():
            if one.scid == scid and one.state in is_open and one.channel_point:
                return one
        raise no_channel(scid)

    async def _read_back(
        self, scid: ShortChannelId, wanted: dict[str, int], reason: str
    ) -> WriteOutcome:
        """What the channel charges now; LNbits keeps LND's refusals to itself."""
        try:
            now = await self._node.channel(scid)
        except BackendError as error:
            return Unknown(f"{reason}; then: {error}")
        if (now.base_fee_msat, now.fee_ppm) == (wanted["fee_base_msat"], wanted["fee_ppm"]):
            return Applied()
        return Unknown(
            f"{reason}, and the channel charges {now.base_fee_msat} msat and {now.fee_ppm} ppm"
        )

    async def _is_as(self, before: ManagedChannel) -> bool:
        """Whether a channel charges what it did."""
        if before.scid is None:
            return False
        try:
            now = await self._node.channel(before.scid)
        except BackendError:
            return False
        return (now.base_fee_msat, now.fee_ppm) == (before.base_fee_msat, before.fee_ppm)

    def _change(
        self,
        method: Method,
        path: str,
        body: object,
        accepts: tuple[int, ...] = (_BAD_REQUEST, _NOT_FOUND),
    ) -> Call:
        return Call(
            path=f"/node/api/v1{path}",
            method=method,
            headers=self._connection.keys.bearer(),
            body=body,
            accepts=(*accepts, _NOT_IMPLEMENTED, _UNAVAILABLE),
            timeout_seconds=_SLOW_SECONDS,
        )
