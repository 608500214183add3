"""A disk that is full, and a database that many want at once."""

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event

from aggregator.config import ImageSettings, Settings
from aggregator.errors import DiskFullError, StoreError
from aggregator.store import articles, feeds
from aggregator.store.db import open_database, sqlite_url, transaction
from aggregator.store.db import reading as look
from tests.blank import open_blank
from tests.edition import NOON, Edition, print_edition
from tests.integration.desk import bring, entry, subscribe
from web import create_app

SETTINGS = Settings(images=ImageSettings(show="none"))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_blank(tmp_path / "full house.db")
    yield engine
    engine.dispose()


@pytest.fixture
def edition(engine: Engine) -> Edition:
    return print_edition(engine)


@dataclass
class Disk:
    """What room there is: SQLite says so by itself, as it would of a real disk."""

    engine: Engine
    is_full: bool = False

    def __post_init__(self) -> None:
        event.listen(self.engine, "begin", self._bound)

    def _bound(self, db: Any) -> None:
        n_pages = db.exec_driver_sql("PRAGMA page_count").scalar() if self.is_full else 2**31
        db.exec_driver_sql(f"PRAGMA max_page_count = {n_pages}")


@pytest.fixture
def disk(engine: Engine) -> Disk:
    return Disk(engine)


@pytest.fixture
def client(engine: Engine, edition: Edition) -> FlaskClient:
    return create_app(engine, SETTINGS, clock=lambda: NOON).test_client()


def token(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/keys").get_data(as_text=True))
    assert found
    return found[1]


def dump(engine: Engine) -> list[str]:
    raw = engine.raw_connection()
    try:
        return list(raw.driver_connection.iterdump())  # type: ignore[union-attr]
    finally:
        raw.close()


def many_feeds(client: FlaskClient) -> Any:
    """Ask for more than fits into what room there is."""
    outlines = "".join(f'<outline text="{n}" xmlUrl="https://n{n}.example/{"x" * 300}"/>' for n in range(500))
    document = f'<opml version="2.0"><body>{outlines}</body></opml>'.encode()
    form = {"csrf_token": token(client)}
    shown = client.post("/import", data={**form, "opml": (BytesIO(document), "list.opml")})
    return client.post(f"{shown.location}/feeds", data=form) if shown.status_code == 303 else shown


def test_on_a_full_disk_an_act_says_so_and_changes_nothing(engine: Engine, client: FlaskClient, disk: Disk) -> None:
    before = dump(engine)
    disk.is_full = True
    reply = many_feeds(client)
    assert reply.status_code == 507
    said = reply.get_data(as_text=True)
    assert "The disk is full" in said
    assert "Nothing was changed" in said
    assert dump(engine) == before


def test_on_a_full_disk_everything_can_still_be_read(client: FlaskClient, edition: Edition, disk: Disk) -> None:
    disk.is_full = True
    for place in ("/", "/river", "/feeds", f"/story/{edition.story_ids['quake']}", "/export.opml"):
        assert client.get(place).status_code == 200, place


def test_once_there_is_room_again_the_same_act_works(engine: Engine, client: FlaskClient, disk: Disk) -> None:
    disk.is_full = True
    assert many_feeds(client).status_code == 507
    disk.is_full = False
    assert many_feeds(client).status_code == 303
    with look(engine) as db:
        assert len(feeds.feed_lines(db)) > 500
        assert db.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


def test_the_worker_keeps_a_poll_whole_or_not_at_all_on_a_full_disk(engine: Engine, disk: Disk) -> None:
    with transaction(engine) as db:
        feed_id = subscribe(db)
    before = dump(engine)
    disk.is_full = True
    with pytest.raises(DiskFullError), transaction(engine) as db:
        bring(db, feed_id, *(entry(f"{n}" + "x" * 3000) for n in range(100)))
    assert dump(engine) == before
    disk.is_full = False
    with transaction(engine) as db:
        assert bring(db, feed_id, *(entry(f"{n}") for n in range(100))).n_new == 100


def test_a_broken_database_is_no_full_disk_whatever_its_name(
    engine: Engine, client: FlaskClient, tmp_path: Path
) -> None:
    client.get("/")
    engine.dispose()
    for file in tmp_path.iterdir():
        file.unlink()
    sqlite3.connect(tmp_path / "full house.db").close()
    assert client.get("/").status_code == 503


# --- seven at once ---------------------------------------------------------------------------------------

N_POLLS = 60
N_MARKS = 40
"""By each of the five readers, of articles of their own."""


def _poll(url: str, n: int) -> tuple[int, list[str]]:
    """Keep new articles as fast as the database takes them; return how many, and what went wrong."""
    engine, n_kept, wrongs = open_database(url), 0, []
    with transaction(engine) as db:
        feed_id = subscribe(db, f"worker{n}")
    for n_poll in range(N_POLLS):
        try:
            with transaction(engine) as db:
                kept = bring(db, feed_id, *(entry(f"{n_poll}-{each}", at=f"worker{n}") for each in range(25)))
            n_kept += kept.n_new
        except StoreError as error:
            wrongs.append(str(error))
    engine.dispose()
    return n_kept, wrongs


def _read(url: str, n: int) -> tuple[list[int], list[str]]:
    """Open pages and mark articles as a reader does; return which were marked read, and what went wrong."""
    engine, marked, wrongs = open_database(url), list(range(1 + n, 5 * N_MARKS + 1, 5)), []
    client = create_app(engine, SETTINGS, clock=lambda: NOON).test_client()
    form = {"csrf_token": token(client)}
    for article_id in marked:
        replies = [
            client.post(f"/article/{article_id}/read", data=form, headers={"Accept": "application/json"}),
            client.get("/river"),
        ]
        wrongs += [reply.get_data(as_text=True)[:2000] for reply in replies if reply.status_code != 200]
    engine.dispose()
    return marked, wrongs


@pytest.mark.slow
def test_seven_processes_at_once_lose_nothing_and_nobody_is_told_of_locks(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "news.db")
    engine = open_database(url)
    with transaction(engine) as db:
        bring(db, subscribe(db, "library"), *(entry(f"{n}", at="library") for n in range(5 * N_MARKS)))
    engine.dispose()
    with get_context("spawn").Pool(7) as pool:
        workers = [pool.apply_async(_poll, (url, n)) for n in range(2)]
        readers = [pool.apply_async(_read, (url, n)) for n in range(5)]
        kept = [worker.get() for worker in workers]
        marked = [reader.get() for reader in readers]
    assert [wrong for _, wrongs in (*kept, *marked) for wrong in wrongs] == []
    engine = open_database(url)
    with look(engine) as db:
        lines = articles.river(db, limit=1_000_000)
        assert {line.id for line in lines if line.is_read} == {each for ids, _ in marked for each in ids}
        assert len(lines) == 5 * N_MARKS + sum(n_kept for n_kept, _ in kept)
        assert db.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    assert [n_kept for n_kept, _ in kept] == [25 * N_POLLS] * 2
    engine.dispose()
