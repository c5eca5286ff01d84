"""Proofs: who a caller is, and which node is the caller's."""

from typing import Annotated, Final

from fastapi import Body, FastAPI
from starlette.requests import Request
from starlette.responses import Response

from daznode.domain.accounts import NodeChallenge, UserProfile
from daznode.edges.api.access import BEARER, CallerNow, RequestId
from daznode.edges.api.admission import address_of
from daznode.edges.api.answers import json_response
from daznode.edges.api.documented import answers
from daznode.edges.api.schemas import LoginAnswer, LoginBody, VerifyBody
from daznode.wiring.service import Service

TAG: Final = "auth"


def add_auth(app: FastAPI, service: Service) -> None:
    """Add the routes."""

    @app.post(
        "/auth/login",
        tags=[TAG],
        responses=answers(LoginAnswer, "login", 401, 413, 422, 503),
    )
    async def login(request: Request, request_id: RequestId, body: LoginBody) -> Response:
        """A name and a password for a bearer token.

        Wrong names and wrong passwords are told apart neither by words nor by time. Tries are
        limited by name and by address.
        """
        issued = await service.log_in.run(
            body.username,
            body.password.get_secret_value(),
            address=address_of(request.scope, service.settings.trusted_proxies),
            request_id=request_id,
        )
        answer = LoginAnswer(issued.access_token, "bearer", issued.expires_in_seconds)
        return json_response(service.encode(answer))

    @app.post(
        "/auth/node/challenge",
        tags=[TAG],
        responses=answers(NodeChallenge, "challenge", 401, 503),
        openapi_extra=BEARER,
    )
    async def challenge(caller: CallerNow) -> Response:
        """A text to sign with the node: `lncli signmessage`, `lightning-cli signmessage`.

        It holds for some minutes and for one try; asking again replaces it.
        """
        return json_response(service.encode(await service.prove_node.challenge(caller)))

    @app.post(
        "/auth/node/verify",
        tags=[TAG],
        responses=answers(UserProfile, "profile", 400, 401, 409, 413, 422, 503),
        openapi_extra=BEARER,
    )
    async def verify(
        caller: CallerNow, request_id: RequestId, body: Annotated[VerifyBody, Body()]
    ) -> Response:
        """The signature over the challenge proves that the node is the caller's.

        A key belongs to one user; one that somebody else had only claimed goes to who proves it.
        """
        profile = await service.prove_node.verify(
            caller, body.signature, pubkey=body.pubkey, request_id=request_id
        )
        return json_response(service.encode(profile))
