"""Stories as pages show them."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    Connection,
    RowMapping,
    Select,
    bindparam,
    case,
    exists,
    func,
    literal,
    select,
    tuple_,
)

from aggregator.errors import NotFoundError
from aggregator.models.acts import MarkKind
from aggregator.models.evidence import Evidence
from aggregator.models.feeds import Publisher
from aggregator.models.front import FrontOrder
from aggregator.models.moments import moment_of
from aggregator.models.pages import ArticleLine, Outline, Report, StoryCard, StoryMember, StoryPage, TopicName
from aggregator.models.stories import Member
from aggregator.store import marks, mutes
from aggregator.store.articles import lines_of
from aggregator.store.digests import n_new_facts
from aggregator.store.schema import (
    Id,
    UtcTime,
    article_status,
    articles,
    memberships,
    publishers,
    stories,
    topic_stories,
    topics,
)
from aggregator.store.statements import among_ids, as_json, microseconds_of, tuples_of
from aggregator.store.stories import current_id

MOST_LINES = 5
"""Of a card, beside the first and the one that leads: who else tells a story of hundreds is found on its own page."""

BEGINNING_CHARS = 120
"""Of the text of an article without a title: enough to call it by."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a list of stories, the latest news first, goes on."""

    last_at: datetime
    story_id: int


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
    hidden: Sequence[int] | None = None,
) -> list[StoryCard]:
    """Return the stories with news since then, in this order, without what is muted now.

    `hidden` are those that are muted, where who asks has read them already.
    """
    muted = mutes.hidden_ids(db, now=now) if hidden is None else hidden
    ids = db.execute(_on_front(order, min_publishers), {"since": since, "hidden": muted, "n": limit})
    return _quieted(db, story_cards(db, ids.scalars().all()), now=now)


@cache
def _on_front(order: FrontOrder, min_publishers: int) -> Select[Any]:
    """Return the question for the ids of the stories on the front page, in this order."""
    is_along_index = order is FrontOrder.TOP and min_publishers == 2
    is_told = stories.c.is_shared if is_along_index else stories.c.n_publishers >= min_publishers
    wanted = select(stories.c.id).where(_IS_LATE, is_told, _IS_SHOWN)
    if order is FrontOrder.UNREAD:
        wanted = wanted.where(exists(_unread_members().where(memberships.c.story_id == stories.c.id)))
    return wanted.order_by(*_IN_ORDER[order]).limit(bindparam("n"))


def n_single(db: Connection, *, since: datetime, hidden: Sequence[int] = ()) -> int:
    """Return how many stories with news since then only one publisher covers, without those that are hidden."""
    place = {"since": since, "hidden": hidden}
    count: int = db.execute(_N_SINGLE, place).scalar_one()
    return count


def single_lines(db: Connection, *, since: datetime, limit: int, hidden: Sequence[int] = ()) -> list[ArticleLine]:
    """Return the lead articles of stories that only one publisher covers, by rank, without those that are hidden."""
    place = {"since": since, "hidden": hidden, "n": limit}
    wanted = db.execute(_SINGLE_LEADS, place).scalars().all()
    lines = {line.id: line for line in lines_of(db, wanted)}
    return [lines[article_id] for article_id in wanted]


_IS_LATE = stories.c.last_at >= bindparam("since")

_IS_SHOWN = ~among_ids(stories.c.id, "hidden")

_N_SINGLE = select(func.count()).select_from(stories).where(_IS_LATE, stories.c.n_publishers == 1, _IS_SHOWN)

_SINGLE_LEADS = (
    select(stories.c.lead_id).where(_IS_LATE, ~stories.c.is_shared, _IS_SHOWN).order_by(*_BY_RANK).limit(bindparam("n"))
)


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


