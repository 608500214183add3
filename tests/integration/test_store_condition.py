"""How the machine does, in figures, and what the owner chose, on both databases."""

from dataclasses import replace

from sqlalchemy import Engine

from aggregator.health import OLD_AFTER
from aggregator.models.feeds import Poll
from aggregator.models.hubs import HubOffer
from aggregator.models.preferences import Preferences
from aggregator.store import condition, feeds, hubs, polling
from aggregator.store import settings as memory
from aggregator.store.db import transaction
from tests.integration.desk import DAY, HOUR, NOON, bring, entry, subscribe


def test_the_figures_tell_what_waits_what_fails_and_what_is_announced(engine: Engine) -> None:
    with transaction(engine) as db:
        good, bad, slow, idle = (subscribe(db, name) for name in ("good", "bad", "slow", "idle"))
        bring(db, good, entry("a"), entry("b"), at=NOON - HOUR)
        poll = Poll(feed_id=good, checked_at=NOON, next_check_at=NOON + DAY, n_entries=2)
        polling.record_poll(db, poll)
        polling.record_poll(db, replace(poll, feed_id=bad, error="No.", next_check_at=NOON - HOUR))
        polling.record_poll(db, replace(poll, feed_id=slow, took_s=14.0))
        feeds.set_paused(db, idle, is_paused=True, now=NOON)
        hubs.note_offers(db, {good: HubOffer("https://hub.example/", "https://good.example/")}, now=NOON)
        hubs.confirm(db, good, lease=DAY, renew_after=HOUR, now=NOON)
        memory.note_worker(db, now=NOON)
        found = condition.condition(db, since=NOON - DAY, old_before=NOON - OLD_AFTER, slow_s=10.0, now=NOON)
    assert (found.n_feeds, found.n_paused, found.n_need_owner, found.n_slow, found.n_late) == (4, 1, 1, 1, 1)
    assert (found.n_announced, found.n_offered) == (1, 1)
    assert (found.n_ungrouped, found.worker_seen_at, found.newest_edition_at) == (2, NOON, None)
    assert found.database in ("SQLite", "PostgreSQL")
    assert found.database_bytes > 10_000


def test_what_the_owner_chose_is_kept_and_what_nobody_understands_is_not(engine: Engine) -> None:
    with transaction(engine) as db:
        assert memory.preferences(db) == Preferences()
        chosen = Preferences(language="de", text_size="large", has_keys=False, has_pictures=False)
        memory.prefer(db, chosen)
        assert memory.preferences(db) == chosen
        memory.remember(db, memory.PREFERENCES, '{"text_size": "gigantic"}')
        assert memory.preferences(db) == Preferences()
