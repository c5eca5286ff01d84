"""Scores: one node, many nodes, rankings."""

from functools import lru_cache
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl

from fastapi import FastAPI, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from daznode.domain.answers import (
    ChannelScoreAnswer,
    NodeScoreAnswer,
    NodeScoresAnswer,
    RankingsAnswer,
)
from daznode.domain.errors import InvalidParameter
from daznode.domain.ids import NodeId, parse_node_id, parse_scid
from daznode.edges.api.access import BEARER, CallerNow, known_caller
from daznode.edges.api.answers import json_response, tagged_response
from daznode.edges.api.documented import answers
from daznode.edges.api.quick_route import QuickRoute, Serve, parameter, parameters
from daznode.edges.api.schemas import NODE_KEY, BatchBody, NodeKey
from daznode.usecases.query_network import DEFAULT_METRIC, DEFAULT_RANKED
from daznode.usecases.score_node import MOST_RANKED, RANKING_METRICS
from daznode.wiring.service import Service

TAG: Final = "scores"
_LONGEST_NUMBER: Final = 9
_MOST_KEYS: Final = 32_768
"""Twice the nodes of the network; 200 bytes each."""

_MOST_QUERIES: Final = 1_024

KEY_PARAMETER: Final = parameter(
    "path",
    "pubkey",
    "Key of the node, 66 hex characters.",
    NODE_KEY,
    type="string",
    pattern="^[0-9a-fA-F]{66}$",
)


def add_scores(app: FastAPI, service: Service) -> None:
    """Add the routes."""
    query = service.query

    async def node_score(request: Request) -> Response:
        """Overall score, centrality, reliability and performance, each with its evidence.

        Scores are percentiles of the network in the snapshot that the answer names. A measure that
        is not known has no value, a reason, and no weight.
        """
        known_caller(request.scope)
        answer = await query.score(node_key(request.path_params["pubkey"]))
        return tagged_response(request, answer)

    async def rankings(request: Request) -> Response:
        """Nodes by a score or a measure, the best first.

        A page beyond the last one is empty.
        """
        known_caller(request.scope)
        answer = await query.rankings(*ranking_of(request.scope["query_string"]))
        return tagged_response(request, answer)

    _add_quick(
        app,
        "/api/v1/lightning/scores/node/{pubkey}",
        node_score,
        NodeScoreAnswer,
        parameters(KEY_PARAMETER),
    )
    _add_quick(app, "/api/v1/lightning/scores/rankings", rankings, RankingsAnswer, _RANKING)

    @app.get(
        "/api/v1/lightning/scores/channel/{scid}",
        tags=[TAG],
        responses=answers(ChannelScoreAnswer, "channel_score", 401, 404, 422, 503),
        openapi_extra=BEARER,
    )
    async def channel_score(
        request: Request,
        caller: CallerNow,
        scid: Annotated[
            str,
            Path(
                min_length=1,
                max_length=40,
                description="Short channel id: `814x12x1`, `814:12:1` or its 64-bit integer.",
                examples=["814x12x1"],
            ),
        ],
        node: Annotated[
            NodeKey | None,
            Query(
                description="The end from which to see it; without it the node in the caller's "
                "profile if it is one, else the end with the lower key."
            ),
        ] = None,
    ) -> Response:
        """The eight heuristics of a channel, each with its evidence, and their composite.

        On public data: what only the node itself knows has no score and a reason.
        """
        seen_from = None if node is None else node_key(node)
        answer = await query.channel_score(caller, parse_scid(scid), seen_from)
        return tagged_response(request, answer)

    @app.post(
        "/api/v1/lightning/scores/batch",
        tags=[TAG],
        responses=answers(NodeScoresAnswer, "scores_batch", 401, 413, 422, 503),
        openapi_extra=BEARER,
    )
    async def batch_scores(caller: CallerNow, body: BatchBody) -> Response:
        """Scores of up to 1,000 nodes; keys that the snapshot does not have are listed."""
        del caller
        answer = await query.scores([parse_node_id(key) for key in body.node_ids])
        return json_response(answer.body)


@lru_cache(maxsize=_MOST_KEYS)
def node_key(text: str) -> NodeId:
    """A node key of a path: checked once, since whether it is on the curve takes longer than all else.

    Raises:
        InvalidNodeId: It is none.
    """
    return parse_node_id(text)


@lru_cache(maxsize=_MOST_QUERIES)
def ranking_of(query: bytes) -> tuple[str, int, int]:
    """Metric, page and limit of a query; of parameters that are repeated the last one counts.

    Raises:
        InvalidParameter: A number is none.
    """
    asked = dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))
    return (
        asked.get("metric", DEFAULT_METRIC),
        whole(asked.get("page", "1"), "page"),
        whole(asked.get("limit", str(DEFAULT_RANKED)), "limit"),
    )


def whole(text: str, name: str) -> int:
    """A whole number of a query.

    Raises:
        InvalidParameter: It is none.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER):
        message = f"{name} {text[:40]!r}: expected a whole number, not negative"
        raise InvalidParameter(message)
    return int(text)


def _add_quick(
    app: FastAPI, path: str, endpoint: Serve, answer: type, extra: dict[str, Any]
) -> None:
    app.router.add_api_route(
        path,
        endpoint,
        methods=["GET"],
        tags=[TAG],
        responses=answers(answer, endpoint.__name__, 401, 404, 422, 503),
        openapi_extra=extra,
        route_class_override=QuickRoute,
    )


_RANKING: Final = parameters(
    parameter(
        "query",
        "metric",
        "What is ranked; more is better in each.",
        "overall",
        type="string",
        enum=list(RANKING_METRICS),
        default=DEFAULT_METRIC,
    ),
    parameter(
        "query", "page", "From 1.", 1, type="integer", minimum=1, maximum=999_999_999, default=1
    ),
    parameter(
        "query",
        "limit",
        "Nodes a page.",
        50,
        type="integer",
        minimum=1,
        maximum=MOST_RANKED,
        default=DEFAULT_RANKED,
    ),
)
