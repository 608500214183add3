"""What Broadsheet itself remembers: secrets, leases, and how far the work has come."""

from datetime import datetime

from sqlalchemy import Connection

from aggregator.models import EncoderName, Progress


def secret_key(db: Connection) -> str:
    """Return the key that signs sessions and tokens, made at random on first use."""
    raise NotImplementedError


def remember(db: Connection, key: str, value: str | None) -> None:
    """Keep a value under this key; None forgets it."""
    raise NotImplementedError


def recall(db: Connection, key: str) -> str | None:
    """Return the value under this key; None where there is none."""
    raise NotImplementedError


def take_lease(db: Connection, name: str, holder: str, *, now: datetime, lease_s: float) -> bool:
    """Take or renew the named lease; return whether `holder` has it now."""
    raise NotImplementedError


def release_lease(db: Connection, name: str, holder: str) -> None:
    """Give the lease back, where `holder` has it."""
    raise NotImplementedError


def remember_encoder(db: Connection, encoder: EncoderName | None, *, error: str | None) -> None:
    """Keep which encoder the worker runs, for those who do not load it; or why it runs none."""
    raise NotImplementedError


def present_encoder(db: Connection) -> EncoderName | None:
    """Return the encoder that the worker runs; None where it runs none."""
    raise NotImplementedError


def progress(db: Connection, *, since: datetime) -> Progress:
    """Return how far the work has come, counting articles published since then."""
    raise NotImplementedError
