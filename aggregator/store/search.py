"""Finding articles: by their words, by what is known of them, and by what was done with them.

Every list here is bounded and read newest first, so that a word of every second article costs no more than a rare one.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    bindparam,
    column,
    exists,
    func,
    literal_column,
    or_,
    select,
    table,
    text,
)

from aggregator.models.acts import MarkKind
from aggregator.models.encoders import EncoderName
from aggregator.query.hits import Found, Hit
from aggregator.query.language import Field, Mark, Narrowing, Query, Term
from aggregator.store import marks
from aggregator.store.articles import encoder_id, is_vector_of
from aggregator.store.schema import (
    article_status,
    articles,
    entries,
    feeds,
    folders,
    memberships,
    publishers,
    search_docs,
    stories,
    vectors,
)
from aggregator.store.search_index import INDEX, docid_from
from aggregator.store.search_terms import Plan, as_fts5, as_tsquery
from aggregator.store.statements import among_ids

N_FOUND = 1_000
"""Of the newest articles that match; those among them are put in order."""
N_LOOKED_THROUGH = 20_000
"""Of the newest that hold the words, where feeds or marks have to be looked up for each."""
N_NAMED = 300
"""Publishers or feeds that one name may stand for."""


def find(db: Connection, query: Query, *, limit: int = N_FOUND) -> Found:
    """Return what is found for the query."""
    plan = _plan(db, query)
    if query.is_empty or any(not each.is_not for each in plan.unknown):
        return Found(unknown=plan.unknown)
    ids = _ids(db, plan, limit=limit + 1)
    # Where each article has to be looked up, one list costs as much as all else: its order by time is enough.
    is_quick = not plan.looks_at_rows and not query.marks
    has_titles = is_quick and _has_more_than_title(query)
    titles = _ids(db, replace(plan, query=_in_title(query)), limit=limit // 4) if has_titles else []
    phrase = _phrase(query) if is_quick else None
    phrases = _ids(db, replace(plan, query=phrase), limit=limit // 4) if phrase else []
    hits = _hits(db, [*ids, *titles, *phrases])
    return Found(
        hits=tuple(hits[each] for each in ids[:limit] if each in hits),
        is_all=len(ids) <= limit,
        is_whole=len(ids) > limit or not plan.looks_at_rows or _holds_few(db, plan),
        in_title=tuple(hits[each] for each in titles if each in hits),
        as_phrase=tuple(hits[each] for each in phrases if each in hits),
        unknown=plan.unknown,
    )


def n_found(db: Connection, query: Query, *, limit: int) -> int:
    """Return how many articles are found, counting no further than the limit."""
    plan = _plan(db, query)
    if query.is_empty or any(not each.is_not for each in plan.unknown):
        return 0
    return _n_up_to(db, plan, limit=limit)


def texts_of(db: Connection, article_ids: Sequence[int], *, max_chars: int) -> dict[int, str]:
    """Return the beginnings of the texts of these articles."""
    rows = db.execute(_TEXTS, {"ids": article_ids, "n": max_chars}).all()
    return {article_id: text for article_id, text in rows}  # noqa: C416  a row is no pair to the type checker


_TEXTS = select(articles.c.id, func.substr(articles.c.text, 1, bindparam("n"))).where(among_ids(articles.c.id))


def newest_with_vectors(db: Connection, encoder: EncoderName, *, since: datetime, limit: int) -> list[int]:
    """Return the newest articles since then that have a vector of this encoder."""
    rows = db.execute(
        select(articles.c.id)
        .join(vectors, is_vector_of(encoder_id(db, encoder)))
        .where(articles.c.published_at >= since)
        .order_by(articles.c.published_at.desc(), articles.c.id.desc())
        .limit(limit)
    )
    return list(rows.scalars())


def hits_among(db: Connection, query: Query, article_ids: Collection[int]) -> list[Hit]:
    """Return those of these articles that are what the query narrows to, whichever words they hold."""
    plan = _plan(db, replace(query, clauses=()))
    if not article_ids or any(not each.is_not for each in plan.unknown):
        return []
    ids = _ids(db, plan, limit=len(article_ids), among=article_ids)
    hits = _hits(db, ids)
    return [hits[each] for each in ids]


def names_of_publishers(db: Connection, publisher_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Return domain and name of these publishers."""
    return {row.id: (row.domain, row.name) for row in db.execute(_NAMES, {"ids": publisher_ids}).all()}


_NAMES = select(publishers.c.id, publishers.c.domain, publishers.c.name).where(among_ids(publishers.c.id))


# --- names -----------------------------------------------------------------------------------------------


