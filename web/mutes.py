"""Muting: the menu of a story, and the list of what is muted."""

from dataclasses import replace
from datetime import datetime

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from aggregator.models.acts import Mute, MuteKind
from aggregator.models.pages import StoryCard
from aggregator.muting import DURATIONS_DAYS, bar_of, like, names_of, until
from aggregator.store import mutes, showing
from aggregator.store.db import reading, transaction
from web.acts import done
from web.errors import error_page
from web.filters import count
from web.newsroom import engine, now, window_start
from web.words import gettext, ngettext

blueprint = Blueprint("mutes", __name__)

USUAL_DAYS = 7
MAX_BAR = 10_000


@blueprint.get("/story/<int:story_id>/mute")
def menu(story_id: int) -> ResponseReturnValue:
    """Ask what of a story is to be muted, and for how long."""
    with reading(engine()) as db:
        card = showing.find_card(db, story_id)
        names = _names(db, card)
    return render_template(
        "mute.html", card=card, names=names, durations=DURATIONS_DAYS, usual=USUAL_DAYS, bar=bar_of(card.n_publishers)
    )


@blueprint.post("/story/<int:story_id>/mute")
def mute(story_id: int) -> ResponseReturnValue:
    """Mute a story, things like it, or one of its publishers there."""
    with reading(engine()) as db:
        card = showing.find_card(db, story_id)
        wanted = _wanted(db, card)
        alike = like(wanted.names, mutes.titles(db, since=window_start())) if wanted.names else []
    if wanted.kind is MuteKind.LIKENESS and not (wanted.topic_id or wanted.names):
        return error_page(
            422,
            gettext("Nothing tells what is like it"),
            gettext("This story has no topic and no names that Broadsheet can see. Mute the story itself."),
        )
    with transaction(engine()) as db:
        act, made = mutes.mute(db, wanted, now=now())
        mutes.hide(db, made.id, alike)
        made = _with_bar(db, made, card)
    return done(act, said=_said(made))


@blueprint.get("/muted")
def list_mutes() -> ResponseReturnValue:
    """Show what is muted, until when, and what it hides."""
    with reading(engine()) as db:
        lines = mutes.mute_lines(db, since=window_start(), now=now())
        n_hidden = mutes.n_hidden(db, since=window_start(), now=now())
    return render_template("muted.html", lines=lines, n_hidden=n_hidden)


@blueprint.post("/mute/<int:mute_id>/end")
def end(mute_id: int) -> ResponseReturnValue:
    """End a mute now."""
    with transaction(engine()) as db:
        return done(mutes.end(db, mute_id, now=now()))


def _names(db: Connection, card: StoryCard) -> tuple[str, ...]:
    """Return the names by which things like this story are known, where it has no topic for that."""
    return () if card.topic else names_of(card.headline, mutes.shared_in(db, card.id))


def _wanted(db: Connection, card: StoryCard) -> Mute:
    """Return the mute that the form asks for; a 400 for what no form of ours sends."""
    kind, days = request.form.get("kind", MuteKind.STORY), request.form.get("days", type=int)
    publishers = {line.publisher.id for line in card.lines}
    publisher_id = request.form.get("publisher", type=int) if kind == MuteKind.PUBLISHER else None
    is_known = kind in list(MuteKind) and (kind != MuteKind.PUBLISHER or publisher_id in publishers)
    if not is_known or (days is not None and days not in DURATIONS_DAYS):
        abort(400)
    return Mute(
        kind=MuteKind(kind),
        title=card.headline,
        story_id=card.id,
        topic_id=card.topic.id if card.topic and kind != MuteKind.STORY else None,
        names=_names(db, card) if kind == MuteKind.LIKENESS else (),
        publisher_id=publisher_id,
        bar=_own_bar(),
        until=until(days, now=now()),
        made_at=now(),
    )


def _own_bar() -> int | None:
    bar = request.form.get("bar", type=int)
    return min(max(bar, 1), MAX_BAR) if bar is not None else None


def _with_bar(db: Connection, made: Mute, card: StoryCard) -> Mute:
    """Set how large a story has to grow to be shown all the same, where the owner wants that and gave no number."""
    if "breakout" not in request.form or made.kind is MuteKind.PUBLISHER:
        bar = None
    else:
        largest = max(card.n_publishers, mutes.largest(db, made.id, since=window_start(), now=now()))
        bar = made.bar or bar_of(largest)
    mutes.set_bar(db, made.id, bar)
    return replace(made, bar=bar)


def _said(made: Mute) -> str:
    for_so_long = _duration(made.until)
    if made.bar is None:
        return for_so_long
    comes_back = ngettext(
        "It comes back when %(n)s publisher tells it.",
        "It comes back when %(n)s publishers tell it.",
        made.bar,
        n=count(made.bar),
    )
    return f"{for_so_long} {comes_back}"


def _duration(end_at: datetime | None) -> str:
    if end_at is None:
        return gettext("Muted for ever.")
    days = (end_at - now()).days
    return ngettext("Muted for %(n)s day.", "Muted for %(n)s days.", days, n=days)
