"""Sentences that are kept in English are known again, every one that is made, and are told in another language."""

import ast
import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pycurl
import pytest

from aggregator import fetch, parse
from aggregator.fetch.words import DAMAGED, why_connection, why_large, why_late, why_status
from aggregator.parse.urls import feed_url_problem
from aggregator.retelling import FORMS, retold

ROOMS = [Path(fetch.__path__[0]), Path(parse.__path__[0])]
AGGREGATOR = ROOMS[0].parent
FILES = [
    *(file for room in ROOMS for file in sorted(room.glob("*.py"))),
    *(AGGREGATOR / f"{name}.py" for name in ("announcing", "encode", "fetching_pages", "listing", "probing")),
    *(AGGREGATOR / f"{name}.py" for name in ("refreshing", "subscribing")),
    *(file for file in sorted((AGGREGATOR / "store").glob("*.py")) if file.stem not in ("backup", "db", "migrate")),
]
NOT_FOR_OWNERS = (
    "numbers each cannot be",
    "has to be of finite numbers",
    "computes in",
    "first one that is long enough",
    "A model that works",
    "Broadsheet was stopped before",
    "x.example changed",
    "The first text takes",
)
"""Of faults of ours, of logs, and what models are tried on."""
NUMBERS = re.compile(r"_id|\bhome\b|target|\bone\b|\.id\b|MAX_|timeout|limit|n_hops|max_bytes|status|max_chars|1024")


def is_known(sentence: str) -> bool:
    return "sentence" not in retold(sentence).values


def sentences(file: Path) -> Iterator[str]:
    """Yield what is said in this file in whole sentences, with something in the places."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    silent |= {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in silent:
            said = filled(node)
            if re.fullmatch(r"[A-Za-z“][^\n]* [^\n]*\w.*[.!]", said) and not any(
                each in said for each in NOT_FOR_OWNERS
            ):
                yield said


def filled(node: ast.Constant | ast.JoinedStr) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else sample(ast.unparse(part)) for part in node.values
    )


def sample(expression: str) -> str:
    return "7" if NUMBERS.search(expression) else "" if "stays" in expression else "x.example"


def made() -> list[str]:
    skipped = ("words.py", "dates.py", "language.py", "html.py", "keeping.py", "search_index.py", "schema.py")
    return sorted({said for file in FILES if file.name not in skipped for said in sentences(file)})


def test_many_sentences_are_found_in_the_rooms_that_make_them() -> None:
    assert len(made()) > 60


@pytest.mark.parametrize("sentence", made())
def test_every_sentence_that_is_made_has_a_form(sentence: str) -> None:
    assert is_known(sentence)


@pytest.mark.parametrize("status", [*(each.value for each in HTTPStatus if each >= 300), 599])
def test_what_every_status_means_has_a_form(status: int) -> None:
    assert is_known(why_status("paper.example", status))


@pytest.mark.parametrize("errno", [getattr(pycurl, name) for name in dir(pycurl) if name.startswith("E_")])
def test_what_every_error_of_libcurl_means_has_a_form(errno: int) -> None:
    assert is_known(why_connection("paper.example", errno, "SSL: something (that) happened"))


@pytest.mark.parametrize("size", [900, 5 * 2**20, 2**21 + 2**19])
def test_what_limits_mean_has_a_form(size: int) -> None:
    assert is_known(why_large("paper.example", size))
    assert is_known(why_late("paper.example", size / 7, has_begun=True))
    assert is_known(why_late("paper.example", 20.0, has_begun=False))
    assert is_known(f"paper.example {DAMAGED}")


@pytest.mark.parametrize(
    "address", ["", "x" * 9_000, "ftp://a.example/", "https://a:b@c.example/", "https://a b", "https://-.example/"]
)
def test_what_is_wrong_with_an_address_has_a_form(address: str) -> None:
    problem = feed_url_problem(address)
    assert problem is not None
    assert is_known(problem)


def test_a_sentence_in_a_sentence_is_told_too() -> None:
    german = {
        "%(host)s redirects to where Broadsheet does not follow: %(what)s": "%(host)s leitet um: %(what)s",
        "%(host)s lies on %(what)s; name the host in [fetch] allowed_hosts if it is yours.": "%(host)s: %(what)s.",
        "a private network": "ein privates Netz",
    }
    said = retold(
        "a.example redirects to where Broadsheet does not follow: b.example lies on a private network; name the host "
        "in [fetch] allowed_hosts if it is yours."
    )
    assert (
        said.said(lambda one, _many, _n: german.get(one, one)) == "a.example leitet um: b.example: ein privates Netz."
    )


@pytest.mark.parametrize("sentence", ["", "Nobody makes this one.", "100 % odd %(x)s", "x" * 5_000])
def test_what_has_no_form_stays_as_it_is(sentence: str) -> None:
    assert str(retold(sentence)) == sentence


@pytest.mark.parametrize("form", [each.one for each in FORMS])
def test_every_form_is_known_again_as_itself(form: str) -> None:
    filled_in = re.sub(r"%\((\w+)\)s", lambda place: "7 MiB" if place[1] == "size" else "7", form)
    assert retold(filled_in).one == form
    assert str(retold(filled_in)) == filled_in
