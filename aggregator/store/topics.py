"""Topics, their stories, and the aliases of those that were merged."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, literal, select, tuple_, update

from aggregator.errors import NotFoundError
from aggregator.models.pages import StoryCard, TopicLine, TopicPage
from aggregator.models.topics import ArticleSample, KnownTopic, Retopicking, TopicDraft, TopicStory
from aggregator.store import marks
from aggregator.store.articles import lines_of
from aggregator.store.schema import (
    Id,
    UtcTime,
    articles,
    memberships,
    publishers,
    stories,
    topic_aliases,
    topic_stories,
    topics,
)
from aggregator.store.settings import REGROUPED_AT, recall, remember
from aggregator.store.showing import Place, story_cards
from aggregator.store.statements import chunks, insert_into

N_SAMPLE = 5
"""Articles of a story that stand for it, the earliest that are no copies: the later ones say the same again."""

SAMPLE_CHARS = 300
"""Of the text of each: what happened is said first."""

MADE_AT = "topics_made_at"


def stories_for_topics(db: Connection, *, since: datetime, limit: int) -> list[TopicStory]:
    """Return the stories with news since then that two publishers or three articles tell, by id.

    Where there are more than `limit`, those of the most publishers, then those with the latest news.
    """
    is_told = (stories.c.n_publishers >= 2) | (stories.c.n_articles >= 3)
    rows = db.execute(
        select(stories.c.id, stories.c.n_articles)
        .where(stories.c.last_at >= since, is_told)
        .order_by(stories.c.n_publishers.desc(), stories.c.last_at.desc(), stories.c.id)
        .limit(limit)
    )
    n_articles = {row.id: row.n_articles for row in rows}
    samples = _samples(db, sorted(n_articles))
    return [
        TopicStory(id=story_id, n_articles=n_articles[story_id], sample=tuple(sample))
        for story_id, sample in samples.items()
    ]


def known_topics(db: Connection, *, since: datetime, story_ids: Collection[int]) -> list[KnownTopic]:
    """Return the topics that had news since then, by id, each with which of these stories it has."""
    # Put in order here: asked to do it, SQLite walks through every topic there ever was.
    found = db.execute(select(topics).where(topics.c.last_at >= since)).mappings()
    held = defaultdict(set)
    for story_id, topic_id in _topic_of(db, story_ids).items():
        held[topic_id].add(story_id)
    return [
        KnownTopic(id=row["id"], name=row["name"], words=row["words"], story_ids=frozenset(held[row["id"]]))
        for row in sorted(found, key=lambda row: int(row["id"]))
    ]


def save(db: Connection, made: Retopicking, *, seen: Collection[int], now: datetime) -> list[int]:
    """Keep the outcome of making topics; return the topics' ids, in its order.

    `seen` are the stories that were looked at: those in no topic now leave the one they had. Others stay where they
    were. New topics get an id that was never used before. Stories deleted meanwhile are left out.
    """
    last_at = _last_at(db, seen)
    drafts = [draft for draft in made.topics if any(story_id in last_at for story_id in draft.story_ids)]
    ids = _keep_topics(db, drafts, last_at, now=now)
    _keep_stories(db, dict(zip(ids, drafts, strict=True)), last_at.keys())
    for merge in made.merges:
        if merge.into_id in ids:
            _merge(db, merge.old_id, merge.into_id, now=now)
    remember(db, MADE_AT, now.isoformat())
    return ids


def are_due(db: Connection, *, every: timedelta, now: datetime) -> bool:
    """Return whether stories were grouped since topics were last made, and that is long enough ago."""
    regrouped_at, made_at = recall(db, REGROUPED_AT), recall(db, MADE_AT)
    if regrouped_at is None or made_at is None:
        return regrouped_at is not None
    made = datetime.fromisoformat(made_at)
    # A clock that was put back must not keep topics waiting until it has caught up.
    return datetime.fromisoformat(regrouped_at) > made and not timedelta() <= now - made < every


def topic_lines(db: Connection, *, since: datetime, limit: int) -> list[TopicLine]:
    """Return the topics with news since then: those of the most stories first."""
    found = select(topics.c.id, topics.c.name, topics.c.words).where(topics.c.last_at >= since)
    rows = {row.id: row for row in db.execute(found)}
    counts = _counts(db, list(rows), since)
    ordered = sorted(counts, key=lambda topic_id: (-counts[topic_id][0], -counts[topic_id][1].timestamp(), topic_id))
    shown = ordered[:limit]
    first_at, lead_id = _first_at(db, shown), _newest_leads(db, shown)
    leads = {line.id: line for line in lines_of(db, list(lead_id.values()))}
    return [
        TopicLine(
            id=topic_id,
            name=rows[topic_id].name,
            n_stories=counts[topic_id][0],
            first_at=first_at[topic_id],
            last_at=counts[topic_id][1],
            newest=leads[lead_id[topic_id]],
            words=rows[topic_id].words,
        )
        for topic_id in shown
    ]


def followed_topics(db: Connection) -> list[TopicPage]:
    """Return the topics that the owner follows, the latest news first."""
    followed = marks.followed_topics().subquery()
    n_stories = func.count(topic_stories.c.story_id).label("n_stories")
    rows = db.execute(
        select(topics.c.id, topics.c.name, topics.c.last_at, n_stories)
        .join(followed, followed.c.topic_id == topics.c.id)
        .outerjoin(topic_stories, topic_stories.c.topic_id == topics.c.id)
        .group_by(topics.c.id)
        .order_by(topics.c.last_at.desc(), topics.c.id)
    ).all()
    first_at = _first_at(db, [row.id for row in rows])
    return [
        TopicPage(
            id=row.id,
            name=row.name,
            n_stories=row.n_stories,
            first_at=first_at.get(row.id),
            last_at=row.last_at,
            is_followed=True,
        )
        for row in rows
    ]


def find_topic(db: Connection, topic_id: int) -> TopicPage:
    """Return the topic; NotFoundError where there is none of this id."""
    row = db.execute(select(topics).where(topics.c.id == topic_id)).mappings().first()
    if row is None:
        raise NotFoundError(f"There is no topic with the number {topic_id}.")
    has = topic_stories.c.topic_id == topic_id
    n_stories = db.execute(select(func.count()).select_from(topic_stories).where(has)).scalar_one()
    first_at = _first_at(db, [topic_id]).get(topic_id)
    return TopicPage(
        id=topic_id,
        name=row["name"],
        n_stories=n_stories,
        first_at=first_at,
        last_at=row["last_at"],
        is_followed=marks.is_topic_followed(db, topic_id),
    )


def stories_of_topic(db: Connection, topic_id: int, *, limit: int, after: Place | None = None) -> list[StoryCard]:
    """Return the topic's stories, those with the latest news first; `after` is the last of the page before."""
    ids = (
        select(stories.c.id)
        .join(topic_stories, topic_stories.c.story_id == stories.c.id)
        .where(topic_stories.c.topic_id == topic_id)
    )
    if after is not None:
        mark = tuple_(literal(after.last_at, UtcTime), literal(after.story_id, Id))
        ids = ids.where(tuple_(stories.c.last_at, stories.c.id) < mark)
    ordered = ids.order_by(stories.c.last_at.desc(), stories.c.id.desc()).limit(limit)
    return story_cards(db, db.execute(ordered).scalars().all())


