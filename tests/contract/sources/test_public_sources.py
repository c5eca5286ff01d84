"""What every public source promises, over real HTTP: typed figures, or one clear line, never a wrong one."""

import asyncio
import contextlib
import json
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.builders import MORNING, a_node_id
from tests.fakes.clock import FakeClock
from tests.standins.public import ETAG, PublicStandin, recorded
from tests.standins.server import LoopbackServer, Reply, json_reply

from daznode.adapters.http.client import HttpClient
from daznode.adapters.http.source import HttpSource
from daznode.adapters.sources.public.amboss import Amboss
from daznode.adapters.sources.public.host import PublicHost
from daznode.adapters.sources.public.mempool import Mempool
from daznode.adapters.sources.public.sparkseer import SparkSeer
from daznode.domain.errors import (
    BackendAnswerInvalid,
    BackendError,
    BackendRateLimited,
    BackendRefused,
    BackendUnavailable,
)
from daznode.domain.health import ServiceHealth
from daznode.domain.ids import NodeId
from daznode.usecases.gather_public import GatherPublic

US = NodeId(a_node_id(1))
HTML = Reply(200, b"<html>maintenance</html>", {"content-type": "text/html"})
NODE_PATHS = {
    "mempool": "/lightning/nodes",
    "amboss": "/graphql",
    "sparkseer": "/node/current-stats",
}


class Ticks:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class House:
    source: Any
    host: PublicHost
    standin: PublicStandin
    server: LoopbackServer
    clock: FakeClock
    ticks: Ticks
    name: str

    @property
    def paths(self) -> list[str]:
        return [one.path for one in self.server.asked]


def made(name: str, host: PublicHost, clock: FakeClock) -> Any:
    match name:
        case "mempool":
            return Mempool(host, clock)
        case "amboss":
            return Amboss(host, clock, has_key=False)
        case _:
            return SparkSeer(host, clock)


@contextlib.contextmanager
def a_house(name: str, *, per_second: float = 1_000.0):
    standin = PublicStandin(US)
    with LoopbackServer(standin, tls=False) as server:
        clock, ticks = FakeClock(MORNING), Ticks()
        client = HttpClient(
            HttpSource(
                name=name,
                base_url=server.url,
                headers={"api-key": "the key"},
                attempts=1,
                timeout_seconds=2,
                max_bytes=100_000,
            )
        )
        host = PublicHost(client, clock, per_second=per_second, monotonic=ticks)
        yield House(made(name, host, clock), host, standin, server, clock, ticks, name)


@pytest.fixture(params=["mempool", "amboss", "sparkseer"])
def house(request):
    with a_house(request.param) as built:
        yield built


@pytest.fixture
def mempool():
    with a_house("mempool") as built:
        yield built


def ask(house: House, *questions: str) -> list[Any]:
    async def trip() -> list[Any]:
        try:
            answers = []
            for question in questions:
                method = getattr(house.source, question)
                answers.append(await (method(US) if question == "node" else method()))
            return answers
        finally:
            await house.host.aclose()

    return asyncio.run(trip())


def test_a_node_is_read(house):
    (entry,) = ask(house, "node")
    assert (entry.source, entry.node_id) == (house.name, US)
    assert entry.channels == (1 if house.name == "sparkseer" else 28)
    assert entry.capacity_sat == (7 if house.name == "sparkseer" else 142_650_000)


def test_the_chain_and_the_network(mempool):
    fees, network = ask(mempool, "fees", "network")
    assert (fees.next_block, fees.economy) == (Decimal("2.023"), Decimal("0.2"))
    assert fees.open_sat(fees.next_block) == 312
    assert network.channels == 81_690
    assert network.observed_at == MORNING - timedelta(hours=6)


def test_an_instance_without_precise_fees(mempool):
    mempool.standin.replies["/fees/precise"] = Reply(404)
    (fees,) = ask(mempool, "fees")
    assert fees.next_block == 3


def test_an_unknown_node_is_none(mempool):
    mempool.standin.node_id = a_node_id(9)
    assert ask(mempool, "node") == [None]


@pytest.mark.parametrize(
    "reply",
    [
        HTML,
        Reply(200, b'{"public_key": "'),
        json_reply({"another": "shape"}),
        json_reply([1, 2]),
        Reply(200, b"[" * 5_000),
        Reply(302, headers={"location": "http://169.254.169.254/"}),
        Reply(503),
        Reply(200, b" " * 200_000),
        Reply(200, b"{}" * 500, cut_after=10),
    ],
    ids=["html", "half", "shape", "list", "deep", "redirect", "503", "long", "cut"],
)
def test_a_source_that_misbehaves_is_an_error_in_one_line(house, reply):
    house.standin.replies[NODE_PATHS[house.name]] = reply
    with pytest.raises(BackendError) as told:
        ask(house, "node")
    assert "\n" not in str(told.value)
    assert "the key" not in str(told.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("capacity", -5),
        ("capacity", "2100000000000001"),
        ("capacity", "12.5"),
        ("capacity", "NaN"),
        ("active_channel_count", -1),
        ("first_seen", 99_999_999_999),
        ("public_key", a_node_id(2)),
    ],
)
def test_a_figure_that_cannot_be_is_refused(mempool, field, value):
    said = recorded("mempool_node") | {"public_key": US, field: value}
    mempool.standin.replies["/lightning/nodes"] = json_reply(said)
    with pytest.raises(BackendAnswerInvalid):
        ask(mempool, "node")


