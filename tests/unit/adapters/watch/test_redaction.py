"""What a log must not hold."""

import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from daznode.adapters.watch.redaction import HIDDEN, is_secret_field, redacted, without_secrets


@pytest.mark.parametrize(
    "name",
    [
        *("password", "new_password", "PASSWD", "jwt_secret", "client_secret", "macaroon"),
        *("Grpc-Metadata-macaroon", "rune", "cln_rune", "Authorization", "token", "access_token"),
        *("refresh.token", "api_key", "apikey", "X-Api-Key", "LNBITS_ADMIN_KEY", "invoice_key"),
        *("encryption_key", "cookie", "private_key", "mnemonic", "preimage", "jwt"),
    ],
)
def test_fields_that_hold_secrets(name):
    assert is_secret_field(name)
    assert redacted(name, "v") == HIDDEN
    assert redacted("about", {name: ["v"]}) == {name: HIDDEN}


@pytest.mark.parametrize(
    "name",
    [
        *("user_id", "tokens", "pruned", "route", "node_pubkey", "lightning_pubkey", "key"),
        *("cache_key", "report_id", "method", "runes", "payment_hash", "status"),
    ],
)
def test_fields_that_hold_none(name):
    assert not is_secret_field(name)
    assert redacted(name, "v") == "v"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer abc.def-ghi_jkl", "Authorization: Bearer [hidden]"),
        ("basic Bearer 0123456789 twice", "basic Bearer [hidden] twice"),
        ("basic dXNlcjpwYXNz and more", "basic [hidden] and more"),
        ("redis://:pa@ss@cache:6379/0 away", "redis://[hidden]@cache:6379/0 away"),
        ("mongodb+srv://u:p@a.example/db?x=1", "mongodb+srv://[hidden]@a.example/db?x=1"),
        ("GET /ws/alerts?token=abc&x=1", "GET /ws/alerts?token=[hidden]&x=1"),
        ("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl now", "got [hidden] now"),
        (
            "Grpc-Metadata-macaroon: 0201036c6e6402f801030a10",
            "Grpc-Metadata-macaroon: [hidden]",
        ),
        ("{'password': 'correct horse battery'}", "{'password': 'correct horse battery'}"),
        ("{'api_key': '0123456789abcdef0123'}", "{'api_key': '[hidden]'}"),
    ],
)
def test_credentials_in_texts(text, shown):
    assert without_secrets(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Error generating report 5: no-snapshot: nothing is imported yet",
        "https://mempool.space/api/v1/fees?limit=5",
        "node 02abc@10.0.0.1:9735 has 3 channels",
        "could not verify a token: it has expired",
        "rebalanced 898530x1325x0: cost=12",
    ],
)
def test_other_texts_stay_as_they_are(text):
    assert without_secrets(text) == text


def test_what_is_nested_too_deep_is_cut():
    value = "bottom"
    for _ in range(20):
        value = [value]
    assert "bottom" not in str(redacted("about", value))


@given(
    st.text(max_size=200), st.text(string.ascii_letters + string.digits, min_size=20, max_size=40)
)
def test_no_bearer_token_is_ever_shown(around, token):
    assume(token not in around)
    assert token not in without_secrets(f"{around} Bearer {token}")


@given(st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=20))
def test_any_value_can_be_shown(value):
    redacted("about", value)
