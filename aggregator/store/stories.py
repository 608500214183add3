"""Stories, their members and the aliases of those that were merged."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    RowMapping,
    bindparam,
    delete,
    insert,
    or_,
    select,
    union_all,
    update,
)

from aggregator.models.stories import KnownStory, Member, Merge, Regrouping, StoryDraft
from aggregator.store.articles import lock_articles
from aggregator.store.changes import Moves, Past, record_moves, snapshot
from aggregator.store.moving import Fact, mend, redirect
from aggregator.store.schema import (
    Id,
    articles,
    memberships,
    stories,
    story_aliases,
)
from aggregator.store.settings import REGROUPED_ARTICLES, REGROUPED_AT, remember
from aggregator.store.statements import chunks, insert_into


def known_stories(db: Connection, story_ids: Collection[int] | None = None, *, since: datetime) -> list[KnownStory]:
    """Return the stories that have a member published since then, of these only where some are named, by id."""
    question = (
        select(
            memberships.c.article_id,
            memberships.c.story_id,
            memberships.c.copy_of_id.is_not(None).label("is_copy"),
            memberships.c.wished_at.is_not(None).label("is_waiting"),
            stories.c.founder_id,
            stories.c.lead_id,
            stories.c.created_at,
            stories.c.last_at,
            stories.c.n_articles,
        )
        .select_from(articles)
        .join(memberships, memberships.c.article_id == articles.c.id)
        .join(stories, stories.c.id == memberships.c.story_id)
        .where(articles.c.published_at >= since)
    )
    members = defaultdict(list)
    questions = (
        [question]
        if story_ids is None
        else [question.where(memberships.c.story_id.in_(some)) for some in chunks(sorted(story_ids))]
    )
    for row in chain.from_iterable(map(db.execute, questions)):
        members[row.story_id].append(row)
    return [_known_story(members[story_id]) for story_id in sorted(members)]


def waiting(db: Connection, *, since: datetime) -> list[int]:
    """Return the articles published since then that the last run would have moved: the next one has to look again."""
    found = (
        select(memberships.c.article_id)
        .join(articles, articles.c.id == memberships.c.article_id)
        .where(memberships.c.wished_at.is_not(None), articles.c.published_at >= since)
    )
    return sorted(db.execute(found).scalars())


def save(db: Connection, regrouping: Regrouping, *, n_articles: int, encoder: str | None, now: datetime) -> list[int]:
    """Keep the outcome of a regroup; return the ids of its stories, in its order.

    New stories get an id that was never used before. Members not in the regrouping (older than the window) stay.
    An article is in one story at most. Rows that say the same as before are not written. Articles that were deleted
    since the regroup began are left out, and so are stories that have none but such. A story that all its articles
    left leads to where most of them went. Whatever left a story is written into the ledger.
    """
    drafts = _without_deleted(db, regrouping.stories)
    into = _targets(regrouping.merges, drafts)
    before = _memberships(db, drafts, into)
    older = _older_members(before, drafts, into)
    past = snapshot(db, _touched(drafts, before, into))
    ids = _keep_stories(db, drafts, _values(db, drafts, older), now=now)
    by_id = dict(zip(ids, drafts, strict=True))
    moves = _moves(by_id, before, into)
    into |= _emptied(moves, past, living=set(ids))
    record_moves(db, moves, past, into, now=now)
    _keep_members(db, by_id, before, regrouping.waiting, now=now)
    redirect(db, into, now=now)
    mend(db, ({from_id for from_id, _ in moves} | set(into.values())) - set(ids))
    remember(db, REGROUPED_AT, now.isoformat())
    remember(db, REGROUPED_ARTICLES, str(n_articles))
    remember(db, "regrouped_by", encoder)
    return ids


def current_id(db: Connection, story_id: int) -> int | None:
    """Return the id under which this story lives now, through any number of merges; None where it never was."""
    found: int | None = db.execute(_CURRENT, {"story": story_id}).scalar()
    return found


_STORY = bindparam("story", type_=Id)
_CURRENT = union_all(
    select(stories.c.id).where(stories.c.id == _STORY),
    select(story_aliases.c.story_id).where(story_aliases.c.old_id == _STORY),
)
"""Built once: that takes longer than to answer it."""


def current_ids(db: Connection, story_ids: Sequence[int]) -> dict[int, int]:
    """Return under which id each of these stories lives now; those that live no more are left out."""
    found: dict[int, int] = {}
    for some in chunks(story_ids):
        found |= {each: each for each in db.execute(select(stories.c.id).where(stories.c.id.in_(some))).scalars()}
        went = select(story_aliases.c.old_id, story_aliases.c.story_id).where(story_aliases.c.old_id.in_(some))
        found |= {row.old_id: row.story_id for row in db.execute(went)}
    return found


def take_out(db: Connection, article_ids: Sequence[int]) -> None:
    """Take these articles out of their stories, which close over the gap or, left empty, go away."""
    left: set[int] = set()
    for some in chunks(article_ids):
        left |= set(db.execute(select(memberships.c.story_id).where(memberships.c.article_id.in_(some))).scalars())
        speaks = or_(stories.c.founder_id.in_(some), stories.c.lead_id.in_(some))
        left |= set(db.execute(select(stories.c.id).where(speaks)).scalars())
        db.execute(delete(memberships).where(memberships.c.article_id.in_(some)))
    mend(db, left)


def _known_story(rows: Sequence[Row[Any]]) -> KnownStory:
    return KnownStory(
        id=rows[0].story_id,
        founder_id=rows[0].founder_id,
        lead_id=rows[0].lead_id,
        article_ids=frozenset(row.article_id for row in rows),
        created_at=rows[0].created_at,
        last_at=rows[0].last_at,
        n_older=rows[0].n_articles - len(rows),
        copy_ids=frozenset(row.article_id for row in rows if row.is_copy),
        waiting_ids=frozenset(row.article_id for row in rows if row.is_waiting),
    )


def _without_deleted(db: Connection, drafts: Sequence[StoryDraft]) -> list[StoryDraft]:
    """Return the drafts without articles that are not there any more; those that are stay until the end."""
    named = {
        article_id
        for draft in drafts
        for article_id in (draft.founder_id, draft.lead_id, *(member.article_id for member in draft.members))
    }
    named |= {other for draft in drafts for member in draft.members for other in _evidence(member)}
    there = lock_articles(db, sorted(named))
    if there == named:
        return [draft for draft in drafts if draft.members]
    whole = [_without(draft, there) for draft in drafts]
    return [draft for draft in whole if draft.members]


def _evidence(member: Member) -> set[int]:
    return {other for other in (member.nearest_id, member.copy_of_id) if other is not None}


def _without(draft: StoryDraft, there: Collection[int]) -> StoryDraft:
    members = tuple(
        replace(
            member,
            nearest_id=member.nearest_id if member.nearest_id in there else None,
            copy_of_id=member.copy_of_id if member.copy_of_id in there else None,
        )
        for member in draft.members
        if member.article_id in there
    )
    first = members[0].article_id if members else 0
    return replace(
        draft,
        members=members,
        founder_id=draft.founder_id if draft.founder_id in there else first,
        lead_id=draft.lead_id if draft.lead_id in there else first,
    )


def _targets(merges: Sequence[Merge], drafts: Iterable[StoryDraft]) -> dict[int, int]:
    """Return into which story each merged one goes in the end; a story that lives on is not merged."""
    living = {draft.id for draft in drafts}
    step = {merge.old_id: merge.into_id for merge in merges if merge.old_id not in living}
    final = {}
    for old_id in step:
        seen, story_id = {old_id}, step[old_id]
        while story_id in step and story_id not in seen:
            seen.add(story_id)
            story_id = step[story_id]
        if story_id not in step:
            final[old_id] = story_id
    return final


def _memberships(db: Connection, drafts: Iterable[StoryDraft], into: Mapping[int, int]) -> dict[int, RowMapping]:
    """Return the memberships, by article, of these stories and of these articles in whatever story they are."""
    story_ids = {draft.id for draft in drafts if draft.id is not None} | into.keys() | set(into.values())
    found = {
        row["article_id"]: row
        for some in chunks(sorted(story_ids))
        for row in db.execute(select(memberships).where(memberships.c.story_id.in_(some))).mappings()
    }
    elsewhere = [member.article_id for draft in drafts for member in draft.members if member.article_id not in found]
    for some in chunks(elsewhere):
        for row in db.execute(select(memberships).where(memberships.c.article_id.in_(some))).mappings():
            found[row["article_id"]] = row
    return found


def _older_members(
    before: Mapping[int, RowMapping], drafts: Iterable[StoryDraft], into: Mapping[int, int]
) -> dict[int, list[int]]:
    """Return the members, by story, that the regrouping does not speak of; those of merged stories come along."""
    spoken_of = {member.article_id for draft in drafts for member in draft.members}
    older = defaultdict(list)
    for article_id, row in before.items():
        if article_id not in spoken_of:
            older[into.get(row["story_id"], row["story_id"])].append(article_id)
    return older


def _values(db: Connection, drafts: Sequence[StoryDraft], older: Mapping[int, Sequence[int]]) -> list[dict[str, Any]]:
    """Return the columns of each draft's row, counting its older members in."""
    grown = [draft for draft in drafts if draft.id in older]
    ids = [member.article_id for draft in grown for member in draft.members]
    facts = _facts(db, [*ids, *(article_id for draft in grown for article_id in older[draft.id or 0])])
    return [_story_values(draft, [facts[each] for each in older.get(draft.id or 0, ())], facts) for draft in drafts]