def _plan(db: Connection, query: Query) -> Plan:
    """Look up which publishers and feeds are meant."""
    meant = {each: _meant(db, each) for each in query.narrowings if each.field is not Field.LANGUAGE}
    by_publisher = (Field.PUBLISHER, Field.COUNTRY)
    by_feed = (Field.FEED, Field.FOLDER)
    return Plan(
        query=query,
        publisher_ids=_all_of(meant, Field.PUBLISHER, Field.COUNTRY),
        not_publisher_ids=_none_of(meant, by_publisher),
        feed_ids=_all_of(meant, Field.FEED, Field.FOLDER),
        not_feed_ids=_none_of(meant, by_feed),
        unknown=tuple(each for each, ids in meant.items() if not ids),
    )


def _all_of(meant: dict[Narrowing, list[int]], *fields: Field) -> tuple[int, ...] | None:
    """Return what any narrowing of each field allows; None where none speaks of them."""
    allowed: set[int] | None = None
    for field in fields:
        wanted = [set(ids) for each, ids in meant.items() if each.field is field and not each.is_not]
        if wanted:
            some = set().union(*wanted)
            allowed = some if allowed is None else allowed & some
    return None if allowed is None else tuple(sorted(allowed))


def _none_of(meant: dict[Narrowing, list[int]], fields: Collection[Field]) -> tuple[int, ...]:
    return tuple(sorted({n for each, ids in meant.items() if each.is_not and each.field in fields for n in ids}))


def _meant(db: Connection, narrowing: Narrowing) -> list[int]:
    """Return the numbers of the publishers or feeds that are meant by a name."""
    value = narrowing.value
    match narrowing.field:
        case Field.PUBLISHER:
            exact = or_(publishers.c.domain == value.lower(), publishers.c.name == value)
            like = or_(publishers.c.domain.icontains(value, autoescape=True), _like(publishers.c.name, value))
            return _numbers(db, publishers.c.id, exact) or _numbers(db, publishers.c.id, like)
        case Field.COUNTRY:
            return _numbers(db, publishers.c.id, publishers.c.country == value.upper())
        case Field.FOLDER:
            return _numbers(db, feeds.c.id, feeds.c.folder_id.in_(_folders(db, value)))
        case _:
            names = (feeds.c.owner_title, feeds.c.title, feeds.c.feed_url)
            return _numbers(db, feeds.c.id, or_(*(_like(name, value) for name in names)))


def _like(name: ColumnElement[str], value: str) -> ColumnElement[bool]:
    return name.icontains(value, autoescape=True)


def _numbers(db: Connection, number: ColumnElement[int], condition: ColumnElement[bool]) -> list[int]:
    return list(db.execute(select(number).where(condition).order_by(number).limit(N_NAMED)).scalars())


def _folders(db: Connection, name: str) -> list[int]:
    """Return the folders of this name, and those that lie in them."""
    rows = db.execute(select(folders.c.id, folders.c.parent_id, folders.c.name)).all()
    inside = {row.id for row in rows if name.casefold() in row.name.casefold()}
    while more := {row.id for row in rows if row.parent_id in inside} - inside:
        inside |= more
    return sorted(inside)


# --- words -----------------------------------------------------------------------------------------------


def _has_more_than_title(query: Query) -> bool:
    return any(not term.in_title for term in query.terms)


def _in_title(query: Query) -> Query:
    clauses = tuple(tuple(replace(term, in_title=True) for term in clause) for clause in query.clauses)
    return replace(query, clauses=clauses)


def _phrase(query: Query) -> Query | None:
    """Return the query for its words side by side; None where that says nothing more."""
    first = [clause[0] for clause in query.clauses]
    is_plain = all(len(clause) == 1 for clause in query.clauses) and not any(term.begins for term in first[:-1])
    if len(first) < 2 or not is_plain:
        return None
    tokens = tuple(token for term in first for token in term.tokens)
    return replace(query, clauses=((Term(tokens, first[-1].begins),),))


def _ids(db: Connection, plan: Plan, *, limit: int, among: Collection[int] | None = None) -> list[int]:
    """Return the articles that match, the newest first."""
    if _finds_nothing(plan):
        return []
    return list(db.execute(_newest(db, plan, limit=limit, among=among)).scalars())


def _n_up_to(db: Connection, plan: Plan, *, limit: int) -> int:
    """Return how many articles match, counting no further than the limit."""
    if _finds_nothing(plan):
        return 0
    found = _newest(db, plan, limit=limit).subquery()
    n: int = db.execute(select(func.count()).select_from(found)).scalar_one()
    return n


def _finds_nothing(plan: Plan) -> bool:
    return plan.publisher_ids == () or plan.feed_ids == ()


def _newest(db: Connection, plan: Plan, *, limit: int, among: Collection[int] | None = None) -> Select[Any]:
    """Return the question for the articles that match, the newest first."""
    said = as_fts5(plan) if db.dialect.name == "sqlite" else as_tsquery(plan)
    docid, source, conditions = _source(db, said)
    if among is not None:
        conditions.append(docid.in_(select(search_docs.c.docid).where(search_docs.c.article_id.in_(among))))
    conditions += _in_time(db, plan.query, docid)
    # + 0 lets FTS5 go through its words once: asked for one number at a time, it would begin anew for each.
    held = docid + 0 if said else docid
    conditions += [held.in_(_marked(mark)) for mark in (Mark.STARRED, Mark.FOLLOWED) if mark in plan.query.marks]
    newest = select(search_docs.c.article_id).select_from(source).where(*conditions).order_by(docid.desc())
    if plan.looks_at_rows:
        looked = newest.limit(N_LOOKED_THROUGH).subquery()
        newest = select(looked.c.article_id).where(*_of_rows(plan, looked.c.article_id))
    return newest.limit(limit)


