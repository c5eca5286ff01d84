"""How the MongoDB database is: a quick answer for machines, a close look for its mender."""

from typing import Final

from daznode.adapters.store.mongodb import indexes
from daznode.adapters.store.mongodb.link import MongoLink
from daznode.adapters.store.mongodb.reports import MongoReports
from daznode.adapters.store.sqlite_health import files_due
from daznode.domain.errors import StorageError
from daznode.domain.health import Diagnosis, ServiceHealth

_OK: Final = ServiceHealth.HEALTHY
_WARN: Final = ServiceHealth.DEGRADED
_BAD: Final = ServiceHealth.UNHEALTHY


async def describe(link: MongoLink) -> str:
    """Ask the server whether it is there, and say what it is.

    Raises:
        StoreUnavailable: It does not answer or refuses.
    """
    with link.refusals():
        await link.client.admin.command("ping")
        version = (await link.client.server_info()).get("version", "of unknown version")
    return f"mongodb {version}"


class MongoDoctor:
    """Looks closely at the server, its database and the report files, a `Diagnosed`.

    Args:
        link: The database.
        reports: Knows which report files are due.
    """

    def __init__(self, link: MongoLink, reports: MongoReports) -> None:
        """Look at nothing yet."""
        self._link = link
        self._reports = reports

    async def diagnose(self) -> tuple[Diagnosis, ...]:
        """Look at the server, the schema, the indexes, and the report files."""
        found: list[Diagnosis] = []
        for look in (self._server, self._schema, self._indexes, self._files):
            try:
                found.append(await look())
            except StorageError as error:
                found.append(Diagnosis("database", _BAD, str(error), _mend_of(error)))
                break
        return tuple(found)

    async def _server(self) -> Diagnosis:
        told = f"{self._link.where}: {await describe(self._link)}"
        if await self._link.has_transactions():
            return Diagnosis("server", _OK, f"{told}, with transactions")
        return Diagnosis(
            "server",
            _WARN,
            f"{told}, a single server without transactions",
            "make it a replica set (one member is enough): a batch is then stored whole or not at "
            "all, and writes are tried again after a break",
        )

    async def _schema(self) -> Diagnosis:
        number = await indexes.check_schema(self._link)
        if number == indexes.SCHEMA:
            return Diagnosis("schema", _OK, f"number {number}")
        mend = "start the service once: it brings the database up to date"
        return Diagnosis("schema", _WARN, f"number {number} of {indexes.SCHEMA}", mend)

    async def _indexes(self) -> Diagnosis:
        missing = await indexes.missing(self._link)
        if not missing:
            return Diagnosis("indexes", _OK, f"all {len(indexes.INDEXES)} are there")
        told = "; ".join(str(index) for index in missing)
        mend = "start the service once: it makes what is missing, and names what is in the way"
        return Diagnosis("indexes", _WARN, f"missing or different: {told}", mend)

    async def _files(self) -> Diagnosis:
        return files_due(await self._reports.count_due())


def _mend_of(error: StorageError) -> str:
    mends = {
        "store-corrupt": "see the reason; restore what is damaged from a backup",
        "migration-needed": "update daznode to the version that made the database, or newer",
    }
    return mends.get(
        error.code, "see that the server runs and can be reached, and look at MONGODB_URI"
    )
