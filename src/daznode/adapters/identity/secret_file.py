"""A secret of the machine's own, made once in the data folder and readable by its owner alone."""

import os
import secrets
import stat
from pathlib import Path
from typing import Final

from daznode.domain.errors import StoreCorrupt, StoreUnavailable

SECRET_BYTES: Final = 48
_SHORTEST_CHARACTERS: Final = 43
_LONGEST_CHARACTERS: Final = 1_024
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def read_or_make(path: Path) -> bytes:
    """The secret in a file; made first if there is none. Of several that make it at once, one wins.

    Args:
        path: The file.

    Raises:
        StoreUnavailable: It can be neither read nor made.
        StoreCorrupt: It holds no secret, or others than its owner may read it.
    """
    try:
        if not path.exists():
            _make(path)
        mode = path.stat().st_mode
        content = path.read_bytes()[: _LONGEST_CHARACTERS + 1].strip()
    except OSError as exc:
        message = f"{path}: cannot be used: {exc.strerror}; expected a folder that can be written"
        raise StoreUnavailable(message) from exc
    if mode & _OTHERS:
        message = (
            f"{path}: others may read it (mode {stat.S_IMODE(mode):o}); expected 600: "
            "remove it, and a new one is made"
        )
        raise StoreCorrupt(message)
    if not _SHORTEST_CHARACTERS <= len(content) <= _LONGEST_CHARACTERS:
        message = f"{path}: holds no secret; remove it, and a new one is made"
        raise StoreCorrupt(message)
    return content


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_urlsafe(SECRET_BYTES).encode())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)  # unlike a rename it never replaces the secret of another process
        except FileExistsError:
            return
    finally:
        fresh.unlink()
