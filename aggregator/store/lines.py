"""Articles as lists show them."""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import msgspec
from sqlalchemy import RowMapping, Select, func, select

from aggregator.models.feeds import Publisher
from aggregator.models.moments import moment_of
from aggregator.models.pages import EXCERPT_CHARS, ArticleLine
from aggregator.store.schema import article_status, articles, memberships, publishers, stories
from aggregator.store.statements import microseconds_of, tuple_of


def select_lines() -> Select[str]:
    """Return the question for everything that a list shows of articles, each as `lines` takes it; to be narrowed."""
    return (
        select(
            tuple_of(
                articles.c.id,
                articles.c.title,
                func.substr(articles.c.text, 1, EXCERPT_CHARS + 1),
                articles.c.url,
                articles.c.feed_id,
                microseconds_of(articles.c.published_at),
                microseconds_of(articles.c.first_seen_at),
                articles.c.language,
                articles.c.image_url,
                article_status.c.read_at.is_not(None),
                article_status.c.starred_at.is_not(None),
                memberships.c.story_id,
                func.coalesce(stories.c.n_publishers, 1),
                publishers.c.id,
                publishers.c.domain,
                publishers.c.name,
                publishers.c.country,
            )
        )
        .join(publishers, publishers.c.id == articles.c.publisher_id)
        .outerjoin(article_status, article_status.c.article_id == articles.c.id)
        .outerjoin(memberships, memberships.c.article_id == articles.c.id)
        .outerjoin(stories, stories.c.id == memberships.c.story_id)
    )


def lines(rows: Iterable[str]) -> list[ArticleLine]:
    """Return the lines that rows of `select_lines` make."""
    return [_line(row) for row in rows]


class _Row(NamedTuple):
    """The columns of `select_lines`."""

    id: int
    title: str
    beginning: str
    url: str | None
    feed_id: int | None
    published_us: int
    first_seen_us: int
    language: str | None
    image_url: str | None
    is_read: bool
    is_starred: bool
    story_id: int | None
    n_story_publishers: int
    publisher_id: int
    domain: str
    name: str
    country: str | None


_AS_ROW = msgspec.json.Decoder(_Row, strict=False)
"""Truths are 0 and 1 on SQLite."""


@lru_cache(maxsize=1_000)
def _line(row: str) -> ArticleLine:
    """Return the line that a row makes: a page of two hundred is mostly made of rows that one before it was made of.

    A line and its row take 3 kB, and 5 in scripts whose letters take more.
    """
    of = _AS_ROW.decode(row)
    return ArticleLine(
        id=of.id,
        title=of.title,
        beginning=of.beginning,
        url=of.url,
        publisher=Publisher(of.publisher_id, of.domain, of.name, of.country),
        feed_id=of.feed_id,
        published_at=moment_of(of.published_us),
        first_seen_at=moment_of(of.first_seen_us),
        language=of.language,
        image_url=of.image_url,
        is_read=of.is_read,
        story_id=of.story_id,
        n_story_publishers=of.n_story_publishers,
        is_starred=of.is_starred,
    )


def publisher(row: RowMapping) -> Publisher:
    """Return the publisher in a row."""
    return Publisher(row["publisher_id"], row["domain"], row["name"], row["country"])
