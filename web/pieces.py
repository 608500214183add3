"""Pieces that stand on a page a hundred times, as markup: a macro of Jinja would take several times as long."""

from collections.abc import Callable, Container
from datetime import datetime
from typing import Any, TypeVar

from flask import Flask
from markupsafe import Markup, escape

from aggregator.models.feeds import Publisher
from aggregator.models.pages import ArticleLine, Outline
from web import acts
from web.filters import ago, clock, dated, full, iso, name_of, web_url
from web.links import stencil
from web.newsroom import here, local

Made = TypeVar("Made")


def add_pieces(app: Flask) -> None:
    """Let templates put them where they belong."""
    for each in (
        time_at,
        time_ago,
        time_on,
        time_of_day,
        act_button,
        publisher,
        publisher_link,
        line_url,
        article_url,
        report_link,
        data_original,
    ):
        app.add_template_filter(each)


# --- moments, each with all that is known of it for whoever asks exactly --------------------------------


def time_at(moment: datetime) -> Markup:
    """Return the hours and minutes of a moment, with the day where it is not today."""
    return _for_this_page(_time_at, moment)


def _time_at(moment: datetime) -> Markup:
    then = local(moment)
    return _time(moment, then, clock(then))


def time_ago(moment: datetime) -> Markup:
    """Return how long ago a moment was."""
    return _time(moment, local(moment), ago(moment))


def time_on(moment: datetime) -> Markup:
    """Return the date of a moment."""
    then = local(moment)
    return _time(moment, then, dated(then))


def time_of_day(moment: datetime, css_class: str) -> Markup:
    """Return the hours and minutes of a moment whose day is said elsewhere."""
    then = local(moment)
    return _time(moment, then, f"{then:%H:%M}", f' class="{css_class}"')


def _time(moment: datetime, then: datetime, said: str, attributes: str = "") -> Markup:
    return Markup(  # noqa: S704  what stands in the places is escaped, or a number
        f'<time{attributes} datetime="{iso(moment)}" title="{escape(full(then))}">{escape(said)}</time>'
    )


# --- acts, names and ways ----------------------------------------------------------------------------


def act_button(number: int, kind: str, act: str) -> Markup:
    """Return the button that does this to the story, article or topic of this number.

    A button does what the end of its address says; by that the style sheet gives it its icon.
    """
    return Markup(_for_this_page(_button, kind, act) % number)  # noqa: S704  the rest of it is ours


def _button(kind: str, act: str) -> str:
    address, said = stencil(f"marks.mark_{kind}", f"{kind}_id", act=act), acts.name(act).replace("%", "%%")
    return f'<button class="act" form="marks" formaction="{escape(address)}"><span>{escape(said)}</span></button>'


def publisher(of: Publisher) -> Markup:
    """Return what a publisher is called."""
    return Markup(f'<span class="publisher" dir="auto">{escape(name_of(of))}</span>')  # noqa: S704  escaped


def publisher_link(of: Publisher) -> Markup:
    """Return what a publisher is called, leading to what it brought; for where there is no other link about it."""
    address = escape(_for_this_page(stencil, "publishers.show", "publisher_id") % of.id)
    return Markup(f'<a href="{address}">{publisher(of)}</a>')  # noqa: S704  escaped


def line_url(line: ArticleLine) -> str:
    """Return where a line leads: to its story where it has one, else to its text."""
    if line.story_id:
        return _for_this_page(stencil, "pages.story", "story_id") % line.story_id
    return _for_this_page(stencil, "pages.article", "article_id") % line.id


def article_url(article: Outline, shown: Container[int]) -> str:
    """Return where an article stands: on this page, where it is shown there, else on its own."""
    return (
        f"#a{article.id}"
        if article.id in shown
        else _for_this_page(stencil, "pages.article", "article_id") % article.id
    )


def report_link(article: Outline, shown: Container[int]) -> Markup:
    """Return who reported something and when, leading to the article."""
    said = f"{publisher(article.publisher)} {time_at(article.published_at)}"
    return Markup(f'<a href="{escape(article_url(article, shown))}">{said}</a>')  # noqa: S704  escaped


def data_original(url: str | None) -> Markup:
    """Return the attribute that says where an article was published; nothing where its address is none."""
    link = web_url(url)
    return Markup(f' data-original="{escape(link)}"') if link else Markup("")  # noqa: S704  escaped


def _for_this_page(make: Callable[..., Made], *about: Any) -> Made:
    """Return what this makes, made once for each page."""
    kept = here()
    try:
        made: dict[object, Made] = kept.made_once
    except AttributeError:
        made = kept.made_once = {}
    key = (make, about)
    found = made.get(key)
    if found is None:
        found = made[key] = make(*about)
    return found
