"""Adding a feed by an address: what is there is shown first. The worker looks; the web itself calls nobody."""

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from aggregator.parse.urls import as_feed_url, feed_url_problem
from aggregator.store import feeds, folders, probes
from aggregator.store import settings as memory
from aggregator.store.db import reading, transaction
from web.errors import error_page
from web.manage import folder_paths, path_from
from web.newsroom import engine, now
from web.waiting import is_worker_away

blueprint = Blueprint("adding", __name__)


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
        paths = folder_paths(folders.all_folders(db))
        worker_seen_at = memory.worker_seen_at(db)
    return render_template(
        "add.html",
        probe=probe,
        known=known,
        new=[each for each in probe.found if each.feed_url not in known and not each.error],
        folder=folders.FOLDER_MARK.join(probe.folder),
        paths=paths.values(),
        is_worker_away=is_worker_away(worker_seen_at),
    )


@blueprint.get("/add/<int:probe_id>.json")
def progress(probe_id: int) -> ResponseReturnValue:
    """Say whether the look is done, for the page that waits for it."""
    with reading(engine()) as db:
        probe = probes.find_probe(db, probe_id)
    return jsonify(is_working=not probe.is_done)
