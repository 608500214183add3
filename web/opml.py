"""Subscription lists (OPML) in and out: shown before anything is changed, imported step by step, exported."""

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aggregator.errors import OpmlError
from aggregator.models.subscribing import ImportOutcome, ImportResult, ImportState
from aggregator.parse.opml import parse_opml, write_opml
from aggregator.parse.urls import as_feed_url, feed_url_problem, masked
from aggregator.store import feeds, folders, imports
from aggregator.store import settings as memory
from aggregator.store.db import reading, transaction
from aggregator.subscribing import foresee, import_step, into_folder
from web.errors import error_page
from web.newsroom import engine, now
from web.paging import page_number
from web.paths import folder_names, path_from
from web.waiting import is_worker_away
from web.words import gettext

blueprint = Blueprint("opml", __name__)

N_LINES = 100
"""Feeds of a list on one page."""


@blueprint.get("/import")
def import_form() -> ResponseReturnValue:
    """Show where to choose a subscription list."""
    with reading(engine()) as db:
        paths = folder_names(db)
    return render_template("import.html", paths=paths.values())


@blueprint.post("/import")
def bring_list() -> ResponseReturnValue:
    """Take a list, or the address of one, so that it can be shown; nothing is changed yet."""
    folder = path_from(request.form.get("folder", ""))
    if request.form.get("url", "").strip():
        return _bring_address(as_feed_url(request.form["url"]), folder)
    upload = request.files.get("opml")
    try:
        wanted = into_folder(parse_opml(upload.read() if upload else b""), folder)
    except OpmlError as error:
        return error_page(422, gettext("That is no list of feeds"), str(error))
    with transaction(engine()) as db:
        import_id = imports.begin(db, (upload and upload.filename) or "", folder, now=now())
        imports.show(db, import_id, foresee(db, wanted))
    return redirect(url_for("opml.show_import", import_id=import_id), code=303)


@blueprint.get("/import/<int:import_id>")
def show_import(import_id: int) -> ResponseReturnValue:
    """Show what a list would bring or, once it was imported, what became of each of its feeds."""
    result = _result()
    page = page_number()
    with reading(engine()) as db:
        found = imports.find_import(db, import_id)
        outcomes = imports.lines(db, import_id, limit=N_LINES, offset=(page - 1) * N_LINES, result=result)
        worker_seen_at = memory.worker_seen_at(db)
    n_shown = found.n_all if result is None else found.n_of.get(result, 0)
    return render_template(
        "import_list.html",
        found=found,
        source=masked(found.source),
        outcomes=outcomes,
        result=result,
        page=page,
        n_pages=-(-n_shown // N_LINES),
        folders=_by_folder(outcomes),
        is_worker_away=is_worker_away(worker_seen_at),
    )


@blueprint.get("/import/<int:import_id>.json")
def import_json(import_id: int) -> ResponseReturnValue:
    """Say how far an import has come, for the counts that run on the page."""
    with reading(engine()) as db:
        found = imports.find_import(db, import_id)
    is_working = found.state in (ImportState.WANTED, ImportState.RUNNING)
    return jsonify(n_done=found.n_done, n_all=found.n_all, is_working=is_working)


@blueprint.post("/import/<int:import_id>/feeds")
def run_import(import_id: int) -> ResponseReturnValue:
    """Subscribe to every feed of the list that was shown; one that was stopped half-way goes on."""
    while import_step(engine(), import_id, now=now()):
        pass
    return redirect(url_for("opml.show_import", import_id=import_id), code=303)


@blueprint.get("/export.opml")
def export_opml() -> ResponseReturnValue:
    """Give every subscription, or those of one folder and what lies in it, as an OPML file."""
    folder_id = request.args.get("folder", type=int)
    with reading(engine()) as db:
        inside = None if folder_id is None else folders.inside(db, folder_id)
        body = write_opml(feeds.subscriptions(db, inside), title="Broadsheet")
    return Response(
        body,
        content_type="text/x-opml; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="broadsheet.opml"'},
    )


def _bring_address(url: str, folder: tuple[str, ...]) -> ResponseReturnValue:
    """Let the worker fetch the list: the web itself calls nobody."""
    if problem := feed_url_problem(url):
        return error_page(422, gettext("That is no address of a list"), problem)
    with transaction(engine()) as db:
        import_id = imports.begin(db, url, folder, now=now())
    return redirect(url_for("opml.show_import", import_id=import_id), code=303)


def _result() -> ImportResult | None:
    wanted = request.args.get("result", "")
    return ImportResult(wanted) if wanted in set(ImportResult) else None


def _by_folder(outcomes: list[ImportOutcome]) -> dict[str, list[ImportOutcome]]:
    found: dict[str, list[ImportOutcome]] = {}
    for outcome in outcomes:
        found.setdefault(folders.FOLDER_MARK.join(outcome.subscription.folder), []).append(outcome)
    return found
