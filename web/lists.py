"""Lists of articles that go on: from where, to where, and by day."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from flask import abort, request, url_for

from aggregator.models.pages import ArticleLine
from aggregator.store.articles import Cursor
from web import filters
from web.newsroom import local

N_LINES = 80
"""Articles on one page."""


def cursor() -> Cursor | None:
    """Return where the list goes on, from `before` and `id`; None at its start."""
    if "before" not in request.args:
        return None
    try:
        moment = datetime.fromisoformat(request.args["before"])
        found = Cursor(moment, int(request.args["id"]))
    except (KeyError, ValueError):
        abort(404)
    if moment.tzinfo is None:
        abort(404)
    return found


def older(lines: Sequence[ArticleLine]) -> str | None:
    """Return where the older lines are; None where there are none."""
    if len(lines) <= N_LINES:
        return None
    last = lines[N_LINES - 1]
    place: dict[str, Any] = {"before": last.published_at.isoformat(), "id": last.id}
    if "unread" in request.args:
        place["unread"] = ""
    return url_for(request.endpoint or "", **(request.view_args or {}), **place)


def by_day(lines: Sequence[ArticleLine]) -> Iterator[tuple[str, list[ArticleLine]]]:
    """Yield the lines under the days of the owner's calendar."""
    for _, of_day in groupby(lines, key=lambda line: local(line.published_at).date()):
        there = list(of_day)
        yield filters.day(there[0].published_at), there