def find_story(db: Connection, story_id: int) -> StoryPage:
    """Return the story with outlines of all its articles; NotFoundError where there is none of this id."""
    cards = story_cards(db, [story_id])
    if not cards:
        raise NotFoundError(f"There is no story with the number {story_id}.")
    [card] = cards
    kept = {
        each.article_id: each for each in _AS_MEMBERS.decode(db.execute(_MEMBERS, {"ids": [story_id]}).scalar_one())
    }
    made_by = {
        each.publisher_id: Publisher(
            each.publisher_id, kept[each.article_id].domain, kept[each.article_id].name, each.country
        )
        for each in card.reports
    }
    return StoryPage(
        card=card,
        members=tuple(_member(each, kept[each.article_id], made_by[each.publisher_id]) for each in card.reports),
    )


class _KeptMember(NamedTuple):
    """What is kept of a story's article, beside the report."""

    article_id: int
    score: float
    nearest_id: int | None
    copy_of_id: int | None
    evidence: Evidence | None
    title: str
    beginning: str
    domain: str
    name: str


_MEMBERS = (
    select(
        tuples_of(
            memberships.c.article_id,
            memberships.c.score,
            memberships.c.nearest_id,
            memberships.c.copy_of_id,
            as_json(case((func.json_array_length(memberships.c.evidence) > 0, memberships.c.evidence))),
            articles.c.title,
            case((func.trim(articles.c.title) == "", func.substr(articles.c.text, 1, BEGINNING_CHARS)), else_=""),
            publishers.c.domain,
            publishers.c.name,
        )
    )
    .join(articles, articles.c.id == memberships.c.article_id)
    .join(publishers, publishers.c.id == articles.c.publisher_id)
    .where(among_ids(memberships.c.story_id))
)
_AS_MEMBERS = msgspec.json.Decoder(list[_KeptMember])


def _member(report: Report, kept: _KeptMember, made_by: Publisher) -> StoryMember:
    return StoryMember(
        Outline(
            report.article_id,
            made_by,
            kept.title,
            kept.beginning,
            report.language,
            moment_of(report.published_us),
            report.is_read,
        ),
        Member(article_id=report.article_id, score=kept.score, nearest_id=kept.nearest_id, copy_of_id=kept.copy_of_id),
        kept.evidence,
    )


def find_card(db: Connection, story_id: int) -> StoryCard:
    """Return the story of this id, or that into which it was merged, as a card; NotFoundError where there is none."""
    there = current_id(db, story_id)
    cards = story_cards(db, [there] if there else [])
    if not cards:
        raise NotFoundError(f"There is no story with the number {story_id}.")
    return cards[0]


def story_cards(db: Connection, story_ids: Sequence[int]) -> list[StoryCard]:
    """Return these stories as cards, in this order; ids that are not there are left out."""
    rows = {row["id"]: row for row in db.execute(_STORIES, {"ids": story_ids}).mappings().all()}
    told = _told(db, list(rows))
    lines: dict[int, list[ArticleLine]] = defaultdict(list)
    shown = [each for story_id, of in told.items() for each in _shown_ids(of.reports, rows[story_id]["lead_id"])]
    for line in lines_of(db, shown):
        if line.story_id is not None:
            lines[line.story_id].append(line)
    topic_of = _topics(db, list(rows))
    held = marks.held(db, list(rows))
    n_new = n_new_facts(db, {each: of.read for each, of in told.items() if 0 < len(of.read) < len(of.reports)})
    return [
        _card(
            rows[story_id],
            lines[story_id],
            told[story_id],
            n_new_facts=n_new.get(story_id),
            topic=topic_of.get(story_id),
            held=held.get(story_id, ()),
        )
        for story_id in dict.fromkeys(story_ids)
        if story_id in lines
    ]


_STORIES = select(
    stories.c.id,
    stories.c.lead_id,
    stories.c.n_articles,
    stories.c.n_publishers,
    stories.c.n_origins,
    stories.c.last_at,
    stories.c.rank,
    stories.c.rank_terms,
).where(among_ids(stories.c.id))


