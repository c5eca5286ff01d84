"""A node that makes and ends credentials, in memory."""

from tests.credential_samples import a_rune

from daznode.domain.credentials import CredentialKind, Secret
from daznode.domain.errors import BackendError
from daznode.ports.vault import Minted


class FakeMinter:
    """A CredentialMinter whose credentials are taken until they are ended."""

    def __init__(self) -> None:
        self.taken: dict[str, str] = {}
        self.refuses: set[str] = set()
        self._last = 0

    async def mint(self, kind: CredentialKind, replaced: Secret) -> Minted:  # noqa: ARG002
        self._check("mint")
        self._last += 1
        number = str(100 + self._last)
        text = a_rune("method^list", rune_id=number, canary=bytes([self._last]) * 32).decode()
        self.taken[number] = text
        return Minted(Secret(text), number)

    async def verify(self, kind: CredentialKind, secret: Secret) -> None:  # noqa: ARG002
        self._check("verify")
        if secret.reveal() not in self.taken.values():
            message = "fake node: it does not take that credential"
            raise BackendError(message)

    async def revoke(self, kind: CredentialKind, node_ref: str) -> None:  # noqa: ARG002
        self._check("revoke")
        self.taken.pop(node_ref, None)

    def _check(self, what: str) -> None:
        if what in self.refuses:
            message = f"fake node: refuses to {what}"
            raise BackendError(message)