def current_id(db: Connection, topic_id: int) -> int | None:
    """Return the id under which this topic lives now, through any number of merges; None where it never was."""
    lives = select(topics.c.id).where(topics.c.id == topic_id)
    went = select(topic_aliases.c.topic_id).where(topic_aliases.c.old_id == topic_id)
    found: int | None = db.execute(lives.union_all(went)).scalar()
    return found


def _samples(db: Connection, story_ids: Sequence[int]) -> dict[int, list[ArticleSample]]:
    """Return the articles that stand for each story, earliest first; a story without any is left out."""
    is_copy = memberships.c.copy_of_id.is_not(None)
    place = func.row_number().over(
        partition_by=memberships.c.story_id, order_by=(is_copy, articles.c.published_at, articles.c.id)
    )
    text = func.substr(articles.c.text, 1, SAMPLE_CHARS).label("text")
    what = (memberships.c.story_id, articles.c.id, articles.c.title, text, articles.c.language, publishers.c.domain)
    members = (
        select(*what, place.label("place"))
        .join(articles, articles.c.id == memberships.c.article_id)
        .join(publishers, publishers.c.id == articles.c.publisher_id)
    )
    samples: dict[int, list[ArticleSample]] = defaultdict(list)
    for some in chunks(story_ids):
        ranked = members.where(memberships.c.story_id.in_(some)).subquery()
        chosen = select(ranked).where(ranked.c.place <= N_SAMPLE).order_by(ranked.c.story_id, ranked.c.place)
        for row in db.execute(chosen):
            samples[row.story_id].append(
                ArticleSample(id=row.id, title=row.title, text=row.text, publisher=row.domain, language=row.language)
            )
    return samples


def _topic_of(db: Connection, story_ids: Collection[int]) -> dict[int, int]:
    return {
        row.story_id: row.topic_id
        for some in chunks(sorted(story_ids))
        for row in db.execute(select(topic_stories).where(topic_stories.c.story_id.in_(some)))
    }


