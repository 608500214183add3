"""The front page as its reader finds it: which state it is in, its sections, what is new; pure."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from aggregator.models.front import FrontPage
from aggregator.models.moments import microseconds
from aggregator.models.pages import ArticleLine, Progress, StoryCard
from aggregator.models.preferences import FrontSection
from web.filters import count, quote, span
from web.words import gettext, ngettext, tell

Key = TypeVar("Key")

LATE = timedelta(minutes=20)
"""A regroup follows new articles within a minute or two; after this long something is wrong or much is to do."""

N_TOP = 13
"""One lead, two seconds and ten beside them stand above all sections."""

ROW = 4
"""Stories beside one another in a wide window; what a section has beyond whole rows stands under “More stories”."""

OF_TODAY = timedelta(hours=24)
"""Stories without news for longer stand under “Earlier”."""

FADING_AFTER = timedelta(hours=12)
"""Without news for two of the half-lives by which stories are ranked, a story is on its way down."""

GROWING, N_GROWING = timedelta(hours=1), 3
"""So many articles in so long: a story is growing while one reads it."""

ALIKE = 0.5
"""Share of the shorter sentence's words from which two sentences say much the same to a reader."""


# --- states ------------------------------------------------------------------------------------------


class State(StrEnum):
    """Which front page it is."""

    FIRST_RUN = "first run"
    FETCHING = "fetching"
    UNREACHABLE = "unreachable"
    QUIET = "quiet"
    GROUPING = "grouping"
    NO_STORIES = "no stories"
    ALL_READ = "all read"
    ALL_MUTED = "all muted"
    FULL = "full"


def state_of(
    progress: Progress, cards: Sequence[StoryCard], *, n_hidden: int = 0, is_unread_only: bool = False
) -> State:
    """Return which front page this is: the first reason, on the way from feed to story, why nothing is there."""
    if cards:
        return State.FULL
    if not progress.n_feeds:
        return State.FIRST_RUN
    if not progress.n_articles:
        return _without_articles(progress)
    if progress.n_ungrouped or progress.regrouped_at is None:
        return State.GROUPING
    return _without_stories(progress, n_hidden, is_unread_only)


def is_working(progress: Progress) -> bool:
    """Whether something is still to come without anybody doing anything."""
    return progress.n_checked < progress.n_feeds or progress.n_ungrouped > 0


def notices(progress: Progress, *, now: datetime) -> list[str]:
    """Return what the reader has to know about the stories on the page, each as a sentence."""
    return [*_without_model(progress), *_behind(progress, now), *_cut_off(progress, now)]


def _without_articles(progress: Progress) -> State:
    if progress.n_checked < progress.n_feeds:
        return State.FETCHING
    return State.UNREACHABLE if progress.n_failing == progress.n_feeds else State.QUIET


def _without_stories(progress: Progress, n_hidden: int, is_unread_only: bool) -> State:
    if is_unread_only and progress.n_stories > n_hidden:
        return State.ALL_READ
    return State.ALL_MUTED if n_hidden else State.NO_STORIES


def _without_model(progress: Progress) -> Iterable[str]:
    if progress.encoder_error:
        yield gettext(
            "New articles are grouped by their words alone, because there is no model: %(why)s "
            "Polling and reading go on; once the model is there, what was missed is grouped again.",
            why=tell(progress.encoder_error),
        )


