"""Stories, their members and the aliases of those that were merged."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from itertools import chain
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    RowMapping,
    Select,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from aggregator.errors import NotFoundError
from aggregator.models.acts import MarkKind
from aggregator.models.front import FrontOrder
from aggregator.models.pages import ArticleLine, Report, StoryCard, StoryMember, StoryPage, TopicName
from aggregator.models.stories import KnownStory, Member, Merge, Regrouping, StoryDraft
from aggregator.store import marks, mutes
from aggregator.store.articles import find_articles, lines_of, lock_articles
from aggregator.store.changes import Moves, Past, record_moves, snapshot
from aggregator.store.digests import n_new_facts
from aggregator.store.evidence import unpacked
from aggregator.store.moving import Fact, mend, redirect
from aggregator.store.schema import (
    Id,
    UtcTime,
    article_status,
    articles,
    feeds,
    memberships,
    publishers,
    stories,
    story_aliases,
    topic_stories,
    topics,
)
from aggregator.store.settings import REGROUPED_ARTICLES, REGROUPED_AT, remember
from aggregator.store.statements import IDS, chunks, feed_title, insert_into

MOST_LINES = 5
"""Of a card, beside the first and the one that leads: who else tells a story of hundreds is found on its own page."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a list of stories, the latest news first, goes on."""

    last_at: datetime
    story_id: int


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


_BY_RANK = (stories.c.rank.desc(), stories.c.last_at.desc(), stories.c.id.desc())

_IN_ORDER = {
    FrontOrder.TOP: _BY_RANK,
    FrontOrder.NEWEST: (stories.c.last_at.desc(), stories.c.id.desc()),
    FrontOrder.PUBLISHERS: (stories.c.n_publishers.desc(), *_BY_RANK),
    FrontOrder.FIRST: (stories.c.first_at.desc(), stories.c.id.desc()),
    FrontOrder.UNREAD: _BY_RANK,
}


def front_page(
    db: Connection,
    *,
    since: datetime,
    limit: int,
    now: datetime,
    min_publishers: int = 2,
    order: FrontOrder = FrontOrder.TOP,
) -> list[StoryCard]:
    """Return the stories with news since then, in this order, without what is muted now."""
    place = {
        "since": since,
        "fewest": min_publishers,
        "hidden": mutes.hidden_ids(db, now=now),
        "n": limit,
    }
    ids = db.execute(_on_front(order), place)
    return _quieted(db, story_cards(db, ids.scalars().all()), now=now)


@cache
def _on_front(order: FrontOrder) -> Select[Any]:
    """Return the question for the ids of the stories on the front page, in this order."""
    wanted = select(stories.c.id).where(_IS_LATE, stories.c.n_publishers >= bindparam("fewest"), _IS_SHOWN)
    if order is FrontOrder.UNREAD:
        wanted = wanted.where(exists(_unread_members().where(memberships.c.story_id == stories.c.id)))
    return wanted.order_by(*_IN_ORDER[order]).limit(bindparam("n"))


def n_single(db: Connection, *, since: datetime, now: datetime) -> int:
    """Return how many stories with news since then only one publisher covers, without what is muted now."""
    place = {"since": since, "hidden": mutes.hidden_ids(db, now=now)}
    count: int = db.execute(_N_SINGLE, place).scalar_one()
    return count


def single_lines(db: Connection, *, since: datetime, limit: int, now: datetime) -> list[ArticleLine]:
    """Return the lead articles of stories that only one publisher covers, by rank, without what is muted now."""
    place = {"since": since, "hidden": mutes.hidden_ids(db, now=now), "n": limit}
    wanted = db.execute(_SINGLE_LEADS, place).scalars().all()
    lines = {line.id: line for line in lines_of(db, wanted)}
    return [lines[article_id] for article_id in wanted]


_IS_LATE = stories.c.last_at >= bindparam("since")
_IS_SHOWN = stories.c.id.not_in(bindparam("hidden", expanding=True))
_SINGLE = (_IS_LATE, stories.c.n_publishers == 1, _IS_SHOWN)
_N_SINGLE = select(func.count()).select_from(stories).where(*_SINGLE)
_BEST_SINGLE = select(stories.c.id).where(*_SINGLE).order_by(*_BY_RANK).limit(bindparam("n")).subquery()
_SINGLE_LEADS = select(stories.c.lead_id).join(_BEST_SINGLE, _BEST_SINGLE.c.id == stories.c.id).order_by(*_BY_RANK)
"""An index alone says which are best; who leads them is read of the few that are shown."""


