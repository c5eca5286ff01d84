"""What the command line asks for: one person, one machine, everything opened when first asked for.

Everything is made when it is first asked for, and imported then: `daznode --help` loads no kernel.
"""

import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from daznode.config import Settings, prepare_compile_cache
from daznode.domain.errors import BackendError, ConfigError
from daznode.domain.progress import Progress, silent

if TYPE_CHECKING:
    from daznode.adapters.compute import ThreadCompute
    from daznode.adapters.lightning.connect import NodeHandle
    from daznode.adapters.sources.graph_file import GraphFile
    from daznode.adapters.store.history import SqliteHistory
    from daznode.adapters.store.snapshots import SnapshotFolders
    from daznode.adapters.store.sqlite import SqliteStore
    from daznode.domain.gossip import SnapshotSummary
    from daznode.domain.measures import FeeMarket, NodeScoreCard
    from daznode.domain.page import Page
    from daznode.domain.report import DailyReport
    from daznode.graph.view import NetworkIndex
    from daznode.ports.clock import Clock
    from daznode.ports.press import Press
    from daznode.usecases.compare_networks import CompareNetworks
    from daznode.usecases.credentials import KeepCredentials
    from daznode.usecases.daily_report import DailyReportTrip
    from daznode.usecases.import_network import ImportNetwork
    from daznode.usecases.open_network import OpenNetwork
    from daznode.usecases.sync_node import Synced
    from daznode.wiring.experiments import ExperimentServices
    from daznode.wiring.lnbits import LnbitsServices
    from daznode.wiring.secrets import Secrets

LARGE_FILE_BYTES: Final = 200_000
"""Compressed or not, a smaller dump is read before a scanner for it could be compiled."""

DEMO_DAYS: Final = 14
DEMO_NODES: Final = 1_200
DEMO_CHANNELS: Final = 3_800
DEMO_HOUR: Final = time(6, 0, tzinfo=UTC)
"""The hour at which daily reports are made by default."""


def _tell(text: str) -> None:
    del text