_REPORTS = (
    select(
        memberships.c.story_id,
        tuples_of(
            microseconds_of(articles.c.published_at),
            articles.c.id,
            articles.c.publisher_id,
            microseconds_of(articles.c.first_seen_at),
            articles.c.language,
            publishers.c.country,
            article_status.c.read_at.is_not(None),
        ),
    )
    .join(articles, articles.c.id == memberships.c.article_id)
    .join(publishers, publishers.c.id == articles.c.publisher_id)
    .outerjoin(article_status, article_status.c.article_id == articles.c.id)
    .where(among_ids(memberships.c.story_id))
    .group_by(memberships.c.story_id)
)
"""The question for the members of stories as reports."""
_AS_REPORTS = msgspec.json.Decoder(list[Report], strict=False)
"""Truths are 0 and 1 on SQLite."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What all articles of a story say of it."""

    reports: tuple[Report, ...]
    """In the order they were published."""
    read: frozenset[int]
    """Ids of those that the owner read."""
    countries: tuple[str, ...]
    """Of their publishers, of the latest first."""


def _told(db: Connection, story_ids: Sequence[int]) -> dict[int, _Told]:
    """Return what the articles of each story say of it."""
    return {story_id: _told_by(reports) for story_id, reports in db.execute(_REPORTS, {"ids": story_ids}).all()}


@lru_cache(maxsize=64)
def _told_by(said: str) -> _Told:
    """Return what these reports say of their story: a front page asks the same of thirty whenever it is opened.

    Each report takes 0.4 kB. More than two front pages are not kept: each mark and each new article leaves what was
    said before behind.
    """
    reports = tuple(sorted(_AS_REPORTS.decode(said)))
    return _Told(
        reports,
        read=frozenset(each.article_id for each in reports if each.is_read),
        countries=tuple(dict.fromkeys(each.country for each in reversed(reports) if each.country)),
    )


def _shown_ids(reports: Sequence[Report], lead_id: int) -> set[int]:
    """Return the story's first article, its lead and, of the publishers that told it last, the newest of each."""
    led_by = {report.publisher_id for report in reports if report.article_id == lead_id}
    latest: dict[int, int] = {}
    for report in reversed(reports):
        if report.publisher_id not in led_by:
            latest.setdefault(report.publisher_id, report.article_id)
        if len(latest) == MOST_LINES:
            break
    return {reports[0].article_id, *latest.values(), *((lead_id,) if led_by else ())}


def _unread_members() -> Select[tuple[int]]:
    return (
        select(memberships.c.story_id)
        .outerjoin(article_status, article_status.c.article_id == memberships.c.article_id)
        .where(article_status.c.read_at.is_(None))
    )


def _quieted(db: Connection, cards: Sequence[StoryCard], *, now: datetime) -> list[StoryCard]:
    """Return the cards without lines of publishers that are muted there; another speaks for the story then."""
    silenced = mutes.silenced(db, [card.id for card in cards], now=now)
    return [_left_out(card, silenced) for card in cards] if silenced else list(cards)


def _left_out(card: StoryCard, silenced: Collection[tuple[int, int]]) -> StoryCard:
    lines = tuple(line for line in card.lines if (card.id, line.publisher.id) not in silenced)
    return replace(card, lines=lines, lead=lines[0], headline=lines[0].title) if lines else card


def _topics(db: Connection, story_ids: Sequence[int]) -> dict[int, TopicName]:
    """Return the topic of each story; a story without one is left out."""
    return {row.story_id: TopicName(row.id, row.name) for row in db.execute(_TOPICS, {"ids": story_ids}).all()}


_TOPICS = (
    select(topic_stories.c.story_id, topics.c.id, topics.c.name)
    .join(topics, topics.c.id == topic_stories.c.topic_id)
    .where(among_ids(topic_stories.c.story_id))
)


def _card(
    row: RowMapping,
    lines: Sequence[ArticleLine],
    told: _Told,
    *,
    n_new_facts: int | None,
    topic: TopicName | None,
    held: Collection[MarkKind],
) -> StoryCard:
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
        n_unread=len(told.reports) - len(told.read),
        countries=told.countries,
        first=newest_first[-1],
        last_at=row["last_at"],
        rank=row["rank"],
        rank_terms=row["rank_terms"],
        lines=shown,
        topic=topic,
        reports=told.reports,
        is_starred=MarkKind.STAR in held,
        is_followed=MarkKind.FOLLOW in held,
        n_new_facts=n_new_facts,
    )
