"""Stars and follows of stories and topics. They hold under whichever id the thing lives: aliases are asked."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    union_all,
    update,
)

from aggregator.models.acts import Act, ActKind, MarkKind, Subject
from aggregator.store import acts
from aggregator.store.changes import headlines
from aggregator.store.schema import marks, stories, story_aliases, topic_aliases, topic_stories, topics
from aggregator.store.statements import among_ids

_ACTS = {
    (MarkKind.STAR, True): ActKind.STAR,
    (MarkKind.STAR, False): ActKind.UNSTAR,
    (MarkKind.FOLLOW, True): ActKind.FOLLOW,
    (MarkKind.FOLLOW, False): ActKind.UNFOLLOW,
}


def mark_story(db: Connection, story_id: int, kind: MarkKind, *, is_on: bool, now: datetime) -> Act:
    """Star or follow the story that lives under this id, or do so no more."""
    title = headlines(db, [story_id]).get(story_id, "")
    names = [story_id, *_went_into(db, story_aliases.c.story_id, story_aliases.c.old_id, story_id)]
    return _mark(
        db, Act(at=now, kind=_ACTS[kind, is_on], subject=Subject.STORY, subject_id=story_id, title=title), names
    )


def follow_topic(db: Connection, topic_id: int, *, is_on: bool, now: datetime) -> Act:
    """Follow the topic that lives under this id, or do so no more."""
    title = db.execute(select(topics.c.name).where(topics.c.id == topic_id)).scalar() or ""
    names = [topic_id, *_went_into(db, topic_aliases.c.topic_id, topic_aliases.c.old_id, topic_id)]
    kind = _ACTS[MarkKind.FOLLOW, is_on]
    return _mark(db, Act(at=now, kind=kind, subject=Subject.TOPIC, subject_id=topic_id, title=title), names)


def take_back(db: Connection, act: Act) -> None:
    """Let go of the mark that an act made, or hold those again that it ended."""
    db.execute(delete(marks).where(marks.c.made_by == act.id))
    db.execute(update(marks).where(marks.c.ended_by == act.id).values(ended_by=None))


def held(db: Connection, story_ids: Sequence[int]) -> dict[int, set[MarkKind]]:
    """Return what the owner holds of each of these stories; those of which nothing is held are left out."""
    found: dict[int, set[MarkKind]] = defaultdict(set)
    for story_id, kind in db.execute(_HELD, {"ids": story_ids}):
        found[story_id].add(MarkKind(kind))
    return found


def is_topic_followed(db: Connection, topic_id: int) -> bool:
    """Whether the owner follows the topic that lives under this id."""
    names = select(topic_aliases.c.old_id).where(topic_aliases.c.topic_id == topic_id)
    is_it = or_(marks.c.subject_id == topic_id, marks.c.subject_id.in_(names))
    found = select(marks.c.id).where(_holds(), marks.c.subject == Subject.TOPIC, is_it)
    return db.execute(select(exists(found))).scalar_one()


def is_any_followed(db: Connection) -> bool:
    """Whether the owner follows anything at all."""
    return db.execute(_SOME_FOLLOWED).first() is not None


def marked_stories(kind: MarkKind) -> Select[tuple[int, datetime]]:
    """Return the question for the stories that are starred or followed: (story_id, since when)."""
    lives = func.coalesce(story_aliases.c.story_id, marks.c.subject_id)
    return (
        select(stories.c.id.label("story_id"), func.max(marks.c.made_at).label("made_at"))
        .select_from(marks)
        .outerjoin(story_aliases, story_aliases.c.old_id == marks.c.subject_id)
        .join(stories, stories.c.id == lives)
        .where(_holds(), marks.c.kind == kind, marks.c.subject == Subject.STORY)
        .group_by(stories.c.id)
    )


def followed_topics() -> Select[tuple[int, datetime]]:
    """Return the question for the topics that are followed: (topic_id, since when)."""
    lives = func.coalesce(topic_aliases.c.topic_id, marks.c.subject_id)
    return (
        select(topics.c.id.label("topic_id"), func.max(marks.c.made_at).label("made_at"))
        .select_from(marks)
        .outerjoin(topic_aliases, topic_aliases.c.old_id == marks.c.subject_id)
        .join(topics, topics.c.id == lives)
        .where(_holds(), marks.c.kind == MarkKind.FOLLOW, marks.c.subject == Subject.TOPIC)
        .group_by(topics.c.id)
    )


def followed_stories() -> Select[tuple[int]]:
    """Return the question for the ids of stories that are followed by themselves or with their topic."""
    themselves = marked_stories(MarkKind.FOLLOW).subquery()
    of_topics = followed_topics().subquery()
    with_topic = select(topic_stories.c.story_id).join(of_topics, of_topics.c.topic_id == topic_stories.c.topic_id)
    both = select(themselves.c.story_id).union(with_topic).subquery()
    return select(both.c.story_id)


def _holds() -> ColumnElement[bool]:
    return marks.c.ended_by.is_(None)


_OF_STORY = _holds() & (marks.c.subject == Subject.STORY)
_HELD = union_all(
    select(marks.c.subject_id, marks.c.kind).where(_OF_STORY, among_ids(marks.c.subject_id)),
    select(story_aliases.c.story_id, marks.c.kind)
    .join(marks, and_(_OF_STORY, marks.c.subject_id == story_aliases.c.old_id))
    .where(among_ids(story_aliases.c.story_id)),
)
_SOME_FOLLOWED = select(marks.c.id).where(_holds(), marks.c.kind == MarkKind.FOLLOW).limit(1)


def _went_into(db: Connection, here: ColumnElement[int], old: ColumnElement[int], an_id: int) -> list[int]:
    """Return the ids that lead to this one."""
    return list(db.execute(select(old).where(here == an_id)).scalars())


def _mark(db: Connection, act: Act, names: Sequence[int]) -> Act:
    kind = MarkKind.STAR if act.kind in (ActKind.STAR, ActKind.UNSTAR) else MarkKind.FOLLOW
    is_it = (marks.c.kind == kind) & (marks.c.subject == act.subject) & marks.c.subject_id.in_(names) & _holds()

    def begin(act_id: int) -> int:
        if db.execute(select(exists().where(is_it))).scalar():
            return 0
        values = {"kind": kind, "subject": act.subject, "subject_id": act.subject_id, "made_at": act.at}
        db.execute(insert(marks).values(**values, made_by=act_id))
        return 1

    def end(act_id: int) -> int:
        return db.execute(update(marks).where(is_it).values(ended_by=act_id)).rowcount

    return acts.keep(db, act, begin if act.kind in (ActKind.STAR, ActKind.FOLLOW) else end)
