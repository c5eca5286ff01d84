"""Catching up a node with 1,000,000 forwards from a loopback stand-in in a process of its own.

The limits are 60 s and 500 MB; a second sync must fetch nothing but what is new.
"""

import asyncio
import multiprocessing
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bench.timing import measured, write_results
from tests.builders import a_node_id
from tests.standins.certificates import Papers, self_signed
from tests.standins.server import Asked, LoopbackServer, Reply, json_reply

from daznode.adapters.clock import SystemClock
from daznode.adapters.lightning.connect import NodeAddress, lnd_connection
from daznode.adapters.lightning.lnd.node import LndNode
from daznode.adapters.store.history import SqliteHistory
from daznode.adapters.store.sqlite import SqliteStore
from daznode.usecases.sync_node import Synced, SyncNode

if TYPE_CHECKING:
    from multiprocessing.queues import Queue
    from multiprocessing.synchronize import Event

N_FORWARDS = 1_000_000
BEGINS_AT = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
SECONDS_EACH = 60
CHANNEL = 900_000 << 40

FIXED = {
    "/v1/getinfo": {
        "version": "0.20.1-beta",
        "identity_pubkey": a_node_id(1),
        "alias": "bench",
        "block_height": 924_000,
        "synced_to_chain": True,
        "synced_to_graph": True,
        "chains": [{"chain": "bitcoin", "network": "mainnet"}],
    },
    "/v1/channels": {"channels": []},
    "/v1/channels/pending": {
        "pending_open_channels": [],
        "pending_force_closing_channels": [],
        "waiting_close_channels": [],
    },
    "/v1/balance/blockchain": {"confirmed_balance": "0", "unconfirmed_balance": "0"},
    "/v1/peers": {"peers": []},
    "/v1/payments": {"payments": [], "last_index_offset": "0"},
    "/v1/invoices": {"invoices": [], "last_index_offset": "0"},
}


def event(number: int) -> str:
    at = BEGINS_AT + number * SECONDS_EACH
    came, left = CHANNEL + number % 40, CHANNEL + (number * 7 + 1) % 40
    amount = 100_000_000 + number
    return (
        f'{{"timestamp":"{at}","chan_id_in":"{came}","chan_id_out":"{left}",'
        f'"amt_in":"{amount // 1000}","amt_out":"{amount // 1000}","fee":"26",'
        f'"fee_msat":"26000","amt_in_msat":"{amount + 26_000}","amt_out_msat":"{amount}",'
        f'"timestamp_ns":"{at}000000001","peer_alias_in":"","peer_alias_out":"",'
        f'"incoming_htlc_id":"{number}","outgoing_htlc_id":"{number}"}}'
    )


async def answer(asked: Asked) -> Reply:
    if asked.path in FIXED:
        return json_reply(FIXED[asked.path])
    body = asked.json()
    start = max(0, -(-(int(body["start_time"]) - BEGINS_AT) // SECONDS_EACH))
    first = start + body["index_offset"]
    last = min(N_FORWARDS, first + body["num_max_events"])
    events = ",".join(event(number) for number in range(first, last))
    end = body["index_offset"] + max(0, last - first)
    return Reply(
        body=f'{{"forwarding_events":[{events}],"last_offset_index":{end}}}'.encode(),
        headers={"content-type": "application/json"},
    )


def serve(papers: Papers, port: "Queue[int]", stop: "Event") -> None:
    with LoopbackServer(answer, papers) as server:
        port.put(server.port)
        stop.wait()


async def sync(url: str, papers: Papers, folder: Path) -> Synced:
    clock = SystemClock()
    connection = lnd_connection(NodeAddress(url, ca_file=papers.trust), "00")
    history, store = SqliteHistory(folder), SqliteStore(folder, folder / "assets")
    try:
        return await SyncNode(clock, history, store).run(LndNode(connection, clock), "t")
    finally:
        await connection.client.aclose()
        history.close()
        store.close()


def main(options: list[str]) -> None:
    del options
    papers = self_signed()
    context = multiprocessing.get_context("spawn")
    port, stop = context.Queue(), context.Event()
    server = context.Process(target=serve, args=(papers, port, stop))
    server.start()
    try:
        url = f"https://localhost:{port.get(timeout=30)}"
        with tempfile.TemporaryDirectory(prefix="daznode-bench-") as folder:
            data = Path(folder)
            done, whole = measured(lambda: asyncio.run(sync(url, papers, data)))
            assert done.new_events["forwards"] == N_FORWARDS
            again, second = measured(lambda: asyncio.run(sync(url, papers, data)))
            assert again.new_events["forwards"] == 0
            size_mb = sum(path.stat().st_size for path in data.rglob("*")) / 2**20
    finally:
        stop.set()
        server.join(30)
    whole["database_mb"] = size_mb
    results = {"1,000,000 forwards": whole, "again": second}
    for name, steps in results.items():
        print(name, {key: round(value, 2) for key, value in steps.items()})
    write_results("sync", results)


if __name__ == "__main__":
    main([])
