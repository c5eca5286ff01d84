"""Report files for people and retrieval: `reports/daily/{user_id}/YYYYMMDD.json`.

The first node of a user has that name, for as long as it has a report every week; a further node of
the same user gets the start of its key in the name, `YYYYMMDD-{first 8 characters}.json`, longer
where two keys start alike. A report made again keeps its file name.

A user id can never lead elsewhere: it is checked against an allow-list, and every folder below
`RAG_ASSETS_DIR` is entered by descriptor without following links. `RAG_ASSETS_DIR` itself may be a
link.

A file is first written whole into `reports/.incoming`, on the same disk, and then renamed into
place, which is one step for the file system. All writers hold the lock `reports/.lock`, so what
stands in `.incoming` when the lock is taken was left by a writer that died, and is removed.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

from daznode.adapters.store.atomic import (
    PATIENCE_SECONDS,
    disk_errors,
    folder_lock,
    sync,
    sync_all,
    write_new,
)
from daznode.domain.errors import InvalidParameter

_USER_ID: Final = re.compile(r"[A-Za-z0-9_@+-][A-Za-z0-9_.@+-]{0,127}")
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
"""Names that Windows shares refuse or take for devices (Microsoft, "Naming Files, Paths, and
Namespaces"); report folders get synchronised to such places."""

_KEY_CHARACTERS: Final = 8
_INCOMING: Final = ".incoming"
_LOCK: Final = ".lock"
_IDENTITY: Final = ".identity"
_IDENTITY_CHARACTERS: Final = 36


def check_user_id(user_id: str) -> None:
    """Make sure that a user id can name a folder.

    Raises:
        InvalidParameter: It cannot; the message says what it takes.
    """
    if (
        _USER_ID.fullmatch(user_id) is None
        or user_id.endswith(".")
        or _RESERVED.fullmatch(user_id) is not None
    ):
        shown = user_id if len(user_id) <= 40 else f"{user_id[:40]}..."  # noqa: PLR2004
        message = (
            f"user id {shown!r}: names the folder of the report files; expected 1 to 128 of the "
            "characters A-Z a-z 0-9 - _ . @ +, no dot first or last, no device name such as NUL"
        )
        raise InvalidParameter(message)


def plain_name(report_date: datetime) -> str:
    """Name of the file of the report of a user's first node."""
    return f"{report_date:%Y%m%d}.json"


def further_names(report_date: datetime, node_pubkey: str) -> Iterator[str]:
    """Names for the file of a user's further node, the shortest first, the last one unique."""
    for length in range(_KEY_CHARACTERS, len(node_pubkey) + 1):
        yield f"{report_date:%Y%m%d}-{node_pubkey[:length]}.json"


@dataclass(slots=True)
class ReportWriting:
    """Files on their way, while the lock is held; made by `ReportFiles.writing`."""

    root: Path
    incoming: int
    daily: int
    _users: set[str] = field(default_factory=set)
    _staged: dict[tuple[str, str], str] = field(default_factory=dict)
    _made: int = 0

    def stage(self, user_id: str, name: str, data: bytes) -> None:
        """Write a file whole, but not yet into its place; a full disk is found here.

        Raises:
            StoreUnavailable: It cannot be written, or the user's folder is no folder of ours.
        """
        if user_id not in self._users:
            with disk_errors(self.root / user_id, "used"):
                os.close(_enter(self.daily, user_id))
            self._users.add(user_id)
        self._made += 1
        staged = f"{self._made}.json"
        with disk_errors(self.root / user_id / name, "written"):
            write_new(staged, data, folder=self.incoming, is_synced=False)
        earlier = self._staged.pop((user_id, name), None)
        self._staged[user_id, name] = staged
        if earlier is not None:
            os.unlink(earlier, dir_fd=self.incoming)

    def sync_staged(self) -> None:
        """Wait until the disk has what is staged.

        Raises:
            StoreUnavailable: The disk refuses.
        """
        with disk_errors(self.root, "written"):
            sync_all(self._staged.values(), self.incoming)

    def publish(self) -> None:
        """Put every staged file into its place and wait until the disk has the places.

        Raises:
            StoreUnavailable: A file cannot be put into its place.
        """
        by_user: dict[str, list[str]] = {}
        for user_id, name in self._staged:
            by_user.setdefault(user_id, []).append(name)
        for user_id, names in by_user.items():
            with disk_errors(self.root / user_id, "written"):
                folder = _enter(self.daily, user_id)
                try:
                    for name in names:
                        staged = self._staged.pop((user_id, name))
                        os.rename(staged, name, src_dir_fd=self.incoming, dst_dir_fd=folder)
                finally:
                    os.close(folder)
        with disk_errors(self.root, "written"):
            sync(self.daily)
            sync_all(by_user, self.daily)


class ReportFiles:
    """The folder of report files.

    Args:
        assets: `RAG_ASSETS_DIR`; made when the first file is written.
        patience_seconds: How long to wait for another writer.
    """

    def __init__(self, assets: Path, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """Touch nothing yet."""
        self._assets = assets
        self._patience_seconds = patience_seconds

    @property
    def root(self) -> Path:
        """The folder that holds one folder per user."""
        return self._assets / "reports" / "daily"

    def has_leftovers(self) -> bool:
        """Whether a writer died here, or is writing just now."""
        try:
            with os.scandir(self._assets / "reports" / _INCOMING) as entries:
                return any(True for _ in entries)
        except (FileNotFoundError, NotADirectoryError):
            return False

    def identity(self) -> str:
        """A name of this very folder, made once: other machines may have report files of their own.

        Raises:
            StoreUnavailable: It cannot be made or read.
        """
        path = self._assets / "reports" / _IDENTITY
        with disk_errors(path, "made"):
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                with suppress(FileExistsError):  # made by another process meanwhile
                    write_new(path, f"{uuid4()}\n".encode())
            return path.read_text(encoding="ascii", errors="replace").strip()[:_IDENTITY_CHARACTERS]

    def identity_if_there(self) -> str | None:
        """The name of this folder; None before one was made."""
        has_one = (self._assets / "reports" / _IDENTITY).exists()
        return self.identity() if has_one else None

    @contextmanager
    def writing(self, *, patience_seconds: float | None = None) -> Iterator[ReportWriting]:
        """Be the only writer; on leaving, what is staged and not published is gone.

        Args:
            patience_seconds: How long to wait for another writer, if not as long as usual.

        Raises:
            StoreUnavailable: Another one writes for too long, or the folder cannot be used.
        """
        patience = self._patience_seconds if patience_seconds is None else patience_seconds
        descriptors: list[int] = []
        try:
            with disk_errors(self.root, "made"):
                self._assets.mkdir(parents=True, exist_ok=True)
                descriptors.append(os.open(self._assets, os.O_RDONLY | os.O_DIRECTORY))
                descriptors.append(_enter(descriptors[0], "reports"))
                descriptors.append(_enter(descriptors[1], _INCOMING))
                descriptors.append(_enter(descriptors[1], "daily"))
                sync(descriptors[0])
                sync(descriptors[1])
            with folder_lock(self._assets / "reports" / _LOCK, patience_seconds=patience):
                _, _, incoming, daily = descriptors
                self._clean(incoming)
                try:
                    yield ReportWriting(self.root, incoming, daily)
                finally:
                    self._clean(incoming)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _clean(self, incoming: int) -> None:
        with disk_errors(self.root.parent / _INCOMING, "cleaned"):
            for name in os.listdir(incoming):
                os.unlink(name, dir_fd=incoming)


def _enter(parent: int, name: str) -> int:
    """Open a folder inside another, made if it is not there, without following a link."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
    try:
        return os.open(name, flags, dir_fd=parent)
    except FileNotFoundError:
        with suppress(FileExistsError):  # made by another process meanwhile
            os.mkdir(name, dir_fd=parent)
    return os.open(name, flags, dir_fd=parent)
