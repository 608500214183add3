"""What the templates draw and say of a story, with the moment and the clock of the present request."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache

from flask import Flask, current_app, request, url_for
from markupsafe import Markup

from aggregator.health import span
from aggregator.models.pages import ArticleLine, Outline, Retitle, StoryCard, StoryPage, TopicLine
from web import filters, front, pictures, timeline
from web.newsroom import here, now, today
from web.preferences import preferences
from web.words import tongue

WIDE, TALL = (1216, 70, 420), (358, 80, 560)
"""Of a map of topics, for a desk and for a phone: width, height for each topic, and height at most.

Letters are as large as they are drawn.
"""


MOST_DRAWN = {"story": 200, "article": 500}
"""Cards and lines that are kept as they were drawn, with what they said: 10 kB a card, 40 where a story has a hundred
articles, and 5 kB a line. A front page has thirty cards, a river eighty lines."""

_DRAWN = "broadsheet-drawn"


def add_drawings(app: Flask) -> None:
    """Make the pictures, and what is told beside them, known to the templates."""
    app.extensions[_DRAWN] = {kind: {} for kind in MOST_DRAWN}
    app.add_template_global(kept)
    app.add_template_global(kept_line)
    app.add_template_global(chip)
    app.add_template_global(front.quotations, "quotations")
    app.add_template_global(front.coverage)
    app.add_template_global(n_lately)
    app.add_template_global(sparkline)
    app.add_template_global(arrivals)
    app.add_template_global(bars)
    app.add_template_global(topic_maps)


def kept(card: StoryCard, place: Sequence[object], since: datetime | None, caller: Callable[[], str]) -> Markup:
    """Return a card as it was drawn before in this place, where it says the same; else as `caller` draws it now.

    Drawing thirty cards takes longer than all that is asked of the database for them.
    """
    moment = now()
    news = front.chip(card, since, now=moment)
    said = (card, since, news, today(), _age(card.last_at, moment), _age(card.first.published_at, moment))
    return _kept("story", (card.id, place), said, caller)


def kept_line(line: ArticleLine, place: Sequence[object], caller: Callable[[], str]) -> Markup:
    """Return an article's line of a list as it was drawn before in this place, as `kept` does a card."""
    return _kept("article", (line.id, place), (line, today()), caller)


def _kept(kind: str, key: tuple[object, ...], said: tuple[object, ...], caller: Callable[[], str]) -> Markup:
    drawn: dict[object, tuple[tuple[object, ...], Markup]] = current_app.extensions[_DRAWN][kind]
    # What is said of the time and of news is no part of the key: what was drawn before gives way to what is now.
    place = (*key, *_of_page())
    before = drawn.get(place)
    if before is not None and before[0] == said:
        return before[1]
    if len(drawn) >= MOST_DRAWN[kind]:
        drawn.clear()
    drawn[place] = (said, markup := Markup(caller()))  # noqa: S704  what a template drew is markup
    return markup


def _of_page() -> tuple[object, ...]:
    """Return what all that is drawn on one page has in common: its language, its path, whether it shows pictures."""
    try:
        found: tuple[object, ...] = here().drawn_for
    except AttributeError:
        found = here().drawn_for = (tongue().tag, request.root_path, preferences().has_pictures)
    return found


def _age(then: datetime, moment: datetime) -> object:
    """Return how long that was ago at this moment, as far as words tell."""
    seconds = (moment - then).total_seconds()
    return seconds >= 60 and span(seconds)


def chip(card: StoryCard, since: datetime | None = None) -> front.Chip | None:
    """Return what is new in a story to who was here until then."""
    return front.chip(card, since, now=now())


def n_lately(card: StoryCard) -> int:
    """Return how many articles of a growing story came in the last hour."""
    return front.n_lately(card, now=now())


def sparkline(card: StoryCard) -> Markup:
    """Return when the story's articles came, as a picture."""
    published_us = [report.published_us for report in card.reports]
    return pictures.sparkline(published_us, now=now(), clock=filters.clock_time) if published_us else Markup("")


def arrivals(page: StoryPage, retitles: Sequence[tuple[Retitle, Outline]]) -> Markup:
    """Return when the story's reports came, and when headlines were changed, as a picture."""
    published_us = [report.published_us for report in page.card.reports]
    return timeline.arrivals(published_us, [each.changed_at for each, _ in retitles], clock=filters.clock_time)


def bars(name: str, title: str, amounts: Sequence[tuple[str, int]], are_countries: bool) -> Markup:
    """Return how much there is of each country or language, by their codes, as a picture."""
    named = filters.country if are_countries else filters.language
    return _bars_in(tongue().tag, name, title, tuple((named(code), n) for code, n in amounts))


@lru_cache(maxsize=100)
def _bars_in(language: str, name: str, title: str, amounts: tuple[tuple[str, int], ...]) -> Markup:
    """Return the picture as it was drawn before in this language, where it shows the same."""
    return pictures.bars(name, title, amounts)


def topic_maps(lines: list[TopicLine]) -> Markup:
    """Return the map of topics twice, for wide and for narrow windows; the page shows one."""
    return Markup("").join(
        pictures.topic_map(name, lines, (width, min(each * len(lines), most)), link=_topic_url, now=now())
        for name, (width, each, most) in (("wide", WIDE), ("tall", TALL))
    )


def _topic_url(topic_id: int) -> str:
    return url_for("topics.topic", topic_id=topic_id)
