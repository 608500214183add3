"""Rows of feeds and of their polling, as what they mean and back."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping, Select, select

from aggregator.models.feeds import Fault, Feed, Poll, Validators, Wishes
from aggregator.store.schema import feeds, polls
from aggregator.store.statements import feed_title


def select_feeds() -> Select[Any]:
    """Return the question for feeds with their polling, which `feed_from` and `poll_from` read."""
    return select(feeds, feed_title.label("shown_title"), *polls.c).join(polls, polls.c.feed_id == feeds.c.id)


def shown_title(row: Mapping[str, Any]) -> str:
    """Return what `feed_title` gives."""
    title: str = row["owner_title"] or row["title"] or row["feed_url"]
    return title


def feed_from(row: Mapping[Any, Any]) -> Feed:
    """Return the feed of a row."""
    return Feed(
        id=row["id"],
        feed_url=row["feed_url"],
        title=row["shown_title"],
        site_url=row["site_url"],
        folder_id=row["folder_id"],
        language=row["language"],
        country=row["country"],
        is_paused=row["is_paused"],
        interval_s=row["interval_s"],
        moved_from_url=row["moved_from_url"],
        moved_at=row["moved_at"],
        wants_full_text=row["wants_full_text"],
        added_at=row["added_at"],
    )


def poll_from(row: RowMapping) -> Poll:
    """Return how the feed of a row is polled."""
    return Poll(
        feed_id=row["feed_id"],
        validators=Validators(row["etag"], row["last_modified"]),
        body_hash=row["body_hash"],
        checked_at=row["checked_at"],
        succeeded_at=row["succeeded_at"],
        next_check_at=row["next_check_at"],
        error=row["error"],
        n_failures=row["n_failures"],
        fresh_s=row["fresh_s"] or 0.0,
        whole_at=row["whole_at"],
        wishes=Wishes(row["ttl_s"], frozenset(row["skip_hours"] or ()), frozenset(row["skip_days"] or ())),
        moving_to=row["moving_to"],
        n_moves=row["n_moves"] or 0,
        fault=Fault(row["fault"]) if row["fault"] else None,
        failing_since=row["failing_since"],
        took_s=row["took_s"],
        n_entries=row["n_entries"],
        items=row["items"] or b"",
        searched_at=row["searched_at"],
    )


def row_of(poll: Poll) -> dict[str, Any]:
    """Return the row that keeps this; nobody has a claim on the feed any more."""
    return {
        "of_feed": poll.feed_id,
        "etag": poll.validators.etag,
        "last_modified": poll.validators.last_modified,
        "body_hash": poll.body_hash,
        "checked_at": poll.checked_at,
        "succeeded_at": poll.succeeded_at,
        "next_check_at": poll.next_check_at,
        "claimed_until": None,
        "error": poll.error,
        "n_failures": poll.n_failures,
        "fresh_s": poll.fresh_s or None,
        "whole_at": poll.whole_at,
        "ttl_s": poll.wishes.ttl_s,
        "skip_hours": sorted(poll.wishes.skip_hours) or None,
        "skip_days": sorted(poll.wishes.skip_days) or None,
        "moving_to": poll.moving_to,
        "n_moves": poll.n_moves,
        "fault": poll.fault,
        "failing_since": poll.failing_since,
        "took_s": poll.took_s,
        "n_entries": poll.n_entries,
        "items": poll.items or None,
        "searched_at": poll.searched_at,
    }
