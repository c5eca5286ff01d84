"""`daznode credentials rotate` where the node makes the new one, and connections with stored credentials."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner
from tests.credential_samples import ADMIN, READ, a_macaroon, a_rune
from tests.standins import cln as cln_stand_in
from tests.standins import lnd as lnd_stand_in
from tests.standins.cln import ClnStandIn
from tests.standins.lnd import LndStandIn
from tests.standins.server import json_reply
from tests.worlds import DAY, STARTS_AT, a_world

from daznode.edges.cli.app import cli

BAKER = a_macaroon(*ADMIN, "macaroon:write", root_key_id="1", canary=b"a" * 32).hex()
FIRST = a_macaroon(*READ, root_key_id="2", canary=b"b" * 32).hex()
RULER = a_rune(rune_id="0", canary=b"c" * 32).decode()
SETTER = a_rune("method=getinfo|method=setchannel", rune_id="1", canary=b"d" * 32).decode()


class BakingLnd(LndStandIn):
    """An LND whose macaroons have the real shape and end with their root key."""

    def __init__(self, world):
        super().__init__(world)
        self.root_keys = ["0", "1", "2"]
        self.taken = {BAKER: ("1", lnd_stand_in.MACAROON), FIRST: ("2", lnd_stand_in.READER)}

    async def answer(self, asked):
        given = asked.headers.get("grpc-metadata-macaroon", "")
        number, rights = self.taken.get(given, ("", "none"))
        header = {"grpc-metadata-macaroon": rights if number in self.root_keys else "none"}
        return await super().answer(replace(asked, headers=asked.headers | header))

    def bake(self, body):
        super().bake(body)
        number = body["root_key_id"]
        actions = [f"uri:{one['action']}" for one in body["permissions"]]
        made = a_macaroon(*actions, root_key_id=number, canary=number.encode().rjust(32)).hex()
        self.taken[made] = (number, lnd_stand_in.READER)
        return json_reply({"macaroon": made})


class MintingCln(ClnStandIn):
    """A Core Lightning whose runes have the real shape and end when they are blacklisted."""

    def __init__(self, world):
        super().__init__(world)
        self.runes = [
            {"unique_id": "0", "rune": RULER},
            {"unique_id": "1", "rune": SETTER},
        ]

    async def answer(self, asked):
        given = asked.headers.get("rune", "")
        found = [one["unique_id"] for one in self.runes if one["rune"] == given]
        is_taken = bool(found) and found[0] not in self.blacklist
        rights = cln_stand_in.RUNE if given == RULER else cln_stand_in.READER
        header = {"rune": rights if is_taken else "none"}
        return await super().answer(replace(asked, headers=asked.headers | header))

    def do_createrune(self, restrictions, rune=None):
        made = super().do_createrune(restrictions, rune)
        text = a_rune(*("|".join(one) for one in restrictions), rune_id=made["unique_id"]).decode()
        self.runes[-1]["rune"] = text
        return {"rune": text, "unique_id": made["unique_id"]}


@pytest.fixture
def world():
    made = a_world(seed=4)
    made.advance(STARTS_AT + DAY)
    return made


@pytest.fixture
def daznode(tmp_path):
    def run(*arguments, given=None, **environment):
        folder = {"DAZNODE_DATA_DIR": str(tmp_path / "data"), "NO_COLOR": "1", "COLUMNS": "160"}
        return CliRunner(env=folder | environment).invoke(cli, list(arguments), input=given)

    return run


def succeeds(result):
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_lnd_bakes_the_new_one_and_ends_the_old(daznode, world):
    lnd = BakingLnd(world)
    with lnd.serving() as server:
        node = {"LND_REST_URL": server.url, "LND_TLS_CERT_PATH": str(server.papers.trust)}
        for name, kind, macaroon in (
            ("baker", "lnd-admin", BAKER),
            ("reader", "lnd-readonly", FIRST),
        ):
            succeeds(daznode("credentials", "add", name, "--kind", kind, "--json", given=macaroon))
        dry = daznode("credentials", "rotate", "reader", **node)
        assert dry.exit_code == 4
        assert "DRY_RUN is on" in dry.stderr
        assert lnd.root_keys == ["0", "1", "2"]
        rotated = succeeds(
            daznode("credentials", "rotate", "reader", "--json", DRY_RUN="false", **node)
        )
        assert (rotated["is_minted"], rotated["is_old_ended"]) == (True, True)
        assert rotated["credential"]["node_ref"] == "3"
        assert rotated["warnings"] == []
        assert lnd.root_keys == ["0", "1", "3"]
        # The connection takes what is stored now, and each use is written down.
        assert daznode("sync", "--json", **node).exit_code == 0
        entries = succeeds(daznode("credentials", "audit", "--json"))["entries"]
        assert [entries[0][one] for one in ("actor", "action", "purpose", "name")] == [
            "daznode", "use", "connect LND", "reader",
        ]  # fmt: skip
        # The admin macaroon is not made by anyone but a person.
        refused = daznode("credentials", "rotate", "baker", DRY_RUN="false", **node)
        assert refused.exit_code == 4
        assert "bake one and give it with --file" in refused.stderr
        assert daznode("credentials", "revoke", "reader", DRY_RUN="false", **node).exit_code == 0
        assert lnd.root_keys == ["0", "1"]


def test_core_lightning_makes_one_of_the_same_rights(daznode, world):
    cln = MintingCln(world)
    with cln.serving() as server:
        node = {
            "CLN_REST_URL": server.url,
            "CLN_CA_CERT_PATH": str(server.papers.trust),
            "DRY_RUN": "false",
            "CLN_RUNE": RULER,
        }
        added = daznode("credentials", "add", "setter", "--kind", "cln-rune", given=SETTER)
        assert added.exit_code == 0, added.output
        rotated = succeeds(daznode("credentials", "rotate", "setter", "--json", **node))
        assert (rotated["is_minted"], rotated["is_old_ended"]) == (True, True)
        assert rotated["credential"]["node_ref"] == "2"
        assert cln.blacklist == ["1"]
        assert "method=setchannel" in cln.runes[2]["restrictions"][0]


def test_a_node_without_any_credential_says_how_to_give_one(daznode):
    lnd = daznode("sync", LND_REST_URL="https://localhost:1")
    assert lnd.exit_code == 78
    assert "daznode credentials add NAME --kind lnd-readonly" in lnd.stderr
    cln = daznode("sync", CLN_REST_URL="https://localhost:1")
    assert cln.exit_code == 78
    assert "daznode credentials add NAME --kind cln-rune" in cln.stderr


def test_what_hangs_on_lnds_own_root_key_is_told(daznode, world):
    lnd = BakingLnd(world)
    own = a_macaroon(*READ, root_key_id="0").hex()
    lnd.taken[own] = ("0", lnd_stand_in.READER)
    with lnd.serving() as server:
        node = {"LND_REST_URL": server.url, "LND_TLS_CERT_PATH": str(server.papers.trust)}
        daznode("credentials", "add", "baker", "--kind", "lnd-admin", given=BAKER)
        daznode("credentials", "add", "own", "--kind", "lnd-readonly", given=own)
        rotated = succeeds(
            daznode("credentials", "rotate", "own", "--json", DRY_RUN="false", **node)
        )
        assert rotated["is_old_ended"] is False
        assert "lncli changepassword --new_mac_root_key" in rotated["hint"]
