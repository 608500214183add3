"""The feeds that are subscribed to: what they are called, where they stand, what they say of themselves."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    RowMapping,
    Select,
    bindparam,
    case,
    delete,
    distinct,
    func,
    insert,
    select,
    update,
)

from aggregator.errors import NotFoundError
from aggregator.models.entries import ParsedFeed
from aggregator.models.feeds import Feed
from aggregator.models.pages import FeedLine
from aggregator.models.subscribing import ImportOutcome, ImportResult, Subscription
from aggregator.store import articles as pieces
from aggregator.store import stories
from aggregator.store.feed_rows import feed_from, poll_from, select_feeds, shown_title
from aggregator.store.folders import FOLDER_MARK, folder_at, folder_paths, remove_empty_folders, sort_key
from aggregator.store.schema import (
    article_status,
    entries,
    feed_key,
    feeds,
    polls,
    storable,
)
from aggregator.store.statements import among_ids, chunks, insert_into

SUBSCRIBED_AT_ONCE = 500
"""In one statement: SQLite takes 32,766 parameters."""
MIN_INTERVAL_S = 60
MAX_INTERVAL_S = 30 * 86_400
"""Between these an owner may choose how often a feed is checked."""


def subscribe(db: Connection, wanted: Subscription, *, now: datetime) -> ImportOutcome:
    """Add a feed, due at once, or say that it is there already; folders on its path are made as needed.

    Its address has been judged by parse.urls.feed_url_problem before (the store does not judge addresses).
    """
    return subscribe_many(db, [wanted], now=now)[0]


def subscribe_many(db: Connection, wanted: Sequence[Subscription], *, now: datetime) -> list[ImportOutcome]:
    """Add feeds as `subscribe` does; of an address that is wanted twice, the first is added."""
    outcomes, folder_ids = [], dict[tuple[str, ...], int | None]()
    for some in chunks(wanted, SUBSCRIBED_AT_ONCE):
        there = _ids_at(db, [each.feed_url for each in some])
        new = {each.feed_url: each for each in reversed(some) if each.feed_url not in there}
        for path in {each.folder for each in new.values()} - folder_ids.keys():
            folder_ids[path] = folder_at(db, path)
        added = _add(db, [_new_row(each, folder_ids[each.folder], now) for each in reversed(new.values())], now=now)
        there |= _ids_at(db, list(new))
        for each in some:
            feed_id = there.get(each.feed_url)
            is_added = new.get(each.feed_url) is each and feed_id in added
            result = ImportResult.ADDED if is_added else ImportResult.ALREADY_THERE
            outcomes.append(ImportOutcome(each, result, feed_id=feed_id))
    return outcomes


def _add(db: Connection, rows: Sequence[dict[str, Any]], *, now: datetime) -> set[int]:
    """Add these feeds, due at once; return the ids of those that nobody else added at the same moment."""
    if not rows:
        return set()
    add = insert_into(db, feeds).on_conflict_do_nothing().returning(feeds.c.id)
    added = set(db.execute(add, rows).scalars())
    if added:
        db.execute(insert(polls), [{"feed_id": each, "next_check_at": now, "n_failures": 0} for each in added])
    return added


def _new_row(wanted: Subscription, folder_id: int | None, now: datetime) -> dict[str, Any]:
    return {
        "feed_url": wanted.feed_url,
        "feed_key": feed_key(wanted.feed_url),
        "title": wanted.own_title,
        "owner_title": wanted.title or None,
        "site_url": wanted.site_url,
        "folder_id": folder_id,
        "language": wanted.language,
        "country": wanted.country,
        "is_paused": wanted.is_paused,
        "interval_s": wanted.interval_s and _within_bounds(wanted.interval_s),
        "wants_full_text": wanted.wants_full_text,
        "outline": dict(wanted.outline) or None,
        "added_at": now,
    }


def find_feed(db: Connection, feed_id: int) -> Feed:
    """Return the feed; NotFoundError where there is none of this id."""
    row = db.execute(select_feeds().where(feeds.c.id == feed_id)).mappings().first()
    if row is None:
        raise NotFoundError(f"There is no feed with the number {feed_id}.")
    return feed_from(row)


def feed_lines(db: Connection) -> list[FeedLine]:
    """Return every feed with its polling and counts, by folder path, then title."""
    return _lines(db, select_feeds(), _counts())


def lines_of(db: Connection, feed_ids: Sequence[int]) -> list[FeedLine]:
    """Return these feeds with their polling and counts, in this order; those that are gone are left out."""
    found: dict[int, FeedLine] = {}
    for some in chunks(feed_ids):
        wanted, counts = select_feeds().where(feeds.c.id.in_(some)), _counts().where(entries.c.feed_id.in_(some))
        found |= {line.feed.id: line for line in _lines(db, wanted, counts)}
    return [found[feed_id] for feed_id in feed_ids if feed_id in found]


def brought_at(db: Connection, feed_id: int, *, since: datetime) -> list[datetime]:
    """Return when the articles that the feed brought since then were published, the oldest first."""
    moments = select(entries.c.published_at).where(entries.c.feed_id == feed_id, entries.c.published_at >= since)
    return list(db.execute(moments.order_by(entries.c.published_at)).scalars())


def feed_line(db: Connection, feed_id: int) -> FeedLine:
    """Return one feed with its polling and counts; NotFoundError where there is none."""
    find_feed(db, feed_id)
    return _lines(db, select_feeds().where(feeds.c.id == feed_id), _counts().where(entries.c.feed_id == feed_id))[0]


def subscriptions(db: Connection, folder_ids: Collection[int] | None = None) -> list[Subscription]:
    """Return every feed, or those directly in these folders, as it would be subscribed to again, in no order."""
    paths = folder_paths(db)
    wanted = select(feeds) if folder_ids is None else select(feeds).where(feeds.c.folder_id.in_(folder_ids))
    return [_subscription(row, paths.get(row["folder_id"], ())) for row in db.execute(wanted).mappings()]


def places_of(db: Connection, feed_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Return in which folder each of these feeds lies, by the names from the outermost on."""
    paths = folder_paths(db)
    found = db.execute(_FOLDERS, {"ids": feed_ids}).all()
    return {feed_id: paths.get(folder_id, ()) for feed_id, folder_id in found}


