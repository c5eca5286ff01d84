"""Writes the tree of files into ARCHITECTURE.md: one line a file, its module docstring."""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "daznode"
TARGET = ROOT / "ARCHITECTURE.md"
START, END = "<!-- tree: made by `make tree` -->\n", "<!-- end of tree -->\n"
WIDTH = 30


def sentence(path: Path) -> str:
    """First line of a module's docstring."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0]


def lines(folder: Path, depth: int = 0) -> list[str]:
    """The tree of a folder, its own sentence first."""
    indent = "  " * depth
    found = [f"{indent}{folder.name}/".ljust(WIDTH) + f" {sentence(folder / '__init__.py')}"]
    for path in sorted(folder.iterdir(), key=lambda path: (path.is_dir(), path.name)):
        if path.is_dir() and (path / "__init__.py").exists():
            found += lines(path, depth + 1)
        elif path.suffix == ".py" and path.name != "__init__.py":
            found.append(f"{indent}  {path.name}".ljust(WIDTH) + f" {sentence(path)}")
    return found


def rendered() -> str:
    """ARCHITECTURE.md with the tree as it is on disk."""
    text = TARGET.read_text(encoding="utf-8")
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    tree = "\n".join(lines(PACKAGE))
    return f"{before}{START}\n```\n{tree}\n```\n\n{END}{after}"


if __name__ == "__main__":
    TARGET.write_text(rendered(), encoding="utf-8")
    sys.stdout.write(f"{TARGET.name}: tree written\n")
