"""Flat values as rows of the embedded database: one column a field, named as the field."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cached_property
from typing import Any, Generic, TypeVar

import msgspec

from daznode.adapters.store.codec import moment_text
from daznode.domain.errors import InvalidParameter, InvariantBroken, StoreCorrupt

V = TypeVar("V")

Parameters = Sequence[object] | Mapping[str, object]


@dataclass(frozen=True)
class RowShape(Generic[V]):
    """How one kind of value stands in one table.

    Moments are text that sorts as they do, enums their values, truth values 0 and 1; a field that
    holds several values is JSON.

    Attributes:
        kind: Dataclass of the values.
        table: Name of the table.
        json_fields: Fields that are kept as JSON.
    """

    kind: type[V]
    table: str
    json_fields: frozenset[str] = frozenset()

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Columns of the table that stand for fields, in the order of the fields."""
        return tuple(field.name for field in fields(self.kind))  # type: ignore[arg-type]

    def row(self, value: V) -> dict[str, object]:
        """A value by column.

        Raises:
            InvariantBroken: It cannot be read back unchanged.
            InvalidParameter: A moment has no zone, or a text holds half a character.
        """
        try:
            row = {name: self._cell(name, getattr(value, name)) for name in self.columns}
            is_same = self._value(row) == value
        except UnicodeError as error:
            message = f"{self.table}: a text holds half a character (a lone surrogate)"
            raise InvalidParameter(message) from error
        except (msgspec.MsgspecError, TypeError) as error:
            message = f"{self.table}: a value cannot be stored: {' '.join(str(error).split())}"
            raise InvariantBroken(message) from error
        if not is_same:
            message = f"{self.table}: a value cannot be stored so that it reads back unchanged"
            raise InvariantBroken(message)
        return row

    def insert(
        self, connection: sqlite3.Connection, values: Iterable[V], *, key: Sequence[str] = ()
    ) -> None:
        """Insert values.

        Args:
            connection: In a transaction.
            values: What to insert.
            key: Columns by which a row that is there is replaced; none to refuse that.

        Raises:
            sqlite3.IntegrityError: A row in the way.
        """
        names = ", ".join(self.columns)
        places = ", ".join(f":{name}" for name in self.columns)
        statement = f"INSERT INTO {self.table} ({names}) VALUES ({places})"  # noqa: S608 - own names
        if key:
            changes = ", ".join(
                f"{name} = excluded.{name}" for name in self.columns if name not in key
            )
            statement += f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"
        connection.executemany(statement, [self.row(value) for value in values])

    def select(
        self, connection: sqlite3.Connection, rest: str, parameters: Parameters = ()
    ) -> tuple[V, ...]:
        """Values of a query.

        Args:
            connection: Where to ask.
            rest: What follows `SELECT ... FROM table`.
            parameters: Of the placeholders in it.

        Raises:
            StoreCorrupt: A row cannot be read.
        """
        names = ", ".join(self.columns)
        statement = f"SELECT {names} FROM {self.table} {rest}"  # noqa: S608 - own names
        rows = connection.execute(statement, parameters).fetchall()
        return tuple(self._read(dict(zip(self.columns, row, strict=True))) for row in rows)

    def _read(self, row: Mapping[str, object]) -> V:
        try:
            return self._value(row)
        except (msgspec.MsgspecError, UnicodeError, ValueError, TypeError) as error:
            shown = f"{self.columns[0]} {str(row[self.columns[0]])[:60]!r}"
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            message = f"{self.table}, {shown}: cannot be read: {reason}"
            raise StoreCorrupt(message) from error

    def _value(self, row: Mapping[str, object]) -> V:
        plain = {
            name: msgspec.json.decode(str(cell)) if name in self.json_fields else cell
            for name, cell in row.items()
        }
        return msgspec.convert(plain, self.kind, strict=False)

    def _cell(self, name: str, value: Any) -> object:  # noqa: ANN401 - any field
        if name in self.json_fields:
            return msgspec.json.encode(value).decode()
        if isinstance(value, datetime):
            return moment_text(value)
        if isinstance(value, str):
            value.encode()
        return msgspec.to_builtins(value)


def one_of(values: tuple[V, ...]) -> V | None:
    """The first value of a query; None without one."""
    return values[0] if values else None
