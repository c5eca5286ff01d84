"""Settings: one frozen tree read once from the environment and `.env`; the only reader of both."""

import atexit
import base64
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final, Literal

import platformdirs
from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from daznode.domain.errors import ConfigError
from daznode.domain.measures import ScoreWeights

_WEIGHT_SUM_TOLERANCE: Final = 1e-9
_N_WEIGHTS: Final = 3
_KEY_BYTES: Final = 32
_WALLET_KEY: Final = re.compile(r"[0-9a-f]{32}")
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")

_TAKES: Final = {
    "DAZNODE_DATA_DIR": "a folder that can be written",
    "RAG_ASSETS_DIR": "a folder that can be written",
    "DAZNODE_LANGUAGE": "en or fr",
    "DAZNODE_THREADS": "a whole number from 1 to 64",
    "DAZNODE_SCORE_WEIGHTS": "three numbers from 0 to 1 that sum to 1: centrality, reliability, performance",
    "DAZNODE_MAX_DUMP_BYTES": "a whole number of bytes from 1,000,000",
    "DRY_RUN": "true or false",
    "DAZNODE_TOR_PROXY": "socks5://host:port",
    "LNBITS_URL": "http:// or https:// and a server",
    "LNBITS_ADMIN_KEY": "a wallet's admin key: 32 hex characters",
    "LNBITS_INVOICE_KEY": "a wallet's invoice key: 32 hex characters",
    "LNBITS_ACCESS_TOKEN": "an access token: three parts with dots",
    "ENCRYPTION_KEY": "32 bytes in base64; `openssl rand -base64 32` makes one",
    "ENCRYPTION_EXTRA_KEYS": "keys like ENCRYPTION_KEY, separated by commas",
}


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


def _like(pattern: re.Pattern[str]) -> Callable[[object], object]:
    def check(value: object) -> object:
        if isinstance(value, str) and pattern.fullmatch(value.strip()) is None:
            message = "another spelling"
            raise ValueError(message)
        return value.strip() if isinstance(value, str) else value

    return check


def _key(value: object) -> object:
    if isinstance(value, str):
        data = base64.b64decode(value.strip().replace("-", "+").replace("_", "/"), validate=True)
        if len(data) != _KEY_BYTES:
            message = "32 bytes in base64"
            raise ValueError(message)
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

    Args:
        data_dir: Folder of the data.

    Returns:
        The folder kept between runs; None if there is none.

    Raises:
        ConfigError: `NUMBA_CACHE_DIR` is set to what cannot be written.
    """
    if given := os.environ.get("NUMBA_CACHE_DIR"):
        if not _is_writable(Path(given)):
            message = f"NUMBA_CACHE_DIR={given!r}: takes a folder that can be written"
            raise ConfigError(message)
        return Path(given)
    candidates = (
        Path(platformdirs.user_cache_dir("daznode", appauthor=False)) / "kernels",
        data_dir / "cache" / "kernels",
    )
    for folder in candidates:
        if _is_writable(folder):
            os.environ["NUMBA_CACHE_DIR"] = str(folder)
            return folder
    private = tempfile.mkdtemp(prefix="daznode-kernels-")
    atexit.register(shutil.rmtree, private, ignore_errors=True)
    os.environ["NUMBA_CACHE_DIR"] = private
    return None


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)
