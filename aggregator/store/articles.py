"""Entries, articles and their vectors."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    literal,
    select,
    tuple_,
    update,
)

from aggregator.errors import NotFoundError, StoreError
from aggregator.models import (
    Arrivals,
    Article,
    ArticleLine,
    EncoderName,
    Entry,
    Kept,
    Known,
    KnownEntry,
    NewArticle,
    NewEntry,
    Publisher,
    Rewrite,
    SafeHtml,
    Unencoded,
    Vectors,
)
from aggregator.store import revisions
from aggregator.store.lines import line, publisher, select_lines
from aggregator.store.schema import (
    Id,
    UtcTime,
    article_status,
    articles,
    encoders,
    entries,
    feeds,
    guid_key,
    piece_key,
    publishers,
    storable,
    url_key,
    vectors,
)
from aggregator.store.statements import chunks, insert_into

MAX_DOMAIN_CHARS = 253
"""Of a name in the DNS (RFC 1035 §2.3.4); what is longer names nobody and cannot be indexed."""

_vectors = vectors  # `add_vectors` calls what it is given by the same name


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a list that is newest first goes on."""

    published_at: datetime
    article_id: int


def known(db: Connection, feed_id: int, entries: Sequence[Entry]) -> Known:
    """Return what is kept already of these entries: by guid in this feed, by canonical URL in any, else by moment."""
    by_guid = _known_by_guid(db, feed_id, {guid_key(entry.guid): entry.guid for entry in entries})
    urls = {url_key(entry.canonical_url): entry.canonical_url for entry in entries if entry.canonical_url}
    by_url = _known_by_url(db, feed_id, urls)
    unknown = (entry for entry in entries if entry.guid not in by_guid and entry.canonical_url not in by_url)
    moments = {entry.published_at for entry in unknown if entry.published_at}
    return Known(by_guid=by_guid, by_url=by_url, by_moment=_known_by_moment(db, feed_id, sorted(moments)))


def keep(db: Connection, feed_id: int, arrivals: Arrivals, *, now: datetime) -> Kept:
    """Keep what arrived; reading status stays as it was. Publishers are made as needed.

    What a rewritten article said before is kept as a revision; it loses its vector, so that it is encoded anew. Where
    another worker kept the same feed, or an article at the same address, since `arrivals` was decided, nothing is
    kept twice. Nothing is kept of a feed that was deleted meanwhile.
    """
    if not _lock_feed(db, feed_id):
        return Kept()
    new = _still_new(db, feed_id, arrivals.new)
    n_new = _keep_new(db, feed_id, new, now=now)
    _add_entries(db, feed_id, arrivals.more_entries, now=now)
    n_changed = _rewrite(db, feed_id, arrivals.rewrites, now=now)
    n_given = len(arrivals.new) + len(arrivals.more_entries) + len(arrivals.rewrites) + arrivals.n_unchanged
    return Kept(n_new=n_new, n_changed=n_changed, n_unchanged=n_given - n_new - n_changed)


def find_article(db: Connection, article_id: int) -> Article:
    """Return the article; NotFoundError where there is none of this id."""
    found = find_articles(db, [article_id])
    if not found:
        raise NotFoundError(f"There is no article with the number {article_id}.")
    return found[0]


def find_articles(db: Connection, article_ids: Sequence[int]) -> list[Article]:
    """Return these articles, oldest first; ids that are not there are left out."""
    rows = [
        row
        for some in chunks(article_ids)
        for row in db.execute(_select_articles().where(articles.c.id.in_(some))).mappings()
    ]
    found = [
        Article(
            id=row["id"],
            feed_id=row["feed_id"],
            publisher=publisher(row),
            url=row["url"],
            title=row["title"],
            text=row["text"],
            content_html=SafeHtml(row["content_html"]),
            author=row["author"],
            published_at=row["published_at"],
            first_seen_at=row["first_seen_at"],
            language=row["language"],
            image_url=row["image_url"],
            is_read=row["read_at"] is not None,
        )
        for row in rows
    ]
    return sorted(found, key=lambda article: (article.published_at, article.id))


def river(
    db: Connection,
    *,
    limit: int,
    after: Cursor | None = None,
    feed_id: int | None = None,
    unread_only: bool = False,
) -> list[ArticleLine]:
    """Return articles, newest first, of one feed or of all; `after` is the last line of the page before."""
    wanted = list(db.execute(_river_ids(feed_id, after, unread_only=unread_only).limit(limit)).scalars())
    found = {each.id: each for each in lines_of(db, wanted)}
    return [found[article_id] for article_id in wanted]


def lines_of(db: Connection, article_ids: Sequence[int]) -> list[ArticleLine]:
    """Return these articles as lines, in no order; ids that are not there are left out."""
    return [
        line(row)
        for some in chunks(article_ids)
        for row in db.execute(select_lines().where(articles.c.id.in_(some))).mappings()
    ]


