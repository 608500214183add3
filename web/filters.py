"""How moments, names and foreign text look on a page."""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import cache, lru_cache
from itertools import accumulate
from urllib.parse import urlsplit

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.support import NullTranslations
from flask import Flask
from markupsafe import Markup

from aggregator.health import Health, State, health
from aggregator.health import span as span_of
from aggregator.models.feeds import Publisher
from aggregator.models.pages import ArticleLine, FeedLine
from aggregator.models.stories import StoryState
from aggregator.parse.urls import masked, safe_link
from web.newsroom import local, now, today
from web.words import gettext, ngettext, say, speaks, tell, tongue

_MINUTE_S = 60

MOST_WORDS = 2_000
"""That are remembered of a kind, 200 bytes each, by the language that the page speaks which says them."""

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
        decimal,
        fitting,
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
        name_of,
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
    app.add_template_filter(health_in_a_word)
    app.add_template_filter(say, "said")
    app.add_template_filter(tell, "told")
    app.add_template_global(now)


# --- time ----------------------------------------------------------------------------------------


def span(seconds: float) -> str:
    """Say how long that is, in its largest unit: "8 min", "5 h", "3 days"."""
    return say(span_of(seconds))


def ago(moment: datetime) -> str:
    """Say how long ago that was: "just now", "8 min ago", "5 h ago", "3 days ago"."""
    return ago_of((now() - moment).total_seconds())


def ago_of(seconds: float) -> str:
    """Say that something was so many seconds ago."""
    return gettext("just now") if seconds < _MINUTE_S else gettext("%(span)s ago", span=span(seconds))