def _last_at(db: Connection, story_ids: Collection[int]) -> dict[int, datetime]:
    """Return when these stories had their latest news; those that are there stay until the transaction ends."""
    question = select(stories.c.id, stories.c.last_at).with_for_update(read=True, key_share=True)
    return {
        row.id: row.last_at
        for some in chunks(sorted(story_ids))
        for row in db.execute(question.where(stories.c.id.in_(some)))
    }


def _keep_topics(
    db: Connection, drafts: Sequence[TopicDraft], last_at: Mapping[int, datetime], *, now: datetime
) -> list[int]:
    values = [
        {
            "name": draft.name,
            "words": dict(draft.words),
            "last_at": max(last_at[story_id] for story_id in draft.story_ids if story_id in last_at),
        }
        for draft in drafts
    ]
    fresh = [{**row, "created_at": now} for draft, row in zip(drafts, values, strict=True) if draft.id is None]
    minting = insert(topics).returning(topics.c.id, sort_by_parameter_order=True)
    minted = iter(db.execute(minting, fresh).scalars().all() if fresh else ())
    for draft, row in zip(drafts, values, strict=True):
        if draft.id is not None:
            db.execute(update(topics).where(topics.c.id == draft.id).values(row))
    return [next(minted) if draft.id is None else draft.id for draft in drafts]


def _keep_stories(db: Connection, drafts: Mapping[int, TopicDraft], seen: Collection[int]) -> None:
    """Write which of the stories that were seen is in which topic, where that changed."""
    before = _topic_of(db, seen)
    after = {story_id: topic_id for topic_id, draft in drafts.items() for story_id in draft.story_ids}
    for some in chunks([story_id for story_id in before if story_id not in after]):
        db.execute(delete(topic_stories).where(topic_stories.c.story_id.in_(some)))
    rows = [
        {"story_id": story_id, "topic_id": topic_id}
        for story_id, topic_id in after.items()
        if story_id in seen and before.get(story_id) != topic_id
    ]
    if rows:
        keep = insert_into(db, topic_stories)
        newer = {"topic_id": keep.excluded.topic_id}
        db.execute(keep.on_conflict_do_update(index_elements=["story_id"], set_=newer), rows)


def _merge(db: Connection, old_id: int, topic_id: int, *, now: datetime) -> None:
    """Let a topic's stories and its id, and those that led to it, lead to the topic that it went into."""
    db.execute(update(topic_stories).where(topic_stories.c.topic_id == old_id).values(topic_id=topic_id))
    db.execute(update(topic_aliases).where(topic_aliases.c.topic_id == old_id).values(topic_id=topic_id))
    db.execute(delete(topics).where(topics.c.id == old_id))
    db.execute(insert(topic_aliases).values(old_id=old_id, topic_id=topic_id, merged_at=now))


def _counts(db: Connection, topic_ids: Sequence[int], since: datetime) -> dict[int, tuple[int, datetime]]:
    """Return of each topic how many stories had news since then, and when the latest was; none, and it is left out."""
    question = (
        select(topic_stories.c.topic_id, func.count().label("n"), func.max(stories.c.last_at).label("last_at"))
        .join(stories, stories.c.id == topic_stories.c.story_id)
        .where(stories.c.last_at >= since)
        .group_by(topic_stories.c.topic_id)
    )
    return {
        row.topic_id: (row.n, row.last_at)
        for some in chunks(topic_ids)
        for row in db.execute(question.where(topic_stories.c.topic_id.in_(some)))
    }


def _first_at(db: Connection, topic_ids: Sequence[int]) -> dict[int, datetime]:
    """Return when the first report of each topic was published; a topic without stories is left out."""
    question = (
        select(topic_stories.c.topic_id, func.min(stories.c.first_at).label("first_at"))
        .join(stories, stories.c.id == topic_stories.c.story_id)
        .group_by(topic_stories.c.topic_id)
    )
    return {
        row.topic_id: row.first_at
        for some in chunks(topic_ids)
        for row in db.execute(question.where(topic_stories.c.topic_id.in_(some)))
    }


def _newest_leads(db: Connection, topic_ids: Sequence[int]) -> dict[int, int]:
    """Return the lead article of each topic's story with the latest news."""
    newest_first = (stories.c.last_at.desc(), stories.c.id.desc())
    place = func.row_number().over(partition_by=topic_stories.c.topic_id, order_by=newest_first)
    ranked = select(topic_stories.c.topic_id, stories.c.lead_id, place.label("place")).join(
        stories, stories.c.id == topic_stories.c.story_id
    )
    found: dict[int, int] = {}
    for some in chunks(topic_ids):
        of_topics = ranked.where(topic_stories.c.topic_id.in_(some)).subquery()
        newest = select(of_topics.c.topic_id, of_topics.c.lead_id).where(of_topics.c.place == 1)
        found |= {row.topic_id: row.lead_id for row in db.execute(newest)}
    return found
