"""What the owner has read, and which articles are starred. Every act keeps what it changed, and can be undone."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    delete,
    exists,
    func,
    literal,
    select,
    update,
)

from aggregator.models.acts import Act, ActKind, Subject
from aggregator.store import acts as ledger
from aggregator.store.changes import headlines
from aggregator.store.schema import (
    Id,
    UtcTime,
    act_articles,
    acts,
    article_status,
    articles,
    entries,
    feeds,
    memberships,
)
from aggregator.store.statements import chunks, feed_title, insert_into, n_rows

_ABOUT = {
    ActKind.READ: (ActKind.READ, ActKind.UNREAD),
    ActKind.UNREAD: (ActKind.READ, ActKind.UNREAD),
    ActKind.STAR: (ActKind.STAR, ActKind.UNSTAR),
    ActKind.UNSTAR: (ActKind.STAR, ActKind.UNSTAR),
}
"""The kinds that say the same of an article, or take it back."""

_ON = (ActKind.READ, ActKind.STAR)


def mark_articles(db: Connection, article_ids: Sequence[int], *, is_read: bool, now: datetime) -> Act:
    """Mark these articles, and those whose text is theirs, read or unread."""
    wanted = [articles.c.id.in_(some) for some in chunks(_with_copies(db, article_ids))]
    if len(article_ids) != 1:
        return _mark(db, _act(_kind(is_read=is_read), Subject.SEVERAL, now=now), wanted)
    act = _act(_kind(is_read=is_read), Subject.ARTICLE, article_ids[0], _title_of(db, article_ids[0]), now=now)
    return _mark(db, act, wanted)


def mark_story(db: Connection, story_id: int, *, is_read: bool, now: datetime) -> Act:
    """Mark every article of the story."""
    title = headlines(db, [story_id]).get(story_id, "")
    act = _act(_kind(is_read=is_read), Subject.STORY, story_id, title, now=now)
    return _mark(db, act, [articles.c.id.in_(_members([story_id]))])


def mark_feed(db: Connection, feed_id: int, *, seen_before: datetime, now: datetime) -> Act:
    """Mark the feed's articles that were first seen before then as read."""
    led_to = select(entries.c.article_id).where(entries.c.feed_id == feed_id)
    title = db.execute(select(feed_title).where(feeds.c.id == feed_id)).scalar() or ""
    is_seen = articles.c.first_seen_at < seen_before
    return _mark(db, _act(ActKind.READ, Subject.FEED, feed_id, title, now=now), [articles.c.id.in_(led_to) & is_seen])


def mark_feeds(db: Connection, feed_ids: Sequence[int], *, seen_before: datetime, now: datetime) -> Act:
    """Mark the articles of these feeds that were first seen before then as read, in one act."""
    is_seen = articles.c.first_seen_at < seen_before
    led_to = [select(entries.c.article_id).where(entries.c.feed_id.in_(some)) for some in chunks(feed_ids)]
    wanted = [articles.c.id.in_(each) & is_seen for each in led_to]
    return _mark(db, _act(ActKind.READ, Subject.SEVERAL, now=now), wanted)


def mark_these(
    db: Connection, story_ids: Sequence[int], article_ids: Sequence[int], *, seen_before: datetime, now: datetime
) -> Act:
    """Mark what stood together on a page, as it was then: these articles, and the members of these stories, as read."""
    is_seen = articles.c.first_seen_at < seen_before
    wanted = [articles.c.id.in_(_members(some)) & is_seen for some in chunks(story_ids)]
    wanted += [articles.c.id.in_(some) & is_seen for some in chunks(article_ids)]
    return _mark(db, _act(ActKind.READ, Subject.SEVERAL, now=now), wanted)


def mark_all(db: Connection, *, seen_before: datetime, now: datetime) -> Act:
    """Mark every article that was first seen before then as read."""
    return _mark(db, _act(ActKind.READ, Subject.ALL, now=now), [articles.c.first_seen_at < seen_before])


def star_article(db: Connection, article_id: int, *, is_starred: bool, now: datetime) -> Act:
    """Star the article, or take the star from it."""
    kind = ActKind.STAR if is_starred else ActKind.UNSTAR
    act = _act(kind, Subject.ARTICLE, article_id, _title_of(db, article_id), now=now)
    return _mark(db, act, [articles.c.id == article_id])


