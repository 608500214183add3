"""Stories as cards, for tests that need no database."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from aggregator.models.feeds import Publisher
from aggregator.models.moments import microseconds
from aggregator.models.pages import ArticleLine, Report, StoryCard, TopicName

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def line(
    number: int = 1,
    publisher: int = 1,
    *,
    feed: int | None = None,
    hours_ago: float = 1.0,
    excerpt: str = "",
    language: str = "en",
    country: str | None = None,
) -> ArticleLine:
    """An article in a list."""
    at = NOON - timedelta(hours=hours_ago)
    return ArticleLine(
        id=number,
        title=f"Title {number}",
        beginning=excerpt,
        url=None,
        publisher=Publisher(publisher, f"p{publisher}.example", f"Paper {publisher}", country),
        feed_id=feed,
        published_at=at,
        first_seen_at=at,
        language=language,
        image_url=None,
        is_read=False,
        story_id=1,
    )


def card(
    number: int = 1,
    *,
    came: Sequence[float] = (2, 1),
    n_unread: int | None = None,
    feeds: Sequence[int] = (),
    topic: TopicName | None = None,
) -> StoryCard:
    """A story whose articles came so many hours before noon, each of another publisher, or brought by these feeds."""
    hours = [float(each) for each in (range(len(feeds), 0, -1) if feeds else came)]
    lines = tuple(
        line(number * 100 + n, n, hours_ago=each, feed=feeds[n] if feeds else None) for n, each in enumerate(hours)
    )
    return StoryCard(
        id=number,
        headline=f"Story {number}",
        lead=lines[0],
        n_articles=len(lines),
        n_publishers=len(lines),
        n_origins=len(lines),
        n_unread=len(lines) if n_unread is None else n_unread,
        countries=(),
        first=lines[0],
        last_at=NOON - timedelta(hours=min(hours)),
        rank=1.0,
        rank_terms={},
        lines=lines,
        topic=topic,
        reports=tuple(
            Report(microseconds(each.published_at), each.id, each.publisher.id, microseconds(each.first_seen_at))
            for each in lines
        ),
    )
