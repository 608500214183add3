"""The engine's bar: what yesterday would be at others, and choosing one."""

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aggregator.models.bars import Trial, TriedBar
from aggregator.models.pages import ArticleLine
from aggregator.store import articles, bars
from aggregator.store.db import reading, transaction
from web.errors import error_page
from web.filters import decimal
from web.newsroom import engine, newsroom, now
from web.words import gettext

blueprint = Blueprint("trying", __name__)


@blueprint.get("/engine")
def show_bars() -> ResponseReturnValue:
    """Show what the last day's articles would come to at one bar, beside the present one."""
    with reading(engine()) as db:
        trial = bars.latest_trial(db)
        chosen = _nearest(trial, request.args.get("bar", type=float)) if trial else None
        return render_template(
            "engine.html",
            trial=trial,
            chosen=chosen,
            lines=_lines(articles.lines_of(db, _shown(chosen))) if chosen else {},
            wanted_at=bars.wanted_at(db),
            holds=bars.chosen_bar(db) or newsroom().settings.stories.bar or (trial.bar if trial else None),
            can_take_back=bars.bar_before(db)[0],
        )


@blueprint.post("/engine/try")
def try_bars() -> ResponseReturnValue:
    """Ask the worker to group the last day's articles at several bars."""
    with transaction(engine()) as db:
        bars.want_trial(db, now=now())
    return redirect(url_for("trying.show_bars"), code=303)


@blueprint.post("/engine/bar")
def choose_bar() -> ResponseReturnValue:
    """Let one of the bars that were tried hold from now on."""
    wanted = request.form.get("bar", type=float)
    with transaction(engine()) as db:
        trial = bars.latest_trial(db)
        if wanted is None or not trial or wanted not in [tried.bar for tried in trial.bars]:
            return error_page(
                422, gettext("Which bar?"), gettext("Choose one of those that were tried: the others are untested.")
            )
        bars.choose_bar(db, wanted)
    flash(gettext("The bar is %(bar)s now; stories follow within a minute or two.", bar=decimal(wanted)))
    return redirect(url_for("trying.show_bars"), code=303)


@blueprint.post("/engine/bar/undo")
def take_back() -> ResponseReturnValue:
    """Let the bar before hold again."""
    with transaction(engine()) as db:
        bars.take_back(db)
    flash(gettext("The bar is what it was before; stories follow within a minute or two."))
    return redirect(url_for("trying.show_bars"), code=303)


def _nearest(trial: Trial, bar: float | None) -> TriedBar:
    """Return the bar that was tried and is nearest to this one; the present one where none is asked for."""
    wanted = trial.bar if bar is None else bar
    return min(trial.bars, key=lambda tried: abs(tried.bar - wanted))


def _shown(tried: TriedBar) -> list[int]:
    return [each for remade in (tried.joined, tried.parted) for parts in remade.shown for each in parts]


def _lines(found: Sequence[ArticleLine]) -> dict[int, ArticleLine]:
    return {line.id: line for line in found}
