"""Two real LNbits for the session: one over its own fake wallet, one over a stand-in of LND."""

import asyncio
from contextlib import ExitStack

import pytest
from tests.lnbits.server import LnbitsServer
from tests.standins.fake_lnd import FakeLnd

from daznode.adapters.http.client import HttpClient
from daznode.adapters.http.source import HttpSource
from daznode.adapters.lightning.lnbits.connection import LnbitsConnection, LnbitsKeys, explain
from daznode.domain.credentials import Secret


@pytest.fixture(scope="session")
def servers():
    """Both at once, since most of their start is waiting for each other's core."""
    with ExitStack() as stack:
        lnd = FakeLnd()
        lnd_server = stack.enter_context(lnd.serve())
        wallets = stack.enter_context(LnbitsServer())
        node = stack.enter_context(
            LnbitsServer(
                LNBITS_BACKEND_WALLET_CLASS="LndRestWallet",
                LND_REST_ENDPOINT=lnd_server.url.replace("localhost", "127.0.0.1"),
                LND_REST_MACAROON="0201036c6e64",
            )
        )
        yield wallets.ready(), node.ready(), lnd


@pytest.fixture
def server(servers):
    """The LNbits over a fake wallet."""
    return servers[0]


@pytest.fixture
def node_server(servers):
    """The LNbits over the stand-in of LND."""
    return servers[1]


@pytest.fixture
def lnd(servers):
    """The stand-in, as it was at the beginning."""
    state = servers[2]
    state.__dict__.update(FakeLnd().__dict__)
    return state


@pytest.fixture
def visit():
    """Run one coroutine function with a connection to an LNbits."""

    def run(url, work, *, inkey=None, adminkey=None, token=None, **options):
        keys = LnbitsKeys(
            *(None if one is None else Secret(one) for one in (inkey, adminkey, token))
        )

        async def trip():
            source = HttpSource("lnbits", url, **options)
            async with HttpClient(source, explain=explain) as client:
                return await work(LnbitsConnection(client, keys))

        return asyncio.run(trip())

    return run
