"""What can be done with one feed: refresh, rename, move, pause, delete."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aggregator.store import feeds, polling
from aggregator.store.db import reading, transaction
from aggregator.subscribing import readdress
from web.newsroom import engine, now
from web.paths import path_from
from web.words import gettext

blueprint = Blueprint("feed", __name__)


@blueprint.post("/feed/<int:feed_id>/refresh")
def refresh_feed(feed_id: int) -> ResponseReturnValue:
    """Make one feed due."""
    with transaction(engine()) as db:
        feed = feeds.find_feed(db, feed_id)
        polling.check_now(db, feed_id, now=now())
    return _back_to_feed(feed_id, gettext("%(feed)s will be checked now.", feed=feed.title))


@blueprint.post("/feed/<int:feed_id>/change")
def change_feed(feed_id: int) -> ResponseReturnValue:
    """Rename a feed, put it into a folder, say how often it is checked and how much of it is fetched."""
    with transaction(engine()) as db:
        title = request.form.get("title", "").strip()
        if title != feeds.find_feed(db, feed_id).title:  # else it goes on by the name it had, its own or the owner's
            feeds.rename_feed(db, feed_id, title)
        feeds.move_to_folder(db, feed_id, path_from(request.form.get("folder", "")))
        if "every" in request.form:
            feeds.set_interval(db, feed_id, request.form.get("every", type=int), now=now())
        if "has_full_text" in request.form:  # a box that is not ticked is not sent
            feeds.want_full_text(db, feed_id, wants="full_text" in request.form)
        feed = feeds.find_feed(db, feed_id)
    return _back_to_feed(feed_id, gettext("Saved: %(feed)s.", feed=feed.title))


@blueprint.post("/feed/<int:feed_id>/move")
def move_feed(feed_id: int) -> ResponseReturnValue:
    """Go on with a feed at another address, such as its site offers; what it brought stays."""
    with transaction(engine()) as db:
        feeds.find_feed(db, feed_id)
        there = readdress(db, feed_id, request.form.get("url", ""), now=now())
        feed = feeds.find_feed(db, there)
    return _back_to_feed(
        there, gettext("%(feed)s goes on at %(address)s, starting now.", feed=feed.title, address=feed.feed_url)
    )


@blueprint.post("/feed/<int:feed_id>/<any(pause,resume):act>")
def pause_feed(feed_id: int, act: str) -> ResponseReturnValue:
    """Stop checking a feed, or start again."""
    with transaction(engine()) as db:
        feed = feeds.find_feed(db, feed_id)
        feeds.set_paused(db, feed_id, is_paused=act == "pause", now=now())
    if act == "pause":
        return _back_to_feed(feed_id, gettext("%(feed)s is paused; its articles stay.", feed=feed.title))
    return _back_to_feed(feed_id, gettext("%(feed)s is checked again, starting now.", feed=feed.title))


@blueprint.get("/feed/<int:feed_id>/delete")
def confirm_delete(feed_id: int) -> ResponseReturnValue:
    """Ask before a feed is deleted, and say what goes with it."""
    with reading(engine()) as db:
        line = feeds.feed_line(db, feed_id)
    return render_template("delete.html", line=line)


@blueprint.post("/feed/<int:feed_id>/delete")
def delete_feed(feed_id: int) -> ResponseReturnValue:
    """Delete a feed."""
    with transaction(engine()) as db:
        feed = feeds.find_feed(db, feed_id)
        feeds.delete_feed(db, feed_id)
    flash(gettext("Deleted %(feed)s.", feed=feed.title))
    return redirect(url_for("manage.list_feeds"), code=303)


def _back_to_feed(feed_id: int, said: str) -> ResponseReturnValue:
    flash(said)
    return redirect(url_for("pages.feed", feed_id=feed_id), code=303)
