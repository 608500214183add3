"""The full-text index: what it holds of each article, and keeping that true.

SQLite has FTS5 and PostgreSQL has tsvector; both are given the same words, cut by `query.tokens`. An article's number
in the index (`docid`) begins with the hour in which it was published: read downwards, the index gives the newest
articles first, and may stop at any time. FTS5 keeps no texts here, so nothing is ever taken out of it: an article that
is rewritten gets another number, and the old one leads nowhere (docs/decisions/0011-search.md).
"""

import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape

from sqlalchemy import Connection, RowMapping, delete, func, select, text

from aggregator.models.entries import IndexWords
from aggregator.query.tokens import BODY_CHARS, index_words
from aggregator.store.schema import articles, full_texts, search_docs
from aggregator.store.statements import chunks, insert_into

INDEX = "search_index"

HOUR_BITS = {"sqlite": 20, "postgresql": 36}
"""What follows the hour: on SQLite the next free number, which keeps the index small, on PostgreSQL the article's."""

ANY = "any"
"""Said of every article, so that one can ask for all but those with some word."""

_TAG = re.compile(r"<[^>]*>")

_ADD_FTS5 = f"INSERT INTO {INDEX} (rowid, title, body, facts) VALUES (?, ?, ?, ?)"  # noqa: S608
"""Said to the driver itself: what SQLAlchemy does for each row besides is a twentieth of keeping an article."""
_ADD_TSVECTOR = text(f"INSERT INTO {INDEX} (docid, words) VALUES (:docid, CAST(:words AS tsvector))")  # noqa: S608
_LAST_GIVEN = text(
    "SELECT max(docid) FROM (SELECT max(docid) AS docid FROM search_docs WHERE docid >= :start AND docid < :end "  # noqa: S608 -- our own constants
    f"UNION ALL SELECT rowid FROM (SELECT rowid FROM {INDEX} WHERE {INDEX} MATCH 'facts : \"{ANY}\"' "
    "AND rowid >= :start AND rowid < :end ORDER BY rowid DESC LIMIT 1))"
)
"""The number of one that was deleted must not be given again either: its words are still in the index."""


@dataclass(frozen=True, slots=True)
class Findable:
    """An article as the index holds it."""

    article_id: int
    published_at: datetime
    words: IndexWords
    facts: Sequence[str]


def add_articles(db: Connection, new: Sequence[Findable]) -> None:
    """Put articles into the index that were just kept for the first time; to be called in that transaction."""
    for some in chunks(sorted(new, key=lambda each: each.article_id)):
        _add(db, some)


def index_articles(db: Connection, article_ids: Sequence[int]) -> None:
    """Put what these articles say now into the index; to be called in the transaction that changed it."""
    for some in chunks(sorted(article_ids)):
        db.execute(delete(search_docs).where(search_docs.c.article_id.in_(some)))
        rows = db.execute(
            select(
                articles.c.id,
                articles.c.published_at,
                articles.c.language,
                articles.c.publisher_id,
                articles.c.title,
                func.substr(articles.c.text, 1, BODY_CHARS).label("text"),
                full_texts.c.content_html,
            )
            .outerjoin(full_texts, full_texts.c.article_id == articles.c.id)
            .where(articles.c.id.in_(some))
        ).mappings()
        _add(db, [_findable(row) for row in rows])


def is_of_index(table_name: str) -> bool:
    """Whether this table is part of the index, which each database makes in its own way: schema.py tells none of it."""
    return table_name == INDEX or table_name.startswith(f"{INDEX}_")


def docid_from(db: Connection, moment: datetime) -> int:
    """Return the lowest number in the index of what was published in the hour of this moment."""
    return _hour(moment) << HOUR_BITS[db.dialect.name]


def facts_of(publisher_id: int, language: str | None) -> list[str]:
    """Return what the index holds of an article besides its words."""
    return [ANY, publisher_fact(publisher_id), *([language_fact(language)] if language else [])]


def publisher_fact(publisher_id: int) -> str:
    """Return what stands in the index for a publisher."""
    return f"p{publisher_id}"


@functools.lru_cache(maxsize=256)
def language_fact(language: str) -> str:
    """Return what stands in the index for a language, whatever its region."""
    return "l" + "".join(letter for letter in re.split("[-_]", language.lower())[0] if letter.isalnum())


def _findable(row: RowMapping) -> Findable:
    whole = row["text"] if not row["content_html"] else f"{row['text']}\n{_text(row['content_html'])}"
    facts = facts_of(row["publisher_id"], row["language"])
    return Findable(row["id"], row["published_at"], index_words(row["title"], whole), facts)


def _add(db: Connection, found: Sequence[Findable]) -> None:
    if not found:
        return
    by_docid = dict(zip(_docids(db, found), found, strict=True))
    # Another worker may index the same article at this moment; what it says was locked by whoever changed it.
    add_docs = insert_into(db, search_docs).on_conflict_do_nothing().returning(search_docs.c.docid)
    docs = [{"docid": docid, "article_id": by_docid[docid].article_id} for docid in sorted(by_docid)]
    added = sorted(db.execute(add_docs, docs).scalars())
    if added and db.dialect.name == "sqlite":
        db.exec_driver_sql(_ADD_FTS5, [(docid, *_columns(by_docid[docid])) for docid in added])
    elif added:
        db.execute(_ADD_TSVECTOR, [{"docid": docid, "words": _tsvector(by_docid[docid])} for docid in added])


def _docids(db: Connection, found: Iterable[Findable]) -> list[int]:
    bits = HOUR_BITS[db.dialect.name]
    if db.dialect.name == "postgresql":
        return [(_hour(each.published_at) << bits) + each.article_id for each in found]
    free: dict[int, int] = {}
    docids = []
    for each in found:
        hour = _hour(each.published_at)
        docid = free.get(hour) or _next_free(db, hour << bits, (hour + 1) << bits)
        free[hour] = docid + 1
        docids.append(docid)
    return docids


def _next_free(db: Connection, start: int, end: int) -> int:
    last: int | None = db.execute(_LAST_GIVEN, {"start": start, "end": end}).scalar()
    return start if last is None else last + 1


def _hour(moment: datetime) -> int:
    return max(0, int(moment.astimezone(UTC).timestamp()) // 3600)


def _columns(article: Findable) -> tuple[str, str, str]:
    return article.words.title, article.words.body, " ".join(article.facts)


def _tsvector(article: Findable) -> str:
    """Return the words as PostgreSQL writes them; those of the title weigh A, and no phrase runs over its end."""
    title, body = article.words.title.split(), article.words.body.split()
    places = [f"'{token}':{place}A" for place, token in enumerate(title, start=1)]
    places += [f"'{token}':{place}" for place, token in enumerate(body, start=len(title) + 2)]
    return " ".join([*places, *(f"'={fact}'" for fact in article.facts)])


def _text(html: str) -> str:
    return unescape(_TAG.sub(" ", html))