def _story_values(draft: StoryDraft, older: Sequence[Fact], facts: Mapping[int, Fact]) -> dict[str, Any]:
    n_publishers = draft.n_publishers
    if older:
        publisher_ids = {fact.publisher_id for fact in older}
        n_publishers = len(publisher_ids | {facts[member.article_id].publisher_id for member in draft.members})
    return {
        "founder_id": draft.founder_id,
        "lead_id": draft.lead_id,
        "n_articles": len(draft.members) + len(older),
        "n_publishers": n_publishers,
        "n_origins": n_publishers - (draft.n_publishers - draft.n_origins),
        "first_at": min([draft.first_at, *(fact.published_at for fact in older)]),
        "last_at": draft.last_at,
        "rank": draft.rank,
        "rank_terms": dict(draft.rank_terms),
    }


def _facts(db: Connection, article_ids: Sequence[int]) -> dict[int, Fact]:
    question = select(articles.c.id, articles.c.publisher_id, articles.c.published_at)
    return {
        row.id: Fact(row.id, row.publisher_id, row.published_at)
        for some in chunks(article_ids)
        for row in db.execute(question.where(articles.c.id.in_(some)))
    }


def _keep_stories(
    db: Connection, drafts: Sequence[StoryDraft], values: Sequence[dict[str, Any]], *, now: datetime
) -> list[int]:
    """Write the rows that are new or changed; return the stories' ids in order."""
    there = {
        row["id"]: row
        for some in chunks([draft.id for draft in drafts if draft.id is not None])
        for row in db.execute(select(stories).where(stories.c.id.in_(some))).mappings()
    }
    changed = [
        {"id": draft.id, "created_at": now, **row}
        for draft, row in zip(drafts, values, strict=True)
        if draft.id is not None and not _says(there.get(draft.id), row)
    ]
    if changed:
        keep = insert_into(db, stories)
        newer = {name: keep.excluded[name] for name in values[0]}
        db.execute(keep.on_conflict_do_update(index_elements=["id"], set_=newer), changed)
    fresh = [{"created_at": now, **row} for draft, row in zip(drafts, values, strict=True) if draft.id is None]
    minted = iter(_mint(db, fresh))
    return [next(minted) if draft.id is None else draft.id for draft in drafts]


