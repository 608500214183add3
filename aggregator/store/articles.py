"""Entries, articles and their vectors."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from aggregator.models import Arrivals, Article, ArticleLine, EncoderName, Entry, Kept, Known, Vectors, WindowArticle


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a list that is newest first goes on."""

    published_at: datetime
    article_id: int


def known(db: Connection, feed_id: int, entries: Sequence[Entry]) -> Known:
    """Return what is kept already of these entries: by guid in this feed, by canonical URL in any."""
    raise NotImplementedError


def keep(db: Connection, feed_id: int, arrivals: Arrivals, *, now: datetime) -> Kept:
    """Keep what arrived; reading status stays as it was. Publishers are made as needed.

    A rewritten article loses its vector, so that it is encoded anew.
    """
    raise NotImplementedError


def find_article(db: Connection, article_id: int) -> Article:
    """Return the article; NotFoundError where there is none of this id."""
    raise NotImplementedError


def river(
    db: Connection,
    *,
    limit: int,
    after: Cursor | None = None,
    feed_id: int | None = None,
    unread_only: bool = False,
) -> list[ArticleLine]:
    """Return articles, newest first, of one feed or of all; `after` is the last line of the page before."""
    raise NotImplementedError


def unencoded(db: Connection, encoder: EncoderName, *, since: datetime, limit: int) -> list[tuple[int, str, str]]:
    """Return (id, title, text) of articles seen since then that have no vector of this encoder, newest first."""
    raise NotImplementedError


def add_vectors(
    db: Connection, encoder: EncoderName, article_ids: Sequence[int], vectors: Vectors, *, now: datetime
) -> None:
    """Keep one vector per article, as float16, with the encoder's name and version beside it; older ones go."""
    raise NotImplementedError


def window(db: Connection, *, since: datetime) -> list[WindowArticle]:
    """Return the articles published since then as the engine compares them, by (published_at, url, id)."""
    raise NotImplementedError


def window_vectors(db: Connection, encoder: EncoderName, *, since: datetime) -> tuple[list[int], Vectors]:
    """Return article ids and their unit vectors, shape (n, dim), float32: those of the window that have one."""
    raise NotImplementedError
