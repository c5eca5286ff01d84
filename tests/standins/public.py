"""Stand-ins for mempool.space, Amboss and SparkSeer on loopback: recorded shapes, and misdeeds on demand."""

import json
from pathlib import Path
from typing import Any

from tests.standins.server import Asked, Reply, json_reply

RECORDED = Path(__file__).parents[1] / "data" / "public"
ETAG = '"as-it-was"'


def recorded(name: str) -> Any:
    return json.loads((RECORDED / f"{name}.json").read_text())


class PublicStandin:
    """Answers like the service it is named after, or as the test says for a path.

    Attributes:
        replies: Instead of the usual answer, by path; a path stands for all below it.
        node_id: The node that the directories know.
    """

    def __init__(self, node_id: str) -> None:
        self.node_id = node_id
        self.replies: dict[str, Reply] = {}

    async def __call__(self, asked: Asked) -> Reply:
        for path, reply in self.replies.items():
            if asked.path.startswith(path):
                return reply
        return self._usual(asked)

    def _usual(self, asked: Asked) -> Reply:
        match asked.path.rsplit("/", 2)[-2:]:
            case ["fees", "precise"]:
                if asked.headers.get("if-none-match") == ETAG:
                    return Reply(304, headers={"etag": ETAG})
                return json_reply(recorded("mempool_fees_precise"), etag=ETAG)
            case ["fees", "recommended"]:
                return json_reply(recorded("mempool_fees_recommended"))
            case ["statistics", "latest"]:
                said = recorded("mempool_statistics_latest")
                said["latest"]["added"] = "2025-11-20T00:00:00.000Z"
                return json_reply(said)
            case ["nodes", key]:
                if key != self.node_id:
                    return json_reply({"error": "Failed to get node"}, 500)
                return json_reply(recorded("mempool_node") | {"public_key": key})
            case [_, "graphql"]:
                said = recorded("amboss_get_node")
                graph = said["data"]["getNode"]["graph_info"]
                graph["node"]["pub_key"] = asked.json()["variables"]["pubkey"]
                graph["last_update"] = "2025-11-20T05:00:00.000Z"
                return json_reply(said)
            case ["current-stats", key]:
                if asked.headers.get("api-key") != "the key":
                    return Reply(401)
                return json_reply(
                    [{"pubkey": key, "alias": "x", "total_capacity": 7, "num_channels": 1}]
                )
        return Reply(404)
