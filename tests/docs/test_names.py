"""Names that the documents give are those of the program: variables, log lines, alerts, commands."""

import re
from pathlib import Path

import pytest

from daznode.config import Settings
from daznode.edges.cli.app import cli

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "SECURITY.md"])
SETTINGS = {str(field.validation_alias) for field in Settings.model_fields.values()}
OURS = re.compile(
    r"\b(?:DAILY_REPORTS|DAZNODE|MONGODB|REDIS|QDRANT|JWT|RATE_LIMIT|RAG)_[A-Z][A-Z_]*\b"
)
IN_EXAMPLES = {"JWT_TOKEN"}
"""A shell's own names."""

COMMAND = re.compile(r"(?:^|[`(]|\$\()daznode ([a-z][a-z-]+)(?: ([a-z][a-z-]+))?", re.MULTILINE)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_variables_are_settings(path):
    named = {
        name
        for name in OURS.findall(path.read_text(encoding="utf-8"))
        if not name.startswith("DAZNODE_TEST_")  # the tests' own
    }
    assert named <= SETTINGS | IN_EXAMPLES


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_commands_are_there(path):
    for command, below in COMMAND.findall(path.read_text(encoding="utf-8")):
        assert command in cli.commands, f"daznode {command}"
        group = cli.commands[command]
        if below and hasattr(group, "commands"):
            assert below in group.commands, f"daznode {command} {below}"


def test_lines_of_the_log_are_written():
    text = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    table = text.partition("### Lines of the log\n")[2].partition("\n\n## ")[0]
    lines = re.findall(r"^\| `([^`]+)`", table, re.MULTILINE)
    assert len(lines) > 5
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    for line in lines:
        start = " ".join(line.split()[:2]).partition("{")[0]
        assert f'"{start}' in source, line
