"""Looks at addresses before one subscribes: asked for on the pages, done by the worker."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection, delete, insert, or_, select, update

from aggregator.errors import NotFoundError
from aggregator.models.subscribing import Candidate, Probe
from aggregator.store.schema import probes

FORGOTTEN_AFTER = timedelta(days=1)


def begin(db: Connection, url: str, folder: tuple[str, ...], *, now: datetime) -> int:
    """Keep that the owner wants to see what is at an address; return the probe's id. Old ones are forgotten."""
    db.execute(delete(probes).where(probes.c.asked_at < now - FORGOTTEN_AFTER))
    added = insert(probes).values(url=url, folder=list(folder), asked_at=now)
    [probe_id] = db.execute(added).inserted_primary_key or (0,)
    return int(probe_id)


def are_wanted(db: Connection) -> bool:
    """Whether any look is still to be done."""
    return db.execute(select(probes.c.id).where(probes.c.done_at.is_(None)).limit(1)).first() is not None


def claim_wanted(db: Connection, *, now: datetime, lease_s: float) -> list[Probe]:
    """Return looks that are to be done, and keep other workers off them for `lease_s`."""
    is_free = or_(probes.c.claimed_until.is_(None), probes.c.claimed_until <= now)
    wanted = select(probes.c.id).where(probes.c.done_at.is_(None), is_free).order_by(probes.c.id)
    ids = db.execute(wanted.with_for_update(skip_locked=True)).scalars().all()
    until = now + timedelta(seconds=lease_s)
    db.execute(update(probes).where(probes.c.id.in_(ids)).values(claimed_until=until))
    return [find_probe(db, probe_id) for probe_id in ids]


def keep(db: Connection, probe_id: int, found: Sequence[Candidate], *, error: str | None, now: datetime) -> None:
    """Keep what was found, or why nothing was."""
    done = {"done_at": now, "error": error, "found": msgspec.json.encode(list(found)).decode()}
    db.execute(update(probes).where(probes.c.id == probe_id).values(done))


def find_probe(db: Connection, probe_id: int) -> Probe:
    """Return the look; NotFoundError where there is none of this id, or none any more."""
    row = db.execute(select(probes).where(probes.c.id == probe_id)).mappings().first()
    if row is None:
        raise NotFoundError("There was no such look at an address, or it was more than a day ago; add it again.")
    return Probe(
        id=row["id"],
        url=row["url"],
        folder=tuple(row["folder"]),
        asked_at=row["asked_at"],
        is_done=row["done_at"] is not None,
        error=row["error"],
        found=tuple(msgspec.json.decode(row["found"] or "[]", type=list[Candidate])),
    )