def unencoded(db: Connection, encoder: EncoderName, *, since: datetime, limit: int) -> list[Unencoded]:
    """Return articles published since then without a vector of this encoder, newest first."""
    rows = db.execute(
        select(articles.c.id, articles.c.title, articles.c.text, articles.c.digest)
        .outerjoin(vectors, is_vector_of(encoder_id(db, encoder)))
        .where(articles.c.published_at >= since, vectors.c.article_id.is_(None))
        .order_by(articles.c.published_at.desc(), articles.c.id.desc())
        .limit(limit)
    )
    return [Unencoded(row.id, row.title, row.text, row.digest) for row in rows]


def add_vectors(
    db: Connection, encoder: EncoderName, said: Sequence[Unencoded], vectors: Vectors, *, now: datetime
) -> None:
    """Keep one vector per article, as float16, with the encoder's name and version beside it; older ones go.

    `vectors` are of what the articles `said`, shape (len(said), dim). Those that were deleted or rewritten meanwhile
    are left out: they have no vector, or still want one. Raises ValueError for another shape and for what is no number.
    """
    if vectors.shape != (len(said), encoder.dim):
        raise ValueError(f"{len(said)} articles of {encoder.dim} numbers each cannot be {vectors.shape}.")
    if not np.isfinite(vectors).all():
        raise ValueError("A vector has to be of finite numbers.")
    says_now = _lock_words(db, [each.article_id for each in said])
    made_by = _add_encoder(db, encoder)
    halves = vectors.astype("<f2")
    rows = [
        {"article_id": each.article_id, "encoder_id": made_by, "made_at": now, "vector": half.tobytes()}
        for each, half in sorted(zip(said, halves, strict=True), key=lambda pair: pair[0].article_id)
        if says_now.get(each.article_id) == each.digest
    ]
    add = insert_into(db, _vectors)
    newer = {name: add.excluded[name] for name in ("encoder_id", "made_at", "vector")}
    if rows:
        db.execute(add.on_conflict_do_update(index_elements=["article_id"], set_=newer), rows)


def lock_articles(db: Connection, article_ids: Sequence[int]) -> set[int]:
    """Return which of these articles are there; they stay until the transaction ends."""
    question = select(articles.c.id).with_for_update(read=True, key_share=True)
    return {
        article_id
        for some in chunks(article_ids)
        for article_id in db.execute(question.where(articles.c.id.in_(some))).scalars()
    }


def _lock_words(db: Connection, article_ids: Sequence[int]) -> dict[int, str]:
    """Return the digest of what each of these articles says; nobody rewrites it until the transaction ends."""
    question = select(articles.c.id, articles.c.digest).order_by(articles.c.id).with_for_update(read=True)
    return {
        row.id: row.digest
        for some in chunks(sorted(article_ids))
        for row in db.execute(question.where(articles.c.id.in_(some)))
    }


def only_in_feed(db: Connection, feed_id: int) -> list[int]:
    """Return the articles that entries of this feed lead to, and of no other; nobody can add one meanwhile."""
    led_to = select(entries.c.article_id).where(entries.c.feed_id == feed_id).distinct().order_by(entries.c.article_id)
    found: list[int] = []
    for some in chunks(db.execute(led_to).scalars().all()):
        db.execute(select(articles.c.id).where(articles.c.id.in_(some)).order_by(articles.c.id).with_for_update())
        leads_here = exists().where(entries.c.article_id == articles.c.id, entries.c.feed_id != feed_id)
        found += db.execute(select(articles.c.id).where(articles.c.id.in_(some), ~leads_here)).scalars().all()
    return found


def forget(db: Connection, article_ids: Sequence[int]) -> None:
    """Delete these articles with their vectors and reading status; stories have let go of them before."""
    for some in chunks(article_ids):
        db.execute(delete(articles).where(articles.c.id.in_(some)))


def hand_over(db: Connection, feed_id: int) -> None:
    """Let each article that this feed brought first be that of the next feed that leads to it."""
    heir = (
        select(entries.c.feed_id)
        .where(entries.c.article_id == articles.c.id, entries.c.feed_id != feed_id)
        .order_by(entries.c.id)
        .limit(1)
        .scalar_subquery()
    )
    db.execute(update(articles).where(articles.c.feed_id == feed_id).values(feed_id=heir))


def encoder_id(db: Connection, encoder: EncoderName) -> int:
    """Return the number under which vectors of this encoder are kept; 0, which none has, before there are any."""
    found = db.execute(
        select(encoders.c.id).where(
            encoders.c.model == encoder.model, encoders.c.version == encoder.version, encoders.c.dim == encoder.dim
        )
    )
    return found.scalar() or 0


