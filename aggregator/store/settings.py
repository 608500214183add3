"""What Broadsheet itself remembers: secrets, leases, and how far the work has come."""

import secrets
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection, delete, func, select

from aggregator.models import EncoderName, Progress
from aggregator.store.articles import encoder_id, is_vector_of
from aggregator.store.schema import articles, feeds, leases, memberships, polls, settings, stories, vectors
from aggregator.store.statements import insert_into

REGROUPED_AT = "regrouped_at"
_SECRET_KEY = "secret_key"  # noqa: S105 -- the name it is kept under
_ENCODER = "encoder"
_ENCODER_ERROR = "encoder_error"


def secret_key(db: Connection) -> str:
    """Return the key that signs sessions and tokens, made at random on first use."""
    made = {"key": _SECRET_KEY, "value": secrets.token_hex(32)}
    kept = recall(db, _SECRET_KEY)
    if kept is None:
        db.execute(insert_into(db, settings).values(made).on_conflict_do_nothing())
    return kept or recall(db, _SECRET_KEY) or made["value"]


def remember(db: Connection, key: str, value: str | None) -> None:
    """Keep a value under this key; None forgets it."""
    if value is None:
        db.execute(delete(settings).where(settings.c.key == key))
        return
    add = insert_into(db, settings).values(key=key, value=value)
    db.execute(add.on_conflict_do_update(index_elements=["key"], set_={"value": value}))


def recall(db: Connection, key: str) -> str | None:
    """Return the value under this key; None where there is none."""
    return db.execute(select(settings.c.value).where(settings.c.key == key)).scalar()


def take_lease(db: Connection, name: str, holder: str, *, now: datetime, lease_s: float) -> bool:
    """Take or renew the named lease; return whether `holder` has it now."""
    until = now + timedelta(seconds=lease_s)
    add = insert_into(db, leases).values(name=name, holder=holder, expires_at=until)
    taken = add.on_conflict_do_update(
        index_elements=["name"],
        set_={"holder": holder, "expires_at": until},
        where=(leases.c.holder == holder) | (leases.c.expires_at <= now),
    )
    return db.execute(taken).rowcount == 1


def release_lease(db: Connection, name: str, holder: str) -> None:
    """Give the lease back, where `holder` has it."""
    db.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))


def remember_encoder(db: Connection, encoder: EncoderName | None, *, error: str | None) -> None:
    """Keep which encoder the worker runs, for those who do not load it; or why it runs none."""
    remember(db, _ENCODER, msgspec.json.encode(encoder).decode() if encoder else None)
    remember(db, _ENCODER_ERROR, error)


def present_encoder(db: Connection) -> EncoderName | None:
    """Return the encoder that the worker runs; None where it runs none."""
    kept = recall(db, _ENCODER)
    return msgspec.json.decode(kept, type=EncoderName) if kept else None


def progress(db: Connection, *, since: datetime) -> Progress:
    """Return how far the work has come, counting articles published since then."""
    in_window = articles.c.published_at >= since
    regrouped_at = recall(db, REGROUPED_AT)
    n_feeds, n_checked, n_failing = db.execute(
        select(func.count(), func.count(polls.c.checked_at), func.count(polls.c.error))
        .select_from(feeds)
        .join(polls, polls.c.feed_id == feeds.c.id)
    ).one()
    n_articles, n_grouped = db.execute(
        select(func.count(), func.count(memberships.c.article_id))
        .select_from(articles)
        .outerjoin(memberships, memberships.c.article_id == articles.c.id)
        .where(in_window)
    ).one()
    n_stories = db.execute(select(func.count()).where(stories.c.last_at >= since, stories.c.n_publishers >= 2)).scalar()
    return Progress(
        n_feeds=n_feeds,
        n_checked=n_checked,
        n_failing=n_failing,
        n_articles=n_articles,
        n_unencoded=_n_unencoded(db, since),
        n_ungrouped=n_articles - n_grouped,
        n_stories=n_stories or 0,
        regrouped_at=datetime.fromisoformat(regrouped_at) if regrouped_at else None,
        encoder_error=recall(db, _ENCODER_ERROR),
    )


def _n_unencoded(db: Connection, since: datetime) -> int:
    """Return how many articles of the window lack a vector of the present encoder, or any where none is known."""
    encoder = present_encoder(db)
    has_vector = is_vector_of(encoder_id(db, encoder)) if encoder else vectors.c.article_id == articles.c.id
    unencoded = (
        select(func.count())
        .select_from(articles)
        .outerjoin(vectors, has_vector)
        .where(articles.c.published_at >= since, vectors.c.article_id.is_(None))
    )
    return db.execute(unencoded).scalar() or 0