_FOLDERS = select(feeds.c.id, feeds.c.folder_id).where(among_ids(feeds.c.id))


def ids_at(db: Connection, feed_urls: Sequence[str]) -> dict[str, int]:
    """Return which of these addresses are subscribed to, with the ids of the feeds there."""
    return {url: feed_id for some in chunks(feed_urls) for url, feed_id in _ids_at(db, some).items()}


def rename_feed(db: Connection, feed_id: int, title: str) -> None:
    """Call the feed what the owner calls it; an empty title brings back the feed's own."""
    db.execute(update(feeds).where(feeds.c.id == feed_id).values(owner_title=title.strip() or None))


def move_to_folder(db: Connection, feed_id: int, path: tuple[str, ...]) -> None:
    """Put the feed into the folder at this path; () takes it out of all. Folders left empty go away."""
    db.execute(update(feeds).where(feeds.c.id == feed_id).values(folder_id=folder_at(db, path)))
    remove_empty_folders(db)


def set_paused(db: Connection, feed_id: int, *, is_paused: bool, now: datetime) -> None:
    """Stop checking the feed, or start again at once."""
    changed = update(feeds).where(feeds.c.id == feed_id, feeds.c.is_paused != is_paused).values(is_paused=is_paused)
    if db.execute(changed).rowcount and not is_paused:
        db.execute(update(polls).where(polls.c.feed_id == feed_id).values(next_check_at=now))


def set_interval(db: Connection, feed_id: int, interval_s: int | None, *, now: datetime) -> None:
    """Check the feed so often, the first time so long from now or earlier; None leaves it to its own rhythm.

    An interval beyond MIN_INTERVAL_S and MAX_INTERVAL_S becomes the nearer of the two.
    """
    interval_s = None if interval_s is None else _within_bounds(interval_s)
    db.execute(update(feeds).where(feeds.c.id == feed_id).values(interval_s=interval_s))
    if interval_s is not None:
        soon = now + timedelta(seconds=interval_s)
        later = update(polls).where(polls.c.feed_id == feed_id, polls.c.n_failures == 0, polls.c.next_check_at > soon)
        db.execute(later.values(next_check_at=soon))


def want_full_text(db: Connection, feed_id: int, *, wants: bool) -> None:
    """Fetch the texts of the feed's articles from their own pages, or do so no more; what was fetched stays."""
    db.execute(update(feeds).where(feeds.c.id == feed_id).values(wants_full_text=wants))


