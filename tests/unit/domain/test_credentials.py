"""Secrets that do not show themselves, names that are no secrets, and when to rotate."""

import pickle
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from tests.credential_samples import a_macaroon, a_token, a_wallet_key

from daznode.domain.credentials import (
    KINDS,
    Credential,
    CredentialKind,
    CredentialState,
    Secret,
    check_name,
    check_tenant,
)
from daznode.domain.errors import InvalidParameter

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass
class Holder:
    secret: Secret


def test_a_secret_does_not_show_itself():
    secret = Secret("hunter2-hunter2")
    shown = [repr(secret), str(secret), f"{secret}", "%s" % secret, repr(Holder(secret))]  # noqa: UP031
    assert not any("hunter2" in one for one in shown)
    with pytest.raises(TypeError) as told:
        msgspec.json.encode(Holder(secret))
    assert "hunter2" not in str(told.value)
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        hash(secret)
    assert secret.reveal() == "hunter2-hunter2"


def test_secrets_are_equal_by_content():
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"


@pytest.mark.parametrize(
    "name", ["", "Upper", "two words", "-first", "../x", "a/b", "a\n", "x" * 65, "né"]
)
def test_names_that_cannot_be(name):
    with pytest.raises(InvalidParameter, match=r"takes 1 to 64|at most 64"):
        check_name(name)


@pytest.mark.parametrize(
    "name",
    [a_wallet_key().decode(), a_macaroon("info:read").hex(), a_token(exp=1).decode().lower()],
)
def test_a_secret_in_place_of_a_name_is_not_repeated(name):
    with pytest.raises(InvalidParameter) as told:
        check_name(name)
    assert name[:16] not in str(told.value)


def test_names_that_can_be():
    assert check_name("lnd-main.fees_2") == "lnd-main.fees_2"
    assert check_tenant("acme@example.org") == "acme@example.org"
    with pytest.raises(InvalidParameter, match="tenant"):
        check_tenant("a/b")


def test_due_after_thirty_days_or_a_week_before_the_end():
    credential = Credential(
        "t", "n", 1, CredentialKind.CLN_RUNE, CredentialState.ACTIVE, "k", stored_at=NOON
    )
    assert credential.due_at() == NOON + timedelta(days=30)
    ends = Credential(
        "t", "n", 1, CredentialKind.CLN_RUNE, CredentialState.ACTIVE, "k", NOON, None,
        NOON + timedelta(days=10),
    )  # fmt: skip
    assert ends.due_at() == NOON + timedelta(days=3)


def test_every_kind_says_what_it_is():
    assert set(KINDS) == set(CredentialKind)
