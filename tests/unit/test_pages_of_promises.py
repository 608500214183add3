"""docs/security.md and docs/faults.md promise things; each promise names the test that would fail."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("docs/security.md", "docs/faults.md")
HEADINGS = ("| promise", "| fault", "| what")


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_every_promise_names_tests_that_are_there(page: str) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", read(page))
    assert len(named) > 60
    missing = [f"{file}::{test}" for file, test in named if test not in functions_of(file)]
    assert missing == []


@pytest.mark.parametrize("page", PAGES)
def test_no_promise_is_without_a_test(page: str) -> None:
    rows = [line for line in read(page).splitlines() if line.startswith("| ") and not line.startswith(HEADINGS)]
    assert len(rows) > 25
    assert [row for row in rows if "::test_" not in row] == []


def test_no_test_is_named_that_pytest_would_not_run() -> None:
    """What runs in a network of its own is run by another test."""
    files = {file for page in PAGES for file in re.findall(r"`tests/[\w/]+/(\w+)\.py::", read(page))}
    assert {file for file in files if not file.startswith("test_")} == {"inside_a_network"}
    assert "inside_a_network.py" in (ROOT / "tests/hostile/test_addresses.py").read_text(encoding="utf-8")


def functions_of(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
