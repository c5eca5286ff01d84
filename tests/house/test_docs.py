"""The documents say what the program does: settings, errors, rules, commands and the tree."""

import importlib.util
import re
from pathlib import Path

import pytest

from daznode.config import Settings
from daznode.domain import errors
from daznode.domain.credentials import CredentialKind
from daznode.edges.cli.app import cli
from daznode.report.words import findings_en

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def all_errors(base=errors.DaznodeError):
    yield base
    for child in base.__subclasses__():
        yield from all_errors(child)


@pytest.mark.parametrize(
    "error", list(dict.fromkeys(all_errors())), ids=lambda error: error.__name__
)
def test_every_error_is_documented_and_drawn(error):
    row = f"| {error.exit_code} | `{error.code}` |"
    assert row in (DOCS / "errors.md").read_text()
    assert error is errors.DaznodeError or error.__name__ in (errors.__doc__ or "")


def test_error_codes_are_different():
    codes = [error.code for error in dict.fromkeys(all_errors())]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("field", Settings.model_fields)
def test_every_setting_is_documented(field):
    variable = Settings.model_fields[field].validation_alias
    assert f"| `{variable}` |" in (DOCS / "configuration.md").read_text()


@pytest.mark.parametrize(
    "rule", sorted({key.partition(".")[0] for key in findings_en.ALERTS} | set(findings_en.ADVICE))
)
def test_every_rule_is_documented(rule):
    assert re.search(rf"^\| .*`{rule}`", (DOCS / "report.md").read_text(), re.MULTILINE)


def test_the_tree_is_the_one_on_disk():
    spec = importlib.util.spec_from_file_location("tree", DOCS / "tree.py")
    tree = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tree)
    assert tree.rendered() == (ROOT / "ARCHITECTURE.md").read_text(), "run `make tree`"


def commands(group, path=()):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


@pytest.mark.parametrize(
    ("path", "command"),
    list(commands(cli)),
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else "",
)
def test_every_command_shows_an_example_and_takes_json(path, command):
    assert f"daznode {' '.join(path)}" in (command.epilog or "")
    assert any("--json" in parameter.opts for parameter in command.params)


def test_nothing_committed_names_a_machine():
    for path in [*DOCS.rglob("*.md"), *ROOT.glob("*.md")]:
        assert "/work/" not in path.read_text(), path


@pytest.mark.parametrize("kind", CredentialKind)
def test_every_kind_of_credential_is_documented(kind):
    assert f"| `{kind.value}` |" in (DOCS / "credentials.md").read_text()