def _holds_few(db: Connection, plan: Plan) -> bool:
    """Whether all that hold the words were looked through."""
    bare = replace(plan, feed_ids=None, not_feed_ids=(), query=replace(plan.query, marks=frozenset()))
    return _n_up_to(db, bare, limit=N_LOOKED_THROUGH + 1) <= N_LOOKED_THROUGH


def _source(db: Connection, said: str) -> tuple[ColumnElement[int], FromClause, list[ColumnElement[bool]]]:
    """Return the number in the index, where it is read from, and the condition that it holds what is said."""
    if not said:
        return search_docs.c.docid, search_docs, []
    key = "rowid" if db.dialect.name == "sqlite" else "docid"
    index = table(INDEX, column(key))
    docid: ColumnElement[int] = index.c[key]
    matches = (
        literal_column(INDEX).op("MATCH")(said)
        if db.dialect.name == "sqlite"
        else text(f"{INDEX}.words @@ CAST(:said AS tsquery)").bindparams(said=said)
    )
    return docid, index.join(search_docs, search_docs.c.docid == docid), [matches]  # type: ignore[list-item]


def _in_time(db: Connection, query: Query, docid: ColumnElement[int]) -> list[ColumnElement[bool]]:
    """Return the conditions that keep to a span of time: hours in the index, moments in the articles."""
    conditions = []
    if query.since:
        conditions.append(docid >= docid_from(db, query.since))
    if query.until:
        conditions.append(docid < docid_from(db, query.until + timedelta(hours=1)))
    if query.since or query.until:
        published_at = (
            select(articles.c.published_at).where(articles.c.id == search_docs.c.article_id).scalar_subquery()
        )
        if query.since:
            conditions.append(published_at >= query.since)
        if query.until:
            conditions.append(published_at < query.until)
    return conditions


def _marked(mark: Mark) -> Select[tuple[int]]:
    """Return the question for the numbers in the index of what is starred or followed, by itself or with its story."""
    held = marks.followed_stories() if mark is Mark.FOLLOWED else _starred_stories()
    in_story = (
        select(search_docs.c.docid)
        .join(memberships, memberships.c.article_id == search_docs.c.article_id)
        .where(memberships.c.story_id.in_(held))
    )
    if mark is Mark.FOLLOWED:
        return in_story
    by_itself = (
        select(search_docs.c.docid)
        .join(article_status, article_status.c.article_id == search_docs.c.article_id)
        .where(article_status.c.starred_at.is_not(None))
    )
    both = by_itself.union(in_story).subquery()
    return select(both.c.docid)


def _starred_stories() -> Select[tuple[int]]:
    starred = marks.marked_stories(MarkKind.STAR).subquery()
    return select(starred.c.story_id)


def _of_rows(plan: Plan, article_id: ColumnElement[int]) -> list[ColumnElement[bool]]:
    """Return the conditions on what is done with articles, and on the feeds that lead to them."""
    is_read = exists().where(article_status.c.article_id == article_id, article_status.c.read_at.is_not(None))
    conditions: list[ColumnElement[bool]] = []
    if Mark.READ in plan.query.marks:
        conditions.append(is_read)
    if Mark.UNREAD in plan.query.marks:
        conditions.append(~is_read)
    if plan.feed_ids is not None:
        conditions.append(_is_of(article_id, plan.feed_ids))
    if plan.not_feed_ids:
        conditions.append(~_is_of(article_id, plan.not_feed_ids))
    return conditions


def _is_of(article_id: ColumnElement[int], feed_ids: Sequence[int]) -> ColumnElement[bool]:
    """Whether an entry of one of these feeds leads to the article; + 0 keeps to the few entries of that article."""
    return exists().where(entries.c.article_id == article_id, (entries.c.feed_id + 0).in_(feed_ids))


def _hits(db: Connection, article_ids: Iterable[int]) -> dict[int, Hit]:
    rows = db.execute(_HITS, {"ids": list(dict.fromkeys(article_ids))}).all()
    return {row[0]: Hit._make(row) for row in rows}


_HITS = (
    select(
        articles.c.id,
        memberships.c.story_id,
        articles.c.published_at,
        articles.c.publisher_id,
        articles.c.language,
        func.coalesce(stories.c.n_publishers, 1),
    )
    .outerjoin(memberships, memberships.c.article_id == articles.c.id)
    .outerjoin(stories, stories.c.id == memberships.c.story_id)
    .where(among_ids(articles.c.id))
)
