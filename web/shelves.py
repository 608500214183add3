"""What the reader starred and follows."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aggregator.models.acts import Subject
from aggregator.models.pages import Starred, StoryCard
from aggregator.store import shelves, showing, topics
from aggregator.store.db import reading
from aggregator.store.shelves import Shelf
from aggregator.store.showing import Place
from web import filters, paging
from web.newsroom import engine, now

blueprint = Blueprint("shelves", __name__)

N_STARRED = 60
N_STORIES = 48


@blueprint.get("/starred")
def list_starred() -> ResponseReturnValue:
    """Show the stories and articles with a star, the latest star first."""
    with reading(engine()) as db:
        found = shelves.starred(db, limit=N_STARRED + 1, after=_shelf())
        n_starred = shelves.n_starred(db)
    shown, more = found[:N_STARRED], found[N_STARRED:]
    return render_template(
        "starred.html", days=_by_day(shown), n_starred=n_starred, older=_older_starred(shown[-1]) if more else None
    )


@blueprint.get("/following")
def list_following() -> ResponseReturnValue:
    """Show the topics and stories that are followed, the latest news first."""
    is_unread_only, place = "unread" in request.args, paging.place()
    with reading(engine()) as db:
        followed = topics.followed_topics(db)
        cards = showing.following(
            db, now=now(), limit=N_STORIES + 1, after=Place(*place) if place else None, unread_only=is_unread_only
        )
    shown, more = cards[:N_STORIES], cards[N_STORIES:]
    return render_template(
        "following.html",
        topics=followed,
        cards=shown,
        older=_older_followed(shown[-1]) if more else None,
        is_unread_only=is_unread_only,
    )


def _shelf() -> Shelf | None:
    place, subject = paging.place(), request.args.get("of", "")
    if place is None:
        return None
    if subject not in (Subject.STORY, Subject.ARTICLE):
        abort(404)
    return Shelf(place[0], Subject(subject), place[1])


def _older_starred(last: Starred) -> str:
    subject, one = (Subject.STORY, last.story) if last.story else (Subject.ARTICLE, last.article)
    return url_for("shelves.list_starred", before=last.at.isoformat(), of=subject, id=one.id if one else 0)


def _older_followed(last: StoryCard) -> str:
    is_unread_only = "" if "unread" in request.args else None
    return url_for("shelves.list_following", before=last.last_at.isoformat(), id=last.id, unread=is_unread_only)


def _by_day(starred: Sequence[Starred]) -> Iterator[tuple[str, list[Starred]]]:
    for day, of_day in groupby(starred, key=lambda each: filters.day(each.at)):
        yield day, list(of_day)
