"""Who is at the other end, and answers that cannot be true."""

import pytest
from tests.builders import a_node_id

from daznode.adapters.lightning.trust import Expected, check_identity, doubting
from daznode.domain.errors import BackendAnswerInvalid, BackendUntrusted
from daznode.domain.ids import parse_scid

US, THEM = a_node_id(1), a_node_id(2)


@pytest.mark.parametrize("expected", [Expected(), Expected(US), Expected(US, "mainnet")])
def test_the_node_that_was_expected_is_remembered(expected):
    assert check_identity("x", expected, US.upper(), "mainnet") == Expected(US, "mainnet")


@pytest.mark.parametrize("expected", [Expected(THEM), Expected(US, "testnet")])
def test_another_node_or_network_is_not_trusted(expected):
    with pytest.raises(BackendUntrusted, match="expected"):
        check_identity("x", expected, US, "mainnet")


def test_a_key_that_is_none_is_an_invalid_answer():
    with pytest.raises(BackendAnswerInvalid):
        check_identity("x", Expected(), "02" + "ff" * 32, "mainnet")


@pytest.mark.parametrize("doubtful", [lambda: parse_scid("no"), lambda: bytes.fromhex("zz")])
def test_what_cannot_be_is_the_answers_fault(doubtful):
    with pytest.raises(BackendAnswerInvalid), doubting("x"):
        doubtful()
