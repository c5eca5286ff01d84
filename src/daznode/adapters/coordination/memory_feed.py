"""Alerts to whoever listens in this process."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from daznode.domain.alert import NodeAlert

MOST_WAITING: Final = 200
"""Alerts that a slow listener may be behind before it loses the oldest."""


class MemoryFeed:
    """An `AlertFeed` of one process."""

    def __init__(self) -> None:
        """Nobody listens yet."""
        self._mailboxes: dict[str, set[_Mailbox]] = {}

    @property
    def n_listeners(self) -> int:
        """How many listen."""
        return sum(map(len, self._mailboxes.values()))

    async def publish(self, alerts: Sequence[NodeAlert]) -> None:
        """Tell the listeners of the alerts' users."""
        self.tell(alerts)

    def tell(self, alerts: Sequence[NodeAlert]) -> None:
        """Tell the listeners in this process, at once."""
        for alert in alerts:
            for mailbox in self._mailboxes.get(alert.user_id, ()):
                mailbox.put(alert)

    @asynccontextmanager
    async def listen(self, user_id: str) -> AsyncIterator[AsyncIterator[NodeAlert]]:
        """Listen to one user's alerts from now on."""
        mailbox = _Mailbox()
        self._mailboxes.setdefault(user_id, set()).add(mailbox)
        try:
            yield mailbox.letters()
        finally:
            self._mailboxes[user_id].discard(mailbox)
            if not self._mailboxes[user_id]:
                del self._mailboxes[user_id]


class _Mailbox:
    """What one listener has not heard yet."""

    def __init__(self) -> None:
        self._letters: deque[NodeAlert] = deque(maxlen=MOST_WAITING)
        self._has_mail = asyncio.Event()

    def put(self, alert: NodeAlert) -> None:
        self._letters.append(alert)
        self._has_mail.set()

    async def letters(self) -> AsyncIterator[NodeAlert]:
        while True:
            while self._letters:
                yield self._letters.popleft()
            self._has_mail.clear()
            await self._has_mail.wait()