def following(
    db: Connection, *, now: datetime, limit: int, after: Place | None = None, unread_only: bool = False
) -> list[StoryCard]:
    """Return the stories that the owner follows, by themselves or with their topic, the latest news first.

    What is muted now is left out. `after` is the last of the page before.
    """
    if not marks.is_any_followed(db):
        return []
    wanted = select(stories.c.id).where(
        stories.c.id.in_(marks.followed_stories()), stories.c.id.not_in(mutes.hidden(now=now))
    )
    if unread_only:
        wanted = wanted.where(exists(_unread_members().where(memberships.c.story_id == stories.c.id)))
    if after is not None:
        place = tuple_(literal(after.last_at, UtcTime), literal(after.story_id, Id))
        wanted = wanted.where(tuple_(stories.c.last_at, stories.c.id) < place)
    ordered = wanted.order_by(stories.c.last_at.desc(), stories.c.id.desc()).limit(limit)
    return _quieted(db, story_cards(db, db.execute(ordered).scalars().all()), now=now)


def find_story(db: Connection, story_id: int, *, is_whole: bool = True) -> StoryPage:
    """Return the story with all its articles, whole or as outlines; NotFoundError where there is none of this id."""
    cards = story_cards(db, [story_id])
    if not cards:
        raise NotFoundError(f"There is no story with the number {story_id}.")
    rows = db.execute(select(memberships).where(memberships.c.story_id == story_id)).mappings()
    members = {row["article_id"]: (_member(row), unpacked(row["evidence"])) for row in rows}
    titles = {row.id: row.title for row in db.execute(select(feeds.c.id, feed_title.label("title"))).all()}
    return StoryPage(
        card=cards[0],
        members=tuple(
            StoryMember(article, members[article.id][0], titles.get(article.feed_id), members[article.id][1])
            for article in find_articles(db, list(members), is_whole=is_whole)
        ),
    )


def current_id(db: Connection, story_id: int) -> int | None:
    """Return the id under which this story lives now, through any number of merges; None where it never was."""
    lives = select(stories.c.id).where(stories.c.id == story_id)
    went = select(story_aliases.c.story_id).where(story_aliases.c.old_id == story_id)
    found: int | None = db.execute(lives.union_all(went)).scalar()
    return found


def current_ids(db: Connection, story_ids: Sequence[int]) -> dict[int, int]:
    """Return under which id each of these stories lives now; those that live no more are left out."""
    found: dict[int, int] = {}
    for some in chunks(story_ids):
        found |= {each: each for each in db.execute(select(stories.c.id).where(stories.c.id.in_(some))).scalars()}
        went = select(story_aliases.c.old_id, story_aliases.c.story_id).where(story_aliases.c.old_id.in_(some))
        found |= {row.old_id: row.story_id for row in db.execute(went)}
    return found


def story_cards(db: Connection, story_ids: Sequence[int]) -> list[StoryCard]:
    """Return these stories as cards, in this order; ids that are not there are left out."""
    rows = {
        row["id"]: row for some in chunks(story_ids) for row in db.execute(_STORIES, {"ids": some}).mappings().all()
    }
    reports, read = _reports(db, list(rows))
    lines: dict[int, list[ArticleLine]] = defaultdict(list)
    shown = [each for story_id, of_story in reports.items() for each in _shown_ids(of_story, rows[story_id]["lead_id"])]
    for line in lines_of(db, shown):
        if line.story_id is not None:
            lines[line.story_id].append(line)
    topic_of = _topics(db, list(rows))
    held = marks.held(db, list(rows))
    n_new = n_new_facts(db, {each: read[each] for each in rows if 0 < len(read[each]) < len(reports[each])})
    cards = [
        replace(
            _card(rows[story_id], lines[story_id], reports[story_id], len(reports[story_id]) - len(read[story_id])),
            topic=topic_of.get(story_id),
            n_new_facts=n_new.get(story_id),
        )
        for story_id in dict.fromkeys(story_ids)
        if story_id in lines
    ]
    return [_held(card, held.get(card.id, ())) for card in cards]


_STORIES = select(stories).where(stories.c.id.in_(IDS))


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
            if row is not None and stays and _member(row) == member and (row["wished_at"] is not None) == waits:
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
    is_same_pair = row is not None and _member(row).nearest_id == member.nearest_id
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


def _member(row: RowMapping) -> Member:
    return Member(
        article_id=row["article_id"], score=row["score"], nearest_id=row["nearest_id"], copy_of_id=row["copy_of_id"]
    )


