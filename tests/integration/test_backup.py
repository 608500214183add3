"""Copies of the database, made while others write to it."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, func, select

from aggregator.cli.main import broadsheet
from aggregator.errors import DiskFullError, StoreError
from aggregator.models.feeds import Poll, Validators
from aggregator.store import polling
from aggregator.store.backup import back_up
from aggregator.store.db import open_database, reading, sqlite_url, transaction
from aggregator.store.schema import articles, entries, polls
from tests.blank import open_blank
from tests.edition import print_edition, read_some
from tests.integration.desk import NOON, bring, entry, subscribe

N_AT_ONCE = 20


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_blank(tmp_path / "news.db")
    yield engine
    engine.dispose()


def dump(engine: Engine) -> list[str]:
    raw = engine.raw_connection()
    try:
        return list(raw.driver_connection.iterdump())  # type: ignore[union-attr]
    finally:
        raw.close()


def test_what_is_brought_back_is_what_was_there(engine: Engine, tmp_path: Path) -> None:
    read_some(engine, print_edition(engine))
    n_bytes = back_up(engine, tmp_path / "copy.db")
    assert n_bytes == (tmp_path / "copy.db").stat().st_size
    restored = open_database(sqlite_url(tmp_path / "copy.db"))
    assert dump(restored) == dump(engine)
    restored.dispose()


def test_a_copy_made_while_feeds_are_polled_holds_whole_polls(engine: Engine, tmp_path: Path) -> None:
    """Entries and validators are kept in one transaction, so that a copy has both or neither."""
    with transaction(engine) as db:
        feed_id = subscribe(db)
    began, enough = threading.Event(), threading.Event()

    def go_on_polling() -> None:
        for n in range(100_000):
            with transaction(engine) as db:
                bring(db, feed_id, *(entry(f"{n}-{each}") for each in range(N_AT_ONCE)))
                polling.record_poll(
                    db,
                    Poll(
                        feed_id=feed_id,
                        validators=Validators(etag=f'"{n}"'),
                        checked_at=NOON,
                        succeeded_at=NOON,
                        next_check_at=NOON + timedelta(hours=1),
                    ),
                )
            began.set()
            if enough.is_set():
                return

    poller = threading.Thread(target=go_on_polling)
    poller.start()
    assert began.wait(60)
    for n in range(8):
        back_up(engine, tmp_path / f"copy{n}.db")
    enough.set()
    poller.join()
    for n in range(8):
        _holds_whole_polls(tmp_path / f"copy{n}.db")


def _holds_whole_polls(path: Path) -> None:
    restored = open_database(sqlite_url(path))
    with reading(restored) as db:
        etag = db.execute(select(polls.c.etag)).scalar_one()
        n_polls = int(etag.strip('"')) + 1
        for table in (articles, entries):
            assert db.execute(select(func.count()).select_from(table)).scalar_one() == n_polls * N_AT_ONCE
        assert db.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        assert db.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    restored.dispose()


def test_a_copy_is_one_file_for_its_owner_alone(engine: Engine, tmp_path: Path) -> None:
    back_up(engine, tmp_path / "copy.db")
    assert sorted(path.name for path in tmp_path.glob("copy.db*")) == ["copy.db"]
    assert (tmp_path / "copy.db").stat().st_mode & 0o077 == 0


def test_no_file_is_written_over(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("a letter")
    with pytest.raises(StoreError, match="is there already"):
        back_up(engine, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "a letter"


def test_a_copy_that_cannot_be_made_leaves_nothing_behind(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot be made: No such file or directory\.$"):
        back_up(engine, tmp_path / "nowhere" / "copy.db")
    with sqlite3.connect(tmp_path / "news.db") as damaged:
        damaged.execute("PRAGMA writable_schema = ON")
        damaged.execute("UPDATE sqlite_schema SET rootpage = 999999 WHERE name = 'leases'")
    damaged.close()
    engine.dispose()
    with pytest.raises(StoreError) as caught:
        back_up(engine, tmp_path / "copy.db")
    assert not isinstance(caught.value, DiskFullError)
    assert list(tmp_path.glob("copy.db*")) == []


def test_a_copy_that_would_be_damaged_is_not_kept(engine: Engine, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "news.db") as damaged:
        damaged.execute("CREATE TABLE told (what)")
        damaged.execute("INSERT INTO told VALUES (NULL)")
        damaged.execute("PRAGMA writable_schema = ON")
        damaged.execute("UPDATE sqlite_schema SET sql = 'CREATE TABLE told (what NOT NULL)' WHERE name = 'told'")
    damaged.close()
    engine.dispose()
    with pytest.raises(StoreError, match=r"The database is damaged, and its copy would be too: .*told"):
        back_up(engine, tmp_path / "copy.db")
    assert list(tmp_path.glob("copy.db*")) == []


def test_on_postgresql_its_own_tools_are_named(blank_postgresql_url: Callable[[], str], tmp_path: Path) -> None:
    engine = open_database(blank_postgresql_url())
    with pytest.raises(StoreError, match=r"pg_dump .*pg_restore"):
        back_up(engine, tmp_path / "copy.db")
    engine.dispose()


def test_the_command_says_what_it_wrote(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[database]\nurl = "sqlite:///{tmp_path}/news.db"\n')
    done = CliRunner().invoke(broadsheet, ["--config", str(config), "backup", str(tmp_path / "copy.db")])
    assert done.exit_code == 0, done.output
    assert f"MB written to {tmp_path / 'copy.db'}." in done.output
