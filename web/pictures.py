"""Pictures drawn here, as SVG: each with its text, in the colours of the page; pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from markupsafe import Markup

from aggregator.models.moments import microseconds, moment_of
from aggregator.models.pages import TopicLine
from web.filters import count
from web.words import gettext, ngettext

# --- when a story's articles came --------------------------------------------------------------------

N_STROKES = 24
"""Of a sparkline: each stands for a twenty-fourth of the time from the first report until now."""
STROKE = 2
SPARK_HEIGHT = 16
DAY_STEP, DAYS_HIGH = 8, 40
"""Of the bars of days: how far apart, and how high the highest."""
SHORTEST_US = timedelta(hours=1) // timedelta(microseconds=1)
"""That a sparkline tells of: a story of five minutes would fill it with its first article."""


def sparkline(published_us: Sequence[int], *, now: datetime, clock: Callable[[datetime], str]) -> Markup:
    """Return when a story's articles were published, from the first until now, as strokes on a line.

    They are counted as models/moments.py does; `clock` says a moment on the owner's clock.
    """
    first = min(published_us)
    span = max(microseconds(now) - first, SHORTEST_US)
    counts = _counts(published_us, first, span)
    peak = max(range(N_STROKES), key=lambda n: counts[n])
    return Markup(
        '<svg class="spark" role="img" width="{0}" height="{1}"><title>{2}</title><path d="{3}"/></svg>'
    ).format(
        N_STROKES * STROKE,
        SPARK_HEIGHT,
        _arrivals_in_words(published_us, counts[peak], clock(moment_of(first + round(peak * span / N_STROKES))), clock),
        _strokes(counts),
    )


def days_drawn(moments: Sequence[datetime], *, n_days: int, today: date, day_of: Callable[[datetime], date]) -> Markup:
    """Return how many articles came on each of the last days, as bars; `day_of` tells the owner's day of a moment."""
    n_of = Counter((today - day_of(moment)).days for moment in moments)
    counts = [n_of.get(n_days - 1 - n, 0) for n in range(n_days)]
    if not any(counts):
        return Markup("")
    said = gettext(
        "%(n)s articles in %(days)s days, %(most)s on the busiest, none on %(none)s",
        n=count(sum(counts)),
        days=n_days,
        most=count(max(counts)),
        none=counts.count(0),
    )
    wide, high = DAY_STEP - 2, [max(2, round(each / max(counts) * DAYS_HIGH)) for each in counts]
    bars = [f"M{n * DAY_STEP + 1} {DAYS_HIGH}h{wide}v-{high[n]}h-{wide}z" for n, each in enumerate(counts) if each]
    return Markup(
        '<svg class="spark days" role="img" viewBox="0 0 {0} {1}" width="{0}" height="{1}"><title>{2}</title>'
        '<path d="{3}"/></svg>'
    ).format(n_days * DAY_STEP, DAYS_HIGH, said, "".join(bars))


def _counts(published_us: Iterable[int], first: int, span: int) -> list[int]:
    counts = [0] * N_STROKES
    for moment in published_us:
        counts[min(int((moment - first) / span * N_STROKES), N_STROKES - 1)] += 1
    return counts


def _strokes(counts: Sequence[int]) -> str:
    """Return a path of upright strokes; the tallest is as high as the picture, and one article is still seen."""
    highest = max(counts)
    return "".join(
        f"M{n * STROKE + 1} {SPARK_HEIGHT}v-{max(3, round(counts[n] / highest * (SPARK_HEIGHT - 2)))}"
        for n in range(N_STROKES)
        if counts[n]
    )


def _arrivals_in_words(published_us: Sequence[int], most: int, peak: str, clock: Callable[[datetime], str]) -> str:
    first, last = clock(moment_of(min(published_us))), clock(moment_of(max(published_us)))
    if len(published_us) == 1:
        return gettext("1 article, at %(first)s", first=first)
    values = {"n": count(len(published_us)), "first": first, "most": count(most), "peak": peak, "last": last}
    return str(gettext("%(n)s articles: first %(first)s, most (%(most)s) from %(peak)s, last %(last)s", **values))


