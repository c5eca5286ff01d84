"""Messages that a server pushes over a WebSocket (RFC 6455), passed on one by one."""

from collections.abc import Callable
from typing import Final

import httpx2
from httpx2.websockets import HTTPXWSException, WebSocketDisconnect, WebSocketUpgradeError

from daznode.adapters.http.faults import TRANSPORT_FAULTS, status_error, transport_error
from daznode.domain.errors import BackendAnswerInvalid, BackendError, BackendUnavailable

MAX_MESSAGE_BYTES: Final = 65_536


async def pass_on(
    client: httpx2.AsyncClient,
    request: httpx2.Request,
    where: str,
    *,
    opened: Callable[[], None],
    tell: Callable[[str], None],
) -> None:
    """Open a WebSocket and pass its messages on, until the other side ends it in order.

    The library runs it in a group of tasks, so that faults come in groups: the first is told.

    Args:
        client: With its limits, certificates and proxy.
        request: The handshake as an HTTP request: address, headers, time limits.
        where: Source, method and path, for messages of ours.
        opened: Called once it is open; what happens from then on is told.
        tell: Called with each message.

    Raises:
        BackendError: It cannot be opened, breaks, or a message is too large or no text.
    """
    failure: BackendError | None = None
    try:
        async with client.websocket(
            request.url.copy_with(scheme="wss" if request.url.scheme == "https" else "ws"),
            headers=request.headers,
            max_message_size_bytes=MAX_MESSAGE_BYTES,
            extensions=request.extensions,
            timeout=request.extensions["timeout"]["connect"],
        ) as session:
            opened()
            while True:
                tell(await session.receive_text())
    except* TRANSPORT_FAULTS as faults:
        failure = transport_error(where, _first(faults))
    except* HTTPXWSException as faults:
        failure = _failure(where, _first(faults))
    if failure is not None:
        raise failure


def _first(faults: BaseExceptionGroup[BaseException]) -> Exception:
    found = faults.exceptions[0]
    if isinstance(found, BaseExceptionGroup):
        return _first(found)
    if isinstance(found, Exception):
        return found
    raise found


def _failure(where: str, fault: Exception) -> BackendError | None:
    """A fault of the WebSocket as an error of ours; None for an end in order."""
    if isinstance(fault, WebSocketUpgradeError):
        status = fault.response.status_code
        return status_error(where, status, {})
    if isinstance(fault, WebSocketDisconnect):
        if fault.code in {1000, 1001}:
            return None
        return BackendUnavailable(f"{where}: the other side ended it (code {fault.code})")
    if "Invalid" in type(fault).__name__:
        return BackendAnswerInvalid(f"{where}: a message that is no text")
    return BackendUnavailable(f"{where}: the connection broke")
