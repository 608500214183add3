"""What the owner muted: kept from the front page until it ends, or until so many publishers tell it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    bindparam,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    union_all,
    update,
)

from aggregator.errors import NotFoundError
from aggregator.models.acts import Act, ActKind, Mute, MuteKind, Subject
from aggregator.models.evidence import Shared
from aggregator.models.feeds import Publisher
from aggregator.models.pages import MuteLine, StoryName, TopicName
from aggregator.store import acts
from aggregator.store.evidence import unpacked
from aggregator.store.schema import (
    UtcTime,
    articles,
    memberships,
    muted_stories,
    mutes,
    publishers,
    stories,
    story_aliases,
    topic_aliases,
    topic_stories,
    topics,
)
from aggregator.store.statements import chunks, insert_into

Moment = datetime | ColumnElement[datetime]
"""A moment, or its place in a question that is built once."""


def mute(db: Connection, wanted: Mute, *, now: datetime) -> tuple[Act, Mute]:
    """Mute something from now on; return the act and the mute with its number.

    What the names of a mute hide is for the caller to find among `titles` and to tell `hide`.
    """
    made: list[int] = []

    def do(act_id: int) -> int:
        values = {
            "kind": wanted.kind,
            "title": wanted.title,
            "story_id": wanted.story_id,
            "topic_id": wanted.topic_id,
            "names": list(wanted.names),
            "publisher_id": wanted.publisher_id,
            "bar": wanted.bar,
            "until": wanted.until,
            "made_at": now,
            "made_by": act_id,
        }
        made.extend(db.execute(insert(mutes).values(values)).inserted_primary_key or (0,))
        return 1

    act = _act(db, ActKind.MUTE, wanted, now=now)
    return acts.keep(db, act, do), replace(wanted, id=int(made[0]))


def end(db: Connection, mute_id: int, *, now: datetime) -> Act:
    """End a mute now; NotFoundError where there is none of this number. One that has ended stays as it is."""
    found = find_mute(db, mute_id)
    still = update(mutes).where(mutes.c.id == mute_id, _holds(now))
    act = _act(db, ActKind.UNMUTE, found, now=now)
    return acts.keep(db, act, lambda by: db.execute(still.values(ended_by=by)).rowcount)


def take_back(db: Connection, act: Act) -> None:
    """Forget the mute that an act made, or let that hold again that it ended."""
    db.execute(delete(mutes).where(mutes.c.made_by == act.id))
    db.execute(update(mutes).where(mutes.c.ended_by == act.id).values(ended_by=None))


def find_mute(db: Connection, mute_id: int) -> Mute:
    """Return the mute of this number; NotFoundError where there is none."""
    row = db.execute(select(mutes).where(mutes.c.id == mute_id)).mappings().first()
    if row is None:
        raise NotFoundError(f"There is no mute with the number {mute_id}.")
    return _mute(row)


def hidden_ids(db: Connection, *, now: datetime) -> list[int]:
    """Return the stories that are kept from the front page now; where nothing is muted, that costs next to nothing."""
    return list(db.execute(_HIDDEN, {"now": now}).scalars()) if _is_any(db, now) else []


def hidden(*, now: Moment) -> Select[Any]:
    """Return the question for the ids of stories that are kept from the front page now."""
    found = _hides(now).subquery()
    return select(found.c.story_id)


def n_hidden(db: Connection, *, since: datetime, now: datetime, min_publishers: int = 2) -> int:
    """Return how many stories with news since then mutes keep from the front page."""
    if not _is_any(db, now):
        return 0
    is_there = (stories.c.last_at >= since) & (stories.c.n_publishers >= min_publishers)
    question = select(func.count()).select_from(stories).where(is_there, stories.c.id.in_(hidden(now=now)))
    count: int = db.execute(question).scalar_one()
    return count


def silenced(db: Connection, story_ids: Sequence[int], *, now: datetime) -> set[tuple[int, int]]:
    """Return of which publishers nothing is to be shown in which of these stories: (story_id, publisher_id)."""
    if db.execute(_SOME_PUBLISHER, {"now": now}).first() is None:
        return set()
    scope = _publisher_scope(now).subquery()
    question = select(scope.c.story_id, scope.c.publisher_id)
    return {
        (row.story_id, row.publisher_id)
        for some in chunks(story_ids)
        for row in db.execute(question.where(scope.c.story_id.in_(some)))
    }


def mutes_of_story(db: Connection, story_id: int, *, now: datetime) -> list[Mute]:
    """Return the mutes that keep this story from the front page now, or that a publisher is silenced in it by."""
    if not _is_any(db, now):
        return []
    found = _hides(now).subquery()
    scope = _publisher_scope(now).subquery()
    by = select(found.c.mute_id).where(found.c.story_id == story_id)
    silencing = select(scope.c.mute_id).where(scope.c.story_id == story_id)
    rows = db.execute(select(mutes).where(or_(mutes.c.id.in_(by), mutes.c.id.in_(silencing))).order_by(mutes.c.id))
    return [_mute(row) for row in rows.mappings()]


def mute_lines(db: Connection, *, since: datetime, now: datetime) -> list[MuteLine]:
    """Return the mutes that hold, newest first, each with how many stories with news since then it hides."""
    lives, topic = _now_at(story_aliases, mutes.c.story_id), _now_at(topic_aliases, mutes.c.topic_id)
    rows = db.execute(
        select(mutes, lives.label("lives_at"), topics.c.name.label("topic_name"), topic.label("topic_at"), *_PUBLISHER)
        .outerjoin(story_aliases, story_aliases.c.old_id == mutes.c.story_id)
        .outerjoin(topic_aliases, topic_aliases.c.old_id == mutes.c.topic_id)
        .outerjoin(topics, topics.c.id == topic)
        .outerjoin(publishers, publishers.c.id == mutes.c.publisher_id)
        .where(_holds(now))
        .order_by(mutes.c.id.desc())
    ).mappings()
    counts, latest = _n_hidden_by(db, since=since, now=now), _latest_hidden_by(db, since=since, now=now)
    return [
        MuteLine(
            mute=replace(_mute(row), story_id=row["lives_at"]),
            topic=TopicName(row["topic_at"], row["topic_name"]) if row["topic_name"] else None,
            publisher=Publisher(row["publisher_id"], row["domain"], row["name"], row["country"])
            if row["publisher_id"]
            else None,
            n_hidden=counts.get(row["id"], 0),
            hidden=tuple(latest.get(row["id"], ())),
        )
        for row in rows
    ]


def shared_in(db: Connection, story_id: int) -> list[Shared]:
    """Return what the members of a story were found to share with those nearest to them, as often as they do."""
    kept = select(memberships.c.evidence).where(memberships.c.story_id == story_id, memberships.c.evidence.is_not(None))
    found = (unpacked(evidence) for evidence in db.execute(kept).scalars())
    return [shared for evidence in found if evidence for shared in evidence.shared]


def naming(db: Connection, *, now: datetime) -> list[Mute]:
    """Return the mutes that hold and go by names: what came since has to be looked at."""
    by_names = select(mutes).where(_holds(now), mutes.c.kind == MuteKind.LIKENESS, mutes.c.topic_id.is_(None))
    return [_mute(row) for row in db.execute(by_names.order_by(mutes.c.id)).mappings()]


def titles(db: Connection, story_ids: Sequence[int] | None = None, *, since: datetime) -> dict[int, list[str]]:
    """Return the titles in each story with news since then, of these only where some are named: the headline first."""
    is_lead = articles.c.id == stories.c.lead_id
    question = (
        select(stories.c.id, articles.c.title, is_lead.label("is_lead"))
        .join(memberships, memberships.c.story_id == stories.c.id)
        .join(articles, articles.c.id == memberships.c.article_id)
        .where(stories.c.last_at >= since)
    )
    questions = (
        [question] if story_ids is None else [question.where(stories.c.id.in_(each)) for each in chunks(story_ids)]
    )
    found: dict[int, list[str]] = {}
    for row in (row for each in questions for row in db.execute(each)):
        said = found.setdefault(row.id, [])
        said.insert(0 if row.is_lead else len(said), row.title)
    return found


def hide(db: Connection, mute_id: int, story_ids: Collection[int], *, but_of: Collection[int] = ()) -> None:
    """Keep which stories a mute's names stand in; of those that were looked at (`but_of`), no others do any more."""
    for some in chunks(sorted(set(but_of) - set(story_ids))):
        is_gone = (muted_stories.c.mute_id == mute_id) & muted_stories.c.story_id.in_(some)
        db.execute(delete(muted_stories).where(is_gone))
    for some in chunks(sorted(story_ids)):
        there = select(stories.c.id).where(stories.c.id.in_(some)).with_for_update(read=True, key_share=True)
        rows = [{"mute_id": mute_id, "story_id": story_id} for story_id in db.execute(there).scalars()]
        if rows:
            db.execute(insert_into(db, muted_stories).on_conflict_do_nothing(), rows)


