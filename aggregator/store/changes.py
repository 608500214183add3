"""The ledger: what changed in stories, by whom, and what undoing it needs. Nothing here is ever deleted."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, bindparam, insert, or_, select, union_all, update

from aggregator.errors import NotFoundError
from aggregator.models.corrections import Actor, Change, ChangeKind
from aggregator.store.moving import members_of
from aggregator.store.schema import STATED_OF_STORIES, Id, articles, changes, stories, story_aliases
from aggregator.store.statements import chunks

MAX_BYSTANDERS = 200
"""Articles that did not move themselves, kept per story and change: the newest say well enough which story it was."""


Moves = Mapping[tuple[int, int], Collection[int]]
"""Articles that leave a story for another, by the ids of both."""


@dataclass(frozen=True, slots=True)
class Past:
    """A story as it was before it changed."""

    row: Mapping[str, Any]
    headline: str
    article_ids: frozenset[int]


def snapshot(db: Connection, story_ids: Collection[int]) -> dict[int, Past]:
    """Return these stories as they are now; those that are not there are left out."""
    members = members_of(db, story_ids)
    question = select(stories, articles.c.title).join(articles, articles.c.id == stories.c.lead_id)
    return {
        row["id"]: Past(dict(row), row["title"], members[row["id"]])
        for some in chunks(sorted(story_ids))
        for row in db.execute(question.where(stories.c.id.in_(some))).mappings()
    }


def record_moves(
    db: Connection, moves: Moves, past: Mapping[int, Past], into: Mapping[int, int], *, now: datetime
) -> None:
    """Keep what a regroup moves; `into` names the stories that end, each with the one that its id leads to."""
    gone: dict[int, set[int]] = defaultdict(set)
    for (from_id, _), article_ids in moves.items():
        gone[from_id].update(article_ids)
    founded = headlines(db, [to_id for _, to_id in moves if to_id not in past])
    for (from_id, to_id), article_ids in sorted(moves.items()):
        is_end = into.get(from_id) == to_id
        change = Change(
            at=now,
            kind=ChangeKind.MERGE if is_end else ChangeKind.MOVE if to_id in past else ChangeKind.SPLIT,
            by=Actor.ENGINE,
            from_id=from_id,
            to_id=to_id,
            from_title=past[from_id].headline,
            to_title=past[to_id].headline if to_id in past else founded[to_id],
            moved_ids=tuple(article_ids),
            stayed_ids=tuple(past[from_id].article_ids - gone[from_id]),
            joined_ids=tuple(past[to_id].article_ids - gone[to_id]) if to_id in past else (),
        )
        record(db, change, ended=past[from_id].row if is_end else None)


def record(db: Connection, change: Change, *, ended: Mapping[str, Any] | None = None) -> Change:
    """Keep a change; return it with its number. `ended` is the row of the story that ended with it, if one did."""
    values = asdict(change) | {
        "stayed_ids": sorted(change.stayed_ids)[-MAX_BYSTANDERS:],
        "joined_ids": sorted(change.joined_ids)[-MAX_BYSTANDERS:],
        "moved_ids": sorted(change.moved_ids),
        "size": _size(change),
        "ended": _as_json(ended) if ended else None,
    }
    del values["id"]
    [change_id] = db.execute(insert(changes).values(values)).inserted_primary_key or (0,)
    return replace(change, id=int(change_id))


def latest(db: Connection, *, limit: int, before_id: int | None = None, with_small: bool = True) -> list[Change]:
    """Return the changes, newest first; without small ones, the engine's of a single article are left out."""
    question = select(changes)
    if before_id is not None:
        question = question.where(changes.c.id < before_id)
    if not with_small:
        question = question.where(or_(changes.c.size > 1, changes.c.by == Actor.OWNER))
    return _read(db, question.order_by(changes.c.id.desc()).limit(limit))


def of_story(db: Connection, story_id: int, *, limit: int) -> list[Change]:
    """Return the changes that name this story, or one that went into it, newest first."""
    return [_change(row) for row in db.execute(_NAMING, {"story": story_id, "n": limit}).mappings()]


