"""Who stands behind articles: what a publisher brought, how it reports, and what the owner says of it."""

from datetime import timedelta

from babel import Locale
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aggregator.store import feeds, publishers
from aggregator.store.db import reading, transaction
from web.lists import N_LINES, by_day, cursor, older
from web.newsroom import engine, now
from web.words import gettext, speaks

blueprint = Blueprint("publishers", __name__)

RECORD = timedelta(days=30)
"""How far back it counts how a publisher reports."""


@blueprint.get("/publisher/<int:publisher_id>")
def show(publisher_id: int) -> ResponseReturnValue:
    """Show a publisher: how it reports, the feeds that bring it, its latest articles."""
    since = now() - RECORD
    with reading(engine()) as db:
        found = publishers.find_publisher(db, publisher_id)
        record = publishers.record(db, publisher_id, since=since)
        lines = publishers.latest(db, publisher_id, limit=N_LINES + 1, after=cursor())
        brought_by = feeds.lines_of(db, publishers.feeds_of(db, publisher_id, since=since))
    return render_template(
        "publisher.html",
        found=found,
        record=record,
        days=by_day(lines[:N_LINES]),
        older=older(lines),
        brought_by=brought_by,
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


def _countries() -> list[tuple[str, str]]:
    """Return every country by its code, in alphabetical order of its name on the page."""
    named = {code: name for code, name in speaks().territories.items() if len(code) == 2 and code.isalpha()}
    return sorted(named.items(), key=lambda pair: pair[1].casefold())


def _known(country: str) -> str | None:
    is_country = len(country) == 2 and country in Locale.parse("en").territories
    return country if is_country else None
