"""What the doctor says of the connected node."""

import asyncio

import pytest
from tests.fakes.clock import FakeClock
from tests.fakes.node import FakeNode

from daznode.domain.capability import Capability
from daznode.domain.errors import BackendRefused, BackendUntrusted
from daznode.domain.health import Diagnosis, ServiceHealth
from daznode.usecases.examine_node import NodeExaminer


class Closing:
    """Counts how often it was closed."""

    def __init__(self):
        self.count = 0

    async def __call__(self):
        self.count += 1


class Forgetful(FakeNode):
    """A node whose credential does not allow the past."""

    async def pages(self, *_):
        message = "lnd at localhost:8080: GET /v1/switch: the credential does not allow it"
        raise BackendRefused(message)
        yield


def examined(node, *, is_dry=True) -> dict[str, Diagnosis]:
    closing = Closing()
    found = asyncio.run(NodeExaminer(node, FakeClock(), closing, is_dry=is_dry).diagnose())
    assert closing.count == 1
    return {one.name: one for one in found}


def test_a_node_that_answers_and_what_may_be_read():
    found = examined(FakeNode())
    assert {one.state for one in found.values()} == {ServiceHealth.HEALTHY}
    assert "may read: channels and balances, activity" in found["node permissions"].detail
    assert "DRY_RUN is on" in found["node changes"].detail


def test_what_the_credential_does_not_allow_is_named():
    found = examined(Forgetful())["node permissions"]
    assert found.state is ServiceHealth.DEGRADED
    assert "may not read: activity" in found.detail
    assert "connect-lnd.md" in found.mend


def test_a_node_that_is_away():
    found = examined(FakeNode(error="lnd at localhost:8080: cannot be reached"))
    assert list(found) == ["node"]
    assert (found["node"].state, found["node"].exit_code) == (ServiceHealth.UNHEALTHY, 6)


def test_a_stranger_in_its_place():
    class Stranger(FakeNode):
        async def identity(self):
            message = "lnd: another key"
            raise BackendUntrusted(message)

    assert "somebody else may answer" in examined(Stranger())["node"].mend


@pytest.mark.parametrize(("can", "word"), [(True, "can be changed"), (False, "cannot change")])
def test_whether_anything_can_be_changed(can, word):
    node = FakeNode(can=frozenset({Capability.WRITE_POLICY} if can else set()))
    found = examined(node, is_dry=False)["node changes"]
    assert word in found.detail
    assert (found.state is ServiceHealth.DEGRADED) == can
