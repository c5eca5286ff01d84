"""The network: advice for a node, the fee market around it, figures of the whole."""

from typing import Annotated, Final, Literal

from fastapi import FastAPI, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from daznode.domain.answers import FeeMarketAnswer, NetworkStatsAnswer, RecommendationsAnswer
from daznode.edges.api.access import BEARER, CallerNow, known_caller
from daznode.edges.api.answers import tagged_response
from daznode.edges.api.documented import answers
from daznode.edges.api.quick_route import QuickRoute, parameters
from daznode.edges.api.routes.scores import KEY_PARAMETER, node_key
from daznode.edges.api.schemas import NODE_KEY
from daznode.wiring.service import Service

TAG: Final = "network"

PubkeyInPath = Annotated[
    str,
    Path(
        description="Key of the node, 66 hex characters.",
        pattern="^[0-9a-fA-F]{66}$",
        examples=[NODE_KEY],
    ),
]


def add_network(app: FastAPI, service: Service) -> None:
    """Add the routes."""

    async def fee_market(request: Request) -> Response:
        """What the network charges towards and from a node.

        Quantiles are weighted by capacity: half of the capacity charges no more than `p50`.
        """
        known_caller(request.scope)
        answer = await service.query.fee_market(node_key(request.path_params["pubkey"]))
        return tagged_response(request, answer)

    async def network_stats(request: Request) -> Response:
        """Nodes, channels, capacity, medians, and what has changed since the day before."""
        known_caller(request.scope)
        return tagged_response(request, await service.query.stats())

    app.router.add_api_route(
        "/api/v1/lightning/network/stats",
        network_stats,
        methods=["GET"],
        tags=[TAG],
        responses=answers(NetworkStatsAnswer, "network_stats", 401, 503),
        openapi_extra=BEARER,
        route_class_override=QuickRoute,
    )
    app.router.add_api_route(
        "/api/v1/lightning/fee-market/{pubkey}",
        fee_market,
        methods=["GET"],
        tags=[TAG],
        responses=answers(FeeMarketAnswer, "fee_market", 401, 404, 422, 503),
        openapi_extra=parameters(KEY_PARAMETER),
        route_class_override=QuickRoute,
    )

    @app.get(
        "/api/v1/lightning/recommendations/{pubkey}",
        tags=[TAG],
        responses=answers(RecommendationsAnswer, "recommendations", 401, 404, 422, 503),
        openapi_extra=BEARER,
    )
    async def recommendations(
        request: Request,
        caller: CallerNow,
        pubkey: PubkeyInPath,
        language: Annotated[
            Literal["en", "fr"] | None,
            Query(description="Of the texts; without it the one of the caller's profile."),
        ] = None,
    ) -> Response:
        """What to change on a node, with the evidence and the expected gain.

        On public data for everybody; on the node's own data for the user who has proven to operate
        it, while that node is connected.
        """
        answer = await service.recommend.run(caller, node_key(pubkey), language)
        return tagged_response(request, answer)
