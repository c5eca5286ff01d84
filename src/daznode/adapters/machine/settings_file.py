"""The settings: which are given, and whether others may read the file that holds them."""

import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from daznode.domain.health import Diagnosis, right, warning

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class SettingsExaminer:
    """Looks at settings that were taken, without showing a value.

    Args:
        given: Names of the variables that are not at their default.
        env_file: The file that may give some of them.
    """

    def __init__(self, given: Sequence[str], env_file: Path) -> None:
        """Look at nothing yet."""
        self.name = "settings"
        self._given = tuple(given)
        self._env_file = env_file

    async def diagnose(self) -> tuple[Diagnosis, ...]:
        """Which are given, and by what."""
        names = ", ".join(self._given) or "none"
        found = [right(self.name, f"set: {names}; the rest are defaults")]
        if self._env_file.is_file():
            mode = stat.S_IMODE(self._env_file.stat().st_mode)
            if mode & _OTHERS:
                detail = f"{self._env_file.absolute()}: others may read it (mode {mode:o})"
                mend = f"chmod 600 {self._env_file.absolute()}, if it holds a secret"
                found.append(warning(self.name, detail, mend))
        return tuple(found)
