"""What the reader did, in words, with the way to undo it."""

from collections.abc import Callable
from typing import cast

from flask import Blueprint, Flask, flash, get_flashed_messages, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from aggregator.models.acts import Act, ActKind
from aggregator.store import acts, changes, correcting
from aggregator.store.db import reading, transaction
from aggregator.store.undoing import undo
from web.filters import count
from web.newsroom import engine, now
from web.security import way_back
from web.words import gettext, ngettext

blueprint = Blueprint("acts", __name__)

OPPOSITES = {
    ActKind.READ: ActKind.UNREAD,
    ActKind.UNREAD: ActKind.READ,
    ActKind.STAR: ActKind.UNSTAR,
    ActKind.UNSTAR: ActKind.STAR,
    ActKind.FOLLOW: ActKind.UNFOLLOW,
    ActKind.UNFOLLOW: ActKind.FOLLOW,
}


def add_words(app: Flask) -> None:
    """Let the templates say what acts are called and what they did."""
    app.add_template_filter(name, "act_name")
    app.add_template_filter(outcome, "outcome")
    app.add_template_global(messages)


@blueprint.post("/acts/<int:act_id>/undo")
def undo_act(act_id: int) -> ResponseReturnValue:
    """Undo an act; of two who try, the second is told."""
    with transaction(engine()) as db:
        act = undo(db, act_id, now=now())
    return _say(undone(act) if act else gettext("That was undone already, so nothing changed."))


@blueprint.post("/acts/undo")
def undo_last() -> ResponseReturnValue:
    """Undo what was done last and was not undone: an act, or a correction."""
    with reading(engine()) as db:
        last, correction = acts.last(db), changes.last_of_owner(db)
    if correction and (last is None or correction.at > last.at):
        return undo_change(correction.id)
    return undo_act(last.id) if last else _say(gettext("There is nothing to undo."))


@blueprint.post("/changes/<int:change_id>/undo")
def undo_change(change_id: int) -> ResponseReturnValue:
    """Undo a change of stories; what stands on the page may be another then, so that it is turned to anew."""
    with transaction(engine()) as db:
        change = correcting.undo(db, change_id, now=now())
    if change.id == change_id:
        flash(gettext("Undone."))
    else:
        flash(gettext("Undone, and kept so from now on: change %(id)s.", id=change.id))
    back = way_back(request.form.get("next") or url_for("changes.list_changes"))
    return jsonify(said="", turn_to=back) if _wants_json() else redirect(back, code=303)


def messages() -> list[tuple[str, str]]:
    """Return kind and words of what is to be said on this page, once.

    A script that reads a page says so in X-Requested-With. Nobody sees that page, and what is to be said waits.
    """
    if "X-Requested-With" in request.headers:
        return []
    return cast("list[tuple[str, str]]", get_flashed_messages(with_categories=True))


def done(act: Act, said: str = "") -> ResponseReturnValue:
    """Say what an act did, on the page that it was done on, with a button that undoes it."""
    said = said or outcome(act)
    if not _wants_json():
        flash(said, f"undo {url_for('acts.undo_act', act_id=act.id)}" if act.id else "message")
        return _back()
    opposite = OPPOSITES.get(act.kind)
    return jsonify(
        n_changed=act.n_articles,
        said=said,
        undo=url_for("acts.undo_act", act_id=act.id) if act.id else None,
        next={"act": opposite, "name": name(opposite)} if opposite else None,
    )


def name(kind: str) -> str:
    """Return what the button of an act is called."""
    return _NAMES[ActKind(kind)]()


_NAMES: dict[ActKind, Callable[[], str]] = {
    ActKind.READ: lambda: gettext("Mark read"),
    ActKind.UNREAD: lambda: gettext("Mark unread"),
    ActKind.STAR: lambda: gettext("Star"),
    ActKind.UNSTAR: lambda: gettext("Remove the star"),
    ActKind.FOLLOW: lambda: gettext("Follow"),
    ActKind.UNFOLLOW: lambda: gettext("Unfollow"),
    ActKind.MUTE: lambda: gettext("Mute"),
    ActKind.UNMUTE: lambda: gettext("End now"),
    ActKind.JOIN: lambda: gettext("Same owner"),
    ActKind.PART: lambda: gettext("An owner of its own"),
    ActKind.SAVE: lambda: gettext("Save"),
    ActKind.RENAME: lambda: gettext("Rename"),
    ActKind.FORGET: lambda: gettext("Delete"),
}


def outcome(act: Act) -> str:
    """Say what an act did."""
    n = act.n_articles
    if not act.id:
        return gettext("That was so already, so nothing changed.")
    if act.kind is ActKind.READ:
        return ngettext("Marked %(n)s article read.", "Marked %(n)s articles read.", n, n=count(n))
    if act.kind is ActKind.UNREAD:
        return ngettext("Marked %(n)s article unread.", "Marked %(n)s articles unread.", n, n=count(n))
    others = {
        ActKind.STAR: gettext("Starred."),
        ActKind.UNSTAR: gettext("Removed the star."),
        ActKind.FOLLOW: gettext("You follow it now."),
        ActKind.UNFOLLOW: gettext("You do not follow it any more."),
        ActKind.MUTE: gettext("Muted."),
        ActKind.UNMUTE: gettext("Not muted any more."),
        ActKind.JOIN: gettext("They count as one independent origin, from the next grouping on."),
        ActKind.PART: gettext("It counts by itself, from the next grouping on."),
        ActKind.SAVE: gettext("Saved. It stands on the search page with what is unread."),
        ActKind.RENAME: gettext("Renamed."),
        ActKind.FORGET: gettext("Deleted the saved search “%(name)s”.", name=act.title),
    }
    return others[act.kind]


def undone(act: Act) -> str:
    """Say what undoing an act did."""
    n = act.n_articles
    if act.kind is ActKind.READ:
        return ngettext(
            "Undone: %(n)s article is unread again.", "Undone: %(n)s articles are unread again.", n, n=count(n)
        )
    if act.kind is ActKind.UNREAD:
        return ngettext("Undone: %(n)s article is read again.", "Undone: %(n)s articles are read again.", n, n=count(n))
    return gettext("Undone.")


def _say(said: str) -> ResponseReturnValue:
    if _wants_json():
        return jsonify(said=said, undo=None, next=None)
    flash(said)
    return _back()


def _back() -> ResponseReturnValue:
    return redirect(way_back(request.form.get("next")), code=303)


def _wants_json() -> bool:
    return request.accept_mimetypes.best == "application/json"