def is_vector_of(number: int) -> ColumnElement[bool]:
    """Return the condition that joins articles to their vectors of the encoder with this number."""
    return and_(vectors.c.article_id == articles.c.id, vectors.c.encoder_id == number)


def _known_by_guid(db: Connection, feed_id: int, guids: Mapping[bytes, str]) -> dict[str, KnownEntry]:
    question = (
        select(entries.c.guid_key, entries.c.digest, articles.c.id, articles.c.title, articles.c.feed_id)
        .join(articles, articles.c.id == entries.c.article_id)
        .where(entries.c.feed_id == feed_id)
    )
    return {
        guids[row.guid_key]: KnownEntry(
            article_id=row.id, title=row.title, digest=row.digest, is_first=row.feed_id == feed_id
        )
        for some in chunks(list(guids))
        for row in db.execute(question.where(entries.c.guid_key.in_(some)))
    }


def _known_by_url(db: Connection, feed_id: int, urls: Mapping[bytes, str]) -> dict[str, KnownEntry]:
    is_in_feed = exists().where(entries.c.article_id == articles.c.id, entries.c.feed_id == feed_id)
    question = select(
        articles.c.key, articles.c.id, articles.c.title, articles.c.feed_id, is_in_feed.label("is_in_feed")
    )
    return {
        urls[row.key]: KnownEntry(
            article_id=row.id, title=row.title, is_first=row.feed_id == feed_id, is_in_feed=bool(row.is_in_feed)
        )
        for some in chunks(list(urls))
        for row in db.execute(question.where(articles.c.key.in_(some)))
    }


def _known_by_moment(
    db: Connection, feed_id: int, moments: Sequence[datetime]
) -> dict[datetime, tuple[KnownEntry, ...]]:
    question = (
        select(entries.c.published_at, entries.c.digest, articles.c.id, articles.c.title, articles.c.feed_id)
        .join(articles, articles.c.id == entries.c.article_id)
        .where(entries.c.feed_id == feed_id)
    )
    found: dict[datetime, tuple[KnownEntry, ...]] = {}
    for some in chunks(moments):
        for row in db.execute(question.where(entries.c.published_at.in_(some))):
            is_first = row.feed_id == feed_id
            there = KnownEntry(article_id=row.id, title=row.title, digest=row.digest, is_first=is_first)
            found[row.published_at] = (*found.get(row.published_at, ()), there)
    return found


def _lock_feed(db: Connection, feed_id: int) -> bool:
    """Return whether the feed is there; until the transaction ends nobody else keeps entries of it, or deletes it."""
    lock = select(feeds.c.id).where(feeds.c.id == feed_id).with_for_update(key_share=True)
    return db.execute(lock).scalar() is not None


def _still_new(db: Connection, feed_id: int, new: Iterable[NewArticle]) -> list[NewArticle]:
    by_key = {guid_key(each.entry.guid): each for each in new}
    for some in chunks(list(by_key)):
        is_there = select(entries.c.guid_key).where(entries.c.feed_id == feed_id, entries.c.guid_key.in_(some))
        for key in db.execute(is_there).scalars().all():
            del by_key[key]
    return list(by_key.values())


def _keep_new(db: Connection, feed_id: int, new: Sequence[NewArticle], *, now: datetime) -> int:
    """Keep new articles and the entries that lead to them; return how many articles were not there."""
    if not new:
        return 0
    publisher_ids = _publisher_ids(db, feed_id, new)
    rows: dict[bytes, dict[str, Any]] = {}
    # Feeds give the newest first, and a higher number says newer where dates do not tell.
    for each in reversed(new):
        values = _article_values(each, feed_id, publisher_ids[_domain(each)], now=now)
        rows.setdefault(values["key"], values)
    added, ids = _add_articles(db, rows)
    led = [NewEntry(guid=each.entry.guid, article_id=ids[_key(each, feed_id)], digest=each.digest) for each in new]
    _add_entries(db, feed_id, led, now=now)
    return added


def _publisher_ids(db: Connection, feed_id: int, new: Iterable[NewArticle]) -> dict[str, int]:
    """Return the publishers' ids by domain; those who are not there are made, those half known are completed.

    They are locked in one order: workers that bring the same pieces wait here, not for one another in a circle.
    """
    wanted = {_domain(each): each.publisher_name for each in new}
    there = _publishers_at(db, list(wanted), is_locking=True)
    home = db.execute(select(feeds.c.feed_url, feeds.c.site_url, feeds.c.country).where(feeds.c.id == feed_id)).one()
    rows: list[dict[str, str | None]] = []
    missing = sorted(wanted.keys() - there.keys())
    for domain, name in sorted(wanted.items()):
        country = home.country if _is_at(domain, (home.feed_url, home.site_url)) else None
        if domain not in there:
            rows.append({"domain": domain, "name": name, "country": country})
        else:
            _complete_publisher(db, there[domain], name, country)
    if rows:
        db.execute(insert_into(db, publishers).on_conflict_do_nothing(), rows)
        there |= _publishers_at(db, missing)
    return {domain: each.id for domain, each in there.items()}


