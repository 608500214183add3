"""Sessions and tries, as any number of webs share them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from aggregator.store import sessions
from aggregator.store.db import reading, transaction
from tests.integration.desk import NOON

HERE, THERE = "192.0.2.1", "192.0.2.2"
SECOND = timedelta(seconds=1)


@pytest.fixture
def secret(engine: Engine) -> str:
    """The secret of a session that was begun at noon with the password of hash "hash"."""
    with transaction(engine) as db:
        sessions.set_password_hash(db, "hash")
        return sessions.begin_session(db, "hash", now=NOON)


def opens(engine: Engine, secret: str, *, hashed: str = "hash", after: timedelta = SECOND) -> bool:
    with reading(engine) as db:
        return sessions.is_signed_in(db, secret, hashed, now=NOON + after)


def test_a_session_opens_the_pages_until_it_is_too_old(engine: Engine, secret: str) -> None:
    assert opens(engine, secret)
    assert opens(engine, secret, after=sessions.SESSION_LIFE - SECOND)
    assert not opens(engine, secret, after=sessions.SESSION_LIFE)


def test_a_session_that_was_ended_opens_nothing_and_no_other_is_touched(engine: Engine, secret: str) -> None:
    with transaction(engine) as db:
        other = sessions.begin_session(db, "hash", now=NOON)
        sessions.end_session(db, secret)
    assert not opens(engine, secret)
    assert opens(engine, other)


def test_a_new_password_ends_every_session(engine: Engine, secret: str) -> None:
    with transaction(engine) as db:
        sessions.set_password_hash(db, "new hash")
    assert not opens(engine, secret, hashed="new hash")


def test_a_session_begun_with_a_password_that_was_changed_meanwhile_opens_nothing(engine: Engine) -> None:
    with transaction(engine) as db:
        sessions.set_password_hash(db, "new hash")
    with transaction(engine) as db:  # by a web that compared the old one, and is late
        late = sessions.begin_session(db, "hash", now=NOON)
    assert not opens(engine, late, hashed="new hash")


@pytest.mark.parametrize("guess", ["", "x", "x" * 43])
def test_a_guessed_secret_opens_nothing(engine: Engine, secret: str, guess: str) -> None:
    assert not opens(engine, guess)


def test_the_database_holds_nothing_that_opens_the_pages(engine: Engine, secret: str) -> None:
    with reading(engine) as db:
        row = db.exec_driver_sql("SELECT * FROM sessions").one()
    assert secret not in str(row)
    assert not opens(engine, row.key.hex())


def try_at(engine: Engine, address: str, after: timedelta) -> bool:
    with transaction(engine) as db:
        return sessions.take_try(db, address, now=NOON + after)


def test_the_sixth_try_of_a_minute_has_to_wait_and_waiting_costs_nothing(engine: Engine) -> None:
    assert all(try_at(engine, HERE, n * SECOND) for n in range(5))
    assert not any(try_at(engine, HERE, n * SECOND) for n in range(5, 64))
    assert try_at(engine, HERE, 64 * SECOND)


def test_no_minute_has_more_than_five_tries_however_they_are_spread(engine: Engine) -> None:
    taken = [n for n in range(0, 600, 7) if try_at(engine, HERE, n * SECOND)]
    assert max(sum(start <= each < start + 60 for each in taken) for start in taken) == 5


def test_one_address_that_guesses_keeps_no_other_out(engine: Engine) -> None:
    assert [try_at(engine, HERE, SECOND) for _ in range(6)] == [True] * 5 + [False]
    assert try_at(engine, THERE, SECOND)


def test_whoever_knew_the_password_begins_anew(engine: Engine) -> None:
    for _ in range(5):
        try_at(engine, HERE, SECOND)
    with transaction(engine) as db:
        sessions.forget_tries(db, HERE)
    assert try_at(engine, HERE, SECOND)


def test_webs_that_count_at_once_let_five_through(engine: Engine) -> None:
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: try_at(engine, HERE, SECOND), range(24)))
    assert sum(taken) == 5


def test_tries_are_forgotten_after_their_minute(engine: Engine) -> None:
    try_at(engine, HERE, SECOND)
    try_at(engine, THERE, 2 * 60 * SECOND)
    with reading(engine) as db:
        assert db.exec_driver_sql("SELECT address FROM sign_in_tries").scalars().all() == [THERE]
