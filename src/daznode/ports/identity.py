"""Passwords, Tokens and NodeSignatures: how somebody proves who they are."""

from typing import Protocol

from daznode.domain.accounts import Account, Caller
from daznode.domain.ids import NodeId


class Passwords(Protocol):
    """Hashes passwords (Argon2id)."""

    async def hash(self, password: str) -> str:
        """A fresh salted hash in the PHC string format."""

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Whether a password fits a hash; without a hash it takes as long and is False."""


class Tokens(Protocol):
    """Bearer tokens."""

    def issue(self, account: Account) -> tuple[str, int]:
        """A signed token for an account, and for how many seconds it holds."""

    def verify(self, token: str) -> Caller:
        """Who a token speaks for.

        Raises:
            Unauthenticated: It is no token of ours, was changed, or has expired.
        """


class NodeSignatures(Protocol):
    """Signatures that Lightning nodes make over messages."""

    def signer_of(self, message: str, signature: str) -> NodeId:
        """Key of the node that signed a message.

        Args:
            message: The text.
            signature: zbase32, as `lncli signmessage` and `lightning-cli signmessage` give it.

        Raises:
            InvalidSignature: It is no such signature, or no key can have made it.
        """