_REPORTS = (
    select(
        memberships.c.story_id,
        article_status.c.read_at.is_not(None),
        articles.c.id,
        articles.c.publisher_id,
        articles.c.published_at,
        articles.c.first_seen_at,
        articles.c.language,
        publishers.c.country,
    )
    .join(articles, articles.c.id == memberships.c.article_id)
    .join(publishers, publishers.c.id == articles.c.publisher_id)
    .outerjoin(article_status, article_status.c.article_id == articles.c.id)
    .where(memberships.c.story_id.in_(IDS))
)
"""The question for the members of stories as reports, each with its story and whether it was read."""


def _reports(db: Connection, story_ids: Sequence[int]) -> tuple[dict[int, list[Report]], dict[int, set[int]]]:
    """Return each story's articles in the order they were published, and which of them were read."""
    reports: dict[int, list[Report]] = defaultdict(list)
    read: dict[int, set[int]] = defaultdict(set)
    for some in chunks(story_ids):
        for story_id, is_read, *report in db.execute(_REPORTS, {"ids": some}).all():
            reports[story_id].append(Report._make(report))
            if is_read:
                read[story_id].add(report[0])
    for each in reports.values():
        each.sort(key=attrgetter("published_at", "article_id"))
    return reports, read


def _shown_ids(reports: Sequence[Report], lead_id: int) -> set[int]:
    """Return the story's first article, its lead and, of the publishers that told it last, the newest of each."""
    newest = {report.publisher_id: report.article_id for report in reports}
    led_by = next((report.publisher_id for report in reports if report.article_id == lead_id), None)
    newest.pop(led_by or 0, None)
    there = {report.article_id for report in reports}
    return {reports[0].article_id, *({lead_id} & there), *sorted(newest.values(), key=_place(reports))[-MOST_LINES:]}


def _place(reports: Sequence[Report]) -> Callable[[int], int]:
    place = {report.article_id: n for n, report in enumerate(reports)}
    return place.__getitem__


def _unread_members() -> Select[tuple[int]]:
    return (
        select(memberships.c.story_id)
        .outerjoin(article_status, article_status.c.article_id == memberships.c.article_id)
        .where(article_status.c.read_at.is_(None))
    )


def _held(card: StoryCard, held: Collection[MarkKind]) -> StoryCard:
    return replace(card, is_starred=MarkKind.STAR in held, is_followed=MarkKind.FOLLOW in held) if held else card


def _quieted(db: Connection, cards: Sequence[StoryCard], *, now: datetime) -> list[StoryCard]:
    """Return the cards without lines of publishers that are muted there; another speaks for the story then."""
    silenced = mutes.silenced(db, [card.id for card in cards], now=now)
    return [_left_out(card, silenced) for card in cards] if silenced else list(cards)


def _left_out(card: StoryCard, silenced: Collection[tuple[int, int]]) -> StoryCard:
    lines = tuple(line for line in card.lines if (card.id, line.publisher.id) not in silenced)
    return replace(card, lines=lines, lead=lines[0], headline=lines[0].title) if lines else card


def _topics(db: Connection, story_ids: Sequence[int]) -> dict[int, TopicName]:
    """Return the topic of each story; a story without one is left out."""
    return {
        row.story_id: TopicName(row.id, row.name)
        for some in chunks(story_ids)
        for row in db.execute(_TOPICS, {"ids": some}).all()
    }


_TOPICS = (
    select(topic_stories.c.story_id, topics.c.id, topics.c.name)
    .join(topics, topics.c.id == topic_stories.c.topic_id)
    .where(topic_stories.c.story_id.in_(IDS))
)


def _card(row: RowMapping, lines: Sequence[ArticleLine], reports: Sequence[Report], n_unread: int) -> StoryCard:
    newest_first = sorted(lines, key=lambda line: (line.published_at, line.id), reverse=True)
    lead = next((line for line in newest_first if line.id == row["lead_id"]), newest_first[0])
    by_publisher = {lead.publisher.id: lead}
    for line in newest_first:
        by_publisher.setdefault(line.publisher.id, line)
    shown = tuple(by_publisher.values())
    return StoryCard(
        id=row["id"],
        headline=lead.title,
        lead=lead,
        n_articles=row["n_articles"],
        n_publishers=row["n_publishers"],
        n_origins=row["n_origins"],
        n_unread=n_unread,
        countries=tuple(dict.fromkeys(report.country for report in reversed(reports) if report.country)),
        first=newest_first[-1],
        last_at=row["last_at"],
        rank=row["rank"],
        rank_terms=row["rank_terms"],
        lines=shown,
        reports=tuple(reports),
    )