def take_back(db: Connection, act: Act) -> None:
    """Give the articles that an act marked what they had before it.

    What a later act marked stays as that left it; only, were that undone too, the article would go back to before
    this one. So acts can be undone in any order, and what is left is as if those had never been.
    """
    mark, before = _column(act.kind), act_articles.alias("before")
    touched = select(before.c.article_id).where(before.c.act_id == act.id)
    was = select(before.c.was_at).where(before.c.act_id == act.id)
    untouched_since = touched.where(~exists(_later(act, before.c.article_id)))
    n_back = db.execute(
        update(article_status)
        .where(article_status.c.article_id.in_(untouched_since))
        .values({mark.name: was.where(before.c.article_id == article_status.c.article_id).scalar_subquery()})
    ).rowcount
    if n_back < act.n_articles:
        next_act = _later(act, act_articles.c.article_id).with_only_columns(func.min(acts.c.id)).scalar_subquery()
        db.execute(
            update(act_articles)
            .where(act_articles.c.article_id.in_(touched), act_articles.c.act_id == next_act)
            .values(was_at=was.where(before.c.article_id == act_articles.c.article_id).scalar_subquery())
        )
    db.execute(delete(act_articles).where(act_articles.c.act_id == act.id))


def _act(kind: ActKind, subject: Subject, subject_id: int | None = None, title: str = "", *, now: datetime) -> Act:
    return Act(at=now, kind=kind, subject=subject, subject_id=subject_id, title=title)


def _kind(*, is_read: bool) -> ActKind:
    return ActKind.READ if is_read else ActKind.UNREAD


def _column(kind: ActKind) -> Column[datetime]:
    column: Column[datetime] = article_status.c["read_at" if kind in (ActKind.READ, ActKind.UNREAD) else "starred_at"]
    return column


def _mark(db: Connection, act: Act, wanted: Sequence[ColumnElement[bool]]) -> Act:
    """Mark the wanted articles that are not so marked yet, and keep what they were before."""

    def do(act_id: int) -> int:
        n_changed = sum(_remember(db, act, act_id, which) for which in wanted)
        if n_changed:
            _carry_out(db, act, act_id)
        return n_changed

    return ledger.keep(db, act, do)


def _remember(db: Connection, act: Act, act_id: int, which: ColumnElement[bool]) -> int:
    mark = _column(act.kind)
    changing = (
        select(literal(act_id, Id), articles.c.id, mark)
        .outerjoin(article_status, article_status.c.article_id == articles.c.id)
        .where(which, mark.is_(None) if act.kind in _ON else mark.is_not(None))
        .order_by(articles.c.id)
    )
    remember = insert_into(db, act_articles).from_select(["act_id", "article_id", "was_at"], changing)
    return n_rows(db, remember.on_conflict_do_nothing())


def _carry_out(db: Connection, act: Act, act_id: int) -> None:
    mark, at = _column(act.kind), literal(act.at if act.kind in _ON else None, UtcTime)
    changing = select(act_articles.c.article_id, at).where(act_articles.c.act_id == act_id)
    marking = insert_into(db, article_status).from_select(
        ["article_id", mark.name], changing.order_by(act_articles.c.article_id)
    )
    newer = {mark.name: marking.excluded[mark.name]}
    db.execute(marking.on_conflict_do_update(index_elements=["article_id"], set_=newer))


def _later(act: Act, article_id: ColumnElement[int]) -> Select[tuple[int]]:
    """Return the question for later acts that said something of the same kind about an article."""
    later = act_articles.alias("later")
    return (
        select(acts.c.id)
        .join(later, later.c.act_id == acts.c.id)
        .where(later.c.article_id == article_id, later.c.act_id > act.id, acts.c.kind.in_(_ABOUT[act.kind]))
    )


def _members(story_ids: Sequence[int]) -> Select[tuple[int]]:
    return select(memberships.c.article_id).where(memberships.c.story_id.in_(story_ids))


def _with_copies(db: Connection, article_ids: Sequence[int]) -> list[int]:
    """Return these articles, what they repeat, and what repeats the same."""
    found = set(article_ids)
    original = func.coalesce(memberships.c.copy_of_id, memberships.c.article_id)
    for some in chunks(article_ids):
        originals = select(original).where(memberships.c.article_id.in_(some))
        found |= set(db.execute(originals).scalars())
    repeats = select(memberships.c.article_id)
    for some in chunks(sorted(found)):
        found |= set(db.execute(repeats.where(memberships.c.copy_of_id.in_(some))).scalars())
    return sorted(found)


def _title_of(db: Connection, article_id: int) -> str:
    return db.execute(select(articles.c.title).where(articles.c.id == article_id)).scalar() or ""
