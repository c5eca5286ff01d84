"""The little of LND's REST interface that LNbits calls: channels, peers, policies, payments."""

import asyncio
import base64
from dataclasses import dataclass, field

from tests.builders import a_node_id
from tests.standins.server import Asked, LoopbackServer, Reply, json_reply

US, PEER, OTHER = a_node_id(1), a_node_id(2), a_node_id(3)
OPEN, QUIET, FORGOTTEN = 929_000_000_000_001, 929_000_000_065_537, 1


def _policy() -> dict[str, object]:
    return {
        "time_lock_delta": 80,
        "min_htlc": "1000",
        "fee_base_msat": "1000",
        "fee_rate_milli_msat": "250",
        "disabled": False,
        "max_htlc_msat": "4950000000",
    }


def _channel(chan_id: int, peer: str, *, active: bool, index: int) -> dict[str, object]:
    return {
        "active": active,
        "remote_pubkey": peer,
        "channel_point": f"{'ab' * 32}:{index}",
        "chan_id": str(chan_id),
        "capacity": "5000000",
        "local_balance": "3000000",
        "remote_balance": "1990000",
        "private": False,
    }


@dataclass
class FakeLnd:
    """State of the node; `serve` puts it on loopback.

    Attributes:
        channels: Open channels by id, as LND writes them.
        policies: What we charge, by channel id.
        changes: Bodies of the policy updates that came in.
        refuses_updates: Answer 200 with a failed update, as LND does.
    """

    channels: dict[str, dict] = field(
        default_factory=lambda: {
            str(OPEN): _channel(OPEN, PEER, active=True, index=0),
            str(QUIET): _channel(QUIET, OTHER, active=False, index=1),
        }
    )
    policies: dict[str, dict] = field(
        default_factory=lambda: {str(OPEN): _policy(), str(QUIET): _policy()}
    )
    peers: list[str] = field(default_factory=lambda: [PEER, OTHER])
    changes: list[dict] = field(default_factory=list)
    opened: list[dict] = field(default_factory=list)
    closed: list[tuple[str, dict]] = field(default_factory=list)
    refuses_updates: bool = False

    def serve(self) -> LoopbackServer:
        return LoopbackServer(self._answer, tls=False)

    async def _answer(self, asked: Asked) -> Reply:
        parts = asked.path.strip("/").split("/")
        match asked.method, parts[1:]:
            case "GET", ["invoices", "subscribe"]:
                return Reply(pieces=_silence())
            case "GET", ["graph", "edge", chan_id]:
                return self._edge(chan_id)
            case "GET", ["graph", "node", key]:
                return json_reply({"node": _announced(key)})
            case "POST", ["chanpolicy"]:
                return self._change(asked.json())
            case "POST", ["peers"]:
                self.peers.append(asked.json()["addr"]["pubkey"])
                return json_reply({})
            case "DELETE", ["peers", key]:
                return self._disconnect(key)
            case "POST", ["channels"]:
                self.opened.append(asked.json())
                txid = base64.b64encode(bytes(range(32))).decode()
                return json_reply({"funding_txid_bytes": txid, "output_index": 1})
            case "DELETE", ["channels", txid, index]:
                self.closed.append((f"{txid}:{index}", asked.query))
                return json_reply({"result": {"close_pending": {}}})
            case "GET", rest:
                return self._read("/".join(rest), asked.query)
        return json_reply({"code": 12, "message": "not implemented", "details": []}, 501)

    def _read(self, path: str, query: dict[str, str]) -> Reply:
        answers = {
            "getinfo": self._info,
            "balance/channels": lambda: {
                "balance": "6000000", "local_balance": {"sat": "6000000", "msat": "6000000000"},
            },
            "balance/blockchain": lambda: {
                "total_balance": "700000", "confirmed_balance": "600000",
            },
            "fees": lambda: {"day_fee_sum": "21", "week_fee_sum": "210", "month_fee_sum": "900"},
            "channels": lambda: {"channels": self._of_peer(query.get("peer"))},
            "channels/pending": _pending,
            "channels/closed": _closed,
            "peers": lambda: {"peers": [{"pub_key": one} for one in self.peers]},
            "payments": _payments,
            "invoices": _invoices,
        }  # fmt: skip
        if path not in answers:
            return json_reply({"code": 5, "message": "Not Found", "details": []}, 404)
        return json_reply(answers[path]())

    def _info(self) -> dict[str, object]:
        return {
            "identity_pubkey": US, "alias": "fake lnd", "color": "#3399ff", "num_peers": 2,
            "block_height": 929_100, "uris": [f"{US}@127.0.0.1:9735"], "version": "0.20.0-beta",
            "synced_to_chain": True, "synced_to_graph": True,
        }  # fmt: skip

    def _of_peer(self, peer: str | None) -> list[dict]:
        if peer is None:
            return list(self.channels.values())
        key = base64.urlsafe_b64decode(peer).hex()
        return [one for one in self.channels.values() if one["remote_pubkey"] == key]

    def _edge(self, chan_id: str) -> Reply:
        if chan_id not in self.channels:
            return json_reply({"code": 5, "message": "edge not found", "details": []}, 404)
        peer = self.channels[chan_id]["remote_pubkey"]
        return json_reply(
            {
                "channel_id": chan_id, "node1_pub": US, "node2_pub": peer,
                "node1_policy": self.policies[chan_id], "node2_policy": _policy(),
            }
        )  # fmt: skip

    def _change(self, body: dict) -> Reply:
        self.changes.append(body)
        point = body["chan_point"]
        name = f"{point['funding_txid_str']}:{point['output_index']}"
        if self.refuses_updates:
            return json_reply(
                {"failed_updates": [{"outpoint": {}, "update_error": "invalid parameter"}]}
            )
        for chan_id, channel in self.channels.items():
            if channel["channel_point"] == name:
                self.policies[chan_id] |= {
                    "fee_base_msat": str(body["base_fee_msat"] or 0),
                    "fee_rate_milli_msat": str(body["fee_rate_ppm"] or 0),
                    "time_lock_delta": body["time_lock_delta"],
                }
        return json_reply({"failed_updates": []})

    def _disconnect(self, key: str) -> Reply:
        if key not in self.peers:
            words = "unable to disconnect peer: peer is not connected"
            return json_reply({"code": 2, "message": words, "details": []}, 500)
        self.peers.remove(key)
        return json_reply({})


