"""No amount meets an amount of another unit: names joined by an operator share their unit suffix."""

import ast
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src" / "daznode"
SUFFIXES = ("_msat", "_sats", "_sat", "_btc", "_ppm", "_blocks", "_height", "_seconds", "_days")
SAME = {"_sats": "_sat"}


def unit_of(node: ast.expr) -> str | None:
    """The unit that an expression's name ends in; None without one."""
    if isinstance(node, ast.Name):
        name = node.id
    elif isinstance(node, ast.Attribute):
        name = node.attr
    elif isinstance(node, ast.Subscript):
        return unit_of(node.value)
    elif isinstance(node, ast.UnaryOp):
        return unit_of(node.operand)
    else:
        return None
    suffix = next((one for one in SUFFIXES if name.lower().endswith(one)), None)
    return SAME.get(suffix, suffix) if suffix else None


def mixtures(tree: ast.AST) -> list[tuple[int, str]]:
    """Lines where two names of different units are added, compared, assigned or passed."""
    found = []

    def check(line: int, left: ast.expr, right: ast.expr) -> None:
        one, other = unit_of(left), unit_of(right)
        if one and other and one != other:
            found.append((line, f"{ast.unparse(left)} with {ast.unparse(right)}"))

    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            check(node.lineno, node.left, node.right)
        elif isinstance(node, ast.Compare):
            for left, right in zip([node.left, *node.comparators], node.comparators, strict=False):
                check(node.lineno, left, right)
        elif isinstance(node, ast.Assign) and len(node.targets) == 1:
            check(node.lineno, node.targets[0], node.value)
        elif isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub):
            check(node.lineno, node.target, node.value)
        elif isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in {"min", "max"}:
                for left, right in zip(node.args, node.args[1:], strict=False):
                    check(node.lineno, left, right)
            for keyword in node.keywords:
                if keyword.arg:
                    name = ast.Name(keyword.arg, ast.Load())
                    check(node.lineno, name, keyword.value)
    return found


@pytest.mark.parametrize(
    "path", sorted(SRC.rglob("*.py")), ids=lambda path: str(path.relative_to(SRC))
)
def test_units_do_not_mix(path):
    assert mixtures(ast.parse(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "line",
    [
        "total_msat = local_msat + fee_sat",
        "if capacity_sat > amount_msat: pass",
        "x_sat = y_msat",
        "f(amount_msat=row.amount_sat)",
        "best = max(a_sat, b_msat)",
        "a.fee_msat -= fees_sat[3]",
    ],
)
def test_the_check_finds_a_mixture(line):
    assert mixtures(ast.parse(line))


@pytest.mark.parametrize(
    "line",
    ["a_sat = b_sats", "a_msat = b_sat * 1000", "fee_msat + amount_msat * fee_ppm // 1000000"],
)
def test_the_check_lets_conversions_pass(line):
    assert mixtures(ast.parse(line)) == []
