"""Labelled articles as the story engine would meet them: when each arrives, in what order. Never their labels."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

POLL_ARTICLES = 50
"""Articles of one poll at most."""

POLL_SPAN = timedelta(hours=1)
"""Of publication that one poll covers at most: over years of news, the clock does not wait for fifty articles."""

START = datetime(2026, 1, 1, tzinfo=UTC)
"""When articles without dates begin to arrive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """An article of a labelled file, without its label."""

    id: str
    title: str
    text: str
    source: str
    url: str | None
    language: str | None
    published_at: datetime


def read_pieces(path: Path) -> list[Piece]:
    """Return the articles of a file in the order in which they arrive.

    By publication where all have a date; where any lacks one, all dates are ignored and they arrive within an hour,
    in the order of sha256(id). An id that is there twice is one article, the latter: so the scorer reads it.
    """
    lines = path.read_text(encoding="utf-8").split("\n")  # splitlines() would also cut at U+2028 inside a text
    rows = list({row["id"]: row for row in map(json.loads, filter(str.strip, lines))}.values())
    if all(row.get("published") for row in rows):
        pieces = [_piece(row, _aware(datetime.fromisoformat(row["published"]))) for row in rows]
        return sorted(pieces, key=lambda piece: (piece.published_at, piece.url or "", piece.id))
    rows.sort(key=lambda row: hashlib.sha256(row["id"].encode()).digest())
    return [_piece(row, START + timedelta(hours=place / len(rows))) for place, row in enumerate(rows)]


def polls(pieces: Sequence[Piece], span: timedelta = POLL_SPAN) -> Iterator[list[Piece]]:
    """Give the articles in polls of POLL_ARTICLES, cut where a poll would cover more than the span."""
    poll: list[Piece] = []
    for piece in pieces:
        if poll and (len(poll) == POLL_ARTICLES or piece.published_at - poll[0].published_at > span):
            yield poll
            poll = []
        poll.append(piece)
    if poll:
        yield poll


def _piece(row: dict[str, str | None], published_at: datetime) -> Piece:
    return Piece(
        id=row["id"] or "",
        title=row.get("title") or "",
        text=row.get("text") or "",
        source=row.get("source") or "",
        url=row.get("url") or None,
        language=row.get("lang") or None,
        published_at=published_at,
    )


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)
