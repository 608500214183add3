"""Adding a feed by an address: what is there is shown first. The worker looks; the web itself calls nobody."""

from collections import Counter
from collections.abc import Iterable, Sequence

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aggregator.models.subscribing import ImportOutcome, ImportResult, Subscription
from aggregator.parse.urls import as_feed_url, feed_url_problem, masked
from aggregator.store import feeds, probes
from aggregator.store import settings as memory
from aggregator.store.db import reading, transaction
from aggregator.subscribing import starter_pack, subscribe_all
from web.errors import error_page
from web.filters import count
from web.newsroom import engine, now
from web.paths import folder_names, path_from, written
from web.waiting import is_worker_away
from web.words import gettext, ngettext, tell

blueprint = Blueprint("adding", __name__)

N_NAMED = 5
"""So many refused addresses are named in one message; the count tells the rest."""


@blueprint.post("/add")
def ask() -> ResponseReturnValue:
    """Let the worker look at an address."""
    url = as_feed_url(request.form.get("url", ""))
    if problem := feed_url_problem(url):
        return error_page(422, gettext("That address cannot be added"), problem)
    with transaction(engine()) as db:
        probe_id = probes.begin(db, url, path_from(request.form.get("folder", "")), now=now())
    return redirect(url_for("adding.show", probe_id=probe_id), code=303)


@blueprint.get("/add/<int:probe_id>")
def show(probe_id: int) -> ResponseReturnValue:
    """Show which feeds are at the address, and what each would add."""
    with reading(engine()) as db:
        probe = probes.find_probe(db, probe_id)
        known = feeds.ids_at(db, [each.feed_url for each in probe.found])
        paths = folder_names(db)
        worker_seen_at = memory.worker_seen_at(db)
    return render_template(
        "add.html",
        probe=probe,
        known=known,
        new=[each for each in probe.found if each.feed_url not in known and not each.error],
        folder=written(probe.folder),
        paths=paths.values(),
        is_worker_away=is_worker_away(worker_seen_at),
    )


@blueprint.get("/add/<int:probe_id>.json")
def progress(probe_id: int) -> ResponseReturnValue:
    """Say whether the look is done, for the page that waits for it."""
    with reading(engine()) as db:
        probe = probes.find_probe(db, probe_id)
    return jsonify(is_working=not probe.is_done)


@blueprint.post("/feeds")
def add_feed() -> ResponseReturnValue:
    """Subscribe to feeds, or to the feeds of sites: which they are shows at their first check."""
    folder = path_from(request.form.get("folder", ""))
    chosen = request.form.getlist("url")
    if len(chosen) > 1:
        _flash_outcomes(_subscribe_all(Subscription(feed_url=url, folder=folder) for url in chosen))
        return redirect(url_for("manage.list_feeds"), code=303)
    address = as_feed_url(request.form.get("url", ""))
    if problem := feed_url_problem(address):
        return error_page(422, gettext("That address cannot be added"), problem)
    with transaction(engine()) as db:
        outcome = feeds.subscribe(db, Subscription(feed_url=address, folder=folder), now=now())
    if outcome.result is ImportResult.ALREADY_THERE:
        flash(gettext("You have %(address)s already.", address=address))
    else:
        flash(gettext("Added %(address)s. Its articles appear here within a minute.", address=address))
    return redirect(url_for("pages.feed", feed_id=outcome.feed_id), code=303)


@blueprint.post("/welcome/starter")
def add_starter_pack() -> ResponseReturnValue:
    """Subscribe to the starter pack of world news."""
    _flash_outcomes(_subscribe_all(starter_pack()))
    return redirect(url_for("pages.front_page"), code=303)


def _subscribe_all(wanted: Iterable[Subscription]) -> list[ImportOutcome]:
    with transaction(engine()) as db:
        return list(subscribe_all(db, wanted, now=now()))


def _flash_outcomes(outcomes: Sequence[ImportOutcome]) -> None:
    n_of = Counter(outcome.result for outcome in outcomes)
    n_added, n_there, n_not = (n_of[each] for each in ImportResult)
    flash(
        ngettext(
            "Added %(n)s feed; %(there)s were there already, %(wrong)s could not be added.",
            "Added %(n)s feeds; %(there)s were there already, %(wrong)s could not be added.",
            n_added,
            n=count(n_added),
            there=count(n_there),
            wrong=count(n_not),
        )
    )
    refused = [outcome for outcome in outcomes if outcome.result is ImportResult.INVALID]
    for outcome in refused[:N_NAMED]:
        name = masked(outcome.subscription.feed_url)[:200]
        flash(gettext("Not added: %(name)s: %(why)s", name=name, why=tell(outcome.why)))