_STORY = bindparam("story", type_=Id)
_NAMES = union_all(
    select(_STORY.label("id")), select(story_aliases.c.old_id).where(story_aliases.c.story_id == _STORY)
).subquery()
_NAMED = changes.alias()
_NAMING = (
    select(changes)
    .where(
        changes.c.id.in_(
            union_all(
                select(_NAMED.c.id).where(_NAMED.c.from_id.in_(select(_NAMES))),
                select(_NAMED.c.id).where(_NAMED.c.to_id.in_(select(_NAMES))),
            )
        )
    )
    .order_by(changes.c.id.desc())
    .limit(bindparam("n"))
)


def last_of_owner(db: Connection) -> Change | None:
    """Return the owner's newest correction that holds; undoing one is none."""
    holds = (changes.c.by == Actor.OWNER) & changes.c.undone_at.is_(None) & changes.c.undoes_id.is_(None)
    found = _read(db, select(changes).where(holds).order_by(changes.c.id.desc()).limit(1))
    return found[0] if found else None


def find_change(db: Connection, change_id: int) -> Change:
    """Return the change of this number; NotFoundError where there is none."""
    found = _read(db, select(changes).where(changes.c.id == change_id))
    if not found:
        raise NotFoundError(f"There is no change with the number {change_id}.")
    return found[0]


def has_ended(db: Connection, change_id: int) -> bool:
    """Whether a story ended with this change."""
    ends = changes.c.ended.is_not(None) & (changes.c.id == change_id)
    return db.execute(select(changes.c.id).where(ends)).scalar() is not None


def ended(db: Connection, change_id: int, article_ids: Collection[int]) -> dict[str, Any]:
    """Return the row of the story that ended with this change, as it was, founded and led by one of these articles."""
    kept = db.execute(select(changes.c.ended).where(changes.c.id == change_id)).scalar_one()
    row = {
        column.name: datetime.fromisoformat(kept[column.name]) if column.name.endswith("_at") else kept[column.name]
        for column in STATED_OF_STORIES
        if column.name in kept
    }
    speakers = {name: row[name] if row[name] in article_ids else min(article_ids) for name in ("founder_id", "lead_id")}
    return row | speakers


def mark_undone(db: Connection, change_id: int, at: datetime | None) -> None:
    """Keep that a change was undone, or, with None, that it holds again."""
    db.execute(update(changes).where(changes.c.id == change_id).values(undone_at=at))


def touched_by_owner(db: Connection, *, since: datetime) -> list[int]:
    """Return the articles that the owner moved, or let go back, since then: the next run has to look at them again."""
    lately = or_(changes.c.at >= since, changes.c.undone_at >= since)
    by_owner = _read(db, select(changes).where(changes.c.by == Actor.OWNER, lately))
    return sorted({article_id for change in by_owner for article_id in (*change.moved_ids, *change.stayed_ids)})


def headlines(db: Connection, story_ids: Sequence[int]) -> dict[int, str]:
    """Return the headline of each of these stories; those that are not there are left out."""
    question = select(stories.c.id, articles.c.title).join(articles, articles.c.id == stories.c.lead_id)
    return {
        row.id: row.title for some in chunks(story_ids) for row in db.execute(question.where(stories.c.id.in_(some)))
    }


def _read(db: Connection, question: Select[Any]) -> list[Change]:
    return [_change(row) for row in db.execute(question).mappings()]


def _change(row: RowMapping) -> Change:
    return Change(
        id=row["id"],
        at=row["at"],
        kind=ChangeKind(row["kind"]),
        by=Actor(row["by"]),
        from_id=row["from_id"],
        to_id=row["to_id"],
        from_title=row["from_title"],
        to_title=row["to_title"],
        moved_ids=tuple(row["moved_ids"]),
        stayed_ids=tuple(row["stayed_ids"]),
        joined_ids=tuple(row["joined_ids"]),
        undone_at=row["undone_at"],
        undoes_id=row["undoes_id"],
    )


def _size(change: Change) -> int:
    """Return how many articles are on the smallest side of those that the change parted or brought together."""
    sides = {
        ChangeKind.MERGE: (change.moved_ids, change.joined_ids),
        ChangeKind.SPLIT: (change.moved_ids, change.stayed_ids),
        ChangeKind.MOVE: (change.moved_ids,),
        ChangeKind.APART: (change.stayed_ids, change.joined_ids),
    }
    return min(map(len, sides[change.kind]))


def _as_json(row: Mapping[str, Any]) -> dict[str, Any]:
    values = {column.name: row[column.name] for column in STATED_OF_STORIES}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}