def _behind(progress: Progress, now: datetime) -> Iterable[str]:
    if progress.regrouped_at and progress.n_ungrouped and now - progress.regrouped_at > LATE:
        minutes = int((now - progress.regrouped_at).total_seconds() // 60)
        yield ngettext(
            "Grouping is %(minutes)s min behind: %(n)s article waits. The river already shows it.",
            "Grouping is %(minutes)s min behind: %(n)s articles wait. The river already shows them.",
            progress.n_ungrouped,
            minutes=count(minutes),
            n=count(progress.n_ungrouped),
        )


def _cut_off(progress: Progress, now: datetime) -> Iterable[str]:
    """Say that what stands here is the last there was: no feed can be reached."""
    if progress.n_feeds and progress.n_failing == progress.n_feeds and progress.succeeded_at:
        yield ngettext(
            "The feed could not be read at the last check, so this machine may be offline. It was last read "
            "%(span)s ago; until it is again, this is the last edition.",
            "None of %(n)s feeds could be read at the last check, so this machine may be offline. The last time was "
            "%(span)s ago; until one is, this is the last edition.",
            progress.n_feeds,
            n=count(progress.n_feeds),
            span=span((now - progress.succeeded_at).total_seconds()),
        )


# --- what is new -------------------------------------------------------------------------------------


class Word(StrEnum):
    """What a card's chip says."""

    NEW = "new"
    UPDATED = "updated"
    FADING = "fading"


@dataclass(frozen=True, slots=True)
class Chip:
    """What is new in a story, in a word."""

    word: Word
    n_new: int = 0
    """Articles that are new to the reader."""
    n_facts: int | None = None
    """Facts that are new to the reader, where that is known."""


@dataclass(frozen=True, slots=True)
class Strip:
    """What came since the household was last here."""

    since: datetime
    n_new: int
    """Stories that were not on any front page then."""
    n_moved: int
    """Stories that were, and have more now."""


def chip(card: StoryCard, since: datetime | None, *, now: datetime) -> Chip | None:
    """Return what to say of a story: news to who was here until `since`, or read only a part of it, or none any more.

    Nothing is said of a story that was read whole, or that says more of the same since it was read.
    """
    if not card.is_news:
        return None
    if card.n_unread < card.n_articles:
        return Chip(Word.UPDATED, card.n_unread, card.n_new_facts)
    if since and (n_new := n_since(card, since)):
        return Chip(Word.UPDATED, n_new) if _was_shown(card, since) else Chip(Word.NEW, n_new)
    return Chip(Word.FADING) if now - card.last_at >= FADING_AFTER else None


def n_lately(card: StoryCard, *, now: datetime) -> int:
    """Return how many articles of a growing story came in the last hour; 0 where it is not growing."""
    lately = microseconds(now - GROWING)
    n = sum(report.published_us > lately for report in card.reports)
    return n if n >= N_GROWING else 0


def is_changed(card: StoryCard, since: datetime | None, *, now: datetime) -> bool:
    """Return whether something in a story is new to who was here until `since`, or has read a part of it."""
    found = chip(card, since, now=now)
    return found is not None and found.word is not Word.FADING


def n_since(card: StoryCard, since: datetime) -> int:
    """Return how many of a story's articles came since then."""
    since_us = microseconds(since)
    return sum(report.first_seen_us >= since_us for report in card.reports)


def strip(cards: Iterable[StoryCard], since: datetime | None) -> Strip | None:
    """Return what became of these stories since then; None where nobody was here before."""
    if since is None:
        return None
    were_shown = [_was_shown(card, since) for card in cards if n_since(card, since)]
    return Strip(since, n_new=were_shown.count(False), n_moved=were_shown.count(True))


def changed(cards: Iterable[StoryCard], since: datetime | None) -> list[StoryCard]:
    """Return the stories with something that came since then; all of them where nobody was here before."""
    return [card for card in cards if since is None or n_since(card, since)]


def _was_shown(card: StoryCard, since: datetime) -> bool:
    """Return whether two publishers had told a story by then, or all that tell it now."""
    since_us = microseconds(since)
    before = {report.publisher_id for report in card.reports if report.first_seen_us < since_us}
    return len(before) >= min(2, card.n_publishers)


# --- sections ----------------------------------------------------------------------------------------


class Kind(StrEnum):
    """What the stories of a section have in common."""

    FOLLOWING = "following"
    TOP = "top"
    FOLDER = "folder"
    TOPIC = "topic"
    MORE = "more"
    EARLIER = "earlier"
    ALL = "all"
    """A page that is not by rank is one section."""


@dataclass(frozen=True, slots=True)
class Section:
    """Stories that stand together on the front page."""

    kind: Kind
    cards: tuple[StoryCard, ...]
    name: str = ""
    """Of the folder or the topic."""
    topic_id: int | None = None


def sections(
    page: FrontPage, *, since: datetime | None = None, now: datetime, without: Collection[FrontSection] = ()
) -> list[Section]:
    """Return the front page's stories in sections, each story once.

    What is followed and has something new stands first, then the best; the others by the folders of those who tell
    them, then by topic, as far as two belong together; last those of the days before. The owner may do `without` some:
    what would stand there has its place by rank, except for stories of the days before, which are left out.
    """
    followed = [card for card in page.followed if "following" not in without and is_changed(card, since, now=now)]
    ahead = {card.id for card in followed}
    cards = [card for card in page.cards if card.id not in ahead]
    top, below = cards[:N_TOP], cards[N_TOP:]
    fresh = [card for card in below if now - card.last_at < OF_TODAY]
    in_folders, rest = _together(fresh, lambda card: None if "folder" in without else folder(card, page.folder_of))
    of_topics, rest = _together(rest, lambda card: None if "topic" in without else card.topic)
    earlier = [] if "earlier" in without else [card for card in below if now - card.last_at >= OF_TODAY]
    more = _by_place([*rest, *_cut_to_rows(in_folders), *_cut_to_rows(of_topics)], cards)
    return [
        *_section(Kind.FOLLOWING, followed),
        *_section(Kind.TOP, top),
        *(Section(Kind.FOLDER, tuple(each), name) for name, each in in_folders.items()),
        *(Section(Kind.TOPIC, tuple(each), topic.name, topic.id) for topic, each in of_topics.items()),
        *_section(Kind.MORE, more),
        *_section(Kind.EARLIER, earlier),
    ]


def folder(card: StoryCard, folder_of: Mapping[int, str]) -> str | None:
    """Return the folder that most of those who tell a story lie in; None where most lie in none."""
    named = Counter(folder_of.get(line.feed_id or 0) for line in card.lines)
    return max(named, key=lambda name: (named[name], name is not None)) if named else None


def _cut_to_rows(groups: dict[Key, list[StoryCard]]) -> list[StoryCard]:
    """Leave whole rows where there is more than one; return what was cut off."""
    cut = []
    for name, cards in groups.items():
        n_kept = len(cards) // ROW * ROW or len(cards)
        groups[name] = cards[:n_kept]
        cut += cards[n_kept:]
    return cut


def _by_place(cards: Iterable[StoryCard], order: Sequence[StoryCard]) -> list[StoryCard]:
    place = {card.id: n for n, card in enumerate(order)}
    return sorted(cards, key=lambda card: place[card.id])


def _section(kind: Kind, cards: Sequence[StoryCard]) -> list[Section]:
    return [Section(kind, tuple(cards))] if cards else []


def _together(
    cards: Sequence[StoryCard], key: Callable[[StoryCard], Key | None]
) -> tuple[dict[Key, list[StoryCard]], list[StoryCard]]:
    """Return the cards by what `key` says of two or more of them, and those that stand alone; both in order."""
    found: dict[Key, list[StoryCard]] = {}
    for card in cards:
        name = key(card)
        if name is not None:
            found.setdefault(name, []).append(card)
    kept = {name: each for name, each in found.items() if len(each) >= 2}
    grouped = {card.id for each in kept.values() for card in each}
    return kept, [card for card in cards if card.id not in grouped]


# --- a card ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Quotation:
    """Sentences of an article, word for word."""

    text: str
    line: ArticleLine


def quotations(card: StoryCard, *sizes: tuple[int, int]) -> list[Quotation]:
    """Return as many quotations as there are sizes (fewest and most characters), of as many publishers.

    The first is the lead's; those after it are of the same language and say something else.
    """
    found: list[Quotation] = []
    for line in card.lines:
        if len(found) == len(sizes):
            break
        text = quote(line.excerpt, *sizes[len(found)])
        if text and (line.language == card.lead.language) and not any(_alike(text, each.text) for each in found):
            found.append(Quotation(text, line))
    return found


def _alike(one: str, other: str) -> bool:
    words, others = set(one.casefold().split()), set(other.casefold().split())
    return len(words & others) >= ALIKE * min(len(words), len(others))


# --- where it comes from -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Coverage:
    """From which countries and in which languages stories are told, as codes, by how many publishers of a story."""

    countries: tuple[tuple[str, int], ...]
    languages: tuple[tuple[str, int], ...]


def coverage(cards: Iterable[StoryCard]) -> Coverage:
    """Return from where and in what these stories are told: each publisher counts once for each story."""
    told = [report for card in cards for report in {each.publisher_id: each for each in card.reports}.values()]
    countries = _counted((report.country for report in told), str.upper)
    languages = _counted((report.language for report in told), lambda tag: tag.lower().partition("-")[0])
    return Coverage(countries, languages)


def _counted(codes: Iterable[str | None], written: Callable[[str], str]) -> tuple[tuple[str, int], ...]:
    """Return how often each code is there as it is to be written, most first; thousands are of a few kinds."""
    found: Counter[str] = Counter()
    for code, n in Counter(codes).items():
        if code:
            found[written(code)] += n
    return tuple(found.most_common())
