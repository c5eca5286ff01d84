"""Bodies of requests, checked before a use-case sees them, and the small answers of the door."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from daznode.domain.answers import Pagination
from daznode.domain.audit import AuditEntry

NODE_KEY = "02eec7245d6b7d2ccb30380bfbe2a3648cd7a942653f5aa340edcea1f283686619"
"""For examples: a key that everybody in the field knows."""

NodeKey = Annotated[
    str,
    Field(
        min_length=66,
        max_length=66,
        pattern=r"^[0-9a-fA-F]{66}$",
        description="Key of a node: 66 hex characters, a compressed point of secp256k1.",
        examples=[NODE_KEY],
    ),
]


class Body(BaseModel):
    """What all bodies share: nothing beside what is asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LoginBody(Body):
    """A name and a password."""

    username: str = Field(min_length=1, max_length=128, examples=["alice"])
    password: SecretStr = Field(
        min_length=1, max_length=1_024, examples=["correct horse battery staple"]
    )


class VerifyBody(Body):
    """A signature of a node over the challenge."""

    signature: str = Field(
        min_length=1,
        max_length=256,
        description="zbase32, as `lncli signmessage` and `lightning-cli signmessage` give it.",
    )
    pubkey: NodeKey | None = Field(
        default=None, description="Key of the node; without it the one in the profile."
    )


class NotificationsBody(Body):
    """What the user wants to be told of."""

    daily_report: bool = Field(default=False, description="A message when the report is there.")
    weekly_digest: bool = Field(default=False, description="A message with the week.")
    monthly_digest: bool = Field(default=False, description="A message with the month.")
    min_severity: Literal["info", "warning", "critical"] = Field(
        default="critical", description="Least severity of an alert that is worth a message."
    )


class ProfileBody(Body):
    """The whole profile; what is left out is set back to its default."""

    lightning_pubkey: NodeKey | None = Field(
        default=None, description="Key of the user's node; null for none."
    )
    alias: str | None = Field(
        default=None,
        max_length=64,
        description="Name of the node in the user's reports; null for the announced one.",
        examples=["My node"],
    )
    language: Literal["en", "fr"] = Field(default="en", description="Language of the reports.")
    report_hour: int | None = Field(
        default=None,
        ge=0,
        le=23,
        description="UTC hour of the daily report; null for the service's hour.",
        examples=[6],
    )
    notifications: NotificationsBody = Field(default_factory=NotificationsBody)


class TriggerBody(Body):
    """Whose reports to make now."""

    user_ids: list[Annotated[str, Field(min_length=1, max_length=128)]] | None = Field(
        default=None,
        max_length=10_000,
        description="Users; null for all who have the daily report enabled.",
        examples=[["alice", "bob"]],
    )


class BatchBody(Body):
    """Nodes whose scores are wanted."""

    node_ids: list[NodeKey] = Field(
        min_length=1, max_length=1_000, description="Keys; each is answered once."
    )


BODY_EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "LoginBody": {"username": "alice", "password": "correct horse battery staple"},
    "VerifyBody": {
        "signature": (
            "d9tibmnic9t5y41hg7hkakdcra94akas9ku3rmmj4ag9mritc8ok4p5qzefs78c9"
            "pqfhpuftqqzhydbdwfg7u6w6wdxcqpqn4sj4e73e"
        ),
        "pubkey": NODE_KEY,
    },
    "ProfileBody": {
        "lightning_pubkey": NODE_KEY,
        "alias": "My node",
        "language": "en",
        "report_hour": 6,
        "notifications": {"daily_report": True, "min_severity": "warning"},
    },
    "TriggerBody": {"user_ids": ["alice", "bob"]},
    "BatchBody": {"node_ids": [NODE_KEY]},
}
"""An example of every body, by the name of its schema."""


@dataclass(frozen=True, slots=True)
class LoginAnswer:
    """A bearer token.

    Attributes:
        access_token: The token; a secret, to be sent as `Authorization: Bearer ...`.
        token_type: `bearer`.
        expires_in: Seconds for which it holds.
    """

    access_token: str = field(repr=False)
    token_type: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class Alive:
    """The process answers.

    Attributes:
        status: `alive`.
        version: Of the program.
    """

    status: str
    version: str


@dataclass(frozen=True, slots=True)
class AuditAnswer:
    """A page of the audit trail.

    Attributes:
        status: `success`.
        entries: The newest first.
        pagination: Which page of how many.
    """

    status: str
    entries: tuple[AuditEntry, ...]
    pagination: Pagination
