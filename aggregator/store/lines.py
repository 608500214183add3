"""Articles as lists show them."""

from typing import Any

from sqlalchemy import RowMapping, Select, func, select

from aggregator.models.feeds import Publisher
from aggregator.models.pages import ArticleLine
from aggregator.store.schema import article_status, articles, memberships, publishers, stories

EXCERPT_CHARS = 280
LAST_CHARS = 40
"""Of a word that is left out because it may be cut; what is longer is a line without spaces."""


def select_lines() -> Select[Any]:
    """Return the question for everything that a list shows of articles, to be narrowed and put in order."""
    return (
        select(
            articles.c.id,
            articles.c.title,
            func.substr(articles.c.text, 1, EXCERPT_CHARS + 1).label("beginning"),
            articles.c.url,
            articles.c.feed_id,
            articles.c.published_at,
            articles.c.first_seen_at,
            articles.c.language,
            articles.c.image_url,
            article_status.c.read_at,
            article_status.c.starred_at,
            memberships.c.story_id,
            stories.c.n_publishers,
            publishers.c.id.label("publisher_id"),
            publishers.c.domain,
            publishers.c.name,
            publishers.c.country,
        )
        .join(publishers, publishers.c.id == articles.c.publisher_id)
        .outerjoin(article_status, article_status.c.article_id == articles.c.id)
        .outerjoin(memberships, memberships.c.article_id == articles.c.id)
        .outerjoin(stories, stories.c.id == memberships.c.story_id)
    )


def line(row: RowMapping) -> ArticleLine:
    """Return the line that a row of `select_lines` makes."""
    return ArticleLine(
        id=row["id"],
        title=row["title"],
        excerpt=excerpt(row["beginning"]),
        url=row["url"],
        publisher=publisher(row),
        feed_id=row["feed_id"],
        published_at=row["published_at"],
        first_seen_at=row["first_seen_at"],
        language=row["language"],
        image_url=row["image_url"],
        is_read=row["read_at"] is not None,
        story_id=row["story_id"],
        n_story_publishers=row["n_publishers"] or 1,
        is_starred=row["starred_at"] is not None,
    )


def publisher(row: RowMapping) -> Publisher:
    """Return the publisher in a row."""
    return Publisher(row["publisher_id"], row["domain"], row["name"], row["country"])


def excerpt(beginning: str) -> str:
    """Return the words on one line, the last one whole, with an ellipsis where the text goes on."""
    words = " ".join(beginning.split())
    if len(beginning) <= EXCERPT_CHARS:
        return words
    whole, _, last = words.rpartition(" ")
    return f"{(whole if whole and len(last) <= LAST_CHARS else words).rstrip(' ,;:.')} …"