# --- how much of each --------------------------------------------------------------------------------

MOST_BARS = 12
BARS_WIDTH, BAR_ROW, LABEL_WIDTH, NUMBER_WIDTH = 320, 20, 128, 32


def bars(name: str, title: str, amounts: Sequence[tuple[str, int]]) -> Markup:
    """Return amounts as bars with their labels, as they come; what is too much for a picture is summed up at its end.

    `name` is unique on the page: by it the picture is labelled.
    """
    rows = _summed_up(amounts)
    highest = max((n for _, n in rows), default=1)
    return Markup(
        '<svg class="bars" role="img" aria-labelledby="{0}-t {0}-d" viewBox="0 0 {1} {2}" width="{1}" height="{2}">'
        '<title id="{0}-t">{3}</title><desc id="{0}-d">{4}</desc>{5}</svg>'
    ).format(
        name,
        BARS_WIDTH,
        len(rows) * BAR_ROW,
        title,
        ", ".join(f"{label} {count(n)}" for label, n in rows),
        Markup("").join(_bar(n, label, amount, amount / highest) for n, (label, amount) in enumerate(rows)),
    )


def _summed_up(amounts: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    if len(amounts) <= MOST_BARS:
        return list(amounts)
    rest = amounts[MOST_BARS - 1 :]
    others = ngettext("%(n)s other", "%(n)s others", len(rest), n=count(len(rest)))
    return [*amounts[: MOST_BARS - 1], (others, sum(n for _, n in rest))]


def _bar(row: int, label: str, amount: int, share: float) -> Markup:
    room = BARS_WIDTH - LABEL_WIDTH - NUMBER_WIDTH
    length = max(1, round(share * room))
    return Markup(
        '<text x="0" y="{0}">{1}</text><rect x="{2}" y="{3}" width="{4}" height="8"/><text x="{5}" y="{0}">{6}</text>'
    ).format(
        row * BAR_ROW + 14,
        _cut(label, LABEL_WIDTH // 7),
        LABEL_WIDTH,
        row * BAR_ROW + 6,
        length,
        LABEL_WIDTH + length + 6,
        count(amount),
    )


# --- topics as areas ---------------------------------------------------------------------------------

MOST_AREAS = 24
"""Topics of a map: under those the names would not be read any more, and the list below it has them all."""

SIZES = ((24, 28), (18, 24), (14, 20), (12, 16))
"""Type and line height of names, the largest that fits: the scale of the page."""

LETTER = 0.62
"""Width of a letter as a part of the type's size: that of a bold serif, with a little to spare."""

INSET = 8


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of a map."""

    x: float
    y: float
    width: float
    height: float


def topic_map(
    name: str, lines: Sequence[TopicLine], size: tuple[int, int], *, link: Callable[[int], str], now: datetime
) -> Markup:
    """Return the topics as areas: as large as they have stories, like ones side by side, the fresh ones darker.

    `name` is unique on the page; `link` gives the address of a topic.
    """
    ordered = by_likeness(lines[:MOST_AREAS])
    areas = laid_out([line.n_stories for line in ordered], *size)
    return Markup(
        '<svg class="map {0}" role="group" aria-labelledby="{0}-t" viewBox="0 0 {1} {2}"><title id="{0}-t">{3}</title>'
        "{4}</svg>"
    ).format(
        name,
        *size,
        gettext("Topics as areas: the more stories, the larger. What is near has words in common."),
        Markup("").join(_area(area, line, link(line.id), now) for area, line in zip(areas, ordered, strict=True)),
    )


def by_likeness(lines: Sequence[TopicLine]) -> list[TopicLine]:
    """Return the topics in a row in which each follows the one it has most words in common with, from the largest."""
    rest = list(lines)
    row = [rest.pop(0)] if rest else []
    while rest:
        nearest = max(rest, key=lambda line: _likeness(row[-1], line))
        rest.remove(nearest)
        row.append(nearest)
    return row


def laid_out(amounts: Sequence[int], width: float, height: float) -> list[Area]:
    """Return areas in these proportions that fill the picture in rows, in order, none needlessly long or thin.

    The rows of Bederson's strip treemap (ACM ToG 21(4), 2002): one more joins a row while that makes its areas squarer.
    """
    scale = width * height / max(1, sum(amounts))
    sizes = [amount * scale for amount in amounts]
    areas: list[Area] = []
    y = 0.0
    while sizes:
        row = _row(sizes, width)
        sizes = sizes[len(row) :]
        depth = sum(row) / width
        x = 0.0
        for size in row:
            areas.append(Area(x, y, size / depth, depth))
            x += size / depth
        y += depth
    return areas


def _row(sizes: Sequence[float], width: float) -> list[float]:
    row = [sizes[0]]
    for size in sizes[1:]:
        if _thinness([*row, size], width) > _thinness(row, width):
            break
        row.append(size)
    return row


def _thinness(row: Sequence[float], width: float) -> float:
    """Return the mean ratio of the longer to the shorter side of the areas in a row."""
    depth = sum(row) / width
    return sum(max(size / depth / depth, depth * depth / size) for size in row) / len(row)


def _likeness(one: TopicLine, other: TopicLine) -> tuple[float, int]:
    shared = sum(min(weight, other.words[word]) for word, weight in one.words.items() if word in other.words)
    return (shared, other.n_stories)


def _area(area: Area, line: TopicLine, address: str, now: datetime) -> Markup:
    is_fresh = now - line.last_at < timedelta(hours=24)
    stories = ngettext("%(n)s story", "%(n)s stories", line.n_stories, n=count(line.n_stories))
    rect = Markup('<rect{0} x="{1:.1f}" y="{2:.1f}" width="{3:.1f}" height="{4:.1f}"/>').format(
        Markup(' class="fresh"') if is_fresh else "", area.x, area.y, area.width, area.height
    )
    return Markup('<a href="{0}" aria-label="{1}, {2}"><title>{1}, {2}</title>{3}{4}{5}</a>').format(
        address, line.name, stories, rect, _label(area, line.name), _foot(area, stories)
    )


def _foot(area: Area, stories: str) -> Markup:
    """Return how many stories there are, at the foot of an area with room for that."""
    if area.height < 80 or area.width < 80:
        return Markup("")
    return Markup('<text class="count" x="{:.1f}" y="{:.1f}" font-size="12">{}</text>').format(
        area.x + INSET, area.y + area.height - INSET, stories
    )


def _label(area: Area, name: str) -> Markup:
    """Return the name in lines, as large as it fits; nothing where not even its beginning does."""
    for size, height in SIZES:
        n_letters = int((area.width - 2 * INSET) / (size * LETTER))
        n_lines = int((area.height - INSET) / height)
        lines = _wrapped(name, n_letters)
        if n_letters >= 4 and len(lines) <= n_lines and max(map(len, lines)) <= n_letters:
            return _text(area, lines, size, height)
    lines = [_cut(line, n_letters) for line in lines[:n_lines]]
    return _text(area, lines, size, height) if lines and n_letters >= 4 else Markup("")


def _text(area: Area, lines: Sequence[str], size: int, height: int) -> Markup:
    return Markup("").join(
        Markup('<text x="{:.1f}" y="{:.1f}" font-size="{}">{}</text>').format(
            area.x + INSET, area.y + 4 + (n + 0.75) * height, size, line
        )
        for n, line in enumerate(lines)
    )


def _wrapped(name: str, n_letters: int) -> list[str]:
    lines = [""]
    for word in name.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and len(longer) > n_letters:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _cut(text: str, n_letters: int) -> str:
    return text if len(text) <= n_letters else f"{text[: max(1, n_letters - 1)].rstrip()}…"