def delete_feed(db: Connection, feed_id: int) -> None:
    """Forget the feed, its polling, and the articles that no other feed leads to; stories close over the gap.

    An article that another feed leads to as well stays, as that feed's.
    """
    db.execute(select(feeds.c.id).where(feeds.c.id == feed_id).with_for_update())
    doomed = pieces.only_in_feed(db, feed_id)
    stories.take_out(db, doomed)
    pieces.forget(db, doomed)
    pieces.hand_over(db, feed_id)
    db.execute(delete(feeds).where(feeds.c.id == feed_id))
    remove_empty_folders(db)


def describe_feed(db: Connection, feed_id: int, parsed: ParsedFeed) -> None:
    """Keep what one feed says of itself."""
    describe_feeds(db, {feed_id: parsed})


def describe_feeds(db: Connection, parsed: Mapping[int, ParsedFeed]) -> dict[int, Feed]:
    """Keep what feeds say of themselves; what the owner chose stays. Return the feeds, without those that are gone.

    Writes nothing where nothing changed.
    """
    described, changed = {}, []
    for some in chunks(list(parsed)):
        for row in db.execute(select_feeds().where(feeds.c.id.in_(some))).mappings().all():
            says = _says(parsed[row["id"]], row)
            if any(row[name] != value for name, value in says.items()):
                changed.append({"of_feed": row["id"], **says})
            described[row["id"]] = feed_from({**row, **says, "shown_title": shown_title({**row, **says})})
    if changed:
        own: dict[str, BindParameter[Any]] = {name: bindparam(name) for name in ("title", "site_url", "language")}
        changed.sort(key=lambda each: each["of_feed"])
        db.execute(update(feeds).where(feeds.c.id == bindparam("of_feed")).values(own), changed)
    return described


def _says(parsed: ParsedFeed, row: RowMapping) -> dict[str, str | None]:
    return {
        "title": storable(parsed.title) or row["title"],
        "site_url": parsed.site_url or row["site_url"],
        "language": row["language"] or parsed.language,
    }


def _ids_at(db: Connection, feed_urls: Sequence[str]) -> dict[str, int]:
    url_of = {feed_key(url): url for url in feed_urls}
    rows = db.execute(select(feeds.c.feed_key, feeds.c.id).where(feeds.c.feed_key.in_(list(url_of))))
    return {url_of[bytes(row.feed_key)]: row.id for row in rows}


def _within_bounds(interval_s: int) -> int:
    return min(max(interval_s, MIN_INTERVAL_S), MAX_INTERVAL_S)


def _subscription(row: RowMapping, folder: tuple[str, ...]) -> Subscription:
    return Subscription(
        feed_url=row["feed_url"],
        title=row["owner_title"],
        own_title=row["title"],
        site_url=row["site_url"],
        folder=folder,
        language=row["language"],
        country=row["country"],
        is_paused=row["is_paused"],
        interval_s=row["interval_s"],
        wants_full_text=row["wants_full_text"],
        outline=row["outline"] or {},
    )


def _counts() -> Select[Any]:
    is_unread = case((article_status.c.read_at.is_(None), entries.c.article_id))
    return (
        select(
            entries.c.feed_id,
            func.count(distinct(entries.c.article_id)).label("n_articles"),
            func.count(distinct(is_unread)).label("n_unread"),
            func.max(entries.c.published_at).label("newest_at"),
        )
        .outerjoin(article_status, article_status.c.article_id == entries.c.article_id)
        .group_by(entries.c.feed_id)
    )


def _lines(db: Connection, wanted: Select[Any], counts: Select[Any]) -> list[FeedLine]:
    paths = folder_paths(db)
    counted = {row.feed_id: row for row in db.execute(counts)}
    lines = []
    for row in db.execute(wanted).mappings():
        feed, count = feed_from(row), counted.get(row["id"])
        lines.append(
            FeedLine(
                feed=feed,
                poll=poll_from(row),
                folder=FOLDER_MARK.join(paths[feed.folder_id]) if feed.folder_id else None,
                n_articles=count.n_articles if count else 0,
                n_unread=count.n_unread if count else 0,
                newest_at=count.newest_at if count else None,
            )
        )
    return sorted(lines, key=lambda line: _place(line.feed, paths))


def _place(feed: Feed, paths: Mapping[int | None, tuple[str, ...]]) -> tuple[Any, ...]:
    return (sort_key(paths.get(feed.folder_id, ())), feed.title.casefold(), feed.id)
