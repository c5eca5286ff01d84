"""Settings: one frozen tree read once from the environment and `.env`; the only reader of both."""

import atexit
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Final, Literal

import platformdirs
from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from daznode.domain.credentials import decode_key
from daznode.domain.errors import ConfigError
from daznode.domain.measures import ScoreWeights

_KERNELS_OF: Final = "kernels-"
_MOST_KERNELS_KEPT: Final = 8
"""States of the kernels' sources whose compiled code is kept, some 10 MB each."""

_OWN_IMPORT: Final = re.compile(r"^from daznode\.([\w.]+) import", re.MULTILINE)
_WEIGHT_SUM_TOLERANCE: Final = 1e-9
_N_WEIGHTS: Final = 3
_WALLET_KEY: Final = re.compile(r"[0-9a-f]{32}")
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")

_TAKES: Final = {
    "DAZNODE_DATA_DIR": "a folder that can be written",
    "RAG_ASSETS_DIR": "a folder that can be written",
    "DAZNODE_LANGUAGE": "en or fr",
    "DAZNODE_THREADS": "a whole number from 1 to 64",
    "DAZNODE_SCORE_WEIGHTS": "three numbers from 0 to 1 that sum to 1: centrality, reliability, performance",
    "DAZNODE_MAX_DUMP_BYTES": "a whole number of bytes from 1,000,000",
    "DAILY_REPORTS_SCHEDULER_ENABLED": "true or false",
    "DAILY_REPORTS_HOUR": "a whole number from 0 to 23",
    "DAILY_REPORTS_MINUTE": "a whole number from 0 to 59",
    "DAILY_REPORTS_MAX_CONCURRENT": "a whole number from 1 to 1,000",
    "DAILY_REPORTS_MAX_RETRIES": "a whole number from 1 to 10",
    "DAILY_REPORTS_TIMEOUT": "seconds, from 1 to 86,400",
    "DAILY_REPORTS_EXECUTOR": "local or celery",
    "MONGODB_URI": "mongodb:// or mongodb+srv:// and a server",
    "MONGODB_DATABASE": "a database name: 1 to 63 letters, digits, - or _",
    "REDIS_URL": "redis://, rediss:// or unix:// and a server",
    "QDRANT_URL": "http:// or https:// and a server",
    "JWT_SECRET": "at least 32 bytes; `openssl rand -base64 48` makes one",
    "JWT_EXPIRE_MINUTES": "a whole number of minutes from 1 to 43,200",
    "RATE_LIMIT_PER_MINUTE": "a whole number from 1 to 1,000,000",
    "DAZNODE_TRUSTED_PROXIES": "IP addresses or networks, separated by commas",
    "DAZNODE_PUBLIC_SOURCES": "some of mempool, amboss, sparkseer, with commas",
    "DAZNODE_PUBLIC_RATE": "calls a second to one host, from 0.01 to 1,000",
    "MEMPOOL_API_URL": "http:// or https:// and a server, up to /api/v1",
    "AMBOSS_API_URL": "http:// or https:// and a server",
    "SPARKSEER_API_URL": "http:// or https:// and a server, up to /v1",
    "DAZNODE_LOG_FORMAT": "json or console",
    "DAZNODE_LOG_LEVEL": "debug, info, warning or error",
    "PROMETHEUS_MULTIPROC_DIR": "a folder that can be written",
    "DRY_RUN": "true or false",
    "DAZNODE_TOR_PROXY": "socks5://host:port",
    "LNBITS_URL": "http:// or https:// and a server",
    "LNBITS_ADMIN_KEY": "a wallet's admin key: 32 hex characters",
    "LNBITS_INVOICE_KEY": "a wallet's invoice key: 32 hex characters",
    "LNBITS_ACCESS_TOKEN": "an access token: three parts with dots",
    "ENCRYPTION_KEY": "32 bytes in base64; `openssl rand -base64 32` makes one",
    "ENCRYPTION_EXTRA_KEYS": "keys like ENCRYPTION_KEY, separated by commas",
}

_SHORTEST_SECRET_BYTES: Final = 32
"""RFC 7518, section 3.2: a key of HS256 has at least the 256 bits of its hash."""


def _weights(value: object) -> object:
    if not isinstance(value, str):
        return value
    parts = [float(part) for part in value.split(",")]
    if len(parts) != _N_WEIGHTS or any(not 0.0 <= part <= 1.0 for part in parts):
        message = "three numbers from 0 to 1"
        raise ValueError(message)
    if abs(sum(parts) - 1.0) > _WEIGHT_SUM_TOLERANCE:
        message = "a sum of 1"
        raise ValueError(message)
    return ScoreWeights(*parts)


