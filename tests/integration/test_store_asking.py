"""What the owner asks for on the pages before anything is subscribed to: lists and looks at addresses."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from aggregator.errors import NotFoundError
from aggregator.models.subscribing import Candidate, Headline, ImportResult, ImportState, Subscription
from aggregator.store import imports, probes
from aggregator.store.db import transaction
from aggregator.subscribing import foresee, import_step
from tests.integration.desk import NOON

LONG_AGO = NOON - timedelta(days=30)


def test_a_list_is_wanted_shown_and_imported_step_by_step(engine: Engine) -> None:
    wanted = [Subscription(feed_url=f"https://a.example/{n}", folder=("A",)) for n in range(501)]
    with transaction(engine) as db:
        import_id = imports.begin(db, "https://lists.example/l.opml", ("A",), now=NOON)
        assert imports.find_import(db, import_id).state is ImportState.WANTED
        [claimed] = imports.claim_wanted(db, now=NOON, lease_s=60)
        assert imports.claim_wanted(db, now=NOON, lease_s=60) == []
        imports.show(db, claimed.id, foresee(db, [*wanted, Subscription(feed_url="no address")]))
        assert not imports.are_wanted(db)
    assert import_step(engine, import_id, now=NOON)
    assert not import_step(engine, import_id, now=NOON)
    assert not import_step(engine, import_id, now=NOON)
    with transaction(engine) as db:
        found = imports.find_import(db, import_id)
        assert (found.state, found.n_done) == (ImportState.DONE, 502)
        assert found.n_of == {ImportResult.ADDED: 501, ImportResult.INVALID: 1}
        [bad] = imports.lines(db, import_id, limit=9, result=ImportResult.INVALID)
    assert bad.why == "This is not a web address; one looks like https://example.org/feed.xml."


def test_a_worker_that_died_holds_a_list_back_for_a_while_only(engine: Engine) -> None:
    with transaction(engine) as db:
        imports.begin(db, "https://lists.example/l.opml", (), now=NOON)
        probes.begin(db, "https://a.example/", (), now=NOON)
        for claim in (imports.claim_wanted, probes.claim_wanted):
            assert len(claim(db, now=NOON, lease_s=60)) == 1
            assert len(claim(db, now=NOON + timedelta(seconds=61), lease_s=60)) == 1


def test_what_was_found_at_an_address_is_kept_as_it_was_seen(engine: Engine) -> None:
    seen = Candidate(
        feed_url="https://a.example/feed",
        title="A\0",
        language="de",
        n_entries=2,
        per_day=1.5,
        newest=(Headline("One", NOON), Headline("Two")),
    )
    with transaction(engine) as db:
        probe_id = probes.begin(db, "https://a.example/", ("World", "Asia"), now=NOON)
        assert probes.are_wanted(db)
        probes.keep(db, probe_id, [seen, Candidate(feed_url="https://a.example/2", error="No.")], error=None, now=NOON)
        assert not probes.are_wanted(db)
        probe = probes.find_probe(db, probe_id)
    assert (probe.is_done, probe.folder, probe.found[0]) == (True, ("World", "Asia"), seen)
    assert probe.found[1].error == "No."


def test_what_was_asked_for_long_ago_is_forgotten(engine: Engine) -> None:
    with transaction(engine) as db:
        import_id, probe_id = imports.begin(db, "old", (), now=LONG_AGO), probes.begin(db, "old", (), now=LONG_AGO)
        imports.show(db, import_id, foresee(db, [Subscription(feed_url="https://a.example/")]))
        imports.begin(db, "new", (), now=NOON)
        probes.begin(db, "new", (), now=NOON)
        with pytest.raises(NotFoundError):
            imports.find_import(db, import_id)
        with pytest.raises(NotFoundError):
            probes.find_probe(db, probe_id)
