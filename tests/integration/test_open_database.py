"""Opening the database: made, brought up to date, or refused in words."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from aggregator.errors import FutureDatabaseError, StoreError
from aggregator.store.db import open_database, reading, sqlite_url, transaction
from aggregator.store.migrate import VERSION_TABLE
from aggregator.store.schema import metadata
from aggregator.store.search_index import is_of_index

COMPARED = {
    "version_table": VERSION_TABLE,
    "compare_type": True,
    "include_name": lambda name, kind, _: kind != "table" or not is_of_index(name),
}


def test_the_migrations_make_what_the_schema_says(engine: Engine) -> None:
    with engine.connect() as db:
        context = MigrationContext.configure(db, opts=COMPARED)
        assert compare_metadata(context, metadata) == []


def test_a_database_is_opened_again_as_it_was_left(database_url: str) -> None:
    first = open_database(database_url)
    with transaction(first) as db:
        db.execute(text("INSERT INTO settings (key, value) VALUES ('a', 'b')"))
    first.dispose()
    second = open_database(database_url)
    with reading(second) as db:
        assert db.execute(text("SELECT value FROM settings")).scalar() == "b"
    second.dispose()


def test_two_that_open_it_at_once_make_it_once(database_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        engines = list(pool.map(open_database, [database_url] * 4))
    for engine in engines:
        assert "articles" in inspect(engine).get_table_names()
        engine.dispose()


def test_two_processes_that_open_it_at_once_make_it_once(database_url: str) -> None:
    with get_context("spawn").Pool(3) as pool:
        assert pool.map(_tables, [database_url] * 3) == [len(metadata.tables) + 1] * 3


def _tables(url: str) -> int:
    engine = open_database(url)
    n_tables = sum(not is_of_index(name) for name in inspect(engine).get_table_names())
    engine.dispose()
    return n_tables


def test_a_database_from_the_future_is_refused_in_words(database_url: str) -> None:
    engine = open_database(database_url)
    with transaction(engine) as db:
        db.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(FutureDatabaseError, match=r"written by a newer Broadsheet .*9999.*\.$"):
        open_database(database_url)


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE recipes (id INTEGER)")
    other.close()
    with pytest.raises(StoreError, match="belongs to another program: it has a table recipes"):
        open_database(sqlite_url(tmp_path / "other.db"))


def test_a_transaction_that_fails_leaves_nothing_not_even_a_table(engine: Engine) -> None:
    with pytest.raises(RuntimeError):
        _make_a_table_and_fail(engine)
    assert "half_way" not in inspect(engine).get_table_names()
    with reading(engine) as db:
        assert db.execute(metadata.tables["settings"].select()).all() == []


def _make_a_table_and_fail(engine: Engine) -> None:
    with transaction(engine) as db:
        db.execute(text("CREATE TABLE half_way (id INTEGER)"))
        db.execute(metadata.tables["settings"].insert().values(key="half", value="way"))
        raise RuntimeError


def test_a_file_that_is_no_database_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "broken.db"
    path.write_bytes(b"This was a letter to my aunt, not a database. " * 100)
    with pytest.raises(StoreError, match=r"broken\.db cannot be opened: file is not a database\.$"):
        open_database(sqlite_url(path))


def test_a_folder_in_the_place_of_the_file_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened: unable to open database file"):
        open_database(sqlite_url(tmp_path))


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"The folder .* for the database cannot be made: .*\.$"):
        open_database(sqlite_url(tmp_path / "file" / "folder" / "news.db"))


def test_the_folder_of_the_database_is_made(tmp_path: Path) -> None:
    open_database(sqlite_url(tmp_path / "100 % new" / "folder" / "news.db")).dispose()
    assert (tmp_path / "100 % new" / "folder" / "news.db").exists()


def test_a_server_that_is_not_there_is_said_without_the_password() -> None:
    with pytest.raises(StoreError, match=r"//reader:\*\*\*@127\.0\.0\.1:9/news cannot be opened: ") as caught:
        open_database("postgresql://reader:hunter2@127.0.0.1:9/news")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("my news", "is not the address of a database"),
        ("mysql://host/news", "only sqlite and postgresql"),
        ("sqlite://", "names no file"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_in_words(url: str, why: str) -> None:
    with pytest.raises(StoreError, match=why):
        open_database(url)


def test_a_reader_sees_one_state_while_others_write(engine: Engine) -> None:
    settings = metadata.tables["settings"]
    with reading(engine) as db:
        assert db.execute(settings.select()).all() == []
        with transaction(engine) as writer:
            writer.execute(settings.insert().values(key="late", value="news"))
        assert db.execute(settings.select()).all() == []
    with reading(engine) as db:
        assert len(db.execute(settings.select()).all()) == 1


def test_a_reader_changes_nothing(engine: Engine) -> None:
    settings = metadata.tables["settings"]
    with pytest.raises(Exception, match=r"read-?only"), reading(engine) as db:
        db.execute(settings.insert().values(key="a", value="b"))
    with transaction(engine) as db:
        db.execute(settings.insert().values(key="a", value="b"))
