"""The chaos publisher itself: seeded, able to do every fault, and a log that can be believed."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest

from aggregator.config import FetchSettings
from aggregator.fetch.http import fetch_all
from aggregator.models.feeds import Validators
from aggregator.models.fetching import Failed, Fetched, NotModified, Reply, Request
from aggregator.parse.feed import parse_feed
from tests.chaos.documents import Desk, write_feed
from tests.chaos.faults import FAULTS, fault_of
from tests.chaos.ledger import early_asks
from tests.chaos.publisher import Ask, Publisher, tokens_in, tokens_of

NOTHING = Validators()
NOW = datetime.now(UTC)
SETTINGS = FetchSettings(allowed_hosts=("127.0.0.0/8",), timeout_s=30.0, per_host=8, per_host_gap_s=0.0)
IMPATIENT = replace(SETTINGS, timeout_s=1.5)
"""For what never gives a whole answer: nothing is read meanwhile that a slow machine could be too late with."""
GOOD_FAULTS = {
    *("wrong charset", "unknown charset", "wrong MIME", "called HTML", "BOM", "UTF-16", "NUL", "ill-formed", "slow"),
    *("for the time being", "moved", "stuck at 304", "ETag of 64 kB", "ETag with bytes"),
    *("renamed", "reordered", "one guid for all", "odd dates"),
}
"""These give a feed all the same; parser bombs give a document that hurts."""
HURTING = {"empty", "cut unseen", "portal", "to a login", "author of 32 kB", "100,000 attributes", "depth", "entities"}


def ask(
    publisher: Publisher, feed: int, validators: Validators = NOTHING, *, settings: FetchSettings = SETTINGS
) -> Reply:
    request = Request(publisher.urls()[feed], validators)
    [reply] = fetch_all([request], settings, now=NOW)
    return reply


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_can_be_done_and_is_told_from_a_good_answer(fault: str) -> None:
    with Publisher(10, seed=1, fault=fault, n_hosts=2) as publisher:
        reply = ask(publisher, 1, settings=SETTINGS if fault in GOOD_FAULTS | HURTING else IMPATIENT)
        served = publisher.tokens_served()
    if fault in GOOD_FAULTS:
        assert isinstance(reply, Fetched)
        assert {
            token for each in parse_feed(reply.body, url=reply.url).entries for token in tokens_of(each.title)
        } >= served
        assert served
    else:
        assert isinstance(reply, Fetched if fault in HURTING else Failed), reply
        assert not served


def test_a_feed_without_faults_is_served_whole_and_then_not_again() -> None:
    with Publisher(10, seed=1, faulty=0.0, n_hosts=2) as publisher:
        replies = [ask(publisher, feed) for feed in range(10)]
        for feed, reply in enumerate(replies):
            assert isinstance(reply, Fetched)
            assert isinstance(ask(publisher, feed, reply.validators), NotModified)
        n_said = sum(len(parse_feed(each.body, url=each.url).entries) for each in replies if isinstance(each, Fetched))
        assert sum(len(each.tokens) for each in publisher.served) == n_said


def test_the_same_seed_means_the_same_faults_and_the_same_words() -> None:
    faults = [[fault_of(seed, feed, 3, 0.3) for feed in range(1000)] for seed in (1, 1, 2)]
    assert faults[0] == faults[1] != faults[2]
    assert 250 < sum(map(bool, faults[0])) < 350
    desks = [Desk(seed, ("http://a.example",), NOW) for seed in (1, 1, 2)]
    documents = [write_feed(3, desk.pieces(3, 500.0), "http://a.example") for desk in desks]
    assert documents[0] == documents[1] != documents[2]
    assert len(tokens_in(documents[0], "application/xml")) == len(desks[0].pieces(3, 500.0))


def test_pieces_stay_in_a_feed_for_a_while_and_then_leave_it() -> None:
    pieces = partial(Desk(1, ("http://a.example",), NOW, n_fast=1).pieces, 0)
    assert [each.token[1] for each in pieces(0.0)] == list(range(8, 0, -1))
    assert [each.token[1] for each in pieces(40.0)] == list(range(18, 8, -1))


def test_impatience_is_seen() -> None:
    def asked(at_s: float, path: str = "/feed/1", **answer: float) -> Ask:
        facts = {"status": 200, "retry_after_s": 0.0, "max_age_s": 0.0} | answer
        return Ask(at_s=at_s, host="127.0.50.1", path=path, feed=1, fault="", **facts)  # type: ignore[arg-type]

    assert early_asks([asked(0), asked(10)], 10) == []
    assert len(early_asks([asked(0), asked(9)], 10)) == 1
    assert len(early_asks([asked(0, max_age_s=30), asked(20)], 10)) == 1
    assert len(early_asks([asked(0, status=429, retry_after_s=20), asked(12, path="/feed/41")], 10)) == 1
    assert early_asks([asked(0, status=429, retry_after_s=20), asked(20.5, path="/feed/41")], 10) == []
