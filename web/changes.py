"""What changed in stories: reading it, undoing it, and correcting what is wrong."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aggregator.models.acts import Act
from aggregator.models.corrections import Change, ChangeKind
from aggregator.store import acts, articles, changes, correcting
from aggregator.store.db import reading, transaction
from web.errors import error_page
from web.filters import count
from web.newsroom import engine, now
from web.words import gettext, ngettext

blueprint = Blueprint("changes", __name__)

N_CHANGES = 60

N_TITLES = 20
"""Of the articles of each side, where a correction is shown before it is done."""

Correct: TypeAlias = Callable[..., Change]


@blueprint.get("/changes")
def list_changes() -> ResponseReturnValue:
    """Show what the engine and the owner changed in stories, and what the owner did besides, newest first."""
    is_all, places = "all" in request.args, _places()
    with reading(engine()) as db:
        in_stories = changes.latest(db, limit=N_CHANGES + 1, before_id=places["before"], with_small=is_all)
        by_owner = acts.latest(db, limit=N_CHANGES + 1, before_id=places["before_act"])
    both: list[Change | Act] = [*in_stories, *by_owner]
    lines = sorted(both, key=lambda each: each.at, reverse=True)
    shown = lines[:N_CHANGES]
    return render_template(
        "changes.html", lines=shown, older=_older(shown, places) if len(lines) > N_CHANGES else None, is_all=is_all
    )


def _places() -> dict[str, int | None]:
    """Return where either of the two lists goes on."""
    return {name: request.args.get(name, type=int) for name in ("before", "before_act")}


def _older(shown: Sequence[Change | Act], places: Mapping[str, int | None]) -> str:
    """Return where the page of what was before is: each list goes on after the last of it that was shown."""
    last = {"before_act" if isinstance(each, Act) else "before": each.id for each in shown}
    place: dict[str, Any] = {**places, **last, "all": "" if "all" in request.args else None}
    return url_for("changes.list_changes", **place)


@blueprint.post("/story/<int:story_id>/without/<int:article_id>")
def not_this_story(story_id: int, article_id: int) -> ResponseReturnValue:
    """Take an article out of a story."""
    return _correct(story_id, partial(correcting.not_this_story, story_id=story_id, article_id=article_id))


@blueprint.post("/story/<int:story_id>/move/<int:article_id>")
def move_to(story_id: int, article_id: int) -> ResponseReturnValue:
    """Put an article of a story into another."""
    other_id = _other()
    if other_id is None:
        return _which_other()
    return _correct(story_id, partial(correcting.move_article, article_id=article_id, story_id=other_id))


@blueprint.post("/story/<int:story_id>/same")
def same_story(story_id: int) -> ResponseReturnValue:
    """Make two stories one."""
    return _correct_two(story_id, correcting.same_story)


@blueprint.post("/story/<int:story_id>/apart")
def keep_apart(story_id: int) -> ResponseReturnValue:
    """Keep two stories two."""
    return _correct_two(story_id, correcting.keep_apart)


@blueprint.post("/story/<int:story_id>/preview/<any(without,move):act>/<int:article_id>")
def preview_of_article(story_id: int, act: str, article_id: int) -> ResponseReturnValue:
    """Show what taking an article out, or moving it, would do."""
    if act == "without":
        does: Correct = partial(correcting.not_this_story, story_id=story_id, article_id=article_id)
        return _foreseen(story_id, does, url_for("changes.not_this_story", story_id=story_id, article_id=article_id))
    other_id = _other()
    if other_id is None:
        return _which_other()
    does = partial(correcting.move_article, article_id=article_id, story_id=other_id)
    return _foreseen(story_id, does, url_for("changes.move_to", story_id=story_id, article_id=article_id))


@blueprint.post("/story/<int:story_id>/preview/<any(same,apart):act>")
def preview_of_two(story_id: int, act: str) -> ResponseReturnValue:
    """Show what joining two stories, or keeping them apart, would do."""
    other_id = _other()
    if other_id is None:
        return _which_other()
    does = correcting.same_story if act == "same" else correcting.keep_apart
    address = url_for("changes.same_story" if act == "same" else "changes.keep_apart", story_id=story_id)
    return _foreseen(story_id, partial(does, story_id=story_id, other_id=other_id), address)


def _other() -> int | None:
    return number_in(request.form.get("other", ""))


def _which_other() -> ResponseReturnValue:
    return error_page(
        422,
        gettext("Which other story?"),
        gettext("Go back and choose one, or search for it by its words or its number."),
    )


def _foreseen(story_id: int, act: Correct, address: str) -> ResponseReturnValue:
    change = correcting.foresee(engine(), partial(act, now=now()))
    with reading(engine()) as db:
        sides = {
            name: articles.lines_of(db, ids[:N_TITLES])
            for name, ids in (("moved", change.moved_ids), ("stayed", change.stayed_ids), ("joined", change.joined_ids))
        }
    return render_template(
        "foreseen.html", change=change, sides=sides, story_id=story_id, address=address, other=request.form.get("other")
    )


def _correct_two(story_id: int, act: Callable[..., Change]) -> ResponseReturnValue:
    other_id = _other()
    return (
        _which_other() if other_id is None else _correct(story_id, partial(act, story_id=story_id, other_id=other_id))
    )


def _correct(story_id: int, act: Correct) -> ResponseReturnValue:
    with transaction(engine()) as db:
        change: Change = act(db, now=now())
    flash(outcome(change), f"undo {url_for('acts.undo_change', change_id=change.id)}")
    return redirect(url_for("pages.story", story_id=story_id), code=303)


def number_in(words: str) -> int | None:
    """Return the story's number in what was written: "12", "#12" or the address of its page; None where none is."""
    found = re.search(r"(?:^|\D)(\d{1,18})\D*$", words.strip())
    return int(found[1]) if found else None


def outcome(change: Change) -> str:
    """Say what a correction of the owner's did."""
    n = len(change.moved_ids)
    match change.kind:
        case ChangeKind.MERGE:
            return gettext("Story %(old)s is part of story %(new)s now.", old=change.from_id, new=change.to_id)
        case ChangeKind.SPLIT:
            return ngettext(
                "Took %(n)s article out; story %(new)s is about that now.",
                "Took %(n)s articles out; story %(new)s is about that now.",
                n,
                n=count(n),
                new=change.to_id,
            )
        case ChangeKind.MOVE:
            return ngettext(
                "Moved %(n)s article to story %(new)s.",
                "Moved %(n)s articles to story %(new)s.",
                n,
                n=count(n),
                new=change.to_id,
            )
        case ChangeKind.APART:
            return gettext("Stories %(old)s and %(new)s will not be joined.", old=change.from_id, new=change.to_id)
