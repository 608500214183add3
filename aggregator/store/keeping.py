"""What feeds bring is kept, of many feeds at once: a statement costs more than the rows it is about."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, RowMapping, bindparam, delete, select, tuple_, update

from aggregator.errors import StoreError
from aggregator.models.arrivals import Arrivals, NewArticle, NewEntry, Rewrite
from aggregator.models.articles import Kept
from aggregator.models.entries import Entry
from aggregator.models.feeds import Publisher
from aggregator.query.tokens import index_words
from aggregator.store import addresses, full_texts, revisions
from aggregator.store.known import PAIRS, with_entries
from aggregator.store.schema import (
    articles,
    entries,
    feeds,
    guid_key,
    piece_key,
    publishers,
    storable,
    url_key,
    vectors,
)
from aggregator.store.search_index import Findable, add_articles, facts_of, index_articles
from aggregator.store.statements import chunks, insert_into

MAX_DOMAIN_CHARS = 253
"""Of a name in the DNS (RFC 1035 §2.3.4); what is longer names nobody and cannot be indexed."""


def keep(db: Connection, arrived: Mapping[int, Arrivals], *, now: datetime) -> dict[int, Kept]:
    """Keep what arrived in each feed; reading status stays as it was. Publishers are made as needed.

    What a rewritten article said before is kept as a revision; it loses its vector, so that it is encoded anew. Where
    another worker kept the same feed, or an article at the same address, since this was decided, nothing is kept
    twice. Nothing is kept of a feed that was deleted meanwhile.
    """
    homes = _locked_feeds(db, arrived)
    there = {feed_id: arrivals for feed_id, arrivals in arrived.items() if feed_id in homes}
    _move(db, there, now=now)
    n_new = _keep_new(db, _still_new(db, there), homes, now=now)
    more = [(feed_id, each) for feed_id, arrivals in there.items() for each in arrivals.more_entries]
    _add_entries(db, more, {}, now=now)
    n_changed = _rewrite(db, there, now=now)
    return {
        feed_id: _kept(arrivals, n_new[feed_id], n_changed[feed_id]) if feed_id in there else Kept()
        for feed_id, arrivals in arrived.items()
    }


def _kept(arrivals: Arrivals, n_new: int, n_changed: int) -> Kept:
    led = {each.guid for each in arrivals.more_entries} | {each.entry.guid for each in arrivals.rewrites}
    n_given = len(arrivals.new) + len(led) + arrivals.n_unchanged
    return Kept(n_new=n_new, n_changed=n_changed, n_unchanged=n_given - n_new - n_changed)


def _locked_feeds(db: Connection, feed_ids: Iterable[int]) -> dict[int, RowMapping]:
    """Return those feeds that are there; until the transaction ends nobody else keeps entries of them, or deletes them.

    They are locked in one order, so that workers wait here and not for one another in a circle.
    """
    home = select(feeds.c.id, feeds.c.feed_url, feeds.c.site_url, feeds.c.country)
    lock = home.order_by(feeds.c.id).with_for_update(key_share=True)
    return {
        row["id"]: row
        for some in chunks(sorted(feed_ids))
        for row in db.execute(lock.where(feeds.c.id.in_(some))).mappings()
    }


def _still_new(db: Connection, arrived: Mapping[int, Arrivals]) -> list[tuple[int, NewArticle]]:
    by_key = {
        (feed_id, guid_key(each.entry.guid)): each for feed_id, arrivals in arrived.items() for each in arrivals.new
    }
    told = with_entries(db, arrived)
    pair = tuple_(entries.c.feed_id, entries.c.guid_key)
    for some in chunks([key for key in by_key if key[0] in told], PAIRS):
        for row in db.execute(select(entries.c.feed_id, entries.c.guid_key).where(pair.in_(some))).all():
            del by_key[row.feed_id, row.guid_key]
    return [(feed_id, each) for (feed_id, _), each in by_key.items()]


def _keep_new(
    db: Connection, new: Sequence[tuple[int, NewArticle]], homes: Mapping[int, RowMapping], *, now: datetime
) -> dict[int, int]:
    """Keep new articles and the entries that lead to them; return how many articles of each feed were not there."""
    n_new = dict.fromkeys(homes, 0)
    if not new:
        return n_new
    publisher_ids = _publisher_ids(db, new, homes)
    keys = [_key(each, feed_id) for feed_id, each in new]
    first: dict[bytes, tuple[int, NewArticle]] = {}
    # Feeds give the newest first, and a higher number says newer where dates do not tell.
    for key, brought in zip(reversed(keys), reversed(new), strict=True):
        first.setdefault(key, brought)
    rows = {
        key: _article_values(each, feed_id, key, publisher_ids[_domain(each)], now=now)
        for key, (feed_id, each) in first.items()
    }
    added, ids = _add_articles(db, rows)
    for key in added:
        n_new[first[key][0]] += 1
    led = [
        (feed_id, NewEntry(guid=each.entry.guid, article_id=ids[key], digest=each.digest))
        for key, (feed_id, each) in zip(keys, new, strict=True)
    ]
    _add_entries(db, led, {ids[key]: rows[key]["published_at"] for key in added}, now=now)
    add_articles(db, [_findable(ids[key], first[key][1], publisher_ids) for key in added])
    return n_new


def _findable(article_id: int, new: NewArticle, publisher_ids: Mapping[str, int]) -> Findable:
    words = new.entry.words or index_words(new.entry.title, new.entry.text)
    return Findable(article_id, new.published_at, words, facts_of(publisher_ids[_domain(new)], new.entry.language))


def _publisher_ids(
    db: Connection, new: Sequence[tuple[int, NewArticle]], homes: Mapping[int, RowMapping]
) -> dict[str, int]:
    """Return the publishers' ids by domain; those who are not there are made, those half known are completed.

    They are locked in one order: workers that bring the same pieces wait here, not for one another in a circle.
    """
    wanted = _publishers_in(new, homes)
    there = _publishers_at(db, list(wanted), is_locking=True)
    for domain in sorted(wanted.keys() & there.keys()):
        _complete_publisher(db, there[domain], wanted[domain])
    rows = [wanted[domain] for domain in sorted(wanted.keys() - there.keys())]
    if rows:
        db.execute(insert_into(db, publishers).on_conflict_do_nothing(), rows)
        there |= _publishers_at(db, [str(row["domain"]) for row in rows])
    return {domain: each.id for domain, each in there.items()}


def _publishers_in(
    new: Sequence[tuple[int, NewArticle]], homes: Mapping[int, RowMapping]
) -> dict[str, dict[str, str | None]]:
    """Return by domain what the feeds tell of their publishers: the first name, and a country where one is told."""
    told: dict[str, dict[str, str | None]] = {}
    seen = set()
    for feed_id, each in new:
        domain = _domain(each)
        if (feed_id, domain) in seen:
            continue
        seen.add((feed_id, domain))
        home = homes[feed_id]
        is_own = home["country"] and _is_at(domain, (home["feed_url"], home["site_url"]))
        row = told.setdefault(domain, {"domain": domain, "name": each.publisher_name, "country": None})
        row["country"] = row["country"] or (home["country"] if is_own else None)
    return told


def _publishers_at(db: Connection, domains: Sequence[str], *, is_locking: bool = False) -> dict[str, Publisher]:
    question = select(publishers.c.id, publishers.c.domain, publishers.c.name, publishers.c.country)
    if is_locking:
        question = question.order_by(publishers.c.id).with_for_update(key_share=True)
    return {
        row.domain: Publisher(row.id, row.domain, row.name, row.country)
        for some in chunks(domains)
        for row in db.execute(question.where(publishers.c.domain.in_(some)))
    }


def _complete_publisher(db: Connection, there: Publisher, told: Mapping[str, str | None]) -> None:
    """Give a publisher who is known by domain only the name or the country that a feed now tells."""
    better = {
        "name": told["name"] if there.name == there.domain else there.name,
        "country": there.country or told["country"],
    }
    if (better["name"], better["country"]) != (there.name, there.country):
        db.execute(update(publishers).where(publishers.c.id == there.id).values(better))


def _is_at(domain: str, urls: Iterable[str | None]) -> bool:
    """Whether one of these addresses is the domain's own: only then does the feed's country tell the publisher's."""
    hosts = [_host(url) for url in urls if url]
    return any(host == domain or host.endswith(f".{domain}") for host in hosts)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _domain(new: NewArticle) -> str:
    return storable(new.publisher_domain)[:MAX_DOMAIN_CHARS]