def largest(db: Connection, mute_id: int, *, since: datetime, now: datetime) -> int:
    """Return how many publishers the largest story has that a mute hides; 0 where it hides none."""
    found = _hides(now).subquery()
    is_its = (found.c.mute_id == mute_id) & (stories.c.last_at >= since)
    most = select(func.max(stories.c.n_publishers)).join(found, found.c.story_id == stories.c.id).where(is_its)
    return db.execute(most).scalar() or 0


def set_bar(db: Connection, mute_id: int, bar: int | None) -> None:
    """Say from how many publishers on a mute lets a story through."""
    db.execute(update(mutes).where(mutes.c.id == mute_id).values(bar=bar))


N_SHOWN = 5
"""Stories named under a mute that hides more."""

_PUBLISHER = (publishers.c.domain, publishers.c.name, publishers.c.country)


def _is_any(db: Connection, now: datetime) -> bool:
    """Whether any mute holds."""
    return db.execute(_SOME, {"now": now}).first() is not None


def _act(db: Connection, kind: ActKind, of: Mute, *, now: datetime) -> Act:
    """Return the act under the name of what is muted by it: the story, its topic, its names or the publisher."""
    subject, subject_id, title = Subject.STORY, of.story_id, of.title
    if of.publisher_id is not None:
        name = func.coalesce(func.nullif(publishers.c.name, ""), publishers.c.domain)
        title = db.execute(select(name).where(publishers.c.id == of.publisher_id)).scalar() or ""
        subject, subject_id = Subject.PUBLISHER, of.story_id
    elif of.topic_id is not None:
        title = db.execute(select(topics.c.name).where(topics.c.id == of.topic_id)).scalar() or of.title
        subject, subject_id = Subject.TOPIC, of.topic_id
    elif of.names:
        subject, title = Subject.NAMES, ", ".join(of.names)
    return Act(at=now, kind=kind, subject=subject, subject_id=subject_id, title=title)


