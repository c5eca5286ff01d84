"""What the OpenAPI document says of every response: its shape, an example, and each refusal."""

import json
from functools import cache
from importlib.resources import files
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from daznode.edges.api.described import model_of
from daznode.edges.api.problems import MEDIA_TYPE, STATUS_TITLES

Responses = dict[int | str, dict[str, Any]]


class InputFault(BaseModel):
    """One fault of the input."""

    model_config = ConfigDict(extra="forbid")

    where: str = Field(description="Place in the request, such as `body.username`.")
    what: str = Field(description="What it takes.")


class ProblemDocument(BaseModel):
    """An error (RFC 9457). `code` and `type` are stable; `title` and `detail` are for people."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="`urn:daznode:problem:` and the code.")
    title: str = Field(description="The same for every error of this kind.")
    status: int = Field(description="HTTP status.", ge=400, le=599)
    detail: str = Field(description="What was wrong here, and what it takes.")
    code: str = Field(description="Stable word for programs; see the list of errors.")
    request_id: str = Field(description="Of this request, as in the header `X-Request-ID`.")
    errors: list[InputFault] | None = Field(
        default=None, description="Each fault of the input; only for 422."
    )


EXAMPLE_PROBLEMS: Final[dict[int, tuple[str, str, str]]] = {
    400: (
        "node-key-missing",
        "No node in the profile",
        "profile: it names no node; put `lightning_pubkey` first",
    ),
    401: ("unauthenticated", "Not authenticated", "token: expired; log in to get one"),
    403: ("role-missing", "Role missing", "only administrators may do that"),
    404: ("report-not-found", "Not found", "report '9f3c...': none is stored under that id"),
    406: (
        "not-acceptable",
        "Not acceptable",
        "expected one of application/json, text/html, application/pdf, text/markdown",
    ),
    409: (
        "node-key-taken",
        "Not possible now",
        "node key 02eec7...: another user's profile holds it",
    ),
    413: ("body-too-large", "Body too large", "body: expected at most 1,000,000 bytes"),
    422: (
        "invalid-input",
        "Invalid input",
        "query.limit: Input should be less than or equal to 100",
    ),
    429: ("rate-limited", "Too many requests", "more than 100 requests in a minute"),
    503: (
        "store-unavailable",
        "Store unavailable",
        "the database cannot be reached just now; ask again in a few seconds",
    ),
}

_RETRY: Final = {
    "Retry-After": {
        "description": "Seconds after which to ask again.",
        "schema": {"type": "integer", "minimum": 1},
    }
}
RECORDED: Final = "recorded"
_RETRIED: Final = frozenset({429, 503})


def problems(*statuses: int) -> Responses:
    """The refusals of a route, each with an example."""
    documented: Responses = {}
    for status in sorted({*statuses, 429}):
        code, title, detail = EXAMPLE_PROBLEMS[status]
        documented[status] = {
            "description": STATUS_TITLES.get(status, (code, title))[1],
            "content": {
                MEDIA_TYPE: {
                    "schema": {"$ref": "#/components/schemas/ProblemDocument"},
                    "example": {
                        "type": f"urn:daznode:problem:{code}",
                        "title": title,
                        "status": status,
                        "detail": detail,
                        "code": code,
                        "request_id": "7f8c1e0f5a2b4c6d8e9fa0b1c2d3e4f5",
                    },
                }
            },
        }
        if status in _RETRIED:
            documented[status]["headers"] = _RETRY
    return documented


def answers(
    answer: type,
    example: str,
    *refusals: int,
    status: int = 200,
    description: str = "The answer.",
) -> Responses:
    """The answer of a route and its refusals.

    Args:
        answer: Dataclass of the answer.
        example: Name of the recorded example.
        refusals: HTTP statuses of its refusals, besides 429.
        status: HTTP status of the answer.
        description: What the answer is.
    """
    return {
        status: {
            "model": model_of(answer),
            "description": description,
            "content": {"application/json": {"example": named(example)}},
        },
        **problems(*refusals),
    }


def named(name: str) -> dict[str, str]:
    """Stands for a recorded example until `show_examples` puts it there.

    FastAPI would leave out every null of it.
    """
    return {RECORDED: name}


def show_examples(document: dict[str, Any]) -> None:
    """Put the recorded examples into an OpenAPI document."""
    for item in document["paths"].values():
        for operation in item.values():
            for said in operation["responses"].values():
                for content in said.get("content", {}).values():
                    if RECORDED in content.get("example", {}):
                        content["example"] = recorded(content["example"][RECORDED])


@cache
def _examples() -> dict[str, Any]:
    text = files("daznode.edges.api").joinpath("examples.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def recorded(name: str) -> Any:  # noqa: ANN401 - JSON
    """An example as a running service gave it, over a generated network."""
    return _examples()[name]
