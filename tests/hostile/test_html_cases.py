import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aggregator.parse.html import plain_line, plain_text, sanitise

CASES = Path(__file__).parents[2].parent / "shared" / "data" / "cases" / "html"
pytestmark = pytest.mark.skipif(
    not CASES.exists(), reason="the collected HTML cases lie in ../shared, which is not here"
)

Case = dict[str, Any]


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return [json.loads(line) for line in (CASES / "cases.jsonl").read_text(encoding="utf-8").split("\n") if line]


@pytest.fixture(scope="module")
def violations() -> Callable[[str], list[tuple[str, str]]]:
    """Give the judge that comes with the cases: what a browser would make of a sanitiser's output."""
    spec = importlib.util.spec_from_file_location("policy", CASES / "policy.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    judge: Callable[[str], list[tuple[str, str]]] = module.violations
    return judge


def body(case: Case) -> str:
    unit, times = case.get("repeat", ("", 0))
    return str(case.get("input", unit * times))


def test_no_case_leaves_anything_unsafe(cases: list[Case], violations: Callable[[str], list[tuple[str, str]]]) -> None:
    found = {
        case["id"]: violations(sanitise(body(case), base_url="https://site.example/a/")[:50_000]) for case in cases
    }
    assert {case: what for case, what in found.items() if what} == {}
    assert len(found) == 1584


def test_what_has_to_go_is_gone(cases: list[Case]) -> None:
    left = [case["id"] for case in cases for word in case.get("must_drop", ()) if word in sanitise(body(case))]
    assert left == []


def test_what_is_harmless_stays(cases: list[Case]) -> None:
    lost = []
    for case in (case for case in cases if "keep" in case):
        clean, text = sanitise(body(case), base_url="https://site.example/a/"), plain_text(body(case))
        lost += [(case["id"], word) for word in case["keep"]["text"] if word not in text]
        lost += [(case["id"], tag) for tag in case["keep"]["tags"] if f"<{tag}" not in clean]
        lost += [(case["id"], attribute) for attribute in case["keep"]["attrs"] if attribute not in clean]
    assert lost == []


def test_titles_are_never_markup(cases: list[Case]) -> None:
    lines = [plain_line(body(case)) for case in cases if case.get("field")]
    assert not [line for line in lines if "<script" in line or "\n" in line]
