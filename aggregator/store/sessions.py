"""Who may come in: the household's password, the browsers that are signed in, and the tries that were made."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection, case, delete, or_, select

from aggregator.store.schema import key_of, sessions, sign_in_tries
from aggregator.store.settings import recall, remember
from aggregator.store.statements import insert_into, n_rows

SESSION_LIFE = timedelta(days=30)
"""From the sign-in on. Not from the last visit: to note visits, pages that are only read would have to write."""
MAX_TRIES = 5
TRY_SPAN = timedelta(minutes=1)
"""After MAX_TRIES from one address, less than a minute apart, that address waits for a minute."""

_PASSWORD_HASH = "password_hash"  # noqa: S105  a key in the settings


def password_hash(db: Connection) -> str | None:
    """Return the hash of the household's password; None where none is set."""
    return recall(db, _PASSWORD_HASH)


def set_password_hash(db: Connection, hashed: str | None) -> None:
    """Change the password, or take it away; whoever was signed in is so no longer."""
    remember(db, _PASSWORD_HASH, hashed)
    db.execute(delete(sessions))


def begin_session(db: Connection, hashed: str, *, now: datetime) -> str:
    """Return the secret that a browser shows from now on, having proved the password with this hash.

    Only a digest of the secret is kept, so that whoever reads the database or a backup cannot come in with it.
    """
    db.execute(delete(sessions).where(sessions.c.expires_at <= now))
    secret = secrets.token_urlsafe(32)
    session = {"key": _session_key(secret), "password_key": _password_key(hashed), "expires_at": now + SESSION_LIFE}
    db.execute(insert_into(db, sessions).values(session))
    return secret


def is_signed_in(db: Connection, secret: str, hashed: str, *, now: datetime) -> bool:
    """Return whether this secret opens the pages: it is known, not too old, and the password is still the same."""
    there = select(sessions.c.key).where(
        sessions.c.key == _session_key(secret),
        sessions.c.password_key == _password_key(hashed),
        sessions.c.expires_at > now,
    )
    return db.execute(there).first() is not None


def end_session(db: Connection, secret: str) -> None:
    """Forget the secret: it opens nothing any more, whoever has a copy of it."""
    db.execute(delete(sessions).where(sessions.c.key == _session_key(secret)))


def take_try(db: Connection, address: str, *, now: datetime) -> bool:
    """Count a try to sign in from this address; return False, counting nothing, where it has to wait.

    One statement decides and counts, so that any number of webs share the limit.
    """
    db.execute(delete(sign_in_tries).where(sign_in_tries.c.last_at <= now - TRY_SPAN))
    first = insert_into(db, sign_in_tries).values(address=address, n_tries=1, last_at=now)
    is_over = sign_in_tries.c.last_at <= now - TRY_SPAN
    counted = first.on_conflict_do_update(
        index_elements=["address"],
        set_={"n_tries": case((is_over, 1), else_=sign_in_tries.c.n_tries + 1), "last_at": now},
        where=or_(is_over, sign_in_tries.c.n_tries < MAX_TRIES),
    )
    return n_rows(db, counted) > 0


def forget_tries(db: Connection, address: str) -> None:
    """Let this address begin anew, since it knew the password."""
    db.execute(delete(sign_in_tries).where(sign_in_tries.c.address == address))


def _session_key(secret: str) -> bytes:
    return key_of("session", secret)


def _password_key(hashed: str) -> bytes:
    return key_of("password", hashed)
