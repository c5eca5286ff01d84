"""Authenticate: a bearer token becomes a caller, unless its account was disabled meanwhile."""

from datetime import datetime, timedelta
from typing import Final

from daznode.domain.accounts import Caller
from daznode.domain.errors import Unauthenticated
from daznode.ports.accounts import AccountStore
from daznode.ports.clock import Clock
from daznode.ports.identity import Tokens

REMEMBERED: Final = timedelta(seconds=3)
"""How long a disabled account may go on at the most; in return few requests ask the database."""

_MOST_REMEMBERED: Final = 20_000


class Authenticate:
    """The trip from a token to who asks.

    The token alone says who it is, and of which tenant: a token signed with the service's secret by
    another program holds too, for users that have no account here.
    """

    def __init__(self, tokens: Tokens, accounts: AccountStore, clock: Clock) -> None:
        """Remember nobody yet."""
        self._tokens = tokens
        self._accounts = accounts
        self._clock = clock
        self._good_until: dict[str, datetime] = {}

    async def run(self, token: str) -> Caller:
        """Who asks.

        Raises:
            Unauthenticated: The token is none of ours or has expired, or its account is disabled.
            StoreUnavailable: Nobody can say whether it is.
        """
        caller = self._tokens.verify(token)
        now = self._clock.now()
        until = self._good_until.get(caller.user_id)
        # A clock set back must not stretch what is remembered.
        if until is not None and now < until <= now + REMEMBERED:
            return caller
        account = await self._accounts.account(caller.user_id)
        if account is not None and account.is_disabled:
            message = "token: its account is disabled"
            raise Unauthenticated(message)
        if len(self._good_until) >= _MOST_REMEMBERED:
            self._good_until.clear()
        self._good_until[caller.user_id] = now + REMEMBERED
        return caller
