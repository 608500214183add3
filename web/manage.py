"""The ways to begin, and the list of feeds with what can be done with several at once."""

from datetime import datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from aggregator.store import feed_list, feeds, polling
from aggregator.store import settings as memory
from aggregator.store.db import reading, transaction
from aggregator.store.reading import mark_feeds
from web.feed_list import N_LINES, choice_from, everything, folders_shown, grouped, is_folded, order_from, view_of
from web.filters import count
from web.newsroom import engine, now, window_start
from web.paging import page_number
from web.paths import folder_names, path_from
from web.security import way_back
from web.words import gettext, ngettext

blueprint = Blueprint("manage", __name__)


@blueprint.get("/welcome")
def welcome() -> ResponseReturnValue:
    """Show the three ways to begin."""
    with reading(engine()) as db:
        progress = memory.progress(db, since=window_start())
    return render_template("welcome.html", progress=progress)


@blueprint.get("/feeds")
def list_feeds() -> ResponseReturnValue:
    """Show the feeds: by folder or, where some are asked for, those."""
    page = page_number()
    with reading(engine()) as db:
        choice = choice_from(db, request.args)
        n_all, n_chosen = feed_list.count(db, everything()), feed_list.count(db, choice)
        folded = is_folded(request.args, n_all)
        offset = (page - 1) * N_LINES
        ids = (
            [] if folded else feed_list.chosen(db, choice, order=order_from(request.args), limit=N_LINES, offset=offset)
        )
        lines = feeds.lines_of(db, ids)
        shown = folders_shown(db)
        names = folder_names(db)
    is_by_folder = choice.is_all and n_all <= N_LINES and not request.args.get("sort")
    return render_template(
        "feeds.html",
        n_all=n_all,
        n_chosen=n_chosen,
        folders=shown,
        groups=grouped(lines) if is_by_folder else {None: lines},
        is_folded=folded,
        is_filtered=not choice.is_all,
        view=view_of(request.args),
        folder_name=names.get(request.args.get("folder", 0, type=int)),
        paths=names.values(),
        page=page,
        n_pages=-(-n_chosen // N_LINES),
    )


@blueprint.post("/feeds/refresh")
def refresh_all() -> ResponseReturnValue:
    """Make every feed due that is not paused."""
    with transaction(engine()) as db:
        n_due = polling.check_now(db, None, now=now())
    flash(_said(n_due, "refresh"))
    return redirect(way_back(request.form.get("next")), code=303)


@blueprint.post("/feeds/selected/<any(pause,resume,move,read,refresh,delete):act>")
def act_on_selected(act: str) -> ResponseReturnValue:
    """Do something with the feeds that were ticked, or with all that the list was narrowed to."""
    with transaction(engine()) as db:
        ids = _selected(db)
        if act == "delete" and "sure" not in request.form:
            return _ask_before_deleting(db, ids)
        said = _act(db, act, ids)
    flash(said if ids else gettext("No feed was ticked; nothing was changed."))
    return redirect(url_for("manage.list_feeds", **dict[str, Any](view_of(request.form))), code=303)


def _act(db: Connection, act: str, ids: list[int]) -> str:
    match act:
        case "pause" | "resume":
            n_feeds = feed_list.pause(db, ids, is_paused=act == "pause", now=now())
            return _said(n_feeds, act)
        case "move":
            return _said(feed_list.move(db, ids, path_from(request.form.get("into", ""))), act)
        case "refresh":
            return _said(feed_list.check_now(db, ids, now=now()), act)
        case "read":
            return _said(mark_feeds(db, ids, seen_before=_seen_before(), now=now()).n_articles, act)
        case _:
            feed_list.delete(db, ids)
            return _said(len(ids), act)


def _said(n: int, act: str) -> str:
    words = {
        "pause": ngettext("%(n)s feed is paused now.", "%(n)s feeds are paused now.", n, n=count(n)),
        "resume": ngettext("%(n)s feed is checked again.", "%(n)s feeds are checked again.", n, n=count(n)),
        "move": ngettext("Moved %(n)s feed.", "Moved %(n)s feeds.", n, n=count(n)),
        "refresh": ngettext("%(n)s feed will be checked now.", "%(n)s feeds will be checked now.", n, n=count(n)),
        "read": ngettext("Marked %(n)s article read.", "Marked %(n)s articles read.", n, n=count(n)),
        "delete": ngettext("Deleted %(n)s feed.", "Deleted %(n)s feeds.", n, n=count(n)),
    }
    return str(words[act])


def _ask_before_deleting(db: Connection, ids: list[int]) -> ResponseReturnValue:
    lines = feeds.lines_of(db, ids[:N_LINES])
    return render_template(
        "delete_feeds.html", ids=ids, lines=lines, n_more=len(ids) - len(lines), view=view_of(request.form)
    )


def _selected(db: Connection) -> list[int]:
    if "everything" in request.form:
        return feed_list.chosen(db, choice_from(db, request.form))
    return request.form.getlist("feed", type=int)


def _seen_before() -> datetime:
    try:
        moment = datetime.fromisoformat(request.form["seen_before"])
    except (KeyError, ValueError):
        abort(400)
    if moment.tzinfo is None:
        abort(400)
    return moment