class Services:
    """Everything a door can ask for, over the adapters that the settings choose.

    Args:
        settings: What was set.
        listener: Told of the progress of long work.
        say: Told in a line what a person should know, such as a first compilation.
        is_temporary: Keep all data in a folder of its own that `close` removes.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        listener: Progress = silent,
        say: Callable[[str], None] = _tell,
        is_temporary: bool = False,
    ) -> None:
        """Open nothing yet."""
        self._settings = settings
        self._listener = listener
        self._node_handle: NodeHandle | None = None
        self._say = say
        self._temporary = (
            tempfile.TemporaryDirectory(prefix="daznode-data-") if is_temporary else None
        )
        self._data_dir = Path(self._temporary.name) if self._temporary else settings.data_dir
        self._assets_dir = (
            self._data_dir / "rag" / "RAG_assets" if is_temporary else settings.report_files_dir
        )
        self._cache_dir = prepare_compile_cache(settings.data_dir)

    def tell(self, stage: str, count: int) -> None:
        """Show how much of work of unknown length is done."""
        self._listener(stage, count, count + 1)

    def close(self) -> None:
        """Finish what runs, close what is open, remove what was temporary."""
        for name in ("compute", "store", "history", "secrets", "experiments"):
            if name in self.__dict__:
                getattr(self, name).close()
        if self._temporary is not None:
            self._temporary.cleanup()

    @cached_property
    def clock(self) -> "Clock":
        """Time of the machine."""
        from daznode.adapters.clock import SystemClock

        return SystemClock()

    @cached_property
    def compute(self) -> "ThreadCompute":
        """Threads for CPU-bound work."""
        from daznode.adapters.compute import ThreadCompute

        return ThreadCompute(self._listener)

    @cached_property
    def store(self) -> "SqliteStore":
        """Reports and observations."""
        from daznode.adapters.store.sqlite import SqliteStore

        return SqliteStore(self._data_dir, self._assets_dir)

    async def node_handle(self) -> "NodeHandle | None":
        """The connected node; None if the settings name none.

        Its credential comes from the settings, else from the vault.

        Raises:
            ConfigError: Its settings do not fit together, or a file of theirs cannot be used.
        """
        if self._node_handle is None:
            from daznode.wiring.nodes import open_node

            credential = await self.secrets.of_node()
            self._node_handle = open_node(self._settings, credential, self.clock)
        return self._node_handle

    async def aclose(self) -> None:
        """Close what belongs to the running event loop; before `close`."""
        if self._node_handle is not None:
            await self._node_handle.client.aclose()
            self._node_handle = None

    @cached_property
    def history(self) -> "SqliteHistory":
        """What happened on own nodes."""
        from daznode.adapters.store.history import SqliteHistory

        return SqliteHistory(self._data_dir)

    @cached_property
    def snapshots(self) -> "SnapshotFolders":
        """Network snapshots and their measures."""
        from daznode.adapters.store.snapshots import SnapshotFolders

        return SnapshotFolders(self._data_dir)

    @cached_property
    def secrets(self) -> "Secrets":
        """Secrets of nodes, of the settings or of the vault."""
        from daznode.wiring.secrets import Secrets

        return Secrets(self._settings, self._data_dir, self.clock)

    @property
    def credentials(self) -> "KeepCredentials":
        """The trips around the vault."""
        return self.secrets.keep

    @cached_property
    def lnbits(self) -> "LnbitsServices":
        """Trips to an LNbits."""
        from daznode.wiring.lnbits import LnbitsServices

        return LnbitsServices(self._settings, self.secrets)

    @cached_property
    def experiments(self) -> "ExperimentServices":
        """Fee policies tried in simulated networks."""
        from daznode.wiring.experiments import ExperimentServices

        return ExperimentServices(
            self._data_dir,
            self.snapshots,
            self.clock,
            self._cache_dir,
            self._say,
            self._listener,
        )

    @cached_property
    def press(self) -> "Press":
        """HTML and PDF."""
        from daznode.adapters.press.document import DocumentPress

        return DocumentPress()

    @cached_property
    def import_network(self) -> "ImportNetwork":
        """The trip from a dump to a stored snapshot."""
        from daznode.usecases.import_network import ImportNetwork

        return ImportNetwork(self.snapshots, self.compute, self.clock)

    @cached_property
    def networks(self) -> "OpenNetwork":
        """The trip from a snapshot to a network that can be asked."""
        from daznode.wiring.networks import open_networks

        self._compile_kernels()
        return open_networks(
            self._settings, self.snapshots, self.snapshots, self.compute, self.clock
        )

    @cached_property
    def compare_networks(self) -> "CompareNetworks":
        """The trip from snapshots to their figures."""
        from daznode.usecases.compare_networks import CompareNetworks

        return CompareNetworks(self.snapshots, self.compute, self.clock)

    def graph_source(self, file: str, nodes_file: str | None = None) -> "GraphFile":
        """A dump on disk or standard input."""
        from daznode.adapters.sources.graph_file import GraphFile
        from daznode.adapters.sources.streams import STANDARD_INPUT

        path = Path(file)
        if file == STANDARD_INPUT or (path.is_file() and path.stat().st_size > LARGE_FILE_BYTES):
            self._compile_scanner()
        return GraphFile(file, node_file=nodes_file, max_bytes=self._settings.max_dump_bytes)

    def snapshot_or_file(self, name: str) -> "str | GraphFile":
        """What a name on the command line means: a file if there is one, else a stored snapshot."""
        return self.graph_source(name) if Path(name).is_file() else name

    async def import_file(
        self, file: str, nodes_file: str | None, *, observed_at: datetime | None
    ) -> "tuple[SnapshotSummary, bool]":
        """Import a dump; the stored snapshot, and whether it is new."""
        source = self.graph_source(file, nodes_file)
        imported = await self.import_network.run(source, observed_at=observed_at)
        return imported.summary, imported.is_new

    async def open_network(self, graph: str | None, snapshot: str | None) -> "NetworkIndex":
        """The network in a dump, or a stored one (the newest by default)."""
        if graph is not None:
            return await self.networks.from_source(self.graph_source(graph))
        return await self.networks.stored(snapshot)

    def score(self, network: "NetworkIndex", node: str) -> "NodeScoreCard":
        """The score card of a node given by key or alias."""
        from daznode.usecases import score_node

        return score_node.score(network, node)

    def rankings(
        self, network: "NetworkIndex", metric: str, limit: int
    ) -> "tuple[NodeScoreCard, ...]":
        """The best nodes by a metric."""
        from daznode.usecases import score_node

        return score_node.rankings(network, metric, limit)

    async def fee_market(self, graph: str | None, snapshot: str | None, node: str) -> "FeeMarket":
        """What is charged towards and from a node given by key or alias."""
        from daznode.usecases import score_node

        which = self.graph_source(graph) if graph is not None else snapshot
        return score_node.market(await self.compare_networks.snapshot(which), node)

    async def report(
        self, node: str, *, graph: str | None, day: date | None, language: str | None
    ) -> "DailyReport":
        """Make and store the daily report of a node given by key or alias."""
        from daznode.usecases import score_node
        from daznode.usecases.daily_report import ReportRequest
        from daznode.wiring.public import open_public

        trip = self._report_trip(self.clock)
        handle = await self.node_handle()
        trip.node = handle.node if handle is not None else None
        if graph is not None:
            trip.fixed_network = await self.networks.from_source(self.graph_source(graph))
        node_id = await score_node.node_id_of(trip.fixed_network, self.networks, node)
        public = open_public(self._settings, self.clock)
        trip.public = public.gather
        try:
            return await trip.run(ReportRequest(node_id, language or self._settings.language, day))
        finally:
            await public.close()

    async def sync(self, told: Callable[[str, int], None]) -> "Synced":
        """Bring what is kept of the connected node up to now.

        Raises:
            ConfigError: No node is connected.
        """
        from daznode.domain.accounts import LOCAL_TENANT
        from daznode.usecases.sync_node import SyncNode

        trip = SyncNode(self.clock, self.history, self.store, told)
        return await trip.run((await self._connected()).node, LOCAL_TENANT)

    async def follow(self, told: "Callable[[Synced | BackendError], None]") -> None:
        """Keep the history of the connected node up to date until stopped; raises as `sync` does."""
        from daznode.domain.accounts import LOCAL_TENANT
        from daznode.usecases.follow_node import FollowNode
        from daznode.usecases.sync_node import SyncNode

        handle = await self._connected()
        trip = FollowNode(SyncNode(self.clock, self.history, self.store), told)
        await trip.run(handle.node, handle.events(self.clock), LOCAL_TENANT)

    async def import_from_node(self) -> "tuple[SnapshotSummary, bool]":
        """Import the network as the connected node knows it; raises as `sync` does."""
        handle = await self._connected()
        with tempfile.TemporaryDirectory(prefix="daznode-graph-") as folder:
            file = Path(folder) / "node.json"
            await handle.node.save_graph(file)
            return await self.import_file(str(file), None, observed_at=self.clock.now())

    async def own_node_id(self) -> str:
        """Key of the connected node; raises as `sync` does."""
        return (await (await self._connected()).node.identity()).node_id

    async def _connected(self) -> "NodeHandle":
        handle = await self.node_handle()
        if handle is None:
            message = "no node is connected: set LND_REST_URL or CLN_REST_URL"
            raise ConfigError(message)
        return handle

    async def rehearse(self, *, seed: int, language: str | None) -> "DailyReport":
        """Live through the demo's fortnight and make its last morning's report."""
        from daznode.adapters.lightning.simulated import WorldClock, build_demo_world
        from daznode.usecases.rehearse import Rehearse
        from daznode.usecases.sync_node import SyncNode
        from daznode.wiring.kernels import compile_payments

        compile_payments(self._cache_dir, self._say, self._listener)

        now = self.clock.now()
        until = datetime.combine(now.date(), DEMO_HOUR)
        until = until if until <= now else until - timedelta(days=1)
        start = until - timedelta(days=DEMO_DAYS)
        world = await self.compute.run(
            lambda progress: build_demo_world(
                seed=seed,
                start=start,
                nodes=DEMO_NODES,
                channels=DEMO_CHANNELS,
                progress=progress,
            )
        )
        clock = WorldClock(world)
        trip = self._report_trip(clock)
        trip.node = world
        sync = SyncNode(clock, self.history, self.store)
        rehearse = Rehearse(world, self.snapshots, sync, trip, self.compute)
        return await rehearse.run(until, language or self._settings.language)

    async def generate_network(
        self, nodes: int, channels: int | None, seed: int, out: str | None
    ) -> "SnapshotSummary":
        """Make a network, and store it or write it as a dump."""
        from daznode.adapters.lightning.simulated import generate_snapshot
        from daznode.adapters.sources.describegraph_file import write_describegraph
        from daznode.domain.gossip import SnapshotSummary

        now = self.clock.now()
        snapshot = await self.compute.run(
            lambda _: generate_snapshot(
                nodes=nodes, channels=channels, seed=seed, observed_at=now, imported_at=now
            )
        )
        if out is None:
            return await self.snapshots.put(snapshot)
        await self.compute.run(lambda _: write_describegraph(snapshot, out))
        return SnapshotSummary(snapshot.origin, snapshot.n_nodes, snapshot.n_channels)

    def page(self, report: "DailyReport") -> "Page":
        """A report laid out in words."""
        from daznode.report.layout import lay_out

        return lay_out(report)

    def html(self, page: "Page") -> bytes:
        """A page as a self-contained HTML document."""
        return self.press.html(page).encode()

    def render(self, report: "DailyReport", face: str) -> bytes:
        """A report as a document: `json`, `md`, `html` or `pdf`."""
        from daznode.adapters.store.codec import encode_report
        from daznode.report.markdown import to_markdown

        match face:
            case "json":
                return encode_report(report)
            case "md":
                return to_markdown(self.page(report)).encode()
            case "html":
                return self.html(self.page(report))
            case _:
                return self.press.pdf(self.page(report))

    def write_file(self, path: Path, content: bytes) -> None:
        """Write a file whole or not at all.

        Raises:
            StoreUnavailable: It cannot be written.
        """
        from daznode.adapters.store.atomic import disk_errors, write_whole

        with disk_errors(path, "written"):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, content)

    def _report_trip(self, clock: "Clock") -> "DailyReportTrip":
        from daznode.adapters.clock import RandomIds
        from daznode.usecases.daily_report import DailyReportTrip

        return DailyReportTrip(
            clock, RandomIds(), self.networks, self.store, self.store, history=self.history
        )

    def _compile_kernels(self) -> None:
        from daznode.wiring.kernels import compile_kernels

        compile_kernels(self._cache_dir, self._say, self._listener)

    def _compile_scanner(self) -> None:
        from daznode.wiring.kernels import compile_scanner

        compile_scanner(self._cache_dir, self._say)
