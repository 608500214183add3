"""Whatever strangers send, what we promise of it holds; hypothesis and mutants make up what they might send.

A failure names the seed or the input, which then belongs among the unit tests.
"""

import json
import os

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.fuzz.mutants import mutants
from tests.fuzz.targets import (
    DATA,
    TARGETS,
    clean_html,
    corpus,
    n_by_feedparser,
    read_address,
    read_date,
    read_feed,
    read_list,
)

SEED = int(os.environ.get("BROADSHEET_FUZZ_SEED", "1"))
"""Another seed makes other mutants; the suite uses one, so that it does the same every time."""
needs_data = pytest.mark.skipif(not DATA.exists(), reason="the collected cases lie in ../shared, which is not here")
bounded = settings(
    max_examples=200, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)

ODD = st.text(max_size=30) | st.sampled_from(["&", "<", "]]>", "\0", "\x1b", "\u202e"])
ELEMENTS = ("title", "link", "guid", "pubDate", "author", "description", "category", "source", "enclosure", "dc:date")
ITEMS = st.lists(st.dictionaries(st.sampled_from(ELEMENTS), ODD, max_size=6), max_size=4)
WORDS_OF_DATES = "Mon, 31 Feb févr. 2026 26 99:99 12:00 GMT +9999 午後 T Z -".split()
DATES = st.text(max_size=40) | st.lists(st.sampled_from(WORDS_OF_DATES), max_size=8).map(" ".join)
PIECES_OF_ADDRESSES = (
    *("http:", "https:", "//", "/", "javascript:", "[::1]", "[", "@", ":", "a.example", "%00", "%", "?", "#", "&", "="),
    *("..", "utm_source", "\t", "\n", "é", "。", "\u202e", "0x7f.1", "999999999999", "xn--", "\\", " "),
)
ADDRESSES = st.text(max_size=60) | st.lists(st.sampled_from(PIECES_OF_ADDRESSES), max_size=12).map("".join)
PIECES_OF_MARKUP = (
    *("<", ">", '"', "'", "=", "/", "</", "<!--", "-->", "<![CDATA[", "<a href=", "<p>", "<b", "<table>", "<td>", "\0"),
    *(
        "<img src=x onerror=alert(1)>",
        "javascript:alert(1)",
        "data:text/html,",
        "&#106;",
        "&#1;",
        "&#x338;",
        "&colon;",
        "&Tab;",
        "style=",
    ),
    *("<svg>", "<math>", "<mglyph>", "<style>", "<noscript>", "<template>", "<title>", "<textarea>", "<plaintext>"),
    *("<iframe srcdoc=", "<form action=", "<input autofocus onfocus=", "<base href=//x>", "<a name=x id=y>"),
    *("<video poster=", "<q cite=", "srcset="),
)
MARKUP = st.lists(st.text(max_size=8) | st.sampled_from(PIECES_OF_MARKUP), max_size=14).map("".join)


@needs_data
def test_500_mutants_of_collected_feeds_lose_nothing_that_feedparser_sees() -> None:
    n_with_entries, wrong = 0, []
    for n, document in enumerate(mutants(corpus("feed"), 500, seed=SEED)):
        n_with_entries += n_by_feedparser(document) > 0
        try:
            read_feed(document)
        except Exception as error:
            wrong.append(f"mutant {n} of seed {SEED}: {error!r}")
    assert wrong == []
    assert n_with_entries > 150


@needs_data
def test_mutants_of_collected_lists_are_read_or_refused() -> None:
    for document in mutants(corpus("list"), 200, seed=SEED):
        read_list(document)


@bounded
@given(ITEMS, st.sampled_from(["rss", "feed", "rdf:RDF", "channel"]))
def test_whatever_stands_in_a_feed_is_read(items: list[dict[str, str]], root: str) -> None:
    body = "".join(
        f"<item>{''.join(f'<{name}>{text}</{name}>' for name, text in each.items())}</item>" for each in items
    )
    read_feed(f"<{root}><channel>{body}</channel></{root}>".encode())
    read_feed(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}).encode())


@bounded
@given(st.binary(max_size=200))
@example(b"<rss><channel><item><title>\xed\xa0\x80</title></item>")
def test_no_bytes_are_too_strange(given_bytes: bytes) -> None:
    for name, target in TARGETS.items():
        if name != "html" or DATA.exists():
            target(given_bytes)


@bounded
@given(DATES)
def test_every_date_is_a_moment_or_missing(text: str) -> None:
    read_date(text.encode("utf-8", "replace"))


@bounded
@given(ADDRESSES)
def test_every_address_leads_into_the_web_or_nowhere(text: str) -> None:
    read_address(text.encode("utf-8", "replace"))


@needs_data
@bounded
@given(MARKUP)
def test_whatever_markup_is_made_of_nothing_unsafe_is_left(markup: str) -> None:
    clean_html(markup.encode("utf-8", "replace"))
