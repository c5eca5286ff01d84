"""Files and folders that are there whole or not at all, and the words for a disk that refuses."""

import errno
import fcntl
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from daznode.domain.errors import StoreUnavailable

PATIENCE_SECONDS: Final = 30.0
"""How long a writer waits for another one, in this program or another, before it gives up."""

_POLL_SECONDS: Final = 0.005
_SYNC_THREADS: Final = 4

_FULL_SYNC: Final[int | None] = getattr(fcntl, "F_FULLFSYNC", None)
"""macOS: fsync there leaves the data in the drive's own cache (fsync(2), Apple)."""

_REASONS: Final = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file would exceed the size allowed",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ENOTDIR: "expected a folder there, not a file or a link",
    errno.ELOOP: "expected a folder there, not a file or a link",
    errno.EISDIR: "expected a file there, not a folder",
    errno.EIO: "the disk has an input/output error",
    errno.EMFILE: "too many open files",
    errno.ENFILE: "too many open files",
}


@contextmanager
def disk_errors(path: Path | str, doing: str) -> Iterator[None]:
    """Say in one line what the operating system refused.

    Args:
        path: The file or folder concerned.
        doing: What was attempted, as in "cannot be `written`".

    Raises:
        StoreUnavailable: Whatever OSError came up inside.
    """
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno or 0) or error.strerror or str(error)
        message = f"{path}: cannot be {doing}: {reason}"
        raise StoreUnavailable(message) from error


def sync(descriptor: int) -> None:
    """Wait until a file or folder is on the disk itself."""
    if _FULL_SYNC is None:
        os.fsync(descriptor)
    else:
        fcntl.fcntl(descriptor, _FULL_SYNC)


def make_private(folder: Path) -> None:
    """Make a folder, and those above it, if it is not there; only its owner may look into it.

    Raises:
        StoreUnavailable: It cannot be made.
    """
    with disk_errors(folder, "made"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def sync_folder(path: Path) -> None:
    """Wait until the names in a folder are on the disk itself."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)


def sync_all(names: Iterable[str], folder: int) -> None:
    """Wait until files and folders that stand in one folder are on the disk itself.

    Several at a time: the file system then writes its journal once for many, which is many times
    faster than one after the other.

    Args:
        names: Their names.
        folder: Descriptor of the open folder they stand in.
    """

    def sync_one(name: str) -> None:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=folder)
        try:
            sync(descriptor)
        finally:
            os.close(descriptor)

    wanted = tuple(names)
    if len(wanted) == 1:
        sync_one(wanted[0])
    elif wanted:
        with ThreadPoolExecutor(_SYNC_THREADS, thread_name_prefix="sync") as pool:
            for _ in pool.map(sync_one, wanted):
                pass


def write_new(
    name: Path | str,
    data: bytes,
    *,
    folder: int | None = None,
    is_synced: bool = True,
    mode: int = 0o644,
) -> None:
    """Write a file that was not there.

    Args:
        name: Path, relative to `folder` if that is given.
        data: Content.
        folder: Descriptor of an open folder.
        is_synced: Whether to wait until it is on the disk itself.
        mode: Who may do what with it, from its first moment on.

    Raises:
        OSError: It exists, or the disk refuses; what was begun is removed again.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    descriptor = os.open(name, flags, mode=mode, dir_fd=folder)
    try:
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(descriptor, left) :]
            if is_synced:
                sync(descriptor)
        finally:
            os.close(descriptor)
    except BaseException:
        os.unlink(name, dir_fd=folder)
        raise


def write_whole(path: Path, data: bytes) -> None:
    """Write a file, new or in place of another, so that no reader and no kill sees half of it.

    A link is followed; what is no file (a pipe, a terminal) is written to as it is.

    Args:
        path: The file; its folder must be there.
        data: Content.

    Raises:
        OSError: The disk refuses; what stood there still does.
    """
    target = path.resolve()
    if target.exists() and not target.is_file():
        target.write_bytes(data)
        return
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    write_new(temporary, data)
    try:
        temporary.replace(target)
    except BaseException:
        temporary.unlink()
        raise
    sync_folder(target.parent)


@contextmanager
def folder_lock(path: Path, *, patience_seconds: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Be the only one, of all processes, between taking and giving back a lock file.

    The operating system gives the lock back when its holder dies, however it dies.

    Args:
        path: The lock file; it is created and stays, empty.
        patience_seconds: How long to wait for another holder; 0 to try once.

    Raises:
        StoreUnavailable: Another one holds it, or it cannot be created.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    with disk_errors(path, "locked"):
        descriptor = os.open(path, flags, mode=0o644)
    try:
        give_up = time.monotonic() + patience_seconds
        while not _try_lock(descriptor, path):
            if time.monotonic() >= give_up:
                message = (
                    f"{path}: held by another process for over {patience_seconds:g} s; "
                    "wait for it to finish or stop it"
                )
                raise StoreUnavailable(message)
            time.sleep(_POLL_SECONDS)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int, path: Path) -> bool:
    with disk_errors(path, "locked"):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True
