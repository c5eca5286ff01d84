"""Credentials that a node makes for us: macaroons and runes, by what they are for."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class NodeCredential:
    """A credential that the node knows.

    Attributes:
        credential_id: What it is revoked by: LND's root key id, CLN's unique id.
        allows: What it allows, for people; empty if the backend does not say.
        is_revoked: Whether it is listed although it no longer works.
    """

    credential_id: str
    allows: str = ""
    is_revoked: bool = False


@dataclass(frozen=True, slots=True)
class MintedCredential:
    """A credential just made.

    Attributes:
        credential_id: What it is revoked by.
        purpose: `reader` or `fees`.
        secret: The macaroon (hex) or rune; never shown.
    """

    credential_id: str
    purpose: str
    secret: str = field(repr=False)
