"""What Broadsheet itself remembers: secrets, leases, and how far the work has come."""

import secrets
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, case, delete, func, or_, select

from aggregator.models.encoders import Calibration, EncoderName
from aggregator.models.front import Arrived, Visit
from aggregator.models.pages import Progress
from aggregator.models.preferences import Preferences
from aggregator.store.articles import encoder_id, is_vector_of
from aggregator.store.schema import SET_BACK, articles, feeds, leases, memberships, polls, settings, stories, vectors
from aggregator.store.statements import insert_into, n_rows

REGROUPED_AT = "regrouped_at"
WORKER_SEEN_AT = "worker_seen_at"
PREFERENCES = "preferences"
REGROUPED_ARTICLES = "regrouped_articles"


def secret_key(db: Connection) -> str:
    """Return the key that signs sessions and tokens, made at random on first use."""
    there = recall(db, "secret_key")
    if there is not None:
        return there
    fresh = {"key": "secret_key", "value": secrets.token_hex(32)}
    # Of two processes that make one at the same time, both return the first one's.
    db.execute(insert_into(db, settings).values(fresh).on_conflict_do_nothing())
    kept: str = db.execute(select(settings.c.value).where(settings.c.key == "secret_key")).scalar_one()
    return kept


def remember(db: Connection, key: str, value: str | None) -> None:
    """Keep a value under this key; None forgets it."""
    if value is None:
        db.execute(delete(settings).where(settings.c.key == key))
        return
    keep = insert_into(db, settings).values(key=key, value=value)
    db.execute(
        keep.on_conflict_do_update(
            index_elements=["key"], set_={"value": keep.excluded.value}, where=settings.c.value != keep.excluded.value
        )
    )


def recall(db: Connection, key: str) -> str | None:
    """Return the value under this key; None where there is none."""
    return db.execute(_RECALL, {"name": key}).scalar()


_RECALL = select(settings.c.value).where(settings.c.key == bindparam("name"))


def take_lease(db: Connection, name: str, holder: str, *, now: datetime, lease_s: float) -> bool:
    """Take or renew the named lease; return whether `holder` has it now.

    One that ends much later than any that could be taken now is of a clock that has been set back since.
    """
    values = {"name": name, "holder": holder, "expires_at": now + timedelta(seconds=lease_s)}
    take = insert_into(db, leases).values(values)
    taken = take.on_conflict_do_update(
        index_elements=["name"],
        set_={"holder": take.excluded.holder, "expires_at": take.excluded.expires_at},
        where=or_(
            leases.c.holder == holder,
            leases.c.expires_at <= now,
            leases.c.expires_at > now + timedelta(seconds=lease_s) + SET_BACK,
        ),
    )
    return n_rows(db, taken) > 0


def release_lease(db: Connection, name: str, holder: str) -> None:
    """Give the lease back, where `holder` has it."""
    db.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))


def remember_encoder(db: Connection, encoder: EncoderName | None) -> None:
    """Keep which encoder the worker runs, for those who do not load it; None where it is to run none."""
    remember(db, "encoder", msgspec.json.encode(encoder).decode() if encoder else None)
    remember(db, "encoder_error", None)


def remember_encoder_error(db: Connection, error: str) -> None:
    """Keep why the worker runs no encoder; the one that it ran before still tells which vectors count."""
    remember(db, "encoder_error", error)


def present_encoder(db: Connection) -> EncoderName | None:
    """Return the encoder that the worker runs, or ran before it failed; None where there is none."""
    kept = recall(db, "encoder")
    return msgspec.json.decode(kept, type=EncoderName) if kept else None


def remember_calibration(db: Connection, encoder: EncoderName, calibration: Calibration | None) -> None:
    """Keep how this encoder's cosines are read; None forgets it. It holds for this version of the model alone."""
    kept = msgspec.json.encode(calibration).decode() if calibration else None
    remember(db, _calibration_key(encoder), kept)


def calibration(db: Connection, encoder: EncoderName) -> Calibration | None:
    """Return how this encoder's cosines are read; None where nobody calibrated it."""
    kept = recall(db, _calibration_key(encoder))
    return msgspec.json.decode(kept, type=Calibration) if kept else None


def note_worker(db: Connection, *, now: datetime) -> None:
    """Keep that a worker is at work."""
    remember(db, WORKER_SEEN_AT, now.isoformat())


def worker_seen_at(db: Connection) -> datetime | None:
    """Return when a worker was last at work; None where none ever was."""
    kept = recall(db, WORKER_SEEN_AT)
    return datetime.fromisoformat(kept) if kept else None