def _holds(now: Moment) -> ColumnElement[bool]:
    moment = literal(now, UtcTime) if isinstance(now, datetime) else now
    return mutes.c.ended_by.is_(None) & or_(mutes.c.until.is_(None), mutes.c.until > moment)


def _now_at(aliases: Any, an_id: ColumnElement[Any]) -> ColumnElement[int]:
    """Return where what had this id lives now, with its alias joined."""
    return func.coalesce(aliases.c.topic_id if aliases is topic_aliases else aliases.c.story_id, an_id)


def _in_story(*what: Any) -> Select[Any]:
    """Return the question for the story that each mute was made on."""
    return (
        select(*what)
        .select_from(mutes)
        .outerjoin(story_aliases, story_aliases.c.old_id == mutes.c.story_id)
        .join(stories, stories.c.id == _now_at(story_aliases, mutes.c.story_id))
    )


def _in_topic(*what: Any) -> Select[Any]:
    """Return the question for the stories of the topic that each mute is about."""
    return (
        select(*what)
        .select_from(mutes)
        .outerjoin(topic_aliases, topic_aliases.c.old_id == mutes.c.topic_id)
        .join(topic_stories, topic_stories.c.topic_id == _now_at(topic_aliases, mutes.c.topic_id))
        .join(stories, stories.c.id == topic_stories.c.story_id)
    )


