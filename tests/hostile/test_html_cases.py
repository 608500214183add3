import importlib.util
from collections.abc import Callable

import html5lib
import pytest

from aggregator.parse.html import MAX_HTML_CHARS, plain_line, plain_text, sanitise, text_of, with_images
from tests.hostile.paper import CASES, Case, collected_cases
from tests.hostile.paper import words as body

pytestmark = pytest.mark.skipif(
    not CASES.exists(), reason="the collected HTML cases lie in ../shared, which is not here"
)


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return collected_cases()


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


def rendered(case: Case) -> str:
    """What stands on the page: sanitised when it was kept and when it is shown, pictures from us."""
    return with_images(sanitise(body(case), base_url="https://site.example/a/"), lambda url: "/image/signature/name")


def test_no_case_leaves_anything_unsafe(cases: list[Case], violations: Callable[[str], list[tuple[str, str]]]) -> None:
    found = {case["id"]: violations(rendered(case)[:50_000]) for case in cases}
    assert {case: what for case, what in found.items() if what} == {}
    assert len(found) == 1584


def test_what_has_to_go_is_gone(cases: list[Case]) -> None:
    left = [case["id"] for case in cases for word in case.get("must_drop", ()) if word in sanitise(body(case))]
    assert left == []


def test_what_is_harmless_stays(cases: list[Case]) -> None:
    lost = []
    for case in (case for case in cases if "keep" in case):
        clean, text = rendered(case), plain_text(body(case))
        lost += [(case["id"], word) for word in case["keep"]["text"] if word not in text]
        lost += [(case["id"], tag) for tag in case["keep"]["tags"] if f"<{tag}" not in clean]
        lost += [(case["id"], attribute) for attribute in case["keep"]["attrs"] if attribute not in clean]
    assert lost == []


def test_sanitised_html_is_read_the_same_without_parsing_it_again(cases: list[Case]) -> None:
    kept = {case["id"]: sanitise(body(case), base_url="https://site.example/a/") for case in cases}
    whole = {name: content for name, content in kept.items() if len(content) < MAX_HTML_CHARS}
    assert len(whole) > 1500
    assert [name for name, content in whole.items() if text_of(content).split() != plain_text(content).split()] == []


def test_titles_are_never_markup(cases: list[Case]) -> None:
    lines = [plain_line(body(case)) for case in cases if case.get("field")]
    assert not [line for line in lines if "<script" in line or "\n" in line]


def test_no_picture_that_only_counts_its_readers_stays(cases: list[Case]) -> None:
    """A picture of a dot, by what its element says."""
    n_dots, left = 0, []
    for case in (case for case in cases if "<img" in body(case)[:50_000].lower()):
        for element in html5lib.parseFragment(body(case)[:50_000]).iter("{http://www.w3.org/1999/xhtml}img"):
            source = element.get("src") or ""
            if {element.get("width"), element.get("height")} & {"0", "1", "2"} and source.startswith("http"):
                n_dots += 1
                left += [case["id"]] * (source in sanitise(body(case)))
    assert n_dots > 3
    assert left == []
