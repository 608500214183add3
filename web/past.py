"""Front pages of the past, as they were."""

from calendar import Calendar
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import groupby

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from aggregator.models.editions import EditionLine
from aggregator.store import editions, stories
from aggregator.store.db import reading
from web.newsroom import engine, local, moment_of, today

blueprint = Blueprint("past", __name__)

LAST_MINUTE = time(23, 59, 59, 999_999)


@blueprint.get("/editions")
def list_editions() -> ResponseReturnValue:
    """Show a month of past front pages: the present one where none is asked for."""
    first = _month()
    following = (first + timedelta(days=31)).replace(day=1)
    with reading(engine()) as db:
        lines = editions.edition_lines(db, since=moment_of(first), until=moment_of(following))
        earlier = editions.edition_at(db, moment_of(first) - timedelta(microseconds=1))
    days = dict(_by_day(lines))
    return render_template(
        "editions.html",
        first=first,
        following=following if following <= today() else None,
        earlier=local(earlier.at).date() if earlier else None,
        days=days,
        weeks=Calendar().monthdatescalendar(first.year, first.month),
    )


@blueprint.get("/edition/<day>")
@blueprint.get("/edition/<day>/<clock>")
def edition(day: str, clock: str = "") -> ResponseReturnValue:
    """Show the front page that stood at the end of a day, or at a minute of it."""
    moment = moment_of(_date(day), _minute(clock) if clock else LAST_MINUTE)
    with reading(engine()) as db:
        found = editions.edition_at(db, moment)
        if found is None:
            abort(404)
        before = editions.edition_at(db, found.at - timedelta(microseconds=1))
        after = editions.edition_after(db, found.at)
        living = stories.current_ids(db, [story.story_id for story in found.stories])
    return render_template("edition.html", edition=found, before=before, after=after, living=living)


def _by_day(lines: Sequence[EditionLine]) -> Iterator[tuple[date, list[EditionLine]]]:
    for day, of_day in groupby(lines, key=lambda line: local(line.at).date()):
        yield day, list(of_day)


def _month() -> date:
    if "month" not in request.args:
        return today().replace(day=1)
    return _date(f"{request.args['month']}-01")


def _date(said: str) -> date:
    try:
        day = date.fromisoformat(said)
    except ValueError:
        abort(404)
    # Further out, there is no moment to ask for in every zone.
    return day if 1970 < day.year < 9999 else abort(404)


def _minute(said: str) -> time:
    try:
        return datetime.strptime(said, "%H%M").time().replace(second=59, microsecond=999_999)  # noqa: DTZ007  no date
    except ValueError:
        abort(404)
