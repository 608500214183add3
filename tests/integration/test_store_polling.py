"""When feeds are asked again, and who asks them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from aggregator.models.feeds import Poll, Validators
from aggregator.store import feeds, polling
from aggregator.store.db import transaction
from tests.integration.desk import DAY, HOUR, NOON, bring, entry, subscribe


def test_a_claimed_feed_is_nobody_elses_until_the_lease_ends(engine: Engine) -> None:
    with transaction(engine) as db:
        feed_id = subscribe(db)
        assert len(polling.claim_due(db, now=NOON, limit=10, lease_s=60)) == 1
        assert polling.claim_due(db, now=NOON + timedelta(seconds=59), limit=10, lease_s=60) == []
        assert [
            due.feed.id for due in polling.claim_due(db, now=NOON + timedelta(seconds=60), limit=10, lease_s=60)
        ] == [feed_id]


def test_feeds_are_claimed_longest_due_first(engine: Engine) -> None:
    with transaction(engine) as db:
        late = subscribe(db, "late", now=NOON)
        early = subscribe(db, "early", now=NOON - HOUR)
        subscribe(db, "later", now=NOON + HOUR)
        claimed = polling.claim_due(db, now=NOON, limit=10, lease_s=60)
    assert [due.feed.id for due in claimed] == [early, late]


def test_a_recorded_poll_comes_back_with_the_next_claim(engine: Engine) -> None:
    with transaction(engine) as db:
        feed_id = subscribe(db)
        polling.claim_due(db, now=NOON, limit=1, lease_s=3600)
        poll = Poll(
            feed_id=feed_id,
            validators=Validators('"tag"', "Fri, 20 Mar 2026 12:00:00 GMT"),
            body_hash="00ff",
            checked_at=NOON,
            succeeded_at=NOON - DAY,
            next_check_at=NOON + HOUR,
            error="It is away.",
            n_failures=2,
        )
        polling.record_poll(db, poll)
        assert polling.claim_due(db, now=NOON, limit=1, lease_s=60) == []
        (due,) = polling.claim_due(db, now=NOON + HOUR, limit=1, lease_s=60)
    assert due.poll == poll
    assert not due.is_new


def test_a_paused_feed_is_never_due_and_due_at_once_after(engine: Engine) -> None:
    with transaction(engine) as db:
        feed_id = subscribe(db)
        feeds.set_paused(db, feed_id, is_paused=True, now=NOON)
        assert polling.claim_due(db, now=NOON + DAY, limit=1, lease_s=60) == []
        assert polling.check_now(db, None, now=NOON) == 0
        feeds.set_paused(db, feed_id, is_paused=False, now=NOON + HOUR)
        (due,) = polling.claim_due(db, now=NOON + HOUR, limit=1, lease_s=60)
    assert due.poll.next_check_at == NOON + HOUR


def test_checking_now_makes_feeds_due(engine: Engine) -> None:
    with transaction(engine) as db:
        ids = [subscribe(db, name, now=NOON + DAY) for name in "abc"]
        assert polling.check_now(db, ids[1], now=NOON) == 1
        assert [due.feed.id for due in polling.claim_due(db, now=NOON, limit=9, lease_s=60)] == [ids[1]]
        assert polling.check_now(db, None, now=NOON) == 3


def test_the_owner_may_claim_a_feed_that_is_not_due(engine: Engine) -> None:
    with transaction(engine) as db:
        ids = [subscribe(db, name, now=NOON + DAY) for name in "ab"]
        claimed = polling.claim(db, [ids[1], 999, ids[0]], now=NOON, lease_s=60)
    assert [due.feed.id for due in claimed] == [ids[1], ids[0]]


def test_workers_that_claim_at_once_never_get_the_same_feed(engine: Engine) -> None:
    with transaction(engine) as db:
        ids = [subscribe(db, f"feed{number}") for number in range(60)]

    def claim_all(_: int) -> list[int]:
        claimed: list[int] = []
        while True:
            with transaction(engine) as db:
                due = polling.claim_due(db, now=NOON, limit=7, lease_s=60)
            if not due:
                return claimed
            claimed += [each.feed.id for each in due]

    with ThreadPoolExecutor(4) as pool:
        claimed = [feed_id for each in pool.map(claim_all, range(4)) for feed_id in each]
    # A worker may have found all that was left locked by others and given up early; none was claimed twice.
    assert sorted(claimed) == ids


@pytest.mark.parametrize("blank_url", ["postgresql"], indirect=True)
def test_a_worker_passes_over_feeds_that_another_is_claiming(engine: Engine) -> None:
    with transaction(engine) as db:
        subscribe(db, "a")
        subscribe(db, "b")
    with transaction(engine) as one, transaction(engine) as other:
        first = polling.claim_due(one, now=NOON, limit=1, lease_s=60)
        second = polling.claim_due(other, now=NOON, limit=5, lease_s=60)
    assert len(first) == len(second) == 1
    assert first[0].feed.id != second[0].feed.id


def test_a_poll_of_a_feed_that_was_deleted_meanwhile_is_let_go(engine: Engine) -> None:
    with transaction(engine) as db:
        feed_id = subscribe(db)
        (due,) = polling.claim_due(db, now=NOON, limit=1, lease_s=60)
        feeds.delete_feed(db, feed_id)
        polling.record_poll(db, replace(due.poll, checked_at=NOON))
        assert bring(db, feed_id, entry("late")).n_new == 0
        assert feeds.feed_lines(db) == []
