"""Items that are known are left out of a document without a difference to the others, or nothing is left out."""

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from aggregator.errors import ParseError
from aggregator.models.entries import ParsedFeed
from aggregator.parse.feed import parse_feed

DATA = Path(__file__).parents[2].parent / "shared" / "data"
FOLDERS = (DATA / "feeds", DATA / "cases" / "feedparser")
URL = "https://a.example/feed"
MARK_BYTES = 32
pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the collected feeds lie in ../shared, which is not here")


def documents() -> list[Path]:
    return [path for folder in FOLDERS for path in sorted(folder.rglob("*")) if path.is_file()]


def read(body: bytes, known_items: bytes = b"") -> ParsedFeed | None:
    try:
        return parse_feed(body, url=URL, known_items=known_items)
    except ParseError:
        return None


def without(items: bytes, forgotten: set[int]) -> bytes:
    """The marks of items, but for those at these places."""
    rows = [items[at : at + MARK_BYTES] for at in range(0, len(items), MARK_BYTES)]
    return b"".join(row for n, row in enumerate(rows) if n not in forgotten)


def some_places(n: int, random: Random) -> list[set[int]]:
    """Which items are new: none, the first, the last, each of a few, half of them."""
    single = [{place} for place in sorted({0, n - 1, random.randrange(n)})]
    return [set(), *single, set(random.sample(range(n), n // 2))]


def test_every_collected_document_says_the_same_of_what_is_new_whether_the_rest_is_cut_or_not() -> None:
    random, n_plain, n_cut, wrong = Random(7), 0, 0, []
    for path in documents():
        body = path.read_bytes()
        whole = read(body)
        if whole is None or not whole.items:
            continue
        n_plain += 1
        for new in some_places(len(whole.entries), random):
            again = read(body, without(whole.items, new))
            assert again
            n_cut += again.n_cut
            kept = new if again.n_cut else set(range(len(whole.entries)))
            wanted = replace(whole, entries=tuple(whole.entries[n] for n in sorted(kept)), n_cut=again.n_cut)
            if again != wanted or again.n_cut not in (0, len(whole.entries) - len(new)):
                wrong.append((path.name, sorted(new)))
    assert wrong == []
    assert n_plain > 1000
    assert n_cut > 10_000


def test_most_real_feeds_are_plain_enough() -> None:
    feeds = [read(path.read_bytes()) for path in documents() if path.parent.name == "feeds"]
    with_entries = [feed for feed in feeds if feed and len(feed.entries) > 1]
    assert sum(bool(feed.items) for feed in with_entries) > 0.6 * len(with_entries)
