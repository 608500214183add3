"""What is kept already of what feeds bring, of many feeds at once: a statement costs more than the rows it is about."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, RowMapping, Select, exists, select, tuple_

from aggregator.models.arrivals import Known, KnownEntry
from aggregator.models.entries import Entry
from aggregator.store import addresses
from aggregator.store.schema import articles, entries, feeds, guid_key, url_key
from aggregator.store.statements import chunks

LATEST = 1000
"""So many entries of its feed are looked through for one that has no date."""
PAIRS = 500
"""In one IN list: half of what a list of single values may hold."""


def known(db: Connection, brought: Mapping[int, Sequence[Entry]]) -> dict[int, Known]:
    """Return what is kept already of the entries of each feed: by guid in the feed, by URL in any, else by moment."""
    told = with_entries(db, brought)
    by_guid = _known_by_guid(db, {feed_id: brought[feed_id] for feed_id in told})
    by_url = _known_by_url(db, brought)
    unknown = {
        feed_id: {
            each.published_at for each in brought[feed_id] if _is_unknown(each, by_guid[feed_id], by_url[feed_id])
        }
        for feed_id in told
    }
    by_moment = _known_by_moment(db, unknown)
    return {
        feed_id: Known(by_guid=by_guid.get(feed_id, {}), by_url=by_url[feed_id], by_moment=by_moment.get(feed_id, {}))
        for feed_id in brought
    }


def with_entries(db: Connection, feed_ids: Iterable[int]) -> set[int]:
    """Return those of these feeds that brought something before: of all others nothing has to be looked up."""
    has_some = exists().where(entries.c.feed_id == feeds.c.id)
    return {
        feed_id
        for some in chunks(list(feed_ids))
        for feed_id in db.execute(select(feeds.c.id).where(feeds.c.id.in_(some), has_some)).scalars()
    }


def _is_unknown(entry: Entry, by_guid: Collection[str], by_url: Mapping[str, KnownEntry]) -> bool:
    """Whether an entry may be another of its feed only by when it was published or, without a date, by its words."""
    there = by_url.get(entry.canonical_url) if entry.canonical_url else None
    return entry.guid not in by_guid and not (there and there.is_in_feed)


def _known_by_guid(db: Connection, brought: Mapping[int, Sequence[Entry]]) -> dict[int, dict[str, KnownEntry]]:
    guids = {(feed_id, guid_key(each.guid)): each.guid for feed_id, given in brought.items() for each in given}
    found: dict[int, dict[str, KnownEntry]] = {feed_id: {} for feed_id in brought}
    pair = tuple_(entries.c.feed_id, entries.c.guid_key)
    for row in _entries_at(db, pair, list(guids)):
        guid = guids[row["in_feed"], row["guid_key"]]
        found[row["in_feed"]][guid] = _known_entry(row)
    return found


def _known_by_moment(
    db: Connection, moments: Mapping[int, Collection[datetime | None]]
) -> dict[int, dict[datetime | None, tuple[KnownEntry, ...]]]:
    pairs = [(feed_id, moment) for feed_id, some in moments.items() for moment in some if moment is not None]
    found: dict[int, dict[datetime | None, tuple[KnownEntry, ...]]] = {
        feed_id: {None: _latest(db, feed_id)} if None in some else {} for feed_id, some in moments.items()
    }
    for row in _entries_at(db, tuple_(entries.c.feed_id, entries.c.published_at), pairs):
        of_feed, moment = found[row["in_feed"]], row["published_at"]
        of_feed[moment] = (*of_feed.get(moment, ()), _known_entry(row))
    return found


def _latest(db: Connection, feed_id: int) -> tuple[KnownEntry, ...]:
    """Return the feed's latest entries; those that had a date when they were kept may have lost it since."""
    latest = _select_entries().where(entries.c.feed_id == feed_id).order_by(entries.c.published_at.desc())
    return tuple(map(_known_entry, db.execute(latest.limit(LATEST)).mappings()))


def _entries_at(db: Connection, pair: ColumnElement[Any], wanted: Sequence[tuple[Any, ...]]) -> Iterable[RowMapping]:
    for some in chunks(wanted, PAIRS):
        yield from db.execute(_select_entries().where(pair.in_(some))).mappings()


def _select_entries() -> Select[Any]:
    return select(
        entries.c.feed_id.label("in_feed"),
        entries.c.guid_key,
        entries.c.published_at,
        entries.c.digest,
        articles.c.id,
        articles.c.title,
        articles.c.canonical_url,
        articles.c.feed_id,
    ).join(articles, articles.c.id == entries.c.article_id)


def _known_entry(row: RowMapping) -> KnownEntry:
    return KnownEntry(
        article_id=row["id"],
        title=row["title"],
        digest=row["digest"],
        canonical_url=row["canonical_url"],
        published_at=row["published_at"],
        is_first=row["feed_id"] == row["in_feed"],
    )


def _known_by_url(db: Connection, brought: Mapping[int, Sequence[Entry]]) -> dict[int, dict[str, KnownEntry]]:
    wanted = defaultdict(list)
    for feed_id, given in brought.items():
        for each in given:
            if each.canonical_url:
                wanted[url_key(each.canonical_url)].append((feed_id, each.canonical_url))
    found: dict[int, dict[str, KnownEntry]] = {feed_id: {} for feed_id in brought}
    question = select(articles.c.key, articles.c.id, articles.c.title, articles.c.digest, articles.c.feed_id)
    former = addresses.at_former(db, list(wanted))
    moved = {row.id: row for row in _rows(db, question, articles.c.id, set(former.values()))}
    # one that another worker has deleted since is at no address any more
    there = [(key, moved[article_id]) for key, article_id in former.items() if article_id in moved]
    there += [(row.key, row) for row in _rows(db, question, articles.c.key, wanted)]
    said = _said_of(db, [row.id for _, row in there])
    for key, row in there:
        for feed_id, url in wanted[key]:
            digest = said.get((feed_id, row.id))
            found[feed_id][url] = KnownEntry(
                article_id=row.id,
                title=row.title,
                digest=row.digest if digest is None else digest,
                canonical_url=url,
                is_first=row.feed_id == feed_id,
                is_in_feed=digest is not None,
            )
    return found


def _rows(db: Connection, question: Select[Any], column: ColumnElement[Any], wanted: Iterable[Any]) -> list[Row[Any]]:
    return [row for some in chunks(list(wanted)) for row in db.execute(question.where(column.in_(some)))]


def _said_of(db: Connection, article_ids: Sequence[int]) -> dict[tuple[int, int], str]:
    """Return by (feed, article) what the feed's latest entry that leads there said, as a digest."""
    question = select(entries.c.feed_id, entries.c.article_id, entries.c.digest).order_by(entries.c.id)
    return {
        (row.feed_id, row.article_id): row.digest
        for some in chunks(article_ids)
        for row in db.execute(question.where(entries.c.article_id.in_(some)))
    }
