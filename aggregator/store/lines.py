"""Articles as lists show them."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import RowMapping, Select, func, select

from aggregator.models.feeds import Publisher
from aggregator.models.pages import EXCERPT_CHARS, ArticleLine
from aggregator.store.schema import article_status, articles, memberships, publishers, stories


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
            article_status.c.read_at.is_not(None),
            article_status.c.starred_at.is_not(None),
            memberships.c.story_id,
            func.coalesce(stories.c.n_publishers, 1),
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


def lines(rows: Iterable[Sequence[Any]]) -> list[ArticleLine]:
    """Return the lines that rows of `select_lines` make; a page reads hundreds, so that columns go by their place."""
    made_by: dict[int, Publisher] = {}
    found = []
    for (
        article_id,
        title,
        beginning,
        url,
        feed_id,
        published_at,
        first_seen_at,
        language,
        image_url,
        is_read,
        is_starred,
        story_id,
        n_story_publishers,
        *of_publisher,
    ) in rows:
        line = ArticleLine(
            id=article_id,
            title=title,
            beginning=beginning,
            url=url,
            publisher=made_by.get(of_publisher[0]) or made_by.setdefault(of_publisher[0], Publisher(*of_publisher)),
            feed_id=feed_id,
            published_at=published_at,
            first_seen_at=first_seen_at,
            language=language,
            image_url=image_url,
            is_read=is_read,
            story_id=story_id,
            n_story_publishers=n_story_publishers,
            is_starred=is_starred,
        )
        found.append(line)
    return found


def publisher(row: RowMapping) -> Publisher:
    """Return the publisher in a row."""
    return Publisher(row["publisher_id"], row["domain"], row["name"], row["country"])
