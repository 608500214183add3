"""Folders of feeds: made, renamed, moved, deleted."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aggregator.errors import FolderError, NotFoundError
from aggregator.health import OLD_AFTER
from aggregator.models.feeds import FeedChoice
from aggregator.store import feed_list, folders
from aggregator.store.db import reading, transaction
from web.newsroom import engine, now
from web.paths import folder_names, path_from
from web.words import gettext

blueprint = Blueprint("folders", __name__)


@blueprint.post("/folders")
def make() -> ResponseReturnValue:
    """Make a folder; it stays although it holds nothing."""
    path = path_from(request.form.get("folder", ""))
    if not path:
        raise FolderError(gettext("A folder needs a name."))
    with transaction(engine()) as db:
        folder_id = folders.create(db, path)
    return redirect(url_for("folders.show", folder_id=folder_id), code=303)


@blueprint.get("/folder/<int:folder_id>")
def show(folder_id: int) -> ResponseReturnValue:
    """Show what can be done with a folder, and what becomes of its feeds."""
    with reading(engine()) as db:
        names = folder_names(db)
        if folder_id not in names:
            raise NotFoundError(gettext("There is no such folder any more."))
        n_feeds = feed_list.count(db, _choice(folders.inside(db, folder_id)))
    return render_template(
        "folder.html", folder_id=folder_id, name=names[folder_id], n_feeds=n_feeds, paths=names.values()
    )


@blueprint.post("/folder/<int:folder_id>/change")
def change(folder_id: int) -> ResponseReturnValue:
    """Rename a folder, or put it into another."""
    with transaction(engine()) as db:
        there = folders.move(db, folder_id, path_from(request.form.get("folder", "")))
    flash(gettext("Saved."))
    return redirect(url_for("manage.list_feeds", folder=there), code=303)


@blueprint.post("/folder/<int:folder_id>/delete")
def delete(folder_id: int) -> ResponseReturnValue:
    """Delete a folder, and its feeds where that was chosen; else they go into the folder around it."""
    with transaction(engine()) as db:
        if request.form.get("feeds") == "delete":
            feed_list.delete(db, feed_list.chosen(db, _choice(folders.inside(db, folder_id))))
        folders.dissolve(db, folder_id)
    flash(gettext("The folder is deleted."))
    return redirect(url_for("manage.list_feeds"), code=303)


def _choice(folder_ids: frozenset[int]) -> FeedChoice:
    return FeedChoice(folder_ids=folder_ids, old_before=now() - OLD_AFTER)
