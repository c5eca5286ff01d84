"""The connection to a MongoDB server: opened when first needed, with a limit on every wait."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl, urlsplit

from bson.codec_options import CodecOptions
from bson.errors import BSONError, InvalidBSON, InvalidDocument, InvalidStringData
from pymongo import AsyncMongoClient, WriteConcern, errors
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from daznode.domain.errors import (
    ConfigError,
    DaznodeError,
    InvariantBroken,
    StoreCorrupt,
    StoreUnavailable,
)

T = TypeVar("T")
Document = dict[str, Any]
Collection = AsyncCollection[Document]
Session = AsyncClientSession | None

_LIMITS: Final = {
    "serverSelectionTimeoutMS": 2_000,
    "connectTimeoutMS": 5_000,
    "socketTimeoutMS": 20_000,
    "waitQueueTimeoutMS": 10_000,
    "appname": "daznode",
}
"""Options of the client; what the address itself sets, stays."""

_ACKNOWLEDGED: Final = WriteConcern(w="majority", j=True, wtimeout=20_000)

_WRONG_ADDRESS: Final = (
    "MONGODB_URI=(hidden): takes mongodb:// or mongodb+srv:// and a server; a user name or password "
    "with signs such as @ : / % is percent-encoded"
)
_LONGEST_REASON: Final = 200
_NOISE: Final = " (configured timeouts"
"""From here on the driver tells its own settings and state."""

_KINDS: Final[tuple[tuple[type[BaseException], type[DaznodeError], str], ...]] = (
    (errors.ServerSelectionTimeoutError, StoreUnavailable, "no server answers"),
    (errors.WaitQueueTimeoutError, StoreUnavailable, "too many requests wait for a connection"),
    (errors.NotPrimaryError, StoreUnavailable, "the server is not the primary just now"),
    (errors.NetworkTimeout, StoreUnavailable, "the server did not answer in time"),
    (errors.ConnectionFailure, StoreUnavailable, "the connection broke"),
    (errors.ExecutionTimeout, StoreUnavailable, "the server did not finish in time"),
    (errors.WTimeoutError, StoreUnavailable, "too few members confirmed the write in time"),
    (errors.WriteConcernError, StoreUnavailable, "the write was not confirmed"),
    (errors.DocumentTooLarge, InvariantBroken, "a document is larger than the server takes"),
    (errors.DuplicateKeyError, StoreUnavailable, "another writer was faster"),
    (InvalidBSON, StoreCorrupt, "a document cannot be read"),
    (InvalidDocument, InvariantBroken, "a value cannot be stored"),
    (InvalidStringData, InvariantBroken, "a text cannot be stored"),
    (errors.ConfigurationError, StoreUnavailable, "the address or its options do not work"),
    (ssl.SSLError, StoreUnavailable, "no secure connection"),
    (errors.PyMongoError, StoreUnavailable, "the server refuses"),
    (BSONError, StoreCorrupt, "a document cannot be read"),
    (UnicodeError, InvariantBroken, "a text cannot be stored"),
    (OverflowError, InvariantBroken, "a number has more than 64 bits"),
)
"""What the driver raises, the most specific first, and what it is in our words."""

_CODES: Final = {
    13: "this user may not do that; give it the role readWrite on the database",
    18: "the user name or password in MONGODB_URI is refused",
    8000: "the user name or password in MONGODB_URI is refused",
    14031: "the server's disk is full",
    50: "the server did not finish in time",
}
"""Refusals by the server's error code (github.com/mongodb/mongo, error_codes.yml)."""


@dataclass(slots=True)
class _Open:
    """A client and the event loop that it belongs to."""

    loop: asyncio.AbstractEventLoop
    client: AsyncMongoClient[Document]
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)
    has_transactions: bool | None = None