def _names(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))


def _server(*schemes: str) -> Callable[[object], object]:
    def check(value: object) -> object:
        if isinstance(value, str) and not value.startswith(tuple(f"{one}://" for one in schemes)):
            message = "another scheme"
            raise ValueError(message)
        return value

    return check


def _like(pattern: re.Pattern[str]) -> Callable[[object], object]:
    def check(value: object) -> object:
        if isinstance(value, str) and pattern.fullmatch(value.strip()) is None:
            message = "another spelling"
            raise ValueError(message)
        return value.strip() if isinstance(value, str) else value

    return check


def _networks(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(
        ip_network(part.strip(), strict=False) for part in value.split(",") if part.strip()
    )


def _secret(value: object) -> object:
    if isinstance(value, str) and len(value.encode()) < _SHORTEST_SECRET_BYTES:
        message = "too short"
        raise ValueError(message)
    return value


def _key(value: object) -> object:
    if isinstance(value, str):
        decode_key(value)
    return value


def _keys(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(_key(part.strip()) for part in value.split(",") if part.strip())


class Settings(BaseSettings):
    """What can be set from outside; every field names its variable.

    Attributes:
        data_dir: `DAZNODE_DATA_DIR`: database, snapshots and report files.
        rag_assets_dir: `RAG_ASSETS_DIR`: report files for retrieval; default inside `data_dir`.
        language: `DAZNODE_LANGUAGE`: language of reports where no other is asked for.
        threads: `DAZNODE_THREADS`: threads for measuring; default all cores of the machine.
        score_weights: `DAZNODE_SCORE_WEIGHTS`: weights of the three parts of a score.
        max_dump_bytes: `DAZNODE_MAX_DUMP_BYTES`: largest graph dump, after decompression.
        scheduler_enabled: `DAILY_REPORTS_SCHEDULER_ENABLED`: the daily job runs inside the service.
        report_hour: `DAILY_REPORTS_HOUR`: UTC hour of the daily job.
        report_minute: `DAILY_REPORTS_MINUTE`: UTC minute of the daily job.
        max_concurrent: `DAILY_REPORTS_MAX_CONCURRENT`: reports built at once in one process.
        max_retries: `DAILY_REPORTS_MAX_RETRIES`: attempts for one report.
        report_timeout_seconds: `DAILY_REPORTS_TIMEOUT`: for one report.
        executor: `DAILY_REPORTS_EXECUTOR`: where batches run.
        mongodb_uri: `MONGODB_URI`: set, MongoDB is the database; unset, SQLite.
        mongodb_database: `MONGODB_DATABASE`: its database.
        redis_url: `REDIS_URL`: set, Redis is cache, rate limiter and lock.
        qdrant_url: `QDRANT_URL`: set, a Qdrant server is expected there.
        qdrant_api_key: `QDRANT_API_KEY`: its key.
        jwt_secret: `JWT_SECRET`: signs bearer tokens.
        jwt_expire_minutes: `JWT_EXPIRE_MINUTES`: how long a token holds.
        rate_limit_per_minute: `RATE_LIMIT_PER_MINUTE`: requests per minute and caller.
        trusted_proxies: `DAZNODE_TRUSTED_PROXIES`: whose `X-Forwarded-For` is believed.
        public_sources: `DAZNODE_PUBLIC_SOURCES`: public services to ask; a key or an address of one
            names it too.
        public_rate: `DAZNODE_PUBLIC_RATE`: calls a second to one host.
        mempool_api_url: `MEMPOOL_API_URL`: an instance of mempool.space.
        amboss_api_url: `AMBOSS_API_URL`: where Amboss is.
        amboss_api_key: `AMBOSS_API_KEY`: its key.
        sparkseer_api_url: `SPARKSEER_API_URL`: where SparkSeer is.
        sparkseer_api_key: `SPARKSEER_API_KEY`: its key.
        log_format: `DAZNODE_LOG_FORMAT`: of the service's log on standard error; JSON, or for people.
        log_level: `DAZNODE_LOG_LEVEL`: least important line that is written.
        metrics_dir: `PROMETHEUS_MULTIPROC_DIR`: where processes leave their figures for each other.
        dry_run: `DRY_RUN`: nothing is ever changed on a node while true.
        lnd_rest_url: `LND_REST_URL`: an LND node over REST.
        lnd_macaroon_path: `LND_MACAROON_PATH`: its macaroon file.
        lnd_tls_cert_path: `LND_TLS_CERT_PATH`: its `tls.cert`; unset, the system's authorities.
        cln_rest_url: `CLN_REST_URL`: a Core Lightning node over clnrest.
        cln_rune: `CLN_RUNE`: its rune.
        cln_ca_cert_path: `CLN_CA_CERT_PATH`: its `ca.pem`; unset, the system's authorities.
        node_pubkey: `DAZNODE_NODE_PUBKEY`: key that the node must have.
        node_network: `DAZNODE_NODE_NETWORK`: network that the node must be on.
        node_tls_name: `DAZNODE_NODE_TLS_NAME`: name in its certificate, where it is not the host.
        tor_proxy: `DAZNODE_TOR_PROXY`: SOCKS proxy for .onion addresses.
        lnbits_url: `LNBITS_URL`: an LNbits server.
        lnbits_admin_key: `LNBITS_ADMIN_KEY`: pays from a wallet.
        lnbits_invoice_key: `LNBITS_INVOICE_KEY`: reads a wallet and makes invoices for it.
        lnbits_access_token: `LNBITS_ACCESS_TOKEN`: opens the node behind it.
        encryption_key: `ENCRYPTION_KEY`: seals stored credentials; unset, a file in `data_dir` does.
        encryption_extra_keys: `ENCRYPTION_EXTRA_KEYS`: further keys that can be read with.
    """

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    data_dir: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("daznode", appauthor=False)),
        validation_alias="DAZNODE_DATA_DIR",
    )
    rag_assets_dir: Path | None = Field(default=None, validation_alias="RAG_ASSETS_DIR")
    language: Literal["en", "fr"] = Field(default="en", validation_alias="DAZNODE_LANGUAGE")
    threads: int = Field(
        default_factory=lambda: min(os.cpu_count() or 1, 64),
        ge=1,
        le=64,
        validation_alias="DAZNODE_THREADS",
    )
    score_weights: Annotated[ScoreWeights, NoDecode, BeforeValidator(_weights)] = Field(
        default=ScoreWeights(), validation_alias="DAZNODE_SCORE_WEIGHTS"
    )
    max_dump_bytes: int = Field(
        default=2 * 1024**3, ge=1_000_000, validation_alias="DAZNODE_MAX_DUMP_BYTES"
    )
    scheduler_enabled: bool = Field(
        default=True, validation_alias="DAILY_REPORTS_SCHEDULER_ENABLED"
    )
    report_hour: int = Field(default=6, ge=0, le=23, validation_alias="DAILY_REPORTS_HOUR")
    report_minute: int = Field(default=0, ge=0, le=59, validation_alias="DAILY_REPORTS_MINUTE")
    max_concurrent: int = Field(
        default=10, ge=1, le=1_000, validation_alias="DAILY_REPORTS_MAX_CONCURRENT"
    )
    max_retries: int = Field(default=3, ge=1, le=10, validation_alias="DAILY_REPORTS_MAX_RETRIES")
    report_timeout_seconds: float = Field(
        default=300, ge=1, le=86_400, validation_alias="DAILY_REPORTS_TIMEOUT"
    )
    executor: Literal["local", "celery"] = Field(
        default="local", validation_alias="DAILY_REPORTS_EXECUTOR"
    )
    mongodb_uri: Annotated[SecretStr | None, BeforeValidator(_server("mongodb", "mongodb+srv"))] = (
        Field(default=None, validation_alias="MONGODB_URI")
    )
    mongodb_database: str = Field(
        default="mcp_db", pattern=r"^[A-Za-z0-9_-]{1,63}$", validation_alias="MONGODB_DATABASE"
    )
    redis_url: Annotated[SecretStr | None, BeforeValidator(_server("redis", "rediss", "unix"))] = (
        Field(default=None, validation_alias="REDIS_URL")
    )
    qdrant_url: str | None = Field(
        default=None, pattern=r"^https?://", validation_alias="QDRANT_URL"
    )
    qdrant_api_key: SecretStr | None = Field(default=None, validation_alias="QDRANT_API_KEY")
    jwt_secret: Annotated[SecretStr | None, BeforeValidator(_secret)] = Field(
        default=None, validation_alias="JWT_SECRET"
    )
    jwt_expire_minutes: int = Field(
        default=60, ge=1, le=43_200, validation_alias="JWT_EXPIRE_MINUTES"
    )
    rate_limit_per_minute: int = Field(
        default=100, ge=1, le=1_000_000, validation_alias="RATE_LIMIT_PER_MINUTE"
    )
    trusted_proxies: Annotated[
        tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_networks)
    ] = Field(default=(), validation_alias="DAZNODE_TRUSTED_PROXIES")
    public_sources: Annotated[
        tuple[Literal["mempool", "amboss", "sparkseer"], ...], NoDecode, BeforeValidator(_names)
    ] = Field(default=(), validation_alias="DAZNODE_PUBLIC_SOURCES")
    public_rate: float = Field(
        default=1.0, ge=0.01, le=1_000, validation_alias="DAZNODE_PUBLIC_RATE"
    )
    mempool_api_url: str | None = Field(
        default=None, pattern=r"^https?://", validation_alias="MEMPOOL_API_URL"
    )
    amboss_api_url: str | None = Field(
        default=None, pattern=r"^https?://", validation_alias="AMBOSS_API_URL"
    )
    amboss_api_key: SecretStr | None = Field(default=None, validation_alias="AMBOSS_API_KEY")
    sparkseer_api_url: str | None = Field(
        default=None, pattern=r"^https?://", validation_alias="SPARKSEER_API_URL"
    )
    sparkseer_api_key: SecretStr | None = Field(default=None, validation_alias="SPARKSEER_API_KEY")
    log_format: Literal["json", "console"] = Field(
        default="console", validation_alias="DAZNODE_LOG_FORMAT"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", validation_alias="DAZNODE_LOG_LEVEL"
    )
    metrics_dir: Path | None = Field(default=None, validation_alias="PROMETHEUS_MULTIPROC_DIR")

    dry_run: bool = Field(default=True, validation_alias="DRY_RUN")
    lnd_rest_url: str | None = Field(default=None, validation_alias="LND_REST_URL")
    lnd_macaroon_path: Path | None = Field(default=None, validation_alias="LND_MACAROON_PATH")
    lnd_tls_cert_path: Path | None = Field(default=None, validation_alias="LND_TLS_CERT_PATH")
    cln_rest_url: str | None = Field(default=None, validation_alias="CLN_REST_URL")
    cln_rune: SecretStr | None = Field(default=None, validation_alias="CLN_RUNE")
    cln_ca_cert_path: Path | None = Field(default=None, validation_alias="CLN_CA_CERT_PATH")
    node_pubkey: str | None = Field(default=None, validation_alias="DAZNODE_NODE_PUBKEY")
    node_network: str | None = Field(default=None, validation_alias="DAZNODE_NODE_NETWORK")
    node_tls_name: str | None = Field(default=None, validation_alias="DAZNODE_NODE_TLS_NAME")
    tor_proxy: str | None = Field(
        default=None, pattern=r"^socks5h?://", validation_alias="DAZNODE_TOR_PROXY"
    )
    lnbits_url: str | None = Field(
        default=None, pattern=r"^https?://", validation_alias="LNBITS_URL"
    )
    lnbits_admin_key: Annotated[SecretStr | None, BeforeValidator(_like(_WALLET_KEY))] = Field(
        default=None, validation_alias="LNBITS_ADMIN_KEY"
    )
    lnbits_invoice_key: Annotated[SecretStr | None, BeforeValidator(_like(_WALLET_KEY))] = Field(
        default=None, validation_alias="LNBITS_INVOICE_KEY"
    )
    lnbits_access_token: Annotated[SecretStr | None, BeforeValidator(_like(_TOKEN))] = Field(
        default=None, validation_alias="LNBITS_ACCESS_TOKEN"
    )
    encryption_key: Annotated[SecretStr | None, BeforeValidator(_key)] = Field(
        default=None, validation_alias="ENCRYPTION_KEY"
    )
    encryption_extra_keys: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_keys)] = (
        Field(default=(), validation_alias="ENCRYPTION_EXTRA_KEYS")
    )

    @property
    def report_files_dir(self) -> Path:
        """Where report files for retrieval go."""
        return self.rag_assets_dir or self.data_dir / "rag" / "RAG_assets"


