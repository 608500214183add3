"""The sample day: invented news of invented publishers, read from the files beside this one."""

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from importlib.resources import files
from typing import Any

N_EDITIONS = 3
DAY_END = time(18, 0)
"""The clock time of the last poll; the day is moved so that this is the moment at which it is shown."""
EDITION_END = {1: time(8, 0), 2: time(13, 0), 3: DAY_END}


@dataclass(frozen=True, slots=True)
class SamplePublisher:
    """A fictional publisher; `key` is also its host, KEY.localhost."""

    key: str
    name: str
    country: str
    language: str
    format: str
    """`rss2`, `rss1`, `atom` or `json`."""


@dataclass(frozen=True, slots=True)
class SampleArticle:
    """An invented article; `happening` is None where only one publisher reports the matter."""

    publisher: str
    edition: int
    at: time
    title: str
    text: str
    section: str
    happening: str | None = None
    author: str | None = None
    origin: str | None = None

    @property
    def slug(self) -> str:
        """The last part of its address: its title in plain letters."""
        plain = unicodedata.normalize("NFKD", self.title.casefold()).encode("ascii", "ignore").decode()
        return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80]

    def published_at(self, day_end: datetime) -> datetime:
        """Return when it was published, on a day that ends at `day_end`."""
        return day_end - (_since_midnight(DAY_END) - _since_midnight(self.at))


@dataclass(frozen=True, slots=True)
class SampleDay:
    """Publishers and what they publish, oldest first."""

    publishers: tuple[SamplePublisher, ...]
    articles: tuple[SampleArticle, ...]

    def published_by(self, publisher: str, *, up_to_edition: int) -> tuple[SampleArticle, ...]:
        """Return what a publisher's feed holds in this edition, newest first."""
        return tuple(
            article
            for article in reversed(self.articles)
            if article.publisher == publisher and article.edition <= up_to_edition
        )


def load_day() -> SampleDay:
    """Return the sample day that ships with Broadsheet."""
    root = files("aggregator.demo")
    publishers = tomllib.loads(root.joinpath("publishers.toml").read_text(encoding="utf-8"))["publisher"]
    tables = [
        tomllib.loads(file.read_text(encoding="utf-8"))
        for file in root.joinpath("day").iterdir()
        if file.name.endswith(".toml")
    ]
    articles = [article for table in tables for article in _articles(table)]
    return SampleDay(
        publishers=tuple(SamplePublisher(**publisher) for publisher in publishers),
        articles=tuple(sorted(articles, key=lambda article: (article.at, article.publisher, article.title))),
    )


def edition_end(edition: int, day_end: datetime) -> datetime:
    """Return when an edition (1, 2 or 3) is complete, on a day that ends at `day_end`."""
    return day_end - (_since_midnight(DAY_END) - _since_midnight(EDITION_END[edition]))


def _articles(table: dict[str, Any]) -> Iterator[SampleArticle]:
    for article in table["article"]:
        yield SampleArticle(
            happening=table.get("happening"),
            section=article.get("section") or table["section"],
            publisher=article["publisher"],
            edition=article["edition"],
            at=time.fromisoformat(article["at"]),
            title=article["title"],
            text=article["text"].strip(),
            author=article.get("author"),
            origin=article.get("origin"),
        )


def _since_midnight(at: time) -> timedelta:
    return timedelta(hours=at.hour, minutes=at.minute)
