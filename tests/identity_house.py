"""A service's accounts over real stores in a folder, with passwords that are quick to hash."""

import asyncio
from uuid import NAMESPACE_URL, uuid5

from tests.builders import MORNING
from tests.builders import a_report as built_report
from tests.fakes.clock import FakeClock, FakeIds
from tests.fakes.watch import FakeJournal, FakeMetrics

from daznode.adapters.coordination.memory_limiter import MemoryLimiter
from daznode.adapters.identity.node_signatures import SignedMessages
from daznode.adapters.identity.passwords import Argon2Passwords
from daznode.adapters.identity.tokens import JwtTokens
from daznode.config import Settings
from daznode.domain.accounts import Caller, Role
from daznode.usecases.accounts import Accounts
from daznode.usecases.audit_trail import AuditNotes, ReadAudit
from daznode.usecases.authenticate import Authenticate
from daznode.usecases.log_in import LogIn
from daznode.usecases.profiles import Profiles
from daznode.usecases.prove_node import ProveNode
from daznode.wiring.storage import open_stores

PASSWORD = "correct horse battery staple"


class CountingPasswords(Argon2Passwords):
    """The real ones with little memory, which remember what they verified."""

    def __init__(self):
        super().__init__(memory_kib=64, time_cost=1, parallelism=1)
        self.asked = []

    async def verify(self, password, password_hash):
        self.asked.append(password_hash)
        return await super().verify(password, password_hash)


class Enabled(FakeMetrics):
    """Metrics that also keep in which order they were told how many have the report enabled."""

    def __init__(self):
        super().__init__()
        self.enabled = []

    def users_enabled(self, count):
        self.enabled.append(count)


class House:
    """Everything of accounts, over one folder."""

    def __init__(self, folder, *, report_hour=6, report_minute=0):
        self.clock, ids = FakeClock(), FakeIds()
        self.journal, self.metrics = FakeJournal(), Enabled()
        self.parts = open_stores(Settings(), folder, folder / "rag", clock=self.clock)
        self.passwords = CountingPasswords()
        self.tokens = JwtTokens(b"s" * 40, 60, self.clock, ids)
        self.notes = AuditNotes(self.parts.audit, self.clock, ids)
        self.limiter = MemoryLimiter(lambda: self.clock.now().timestamp())
        self.accounts = Accounts(
            self.parts.accounts, self.passwords, self.tokens, self.notes, self.clock
        )
        self.log_in = LogIn(
            self.parts.accounts,
            self.passwords,
            self.tokens,
            self.limiter,
            self.notes,
            self.journal,
        )
        self.authenticate = Authenticate(self.tokens, self.parts.accounts, self.clock)
        self.prove_node = ProveNode(
            self.parts.challenges,
            self.parts.profiles,
            SignedMessages(),
            self.notes,
            self.clock,
            ids,
        )
        self.profiles = Profiles(
            self.parts.profiles,
            self.parts.reports,
            self.notes,
            self.journal,
            self.metrics,
            self.clock,
            report_hour,
            report_minute,
        )
        self.read_audit = ReadAudit(self.parts.audit)

    async def entries(self):
        """The trail, the newest first."""
        entries, _ = await self.parts.audit.entries(tenant_id=None, action=None, page=1, limit=100)
        return entries

    async def trail(self):
        """The trail in short, the oldest first."""
        return [
            (one.actor, one.tenant_id, one.action, one.subject, one.detail)
            for one in reversed(await self.entries())
        ]

    def pass_time(self, by):
        """Move every clock."""
        self.clock.advance(by)


def house(folder, trip, **options):
    """Do something in a house, and close it."""

    async def travel():
        home = House(folder, **options)
        try:
            await home.parts.prepare()
            await trip(home)
        finally:
            home.passwords.close()
            await home.parts.close()

    asyncio.run(travel())


def a_caller(user_id, *, tenant_id="local", role=Role.USER):
    """Who asks, by a token that holds."""
    return Caller(user_id, tenant_id, role, MORNING.replace(year=MORNING.year + 1))


def a_report(user_id, node_id):
    """A completed report of a user."""
    report_id = str(uuid5(NAMESPACE_URL, user_id))
    return built_report(user_id=user_id, node_pubkey=node_id, report_id=report_id)
