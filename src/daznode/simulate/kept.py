"""Values that are dear to make: the latest are kept, and threads that want the same one make it once."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

from daznode.domain.errors import InvalidParameter

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Kept(Generic[Key, Value]):
    """The values of the keys that were asked for last; several threads may ask at once.

    Threads that ask for different keys make their values side by side. Of those that ask for the
    same one the first makes it and the others wait; if that fails, they make it themselves.
    """

    def __init__(self, most: int) -> None:
        """Keep nothing yet.

        Args:
            most: How many values are kept, from 1.

        Raises:
            InvalidParameter: None would be kept.
        """
        if most < 1:
            message = f"values kept: {most}; takes 1 or more"
            raise InvalidParameter(message)
        self._most = most
        self._lock = Lock()
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._turns: dict[Key, Lock] = {}

    def of(self, key: Key, make: Callable[[], Value]) -> Value:
        """The value of a key, made if it is not kept.

        Args:
            key: Which value.
            make: Makes it. What it raises comes out here, and the next who asks makes it again.

        Returns:
            The value itself, shared by all who ask: who changes it takes a copy.
        """
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
            turn = self._turns.setdefault(key, Lock())
        with turn:
            with self._lock:
                if key in self._values:
                    self._values.move_to_end(key)
                    return self._values[key]
            try:
                made = make()
                with self._lock:
                    self._values[key] = made
                    while len(self._values) > self._most:
                        self._values.popitem(last=False)
            finally:
                with self._lock:
                    self._turns.pop(key, None)
        return made
