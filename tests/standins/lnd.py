"""A small LND over real HTTPS, in front of a simulated world: its shapes, its manners and its traps."""

import asyncio
import base64
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256

from tests.standins.server import Asked, Cut, LoopbackServer, Reply, json_reply

from daznode.domain.node_state import Rebalance

MACAROON = "0201036c6e64" + "ab" * 20
READER = "0201036c6e64" + "cd" * 20
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_WRITES = ("/v1/chanpolicy", "/v1/macaroon")
_POLICY_FIELDS = {
    "chan_point",
    "global",
    "base_fee_msat",
    "fee_rate_ppm",
    "fee_rate",
    "time_lock_delta",
    "max_htlc_msat",
    "min_htlc_msat",
    "min_htlc_msat_specified",
}


@cache
def txid_of(scid: int) -> str:
    return sha256(b"funding" + scid.to_bytes(8, "big")).hexdigest()


def channel_point(scid: int) -> str:
    return f"{txid_of(scid)}:{scid & 0xFFFF}"


def micros(moment) -> int:
    delta = moment - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def failed(message: str, code: int = 2, status: int = 500) -> Reply:
    return json_reply({"code": code, "message": message, "details": []}, status)


@dataclass
class LndStandIn:
    """Answers as LND does; `world` is anything with `observation`, `activity`, `begins_at`, `now`.

    Attributes:
        misdeed: Asked first; what it gives is sent instead.
        extra_payments: Further payments as LND lists them, by index, before those of the world.
        pending: Entries of `/v1/channels/pending` beside those that open.
        htlcs: HTLCs in flight by scid, as LND lists them.
        listeners: Queues of those who listen, by path.
    """

    world: object
    version: str = "0.18.3-beta commit=v0.18.3-beta"
    network: str = "mainnet"
    misdeed: object = None
    extra_payments: list = field(default_factory=list)
    pending: dict = field(default_factory=dict)
    htlcs: dict = field(default_factory=dict)
    root_keys: list = field(default_factory=lambda: ["0"])
    backup_skips: set = field(default_factory=set)
    is_policy_lost: bool = False
    listeners: list = field(default_factory=list)
    _server: LoopbackServer | None = None

    def serving(self, **options) -> LoopbackServer:
        self._server = LoopbackServer(self.answer, **options)
        return self._server

    # --- manners ------------------------------------------------------------------------------

    async def answer(self, asked: Asked) -> Reply:
        if self.misdeed is not None and (reply := self.misdeed(asked)) is not None:
            return reply
        macaroon = asked.headers.get("grpc-metadata-macaroon")
        if macaroon is None:
            return failed("expected 1 macaroon, got 0")
        if macaroon not in {MACAROON, READER}:
            return failed("verification failed: signature mismatch after caveat verification")
        if macaroon == READER and asked.path.startswith(_WRITES):
            return failed("permission denied")
        parts = tuple(asked.path.strip("/").split("/"))
        match (asked.method, *parts):
            case ("GET", "v1", "getinfo"):
                return json_reply(self.info())
            case ("GET", "v1", "channels"):
                return json_reply({"channels": [self.channel(one) for one in self.seen.channels]})
            case ("GET", "v1", "channels", "pending"):
                return json_reply(self.pending_channels())
            case ("GET", "v1", "channels", "closed"):
                return json_reply({"channels": self.closed()})
            case ("GET", "v1", "channels", "backup"):
                return json_reply(self.backup())
            case ("POST", "v1", "channels", "backup", "verify"):
                return self.verify(asked.json())
            case ("GET", "v1", "channels", "subscribe"):
                return self.listening("channels")
            case ("GET", "v1", "graph", "subscribe"):
                return self.listening("graph")
            case ("GET", "v2", "router", "htlcevents"):
                return self.listening("htlcs", {"subscribed_event": {}})
            case ("GET", "v1", "graph", "node", key):
                return self.node(key, asked.query)
            case ("GET", "v1", "graph", "edge", chan_id):
                return self.one_edge(int(chan_id))
            case ("GET", "v1", "graph"):
                return json_reply(self.graph())
            case ("GET", "v1", "balance", "blockchain"):
                return json_reply(
                    {
                        "total_balance": "1500000",
                        "confirmed_balance": "1200000",
                        "unconfirmed_balance": "300000",
                        "locked_balance": "0",
                        "reserved_balance_anchor_chan": "100000",
                        "account_balance": {},
                    }
                )
            case ("GET", "v1", "peers"):
                return json_reply({"peers": self.peers()})
            case ("POST", "v1", "switch"):
                return self.switch(asked.json())
            case ("GET", "v1", "payments"):
                return self.listed("payments", self.payments(), asked.query, "max_payments")
            case ("GET", "v1", "invoices"):
                return self.listed("invoices", self.invoices(), asked.query, "num_max_invoices")
            case ("GET", "v2", "router", "mc"):
                return json_reply({"pairs": self.mission()})
            case ("POST", "v1", "chanpolicy"):
                return self.set_policy(asked.json())
            case ("POST", "v1", "macaroon"):
                return self.bake(asked.json())
            case ("GET", "v1", "macaroon", "ids"):
                return json_reply({"root_key_ids": self.root_keys})
            case ("DELETE", "v1", "macaroon", number):
                return self.unbake(number)
            case _:
                return failed("Not Found", 5, 404)

    # --- what there is ------------------------------------------------------------------------

    @property
    def seen(self):
        return self.world.observation()

    @property
    def node_id(self) -> str:
        return self.seen.identity.node_id

    def info(self):
        identity = self.seen.identity
        return {
            "version": self.version,
            "commit_hash": "",
            "identity_pubkey": identity.node_id,
            "alias": identity.alias,
            "num_active_channels": 1,
            "block_height": identity.block_height,
            "best_header_timestamp": str(int(self.world.now.timestamp())),
            "synced_to_chain": identity.is_synced_to_chain,
            "synced_to_graph": identity.is_synced_to_graph,
            "testnet": False,
            "chains": [{"chain": "bitcoin", "network": self.network}],
            "uris": [],
        }

    def channel(self, one):
        return {
            "active": one.is_active,
            "remote_pubkey": one.peer_id,
            "channel_point": channel_point(one.scid),
            "chan_id": str(int(one.scid)),
            "capacity": str(one.capacity_sat),
            "local_balance": str(one.local_msat // 1000),
            "remote_balance": str(one.remote_msat // 1000),
            "commit_fee": "0",
            "private": one.is_private,
            "pending_htlcs": self.htlcs.get(one.scid, []),
            "peer_alias": one.peer_alias or one.peer_id[:20],
            "alias_scids": [],
            "zero_conf": False,
            "zero_conf_confirmed_scid": "0",
            "lifetime": "100",
            "uptime": "100",
            "memo": "",
        }

    def pending_channels(self):
        opening = [
            {"channel": {"remote_node_pub": self.node_id, "channel_point": f"{txid_of(n)}:0"}}
            for n in range(self.seen.pending_channels)
        ]
        return {
            "total_limbo_balance": "0",
            "pending_open_channels": opening,
            "pending_closing_channels": [],
            "pending_force_closing_channels": [],
            "waiting_close_channels": [],
            **self.pending,
        }

    def closed(self):
        return [
            {
                "channel_point": f"{txid_of(77)}:0",
                "chan_id": str(700_000 << 40),
                "remote_pubkey": self.seen.channels[0].peer_id,
                "capacity": "1000000",
                "close_height": 800_000,
                "settled_balance": "400000",
                "close_type": "REMOTE_FORCE_CLOSE",
            }
        ]

    def policy(self, policy):
        if policy is None:
            return None
        shown = {
            "time_lock_delta": policy.cltv_delta,
            "min_htlc": str(policy.htlc_minimum_msat),
            "fee_base_msat": str(policy.base_fee_msat),
            "fee_rate_milli_msat": str(policy.fee_ppm),
            "disabled": policy.is_disabled,
            "max_htlc_msat": str(policy.htlc_maximum_msat),
            "last_update": 1_700_000_000,
            "custom_records": {},
        }
        if self.release >= (0, 18):
            shown["inbound_fee_base_msat"] = policy.inbound_base_fee_msat
            shown["inbound_fee_rate_milli_msat"] = policy.inbound_fee_ppm
        return shown

    @property
    def release(self):
        return tuple(int(part) for part in self.version.split("-")[0].split(".")[:2])

    def edge(self, one):
        sides = {
            self.node_id: self.policy(one.local_policy),
            one.peer_id: self.policy(one.remote_policy),
        }
        first, second = sorted(sides)
        return {
            "channel_id": str(int(one.scid)),
            "chan_point": channel_point(one.scid),
            "last_update": 0,
            "node1_pub": first,
            "node2_pub": second,
            "capacity": str(one.capacity_sat),
            "node1_policy": sides[first],
            "node2_policy": sides[second],
            "custom_records": {},
        }

    def node(self, key, query):
        public = [one for one in self.seen.channels if not one.is_private]
        if key != self.node_id or not public:
            return self.absent("unable to find node")
        edges = [self.edge(one) for one in public] if query.get("include_channels") else []
        return json_reply({"node": {}, "num_channels": len(public), "channels": edges})

    def one_edge(self, chan_id):
        for one in self.seen.channels:
            if one.scid == chan_id:
                return json_reply(self.edge(one))
        return self.absent("edge not found")

    def absent(self, message):
        return failed(message, 5, 404) if self.release >= (0, 20) else failed(message)

    def graph(self):
        nodes = {self.node_id, *(one.peer_id for one in self.seen.channels)}
        return {
            "nodes": [
                {
                    "last_update": 1_700_000_000,
                    "pub_key": key,
                    "alias": "",
                    "addresses": [],
                    "color": "#000000",
                    "features": {},
                }
                for key in sorted(nodes)
            ],
            "edges": [self.edge(one) for one in self.seen.channels if not one.is_private],
        }

    def peers(self):
        return [
            {
                "pub_key": one.peer_id,
                "address": "127.0.0.1:9735",
                "inbound": False,
                "flap_count": 3,
                "last_flap_ns": "1700000000000000000",
            }
            for one in self.seen.channels
            if one.is_active
        ]

    def mission(self):
        first, second = (
            base64.b64encode(bytes.fromhex(one.peer_id)).decode() for one in self.seen.channels[:2]
        )
        past = {
            "fail_time": "1700000500",
            "fail_amt_sat": "9",
            "fail_amt_msat": "9000",
            "success_time": "0",
            "success_amt_sat": "0",
            "success_amt_msat": "0",
        }
        return [{"node_from": first, "node_to": second, "history": past}]

    # --- the past -----------------------------------------------------------------------------

    @property
    def past(self):
        return self.world.activity(self.world.begins_at, self.world.now)

    def forwards(self):
        last_ns = 0
        for event in self.past.forwards:
            last_ns = max(micros(event.at) * 1000, last_ns + 1)
            yield last_ns, event

    def switch(self, body):
        known = {"start_time", "end_time", "index_offset", "num_max_events", "peer_alias_lookup"}
        if self.release >= (0, 20):
            known |= {"incoming_chan_ids", "outgoing_chan_ids"}
        for name in body.keys() - known:
            return failed(f'unknown field "{name}"', 3, 400)
        start, end = int(body.get("start_time", 0)), int(body.get("end_time", 0))
        offset, most = int(body.get("index_offset", 0)), int(body.get("num_max_events", 0)) or 100
        within = [
            (at_ns, event)
            for at_ns, event in self.forwards()
            if start <= at_ns // 10**9 and (not end or at_ns // 10**9 <= end)
        ]
        page = within[offset : offset + most]
        return json_reply(
            {
                "forwarding_events": [
                    {
                        "timestamp": str(at_ns // 10**9),
                        "chan_id_in": str(int(event.scid_in)),
                        "chan_id_out": str(int(event.scid_out)),
                        "amt_in": str(event.amount_in_msat // 1000),
                        "amt_out": str(event.amount_out_msat // 1000),
                        "fee": str(event.fee_msat // 1000),
                        "fee_msat": str(event.fee_msat),
                        "amt_in_msat": str(event.amount_in_msat),
                        "amt_out_msat": str(event.amount_out_msat),
                        "timestamp_ns": str(at_ns),
                        "peer_alias_in": "",
                        "peer_alias_out": "",
                    }
                    for at_ns, event in page
                ],
                "last_offset_index": offset + len(page),
            }
        )

    def payments(self):
        """Circular payments of the world, after those that a test gives."""
        made = list(self.extra_payments)
        return made + [
            self.circular(event, len(made) + place + 1)
            for place, event in enumerate(self.past.rebalances)
        ]

    def circular(self, event: Rebalance, index: int):
        total = event.amount_msat + event.fee_msat
        hops = [
            {
                "chan_id": str(int(event.scid_out)),
                "amt_to_forward_msat": str(total),
                "pub_key": self.seen.channels[0].peer_id,
            },
            {
                "chan_id": str(int(event.scid_in)),
                "amt_to_forward_msat": str(event.amount_msat),
                "pub_key": self.node_id,
            },
        ]
        return {
            "payment_hash": sha256(b"circle%d" % index).hexdigest(),
            "payment_preimage": "ca" * 32,
            "status": "SUCCEEDED",
            "payment_index": str(index),
            "htlcs": [
                {
                    "attempt_id": str(1000 + index),
                    "status": "SUCCEEDED",
                    "attempt_time_ns": str(micros(event.at) * 1000 - 5),
                    "resolve_time_ns": str(micros(event.at) * 1000),
                    "route": {
                        "total_fees_msat": str(event.fee_msat),
                        "total_amt_msat": str(total),
                        "hops": hops,
                    },
                }
            ],
        }

    def invoices(self):
        """The invoices that the circular payments paid."""
        return [
            {
                "r_hash": base64.b64encode(bytes.fromhex(paid["payment_hash"])).decode(),
                "r_preimage": base64.b64encode(b"canary-preimage-canary-preimage!").decode(),
                "state": "SETTLED",
                "add_index": str(place + 1),
                "htlcs": [
                    {
                        "chan_id": part["route"]["hops"][-1]["chan_id"],
                        "amt_msat": part["route"]["hops"][-1]["amt_to_forward_msat"],
                        "resolve_time": str(int(part["resolve_time_ns"]) // 10**9),
                        "state": "SETTLED",
                    }
                    for part in paid["htlcs"]
                ],
            }
            for place, paid in enumerate(self.payments())
            if paid["htlcs"] and paid["htlcs"][0]["route"]["hops"][-1]["pub_key"] == self.node_id
        ]

    def listed(self, name, entries, query, most_name):
        index_of = "payment_index" if name == "payments" else "add_index"
        if name == "payments" and query.get("include_incomplete") != "true":
            entries = [one for one in entries if one["status"] == "SUCCEEDED"]
        offset, most = int(query.get("index_offset", 0)), int(query.get(most_name, 0)) or 100
        page = [one for one in entries if int(one[index_of]) > offset][:most]
        last = page[-1][index_of] if page else "0"
        return json_reply({name: page, "first_index_offset": "0", "last_index_offset": last})

    # --- backup -------------------------------------------------------------------------------

    def backup(self):
        points = [
            {
                "funding_txid_bytes": base64.b64encode(
                    bytes.fromhex(txid_of(one.scid))[::-1]
                ).decode(),
                "output_index": one.scid & 0xFFFF,
            }
            for one in self.seen.channels
            if one.scid not in self.backup_skips
        ]
        packed = base64.b64encode(b"canary-backup").decode()
        return {
            "single_chan_backups": {"chan_backups": []},
            "multi_chan_backup": {"chan_points": points, "multi_chan_backup": packed},
        }

    def verify(self, body):
        if body != {"multi_chan_backup": {"multi_chan_backup": self.backup_text}}:
            return failed("invalid multi channel backup: wrong length")
        return json_reply({"chan_points": []} if self.release >= (0, 19) else {})

    @property
    def backup_text(self):
        return self.backup()["multi_chan_backup"]["multi_chan_backup"]

    # --- changes ------------------------------------------------------------------------------

    def set_policy(self, body):
        known = _POLICY_FIELDS | ({"inbound_fee"} if self.release >= (0, 18) else set())
        for name in body.keys() - known:
            return failed(f'unknown field "{name}"', 3, 400)
        if "chan_point" not in body and not body.get("global"):
            return failed("unknown scope")
        delta = int(body.get("time_lock_delta", 0))
        least = 24 if self.release >= (0, 21) else 18
        if delta < least:
            return failed(f"time lock delta of {delta} is too small, minimum supported is {least}")
        point = body["chan_point"]
        name = f"{point['funding_txid_str']}:{point['output_index']}"
        one = next((c for c in self.seen.channels if channel_point(c.scid) == name), None)
        if one is None:
            return json_reply({"failed_updates": [self.failed_update("NOT_FOUND", "not found")]})
        if int(body.get("max_htlc_msat", 0)) > one.capacity_sat * 1000:
            reason = "max htlc size of X is above max pending amount of Y"
            update = self.failed_update("INVALID_PARAMETER", reason)
            return json_reply({"failed_updates": [update]})
        if not self.is_policy_lost:
            self.world.set_policy(one.scid, self.changed(one.local_policy, body))
        return json_reply({"failed_updates": []})

    @staticmethod
    def failed_update(kind, error):
        outpoint = {"txid_bytes": "", "txid_str": "", "output_index": 0}
        reason = f"UPDATE_FAILURE_{kind}"
        return {"outpoint": outpoint, "reason": reason, "update_error": error}

    @staticmethod
    def changed(policy, body):
        """Omitted base fee and ppm become 0; the rest stays as it was."""
        made = replace(
            policy,
            base_fee_msat=int(body.get("base_fee_msat", 0)),
            fee_ppm=int(body.get("fee_rate_ppm", 0)),
            cltv_delta=int(body["time_lock_delta"]),
        )
        if int(body.get("max_htlc_msat", 0)):
            made = replace(made, htlc_maximum_msat=int(body["max_htlc_msat"]))
        if body.get("min_htlc_msat_specified"):
            made = replace(made, htlc_minimum_msat=int(body.get("min_htlc_msat", 0)))
        if "inbound_fee" in body:
            inbound = body["inbound_fee"]
            made = replace(
                made,
                inbound_base_fee_msat=inbound.get("base_fee_msat", 0),
                inbound_fee_ppm=inbound.get("fee_rate_ppm", 0),
            )
        return made

    def bake(self, body):
        number = str(body.get("root_key_id", "0"))
        if not body.get("permissions"):
            return failed("permission list cannot be empty. specify at least one", 2)
        if number not in self.root_keys:
            self.root_keys.append(number)
        return json_reply({"macaroon": "0201036c6e64" + number.rjust(8, "0").encode().hex()})

    def unbake(self, number):
        if number == "0":
            return failed("the specified ID cannot be deleted")
        is_there = number in self.root_keys
        if is_there:
            self.root_keys.remove(number)
        return json_reply({"deleted": is_there})

    # --- telling ------------------------------------------------------------------------------

    def listening(self, kind, *first):
        queue: asyncio.Queue = asyncio.Queue()
        self.listeners.append((kind, queue))

        async def told():
            for value in first:
                yield json.dumps({"result": value}).encode() + b"\n"
            while True:
                value = await queue.get()
                if isinstance(value, BaseException):
                    raise value
                yield json.dumps({"result": value}).encode() + b"\n"

        return Reply(pieces=told())

    def tell(self, kind, value) -> int:
        """Tell all that listen; how many did. Called from the test's own thread."""
        found = [queue for of, queue in self.listeners if of == kind]
        for queue in found:
            self._server.call(queue.put_nowait, value)
        return len(found)

    def cut(self, kind=None) -> None:
        """Break every stream, or those of a kind, after all that was told in them."""
        cut = [one for one in self.listeners if kind in (None, one[0])]
        self.listeners = [one for one in self.listeners if one not in cut]
        for _, queue in cut:
            self._server.call(queue.put_nowait, Cut())
