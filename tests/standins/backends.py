"""The node backends under test, each in front of one simulated world, with what a test may do around it."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.standins.cln import RUNE, ClnStandIn
from tests.standins.lnd import MACAROON, LndStandIn
from tests.worlds import DAY, STARTS_AT, a_world

from daznode.adapters.lightning.cln.node import ClnNode
from daznode.adapters.lightning.connect import NodeAddress, cln_connection, lnd_connection
from daznode.adapters.lightning.lnd.node import LndNode
from daznode.adapters.lightning.simulated import SimulatedNode, WorldClock
from daznode.domain.circular import activity_of


@dataclass
class Bench:
    """A node under test.

    Attributes:
        make: A fresh adapter, within the event loop that uses it; closed by `close`.
        world: What it stands in front of; None for a live node.
        stand_in: The server; None without one.
    """

    make: Callable[[], Any]
    close: Callable[[Any], Any]
    since: datetime
    until: datetime
    world: Any = None
    stand_in: Any = None
    pages_options: dict | None = None

    def pass_time(self, span: timedelta) -> None:
        """Let time pass at the node."""
        self.until += span
        self.world.advance(self.until)

    def ask(self, question: Callable[[Any], Any]) -> Any:
        """Ask a fresh adapter."""

        async def trip():
            node = self.make()
            try:
                return await question(node)
            finally:
                await self.close(node)

        return asyncio.run(trip())

    def activity(self, since: datetime | None = None, until: datetime | None = None) -> Any:
        """All that the node's history tells of a window."""
        since, until = since or self.since, until or self.until

        async def read(node):
            events = []
            for strand in node.strands:
                async for page in node.pages(strand, None, until):
                    events += page.events
            return events

        return activity_of(self.ask(read), since, until, are_failures_known=True)


async def _nothing(node):
    del node


@contextmanager
def simulated(seed: int = 4) -> Iterator[Bench]:
    node = SimulatedNode(a_world(seed=seed))
    node.advance(STARTS_AT + DAY)
    yield Bench(lambda: node, _nothing, node.begins_at, STARTS_AT + DAY, world=node._world)


def lnd_node(server, world, macaroon=MACAROON, **address):
    place = NodeAddress(server.url, ca_file=server.papers.trust, **({"attempts": 1} | address))
    connection = lnd_connection(place, macaroon)
    node = LndNode(connection, WorldClock(SimulatedNode(world)))
    node.connection = connection
    return node


async def close_connection(node):
    await node.connection.client.aclose()


@contextmanager
def lnd(seed: int = 4, **stand_in) -> Iterator[Bench]:
    world = a_world(seed=seed)
    world.advance(STARTS_AT + DAY)
    server = LndStandIn(world, **stand_in)
    with server.serving() as serving:
        yield Bench(
            lambda: lnd_node(serving, world),
            close_connection,
            world.begins_at,
            STARTS_AT + DAY,
            world=world,
            stand_in=server,
        )


def cln_node(server, world, rune=RUNE, **address):
    place = NodeAddress(server.url, ca_file=server.papers.trust, **({"attempts": 1} | address))
    connection = cln_connection(place, rune)
    node = ClnNode(connection, WorldClock(SimulatedNode(world)))
    node.connection = connection
    return node


@contextmanager
def cln(seed: int = 4, **stand_in) -> Iterator[Bench]:
    world = a_world(seed=seed)
    world.advance(STARTS_AT + DAY)
    server = ClnStandIn(world, **stand_in)
    with server.serving() as serving:
        yield Bench(
            lambda: cln_node(serving, world),
            close_connection,
            world.begins_at,
            STARTS_AT + DAY,
            world=world,
            stand_in=server,
        )