def _publishers_at(db: Connection, domains: Sequence[str], *, is_locking: bool = False) -> dict[str, Publisher]:
    question = select(publishers.c.id, publishers.c.domain, publishers.c.name, publishers.c.country)
    if is_locking:
        question = question.order_by(publishers.c.id).with_for_update(key_share=True)
    return {
        row.domain: Publisher(row.id, row.domain, row.name, row.country)
        for some in chunks(domains)
        for row in db.execute(question.where(publishers.c.domain.in_(some)))
    }


def _complete_publisher(db: Connection, there: Publisher, name: str, country: str | None) -> None:
    """Give a publisher who is known by domain only the name or the country that a feed now tells."""
    better = {
        "name": name if there.name == there.domain else there.name,
        "country": there.country or country,
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


def _article_values(new: NewArticle, feed_id: int, publisher_id: int, *, now: datetime) -> dict[str, Any]:
    return {
        "key": _key(new, feed_id),
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


def _add_articles(db: Connection, rows: Mapping[bytes, dict[str, Any]]) -> tuple[int, dict[bytes, int]]:
    """Add these rows where their key is not there; return how many were added, and the ids of all by key."""
    add = insert_into(db, articles).on_conflict_do_nothing(index_elements=["key"])
    added = db.execute(add.returning(articles.c.key, articles.c.id), list(rows.values()))
    ids = {row.key: row.id for row in added}
    n_added = len(ids)
    for some in chunks([key for key in rows if key not in ids]):
        there = db.execute(select(articles.c.key, articles.c.id).where(articles.c.key.in_(some)))
        ids |= {row.key: row.id for row in there}
    return n_added, ids


def _add_entries(db: Connection, feed_id: int, new: Sequence[NewEntry], *, now: datetime) -> None:
    published = _published(db, [each.article_id for each in new])
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
        for each in new
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


def _rewrite(db: Connection, feed_id: int, rewrites: Sequence[Rewrite], *, now: datetime) -> int:
    """Keep what entries say now, and what articles said before; return how many articles that changes."""
    if not rewrites:
        return 0
    db.execute(
        update(entries)
        .where(entries.c.feed_id == feed_id, entries.c.guid_key == bindparam("of_guid"))
        .values(digest=bindparam("says")),
        [{"of_guid": guid_key(each.entry.guid), "says": each.digest} for each in rewrites],
    )
    changing = sorted((each for each in rewrites if each.changes_article), key=lambda each: each.article_id)
    if changing:
        revisions.keep(db, [each.article_id for each in changing], now=now)
        db.execute(
            update(articles).where(articles.c.id == bindparam("of_article")),
            [{"of_article": each.article_id, "digest": each.digest, **_said(each.entry)} for each in changing],
        )
        db.execute(delete(vectors).where(vectors.c.article_id.in_([each.article_id for each in changing])))
    return len(changing)


def _select_articles() -> Select[Any]:
    return (
        select(
            articles,
            article_status.c.read_at,
            publishers.c.domain,
            publishers.c.name,
            publishers.c.country,
        )
        .join(publishers, publishers.c.id == articles.c.publisher_id)
        .outerjoin(article_status, article_status.c.article_id == articles.c.id)
    )


def _river_ids(feed_id: int | None, after: Cursor | None, *, unread_only: bool) -> Select[Any]:
    """Return the question for article ids, newest first; one index answers it, from the cursor on."""
    if feed_id is None:
        published_at, article_id = articles.c.published_at, articles.c.id
        ids = select(article_id, published_at)
    else:
        published_at, article_id = entries.c.published_at, entries.c.article_id
        ids = select(article_id, published_at).where(entries.c.feed_id == feed_id).distinct()
    if unread_only:
        is_read = exists().where(article_status.c.article_id == article_id, article_status.c.read_at.is_not(None))
        ids = ids.where(~is_read)
    if after is not None:
        mark = tuple_(literal(after.published_at, UtcTime), literal(after.article_id, Id))
        ids = ids.where(tuple_(published_at, article_id) < mark)
    return ids.order_by(published_at.desc(), article_id.desc())


def _add_encoder(db: Connection, encoder: EncoderName) -> int:
    if not encoder_id(db, encoder):
        values = {"model": encoder.model, "version": encoder.version, "dim": encoder.dim}
        db.execute(insert_into(db, encoders).values(values).on_conflict_do_nothing())
    return encoder_id(db, encoder)