def _hides(now: Moment) -> Any:
    """Return the question for what each mute keeps from the front page: (mute_id, story_id)."""
    what = (mutes.c.id.label("mute_id"), stories.c.id.label("story_id"))
    is_quiet = or_(mutes.c.bar.is_(None), stories.c.n_publishers < mutes.c.bar)
    holds = _holds(now) & is_quiet
    is_publisher = mutes.c.kind == MuteKind.PUBLISHER
    by_names = (
        select(*what)
        .select_from(mutes)
        .join(muted_stories, muted_stories.c.mute_id == mutes.c.id)
        .join(stories, stories.c.id == muted_stories.c.story_id)
    )
    scope = _publisher_scope(now).subquery()
    alone = (
        select(scope.c.mute_id, scope.c.story_id)
        .join(stories, stories.c.id == scope.c.story_id)
        .join(articles, articles.c.id == stories.c.lead_id)
        .where(stories.c.n_publishers == 1, articles.c.publisher_id == scope.c.publisher_id)
    )
    return union_all(
        _in_story(*what).where(holds, ~is_publisher),
        _in_topic(*what).where(holds, ~is_publisher),
        by_names.where(holds),
        alone,
    )


def _publisher_scope(now: Moment) -> Any:
    """Return the question for where each publisher is silenced: (mute_id, story_id, publisher_id)."""
    what = (mutes.c.id.label("mute_id"), stories.c.id.label("story_id"), mutes.c.publisher_id)
    holds = _holds(now) & (mutes.c.kind == MuteKind.PUBLISHER)
    return union_all(_in_story(*what).where(holds), _in_topic(*what).where(holds))


_NOW = bindparam("now", type_=UtcTime)
_SOME = select(mutes.c.id).where(_holds(_NOW)).limit(1)
_SOME_PUBLISHER = _SOME.where(mutes.c.kind == MuteKind.PUBLISHER)
_HIDDEN = hidden(now=_NOW)
"""Asked for every front page; to build the second takes longer than to answer it."""


def _n_hidden_by(db: Connection, *, since: datetime, now: datetime) -> Mapping[int, int]:
    found = _hides(now).subquery()
    n_stories = func.count(stories.c.id.distinct())
    counts = (
        select(found.c.mute_id, n_stories)
        .join(stories, stories.c.id == found.c.story_id)
        .where(stories.c.last_at >= since)
        .group_by(found.c.mute_id)
    )
    return {row[0]: row[1] for row in db.execute(counts)}


def _latest_hidden_by(db: Connection, *, since: datetime, now: datetime) -> Mapping[int, list[StoryName]]:
    """Return the stories with the latest news that each mute hides, a few of each."""
    found = _hides(now).subquery()
    each = select(found.c.mute_id, found.c.story_id).distinct().subquery()
    newest_first = (stories.c.last_at.desc(), stories.c.id.desc())
    place = func.row_number().over(partition_by=each.c.mute_id, order_by=newest_first)
    ranked = (
        select(each.c.mute_id, stories.c.id, articles.c.title, place.label("place"))
        .join(stories, stories.c.id == each.c.story_id)
        .join(articles, articles.c.id == stories.c.lead_id)
        .where(stories.c.last_at >= since)
    ).subquery()
    shown: dict[int, list[StoryName]] = {}
    few = select(ranked).where(ranked.c.place <= N_SHOWN).order_by(ranked.c.mute_id, ranked.c.place)
    for row in db.execute(few):
        shown.setdefault(row.mute_id, []).append(StoryName(row.id, row.title))
    return shown


def _mute(row: RowMapping) -> Mute:
    return Mute(
        id=row["id"],
        kind=MuteKind(row["kind"]),
        title=row["title"],
        story_id=row["story_id"],
        topic_id=row["topic_id"],
        names=tuple(row["names"]),
        publisher_id=row["publisher_id"],
        bar=row["bar"],
        until=row["until"],
        made_at=row["made_at"],
    )
