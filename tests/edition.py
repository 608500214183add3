"""A small but rich day in a real database, for the tests of the pages: filled through the store, grouped by label."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from html import escape
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from zlib import crc32

from sqlalchemy import Connection, Engine

from aggregator import digesting, pipeline
from aggregator.config import Settings
from aggregator.demo.day import load_day
from aggregator.editions import N_STORIES, printed
from aggregator.models.acts import MarkKind, Mute, MuteKind
from aggregator.models.arrivals import Arrivals, NewArticle
from aggregator.models.editions import Edition as Past
from aggregator.models.entries import Entry
from aggregator.models.evidence import Evidence, Shared, SharedKind
from aggregator.models.feeds import Poll, Validators
from aggregator.models.markup import SafeHtml
from aggregator.models.stories import Member, Regrouping, StoryDraft
from aggregator.models.subscribing import Subscription
from aggregator.models.topics import Retopicking, TopicDraft
from aggregator.store import (
    correcting,
    editions,
    feeds,
    marks,
    mutes,
    polling,
    reading,
    showing,
    stories,
    topics,
)
from aggregator.store.db import transaction
from aggregator.store.evidence import Near, add_evidence
from aggregator.stories.desk import Desk, Reading
from aggregator.stories.similarity import learned
from tests import one_feed
from tests.blank import open_blank

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Piece:
    """One article, with the label of what it is about."""

    publisher: str
    happening: str
    title: str
    text: str = "Something happened. People said so. More is expected."
    language: str | None = "en"
    country: str | None = "GB"
    hours_ago: float = 3.0
    url: str | None = ""
    content_html: SafeHtml | None = None

    @property
    def domain(self) -> str:
        name = self.publisher.lower().replace(" ", "-")
        return f"{name if name.isascii() else f'p{crc32(name.encode())}'}.example"


@dataclass(frozen=True)
class Edition:
    """What was put into the database."""

    story_ids: dict[str, int]
    """By the label of the happening."""
    article_ids: dict[str, int]
    """By title."""
    feed_ids: dict[str, int] = field(default_factory=dict)
    """By publisher."""


LONG_TITLE = "A very long headline that does not want to come to its end and goes on " * 14

PIECES = (
    Piece("North Wire", "quake", "Strong earthquake shakes the coast of Ardania", hours_ago=7),
    Piece("Daily Lantern", "quake", "Thousands sleep outside after Ardania quake", country="US", hours_ago=6),
    Piece("Harbour News", "quake", "Rescuers reach last villages cut off by the earthquake", country="NZ", hours_ago=1),
    Piece(
        "صحيفة المرفأ",
        "quake",
        "زلزال قوي يضرب ساحل أردانيا ويقطع الطرق",
        text="ضرب زلزال قوي الساحل فجر اليوم. وقال مسؤولون إن فرق الإنقاذ وصلت إلى القرى.",
        language="ar",
        country="EG",
        hours_ago=5,
    ),
    Piece("עיתון הגליל", "port", "שביתת עובדי הנמל נמשכת ליום שלישי", language="he", country="IL", hours_ago=2),
    Piece("North Wire", "port", "Port strike enters third day", hours_ago=4),
    Piece(
        "海岸日報", "summit", "首脳会談は合意なしで終了。次回は来月に開催へ。", language="ja", country="JP", hours_ago=3
    ),
    Piece("Daily Lantern", "summit", "Summit ends without agreement", country="US", hours_ago=2.5),
    Piece("Harbour News", "long", LONG_TITLE, country="NZ", hours_ago=8),
    Piece("Daily Lantern", "long", "The same matter, said in short", country="US", hours_ago=8),
    Piece("North Wire", "script", "<script>alert(1)</script> & <b>bold</b>", hours_ago=9, url="javascript:alert(1)"),
    Piece("Harbour News", "script", "Nothing but a title", text="", url=None, country="NZ", hours_ago=9),
    Piece("Daily Lantern", "untitled", "", text="An item without a title says only this.", country="US", hours_ago=10),
    Piece(
        "Harbour News",
        "pictures",
        "A garden in pictures",
        content_html=SafeHtml('<p>Look: <img src="https://tracker.example/p.png" alt="a rose"> red.</p>'),
        hours_ago=11,
    ),
)


def sample_day(now: datetime = NOON) -> tuple[Piece, ...]:
    """Return the bundled sample day, ending now, as pieces."""
    day = load_day()
    by_key = {publisher.key: publisher for publisher in day.publishers}
    return tuple(
        Piece(
            by_key[article.publisher].name,
            article.happening or f"single {n}",
            article.title,
            text=article.text,
            language=by_key[article.publisher].language,
            country=by_key[article.publisher].country,
            hours_ago=(now - article.published_at(now)) / timedelta(hours=1) + 0.1,
        )
        for n, article in enumerate(day.articles)
    )


def print_edition(engine: Engine, pieces: Sequence[Piece] = PIECES, *, now: datetime = NOON) -> Edition:
    """Keep these pieces, each publisher with a feed of its own, and group them by their labels."""
    with transaction(engine) as db:
        feed_ids = {name: _subscribe(db, name, of_name, now) for name, of_name in _by_publisher(pieces)}
        ids = [_keep(db, feed_ids[piece.publisher], n, piece, now) for n, piece in enumerate(pieces)]
        drafts = {label: _draft(members, now) for label, members in _by_happening(pieces, ids)}
        story_ids = stories.save(
            db, Regrouping(stories=tuple(drafts.values())), n_articles=len(ids), encoder=None, now=now
        )
    titles = {piece.title: article_id for piece, article_id in zip(pieces, ids, strict=True)}
    return Edition(dict(zip(drafts, story_ids, strict=True)), titles, feed_ids)


def write_printed(path: Path, pieces: tuple[Piece, ...] = PIECES) -> Edition:
    """Put a new SQLite database with these pieces into this file: a copy, because printing them takes long."""
    printed, edition = _printed(pieces)
    path.write_bytes(printed)
    return edition


@cache
def _printed(pieces: tuple[Piece, ...]) -> tuple[bytes, Edition]:
    with TemporaryDirectory(prefix="broadsheet-printed-") as folder:
        path = Path(folder) / "paper.db"
        engine = open_blank(path)
        edition = print_edition(engine, pieces)
        engine.dispose()
        return path.read_bytes(), edition


def read_stories(engine: Engine, *, now: datetime = NOON) -> None:
    """Read what the stories say, by their words alone."""
    desk = Desk(Reading(None, learned()))
    for _ in digesting.digest_stories(
        engine, None, desk, since=pipeline.window_start(Settings().stories, now=now), now=now
    ):
        pass


def explain_some(engine: Engine, edition: Edition, label: str = "quake") -> None:
    """Keep evidence for every member of one story."""
    evidence = Evidence(
        shared=(
            Shared("Ardania", SharedKind.NAME),
            Shared("أردانيا", SharedKind.WORD),
            Shared("17", SharedKind.NUMBER),
            Shared("earthquake", SharedKind.WORD),
        ),
        chance=0.91,
        bar=0.6,
        n_decisive=1,
        without=0.41,
        days=6,
        likeness=0.71,
    )
    with transaction(engine) as db:
        members = showing.find_story(db, edition.story_ids[label]).members
        near = [Near(each.article.id, each.member.nearest_id or 0, each.member.score) for each in members]
        add_evidence(db, dict.fromkeys(near, evidence))


def keep_past(engine: Engine, *, now: datetime = NOON) -> None:
    """Keep the front page as it is, and as it was the day before in another order."""
    with transaction(engine) as db:
        edition = printed(showing.front_page(db, since=now - timedelta(days=7), limit=N_STORIES, now=now), at=now)
        editions.keep_edition(db, Past(now - timedelta(days=1), edition.stories[::-1]))
        editions.keep_edition(db, edition)


def make_topics(
    engine: Engine, edition: Edition, names: Mapping[str, Sequence[str]], *, now: datetime = NOON
) -> dict[str, int]:
    """Keep topics of these names, each of the stories with these labels; return their ids by name."""
    drafts = [
        TopicDraft(id=None, name=name, words={}, story_ids=tuple(sorted(edition.story_ids[label] for label in labels)))
        for name, labels in names.items()
    ]
    with transaction(engine) as db:
        ids = topics.save(db, Retopicking(tuple(drafts)), seen=set(edition.story_ids.values()), now=now)
    return dict(zip(names, ids, strict=True))


def correct_some(engine: Engine, edition: Edition, *, now: datetime = NOON) -> None:
    """Keep two stories apart, and undo that of two others."""
    labels = list(edition.story_ids)
    with transaction(engine) as db:
        for label in labels[1:3]:
            change = correcting.keep_apart(db, edition.story_ids[labels[0]], edition.story_ids[label], now=now)
        correcting.undo(db, change.id, now=now)


def read_some(engine: Engine, edition: Edition, *, now: datetime = NOON) -> None:
    """Mark one story as read whole and another in part."""
    labels = list(edition.story_ids)
    with transaction(engine) as db:
        reading.mark_story(db, edition.story_ids[labels[1]], is_read=True, now=now)
        members = showing.find_story(db, edition.story_ids[labels[0]]).members
        reading.mark_articles(db, [members[0].article.id], is_read=True, now=now)


def act_some(engine: Engine, edition: Edition, *, now: datetime = NOON) -> None:
    """Star a story and an article, follow a story, and mute another for a week."""
    one, other, *_, last = edition.story_ids.values()
    with transaction(engine) as db:
        for kind in MarkKind:
            marks.mark_story(db, one, kind, is_on=True, now=now)
        marks.mark_story(db, other, MarkKind.STAR, is_on=True, now=now)
        reading.star_article(db, next(iter(edition.article_ids.values())), is_starred=True, now=now)
        [card] = showing.story_cards(db, [last])
        until = now + timedelta(days=7)
        mutes.mute(
            db,
            Mute(kind=MuteKind.STORY, title=card.headline, story_id=last, bar=9, until=until, made_at=now),
            now=now,
        )


def _by_publisher(pieces: Sequence[Piece]) -> Iterable[tuple[str, list[Piece]]]:
    ordered = sorted(pieces, key=lambda piece: piece.publisher)
    return [(name, list(group)) for name, group in groupby(ordered, key=lambda piece: piece.publisher)]


def _by_happening(pieces: Sequence[Piece], ids: Sequence[int]) -> Iterable[tuple[str, list[tuple[Piece, int]]]]:
    pairs = sorted(zip(pieces, ids, strict=True), key=lambda pair: pair[0].happening)
    return [(label, list(group)) for label, group in groupby(pairs, key=lambda pair: pair[0].happening)]


def _subscribe(db: Connection, name: str, pieces: Sequence[Piece], now: datetime) -> int:
    wanted = Subscription(
        feed_url=f"https://{pieces[0].domain}/feed.xml",
        title=name,
        site_url=f"https://{pieces[0].domain}/",
        folder=("World",) if pieces[0].language == "en" else ("Elsewhere", str(pieces[0].language)),
        language=pieces[0].language,
        country=pieces[0].country,
    )
    feed_id = feeds.subscribe(db, wanted, now=now).feed_id
    assert feed_id is not None
    ahead = now + timedelta(hours=1)
    polling.record_poll(
        db, Poll(feed_id=feed_id, validators=Validators(), checked_at=now, succeeded_at=now, next_check_at=ahead)
    )
    return feed_id


def _keep(db: Connection, feed_id: int, n: int, piece: Piece, now: datetime) -> int:
    url = f"https://{piece.domain}/{n}" if piece.url == "" else piece.url
    paragraphs = "".join(f"<p>{escape(text)}</p>" for text in piece.text.split("\n\n") if text)
    published_at = now - timedelta(hours=piece.hours_ago)
    entry = Entry(
        guid=f"{n}",
        url=url,
        canonical_url=url,
        domain=piece.domain,
        title=piece.title,
        text=piece.text,
        content_html=piece.content_html or SafeHtml(paragraphs),
        published_at=published_at,
        language=piece.language,
    )
    new = NewArticle(
        entry=entry,
        publisher_domain=piece.domain,
        publisher_name=piece.publisher,
        published_at=published_at,
        digest=f"{n}",
    )
    one_feed.keep(db, feed_id, Arrivals(new=(new,)), now=published_at + timedelta(minutes=1))
    return one_feed.known(db, feed_id, [entry]).by_guid[entry.guid].article_id


def _draft(members: Sequence[tuple[Piece, int]], now: datetime) -> StoryDraft:
    hours = [piece.hours_ago for piece, _ in members]
    n_publishers = len({piece.publisher for piece, _ in members})
    lead_id = members[0][1]
    return StoryDraft(
        id=None,
        founder_id=lead_id,
        lead_id=lead_id,
        members=tuple(_member(article_id, [each for _, each in members]) for _, article_id in members),
        n_publishers=n_publishers,
        n_origins=max(1, n_publishers - 1),
        first_at=now - timedelta(hours=max(hours)),
        last_at=now - timedelta(hours=min(hours)),
        rank=float(len(members)),
        rank_terms={"origins": float(n_publishers), "velocity": 1.5, "diversity": 0.9, "cohesion": 0.8},
    )


def _member(article_id: int, ids: Sequence[int]) -> Member:
    """A member that is nearest to the first of the story, the first to the second."""
    if len(ids) == 1:
        return Member(article_id=article_id, score=1.0)
    return Member(article_id=article_id, score=0.8, nearest_id=ids[1] if article_id == ids[0] else ids[0])
