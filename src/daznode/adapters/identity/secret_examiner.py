"""Whether there is a secret that signs bearer tokens, and who else may read it."""

from pathlib import Path

from daznode.adapters.identity.secret_file import read_or_make
from daznode.domain.health import Diagnosis, right


class TokenSecretExaminer:
    """Looks at the secret without showing or making it.

    Args:
        is_set: Whether `JWT_SECRET` is set.
        path: The file that takes its place.
    """

    def __init__(self, path: Path, *, is_set: bool) -> None:
        """Look at nothing yet."""
        self.name = "token secret"
        self._path = path
        self._is_set = is_set

    async def diagnose(self) -> tuple[Diagnosis, ...]:
        """Where it comes from.

        Raises:
            StoreUnavailable: The file cannot be read.
            StoreCorrupt: It holds no secret, or others may read it.
        """
        if self._is_set:
            return (right(self.name, "JWT_SECRET is set"),)
        needed = "JWT_SECRET is not set, as serving beyond this machine needs it"
        if not self._path.exists():
            return (right(self.name, f"{needed}; for this machine one is made at first use"),)
        read_or_make(self._path)
        return (right(self.name, f"{needed}; for this machine: {self._path}"),)
