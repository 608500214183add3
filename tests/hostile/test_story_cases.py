"""What feeds do to a story engine: no crash, no story that swallows the rest, and every article in exactly one."""

import random
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, text

from aggregator import arrivals, pipeline
from aggregator.config import Settings
from aggregator.models.encoders import EncoderName
from aggregator.models.entries import Entry
from aggregator.models.subscribing import Subscription
from aggregator.models.values import Vectors
from aggregator.store import feeds
from aggregator.store.db import reading, transaction
from aggregator.stories.desk import Desk
from tests import one_feed
from tests.blank import open_blank

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SETTINGS = Settings()
TOWNS = (
    "Oslo Lima Cairo Quito Delhi Dakar Hanoi Tunis Minsk Accra Riga Kabul Sofia Malmo Turin Davos Perth Nairobi Bogota "
    "Manila Warsaw Lagos Seoul Izmir Porto Gdansk Tampa Leeds Basra Cusco Ghent Lyon Bergen Haifa Osaka Patna Split"
).split()
SIGNS = "Aries Taurus Gemini Cancer Leo Virgo Libra Scorpio Sagittarius Capricorn Aquarius Pisces".split()
FIRST = "Anna Boris Clara David Elena Frank Greta Henry Irene James Karla Louis".split()
QUAKE = "A strong earthquake struck the Anatolian town of Karasu before dawn, and rescuers search the ruins of a school"
VOTE = "Parliament in Lisbon rejected the budget of prime minister Almeida after a night of speeches about pensions"


class BagOfWords:
    """An encoder of which templates are the nearest neighbours: it hears words and no order."""

    def __init__(self, version: str = "1", dim: int = 64) -> None:
        self.name = EncoderName("bag-of-words", version, dim)

    def encode(self, texts: Sequence[str]) -> Vectors:
        rows = np.zeros((len(texts), self.name.dim), dtype=np.float32)
        for row, said in enumerate(texts):
            for word in said.casefold().split():
                rows[row, zlib.crc32(word.encode()) % self.name.dim] += 1
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        return rows / np.where(lengths > 0, lengths, 1)


