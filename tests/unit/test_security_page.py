import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")


def test_every_promise_names_tests_that_are_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)
    assert len(named) > 60
    missing = [f"{file}::{test}" for file, test in named if test not in functions_of(file)]
    assert missing == []


def test_no_promise_is_without_a_test() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| promise")]
    assert len(rows) > 30
    assert [row for row in rows if "::test_" not in row] == []


def test_no_test_is_named_that_pytest_would_not_run() -> None:
    """What runs in a network of its own is run by another test."""
    files = set(re.findall(r"`tests/[\w/]+/(\w+)\.py::", PAGE))
    assert {file for file in files if not file.startswith("test_")} == {"inside_a_network"}
    assert "inside_a_network.py" in (ROOT / "tests/hostile/test_addresses.py").read_text(encoding="utf-8")


def functions_of(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