def preferences(db: Connection) -> Preferences:
    """Return what the owner chose on the pages."""
    kept = recall(db, PREFERENCES)
    try:
        return msgspec.json.decode(kept, type=Preferences) if kept else Preferences()
    except msgspec.ValidationError:  # of another version of ours: what it does not know is as it comes
        return Preferences()


def prefer(db: Connection, chosen: Preferences) -> None:
    """Keep what the owner chose on the pages."""
    remember(db, PREFERENCES, msgspec.json.encode(chosen).decode())


def regrouped_at(db: Connection) -> datetime | None:
    """Return when the last regroup began that was kept; None before the first."""
    kept = recall(db, REGROUPED_AT)
    return datetime.fromisoformat(kept) if kept else None


def progress(db: Connection, *, since: datetime) -> Progress:
    """Return how far the work has come, counting articles published since then."""
    n_articles, n_encoded, n_grouped = _article_counts(db, since)
    is_story = (stories.c.last_at >= since) & (stories.c.n_publishers >= 2)
    return Progress(
        **_feed_counts(db),
        n_articles=n_articles,
        n_unencoded=n_articles - n_encoded,
        n_ungrouped=n_articles - n_grouped,
        n_stories=db.execute(select(func.count()).select_from(stories).where(is_story)).scalar_one(),
        regrouped_at=regrouped_at(db),
        encoder_error=recall(db, "encoder_error"),
    )


def progress_since_regroup(db: Connection) -> Progress:
    """Return how far the work has come without counting the window: what the last regroup said, and what came since.

    For a front page that is full. Its cost is that of the feeds and of the articles which wait to be grouped.
    """
    kept = {row.key: row.value for row in db.execute(_OF_REGROUP)}
    at = datetime.fromisoformat(kept[REGROUPED_AT]) if REGROUPED_AT in kept else None
    n_waiting = arrived(db, since=at).n_articles if at else 0
    return Progress(
        **_feed_counts(db),
        n_articles=int(kept.get(REGROUPED_ARTICLES, 0)) + n_waiting,
        n_unencoded=0,
        n_ungrouped=n_waiting,
        n_stories=0,
        regrouped_at=at,
        encoder_error=kept.get("encoder_error"),
    )


_OF_REGROUP = select(settings).where(settings.c.key.in_((REGROUPED_AT, REGROUPED_ARTICLES, "encoder_error")))


def arrived(db: Connection, *, since: datetime) -> Arrived:
    """Return how many articles came since then, from how many feeds."""
    n_articles, n_feeds = db.execute(_ARRIVED, {"since": since}).one()
    return Arrived(n_articles, n_feeds)


_ARRIVED = select(func.count(), func.count(articles.c.feed_id.distinct())).where(
    articles.c.first_seen_at >= bindparam("since")
)


def last_visit(db: Connection) -> Visit | None:
    """Return the household's last visit; None before the first."""
    kept = recall(db, "visit")
    return msgspec.json.decode(kept, type=Visit) if kept else None


def note_visit(db: Connection, *, now: datetime) -> Visit:
    """Keep that somebody is there now; return their visit."""
    last = last_visit(db)
    visit = last.at(now) if last else Visit.first(now)
    remember(db, "visit", msgspec.json.encode(visit).decode())
    return visit


def _calibration_key(encoder: EncoderName) -> str:
    return f"calibration of {encoder.model} {encoder.version}"


def _feed_counts(db: Connection) -> dict[str, Any]:
    """Return how many feeds there are, how many need no wait, how many failed last, and when one was last read."""
    return dict(db.execute(_FEED_COUNTS).mappings().one())


_FEED_COUNTS = (
    select(
        func.count().label("n_feeds"),
        func.count(case((polls.c.checked_at.is_not(None) | feeds.c.is_paused, 1))).label("n_checked"),
        func.count(case((polls.c.error.is_not(None) & ~feeds.c.is_paused, 1))).label("n_failing"),
        func.max(polls.c.succeeded_at).label("succeeded_at"),
    )
    .select_from(feeds)
    .join(polls, polls.c.feed_id == feeds.c.id)
)


def _article_counts(db: Connection, since: datetime) -> tuple[int, int, int]:
    """Return how many articles there are since then, with a vector of the present encoder, and in a story.

    Without an encoder any vector counts: there is none that could make another.
    """
    encoder = present_encoder(db)
    is_encoded = is_vector_of(encoder_id(db, encoder)) if encoder else vectors.c.article_id == articles.c.id
    counts = (
        select(func.count(), func.count(vectors.c.article_id), func.count(memberships.c.article_id))
        .select_from(articles)
        .outerjoin(vectors, is_encoded)
        .outerjoin(memberships, memberships.c.article_id == articles.c.id)
        .where(articles.c.published_at >= since)
    )
    n_articles, n_encoded, n_grouped = db.execute(counts).one()
    return n_articles, n_encoded, n_grouped