def _says(row: RowMapping | None, values: Mapping[str, Any]) -> bool:
    return row is not None and all(row[name] == value for name, value in values.items())


def _mint(db: Connection, rows: Sequence[dict[str, Any]]) -> Sequence[int]:
    if not rows:
        return []
    return db.execute(insert(stories).returning(stories.c.id, sort_by_parameter_order=True), rows).scalars().all()


def _touched(drafts: Iterable[StoryDraft], before: Mapping[int, RowMapping], into: Mapping[int, int]) -> set[int]:
    """Return the stories that articles leave or join, as far as they are known."""
    touched = into.keys() | set(into.values())
    for draft in drafts:
        left = {before[member.article_id]["story_id"] for member in draft.members if member.article_id in before}
        if left - {draft.id}:
            touched |= left | ({draft.id} if draft.id is not None else set())
    return touched


def _moves(by_id: Mapping[int, StoryDraft], before: Mapping[int, RowMapping], into: Mapping[int, int]) -> Moves:
    """Return the articles that leave a story for another, by both."""
    place = {member.article_id: story_id for story_id, draft in by_id.items() for member in draft.members}
    moves = defaultdict(list)
    for article_id, row in before.items():
        from_id = row["story_id"]
        to_id = place.get(article_id, into.get(from_id, from_id))
        if to_id != from_id:
            moves[from_id, to_id].append(article_id)
    return moves


