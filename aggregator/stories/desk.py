"""What a worker remembers of the window between two regroups. A new desk costs time, and never an article."""

from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.models.encoders import Calibration, EncoderName
from aggregator.models.stories import InWindow, WindowArticle
from aggregator.models.values import Halves, Vectors
from aggregator.stories.similarity import Decisions
from aggregator.stories.window import Window


@dataclass(frozen=True, slots=True)
class News:
    """What came and went since the last regroup, by article id."""

    arrived: frozenset[int]
    """New, rewritten, or encoded since."""
    gone: frozenset[int]
    seen: dict[int, int]
    """All that is there now, and how each reads."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How articles are read: where encoder, calibration or bar change, all of them are read again."""

    encoder: EncoderName | None
    decisions: Decisions
    calibration: Calibration | None = None
    bar: float = 0.0
    """Chance from which clusters are joined; 0 means the engine's own. At another bar all articles are grouped anew."""

    def is_of(self, encoder: EncoderName | None, calibration: Calibration | None, bar: float = 0.0) -> bool:
        """Whether vectors are read so; what was learned from the owner meanwhile can wait for the next new desk."""
        return (self.encoder, self.calibration, self.bar) == (encoder, calibration, bar)


class Desk:
    """The engine's window, and what was known of its articles when they were read."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.window = Window(reading.decisions, reading.calibration)
        self._seen: dict[int, int] = {}

    def can_go_on(self, there: Sequence[InWindow]) -> bool:
        """Whether little has changed since: otherwise a new desk is due."""
        news = self.news(there)
        return not self.window.would_drift(len(news.arrived) + len(news.gone))

    def news(self, there: Sequence[InWindow]) -> News:
        """Return what came and went since the last regroup."""
        seen = {each.article_id: each.reads for each in there}
        arrived = (article_id for article_id, reads in seen.items() if self._seen.get(article_id) != reads)
        return News(frozenset(arrived), frozenset(self._seen.keys() - seen.keys()), seen)

    def take_in(
        self, news: News, arrived: Sequence[WindowArticle], vector_ids: Sequence[int], vectors: Vectors | Halves | None
    ) -> None:
        """Bring the window up to date; articles that were deleted since the news are left out."""
        there = {article.id for article in arrived}
        self.window.advance(arrived, vector_ids, vectors, gone=news.gone | (news.arrived - there))
        self._seen = {each: reads for each, reads in news.seen.items() if each in there or each not in news.arrived}
