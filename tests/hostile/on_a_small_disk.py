"""What a disk that is really full does to Broadsheet: run by test_small_disk.py where a file system may be mounted."""

import re
import subprocess
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, NullPool, create_engine

from aggregator.config import ImageSettings, Settings
from aggregator.errors import DiskFullError
from aggregator.store import articles
from aggregator.store.backup import back_up
from aggregator.store.db import open_database, reading, sqlite_url, transaction
from tests.integration.desk import NOON, bring, entry, subscribe
from tests.old_databases import lost, make_old, released, rows, tables
from web import create_app

SIZE_KB = 4096


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of four megabytes."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE_KB}k", "tmpfs", str(tmp_path)], check=True)
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


@pytest.fixture
def engine(disk: Path) -> Iterator[Engine]:
    engine = open_database(sqlite_url(disk / "news.db"))
    yield engine
    engine.dispose()


@pytest.fixture
def client(engine: Engine) -> FlaskClient:
    return create_app(engine, Settings(images=ImageSettings(show="none")), clock=lambda: NOON).test_client()


def fill(disk: Path) -> Path:
    """Take all the room that is left, as other programs do."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for n_bytes in (65_536, 1024, 1):
            try:
                while True:
                    file.write(b"x" * n_bytes)
            except OSError:
                continue
    return ballast


def form(client: FlaskClient) -> dict[str, str]:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/keys").get_data(as_text=True))
    assert found
    return {"csrf_token": found[1]}


def subscribe_to_many(client: FlaskClient, given: dict[str, str]) -> int:
    outlines = "".join(f'<outline text="{n}" xmlUrl="https://n{n}.example/{"x" * 300}"/>' for n in range(500))
    document = f'<opml version="2.0"><body>{outlines}</body></opml>'.encode()
    shown = client.post("/import", data={**given, "opml": (BytesIO(document), "list.opml")})
    if shown.status_code != 303:
        return shown.status_code
    return client.post(f"{shown.location}/feeds", data=given).status_code


def test_a_full_disk_is_said_in_words_everything_can_be_read_and_room_heals_it(
    disk: Path, engine: Engine, client: FlaskClient
) -> None:
    with transaction(engine) as db:
        feed_id = subscribe(db)
        bring(db, feed_id, *(entry(f"{n}") for n in range(50)))
    given = form(client)
    ballast = fill(disk)
    assert subscribe_to_many(client, given) == 507
    with pytest.raises(DiskFullError), transaction(engine) as db:
        bring(db, feed_id, *(entry(f"more {n}" + "x" * 3000) for n in range(100)))
    for place in ("/", "/river", "/feeds", "/export.opml"):
        assert client.get(place).status_code == 200, place
    ballast.unlink()
    assert subscribe_to_many(client, given) == 303
    with transaction(engine) as db:
        assert bring(db, feed_id, *(entry(f"more {n}") for n in range(100))).n_new == 100
    with reading(engine) as db:
        assert len(articles.river(db, limit=999)) == 150
        assert db.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


def test_a_broadsheet_that_starts_on_a_full_disk_says_so_and_starts_once_there_is_room(disk: Path) -> None:
    ballast = fill(disk)
    with pytest.raises(DiskFullError, match=r"cannot be opened: .*full\.$"):
        open_database(sqlite_url(disk / "news.db"))
    ballast.unlink()
    open_database(sqlite_url(disk / "news.db")).dispose()


def test_a_database_that_is_brought_up_to_date_on_a_full_disk_stays_as_it_was_until_there_is_room(disk: Path) -> None:
    bare = create_engine(sqlite_url(disk / "news.db"), poolclass=NullPool)
    with bare.begin() as db:
        before = make_old(db, released()[0])
    ballast = fill(disk)
    with pytest.raises(DiskFullError, match=r"cannot be opened: .*full\.$"):
        open_database(sqlite_url(disk / "news.db"))
    with bare.connect() as db:
        assert rows(db, tables(db)) == before
        assert db.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    ballast.unlink()
    open_database(sqlite_url(disk / "news.db")).dispose()
    with bare.connect() as db:
        assert lost(before, rows(db, tables(db))) == []


def test_a_copy_for_which_there_is_no_room_is_none_and_says_so(disk: Path, engine: Engine) -> None:
    ballast = fill(disk)
    with pytest.raises(DiskFullError, match=r"copy\.db cannot be made: .*full"):
        back_up(engine, disk / "copy.db")
    assert list(disk.glob("copy.db*")) == []
    ballast.unlink()
    assert back_up(engine, disk / "copy.db") > 0


def test_whoever_comes_first_to_a_full_disk_is_told_that_it_is_full(disk: Path, engine: Engine) -> None:
    engine.dispose()
    ballast = fill(disk)
    with pytest.raises(DiskFullError, match="full"), reading(engine) as db:
        articles.river(db, limit=1)
    ballast.unlink()
    with reading(engine) as db:
        assert articles.river(db, limit=1) == []
