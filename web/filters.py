"""How moments, names and foreign text look on a page."""

import re
from datetime import date, datetime
from functools import cache, lru_cache
from urllib.parse import urlsplit

from babel import Locale
from babel.dates import format_date, format_skeleton
from flask import Flask
from flask_babel import gettext
from markupsafe import Markup

from aggregator.health import Health, health, span
from aggregator.models import ArticleLine, FeedLine, StoryState
from aggregator.parse.urls import masked, safe_link
from web.language import speaks
from web.newsroom import local, now, today

_MINUTE_S = 60

_SENTENCE_END = re.compile(r"""(?<=[.!?؟。！？])(?<!\b\w\.)(["”’»)」』]*)(?:\s+|(?<=[。！？」』]))""")
"""After a full stop that does not end an initial (“J. Smith”, “6 a.m. today”); CJK sentences need no space."""


def add_filters(app: Flask) -> None:
    """Make the filters and the globals known to the templates."""
    for each in (
        ago,
        clock_time,
        count,
        country,
        date_of,
        day,
        day_of,
        foreign,
        full_time,
        host,
        hour,
        hour_of,
        iso,
        lag,
        language,
        many,
        masked,
        month,
        month_of,
        quote,
        rhythm,
        span,
        state,
        title_of,
        web_url,
        weekday,
    ):
        app.add_template_filter(each)
    app.add_template_filter(health_now, "health")
    app.add_template_global(now)


# --- time ----------------------------------------------------------------------------------------


def ago(moment: datetime) -> str:
    """Say how long ago that was: "just now", "8 min ago", "5 h ago", "3 days ago"."""
    seconds = (now() - moment).total_seconds()
    return "just now" if seconds < _MINUTE_S else f"{span(seconds)} ago"


def lag(moment: datetime, first: datetime) -> str:
    """Say how much later than the first report that was: "first", "+8 min"."""
    seconds = (moment - first).total_seconds()
    return "first" if seconds < _MINUTE_S else f"+{span(seconds)}"


def health_now(line: FeedLine) -> Health:
    """Return how the feed does at the moment of this request."""
    return health(line, now=now())


def clock_time(moment: datetime) -> str:
    """Return hours and minutes on the owner's clock, with the day where it is not today."""
    then = local(moment)
    return f"{then:%H:%M}" if then.date() == today() else f"{then.day} {then:%b %H:%M}"


def full_time(moment: datetime) -> str:
    """Return the whole moment on the owner's clock, for whoever asks exactly."""
    then = local(moment)
    return f"{then:%A}, {then.day} {then:%B %Y, %H:%M} {then.tzname() or ''}".rstrip()


def day(moment: datetime) -> str:
    """Return the day on the owner's calendar: "Tuesday, 24 November 2026"."""
    then = local(moment)
    return f"{then:%A}, {then.day} {then:%B %Y}"


def date_of(moment: datetime) -> str:
    """Return the date on the owner's calendar: "24 November", with the year where it is another."""
    then = local(moment)
    return f"{then.day} {then:%B}" if then.year == today().year else f"{then.day} {then:%B %Y}"


def hour(moment: datetime) -> str:
    """Return hours and minutes on the owner's clock: "14:05"."""
    return f"{local(moment):%H:%M}"


def hour_of(moment: datetime) -> str:
    """Return hours and minutes on the owner's clock, as addresses of past front pages write them: "1405"."""
    return f"{local(moment):%H%M}"


def day_of(moment: datetime) -> str:
    """Return the day on the owner's calendar, as addresses write it: "2026-11-24"."""
    return f"{local(moment):%Y-%m-%d}"


def month_of(moment: datetime) -> str:
    """Return the month on the owner's calendar, as addresses write it: "2026-11"."""
    return f"{local(moment):%Y-%m}"


def month(day: date) -> str:
    """Return the month of a day: "November 2026"."""
    return format_skeleton("yMMMM", day, locale=speaks())


def weekday(day: date) -> str:
    """Return the day of the week in short: "Tue"."""
    return format_date(day, "ccc", locale=speaks())


def iso(moment: datetime) -> str:
    """Return the moment as machines read it."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


# --- words ---------------------------------------------------------------------------------------


def count(number: int) -> str:
    """Return the number with its thousands apart: "1,211"."""
    return f"{number:,}"


def many(number: int, noun: str, plural: str | None = None) -> str:
    """Return so many of something: "1 story", "1,211 articles"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def rhythm(per_day: float) -> str:
    """Say how often that is: "about 12 a day", "about 3 a week", "about one a month"."""
    if per_day >= 1.5:
        return str(gettext("about %(n)s a day", n=count(round(per_day))))
    if per_day >= 1.5 / 7:
        return str(gettext("about %(n)s a week", n=count(round(per_day * 7))))
    if per_day >= 1.5 / 30:
        return str(gettext("about %(n)s a month", n=count(round(per_day * 30))))
    return str(gettext("one a month, or fewer"))


def country(code: str | None) -> str:
    """Return the country's English name; the code itself where nobody knows it."""
    return str(_english().territories.get((code or "").upper(), code or ""))


def language(tag: str | None) -> str:
    """Return the language's English name; the tag itself where nobody knows it."""
    return str(_english().languages.get(_primary(tag), tag or ""))


def lang_tag(tag: str | None) -> str | None:
    """Return the tag for a `lang` attribute; None, which leaves it out, for what is no language."""
    return tag if tag and re.fullmatch(r"[A-Za-z0-9-]{2,35}", tag) and _primary(tag) in _english().languages else None


@lru_cache(maxsize=256)
def foreign(tag: str | None) -> Markup:
    """Return the attributes of foreign text: its language, where there is such a one, and its own direction."""
    known = lang_tag(tag)
    return Markup(' lang="{}" dir="auto"').format(known) if known else Markup(' dir="auto"')


def title_of(line: ArticleLine) -> str:
    """Return the article's title; its first words where it has none."""
    return line.title.strip() or line.excerpt.strip()[:90] or "Without a title"


def quote(text: str, min_chars: int, max_chars: int) -> str:
    """Return the text's first sentences, word for word: as few as say enough, cut at a word where one is too long."""
    found = ""
    for sentence in _SENTENCE_END.sub(r"\1\n", " ".join(text.split())).split("\n"):
        if len(found) >= min_chars:
            break
        found = f"{found} {sentence}".strip()
    return found if len(found) <= max_chars else found[:max_chars].rsplit(" ", 1)[0].rstrip(" ,;:–—") + " …"


def state(last_at: datetime) -> str:
    """Say that a story is over, and what that means; nothing while it is live."""
    silent = f"nothing new for {span((now() - last_at).total_seconds())}"
    match StoryState.of(last_at, now=now()):
        case StoryState.LIVE:
            return ""
        case StoryState.DORMANT:
            return f"Dormant: {silent}; a late report would still join it."
        case StoryState.CLOSED:
            return f"Closed: {silent}; what is reported now is another story."


# --- foreign matter ------------------------------------------------------------------------------


def web_url(url: str | None) -> str:
    """Return the address where it leads into the web, and nothing where it would do something else."""
    return safe_link(url) or ""


def host(url: str | None) -> str:
    """Return the host of an address, as readers know it: without www."""
    try:
        return (urlsplit(url or "").hostname or "").removeprefix("www.")
    except ValueError:
        return ""


@cache
def _english() -> Locale:
    return Locale.parse("en")


def _primary(tag: str | None) -> str:
    return re.split(r"[-_]", (tag or "").strip().lower(), maxsplit=1)[0]