_SECRETS: Final = frozenset(
    str(field.validation_alias)
    for field in Settings.model_fields.values()
    if "SecretStr" in str(field.annotation)
)


def load_settings() -> Settings:
    """Read the settings.

    Returns:
        The effective settings.

    Raises:
        ConfigError: A value cannot be taken; one line names each variable, its value and what it takes.
    """
    try:
        return Settings()
    except ValidationError as exc:
        faults = []
        for error in exc.errors():
            name = str(error["loc"][0])
            takes = _TAKES.get(name, error["msg"])
            shown = "(hidden)" if name in _SECRETS else repr(str(error["input"])[:80])
            faults.append(f"{name}={shown}: takes {takes}")
        cause = None if any(fault.split("=")[0] in _SECRETS for fault in faults) else exc
        raise ConfigError("; ".join(faults)) from cause


def prepare_compile_cache(data_dir: Path) -> Path | None:
    """Choose where compiled kernels are kept; call it before anything imports numba.

    The package itself may be installed read-only, so the cache lives in the user's cache folder, or
    beside the data if that cannot be written. If neither can, kernels are compiled into a private
    temporary folder, each run anew.

    Each state of the kernels' sources has a folder of its own inside: numba sees when the file of a
    compiled function changes, but not when a function or a constant does that it takes from another
    file, and would go on with the old one.

    Args:
        data_dir: Folder of the data.

    Returns:
        The folder kept between runs; None if there is none.

    Raises:
        ConfigError: `NUMBA_CACHE_DIR` is set to what cannot be written.
    """
    if given := os.environ.get("NUMBA_CACHE_DIR"):
        folder = Path(given)
        if not folder.name.startswith(_KERNELS_OF):
            folder = _for_these_kernels(folder)
        if not _is_writable(folder):
            message = f"NUMBA_CACHE_DIR={given!r}: takes a folder that can be written"
            raise ConfigError(message)
        os.environ["NUMBA_CACHE_DIR"] = str(folder)
        return folder
    candidates = (
        Path(platformdirs.user_cache_dir("daznode", appauthor=False)) / "kernels",
        data_dir / "cache" / "kernels",
    )
    for candidate in candidates:
        folder = _for_these_kernels(candidate)
        if _is_writable(folder):
            os.environ["NUMBA_CACHE_DIR"] = str(folder)
            return folder
    private = tempfile.mkdtemp(prefix="daznode-kernels-")
    atexit.register(shutil.rmtree, private, ignore_errors=True)
    os.environ["NUMBA_CACHE_DIR"] = private
    return None


