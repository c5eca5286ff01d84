"""The indexes and the schema of the MongoDB database, made at start and checked on request."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pymongo import IndexModel
from pymongo.errors import DuplicateKeyError, OperationFailure

from daznode.adapters.store.mongodb.accounts import USERS
from daznode.adapters.store.mongodb.alerts import ALERTS, OPEN_KEY
from daznode.adapters.store.mongodb.audit import AUDIT
from daznode.adapters.store.mongodb.challenges import CHALLENGES
from daznode.adapters.store.mongodb.digests import DIGESTS
from daznode.adapters.store.mongodb.documents import ID
from daznode.adapters.store.mongodb.jobs import CLAIMED_RUN, COMPLETED, JOBS
from daznode.adapters.store.mongodb.link import MongoLink
from daznode.adapters.store.mongodb.observations import OBSERVATIONS
from daznode.adapters.store.mongodb.profiles import PROFILES
from daznode.adapters.store.mongodb.report_names import REPORTS
from daznode.adapters.store.mongodb.reports import FILE_DUE
from daznode.adapters.store.mongodb.runs import RUNS
from daznode.domain.errors import MigrationNeeded, StoreCorrupt

SCHEMA: Final = 1
"""Number of this schema; counts up with every migration."""

REPORT_SECONDS: Final = 7_776_000
"""How long the server keeps a report: 90 days."""

_SCHEMA_COLLECTION: Final = "schema"
_SCHEMA_NAME: Final = "daznode"
_CONFLICTS: Final = frozenset({85, 86})
"""IndexOptionsConflict and IndexKeySpecsConflict (mongodb/mongo, error_codes.yml)."""


@dataclass(frozen=True, slots=True)
class Index:
    """One index.

    Attributes:
        collection: Where.
        keys: Fields and their directions, 1 or -1.
        options: `unique`, `sparse`, `expireAfterSeconds`.
    """

    collection: str
    keys: tuple[tuple[str, int], ...]
    options: tuple[tuple[str, Any], ...] = ()

    @property
    def name(self) -> str:
        """The name that a server gives it by itself."""
        return "_".join(f"{field}_{direction}" for field, direction in self.keys)

    def __str__(self) -> str:
        """For people."""
        keys = ", ".join(
            f"{field}{' desc' if direction < 0 else ''}" for field, direction in self.keys
        )
        options = "".join(f", {name}={value}" for name, value in self.options)
        return f"{self.collection} ({keys}{options})"


_UNIQUE: Final = (("unique", True),)
_SPARSE: Final = (("sparse", True),)
_UNIQUE_SPARSE: Final = (*_UNIQUE, *_SPARSE)

INDEXES: Final = (
    Index(PROFILES, (("lightning_pubkey", 1),), _UNIQUE_SPARSE),
    Index(PROFILES, (("daily_report_enabled", 1),)),
    Index(PROFILES, (("tenant_id", 1), ("lightning_pubkey", 1))),
    Index(REPORTS, (("report_id", 1),), _UNIQUE),
    Index(REPORTS, (("user_id", 1), ("report_date", -1))),
    Index(REPORTS, (("node_pubkey", 1), ("report_date", -1))),
    Index(REPORTS, (("tenant_id", 1), ("report_date", -1))),
    Index(REPORTS, (("generation_status", 1),)),
    Index(REPORTS, (("report_date", 1),), (("expireAfterSeconds", REPORT_SECONDS),)),
    Index(REPORTS, (("user_id", 1), ("node_pubkey", 1), ("report_date", 1)), _UNIQUE),
    Index(REPORTS, (("user_id", 1), ("generation_status", 1), ("report_date", -1))),
    Index(REPORTS, ((FILE_DUE, 1),), _SPARSE),
    Index(USERS, (("username", 1),), _UNIQUE),
    Index(CHALLENGES, (("expires_at", 1),), (("expireAfterSeconds", 0),)),
    Index(RUNS, (("finished_at", 1), ("created_at", 1))),
    Index(RUNS, (("report_date", 1),)),
    Index(JOBS, (("run_id", 1), ("state", 1), ("user_id", 1), ("node_pubkey", 1))),
    Index(JOBS, (("owner", 1), (CLAIMED_RUN, 1))),
    Index(JOBS, (("claim_id", 1),), _SPARSE),
    Index(JOBS, (("report_date", 1), ("state", 1), ("updated_at", -1))),
    Index(JOBS, (("user_id", 1), ("report_date", -1))),
    Index(JOBS, ((COMPLETED, 1),), _SPARSE),
    Index(ALERTS, ((OPEN_KEY, 1),), _UNIQUE_SPARSE),
    Index(ALERTS, (("user_id", 1), ("opened_at", -1))),
    Index(ALERTS, (("resolved_at", 1),)),
    Index(AUDIT, (("place", -1),)),
    Index(AUDIT, (("tenant_id", 1), ("place", -1))),
    Index(AUDIT, (("action", 1), ("place", -1))),
    Index(DIGESTS, (("user_id", 1), ("period_days", 1), ("last_date", -1))),
    Index(OBSERVATIONS, (("tenant_id", 1), ("node_pubkey", 1), ("observed_at", 1))),
)


async def prepare(link: MongoLink) -> None:
    """Make what is missing; what is there already stays.

    Raises:
        MigrationNeeded: A newer version of the program made this database, or an index of the same
            name or fields is there with other options; the message says how to mend it.
        StoreCorrupt: A unique index cannot be made, since there are doubles.
        StoreUnavailable: The server does not answer or refuses.
    """
    await check_schema(link)
    for index in INDEXES:
        await make(link, index)
    with link.refusals():
        await link.collection(_SCHEMA_COLLECTION).replace_one(
            {ID: _SCHEMA_NAME}, {ID: _SCHEMA_NAME, "number": SCHEMA}, upsert=True
        )


async def check_schema(link: MongoLink) -> int:
    """The number of the schema that is there; 0 for a new database.

    Raises:
        MigrationNeeded: A newer version of the program made it.
        StoreUnavailable: The server does not answer or refuses.
    """
    with link.refusals():
        found = await link.collection(_SCHEMA_COLLECTION).find_one({ID: _SCHEMA_NAME})
    number = 0 if found is None else int(found.get("number", 0))
    if number > SCHEMA:
        message = (
            f"{link.where}: made by a newer version of daznode (schema {number}, this program "
            f"knows up to {SCHEMA}); update daznode"
        )
        raise MigrationNeeded(message)
    return number


async def missing(link: MongoLink) -> Sequence[Index]:
    """Indexes that the server does not have, or has with other options.

    Raises:
        StoreUnavailable: The server does not answer or refuses.
    """
    with link.refusals():
        names = set(await link.database.list_collection_names())
        there = set()
        for collection in sorted({index.collection for index in INDEXES} & names):
            async for one in await link.collection(collection).list_indexes():
                there.add((collection, tuple(one["key"].items()), _options(one)))
    return [
        index
        for index in INDEXES
        if (index.collection, index.keys, frozenset(index.options)) not in there
    ]


async def make(link: MongoLink, index: Index) -> None:
    """Make one index, unless it is there.

    Raises:
        MigrationNeeded: An index of the same name or fields is there with other options.
        StoreCorrupt: It is unique, and there are doubles.
        StoreUnavailable: The server does not answer or refuses.
    """
    model = IndexModel(list(index.keys), name=index.name, **dict(index.options))
    with link.refusals():
        try:
            await link.collection(index.collection).create_indexes([model])
        except DuplicateKeyError as error:
            message = (
                f"{link.where}: {index} cannot be made: there are documents with the same values; "
                "remove the doubles, then start again"
            )
            raise StoreCorrupt(message) from error
        except OperationFailure as error:
            if error.code not in _CONFLICTS:
                raise
            message = (
                f"{link.where}: an index is in the way of {index}; drop it with "
                f"db.{index.collection}.dropIndex({dict(index.keys)}), then start again"
            )
            raise MigrationNeeded(message) from error


def _options(told: Any) -> frozenset[tuple[str, Any]]:  # noqa: ANN401 - a document of the server
    names = ("unique", "sparse", "expireAfterSeconds")
    given = {name: told[name] for name in names if name in told}
    return frozenset((name, value) for name, value in given.items() if value is not False)