def lag(moment: datetime, first: datetime) -> str:
    """Say how much later than the first report that was: "first", "+8 min"."""
    return _lag(tongue().catalogue, max(0, int((moment - first).total_seconds() // _MINUTE_S)))


@lru_cache(maxsize=MOST_WORDS)
def _lag(_: NullTranslations, n_minutes: int) -> str:
    """Return the same of so many minutes, as the present page's catalogue says it: it is asked for by that."""
    return gettext("+%(span)s", span=span(n_minutes * _MINUTE_S)) if n_minutes else gettext("first")


def health_now(line: FeedLine) -> Health:
    """Return how the feed does at the moment of this request."""
    return health(line, now=now())


def health_in_a_word(state: State) -> str:
    """Return what a page calls a feed's state."""
    return _STATES[state]()


_STATES: dict[State, Callable[[], str]] = {
    State.GOOD: lambda: gettext("Good"),
    State.NEW: lambda: gettext("New"),
    State.PAUSED: lambda: gettext("Paused"),
    State.FAILING: lambda: gettext("Failing"),
    State.DEAD: lambda: gettext("Dead"),
    State.GONE: lambda: gettext("Gone"),
    State.WEB_PAGE: lambda: gettext("No feed"),
    State.MOVING: lambda: gettext("Moving"),
    State.MOVED: lambda: gettext("Moved"),
    State.EMPTY: lambda: gettext("Empty"),
    State.SLOW: lambda: gettext("Slow"),
    State.OLD: lambda: gettext("Old"),
}


def clock_time(moment: datetime) -> str:
    """Return hours and minutes on the owner's clock, with the day where it is not today."""
    return clock(local(moment))


def clock(then: datetime) -> str:
    """Return the same of a moment that is on the owner's clock already."""
    if then.date() == today():
        return f"{then:%H:%M}"
    return gettext("%(day)s %(month)s %(time)s", day=then.day, month=_month(then, "abbreviated"), time=f"{then:%H:%M}")


def full_time(moment: datetime) -> str:
    """Return the whole moment on the owner's clock, for whoever asks exactly."""
    return full(local(moment))


def full(then: datetime) -> str:
    """Return the same of a moment that is on the owner's clock already."""
    return f"{_day(then.date())}, {then:%H:%M} {then.tzname() or ''}".rstrip()


def day(moment: datetime) -> str:
    """Return the day on the owner's calendar: "Tuesday, 24 November 2026"."""
    return _day(local(moment).date())


def _day(then: date) -> str:
    written = tongue().days
    if then not in written:
        weekday = speaks().days["format"]["wide"][then.weekday()]
        written[then] = gettext(
            "%(weekday)s, %(day)s %(month)s %(year)s", weekday=weekday, day=then.day, month=_month(then), year=then.year
        )
    return written[then]


def date_of(moment: datetime) -> str:
    """Return the date on the owner's calendar: "24 November", with the year where it is another."""
    return dated(local(moment))


def dated(then: datetime) -> str:
    """Return the same of a moment that is on the owner's clock already."""
    if then.year == today().year:
        return gettext("%(day)s %(month)s", day=then.day, month=_month(then))
    return gettext("%(day)s %(month)s %(year)s", day=then.day, month=_month(then), year=then.year)


def _month(then: date, width: str = "wide") -> str:
    """Return the month's name as it stands in a date; formatting dates by pattern takes ten times as long."""
    name: str = speaks().months["format"][width][then.month]
    return name


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
    said = f"{number:,}"
    return said.replace(",", speaks().number_symbols["latn"]["group"]) if "," in said else said


def decimal(number: float, n_places: int = 2) -> str:
    """Return the number with so many places behind the point, or what the language puts there: "0.93"."""
    return f"{number:.{n_places}f}".replace(".", _point(tongue().tag))


@lru_cache(maxsize=MOST_WORDS)
def _point(language: str) -> str:
    return str(speaks().number_symbols["latn"]["decimal"])


def many(number: int, noun: str) -> str:
    """Return so many of something that is often counted: "1 story", "1,211 articles"."""
    return _COUNTED[noun](number, count(number))


_COUNTED: dict[str, Callable[[int, str], str]] = {
    "article": lambda number, n: ngettext("%(n)s article", "%(n)s articles", number, n=n),
    "day": lambda number, n: ngettext("%(n)s day", "%(n)s days", number, n=n),
    "feed": lambda number, n: ngettext("%(n)s feed", "%(n)s feeds", number, n=n),
    "publisher": lambda number, n: ngettext("%(n)s publisher", "%(n)s publishers", number, n=n),
    "story": lambda number, n: ngettext("%(n)s story", "%(n)s stories", number, n=n),
}


def rhythm(per_day: float) -> str:
    """Say how often that is: "about 12 a day", "about 3 a week", "about one a month"."""
    if per_day >= 1.5:
        return gettext("about %(n)s a day", n=count(round(per_day)))
    if per_day >= 1.5 / 7:
        return gettext("about %(n)s a week", n=count(round(per_day * 7)))
    if per_day >= 1.5 / 30:
        return gettext("about %(n)s a month", n=count(round(per_day * 30)))
    return gettext("one a month, or fewer")


def country(code: str | None) -> str:
    """Return the country's name in the language of the page; the code itself where nobody knows it."""
    return _country(tongue().tag, code or "")


@lru_cache(maxsize=MOST_WORDS)
def _country(language: str, code: str) -> str:
    return str(speaks().territories.get(code.upper(), code))


def language(tag: str | None) -> str:
    """Return the language's name in the language of the page; the tag itself where nobody knows it."""
    return _language(tongue().tag, tag or "")


@lru_cache(maxsize=MOST_WORDS)
def _language(language: str, tag: str) -> str:
    return str(speaks().languages.get(_primary(tag), tag))


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
    return line.title.strip() or line.excerpt.strip()[:90] or gettext("Without a title")


def name_of(publisher: Publisher) -> str:
    """Return what a publisher is called."""
    return publisher.name or publisher.domain


def fitting(names: Sequence[str], n_chars: int) -> Sequence[str]:
    """Return the first names that stand whole beside one another in so many characters; one of them at least."""
    ends = accumulate(len(name) + 3 for name in names)
    return names[: max(1, sum(end - 3 <= n_chars for end in ends))]


def quote(text: str, min_chars: int, max_chars: int) -> str:
    """Return the text's first sentences, word for word: as few as say enough, cut at a word where one is too long."""
    line = " ".join(text.split())
    ends = (match.end(1) for match in _SENTENCE_END.finditer(line))
    found = line[: next((end for end in ends if end >= min_chars), len(line))]
    return found if len(found) <= max_chars else found[:max_chars].rsplit(" ", 1)[0].rstrip(" ,;:–—") + " …"


def state(last_at: datetime) -> str:
    """Say that a story is over, and what that means; nothing while it is live."""
    silence = span((now() - last_at).total_seconds())
    match StoryState.of(last_at, now=now()):
        case StoryState.LIVE:
            return ""
        case StoryState.DORMANT:
            return gettext("Dormant: nothing new for %(span)s; a late report would still join it.", span=silence)
        case StoryState.CLOSED:
            return gettext("Closed: nothing new for %(span)s; what is reported now is another story.", span=silence)


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
    return (tag or "").strip().lower().replace("_", "-").partition("-")[0]