def _key(new: NewArticle, feed_id: int) -> bytes:
    url = new.entry.canonical_url
    return url_key(url) if url else piece_key(feed_id, new.entry.guid)


def _article_values(new: NewArticle, feed_id: int, key: bytes, publisher_id: int, *, now: datetime) -> dict[str, Any]:
    return {
        "key": key,
        "feed_id": feed_id,
        "publisher_id": publisher_id,
        "published_at": new.published_at,
        "first_seen_at": now,
        "canonical_url": new.entry.canonical_url,
        "digest": new.digest,
        **_said(new.entry),
    }


def _said(entry: Entry) -> dict[str, Any]:
    """Return the columns of an article that its publisher may rewrite."""
    return {
        "url": entry.url,
        "title": entry.title,
        "text": entry.text,
        "content_html": entry.content_html,
        "author": entry.author,
        "language": entry.language,
        "image_url": entry.image_url,
        "origin_name": entry.origin_name,
        "origin_url": entry.origin_url,
    }


def _add_articles(db: Connection, rows: Mapping[bytes, dict[str, Any]]) -> tuple[frozenset[bytes], dict[bytes, int]]:
    """Add these rows where their key is not there; return the keys of those that were added, and the ids of all."""
    add = insert_into(db, articles).on_conflict_do_nothing(index_elements=["key"])
    new = db.execute(add.returning(articles.c.key, articles.c.id), list(rows.values()))
    ids = {row.key: row.id for row in new}
    added = frozenset(ids)
    for some in chunks([key for key in rows if key not in ids]):
        there = db.execute(select(articles.c.key, articles.c.id).where(articles.c.key.in_(some)))
        ids |= {row.key: row.id for row in there}
    return added, ids


