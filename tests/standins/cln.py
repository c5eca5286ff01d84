"""A small Core Lightning behind clnrest, over real HTTPS, in front of a simulated world."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256

from tests.standins.certificates import signed_by_authority
from tests.standins.lnd import micros, txid_of
from tests.standins.server import Asked, LoopbackServer, Reply, json_reply

from daznode.domain.ids import format_scid, parse_scid

RUNE = "rune-canary-writer=="
READER = "rune-canary-reader=="


def channel_id_of(scid: int) -> str:
    return sha256(b"channel" + scid.to_bytes(8, "big")).hexdigest()


def failed(code: int | None, message: str, status: int = 500) -> Reply:
    return json_reply({"code": code, "message": message, "data": None}, status)


@dataclass
class ClnStandIn:
    """Answers as clnrest does; `world` is anything with `observation`, `activity`, `begins_at`, `now`.

    Attributes:
        misdeed: Asked first; what it gives is sent instead.
        offered: Created indexes of forwards that are still under way.
        decided: Those that were, in the order in which they were decided.
        extra: Further rows of listpeerchannels.
    """

    world: object
    version: str = "v26.06.6"
    network: str = "bitcoin"
    misdeed: Callable[[Asked], Reply | None] | None = None
    offered: set = field(default_factory=set)
    decided: list = field(default_factory=list)
    extra: list = field(default_factory=list)
    htlcs: dict = field(default_factory=dict)
    runes: list = field(default_factory=lambda: [{"unique_id": "0", "rune": "rune-canary-0"}])
    blacklist: list = field(default_factory=list)
    is_policy_lost: bool = False
    _server: LoopbackServer | None = None

    def serving(self, **options) -> LoopbackServer:
        self._server = LoopbackServer(self.answer, papers=signed_by_authority(), **options)
        return self._server

    async def answer(self, asked: Asked) -> Reply:
        if self.misdeed is not None and (reply := self.misdeed(asked)) is not None:
            return reply
        rune = asked.headers.get("rune")
        method = asked.path.removeprefix("/v1/")
        if asked.method != "POST":
            return failed(-32601, "Path invalid, http_method must be POST for CLN methods", 405)
        if rune is None:
            return failed(1501, "Not authorized: Missing rune", 403)
        if rune not in {RUNE, READER}:
            return failed(1501, "Not authorized: Invalid rune", 401)
        if rune == READER and method in {"setchannel", "createrune", "showrunes"}:
            return failed(1502, "Not permitted: method is not equal to getinfo", 401)
        params = {name: value for name, value in asked.json().items() if value is not None}
        command = getattr(self, "do_" + method.replace("-", "_"), None)
        if command is None:
            return failed(-32601, f"Unknown command '{method}'", 404)
        made = command(**params)
        made = await made if asyncio.iscoroutine(made) else made
        return made if isinstance(made, Reply) else json_reply(made, 201)

    # --- what there is ------------------------------------------------------------------------

    @property
    def seen(self):
        return self.world.observation()

    @property
    def node_id(self) -> str:
        return self.seen.identity.node_id

    @property
    def release(self):
        return tuple(int(part) for part in self.version.removeprefix("v").split(".")[:2])

    def do_getinfo(self):
        identity = self.seen.identity
        info = {
            "id": identity.node_id,
            "alias": identity.alias,
            "color": "000000",
            "version": self.version,
            "blockheight": identity.block_height,
            "network": self.network,
        }
        if not identity.is_synced_to_chain:
            info["warning_lightningd_sync"] = "Still loading latest blocks from bitcoind."
        return info

    def side(self, policy):
        return {
            "htlc_minimum_msat": policy.htlc_minimum_msat,
            "htlc_maximum_msat": policy.htlc_maximum_msat,
            "cltv_expiry_delta": policy.cltv_delta,
            "fee_base_msat": policy.base_fee_msat,
            "fee_proportional_millionths": policy.fee_ppm,
        }

    def do_listpeerchannels(self, id=None, short_channel_id=None):
        rows = []
        for one in self.seen.channels:
            if short_channel_id not in {None, format_scid(one.scid)}:
                continue
            updates = {}
            if one.local_policy is not None:
                updates["local"] = self.side(one.local_policy)
                if one.remote_policy is not None:
                    updates["remote"] = self.side(one.remote_policy)
            rows.append(
                {
                    "peer_id": one.peer_id,
                    "peer_connected": one.is_active,
                    "state": "CHANNELD_NORMAL",
                    "short_channel_id": format_scid(one.scid),
                    "channel_id": channel_id_of(one.scid),
                    "funding_txid": txid_of(one.scid),
                    "funding_outnum": one.scid & 0xFFFF,
                    "private": one.is_private,
                    "to_us_msat": one.local_msat,
                    "total_msat": one.capacity_sat * 1000,
                    "updates": updates,
                    "htlcs": self.htlcs.get(one.scid, []),
                    "state_changes": [],
                }
            )
        opening = [
            {"peer_id": self.seen.channels[0].peer_id, "peer_connected": True, "state": state}
            for state in ["CHANNELD_AWAITING_LOCKIN"] * self.seen.pending_channels
        ]
        return {"channels": [*rows, *opening, *self.extra]}

    def do_listchannels(self, source=None, destination=None):
        rows = []
        for one in self.seen.channels:
            for origin, target, policy in (
                (self.node_id, one.peer_id, one.local_policy),
                (one.peer_id, self.node_id, one.remote_policy),
            ):
                if one.is_private or policy is None or source not in {None, origin}:
                    continue
                if destination not in {None, target}:
                    continue
                direction = int(origin > target)
                rows.append(
                    {
                        "source": origin,
                        "destination": target,
                        "short_channel_id": format_scid(one.scid),
                        "direction": direction,
                        "public": True,
                        "amount_msat": one.capacity_sat * 1000,
                        "message_flags": 1,
                        "channel_flags": direction | (2 if policy.is_disabled else 0),
                        "active": not policy.is_disabled,
                        "last_update": 1_700_000_000,
                        "base_fee_millisatoshi": policy.base_fee_msat,
                        "fee_per_millionth": policy.fee_ppm,
                        "delay": policy.cltv_delta,
                        "htlc_minimum_msat": policy.htlc_minimum_msat,
                        "htlc_maximum_msat": policy.htlc_maximum_msat,
                        "features": "",
                    }
                )
        return {"channels": rows}

    def do_listnodes(self, id=None):
        known = {one.peer_id: one.peer_alias for one in self.seen.channels}
        return {
            "nodes": [
                {"nodeid": key} | ({"alias": alias, "last_timestamp": 1} if alias else {})
                for key, alias in sorted(known.items())
                if id in {None, key}
            ]
        }

    def do_listfunds(self):
        def output(sat, status):
            return {"txid": "ab", "output": 0, "amount_msat": sat * 1000, "status": status}

        outputs = [output(1_200_000, "confirmed"), output(300_000, "unconfirmed")]
        return {"outputs": outputs, "channels": []}

    def do_listclosedchannels(self):
        scid = 700_000 << 40
        return {
            "closedchannels": [
                {
                    "peer_id": self.seen.channels[0].peer_id,
                    "channel_id": channel_id_of(scid),
                    "short_channel_id": format_scid(scid),
                    "total_msat": 1_000_000_000,
                    "final_to_us_msat": 400_000_000,
                    "close_cause": "remote",
                    "funding_txid": txid_of(scid),
                    "funding_outnum": 0,
                    "opener": "local",
                    "private": False,
                }
            ]
        }

    def do_getemergencyrecoverdata(self):
        data = {"filedata": b"canary-backup".hex()}
        if self.release >= (26, 6):
            data["backed_up_channel_ids"] = [channel_id_of(one.scid) for one in self.seen.channels]
        return data

    # --- the past -----------------------------------------------------------------------------

    @property
    def past(self):
        return self.world.activity(self.world.begins_at, self.world.now)

    def rows(self):
        """All forwards by creation, with the order in which they were decided."""
        past = self.past
        found = sorted((*past.forwards, *past.failures), key=lambda event: event.at)
        late = list(self.decided)
        updated = 0
        rows = {}
        for index, event in enumerate(found, 1):
            row = self.row(index, event)
            rows[index] = row
            if row["status"] == "local_failed" or index in self.offered or index in late:
                continue
            updated += 1
            row["updated_index"] = updated
        for index in late:
            updated += 1
            rows[index]["updated_index"] = updated
        return list(rows.values())

    def row(self, index, event):
        seconds = micros(event.at) / 1_000_000
        row = {
            "created_index": index,
            "in_channel": format_scid(event.scid_in),
            "in_htlc_id": index,
            "received_time": seconds,
        }
        if index in self.offered:
            return row | {"status": "offered", "in_msat": 1}
        if hasattr(event, "reason"):
            row |= {
                "in_msat": event.amount_out_msat + event.missed_fee_msat,
                "out_msat": event.amount_out_msat,
                "fee_msat": event.missed_fee_msat,
                "status": "local_failed" if event.is_local else "failed",
            }
            if event.scid_out is not None:
                row["out_channel"] = format_scid(event.scid_out)
            if event.is_local:
                row |= {"failcode": 4103, "failreason": "WIRE_TEMPORARY_CHANNEL_FAILURE"}
            else:
                row["resolved_time"] = seconds
            return row
        return row | {
            "in_msat": event.amount_in_msat,
            "out_msat": event.amount_out_msat,
            "out_channel": format_scid(event.scid_out),
            "fee_msat": event.fee_msat,
            "status": "settled",
            "resolved_time": seconds,
        }

    def do_listforwards(self, index=None, start=0, limit=None):
        rows = self.rows()
        if index is None:
            return {"forwards": rows}
        name = f"{index}_index"
        rows = sorted(
            (row for row in rows if row.get(name, 0) >= max(1, start)), key=lambda r: r[name]
        )
        return {"forwards": rows[:limit]}

    async def do_wait(self, subsystem, indexname, nextvalue):
        assert subsystem == "forwards"
        while True:
            newest = max((row.get(f"{indexname}_index", 0) for row in self.rows()), default=0)
            if newest >= nextvalue:
                return {"subsystem": subsystem, indexname: newest, "details": {}}
            await asyncio.sleep(0.01)

    def moves(self):
        for number, event in enumerate(self.past.rebalances, 1):
            seconds = micros(event.at) // 1_000_000
            common = {
                "primary_tag": "invoice",
                "timestamp": seconds,
                "fees_msat": 0,
                "payment_hash": sha256(b"circle%d" % number).hexdigest(),
            }
            total = event.amount_msat + event.fee_msat
            yield common | {
                "account_id": channel_id_of(event.scid_in),
                "credit_msat": event.amount_msat,
                "debit_msat": 0,
            }
            yield common | {
                "account_id": channel_id_of(event.scid_out),
                "credit_msat": 0,
                "debit_msat": total,
                "fees_msat": event.fee_msat,
                "part_id": 0,
                "group_id": 1,
            }
            yield common | {
                "account_id": channel_id_of(event.scid_in),
                "primary_tag": "routed",
                "credit_msat": 5,
                "debit_msat": 0,
            }

    def do_listchannelmoves(self, index="created", start=1, limit=None):
        if self.release < (25, 9):
            return failed(-32601, "Unknown command 'listchannelmoves'", 404)
        rows = [row | {"created_index": n} for n, row in enumerate(self.moves(), 1)]
        return {"channelmoves": [row for row in rows if row["created_index"] >= start][:limit]}

    def do_bkpr_listaccountevents(self):
        events = [
            {
                "account": "wallet",
                "type": "chain",
                "tag": "deposit",
                "credit_msat": 1,
                "debit_msat": 0,
                "currency": "bc",
                "timestamp": 1,
            }
        ]
        events += [
            {
                "account": row["account_id"],
                "type": "channel",
                "tag": row["primary_tag"],
                "credit_msat": row["credit_msat"],
                "debit_msat": row["debit_msat"],
                "currency": "bc",
                "timestamp": row["timestamp"],
                "fees_msat": row["fees_msat"],
                "payment_id": row["payment_hash"],
            }
            for row in self.moves()
        ]
        return {"events": events}

    # --- changes ------------------------------------------------------------------------------

    def do_setchannel(
        self, id, feebase=None, feeppm=None, htlcmin=None, htlcmax=None, enforcedelay=600
    ):
        one = next((c for c in self.seen.channels if format_scid(c.scid) == id), None)
        if one is None:
            return failed(-32602, "id: Could not find any active channels of peer with that id")
        warnings = {}
        policy = one.local_policy
        if htlcmax is not None and htlcmax > one.capacity_sat * 1000:
            htlcmax = one.capacity_sat * 1000
            warnings["warning_htlcmax_too_high"] = "Set maximum_htlc_out_msat to maximum"
        for name, value in (
            ("base_fee_msat", feebase),
            ("fee_ppm", feeppm),
            ("htlc_minimum_msat", htlcmin),
            ("htlc_maximum_msat", htlcmax),
        ):
            if value is not None:
                policy = replace(policy, **{name: value})
        if not self.is_policy_lost:
            self.world.set_policy(parse_scid(id), policy)
        return {
            "channels": [
                {
                    "peer_id": one.peer_id,
                    "channel_id": channel_id_of(one.scid),
                    "short_channel_id": id,
                    "fee_base_msat": policy.base_fee_msat,
                    "fee_proportional_millionths": policy.fee_ppm,
                    "minimum_htlc_out_msat": policy.htlc_minimum_msat,
                    "maximum_htlc_out_msat": policy.htlc_maximum_msat,
                    "ignore_fee_limits": False,
                    **warnings,
                }
            ]
        }

    def do_createrune(self, restrictions, rune=None):
        number = str(len(self.runes))
        self.runes.append(
            {
                "unique_id": number,
                "rune": f"rune-canary-{number}",
                "restrictions": restrictions,
                "restrictions_as_english": f"{len(restrictions)} restrictions",
            }
        )
        return {"rune": f"rune-canary-{number}", "unique_id": number}

    def do_showrunes(self):
        return {
            "runes": [
                {"restrictions_as_english": "", **one}
                | ({"blacklisted": True} if one["unique_id"] in self.blacklist else {})
                for one in self.runes
            ]
        }

    def do_blacklistrune(self, start, end=None):
        if int(start) >= len(self.runes):
            return failed(-32602, "start: no such rune")
        self.blacklist.append(str(start))
        return {"blacklist": [{"start": int(start), "end": int(end or start)}]}