def _for_these_kernels(folder: Path) -> Path:
    """The folder inside another that is for the kernels as their sources stand now.

    Those of sources that nobody has used for longest are removed, so that few are kept.
    """
    package = Path(__file__).parent
    digest = sha256()
    for path in _kernel_sources(package):
        digest.update(str(path.relative_to(package)).encode() + b"\0" + path.read_bytes())
    mine = folder / f"{_KERNELS_OF}{digest.hexdigest()[:16]}"
    with suppress(OSError):
        mine.mkdir(parents=True, exist_ok=True)
        os.utime(mine)
        kept = sorted(folder.glob(f"{_KERNELS_OF}*"), key=lambda one: one.stat().st_mtime)
        for old in kept[:-_MOST_KERNELS_KEPT]:
            shutil.rmtree(old, ignore_errors=True)
    return mine


def _kernel_sources(package: Path) -> list[Path]:
    """The files that are compiled, and all of the package that they import, however far, in order."""
    waiting = [
        path
        for path in package.rglob("*.py")
        if re.search(rb"^(from|import) numba", path.read_bytes(), re.MULTILINE)
    ]
    found: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        for match in _OWN_IMPORT.finditer(path.read_text(encoding="utf-8")):
            imported = package.joinpath(*match[1].split("."))
            if imported.is_dir():
                waiting += imported.glob("*.py")
            elif imported.with_suffix(".py").is_file():
                waiting.append(imported.with_suffix(".py"))
    return sorted(found)


def prepare_metrics_folder(settings: Settings) -> None:
    """Make the folder of shared figures, and name it to the library that reads the variable itself.

    Call it before anything imports that library.

    Raises:
        ConfigError: The folder cannot be written.
    """
    if settings.metrics_dir is None:
        # Set to nothing it would be taken for a folder without a name.
        os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
        return
    if not _is_writable(settings.metrics_dir):
        message = (
            f"PROMETHEUS_MULTIPROC_DIR={str(settings.metrics_dir)!r}: "
            "takes a folder that can be written"
        )
        raise ConfigError(message)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(settings.metrics_dir)


def share_metrics(settings: Settings) -> None:
    """Let several processes count together: a folder of figures that belongs to this run alone.

    Call it in the process that starts the others. Nothing changes where a folder is set.

    Raises:
        ConfigError: The folder cannot be written.
    """
    folder = settings.metrics_dir
    if folder is None:
        folder = settings.data_dir / "metrics"
        shutil.rmtree(folder, ignore_errors=True)
    if not _is_writable(folder):
        message = f"PROMETHEUS_MULTIPROC_DIR={str(folder)!r}: takes a folder that can be written"
        raise ConfigError(message)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)
