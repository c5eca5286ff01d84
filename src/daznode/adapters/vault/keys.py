"""Encryption keys: from the settings, or a private file in the data folder that is made once.

A key is known by an id that is derived from it and tells nothing of it. From each 32-byte key two are
derived (HKDF with SHA-256, RFC 5869): one seals records, one signs the end of the audit trail.
"""

import base64
import binascii
import os
import secrets
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from daznode.adapters.store.atomic import disk_errors, make_private, sync_folder, write_new
from daznode.domain.credentials import ENCRYPTION_KEY_BYTES, Secret, decode_key
from daznode.domain.errors import EncryptionKeyLost, EncryptionKeyUnusable

FILE_NAME: Final = "encryption.key"
"""Name of the key file in the data folder: base64 of 32 bytes a line, the newest first."""

_ID_BYTES: Final = 8
_MAX_FILE_BYTES: Final = 16_384
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class DataKey:
    """One key, derived and ready for use.

    Attributes:
        key_id: What it is known by, 16 hex characters.
        sealing: AES-256 key of records.
        signing: HMAC key of the trail's end.
    """

    key_id: str
    sealing: bytes = field(repr=False)
    signing: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys at hand.

    Attributes:
        newest: Under which all is written.
        by_id: Under which records can be read, the newest among them.
    """

    newest: DataKey
    by_id: dict[str, DataKey]


def derived(master: bytes) -> DataKey:
    """The keys that follow from one of 32 bytes."""

    def part(purpose: bytes, length: int) -> bytes:
        return HKDF(SHA256(), length, salt=None, info=b"daznode vault: " + purpose).derive(master)

    return DataKey(
        key_id=part(b"key id", _ID_BYTES).hex(),
        sealing=part(b"records", ENCRYPTION_KEY_BYTES),
        signing=part(b"end of the trail", ENCRYPTION_KEY_BYTES),
    )


class KeySource:
    """Keys of the settings before those of the file; read anew each time, since others rotate too.

    Args:
        folder: `DAZNODE_DATA_DIR`.
        given: `ENCRYPTION_KEY`; None to use the file.
        extra: `ENCRYPTION_EXTRA_KEYS`: further ones that can be read with.
    """

    def __init__(
        self, folder: Path, given: Secret | None = None, extra: Iterable[Secret] = ()
    ) -> None:
        """Read nothing yet."""
        self.path = folder / FILE_NAME
        self._given = None if given is None else decode_key(given.reveal())
        self._extra = tuple(decode_key(one.reveal()) for one in extra)

    @property
    def is_given(self) -> bool:
        """Whether the settings name the key, so that it is not ours to change."""
        return self._given is not None

    def read(self) -> Keys:
        """The keys at hand.

        Raises:
            EncryptionKeyLost: Neither the settings nor a file hold one.
            EncryptionKeyUnusable: The file holds none, or others than its owner can read it.
        """
        in_file = self._in_file()
        first = in_file if self._given is None else [self._given, *in_file]
        if not first:
            message = (
                f"{self.path}: the encryption key is lost (no such file, and ENCRYPTION_KEY is not "
                "set), and credentials are stored under it; restore either"
            )
            raise EncryptionKeyLost(message)
        derived_keys = [derived(one) for one in (*first, *self._extra)]
        return Keys(derived_keys[0], {one.key_id: one for one in derived_keys})

    def read_or_make(self) -> Keys:
        """The keys at hand; a first one is made where there is none. For an empty vault only.

        Raises:
            EncryptionKeyUnusable: See `read`.
            StoreUnavailable: The file cannot be written.
        """
        if self._given is None and not self._in_file():
            self._write([secrets.token_bytes(ENCRYPTION_KEY_BYTES)], is_first=True)
        return self.read()

    def add_newest(self) -> Keys:
        """Make a fresh key and put it before those in the file.

        Raises:
            StoreUnavailable: The file cannot be written.
        """
        self._write([secrets.token_bytes(ENCRYPTION_KEY_BYTES), *self._in_file()])
        return self.read()

    def keep_newest(self) -> None:
        """Take all keys but the newest out of the file.

        Raises:
            StoreUnavailable: The file cannot be written.
        """
        self._write(self._in_file()[:1])

    def _in_file(self) -> list[bytes]:
        with disk_errors(self.path, "read"):
            try:
                descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                return []
            try:
                mode = os.fstat(descriptor).st_mode
                text = os.read(descriptor, _MAX_FILE_BYTES)
            finally:
                os.close(descriptor)
        if mode & _OTHERS:
            message = (
                f"{self.path}: others than its owner can read it (mode {stat.S_IMODE(mode):04o}); "
                f"takes mode 0600: chmod 600 {self.path}"
            )
            raise EncryptionKeyUnusable(message)
        try:
            found = [decode_key(line) for line in text.decode("ascii").splitlines() if line.strip()]
        except (ValueError, binascii.Error) as exc:
            message = f"{self.path}: holds no key; takes base64 of {ENCRYPTION_KEY_BYTES} bytes on each line"
            raise EncryptionKeyUnusable(message) from exc
        if not found:
            message = f"{self.path}: empty; takes base64 of {ENCRYPTION_KEY_BYTES} bytes"
            raise EncryptionKeyUnusable(message)
        return found

    def _write(self, keys: list[bytes], *, is_first: bool = False) -> None:
        """Write the file, private from its first moment on, whole or not at all."""
        make_private(self.path.parent)
        content = b"".join(base64.b64encode(one) + b"\n" for one in keys)
        temporary = self.path.with_name(f".{FILE_NAME}.{secrets.token_hex(4)}.tmp")
        with disk_errors(self.path, "written"):
            write_new(temporary, content, mode=0o600)
            try:
                if is_first:
                    self._link_first(temporary)
                else:
                    temporary.replace(self.path)
            finally:
                temporary.unlink(missing_ok=True)
            sync_folder(self.path.parent)

    def _link_first(self, temporary: Path) -> None:
        """Name the file, unless another process was faster: then its key is the first."""
        try:
            os.link(temporary, self.path)
        except FileExistsError:
            return
