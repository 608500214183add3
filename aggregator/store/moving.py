"""Articles that go from one story to another: true totals, ids that lead on, and ids that live again."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, exists, insert, select, update

from aggregator.store.schema import STATED_OF_STORIES, articles, memberships, stories, story_aliases
from aggregator.store.statements import chunks


@dataclass(frozen=True, slots=True)
class Fact:
    """What a story's totals are made of, for one member."""

    article_id: int
    publisher_id: int
    published_at: datetime
    is_copy: bool = False


def members_of(db: Connection, story_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """Return the articles of these stories; a story that is not there has none."""
    found: dict[int, set[int]] = {story_id: set() for story_id in story_ids}
    for some in chunks(sorted(story_ids)):
        question = select(memberships.c.story_id, memberships.c.article_id).where(memberships.c.story_id.in_(some))
        for row in db.execute(question):
            found[row.story_id].add(row.article_id)
    return {story_id: frozenset(there) for story_id, there in found.items()}


def stories_of(db: Connection, article_ids: Collection[int]) -> dict[int, int]:
    """Return the story of each of these articles; those in none are left out."""
    question = select(memberships.c.article_id, memberships.c.story_id)
    return {
        row.article_id: row.story_id
        for some in chunks(sorted(article_ids))
        for row in db.execute(question.where(memberships.c.article_id.in_(some)))
    }


def mend(db: Connection, story_ids: Collection[int]) -> None:
    """Make the totals of these stories true again after members left; stories left empty go away."""
    for some in chunks(sorted(story_ids)):
        facts = _facts_by_story(db, some)
        empty = [story_id for story_id in some if story_id not in facts]
        db.execute(delete(stories).where(stories.c.id.in_(empty)))
        rows = db.execute(select(stories).where(stories.c.id.in_(list(facts)))).mappings().all()
        changed = [{"of_story": row["id"], **_mended(row, facts[row["id"]])} for row in rows]
        if changed:
            db.execute(update(stories).where(stories.c.id == bindparam("of_story")), changed)


def redirect(db: Connection, into: Mapping[int, int], *, now: datetime) -> None:
    """End these stories: their members go along, and their ids lead to where those went, in one step for ever."""
    there = members_of(db, into.keys() | set(into.values()))
    living = {row.id for some in chunks(sorted(there)) for row in db.execute(_ids(some))}
    for old_id, story_id in into.items():
        if old_id in living and story_id in living:
            db.execute(update(memberships).where(memberships.c.story_id == old_id).values(story_id=story_id))
            db.execute(update(story_aliases).where(story_aliases.c.story_id == old_id).values(story_id=story_id))
            alias = {"old_id": old_id, "story_id": story_id, "into_id": story_id, "merged_at": now}
            db.execute(insert(story_aliases).values(alias))
            db.execute(delete(stories).where(stories.c.id == old_id))


def found(db: Connection, article_ids: Collection[int], like_id: int, *, now: datetime) -> int:
    """Return a new story for these articles, without members yet; it ranks like another until the next regroup."""
    like = db.execute(select(*STATED_OF_STORIES).where(stories.c.id == like_id)).mappings().one()
    first_id = min(article_ids)
    row = {**like, "founder_id": first_id, "lead_id": first_id, "created_at": now}
    [story_id] = db.execute(insert(stories).values(row)).inserted_primary_key or (0,)
    return int(story_id)


def revive(db: Connection, story_id: int, row: Mapping[str, Any]) -> None:
    """Let a story that had ended live again, without members yet; the ids that went into it lead to it again."""
    lives_in = select(story_aliases.c.story_id).where(story_aliases.c.old_id == story_id).scalar_subquery()
    beside = db.execute(select(story_aliases).where(story_aliases.c.story_id == lives_in)).all()
    went_into = {alias.old_id: alias.into_id for alias in beside}
    db.execute(insert(stories).values(id=story_id, **row))
    db.execute(delete(story_aliases).where(story_aliases.c.old_id == story_id))
    back = [old_id for old_id in went_into if old_id != story_id and _leads_through(went_into, old_id, story_id)]
    for some in chunks(back):
        db.execute(update(story_aliases).where(story_aliases.c.old_id.in_(some)).values(story_id=story_id))


def move(db: Connection, article_ids: Collection[int], story_id: int, *, now: datetime) -> None:
    """Put these articles into this story; evidence that names an article of another story is forgotten."""
    left = set(stories_of(db, article_ids).values())
    values = {"story_id": story_id, "joined_at": now, "wished_at": None}
    for some in chunks(sorted(article_ids)):
        db.execute(update(memberships).where(memberships.c.article_id.in_(some)).values(values))
    nearest = memberships.alias()
    is_near = exists().where(
        nearest.c.article_id == memberships.c.nearest_id, nearest.c.story_id == memberships.c.story_id
    )
    parted = memberships.c.story_id.in_({*left, story_id}) & memberships.c.nearest_id.is_not(None) & ~is_near
    db.execute(update(memberships).where(parted).values(nearest_id=None))


def _ids(some: Sequence[int]) -> Any:
    return select(stories.c.id).where(stories.c.id.in_(some))


def _leads_through(went_into: Mapping[int, int], old_id: int, story_id: int) -> bool:
    """Whether an id, followed from merge to merge, comes through this story."""
    seen: set[int] = set()
    while old_id in went_into and old_id not in seen:
        seen.add(old_id)
        old_id = went_into[old_id]
        if old_id == story_id:
            return True
    return False


def _facts_by_story(db: Connection, story_ids: Sequence[int]) -> dict[int, list[Fact]]:
    """Return the members of these stories, oldest first; a story without any is left out."""
    rows = db.execute(
        select(
            memberships.c.story_id,
            memberships.c.copy_of_id,
            articles.c.id,
            articles.c.publisher_id,
            articles.c.published_at,
        )
        .join(articles, articles.c.id == memberships.c.article_id)
        .where(memberships.c.story_id.in_(story_ids))
        .order_by(articles.c.published_at, articles.c.id)
    )
    facts = defaultdict(list)
    for row in rows:
        facts[row.story_id].append(Fact(row.id, row.publisher_id, row.published_at, row.copy_of_id is not None))
    return facts


def _mended(row: RowMapping, members: Sequence[Fact]) -> dict[str, Any]:
    there = {fact.article_id for fact in members}
    originals = [fact for fact in members if not fact.is_copy] or members
    first_id = originals[0].article_id
    return {
        "founder_id": row["founder_id"] if row["founder_id"] in there else first_id,
        "lead_id": row["lead_id"] if row["lead_id"] in there else first_id,
        "n_articles": len(members),
        "n_publishers": len({fact.publisher_id for fact in members}),
        "n_origins": len({fact.publisher_id for fact in originals}),
        "first_at": members[0].published_at,
        "last_at": members[-1].published_at,
    }