class MongoLink:
    """One database on a server.

    A client of the driver lives in one event loop; should another loop ask (a Celery task that
    makes its own), that loop gets its own client.

    Args:
        uri: `MONGODB_URI`.
        database: `MONGODB_DATABASE`.

    Raises:
        ConfigError: The address cannot be used.
    """

    def __init__(self, uri: str, database: str) -> None:
        """Connect to nothing yet."""
        self._uri = uri
        self._name = database
        self._opened: _Open | None = None
        self.where = f"mongodb {_hosts(uri)}, database {database}"
        """The server and the database, for messages; without user and password."""
        self._limits = _limits(uri)

    @property
    def client(self) -> AsyncMongoClient[Document]:
        """The client of this event loop."""
        return self._open().client

    @property
    def database(self) -> AsyncDatabase[Document]:
        """The database: a write is acknowledged when most members have it in their journals."""
        return self.client.get_database(
            self._name,
            codec_options=CodecOptions(tz_aware=True, tzinfo=UTC),
            write_concern=_ACKNOWLEDGED,
        )

    @property
    def writing(self) -> asyncio.Lock:
        """For what one writer of this program must do alone."""
        return self._open().writing

    def collection(self, name: str) -> Collection:
        """A collection of the database."""
        return self.database.get_collection(name)

    async def close(self) -> None:
        """Close the connections; they are opened again when needed."""
        opened, self._opened = self._opened, None
        if opened is not None and opened.loop is asyncio.get_running_loop():
            await opened.client.close()

    async def has_transactions(self) -> bool:
        """Whether the server takes transactions: members of a replica set and routers do.

        Raises:
            StoreUnavailable: It does not answer.
        """
        opened = self._open()
        if opened.has_transactions is None:
            with self.refusals():
                hello = await opened.client.admin.command("hello")
            opened.has_transactions = "setName" in hello or hello.get("msg") == "isdbgrid"
        return opened.has_transactions

    async def together(self, work: Callable[[Session], Awaitable[T]]) -> T:
        """Do some work in one transaction, where the server has them; else step by step.

        Args:
            work: Passes the session on to each operation; may be called again after a conflict.

        Raises:
            StoreUnavailable: The server does not answer or refuses; with transactions, nothing has
                changed then.
        """
        if not await self.has_transactions():
            with self.refusals():
                return await work(None)
        with self.refusals():
            async with self.client.start_session() as session:
                return await session.with_transaction(work, write_concern=_ACKNOWLEDGED)

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """Say what the driver raises in our words.

        Raises:
            StoreUnavailable: The server does not answer or refuses.
            StoreCorrupt: A document cannot be read.
            InvariantBroken: A value cannot be stored.
        """
        try:
            yield
        except DaznodeError:
            raise
        except tuple(kind for kind, _, _ in _KINDS) as error:
            raise self._in_our_words(error) from error

    def _in_our_words(self, error: BaseException) -> DaznodeError:
        code = getattr(error, "code", None)
        ours, words = next((ours, words) for kind, ours, words in _KINDS if isinstance(error, kind))
        reason = _CODES.get(code) if isinstance(code, int) else None
        if reason is None:
            said = " ".join(str(error).partition(_NOISE)[0].split())[:_LONGEST_REASON]
            reason = f"{words} ({said})"
        return ours(f"{self.where}: {reason}")

    def _open(self) -> _Open:
        loop = asyncio.get_running_loop()
        if self._opened is None or self._opened.loop is not loop:
            try:
                client: AsyncMongoClient[Document] = AsyncMongoClient(self._uri, **self._limits)
            except (errors.InvalidURI, errors.ConfigurationError, ValueError, TypeError) as error:
                raise ConfigError(_WRONG_ADDRESS) from error
            self._opened = _Open(loop, client)
        return self._opened


def _hosts(uri: str) -> str:
    try:
        return urlsplit(uri).netloc.rpartition("@")[2] or "(no server)"
    except ValueError as error:
        raise ConfigError(_WRONG_ADDRESS) from error


def _limits(uri: str) -> dict[str, Any]:
    given = {name.lower() for name, _ in parse_qsl(urlsplit(uri).query, keep_blank_values=True)}
    return {name: value for name, value in _LIMITS.items() if name.lower() not in given}
