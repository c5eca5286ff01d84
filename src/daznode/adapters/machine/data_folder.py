"""The data folder: whether it can be written, by whom, and how much room is left."""

import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import Final

from daznode.domain.errors import StorageError
from daznode.domain.health import Diagnosis, right, warning, wrong

_MIB: Final = 2**20
_LITTLE_BYTES: Final = 2**30
_TOO_LITTLE_BYTES: Final = 100 * _MIB
"""A snapshot of today's network takes some 10 MB a day, a backup of the database its size again."""

_FEW_FILES: Final = 1_000


class DataFolderExaminer:
    """Looks at a folder without leaving anything in it.

    Args:
        folder: The folder; it may not exist yet.
        name: What it is called.
    """

    def __init__(self, folder: Path, part: str = "data folder") -> None:
        """Look at nothing yet."""
        self._folder = folder
        self.name = part

    async def diagnose(self) -> tuple[Diagnosis, ...]:
        """Whether it can be written, who else may, and its room."""
        existing = next(one for one in (self._folder, *self._folder.parents) if one.exists())
        if fault := _write_fault(existing):
            detail = f"{self._folder}: {fault}"
            mend = (
                f"as its owner: chmod u+rwx {existing}; "
                "or give another folder with DAZNODE_DATA_DIR or RAG_ASSETS_DIR"
            )
            return (wrong(self.name, detail, mend, StorageError.exit_code),)
        found = [self._access(existing), self._room(existing)]
        return tuple(found)

    def _access(self, existing: Path) -> Diagnosis:
        if existing != self._folder:
            return right(self.name, f"{self._folder}: made at first use")
        mode = stat.S_IMODE(self._folder.stat().st_mode)
        if mode & stat.S_IWOTH:
            detail = f"{self._folder}: anybody on this machine may change it (mode {mode:o})"
            return wrong(self.name, detail, f"chmod o-w {self._folder}", StorageError.exit_code)
        return right(self.name, f"{self._folder}: can be written (mode {mode:o})")

    def _room(self, existing: Path) -> Diagnosis:
        free_bytes = shutil.disk_usage(existing).free
        n_files = os.statvfs(existing).f_favail
        detail = f"{free_bytes / _MIB:,.0f} MiB free"
        mend = "free space on that disk; `daznode network list` shows the stored snapshots"
        name = f"{self.name}: room"
        if 0 < n_files < _FEW_FILES:  # file systems without a fixed number of files say 0
            return warning(name, f"{detail}, but only {n_files:,} more files", mend)
        if free_bytes < _TOO_LITTLE_BYTES:
            return wrong(name, detail, mend, StorageError.exit_code)
        if free_bytes < _LITTLE_BYTES:
            return warning(name, detail, mend)
        return right(name, detail)


def _write_fault(folder: Path) -> str | None:
    """Why nothing can be written there; trying tells more than looking at modes."""
    if not folder.is_dir():
        return f"{folder} is no folder"
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"0")
    except OSError as exc:
        return f"{folder} cannot be written: {exc.strerror}"
    return None
