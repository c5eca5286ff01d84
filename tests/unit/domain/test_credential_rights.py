"""What a credential says of itself, and that nothing repeats it when it is refused."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.credential_samples import ADMIN, CANARY, READ, a_macaroon, a_rune, a_token, a_wallet_key

from daznode.domain.credential_rights import MAX_SECRET_BYTES, inspect
from daznode.domain.credentials import CredentialKind
from daznode.domain.errors import InvalidCredential

POLICY = "uri:/lnrpc.Lightning/UpdateChannelPolicy"


@pytest.mark.parametrize(
    "spelled",
    [
        lambda data: data,
        lambda data: data.hex().encode() + b"\n",
        lambda data: data.hex().upper().encode(),
        lambda data: __import__("base64").b64encode(data),
        lambda data: __import__("base64").urlsafe_b64encode(data).rstrip(b"="),
    ],
    ids=["binary", "hex", "HEX", "base64", "base64url"],
)
def test_a_macaroon_is_read_in_every_spelling(spelled):
    data = a_macaroon(*READ, root_key_id="42")
    read = inspect(CredentialKind.LND_READONLY, spelled(data))
    assert read.secret.reveal() == data.hex()
    assert read.node_ref == "42"
    assert read.warnings == ()


@pytest.mark.parametrize(
    ("kind", "operations", "said"),
    [
        (CredentialKind.LND_READONLY, ADMIN, "it may pay and close channels"),
        (CredentialKind.LND_READONLY, (*READ, POLICY), "more than reads the node"),
        (CredentialKind.LND_FEES, (*READ, "offchain:write"), "offchain:write"),
        (CredentialKind.LND_FEES, READ, "fee changes will be refused"),
        (CredentialKind.LND_INVOICE, ("invoices:write", "address:write", "peers:write"), "peers"),
        (CredentialKind.LND_ADMIN, ADMIN, "moves money"),
    ],
)
def test_rights_beyond_the_kind_are_told(kind, operations, said):
    warnings = inspect(kind, a_macaroon(*operations)).warnings
    assert any(said in one for one in warnings), warnings


@pytest.mark.parametrize(
    ("kind", "operations"),
    [
        (CredentialKind.LND_READONLY, READ),
        (
            CredentialKind.LND_READONLY,
            ("uri:/lnrpc.Lightning/GetInfo", "uri:/routerrpc.Router/QueryMissionControl"),
        ),
        (CredentialKind.LND_FEES, ("uri:/lnrpc.Lightning/ListChannels", POLICY)),
        (CredentialKind.LND_INVOICE, ("invoices:read", "invoices:write", "address:write")),
    ],
)
def test_the_rights_of_the_kind_are_enough_said(kind, operations):
    assert inspect(kind, a_macaroon(*operations)).warnings == ()


def test_a_rune_tells_its_id_its_methods_and_its_end():
    read = inspect(
        CredentialKind.CLN_RUNE,
        a_rune("method=getinfo|method^list", "time<1800000000", rune_id="9"),
    )
    assert read.node_ref == "9"
    assert read.expires_at == datetime.fromtimestamp(1_800_000_000, UTC)
    assert read.warnings == ()


def test_a_rune_without_restrictions_is_told():
    (warning,) = inspect(CredentialKind.CLN_RUNE, a_rune()).warnings
    assert "can pay" in warning


def test_a_token_tells_its_end_and_whether_it_is_limited():
    login = inspect(CredentialKind.LNBITS_TOKEN, a_token(sub="alice", exp=1_800_000_000))
    assert login.expires_at == datetime.fromtimestamp(1_800_000_000, UTC)
    assert "all rights of its account" in login.warnings[0]
    limited = inspect(CredentialKind.LNBITS_TOKEN, a_token(sub="alice", api_token_id="x"))
    assert (limited.warnings, limited.expires_at) == ((), None)


def test_a_wallet_key():
    read = inspect(CredentialKind.LNBITS_INVOICE, a_wallet_key() + b"\r\n")
    assert read.secret.reveal() == a_wallet_key().decode()


WRONG = [
    (CredentialKind.LND_ADMIN, a_macaroon(*ADMIN)[:40]),
    (CredentialKind.LND_ADMIN, a_macaroon(*ADMIN, root_key_id="seven")),
    (CredentialKind.LND_ADMIN, a_wallet_key()),
    (CredentialKind.CLN_RUNE, a_wallet_key()),
    (CredentialKind.CLN_RUNE, a_rune()[:-9] + b"!"),
    (CredentialKind.LNBITS_ADMIN, a_wallet_key()[:-1]),
    (CredentialKind.LNBITS_ADMIN, a_token(exp=1)),
    (CredentialKind.LNBITS_TOKEN, a_wallet_key()),
    (CredentialKind.LNBITS_TOKEN, a_token(exp="later")),
    (CredentialKind.LNBITS_TOKEN, "pass\u00e9".encode()),
    (CredentialKind.CLN_RUNE, b" \n"),
    (CredentialKind.LND_FEES, b"a" * (MAX_SECRET_BYTES + 1)),
]


@pytest.mark.parametrize(("kind", "raw"), WRONG)
def test_what_is_none_of_its_kind_is_refused_and_not_repeated(kind, raw):
    with pytest.raises(InvalidCredential) as told:
        inspect(kind, raw)
    line = str(told.value)
    assert line.startswith(f"credential of kind {kind.value}: ")
    assert "\n" not in line
    assert CANARY.hex()[:12] not in line


@given(st.sampled_from(CredentialKind), st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(kind, raw):
    with suppress(InvalidCredential):
        inspect(kind, raw)


@given(st.data())
def test_any_damaged_macaroon_is_read_or_refused(data):
    raw = bytearray(a_macaroon(*ADMIN))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with suppress(InvalidCredential):
        inspect(CredentialKind.LND_ADMIN, bytes(raw[: data.draw(st.integers(1, len(raw)))]))
