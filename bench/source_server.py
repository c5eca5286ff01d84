"""Public services as a batch meets them: mempool.space and Amboss on loopback, as late as on the internet.

`python -m bench.source_server` prints its port and serves until it is ended. Answers come after a
log-normal delay (median 80 ms, one in a hundred beyond 300 ms).
"""

import asyncio
import json
import sys

import numpy as np

MEDIAN_SECONDS = 0.08
SPREAD = 0.6
FEES = {"fastestFee": 2.0, "halfHourFee": 1.1, "hourFee": 0.5, "economyFee": 0.2, "minimumFee": 0.1}


def answer(path: str, body: bytes, today: str) -> dict:
    """What the services say."""
    if path.endswith("/graphql"):
        key = json.loads(body)["variables"]["pubkey"]
        metrics = {"capacity": "142650000", "capacity_rank": 1201, "channels": 28}
        graph = {"last_update": today, "node": {"pub_key": key, "alias": "n"}, "metrics": metrics}
        return {"data": {"getNode": {"graph_info": graph, "amboss": None}}}
    if "/nodes/" in path:
        key = path.rsplit("/", 1)[1]
        return {"public_key": key, "active_channel_count": 28, "capacity": "142650000"}
    if path.endswith("/statistics/latest"):
        latest = {"added": today, "channel_count": 40_000, "total_capacity": 441_963_000_000}
        return {"latest": latest}
    return FEES


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, today: str) -> None:
    """Answer the requests of one connection."""
    rng = np.random.default_rng()
    while line := await reader.readline():
        path = line.split()[1].decode()
        length = 0
        while (header := await reader.readline()) not in (b"\r\n", b""):
            if header.lower().startswith(b"content-length:"):
                length = int(header.split(b":")[1])
        body = await reader.readexactly(length)
        await asyncio.sleep(MEDIAN_SECONDS * float(np.exp(SPREAD * rng.normal())))
        content = json.dumps(answer(path, body, today)).encode()
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
            % (len(content), content)
        )
        await writer.drain()
    writer.close()


async def main(today: str) -> None:
    """Serve for ever."""
    server = await asyncio.start_server(lambda r, w: serve(r, w, today), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
