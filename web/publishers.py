"""Who stands behind articles: what a publisher brought, how it reports, and what the owner says of it."""

from datetime import timedelta

from babel import Locale
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aggregator.store import feeds, owners, publishers
from aggregator.store.db import reading, transaction
from web.acts import done
from web.lists import N_LINES, by_day, cursor, older
from web.newsroom import engine, now
from web.words import gettext, speaks

blueprint = Blueprint("publishers", __name__)

RECORD = timedelta(days=30)
"""How far back it counts how a publisher reports."""
MOST_OFFERED = 200
"""Publishers that are offered where one is to be named."""


@blueprint.get("/publisher/<int:publisher_id>")
def show(publisher_id: int) -> ResponseReturnValue:
    """Show a publisher: how it reports, the feeds that bring it, its latest articles."""
    since = now() - RECORD
    with reading(engine()) as db:
        found = publishers.find_publisher(db, publisher_id)
        record = publishers.record(db, publisher_id, since=since)
        lines = publishers.latest(db, publisher_id, limit=N_LINES + 1, after=cursor())
        same = owners.of_one_owner(db, publisher_id)
        others = owners.all_named(db, limit=MOST_OFFERED)
        brought_by = feeds.lines_of(db, publishers.feeds_of(db, publisher_id, since=since))
    return render_template(
        "publisher.html",
        found=found,
        record=record,
        days=by_day(lines[:N_LINES]),
        older=older(lines),
        brought_by=brought_by,
        same=same,
        others=[each for each in others if each.id != publisher_id and each not in same],
        n_days=RECORD.days,
        countries=_countries(),
    )


@blueprint.post("/publisher/<int:publisher_id>/change")
def change(publisher_id: int) -> ResponseReturnValue:
    """Name a publisher, and say in which country it is."""
    country = request.form.get("country", "").upper()
    with transaction(engine()) as db:
        publishers.find_publisher(db, publisher_id)
        publishers.describe(db, publisher_id, name=request.form.get("title", ""), country=_known(country))
    flash(gettext("Saved."))
    return redirect(url_for("publishers.show", publisher_id=publisher_id), code=303)


@blueprint.post("/publisher/<int:publisher_id>/join")
def join(publisher_id: int) -> ResponseReturnValue:
    """Say that a publisher has the same owner as another."""
    with transaction(engine()) as db:
        other = owners.named(db, request.form.get("other", ""))
        act = owners.join(db, publisher_id, other.id, now=now())
    return done(act)


@blueprint.post("/publisher/<int:publisher_id>/part")
def part(publisher_id: int) -> ResponseReturnValue:
    """Say that a publisher has an owner of its own."""
    with transaction(engine()) as db:
        act = owners.part(db, publisher_id, now=now())
    return done(act)


def _countries() -> list[tuple[str, str]]:
    """Return every country by its code, in alphabetical order of its name on the page."""
    named = {code: name for code, name in speaks().territories.items() if len(code) == 2 and code.isalpha()}
    return sorted(named.items(), key=lambda pair: pair[1].casefold())


def _known(country: str) -> str | None:
    is_country = len(country) == 2 and country in Locale.parse("en").territories
    return country if is_country else None
