"""What one subscribes to: feeds, folders, lists in and out."""

from collections import Counter
from collections.abc import Iterable, Sequence
from importlib import resources

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from aggregator.models import FeedLine, Folder, ImportOutcome, ImportResult, Subscription
from aggregator.parse.opml import parse_opml
from aggregator.parse.urls import as_feed_url, feed_url_problem, masked
from aggregator.store import feeds, folders
from aggregator.store import settings as memory
from aggregator.store.db import reading, transaction
from aggregator.subscribing import readdress, subscribe_all
from web.errors import error_page
from web.filters import many
from web.newsroom import engine, now, window_start
from web.security import way_back

blueprint = Blueprint("manage", __name__)

FOLDER_MARK = " / "
"""Stands between the names of folders that lie in one another."""
N_NAMED = 5
"""So many refused addresses are named in one message; the count tells the rest."""


@blueprint.get("/welcome")
def welcome() -> ResponseReturnValue:
    """Show the three ways to begin."""
    with reading(engine()) as db:
        progress = memory.progress(db, since=window_start())
    return render_template("welcome.html", progress=progress)


@blueprint.post("/welcome/starter")
def add_starter_pack() -> ResponseReturnValue:
    """Subscribe to the starter pack of world news."""
    pack = resources.files("aggregator").joinpath("starter.opml").read_bytes()
    _flash_outcomes(_subscribe_all(parse_opml(pack)))
    return redirect(url_for("pages.front_page"), code=303)


@blueprint.get("/feeds")
def list_feeds() -> ResponseReturnValue:
    """Show every feed by folder, with how it does."""
    with reading(engine()) as db:
        lines = feeds.feed_lines(db)
        every = folders.all_folders(db)
    return render_template("feeds.html", lines=lines, folders=by_folder(lines), paths=folder_paths(every).values())


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
        flash(f"You have {address} already.")
    else:
        flash(f"Added {address}. Its articles appear here within a minute.")
    return redirect(url_for("pages.feed", feed_id=outcome.feed_id), code=303)


@blueprint.post("/feeds/refresh")
def refresh_all() -> ResponseReturnValue:
    """Make every feed due that is not paused."""
    with transaction(engine()) as db:
        n_due = feeds.check_now(db, None, now=now())
    flash(f"{many(n_due, 'feed')} will be checked now.")
    return redirect(way_back(request.form.get("next")), code=303)


@blueprint.post("/feed/<int:feed_id>/refresh")
def refresh_feed(feed_id: int) -> ResponseReturnValue:
    """Make one feed due."""
    with transaction(engine()) as db:
        feed = feeds.find_feed(db, feed_id)
        feeds.check_now(db, feed_id, now=now())
    return _back_to_feed(feed_id, f"{feed.title} will be checked now.")


@blueprint.post("/feed/<int:feed_id>/change")
def change_feed(feed_id: int) -> ResponseReturnValue:
    """Rename a feed, put it into a folder, say how often it is checked and how much of it is fetched."""
    with transaction(engine()) as db:
        feeds.find_feed(db, feed_id)
        feeds.rename_feed(db, feed_id, request.form.get("title", "").strip())
        feeds.move_to_folder(db, feed_id, path_from(request.form.get("folder", "")))
        if "every" in request.form:
            feeds.set_interval(db, feed_id, request.form.get("every", type=int), now=now())
        if "has_full_text" in request.form:  # a box that is not ticked is not sent
            feeds.want_full_text(db, feed_id, wants="full_text" in request.form)
        feed = feeds.find_feed(db, feed_id)
    return _back_to_feed(feed_id, f"Saved: {feed.title}.")


@blueprint.post("/feed/<int:feed_id>/move")
def move_feed(feed_id: int) -> ResponseReturnValue:
    """Go on with a feed at another address, such as its site offers; what it brought stays."""
    with transaction(engine()) as db:
        feeds.find_feed(db, feed_id)
        there = readdress(db, feed_id, request.form.get("url", ""), now=now())
        feed = feeds.find_feed(db, there)
    return _back_to_feed(there, f"{feed.title} goes on at {feed.feed_url}, starting now.")


@blueprint.post("/feed/<int:feed_id>/<any(pause,resume):act>")
def pause_feed(feed_id: int, act: str) -> ResponseReturnValue:
    """Stop checking a feed, or start again."""
    with transaction(engine()) as db:
        feed = feeds.find_feed(db, feed_id)
        feeds.set_paused(db, feed_id, is_paused=act == "pause", now=now())
    said = "is paused; its articles stay" if act == "pause" else "is checked again, starting now"
    return _back_to_feed(feed_id, f"{feed.title} {said}.")


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
    flash(f"Deleted {feed.title}.")
    return redirect(url_for("manage.list_feeds"), code=303)


def by_folder(lines: Iterable[FeedLine]) -> dict[str, list[FeedLine]]:
    """Return the feeds under the names of their folders, in the order they come in."""
    found: dict[str, list[FeedLine]] = {}
    for line in lines:
        found.setdefault(line.folder or "", []).append(line)
    return found


def folder_paths(folders: Sequence[Folder]) -> dict[int, str]:
    """Return each folder's whole path by its id; parents come before their children."""
    paths: dict[int, str] = {}
    for folder in folders:
        above = paths.get(folder.parent_id or 0)
        paths[folder.id] = f"{above}{FOLDER_MARK}{folder.name}" if above else folder.name
    return paths


def path_from(text: str) -> tuple[str, ...]:
    """Return the path of folders that the owner wrote: "World / Africa" lies two deep."""
    return tuple(name.strip() for name in text.split(FOLDER_MARK) if name.strip())


def _subscribe_all(wanted: Iterable[Subscription]) -> list[ImportOutcome]:
    with transaction(engine()) as db:
        return list(subscribe_all(db, wanted, now=now()))


def _flash_outcomes(outcomes: Sequence[ImportOutcome]) -> None:
    n_of = Counter(outcome.result for outcome in outcomes)
    flash(
        f"Added {many(n_of[ImportResult.ADDED], 'feed')}; "
        f"{n_of[ImportResult.ALREADY_THERE]:,} were there already, {n_of[ImportResult.INVALID]:,} could not be added."
    )
    refused = [outcome for outcome in outcomes if outcome.result is ImportResult.INVALID]
    for outcome in refused[:N_NAMED]:
        flash(f"Not added: {masked(outcome.subscription.feed_url)[:200]}: {outcome.why}")


def _back_to_feed(feed_id: int, said: str) -> ResponseReturnValue:
    flash(said)
    return redirect(url_for("pages.feed", feed_id=feed_id), code=303)
