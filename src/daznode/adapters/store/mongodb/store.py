"""MongoDB store: every store port but network snapshots over one database of a server."""

from pathlib import Path

from daznode.adapters.store.atomic import PATIENCE_SECONDS
from daznode.adapters.store.mongodb import indexes
from daznode.adapters.store.mongodb.accounts import MongoAccounts
from daznode.adapters.store.mongodb.alerts import MongoAlerts
from daznode.adapters.store.mongodb.audit import MongoAudit
from daznode.adapters.store.mongodb.challenges import MongoChallenges
from daznode.adapters.store.mongodb.digests import MongoDigests
from daznode.adapters.store.mongodb.link import MongoLink
from daznode.adapters.store.mongodb.observations import MongoObservations
from daznode.adapters.store.mongodb.profiles import MongoProfiles
from daznode.adapters.store.mongodb.reports import MongoReports
from daznode.adapters.store.mongodb.runs import MongoRuns
from daznode.adapters.store.report_files import ReportFiles


class MongoStore:
    """A database on a MongoDB server and the report files beside it.

    Args:
        uri: `MONGODB_URI`.
        database: `MONGODB_DATABASE`.
        assets_folder: `RAG_ASSETS_DIR`.
        patience_seconds: How long to wait for another writer of report files.

    Attributes:
        link: The connection.
        reports: The `ReportStore`.
        observations: The `ObservationStore`.
        accounts: The `AccountStore`.
        profiles: The `ProfileStore`.
        challenges: The `ChallengeStore`.
        runs: The `RunStore`.
        alerts: The `AlertStore`.
        audit: The `AuditTrail`.
        digests: The `DigestStore`.

    Raises:
        ConfigError: The address cannot be used.
    """

    def __init__(
        self,
        uri: str,
        database: str,
        assets_folder: Path,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """Connect to nothing yet."""
        self.link = MongoLink(uri, database)
        files = ReportFiles(assets_folder, patience_seconds=patience_seconds)
        self.reports = MongoReports(self.link, files)
        self.observations = MongoObservations(self.link)
        self.accounts = MongoAccounts(self.link)
        self.profiles = MongoProfiles(self.link)
        self.challenges = MongoChallenges(self.link)
        self.runs = MongoRuns(self.link)
        self.alerts = MongoAlerts(self.link)
        self.audit = MongoAudit(self.link)
        self.digests = MongoDigests(self.link)

    async def prepare(self) -> None:
        """Make the indexes that are missing, and report files that are due.

        Raises:
            StoreUnavailable: The server does not answer or refuses.
            StoreCorrupt: A unique index cannot be made, since there are doubles.
            MigrationNeeded: A newer version of the program made the database, or an index is in
                the way.
        """
        await indexes.prepare(self.link)
        await self.reports.finish_interrupted()

    async def close(self) -> None:
        """Close the connections."""
        await self.link.close()
