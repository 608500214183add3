"""Many feeds at once, some of them with every fault there is."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from aggregator import refreshing
from aggregator.config import FetchSettings, ParseSettings, PollSettings
from aggregator.fetch.http import fetch_all
from aggregator.parse.sandbox import Parsers
from aggregator.refreshing import Refreshed, Tools
from aggregator.store import polling
from aggregator.store.db import transaction
from tests.chaos.ledger import judge
from tests.chaos.publisher import Publisher
from tests.chaos.running import now, open_with_feeds

# a host for each feed: one that asks for a pause gets it for all its feeds
FETCH = FetchSettings(allowed_hosts=("127.0.0.0/8",), timeout_s=8.0, per_host=8, per_host_gap_s=0.0)
PARSE = ParseSettings(timeout_s=5.0)


@pytest.mark.slow
def test_of_200_feeds_with_40_percent_faulty_the_others_are_kept_whole(tmp_path: Path) -> None:
    with Publisher(200, seed=4, faulty=0.4, n_hosts=200, gaps_s=(3600.0, 7200.0)) as publisher:
        engine = open_with_feeds(tmp_path, publisher)
        with transaction(engine) as db:
            due = polling.claim_due(db, now=now(), limit=999, lease_s=600)
        with Parsers(PARSE) as parsers:
            tools = Tools(fetch=partial(fetch_all, settings=FETCH), parse=parsers.parse)
            done = list(refreshing.refresh(engine, due, tools, PollSettings(), now=now()))
        served, faults = publisher.tokens_served(), {each.feed: each.fault for each in publisher.asks}
    assert len(done) == 200
    assert sum(map(bool, faults.values())) > 60
    well = {url for feed, url in enumerate(publisher.urls()) if not faults[feed]}
    assert [_how(each) for each in done if each.feed.feed_url in well and each.why] == []
    verdict = judge(engine, served)
    assert verdict.is_good, replace(verdict, n_kept=-1)
    assert verdict.n_served > 120 * 8
    engine.dispose()


def _how(done: Refreshed) -> str:
    return f"{done.feed.feed_url}: {done.why}"
