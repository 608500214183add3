"""The front page, of one moment."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from aggregator.models.front import Arrived, FrontOrder, FrontPage
from aggregator.store import feeds, mutes, showing
from aggregator.store import settings as memory

N_SINGLE = 8
"""Stories of one publisher that a front page names."""

N_FOLLOWED = 12
"""Followed stories, those with the latest news, that a front page looks at for news."""


def front_page(db: Connection, order: FrontOrder, *, since: datetime, limit: int, now: datetime) -> FrontPage:
    """Return all that the front page is made of: its stories have news since then."""
    hidden = mutes.hidden_ids(db, now=now)
    cards = showing.front_page(db, since=since, limit=limit, now=now, order=order, hidden=hidden)
    last = memory.last_visit(db)
    visit = last.at(now) if last else None
    news_since = max(visit.since, since) if visit and visit.since else None
    return FrontPage(
        cards=tuple(cards),
        followed=tuple(showing.following(db, now=now, limit=N_FOLLOWED)),
        single=tuple(showing.single_lines(db, since=since, limit=N_SINGLE, hidden=hidden)),
        n_single=showing.n_single(db, since=since, hidden=hidden),
        n_hidden=mutes.n_hidden(db, since=since, now=now) if hidden else 0,
        folder_of=_outermost(db, {line.feed_id for card in cards for line in card.lines if line.feed_id}),
        # Counting the window takes longer than all the rest, and only a page without stories has to.
        progress=memory.progress_since_regroup(db) if cards else memory.progress(db, since=since),
        visit=visit,
        arrived=memory.arrived(db, since=news_since) if news_since else Arrived(0, 0),
    )


def _outermost(db: Connection, feed_ids: Collection[int]) -> dict[int, str]:
    """Return the outermost folder of each feed that lies in one."""
    return {feed_id: path[0] for feed_id, path in feeds.places_of(db, sorted(feed_ids)).items() if path}
