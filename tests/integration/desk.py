"""Short ways to put feeds, articles and stories into a database."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from aggregator.models.arrivals import Arrivals, NewArticle
from aggregator.models.articles import Kept
from aggregator.models.encoders import EncoderName, Unencoded
from aggregator.models.entries import Entry
from aggregator.models.markup import SafeHtml
from aggregator.models.stories import Member, Regrouping, StoryDraft
from aggregator.models.subscribing import Subscription
from aggregator.models.values import Vectors
from aggregator.store import articles, encoding, feeds, stories
from tests import one_feed

NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def subscribe(db: Connection, name: str = "gazette", *, folder: tuple[str, ...] = (), now: datetime = NOON) -> int:
    """Subscribe to the feed of a publisher of this name; return its id."""
    wanted = Subscription(feed_url=f"https://{name}.example/feed.xml", folder=folder)
    feed_id = feeds.subscribe(db, wanted, now=now).feed_id
    assert feed_id is not None
    return feed_id


def entry(name: str, *, at: str = "gazette", url: str | None = "", guid: str | None = None) -> Entry:
    """An entry called `name`; an empty `url` means one made of the name, None means none."""
    address = f"https://{at}.example/{name}" if url == "" else url
    return Entry(
        guid=guid or f"guid of {name}",
        url=address,
        canonical_url=address,
        domain=f"{at}.example",
        title=f"Title of {name}",
        text=f"Text of {name}.",
        content_html=SafeHtml(f"<p>Text of {name}.</p>"),
        language="en",
    )


def new(each: Entry, *, at: datetime = NOON) -> NewArticle:
    """The entry as an article that was published `at`."""
    domain = each.domain or "gazette.example"
    return NewArticle(
        entry=each, publisher_domain=domain, publisher_name=domain, published_at=at, digest=f"digest of {each.title}"
    )


def bring(db: Connection, feed_id: int, *entries: Entry, at: datetime = NOON, now: datetime = NOON) -> Kept:
    """Keep these entries as new articles of the feed."""
    return one_feed.keep(db, feed_id, Arrivals(new=tuple(new(each, at=at) for each in entries)), now=now)


def ids_by_title(db: Connection) -> dict[str, int]:
    """Every article's id by the name it was brought under."""
    return {line.title.removeprefix("Title of "): line.id for line in articles.river(db, limit=1000)}


def bring_from(db: Connection, *names: str, at: datetime = NOON) -> list[int]:
    """Bring one article each from publishers of these names; return the articles' ids."""
    for name in names:
        bring(db, subscribe(db, name), entry(f"{name}-news", at=name), at=at)
    ids = ids_by_title(db)
    return [ids[f"{name}-news"] for name in names]


def draft(
    article_ids: Sequence[int],
    story_id: int | None = None,
    *,
    n_publishers: int = 2,
    rank: float = 1.0,
    first_at: datetime = NOON,
    last_at: datetime = NOON,
    copies: Mapping[int, int] | None = None,
) -> StoryDraft:
    """A story of these articles, led and founded by the first."""
    copy_of = copies or {}
    return StoryDraft(
        id=story_id,
        founder_id=article_ids[0],
        lead_id=article_ids[0],
        members=tuple(
            Member(article_id=each, score=0.8, nearest_id=article_ids[0], copy_of_id=copy_of.get(each))
            for each in article_ids
        ),
        n_publishers=n_publishers,
        n_origins=n_publishers,
        first_at=first_at,
        last_at=last_at,
        rank=rank,
        rank_terms={"publishers": float(n_publishers), "age": rank},
    )


def save(db: Connection, regrouping: Regrouping, *, now: datetime = NOON) -> list[int]:
    """Keep this outcome of a regroup."""
    return stories.save(db, regrouping, n_articles=0, encoder="model", now=now)


def said(db: Connection, article_ids: Sequence[int]) -> list[Unencoded]:
    """What these articles say, in this order; nothing where there is none of this id."""
    nobody = EncoderName("nobody", "0", 1)
    texts = {each.article_id: each for each in encoding.unencoded(db, nobody, since=NOON - 9999 * DAY, limit=9999)}
    return [texts.get(article_id) or Unencoded(article_id, "", "", "") for article_id in article_ids]


def add_vectors(db: Connection, encoder: EncoderName, article_ids: Sequence[int], vectors: Vectors) -> None:
    """Keep these vectors of what these articles say."""
    encoding.add_vectors(db, encoder, said(db, article_ids), vectors, now=NOON)
