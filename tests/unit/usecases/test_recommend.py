"""A node's own data is for the user who has proven to operate it; everybody else gets public data."""

import asyncio
import json
from datetime import timedelta

import pytest
from tests.builders import MORNING, TODAY, a_node_id, a_report, a_snapshot
from tests.fakes.batch import FakeJournal
from tests.fakes.clock import FakeClock
from tests.fakes.store import FakeSnapshotStore
from tests.unit.usecases.test_query_network import PAIRS, CountingCache, Quiet

from daznode.adapters.compute import ThreadCompute
from daznode.adapters.wire_json import encode
from daznode.decide.params import AdviceParams
from daznode.domain.accounts import Caller, Role, UserProfile
from daznode.domain.errors import NodeNotFound
from daznode.domain.measures import ScoreWeights
from daznode.domain.report import Scope
from daznode.graph.measures import MeasureParams
from daznode.usecases.cached_answers import CachedAnswers
from daznode.usecases.current_network import CurrentNetwork
from daznode.usecases.open_network import OpenNetwork
from daznode.usecases.recommend import Recommend

KEY = a_node_id(1)
CALLER = Caller("alice", "tenant-a", Role.USER, MORNING + timedelta(hours=1))


class OneProfile:
    """Profiles of one user, or of nobody."""

    def __init__(self, profile):
        self._profile = profile

    async def profile(self, user_id):
        return self._profile if user_id == "alice" else None


def a_profile(**given):
    return UserProfile(
        **{"user_id": "alice", "tenant_id": "tenant-a", "created_at": TODAY, "updated_at": TODAY}
        | given
    )


def asked(profile, node_id=KEY, *, is_connected=True, clock=None, language=None):
    """The answer, and the requests for a report on own data that it took."""
    requests = []

    async def prepare(request):
        requests.append(request)
        return a_report(node_pubkey=node_id, scope=Scope.NODE, language=request.language)

    async def run():
        store, compute = FakeSnapshotStore(), ThreadCompute()
        await store.put(a_snapshot(6, PAIRS, observed_at=MORNING))
        clock_ = clock or FakeClock()
        networks = OpenNetwork(
            store, store, compute, clock_, MeasureParams(), ScoreWeights(), threads=1
        )
        current = CurrentNetwork(networks, compute, FakeJournal(), Quiet())
        recommend = Recommend(
            current=current,
            profiles=OneProfile(profile),
            answers=CachedAnswers(CountingCache()),
            compute=compute,
            clock=clock_,
            encode=encode,
            language="en",
            params=AdviceParams(),
            prepare_own=prepare if is_connected else None,
        )
        try:
            await current.refresh()
            return json.loads((await recommend.run(CALLER, node_id, language)).body)
        finally:
            compute.close()

    return asyncio.run(run()), requests


def test_a_proven_operator_gets_advice_on_the_nodes_own_data():
    told, requests = asked(a_profile(lightning_pubkey=KEY, pubkey_proven_at=TODAY))
    assert told["scope"] == "node"
    assert [(one.user_id, one.tenant_id, one.node_id) for one in requests] == [
        ("alice", "tenant-a", KEY)
    ]


@pytest.mark.parametrize(
    ("profile", "node_id", "is_connected"),
    [
        (None, KEY, True),
        (a_profile(lightning_pubkey=KEY), KEY, True),
        (a_profile(lightning_pubkey=KEY, pubkey_proven_at=TODAY), a_node_id(2), True),
        (a_profile(lightning_pubkey=KEY, pubkey_proven_at=TODAY), KEY, False),
    ],
    ids=["no profile", "claimed only", "another node", "no node connected"],
)
def test_everybody_else_gets_public_data(profile, node_id, is_connected):
    told, requests = asked(profile, node_id, is_connected=is_connected)
    assert (told["scope"], requests) == ("public", [])
    assert told["node_id"] == node_id


def test_an_old_snapshot_is_said_to_be_stale():
    told, _ = asked(None, clock=FakeClock(MORNING + timedelta(hours=37)))
    assert told["is_stale"]
    fresh, _ = asked(None)
    assert not fresh["is_stale"]


def test_the_language_asked_for_wins():
    told, _ = asked(a_profile(language="fr"))
    assert told["language"] == "fr"
    told, _ = asked(a_profile(language="fr"), language="en")
    assert told["language"] == "en"


def test_a_node_that_the_network_does_not_know_is_not_found():
    with pytest.raises(NodeNotFound):
        asked(None, a_node_id(77))
