"""Who should be at the other end, and what is done with answers that cannot be true."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from daznode.domain.errors import (
    BackendAnswerInvalid,
    BackendUntrusted,
    InputError,
    InvalidNodeId,
)
from daznode.domain.ids import NodeId, parse_node_id

_REF_BITS: Final = 60
_HASH_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Expected:
    """What is known of the other end before it is asked.

    Attributes:
        node_id: Its key; None if the first answer decides.
        network: Its network; None if the first answer decides.
    """

    node_id: NodeId | None = None
    network: str | None = None


def check_identity(where: str, expected: Expected, key: str, network: str) -> Expected:
    """Whether an answer is of the node that was expected.

    Args:
        where: Who was asked, for messages.
        expected: What was expected.
        key: The node key it says it has.
        network: The network it says it is on.

    Returns:
        What to expect from now on: this key and this network.

    Raises:
        BackendAnswerInvalid: The key is none.
        BackendUntrusted: It is another node, or the network is another one.
    """
    try:
        node_id = parse_node_id(key)
    except InvalidNodeId as error:
        message = f"{where}: says it has a node key that is none"
        raise BackendAnswerInvalid(message) from error
    if expected.node_id not in {None, node_id}:
        message = f"{where}: is node {node_id}; expected {expected.node_id}"
        raise BackendUntrusted(message)
    if expected.network not in {None, network}:
        message = f"{where}: is on {network}; expected {expected.network}"
        raise BackendUntrusted(message)
    return Expected(node_id, network)


@contextmanager
def doubting(where: str) -> Iterator[None]:
    """A block that turns an answer into our values; what cannot be one is the backend's fault.

    Args:
        where: Who answered, for the message.

    Raises:
        BackendAnswerInvalid: A key, an id or a moment in the answer is none.
    """
    try:
        yield
    except (InputError, ValueError, OverflowError) as error:
        detail = f" ({error})" if isinstance(error, InputError) else ""
        message = f"{where}: the answer holds what cannot be{detail}"
        raise BackendAnswerInvalid(message) from error


def payment_ref(payment_hash: bytes) -> int:
    """What both ends of a circular payment are recognised by.

    Raises:
        ValueError: It is no payment hash.
    """
    if len(payment_hash) != _HASH_BYTES:
        message = "a payment hash has 32 bytes"
        raise ValueError(message)
    return int.from_bytes(payment_hash[:8], "big") >> (64 - _REF_BITS)
