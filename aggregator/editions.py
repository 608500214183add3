"""Which front pages are kept, and how they look when they are; pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from aggregator.models.editions import Edition, PrintedStory
from aggregator.models.pages import StoryCard

N_STORIES = 31
"""One lead, two seconds, ten beside them, eighteen under them: a front page is finite."""

N_PUBLISHERS = 4
"""Named under a headline of the past."""

AT_MOST_EVERY = timedelta(hours=1)

ALL_FOR = timedelta(hours=48)
"""After two days one front page in six hours is left, after thirty days one a day: some 3 MB a year."""
SIX_HOURS_FOR = timedelta(days=30)


def printed(cards: Iterable[StoryCard], *, at: datetime) -> Edition:
    """Return the front page of these stories as it is kept."""
    return Edition(at, tuple(map(_printed_story, cards)))


def is_worth_keeping(edition: Edition, latest: Edition | None) -> bool:
    """Return whether this front page shows other than the latest that was kept, and that was long enough ago."""
    if not edition.stories or latest is None:
        return bool(edition.stories)
    return edition.at - latest.at >= AT_MOST_EVERY and _shows(edition) != _shows(latest)


def superfluous(moments: Sequence[datetime], *, now: datetime) -> list[datetime]:
    """Return which of the kept front pages go: all but the last of each span, and spans are longer further back."""
    last = {_span(moment, now): moment for moment in sorted(moments)}
    kept = set(last.values())
    return [moment for moment in moments if moment not in kept]


def _printed_story(card: StoryCard) -> PrintedStory:
    names = dict.fromkeys(line.publisher.name or line.publisher.domain for line in card.lines)
    return PrintedStory(
        story_id=card.id,
        headline=card.headline.strip() or card.lead.excerpt.strip()[:90],
        language=card.lead.language,
        publishers=tuple(names)[:N_PUBLISHERS],
        n_publishers=card.n_publishers,
        n_origins=card.n_origins,
        n_articles=card.n_articles,
        n_countries=len(card.countries),
        first_publisher=card.first.publisher.name or card.first.publisher.domain,
        first_at=card.first.published_at,
        last_at=card.last_at,
        topic=card.topic.name if card.topic else None,
    )


def _shows(edition: Edition) -> list[tuple[int, str]]:
    return [(story.story_id, story.headline) for story in edition.stories]


def _span(moment: datetime, now: datetime) -> object:
    """Return the span of time of which one front page is kept."""
    age = now - moment
    if age < ALL_FOR:
        return moment
    return (moment.date(), moment.hour // 6) if age < SIX_HOURS_FOR else moment.date()