def _emptied(moves: Moves, past: Mapping[int, Past], *, living: Collection[int]) -> dict[int, int]:
    """Return the stories that all members leave, each with the story that most of them go to."""
    leaving: dict[int, dict[int, int]] = defaultdict(dict)
    for (from_id, to_id), article_ids in moves.items():
        leaving[from_id][to_id] = len(article_ids)
    return {
        from_id: max(counts, key=lambda to_id: (counts[to_id], -to_id))
        for from_id, counts in leaving.items()
        if from_id not in living and sum(counts.values()) == len(past[from_id].article_ids)
    }


def _keep_members(
    db: Connection,
    drafts: Mapping[int, StoryDraft],
    before: Mapping[int, RowMapping],
    waiting_ids: Collection[int],
    *,
    now: datetime,
) -> None:
    """Write the memberships that are new or changed."""
    rows = []
    for story_id, draft in drafts.items():
        for member in draft.members:
            row = before.get(member.article_id)
            stays = row is not None and row["story_id"] == story_id
            waits = member.article_id in waiting_ids
            if row is not None and stays and member_in(row) == member and (row["wished_at"] is not None) == waits:
                continue
            joined_at = row["joined_at"] if row is not None and stays else now
            kept = {"wished_at": now if waits else None, "evidence": _evidence_for(member, row)}
            rows.append(_membership(member, story_id, joined_at) | kept)
    if rows:
        keep = insert_into(db, memberships)
        newer = {name: keep.excluded[name] for name in rows[0] if name != "article_id"}
        db.execute(keep.on_conflict_do_update(index_elements=["article_id"], set_=newer), rows)
    for some in chunks(sorted(waiting_ids)):
        unsaid = memberships.c.article_id.in_(some) & memberships.c.wished_at.is_(None)
        db.execute(update(memberships).where(unsaid).values(wished_at=now))


def _evidence_for(member: Member, row: RowMapping | None) -> Any:
    """Return what was said of the same pair before; None where it has to be worked out."""
    is_same_pair = row is not None and member_in(row).nearest_id == member.nearest_id
    return row["evidence"] if row is not None and is_same_pair else None


def _membership(member: Member, story_id: int, joined_at: datetime) -> dict[str, Any]:
    return {
        "article_id": member.article_id,
        "story_id": story_id,
        "score": member.score,
        "nearest_id": member.nearest_id,
        "copy_of_id": member.copy_of_id,
        "joined_at": joined_at,
    }


def member_in(row: RowMapping) -> Member:
    """Return what a membership says of its article."""
    return Member(
        article_id=row["article_id"], score=row["score"], nearest_id=row["nearest_id"], copy_of_id=row["copy_of_id"]
    )
