"""Hosts that asked to be left alone for a while."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from aggregator.models.fetching import Hold
from aggregator.store.schema import SET_BACK, host_holds
from aggregator.store.statements import insert_into

LONGEST = timedelta(days=1)
"""For longer nobody is left alone (`fetch.politeness`)."""


def held_hosts(db: Connection, *, now: datetime) -> dict[str, datetime]:
    """Return until when each host is not to be asked for anything."""
    rows = db.execute(select(host_holds.c.host, host_holds.c.until).where(host_holds.c.until > now))
    return {row.host: row.until for row in rows}


def hold(db: Connection, wanted: Hold, *, now: datetime) -> None:
    """Keep that a host wants to be left alone; of two such words the later moment holds. Those that are over go."""
    db.execute(delete(host_holds).where(host_holds.c.until <= now))
    add = insert_into(db, host_holds).values(host=wanted.host, until=wanted.until)
    db.execute(
        add.on_conflict_do_update(
            index_elements=["host"],
            set_={"until": add.excluded.until},
            where=host_holds.c.until < add.excluded.until,
        )
    )


def forget_future(db: Connection, *, now: datetime) -> None:
    """Forget what hosts asked for by a clock that was set back since: what ends later than anybody may ask for."""
    db.execute(delete(host_holds).where(host_holds.c.until > now + LONGEST + SET_BACK))