async def _silence():
    await asyncio.sleep(3_600)
    yield b""


def _announced(key: str) -> dict[str, object]:
    return {
        "pub_key": key, "alias": f"alias of {key[-4:]}", "color": "#000000",
        "last_update": 1_795_000_000, "addresses": [{"network": "tcp", "addr": "192.0.2.1:9735"}],
    }  # fmt: skip


def _pending() -> dict[str, object]:
    waiting = {
        "channel": {
            "remote_node_pub": PEER, "channel_point": f"{'cd' * 32}:0", "capacity": "1000000",
            "local_balance": "1000000", "remote_balance": "0",
        }
    }  # fmt: skip
    return {
        "pending_open_channels": [waiting],
        "pending_force_closing_channels": [],
        "waiting_close_channels": [],
    }


def _closed() -> dict[str, object]:
    channel = {
        "remote_pubkey": OTHER, "channel_point": f"{'ef' * 32}:1", "chan_id": "900000000000001",
        "capacity": "2000000",
    }  # fmt: skip
    return {"channels": [channel]}


def _payments() -> dict[str, object]:
    hop = {"route": {"hops": [{"pub_key": PEER}]}}
    payment = {
        "payment_hash": "11" * 32, "value_msat": "50000", "fee_msat": "12", "status": "SUCCEEDED",
        "creation_date": "1795000000", "htlcs": [hop], "payment_request": "lnbc500n1fake",
        "payment_preimage": "22" * 32,
    }  # fmt: skip
    flying = payment | {"status": "IN_FLIGHT", "htlcs": [], "creation_date": "1795000100"}
    return {"payments": [payment, flying], "total_num_payments": "2", "last_index_offset": "2"}


def _invoices() -> dict[str, object]:
    invoice = {
        "r_hash": base64.b64encode(b"\x33" * 32).decode(), "value_msat": "21000", "memo": "coffee",
        "state": "SETTLED", "settle_date": "1795000050", "creation_date": "1795000000",
        "expiry": "3600", "r_preimage": base64.b64encode(b"\x44" * 32).decode(),
        "payment_request": "lnbc210n1fake",
    }  # fmt: skip
    waiting = invoice | {"state": "OPEN", "settle_date": "0"}
    return {"invoices": [invoice, waiting], "last_index_offset": "2"}