def _add_entries(
    db: Connection, new: Sequence[tuple[int, NewEntry]], published: Mapping[int, datetime], *, now: datetime
) -> None:
    """Keep entries that lead to articles; `published` says of some of these when they were published."""
    unsaid = {each.article_id for _, each in new if each.article_id not in published}
    published = {**published, **_published(db, sorted(unsaid))}
    rows = [
        {
            "feed_id": feed_id,
            "guid_key": guid_key(each.guid),
            "article_id": each.article_id,
            "published_at": published[each.article_id],
            "first_seen_at": now,
            "digest": each.digest,
            "guid": each.guid,
        }
        for feed_id, each in new
    ]
    if rows:
        db.execute(insert_into(db, entries).on_conflict_do_nothing(), rows)


def _published(db: Connection, article_ids: Sequence[int]) -> dict[int, datetime]:
    """Return when these articles were published; StoreError where one was deleted since its id was looked up."""
    found = {
        row.id: row.published_at
        for some in chunks(article_ids)
        for row in db.execute(select(articles.c.id, articles.c.published_at).where(articles.c.id.in_(some)))
    }
    if len(found) < len(set(article_ids)):
        raise StoreError("Another feed was deleted while this one was kept; at the next check it will be whole.")
    return found


def _move(db: Connection, arrived: Mapping[int, Arrivals], *, now: datetime) -> None:
    """Let articles be where their publishers put them, before others that link there are kept."""
    moves = [each for arrivals in arrived.values() for each in arrivals.moves]
    if moves:
        addresses.move(db, moves)
        full_texts.want_again(db, [each.article_id for each in moves], now=now)


def _rewrite(db: Connection, arrived: Mapping[int, Arrivals], *, now: datetime) -> dict[int, int]:
    """Keep what entries say now, and what articles said before; return how many articles of each feed that changes."""
    rewrites = [(feed_id, each) for feed_id, arrivals in arrived.items() for each in arrivals.rewrites]
    if rewrites:
        _rewrite_entries(db, rewrites)
    changing = sorted((each for _, each in rewrites if each.changes_article), key=lambda each: each.article_id)
    if changing:
        revisions.keep(db, [each.article_id for each in changing], now=now)
        db.execute(
            update(articles).where(articles.c.id == bindparam("of_article")),
            [{"of_article": each.article_id, "digest": each.digest, **_said(each.entry)} for each in changing],
        )
        full_texts.want_again(db, [each.article_id for each in changing], now=now)
        index_articles(db, [each.article_id for each in changing])
        for some in chunks([each.article_id for each in changing]):
            db.execute(delete(vectors).where(vectors.c.article_id.in_(some)))
    return {feed_id: sum(each.changes_article for each in arrivals.rewrites) for feed_id, arrivals in arrived.items()}


def _rewrite_entries(db: Connection, rewrites: Sequence[tuple[int, Rewrite]]) -> None:
    db.execute(
        update(entries)
        .where(entries.c.feed_id == bindparam("of_feed"), entries.c.guid_key == bindparam("of_guid"))
        .values(digest=bindparam("says")),
        [{"of_feed": feed_id, "of_guid": guid_key(each.entry.guid), "says": each.digest} for feed_id, each in rewrites],
    )
