"""The commands of the documents do what they say: each is run against a real service."""

import json
import subprocess
from pathlib import Path

import pytest
from tests.docs.blocks import blocks_of, differences
from tests.docs.served import Served, served
from tests.servers import Nx27017, needs_program

DOCS = Path(__file__).parents[2] / "docs"
DOCUMENTS = {
    "user-guide.md": "alice",
    "user-guide.fr.md": "alice",
    "api.md": "alice",
    "runbook.md": "test_user_id",
}
"""Each with the user that it makes."""


def run(block, service, kept: Path):
    """Run a block in the environment that those before it have left."""
    script = f"set -euo pipefail\n. {kept}\n{block.text}\nexport -p > {kept}\n"
    return subprocess.run(
        ["bash", "-c", script],
        env=service.env,
        cwd=service.folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A data folder with a network, made once for all documents."""
    for program in ("bash", "curl", "jq"):
        needs_program(program, program)
    return Served(tmp_path_factory.mktemp("prepared")).prepare()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_its_commands_run_and_answer_as_it_says(name, prepared, tmp_path):
    with served(tmp_path, prepared) as service:
        run_all(name, service)


@pytest.mark.timeout(300)
def test_the_runbook_holds_over_mongodb_and_redis(prepared, tmp_path, redis):
    mongodb = Nx27017(tmp_path / "mongodb")
    mongodb.start()
    try:
        settings = {"MONGODB_URI": mongodb.uri, "REDIS_URL": redis.url}
        with served(tmp_path / "service", prepared, **settings) as service:
            run_all("runbook.md", service)
            health = service.get("/health/detailed")
    finally:
        mongodb.kill()
    details = [part["detail"] for part in health["dependencies"]]
    assert any("mongodb" in one for one in details), details
    assert any("redis" in one for one in details), details


def run_all(name, service):
    """Run every block of a document, and compare what it answers with what is shown."""
    blocks = blocks_of(DOCS / name)
    assert blocks, "nothing to run"
    kept = service.folder / "kept.sh"
    kept.touch()
    for block in blocks:
        where = f"{name}:{block.line}"
        if "report" in block.words:
            service.make_report(DOCUMENTS[name])
        done = run(block, service, kept)
        log = service.log.read_text()[-2_000:]
        assert done.returncode == 0, f"{where}\n{done.stdout}\n{done.stderr}\n{log}"
        assert "daznode" not in done.stderr or "secret" in done.stderr, f"{where}\n{done.stderr}"
        if block.answer is not None:
            found = list(differences(json.loads(block.answer), json.loads(done.stdout)))
            assert not found, f"{where}\n" + "\n".join(found)


def test_the_api_guide_names_every_path(prepared, tmp_path):
    guide = (DOCS / "api.md").read_text()
    with served(tmp_path, prepared) as service:
        described = service.get("/openapi.json")
    assert described is not None
    fixed = {path.partition("{")[0] for path in described["paths"]}
    assert len(fixed) > 20
    assert sorted(path for path in fixed if path not in guide) == []


@pytest.mark.parametrize(
    ("shown", "got", "said"),
    [
        ({"a": 1}, {"a": 2.5}, []),
        ({"a": 1}, {"a": None}, []),
        ({"a": 1}, {"a": "x"}, ["answer.a: float shown, str there"]),
        ({"a": 1}, {}, ["answer.a: shown, but not there"]),
        ({}, {"a": 1}, ["answer.a: there, but not shown"]),
        ({"...": 0}, {"a": 1}, []),
        (
            {"a": [{"b": 1}]},
            {"a": [{"c": 1}]},
            ["answer.a[0].b: shown, but not there", "answer.a[0].c: there, but not shown"],
        ),
        ({"a": [1]}, {"a": []}, []),
        ([], {}, ["answer: list shown, dict there"]),
        ({"a": True}, {"a": 1}, ["answer.a: bool shown, float there"]),
    ],
)
def test_answers_of_another_shape_are_found(shown, got, said):
    assert list(differences(shown, got)) == said


def test_blocks_are_found_with_their_answers(tmp_path):
    document = tmp_path / "document.md"
    document.write_text(
        "# Title\n```sh\nnot run\n```\n\n```sh run report\necho {}\n```\n```json answer\n{}\n```\n"
        "```sh run\necho 1\n```\n"
    )
    first, second = blocks_of(document)
    assert (first.line, first.text, first.words, first.answer) == (
        6,
        "echo {}\n",
        {"report"},
        "{}\n",
    )
    assert (second.line, second.answer) == (12, None)
