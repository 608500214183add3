"""Stories, their members and the aliases of those that were merged."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, exists, func, insert, select, update

from aggregator.errors import NotFoundError
from aggregator.models import (
    ArticleLine,
    KnownStory,
    Member,
    Merge,
    Regrouping,
    StoryCard,
    StoryDraft,
    StoryMember,
    StoryPage,
)
from aggregator.store.articles import find_articles
from aggregator.store.lines import line, select_lines
from aggregator.store.schema import articles, memberships, stories, story_aliases
from aggregator.store.settings import REGROUPED_AT, remember
from aggregator.store.statements import chunks, insert_into

_KEPT_OF_STORY = ("lead_id", "n_articles", "n_publishers", "n_origins", "first_at", "last_at", "rank", "rank_terms")
_KEPT_OF_MEMBER = ("story_id", "score", "nearest_id", "copy_of_id")


def known_stories(db: Connection, *, since: datetime) -> list[KnownStory]:
    """Return the stories that have a member published since then, by id."""
    rows = db.execute(
        select(memberships.c.story_id, memberships.c.article_id)
        .join(articles, articles.c.id == memberships.c.article_id)
        .where(articles.c.published_at >= since)
    )
    members = defaultdict(set)
    for row in rows:
        members[row.story_id].add(row.article_id)
    return [
        KnownStory(
            id=row["id"],
            founder_id=row["founder_id"],
            lead_id=row["lead_id"],
            article_ids=frozenset(members[row["id"]]),
            created_at=row["created_at"],
        )
        for row in _rows_of(db, sorted(members))
    ]


def save(db: Connection, regrouping: Regrouping, *, now: datetime) -> list[int]:
    """Keep the outcome of a regroup; return the ids of its stories, in its order.

    New stories get an id that was never used before. Members that are not in the regrouping (older than the window)
    stay. An article is in one story at most; one that was deleted while the regroup ran is left out. Rows that say
    the same as before are not written.
    """
    for merge in regrouping.merges:
        _merge(db, merge, now=now)
    drafts = _without_deleted(db, regrouping.stories)
    before = _memberships_of(db, [member.article_id for draft in drafts for member in draft.members])
    ids = _save_stories(db, drafts, now=now)
    _save_members(db, zip(ids, drafts, strict=True), before, now=now)
    _drop_empty(db, {row["story_id"] for row in before.values()})
    remember(db, REGROUPED_AT, now.isoformat())
    return ids


def front_page(db: Connection, *, since: datetime, limit: int, min_publishers: int = 2) -> list[StoryCard]:
    """Return the stories with news since then, by rank, best first."""
    best = (
        select(stories.c.id)
        .where(stories.c.last_at >= since, stories.c.n_publishers >= min_publishers)
        .order_by(stories.c.rank.desc(), stories.c.id)
        .limit(limit)
    )
    return story_cards(db, db.execute(best).scalars().all())


def n_single(db: Connection, *, since: datetime) -> int:
    """Return how many stories with news since then only one publisher covers."""
    single = (stories.c.last_at >= since) & (stories.c.n_publishers == 1)
    return db.execute(select(func.count()).where(single)).scalar() or 0


def find_story(db: Connection, story_id: int) -> StoryPage:
    """Return the story with all its articles, oldest first; NotFoundError where there is none of this id."""
    cards = story_cards(db, [story_id])
    if not cards:
        raise NotFoundError(f"There is no story with the number {story_id}.")
    places = db.execute(select(memberships).where(memberships.c.story_id == story_id)).mappings()
    by_article = {row["article_id"]: row for row in places}
    titles = {each.id: each.feed_title for each in _lines_of_stories(db, [story_id])[story_id]}
    return StoryPage(
        card=cards[0],
        members=tuple(
            StoryMember(article, _member(by_article[article.id]), titles[article.id])
            for article in find_articles(db, list(by_article))
        ),
    )


def current_id(db: Connection, story_id: int) -> int | None:
    """Return the id under which this story lives now, through any number of merges; None where it never was."""
    if db.execute(select(stories.c.id).where(stories.c.id == story_id)).scalar():
        return story_id
    return db.execute(select(story_aliases.c.story_id).where(story_aliases.c.old_id == story_id)).scalar()


def story_cards(db: Connection, story_ids: Sequence[int]) -> list[StoryCard]:
    """Return these stories as cards, in this order; ids that are not there are left out."""
    rows = {row["id"]: row for row in _rows_of(db, story_ids)}
    lines = _lines_of_stories(db, story_ids)
    return [_card(rows[story_id], lines[story_id]) for story_id in story_ids if story_id in rows and lines[story_id]]


def take_out(db: Connection, article_ids: Sequence[int]) -> None:
    """Take these articles out of their stories, which close over the gap or, left empty, go away."""
    touched = {row["story_id"] for row in _memberships_of(db, article_ids).values()}
    for some in chunks(article_ids):
        db.execute(delete(memberships).where(memberships.c.article_id.in_(some)))
    _drop_empty(db, touched)
    for story_id in sorted(touched):
        _close_over(db, story_id)


def _rows_of(db: Connection, story_ids: Sequence[int]) -> list[RowMapping]:
    return [
        row
        for some in chunks(story_ids)
        for row in db.execute(select(stories).where(stories.c.id.in_(some)).order_by(stories.c.id)).mappings()
    ]


def _lines_of_stories(db: Connection, story_ids: Sequence[int]) -> dict[int, list[ArticleLine]]:
    """Return the articles of each story as lines, newest first."""
    lines = defaultdict(list)
    newest = (articles.c.published_at.desc(), articles.c.id.desc())
    for some in chunks(story_ids):
        for row in db.execute(select_lines().where(memberships.c.story_id.in_(some)).order_by(*newest)).mappings():
            lines[int(row["story_id"])].append(line(row))
    return lines


def _card(row: RowMapping, lines: Sequence[ArticleLine]) -> StoryCard:
    lead = next((each for each in lines if each.id == row["lead_id"]), lines[0])
    by_publisher = {each.publisher.id: each for each in reversed(lines) if each.publisher.id != lead.publisher.id}
    others = sorted(by_publisher.values(), key=lambda each: (each.published_at, each.id), reverse=True)
    countries = dict.fromkeys(each.publisher.country for each in (lead, *others))
    return StoryCard(
        id=row["id"],
        headline=lead.title,
        lead=lead,
        n_articles=row["n_articles"],
        n_publishers=row["n_publishers"],
        n_origins=row["n_origins"],
        n_unread=sum(not each.is_read for each in lines),
        countries=tuple(country for country in countries if country),
        first=lines[-1],
        last_at=row["last_at"],
        rank=row["rank"],
        rank_terms=row["rank_terms"],
        lines=(lead, *others),
    )


def _member(row: RowMapping) -> Member:
    return Member(
        article_id=row["article_id"], score=row["score"], nearest_id=row["nearest_id"], copy_of_id=row["copy_of_id"]
    )


def _merge(db: Connection, merge: Merge, *, now: datetime) -> None:
    """Let one story go into another: its members, and every alias that led to it, lead there at once."""
    into = current_id(db, merge.into_id)
    is_there = db.execute(select(stories.c.id).where(stories.c.id == merge.old_id)).scalar()
    if into is None or is_there is None or into == merge.old_id:
        return
    for table in (memberships, story_aliases):
        db.execute(update(table).where(table.c.story_id == merge.old_id).values(story_id=into))
    db.execute(delete(stories).where(stories.c.id == merge.old_id))
    db.execute(insert(story_aliases).values(old_id=merge.old_id, story_id=into, merged_at=now))


def _without_deleted(db: Connection, drafts: Sequence[StoryDraft]) -> list[StoryDraft]:
    """Return the drafts whose articles are all still there; one that lost an article waits for the next regroup."""
    wanted = sorted({article_id for draft in drafts for article_id in _articles_of(draft)})
    there: set[int] = set()
    for some in chunks(wanted):
        there |= set(db.execute(select(articles.c.id).where(articles.c.id.in_(some))).scalars())
    return [draft for draft in drafts if there.issuperset(_articles_of(draft))]


def _articles_of(draft: StoryDraft) -> list[int]:
    return [draft.founder_id, draft.lead_id, *(member.article_id for member in draft.members)]


def _memberships_of(db: Connection, article_ids: Sequence[int]) -> dict[int, RowMapping]:
    return {
        row["article_id"]: row
        for some in chunks(article_ids)
        for row in db.execute(select(memberships).where(memberships.c.article_id.in_(some))).mappings()
    }


def _save_stories(db: Connection, drafts: Sequence[StoryDraft], *, now: datetime) -> list[int]:
    kept = {row["id"]: row for row in _rows_of(db, [draft.id for draft in drafts if draft.id is not None])}
    older = _n_older(db, drafts)
    return [_save_story(db, draft, kept.get(draft.id or 0), older.get(draft.id or 0, 0), now=now) for draft in drafts]


def _n_older(db: Connection, drafts: Sequence[StoryDraft]) -> dict[int, int]:
    """Return how many members each known story has beyond those in any draft: what is older than the window."""
    in_draft = {member.article_id for draft in drafts for member in draft.members}
    count: dict[int, int] = defaultdict(int)
    for some in chunks([draft.id for draft in drafts if draft.id is not None]):
        question = select(memberships.c.story_id, memberships.c.article_id).where(memberships.c.story_id.in_(some))
        for row in db.execute(question):
            count[row.story_id] += row.article_id not in in_draft
    return count


def _save_story(db: Connection, draft: StoryDraft, kept: RowMapping | None, n_older: int, *, now: datetime) -> int:
    values = {
        "founder_id": draft.founder_id,
        "lead_id": draft.lead_id,
        "n_articles": len(draft.members) + n_older,
        "n_publishers": draft.n_publishers,
        "n_origins": draft.n_origins,
        "first_at": draft.first_at,
        "last_at": draft.last_at,
        "rank": draft.rank,
        "rank_terms": dict(draft.rank_terms),
    }
    if kept is None:
        made = insert(stories).values(**values, created_at=now).returning(stories.c.id)
        return int(db.execute(made).scalar_one())
    if n_older:
        values["first_at"] = min(draft.first_at, kept["first_at"])
        for name in ("n_publishers", "n_origins"):
            values[name] = max(values[name], kept[name])
    changed = {name: values[name] for name in (*_KEPT_OF_STORY, "founder_id") if values[name] != kept[name]}
    if changed:
        db.execute(update(stories).where(stories.c.id == kept["id"]).values(**changed))
    return int(kept["id"])


def _save_members(
    db: Connection,
    saved: Iterable[tuple[int, StoryDraft]],
    before: Mapping[int, RowMapping],
    *,
    now: datetime,
) -> None:
    rows = []
    for story_id, draft in saved:
        for member in draft.members:
            row, kept = _member_row(story_id, member, now), before.get(member.article_id)
            if kept and kept["story_id"] == story_id:
                row["joined_at"] = kept["joined_at"]
            if kept is None or any(row[name] != kept[name] for name in _KEPT_OF_MEMBER):
                rows.append(row)
    if rows:
        add = insert_into(db, memberships)
        newer = {name: add.excluded[name] for name in (*_KEPT_OF_MEMBER, "joined_at")}
        db.execute(add.on_conflict_do_update(index_elements=["article_id"], set_=newer), rows)


def _member_row(story_id: int, member: Member, now: datetime) -> dict[str, Any]:
    return {
        "article_id": member.article_id,
        "story_id": story_id,
        "score": member.score,
        "nearest_id": member.nearest_id,
        "copy_of_id": member.copy_of_id,
        "joined_at": now,
    }


def _drop_empty(db: Connection, story_ids: Iterable[int]) -> None:
    for some in chunks(sorted(story_ids)):
        has_members = exists().where(memberships.c.story_id == stories.c.id)
        db.execute(delete(stories).where(stories.c.id.in_(some), ~has_members))


def _close_over(db: Connection, story_id: int) -> None:
    """Give a story that lost articles a founder and a lead among those it has, and count it anew."""
    members = db.execute(
        select(articles.c.id, articles.c.publisher_id, articles.c.published_at)
        .join(memberships, memberships.c.article_id == articles.c.id)
        .where(memberships.c.story_id == story_id)
        .order_by(articles.c.published_at, articles.c.id)
    ).all()
    if not members:
        return
    kept = _rows_of(db, [story_id])[0]
    ids, n_publishers = [row.id for row in members], len({row.publisher_id for row in members})
    values = {
        "founder_id": kept["founder_id"] if kept["founder_id"] in ids else ids[0],
        "lead_id": kept["lead_id"] if kept["lead_id"] in ids else ids[0],
        "n_articles": len(ids),
        "n_publishers": n_publishers,
        "n_origins": min(kept["n_origins"], n_publishers),
        "first_at": members[0].published_at,
        "last_at": members[-1].published_at,
    }
    db.execute(update(stories).where(stories.c.id == story_id).values(**values))
