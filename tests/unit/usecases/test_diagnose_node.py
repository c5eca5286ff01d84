"""The connected node as doctor sees it."""

import asyncio
from dataclasses import replace

import pytest
from tests.builders import an_identity, an_observation
from tests.fakes.node import FakeNode

from daznode.domain.errors import BackendError
from daznode.domain.health import ServiceHealth
from daznode.usecases.diagnose import Diagnose
from daznode.usecases.diagnose_node import NodeExaminer


def a_node(**identity):
    return FakeNode(an_observation(identity=replace(an_identity(), **identity)))


def examined(node):
    (found,) = asyncio.run(Diagnose([NodeExaminer(node)]).run())
    return found


def test_a_node_in_step_says_who_it_is_and_what_it_can():
    found = examined(a_node(is_synced_to_chain=True, is_synced_to_graph=True))
    identity = an_identity()
    assert found.state is ServiceHealth.HEALTHY
    assert found.detail.startswith(f"{identity.backend} ")
    assert identity.node_id[:12] in found.detail
    assert "forwards" in found.detail


@pytest.mark.parametrize(
    ("chain", "graph", "said"),
    [
        (False, True, "does not follow the chain"),
        (True, False, "does not follow gossip"),
        (False, False, "does not follow the chain and gossip"),
    ],
)
def test_a_node_that_lags(chain, graph, said):
    found = examined(a_node(is_synced_to_chain=chain, is_synced_to_graph=graph))
    assert found.state is ServiceHealth.DEGRADED
    assert said in found.detail
    assert found.mend


def test_a_node_that_does_not_answer():
    found = examined(FakeNode(error="connection refused"))
    assert found.state is ServiceHealth.UNHEALTHY
    assert "connection refused" in found.detail
    assert found.exit_code == BackendError.exit_code
