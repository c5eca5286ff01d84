"""Every module imports, is reachable from a door, is short, and says in one sentence what it is."""

import ast
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src"
FILES = sorted((SRC / "daznode").rglob("*.py"))
MODULES = {
    ".".join(path.relative_to(SRC).with_suffix("").parts).removesuffix(".__init__"): path
    for path in FILES
}
HARD_LIMIT_LINES = 500
BANNED_NAMES = re.compile(
    r"(^|_)(utils?|helpers?|common|managers?|handlers?|misc|v2|enhanced)(_|$)"
)
ROOT_LIMIT = 25
DOORS = ("daznode.__main__", "daznode.edges.asgi", "daznode.edges.worker.celery")
"""What is started by name: a command, the application that a server loads, a worker's."""


@pytest.mark.parametrize("name", MODULES)
def test_imports(name):
    importlib.import_module(name)


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found & set(MODULES)


def test_no_module_is_out_of_reach():
    seen: set[str] = set()
    waiting = list(DOORS)
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        parts = name.split(".")
        waiting.extend(".".join(parts[:depth]) for depth in range(1, len(parts)))
        waiting.extend(_imports(MODULES[name]))
    assert sorted(set(MODULES) - seen) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SRC)))
def test_file_is_short_and_says_what_it_is(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= HARD_LIMIT_LINES
    docstring = ast.get_docstring(ast.parse(text))
    assert docstring, "no module docstring"
    first = docstring.splitlines()[0]
    assert first.endswith((".", ":")), first


@pytest.mark.parametrize("name", MODULES)
def test_name_says_something(name):
    assert not any(BANNED_NAMES.search(part) for part in name.split("."))


def test_root_can_be_read_at_a_glance():
    tracked = {
        path.name
        for path in ROOT.iterdir()
        if path.name not in {".git", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache"}
        and not path.name.startswith((".coverage", ".hypothesis", ".import_linter"))
    }
    assert len(tracked) <= ROOT_LIMIT, sorted(tracked)


def test_every_unit_test_file_mirrors_a_module():
    units = ROOT / "tests" / "unit"
    for path in units.rglob("test_*.py"):
        room = path.relative_to(units).parent
        target = SRC / "daznode" / room / f"{path.stem.removeprefix('test_')}.py"
        assert target.exists() or target.with_suffix("").is_dir(), f"{path} mirrors nothing"
