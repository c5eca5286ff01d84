"""Places in a node's history as text, to be kept between runs."""

from typing import Generic, TypeVar

import msgspec

from daznode.domain.errors import StoreCorrupt

T = TypeVar("T")


class CursorText(Generic[T]):
    """Writes and reads cursors of one shape.

    Args:
        shape: A Struct whose defaults are the beginning of history.
    """

    def __init__(self, shape: type[T]) -> None:
        """Prepare the decoder once."""
        self._shape = shape
        self._decoder = msgspec.json.Decoder(shape)

    def read(self, text: str | None) -> T:
        """A cursor; the beginning of history for None.

        Raises:
            StoreCorrupt: The text is no cursor of this shape.
        """
        if text is None:
            return self._shape()
        try:
            return self._decoder.decode(text)
        except msgspec.MsgspecError as error:
            message = f"history cursor {text[:80]!r}: not one of this backend; sync anew"
            raise StoreCorrupt(message) from error

    def text(self, cursor: T) -> str:
        """The text of a cursor."""
        return msgspec.json.encode(cursor).decode()
