import json
import time
from pathlib import Path
from typing import Any

import pytest

from aggregator.errors import OpmlError
from aggregator.models.subscribing import Subscription
from aggregator.parse.opml import parse_opml, write_opml

DATA = Path(__file__).parents[2].parent / "shared" / "data"
CASES = DATA / "cases" / "opml"
pytestmark = pytest.mark.skipif(not CASES.exists(), reason="the collected lists lie in ../shared, which is not here")


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def read(path: Path) -> list[Subscription]:
    try:
        return parse_opml(path.read_bytes())
    except OpmlError:
        return []


def test_every_collected_list_gives_its_feeds() -> None:
    cases = [case for case in lines(CASES / "cases.jsonl") if case.get("feeds") is not None]
    assert len(cases) > 25
    wrong = {}
    for case in cases:
        urls = {one.feed_url for one in read(CASES / case["file"]) if one.feed_url}
        if len(urls) != case["feeds"]:
            wrong[case["file"]] = len(urls)
    assert wrong == {}


def test_no_list_hurts_its_reader() -> None:
    for case in lines(CASES / "cases.jsonl"):
        started = time.process_time()
        read(CASES / case["file"])
        assert time.process_time() - started < 3, case["file"]


def test_what_is_no_list_is_refused() -> None:
    for case in lines(CASES / "cases.jsonl"):
        if case["kind"] in ("refuse", "empty"):
            with pytest.raises(OpmlError):
                parse_opml((CASES / case["file"]).read_bytes())


def test_real_lists_come_back_byte_for_byte_from_their_own_export() -> None:
    n_feeds = 0
    for path in sorted((DATA / "opml").glob("*.opml")):
        found = read(path)
        n_feeds += len(found)
        written = write_opml(found, title="x")
        assert not found or write_opml(parse_opml(written), title="x") == written, path.name
    assert n_feeds > 12_000


def test_the_great_list_is_read_whole() -> None:
    assert len({one.feed_url for one in read(DATA / "opml" / "kite_all.opml")}) == 9897