def test_a_key_that_is_not_accepted_is_said_without_the_key():
    with a_house("sparkseer") as house:
        house.standin.replies["/node"] = Reply(403)
        with pytest.raises(BackendRefused):
            ask(house, "node")


def test_errors_of_a_graph_query_are_said():
    with a_house("amboss") as house:
        house.standin.replies["/graphql"] = json_reply(
            {
                "data": None,
                "errors": [{"message": "no", "extensions": {"code": "UNAUTHENTICATED"}}],
            }
        )
        with pytest.raises(BackendRefused, match="AMBOSS_API_KEY"):
            ask(house, "node")


def test_answers_are_kept_and_asked_for_again_conditionally(mempool):
    async def trip():
        await mempool.source.fees()
        await mempool.source.fees()
        assert mempool.paths == ["/fees/precise"]
        mempool.clock.advance(timedelta(minutes=6))
        again = await mempool.source.fees()
        assert mempool.server.asked[-1].headers["if-none-match"] == ETAG
        await mempool.host.aclose()
        return again

    again = asyncio.run(trip())
    assert again.next_block == Decimal("2.023")
    assert again.observed_at == MORNING + timedelta(minutes=6)


def test_of_all_who_ask_at_once_one_asks_the_host(mempool):
    async def trip():
        await asyncio.gather(*(mempool.source.network() for _ in range(20)))
        await mempool.host.aclose()

    asyncio.run(trip())
    assert len(mempool.paths) == 1


def test_what_is_kept_is_given_with_its_age_while_the_host_is_down(mempool):
    async def trip():
        await mempool.source.fees()
        mempool.standin.replies["/"] = Reply(503)
        mempool.clock.advance(timedelta(hours=3))
        old = await mempool.source.fees()
        mempool.clock.advance(timedelta(days=3))
        with pytest.raises(BackendUnavailable):
            await mempool.source.fees()
        await mempool.host.aclose()
        return old

    assert asyncio.run(trip()).observed_at == MORNING


def test_a_host_that_asks_for_silence_is_left_alone(mempool):
    async def trip():
        mempool.standin.replies["/"] = Reply(429, headers={"retry-after": "120"})
        with pytest.raises(BackendRateLimited):
            await mempool.source.fees()
        mempool.standin.replies.clear()
        n_asked = len(mempool.paths)
        mempool.ticks.now += 100
        with pytest.raises(BackendRateLimited, match="not asked again for 20 s"):
            await mempool.source.network()
        assert len(mempool.paths) == n_asked
        mempool.ticks.now += 21
        assert (await mempool.source.network()).channels == 81_690
        await mempool.host.aclose()

    asyncio.run(trip())


def test_calls_keep_to_the_rate_and_do_not_queue_for_ever():
    with a_house("mempool", per_second=0.5) as house:

        async def trip():
            keys = [NodeId(a_node_id(number)) for number in range(1, 9)]
            done = await asyncio.gather(
                *(house.source.node(key) for key in keys), return_exceptions=True
            )
            await house.host.aclose()
            return done

        done = asyncio.run(trip())
    refused = [one for one in done if isinstance(one, BackendRateLimited)]
    assert len(refused) == 5  # at 0, 2 and 4 seconds; the others would wait longer than 5
    assert len(house.paths) == 3


def test_a_probe_never_raises(house):
    async def trip():
        well = await house.source.probe()
        house.standin.replies["/"] = Reply(500)
        with contextlib.suppress(BackendError):
            await house.source.node(US)
        house.clock.advance(timedelta(hours=1))
        ill = await house.source.probe()
        await house.host.aclose()
        return well, ill

    well, ill = asyncio.run(trip())
    assert well.state is ServiceHealth.HEALTHY
    assert (well.name, well.is_required) == (house.name, False)
    assert "the key" not in f"{well}{ill}"
    if house.name != "mempool":
        assert ill.state is ServiceHealth.DEGRADED


class Slow:
    """A source that does not answer in time."""

    name = "amboss"

    async def fees(self):
        return None

    async def network(self):
        return None

    async def node(self, _):
        await asyncio.sleep(60)


def test_one_that_fails_costs_its_own_figures_alone(mempool):
    told: list[tuple[str, str]] = []
    mempool.standin.replies["/lightning/statistics"] = HTML

    async def trip():
        gather = GatherPublic(
            (Slow(), mempool.source), mempool.clock, lambda *one: told.append(one), 0.3
        )
        day = await gather.run(US)
        await mempool.host.aclose()
        return day

    day = asyncio.run(trip())
    assert day.fees is not None
    assert day.network is None
    assert [one.source for one in day.directory] == ["mempool"]
    slow, partial = day.readings
    assert slow.observed_at is None
    assert "no answer within 0.3 s" in slow.error
    assert "no whole JSON text" in partial.error
    assert sorted(source for source, _ in told) == ["Amboss", "Mempool"]


def test_figures_that_nobody_renews_are_called_old(mempool):
    said = recorded("mempool_statistics_latest")
    said["latest"]["added"] = "2025-10-01T00:00:00.000Z"
    mempool.standin.replies["/lightning/statistics"] = json_reply(said)

    async def trip():
        day = await GatherPublic((mempool.source,), mempool.clock).run(US)
        await mempool.host.aclose()
        return day

    (reading,) = asyncio.run(trip()).readings
    assert "2025-10-01" in reading.error


def test_recorded_answers_are_whole():
    for name in ("mempool_node", "mempool_fees_precise", "amboss_get_node"):
        assert json.dumps(recorded(name))
