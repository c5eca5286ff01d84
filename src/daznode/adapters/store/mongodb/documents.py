"""Values as documents: fields by their names, moments as BSON dates, amounts of bitcoin as text.

BSON dates have milliseconds: a moment is cut to them on its way in, and what was stored is what is
given back. Every document carries a `revision` that counts its changes, so that a document is
replaced only if it is still the one that was read.
"""

import math
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import msgspec
from pymongo import ReplaceOne

from daznode.adapters.store.mongodb.link import Collection, Document, Session
from daznode.domain.errors import InvalidParameter, InvariantBroken, StoreCorrupt

V = TypeVar("V")

ID: Final = "_id"
REVISION: Final = "revision"

_MICROSECONDS: Final = 1_000
_MILLISECOND: Final = timedelta(milliseconds=1)


def to_document(value: object) -> Document:
    """A dataclass value as a document, without `_id`.

    Raises:
        InvalidParameter: A moment has no zone, or a text holds half a character.
        InvariantBroken: A figure is not a number, or infinite.
    """
    plain = _plain(msgspec.to_builtins(value, builtin_types=(datetime,)))
    if not isinstance(plain, dict):
        message = f"a value of {type(value).__name__} is no document"
        raise InvariantBroken(message)
    return plain


def from_document(document: Document, kind: type[V], where: str) -> V:
    """The value of a document; fields that the value does not have are left out.

    Raises:
        StoreCorrupt: It is no such value; the message names the field.
    """
    try:
        return msgspec.convert(document, kind)
    except (msgspec.MsgspecError, ValueError, TypeError) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        message = f"{where}, {document.get(ID)!r:.100}: cannot be read: {reason}"
        raise StoreCorrupt(message) from error


def stored_moment(moment: datetime) -> datetime:
    """A moment as the database keeps it: UTC, whole milliseconds.

    Raises:
        InvalidParameter: The moment has no zone.
    """
    if moment.utcoffset() is None:
        message = f"moment {moment.isoformat()}: has no zone; expected UTC"
        raise InvalidParameter(message)
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // _MICROSECONDS * _MICROSECONDS)


def stored_ceiling(moment: datetime) -> datetime:
    """The first stored moment that is not before a moment, for queries.

    Raises:
        InvalidParameter: The moment has no zone.
    """
    stored = stored_moment(moment)
    is_last = stored > datetime.max.replace(tzinfo=UTC) - _MILLISECOND
    return stored if stored == moment or is_last else stored + _MILLISECOND


def next_of(old: Document, new: Document) -> Document:
    """A document that takes the place of another one."""
    return {**new, ID: old[ID], REVISION: old[REVISION] + 1}


def unchanged(old: Document) -> Document:
    """The query for a document that is still the one that was read."""
    return {ID: old[ID], REVISION: old[REVISION]}


def replacing(old: Document, new: Document) -> ReplaceOne[Document]:
    """The replacement of a document, unless it changed since it was read."""
    return ReplaceOne(unchanged(old), next_of(old, new))


async def swap(
    collection: Collection, old: Document, new: Document, session: Session = None
) -> bool:
    """Replace a document; False if it changed since it was read: then nothing is done."""
    done = await collection.replace_one(unchanged(old), next_of(old, new), session=session)
    return done.matched_count == 1


def _plain(value: Any) -> Any:  # noqa: ANN401 - any value of a document
    match value:
        case dict():
            return {name: _plain(one) for name, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value]
        case datetime():
            return stored_moment(value)
        case str():
            try:
                value.encode()
            except UnicodeError as error:
                message = "a text holds half a character (a lone surrogate)"
                raise InvalidParameter(message) from error
            return value
        case float() if not math.isfinite(value):
            message = "a figure cannot be stored: it is not a number (NaN) or infinite"
            raise InvariantBroken(message)
        case _:
            return value
