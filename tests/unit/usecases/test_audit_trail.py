"""The trail as administrators read it: their own tenant's, newest first, in pages."""

import pytest
from tests.identity_house import a_caller, house

from daznode.domain.accounts import Role
from daznode.domain.errors import InvalidParameter, RoleMissing
from daznode.usecases.audit_trail import Doer

ADMIN = a_caller("root", role=Role.ADMIN)


def test_pages_of_the_own_tenant(tmp_path):
    async def trip(home):
        for at in range(7):
            await home.notes.add(Doer("alice", "local", f"r{at}"), "login", f"s{at}", "d" * 900)
            await home.notes.add(Doer("bob", "acme"), "login", f"t{at}")
        await home.notes.add(Doer("alice", "local"), "node_proven", "key")
        page = await home.read_audit.run(ADMIN, page=1, limit=3)
        assert [entry.subject for entry in page.entries] == ["key", "s6", "s5"]
        assert (page.page, page.limit, page.total, page.pages) == (1, 3, 8, 3)
        assert len(page.entries[1].detail) == 500
        assert page.entries[1].request_id == "r6"
        logins = await home.read_audit.run(ADMIN, action="login", page=3, limit=3)
        assert [entry.subject for entry in logins.entries] == ["s0"]
        assert logins.total == 7
        other = await home.read_audit.run(a_caller("boss", tenant_id="acme", role=Role.ADMIN))
        assert {entry.tenant_id for entry in other.entries} == {"acme"}
        assert other.total == 7

    house(tmp_path, trip)


def test_users_do_not_read_it(tmp_path):
    async def trip(home):
        with pytest.raises(RoleMissing):
            await home.read_audit.run(a_caller("alice"))

    house(tmp_path, trip)


@pytest.mark.parametrize(("page", "limit"), [(0, 10), (-1, 10), (1, 0), (1, 101), (10**9, 1)])
def test_pages_that_are_none(tmp_path, page, limit):
    async def trip(home):
        with pytest.raises(InvalidParameter):
            await home.read_audit.run(ADMIN, page=page, limit=limit)

    house(tmp_path, trip)
