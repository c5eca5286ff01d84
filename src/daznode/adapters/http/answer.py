"""An answer over HTTP, and its JSON as a typed value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import msgspec

from daznode.domain.errors import BackendAnswerInvalid

T = TypeVar("T")


class JsonShape(Generic[T]):
    """How an answer must look.

    Args:
        shape: A type that msgspec knows: a Struct, a dataclass, a list of them.
        is_lax: Whether numbers and booleans may come as texts, as LND's 64-bit integers do.
    """

    def __init__(self, shape: type[T], *, is_lax: bool = False) -> None:
        """Prepare the decoder once."""
        self._decoder = msgspec.json.Decoder(shape, strict=not is_lax)

    def read(self, where: str, content: bytes | memoryview) -> T:
        """The value of a JSON text.

        Args:
            where: What is being read, for the message.
            content: UTF-8 JSON.

        Raises:
            BackendAnswerInvalid: It is no JSON or of another shape; the message names the place in
                it and never its content.
        """
        try:
            return self._decoder.decode(content)
        except msgspec.ValidationError as error:
            message = f"{where}: the answer has another shape ({error})"
            raise BackendAnswerInvalid(message) from error
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            message = f"{where}: the answer is no whole JSON text"
            raise BackendAnswerInvalid(message) from error


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back.

    Attributes:
        where: Source, method and path, for messages.
        status: HTTP status.
        headers: Names in lower case.
        content: The body, whole.
    """

    where: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)

    def json(self, shape: JsonShape[T]) -> T:
        """The body as a value; raises as `JsonShape.read` does."""
        return shape.read(self.where, self.content)
