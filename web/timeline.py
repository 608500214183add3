"""When the reports of a story came, drawn as a strip of time; pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from markupsafe import Markup

from aggregator.models.moments import microseconds, moment_of
from web.filters import count
from web.words import gettext, ngettext

N_STEPS = 48
STEP = 7
HEIGHT = 56
FOOT = 16
WIDTH = N_STEPS * STEP

SHORTEST_US = timedelta(hours=1) // timedelta(microseconds=1)
"""That a chart tells of: a story of five minutes would fill it with its first article."""


def arrivals(published_us: Sequence[int], retitled: Iterable[datetime], *, clock: Callable[[datetime], str]) -> Markup:
    """Return how many reports came when, from the first to the last, with marks where headlines were changed.

    They are counted as models/moments.py does; `clock` says a moment on the owner's clock.
    """
    first, last = min(published_us), max(published_us)
    span = max(last - first, SHORTEST_US)
    counts = Counter(_step(moment, first, span) for moment in published_us)
    highest = max(counts.values())
    changed = [microseconds(moment) for moment in retitled]
    marks = sorted({_step(moment, first, span) for moment in changed if first <= moment <= first + span})
    return Markup(
        '<svg class="arrivals" role="img" aria-labelledby="arrivals-t arrivals-d" viewBox="0 0 {0} {1}">'
        '<title id="arrivals-t">{2}</title><desc id="arrivals-d">{3}</desc>'
        '<path class="axis" d="M0 {4}H{0}"/><path class="came" d="{5}"/><path class="retitled" d="{6}"/>'
        '<text x="0" y="{1}">{7}</text><text x="{0}" y="{1}" text-anchor="end">{8}</text></svg>'
    ).format(
        WIDTH,
        HEIGHT + FOOT,
        gettext("When the reports came"),
        _in_words(counts, first, last, span, len(published_us), lambda moment: clock(moment_of(moment))),
        HEIGHT,
        "".join(_bar(step, counts[step] / highest) for step in sorted(counts)),
        "".join(f"M{step * STEP} {HEIGHT + 2}l3 4h-6z" for step in marks),
        clock(moment_of(first)),
        clock(moment_of(first + span)),
    )


def _step(moment: int, first: int, span: int) -> int:
    return min(int((moment - first) / span * N_STEPS), N_STEPS - 1)


def _bar(step: int, share: float) -> str:
    height = max(3, round(share * (HEIGHT - 4)))
    return f"M{step * STEP} {HEIGHT}v-{height}h{STEP - 2}v{height}z"


def _in_words(
    counts: Counter[int],
    first: int,
    last: int,
    span: int,
    n_reports: int,
    clock: Callable[[int], str],
) -> str:
    busiest = max(counts, key=lambda step: (counts[step], -step))
    return str(
        ngettext(
            "%(n)s report, at %(first)s",
            "%(n)s reports: the first at %(first)s, most at once from %(most)s, the last at %(last)s",
            n_reports,
            n=count(n_reports),
            first=clock(first),
            most=clock(first + round(busiest * span / N_STEPS)),
            last=clock(last),
        )
    )
