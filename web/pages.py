"""The pages one reads: front page, story, river, feed, article."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from flask import Blueprint, abort, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from aggregator.editions import N_STORIES
from aggregator.health import hub_in_words
from aggregator.models.articles import Article, Revision
from aggregator.models.front import FrontOrder, FrontPage
from aggregator.models.pages import Progress
from aggregator.store import articles, discovered, feeds, full_texts, hubs, revisions, showing
from aggregator.store import settings as memory
from aggregator.store.db import reading
from aggregator.store.front import front_page as front_facts
from aggregator.store.publishers import publishers_of
from web import filters, front
from web.lists import N_LINES, by_day, cursor, older
from web.newsroom import engine, local, now, today, window_start
from web.paths import folder_names
from web.pictures import days_drawn
from web.preferences import ORDERS, preferences
from web.story import show_story
from web.words import ngettext

blueprint = Blueprint("pages", __name__)

HISTORY_DAYS = 30
"""Of a feed, told on its page."""
N_PUBLISHERS = 12
"""That are named of those whose articles a feed brings."""
INTERVALS_S = (15 * 60, 30 * 60, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86_400)
"""How often a feed may be checked, where its owner does not leave that to the feed."""


@blueprint.get("/")
def front_page() -> ResponseReturnValue:
    """Show the stories that two or more publishers cover: by rank and in sections, or in the order asked for."""
    order = _order()
    with reading(engine()) as db:
        page = front_facts(db, order, since=window_start(), limit=N_STORIES, now=now())
    is_unread_only = order is FrontOrder.UNREAD
    state = front.state_of(page.progress, page.cards, n_hidden=page.n_hidden, is_unread_only=is_unread_only)
    if state is front.State.FIRST_RUN:
        return render_template("welcome.html", progress=page.progress)
    since = page.visit.since if page.visit else None
    is_catching_up = "changed" in request.args and since is not None
    shown = replace(page, cards=tuple(front.changed(page.cards, since))) if is_catching_up else page
    return render_template(
        "front.html",
        page=page,
        sections=_sections(shown, order, since),
        order=order,
        orders=ORDERS,
        since=since,
        strip=front.strip(page.cards, since),
        is_catching_up=is_catching_up,
        state=state,
        is_working=front.is_working(page.progress),
        notices=front.notices(page.progress, now=now()),
        coverage=front.coverage(page.cards),
    )


@blueprint.get("/front.json")
def front_json() -> ResponseReturnValue:
    """Say how many stories of the front page moved on since the regroup that a page was made after.

    A page that is open asks; as long as there was no other regroup, the answer is that nothing changed.
    """
    order, seen = _order(), _moment("regrouped")
    with reading(engine()) as db:
        at = memory.regrouped_at(db)
        is_news = at is not None and at > seen
        cards = showing.front_page(db, since=window_start(), limit=N_STORIES, now=now(), order=order) if is_news else []
    n_moved = sum(front.n_since(card, seen) > 0 for card in cards)
    said = ngettext("%(n)s story moved", "%(n)s stories moved", n_moved, n=filters.count(n_moved)) if n_moved else ""
    reply = jsonify(n_moved=n_moved, said=said)
    reply.set_etag(f"{at}-{order}-{seen}")
    return reply.make_conditional(request)


@blueprint.get("/story/<int:story_id>")
def story(story_id: int) -> ResponseReturnValue:
    """Show a story: what it says, and all its articles; one that was merged leads to where it lives now."""
    return show_story(story_id)


@blueprint.get("/article/<int:article_id>")
def article(article_id: int) -> ResponseReturnValue:
    """Show one article's text."""
    with reading(engine()) as db:
        found = articles.find_article(db, article_id)
        earlier = revisions.revisions_of(db, article_id)
        no_full_text = full_texts.error_of(db, article_id)
    return render_template(
        "article.html",
        article=found,
        earlier=earlier,
        headlines=_headlines_before(found, earlier),
        no_full_text=no_full_text,
    )


@blueprint.get("/river")
def river() -> ResponseReturnValue:
    """Show every article, newest first."""
    is_unread_only = "unread" in request.args
    with reading(engine()) as db:
        lines = articles.river(db, limit=N_LINES + 1, after=cursor(), unread_only=is_unread_only)
    return render_template(
        "river.html", days=by_day(lines[:N_LINES]), older=older(lines), is_unread_only=is_unread_only
    )


@blueprint.get("/feed/<int:feed_id>")
def feed(feed_id: int) -> ResponseReturnValue:
    """Show one feed: how it does, what it brought, what can be changed about it."""
    with reading(engine()) as db:
        line = feeds.feed_line(db, feed_id)
        lines = articles.river(db, limit=N_LINES + 1, after=cursor(), feed_id=feed_id)
        folders = folder_names(db)
        offers = discovered.offers_of(db, feed_id)
        hub = hubs.hub_of(db, feed_id)
        since = now() - timedelta(days=HISTORY_DAYS)
        brought = feeds.brought_at(db, feed_id, since=since)
        brings = publishers_of(db, feed_id, since=since)
    return render_template(
        "feed.html",
        line=line,
        days=by_day(lines[:N_LINES]),
        older=older(lines),
        offers=offers,
        hub=hub_in_words(hub, now=now()) if hub else "",
        history=days_drawn(brought, n_days=HISTORY_DAYS, today=today(), day_of=lambda moment: local(moment).date()),
        publishers=brings[:N_PUBLISHERS],
        n_more_publishers=len(brings[N_PUBLISHERS:]),
        folder_path=folders.get(line.feed.folder_id or 0, ""),
        paths=folders.values(),
        intervals=sorted({*INTERVALS_S, line.feed.interval_s or INTERVALS_S[0]}),
    )


@blueprint.get("/keys")
def keys() -> ResponseReturnValue:
    """Show which keys do what."""
    return render_template("keys.html")


@blueprint.get("/progress.json")
def progress_json() -> ResponseReturnValue:
    """Say how far the work has come, for the counts that run on the page."""
    with reading(engine()) as db:
        progress = memory.progress(db, since=window_start())
    return jsonify(_counts(progress))


def _order() -> FrontOrder:
    """Return in which order the front page is asked for."""
    try:
        return FrontOrder(request.args.get("order", preferences().front_order))
    except ValueError:
        abort(404)


def _moment(name: str) -> datetime:
    """Return the moment that is given under this name; the present one where none is."""
    if name not in request.args:
        return now()
    try:
        moment = datetime.fromisoformat(request.args[name])
    except ValueError:
        abort(404)
    return moment if moment.tzinfo else abort(404)


def _sections(page: FrontPage, order: FrontOrder, since: datetime | None) -> list[front.Section]:
    """Return the front page in sections where it is by rank; every other order is one list."""
    if order is FrontOrder.TOP:
        return front.sections(page, since=since, now=now(), without=preferences().without)
    return [front.Section(front.Kind.ALL, page.cards)] if page.cards else []


def _headlines_before(article: Article, earlier: Sequence[Revision]) -> list[Revision]:
    """Return the revisions whose headline was changed, and not only their text, the latest first."""
    titles = [*(revision.title for revision in earlier), article.title]
    changed = [revision for revision, title in zip(earlier, titles[1:], strict=True) if revision.title != title]
    return changed[::-1]


def _counts(progress: Progress) -> dict[str, int | bool]:
    return {
        "n_feeds": progress.n_feeds,
        "n_checked": progress.n_checked,
        "n_failing": progress.n_failing,
        "n_articles": progress.n_articles,
        "n_ungrouped": progress.n_ungrouped,
        "n_stories": progress.n_stories,
        "is_working": front.is_working(progress),
    }
