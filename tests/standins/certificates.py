"""Certificates made for one test run: a self-signed one as LND makes it, and an authority as CLN does."""

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Papers:
    """A server's certificate.

    Attributes:
        chain: PEM file of certificate and key.
        trust: PEM file that a client trusts.
    """

    chain: Path
    trust: Path

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain)
        return context


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _made(subject, issuer, key, signer, names, *, is_authority):
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
    )
    return builder.sign(signer, hashes.SHA256())


def _pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@cache
def self_signed(host: str = "localhost") -> Papers:
    """As LND makes `tls.cert`: its own authority, for localhost and the loopback address."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.DNSName(host)]
    if host == "localhost":
        names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    made = _made(host, host, key, key, names, is_authority=True)
    folder = Path(mkdtemp(prefix="daznode-papers-"))
    (folder / "chain.pem").write_bytes(_pem(made) + _key_pem(key))
    (folder / "tls.cert").write_bytes(_pem(made))
    return Papers(folder / "chain.pem", folder / "tls.cert")


@cache
def signed_by_authority() -> Papers:
    """As clnrest makes them: an authority, and a server certificate for `cln` and `localhost`."""
    authority, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _made("cln Root CA", "cln Root CA", authority, authority, [], is_authority=True)
    names = [x509.DNSName("cln"), x509.DNSName("localhost")]
    made = _made("cln rest", "cln Root CA", key, authority, names, is_authority=False)
    folder = Path(mkdtemp(prefix="daznode-papers-"))
    (folder / "chain.pem").write_bytes(_pem(made) + _key_pem(key))
    (folder / "ca.pem").write_bytes(_pem(root))
    return Papers(folder / "chain.pem", folder / "ca.pem")