class Paper:
    """A database into which feeds bring entries, and that is regrouped as the worker does it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.encoder: BagOfWords | None = None
        self._desk: Desk | None = None

    def bring(self, entries: Iterable[Entry], *, feed: str = "one.example", now: datetime = NOON) -> None:
        with transaction(self.engine) as db:
            outcome = feeds.subscribe(db, Subscription(feed_url=f"https://{feed}/feed"), now=now)
            found = feeds.find_feed(db, outcome.feed_id or 0)
            told = arrivals.distinct(list(entries), found)
            arrived = arrivals.decide(told, one_feed.known(db, found.id, told), found, now=now)
            one_feed.keep(db, found.id, arrived, now=now)

    def regroup(self, *, now: datetime = NOON) -> None:
        if self.encoder:
            list(pipeline.encode_missing(self.engine, self.encoder, SETTINGS, now=now))
        name = self.encoder.name if self.encoder else None
        self._desk = pipeline.regroup(self.engine, name, SETTINGS.stories, now=now, desk=self._desk).desk
        assert not self._ask("SELECT id FROM articles WHERE id NOT IN (SELECT article_id FROM memberships)")

    def stories(self) -> list[set[str]]:
        """Return the titles in each story, the largest first."""
        found: dict[int, list[str]] = {}
        for story_id, title in self._ask("SELECT story_id, title FROM memberships JOIN articles ON id = article_id"):
            found.setdefault(story_id, []).append(title)
        return sorted(map(set, found.values()), key=len, reverse=True)

    def largest(self) -> int:
        """Return how many articles the largest story has."""
        return int(self._ask("SELECT count(*) FROM memberships GROUP BY story_id ORDER BY 1 DESC LIMIT 1")[0][0])

    def _ask(self, question: str) -> Sequence[Sequence[object]]:
        with reading(self.engine) as db:
            return db.execute(text(question)).all()


@pytest.fixture(params=["words", "vectors"])
def paper(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Paper]:
    engine = open_blank(tmp_path / "paper.db")
    made = Paper(engine)
    made.encoder = BagOfWords() if request.param == "vectors" else None
    yield made
    engine.dispose()


def entry(title: str, body: str = "", *, at: datetime = NOON, guid: str | None = None, domain: str = "one.example"):
    return Entry(
        guid=guid or f"{title}{body[:40]}{at}", title=title, text=body, published_at=at, domain=domain, language="en"
    )


def coined(chance: random.Random) -> str:
    return "".join(chance.choice("bdfgklmnprstvz") + chance.choice("aeiou") for _ in range(3)).title()


def unlike(count: int, body: str = "") -> list[Entry]:
    """Return entries about as many different things."""
    chance = random.Random(1)
    titles = [" ".join(coined(chance) for _ in range(4)) for _ in range(count)]
    return [entry(title, body, at=NOON - (i % 100) * HOUR) for i, title in enumerate(titles)]


def test_articles_without_titles_are_each_a_story(paper):
    paper.bring([entry("", guid=str(i), at=NOON - i * HOUR) for i in range(60)])
    paper.regroup()
    assert paper.largest() == 1


def test_titles_of_ten_thousand_words_are_read_as_far_as_titles_go(paper):
    chance = random.Random(2)
    paper.bring([entry(" ".join(coined(chance) for _ in range(10_000)), guid=str(i)) for i in range(5)])
    paper.regroup()
    assert paper.largest() == 1


def test_articles_without_letters_are_each_a_story(paper):
    titles = ("🎉🎉", "!!!", "…", "12 34", "100", "—", "🚨🚨🚨", "2026", "50%", "???", "12:30", "<3")
    paper.bring(entry(title) for title in titles)
    paper.regroup()
    assert paper.largest() <= 2


@pytest.mark.parametrize("n_publishers", [1, 40])
def test_the_same_boilerplate_in_every_text_holds_nothing_together(paper, n_publishers):
    boilerplate = "Sign in to read on. This page uses cookies to keep the lights on. All about our 900 partners. " * 4
    for number, each in enumerate(unlike(200, boilerplate)):
        paper.bring([each], feed=f"paper{number % n_publishers}.example")
    paper.regroup()
    assert paper.largest() <= 4


def test_the_same_boilerplate_holds_nothing_together_as_it_comes_in_poll_by_poll(paper):
    boilerplate = "Sign in to read on. This page uses cookies to keep the lights on. All about our 900 partners. " * 4
    entries = unlike(120, boilerplate)
    for start in range(0, len(entries), 30):
        paper.bring(entries[start : start + 30], feed=f"paper{start % 60}.example")
        paper.regroup()
    assert paper.largest() <= 4


@pytest.mark.slow
def test_five_thousand_items_of_one_publisher_at_once_make_no_giant(paper):
    paper.bring(unlike(5000, "Read on at one.example, the home of news."))
    paper.regroup()
    assert paper.largest() <= 25


SERIES = {
    "days of a war": [f"Day {day} of the siege of Karasu" for day in range(20, 60)],
    "match scores": [f"{TOWNS[i]} {i % 5}-{i % 3} {TOWNS[i - 7]}: match report" for i in range(len(TOWNS))],
    "prices": [f"Gold price in {town} today: {1800 + 7 * i} a gram, silver {90 + i}" for i, town in enumerate(TOWNS)],
    "horoscopes": [f"{sign} daily horoscope for January {day}, 2026" for day in (1, 2, 3, 4) for sign in SIGNS],
    "obituaries": [f"{first} {coined(random.Random(i))}, {60 + i % 35}, obituary" for i, first in enumerate(4 * FIRST)],
    "weather": [f"Weather for {town}: {i % 20} degrees and {i % 7} mm of rain" for i, town in enumerate(TOWNS)],
    "earnings": [f"{coined(random.Random(1000 + i))} Corp Q4 earnings beat estimates, up {i % 9}%" for i in range(40)],
    "transfers": [f"Transfer news LIVE: {town} sign {coined(random.Random(2000 + i))}" for i, town in enumerate(TOWNS)],
}  # fmt: skip
BODY = {
    "horoscopes": "The stars advise you to rest today. Money matters look good. Lucky number and lucky colour inside.",
    "obituaries": "The funeral service will be held at the chapel. In lieu of flowers the family asks for donations.",
    "weather": "Expect clouds in the morning and some sun in the afternoon. Winds will be light and variable.",
    "prices": "Here are the latest rates of gold and silver in your city as updated this morning by dealers.",
}


@pytest.mark.parametrize("series", SERIES)
def test_the_parts_of_a_series_stay_apart(paper, series):
    titles = SERIES[series]
    paper.bring(entry(title, BODY.get(series, ""), at=NOON - 4 * DAY + i * 2 * HOUR) for i, title in enumerate(titles))
    paper.regroup()
    assert paper.largest() <= 8


@pytest.mark.parametrize("series", SERIES)
def test_the_parts_of_a_series_stay_apart_as_they_come(paper, series):
    for start in range(0, len(SERIES[series]), 10):
        now = NOON + start * 2 * HOUR
        paper.bring(
            (
                entry(title, BODY.get(series, ""), at=now + i * 2 * HOUR)
                for i, title in enumerate(SERIES[series][start : start + 10])
            ),
            now=now + 20 * HOUR,
        )
        paper.regroup(now=now + 20 * HOUR)
    assert paper.largest() <= 8


def test_live_blogs_and_round_ups_bridge_no_stories(paper):
    for number in range(4):
        paper.bring(
            [
                entry("Earthquake strikes Karasu, rescuers search ruined school", QUAKE, at=NOON - number * HOUR),
                entry("Parliament in Lisbon rejects Almeida budget", VOTE, at=NOON - number * HOUR),
            ],
            feed=f"paper{number}.example",
        )
    briefings = ("Morning briefing", "Live updates", "The papers", "Week in review", "Top stories", "News in brief")
    for number, label in enumerate(briefings):
        title = f"{label}: Karasu earthquake school, Almeida budget rejected in Lisbon"
        paper.bring([entry(title, f"{QUAKE}. {VOTE}.", at=NOON - number * HOUR)], feed=f"brief{number}.example")
        paper.regroup()
    both = [story for story in paper.stories() if any("Earthquake strikes" in title for title in story)]
    assert not any("Parliament in Lisbon" in title for story in both for title in story)


def test_dates_of_1970_of_year_9999_and_of_tomorrow_lose_nothing(paper):
    times = [
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, tzinfo=UTC),
        NOON + DAY,
        datetime(1, 1, 1, tzinfo=UTC),
    ]
    paper.bring([entry(f"{QUAKE} {i}", QUAKE, at=at) for i, at in enumerate(times)])
    paper.bring([entry(VOTE, VOTE).__class__(guid="undated", title=VOTE, domain="two.example")], feed="two.example")
    paper.regroup()
    paper.regroup(now=NOON + HOUR)


def test_what_is_older_than_the_window_has_a_story_and_keeps_it(paper):
    paper.bring([entry("Whale swims up the river Mora", at=NOON - 400 * DAY)])
    paper.regroup()
    before = paper.stories()
    paper.bring([entry("Museum of clocks opens in Split", at=NOON)], now=NOON + HOUR)
    paper.regroup(now=NOON + HOUR)
    assert len(before) == 1
    assert len(paper.stories()) == 2


def test_a_model_of_another_dimension_takes_over(paper):
    paper.bring([entry(QUAKE, QUAKE), entry(VOTE, VOTE)])
    for number, encoder in enumerate((BagOfWords("1", 8), BagOfWords("2", 16), None, BagOfWords("3", 8))):
        paper.encoder = encoder
        paper.bring([entry(f"Earthquake in Karasu kills {number + 7}", QUAKE)], feed=f"paper{number}.example")
        paper.regroup(now=NOON + number * HOUR)
    assert not any(QUAKE in story and VOTE in story for story in paper.stories())


def test_vectors_of_an_older_model_are_not_compared(paper):
    paper.encoder = BagOfWords("1")
    paper.bring(unlike(30))
    paper.regroup()
    paper.encoder = BagOfWords("2")
    paper.bring([entry(QUAKE, QUAKE)], feed="two.example")
    name = paper.encoder.name
    pipeline.regroup(paper.engine, name, SETTINGS.stories, now=NOON)
    assert paper.largest() == 1


def test_all_series_of_a_large_paper_that_has_other_news_too_stay_apart(paper):
    titles = [(series, title) for series, titles in SERIES.items() for title in titles]
    random.Random(3).shuffle(titles)
    paper.bring(
        entry(title, BODY.get(series, ""), at=NOON - (i % 90) * HOUR) for i, (series, title) in enumerate(titles)
    )
    paper.bring(unlike(300))
    paper.regroup()
    assert paper.largest() <= 8
