"""The command line as an owner uses it."""

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from http.client import HTTPConnection
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from aggregator.cli.context import utc_now
from aggregator.cli.main import COMMANDS, broadsheet
from aggregator.errors import BroadsheetError
from aggregator.store import polling
from aggregator.store.db import open_database, sqlite_url, transaction
from aggregator.store.migrate import VERSION_TABLE, newest_revision
from tests.pictures import png
from tests.server import Ask, Page, Site, free_port

RSS = (
    b'<rss version="2.0"><channel><title>The A</title>'
    b"<item><title>Fire</title><link>https://a.example/1</link></item></channel></rss>"
)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(
        f'[database]\nurl = "sqlite:///{tmp_path}/news.db"\n'
        '[fetch]\nallowed_hosts = ["127.0.0.0/8"]\n[encode]\nmodel = "none"\n'
    )
    return path


@pytest.fixture
def run(config: Path) -> Callable[..., Result]:
    def call(*arguments: str) -> Result:
        return CliRunner().invoke(broadsheet, ["--config", str(config), *arguments])

    return call


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_as_the_list_of_commands_does(name: str):
    module, summary = COMMANDS[name]
    command = getattr(import_module(module), f"{name}_command")
    assert (command.help or "").startswith(summary)
    assert CliRunner().invoke(broadsheet, [name, "--help"]).exit_code == 0


def test_a_feed_is_added_fetched_listed_and_exported(run: Callable[..., Result], tmp_path: Path):
    with Site({"/feed": RSS}) as site:
        added = run("add", site.at("/feed"), "--folder", "World/Africa")
        again = run("add", site.at("/feed"))
    assert added.exit_code == 0, added.output
    assert "1 new" in added.output
    assert "already" in again.output
    assert "The A" in run("feeds").output
    assert run("export", str(tmp_path / "out.opml")).exit_code == 0
    document = (tmp_path / "out.opml").read_text()
    assert site.at("/feed") in document
    assert document.index("World") < document.index("Africa") < document.index("The A")


def test_the_owner_says_how_often_a_feed_is_checked(run: Callable[..., Result]):
    with Site({"/feed": RSS}) as site:
        run("add", site.at("/feed"))
        assert "as often as it suits the feed" in run("feed", "1").output
        assert "every 120 minutes" in run("feed", "1", "--every", "2h").output
        assert "as often as it suits the feed" in run("feed", "1", "--every", "auto").output
        assert "whole articles" in run("feed", "1", "--full-text").output
        assert "as the feed gives them" in run("feed", "1", "--no-full-text").output
    assert "is no interval" in run("feed", "1", "--every", "often").output
    assert isinstance(run("feed", "99").exception, BroadsheetError)


def test_a_feed_says_how_it_does_and_can_be_told_where_it_is(run: Callable[..., Result]):
    with Site({"/feed": RSS}) as site:
        run("add", site.at("/feed"))
        assert "Good. It is asked next in" in run("feed", "1").output
        site.pages = {"/new": RSS}
        run("refresh")
        assert "answered 404" in " ".join(run("feed", "1").output.split())
        assert site.at("/new") in run("feed", "1", "--address", site.at("/new")).output
        assert run("refresh").exit_code == 0
        assert "Broadsheet followed" in run("feed", "1").output


def test_a_site_is_added_by_its_own_address(run: Callable[..., Result]):
    page = b'<!doctype html><html><head><link rel="alternate" type="application/rss+xml" href="/feed"></head></html>'
    with Site({"/": Page(page, headers={"Content-Type": "text/html"}), "/feed": RSS}) as site:
        added = run("add", site.at("/"))
        assert added.exit_code == 0, added.output
        assert site.at("/feed") in run("export").output


def test_an_import_says_what_became_of_each_feed(run: Callable[..., Result], tmp_path: Path):
    file = tmp_path / "list.opml"
    file.write_text(
        '<opml version="2.0"><body><outline text="A" xmlUrl="https://a.example/feed"/>'
        '<outline text="B" xmlUrl="javascript:alert(1)"/></body></opml>'
    )
    first, second = run("import", str(file)), run("import", str(file))
    assert "1 feed added, 0 there already, 1 not valid." in first.output
    assert "javascript" in first.output
    assert "0 feeds added, 1 there already, 1 not valid." in second.output


def test_a_list_is_imported_from_its_address_into_a_folder_and_that_folder_exported(
    run: Callable[..., Result], tmp_path: Path
):
    listed = '<opml version="2.0"><body><outline text="Asia"><outline text="A" xmlUrl="https://a.example/feed"/></outline></body></opml>'
    with Site({"/list.opml": listed}) as site:
        into = (site.at("/list.opml"), "--folder", "News/World")
        seen = run("import", *into, "--preview")
        assert "1 feed would be added" in seen.output
        assert "A" not in run("export").output
        assert "added          https://a.example/feed (A)" in run("import", *into).output
        assert "answered 404" in str(run("import", site.at("/nothing")).exception)
    document = run("export", "--folder", "News/World").output
    assert document.index("News") < document.index("World") < document.index("Asia") < document.index("a.example")
    assert "cannot be written: No such file" in str(run("export", str(tmp_path / "no" / "out.opml")).exception)
    assert "There is no folder Sport." in str(run("export", "--folder", "Sport").exception)
    assert "cannot be read" in str(run("import", str(tmp_path / "nothing")).exception)


def test_refresh_and_regroup_say_what_they_came_to(run: Callable[..., Result]):
    with Site({"/feed": RSS, "/bad": Page(b"", status=500)}) as site:
        run("add", site.at("/feed"))
        run("add", site.at("/bad"))
        refreshed = run("refresh")
    assert refreshed.exit_code == 0
    assert "2 feeds checked: 0 new articles, 1 failed." in refreshed.output
    assert "1 article in 1 story." in run("regroup").output
    assert "no stories" in run("stories").output


def test_an_address_that_cannot_be_a_feed_is_refused_in_words(run: Callable[..., Result]):
    refused = run("add", "ftp://example.org/feed")
    assert isinstance(refused.exception, BroadsheetError)
    assert str(refused.exception).endswith(".")


def broadsheet_process(*arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "aggregator.cli.main", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[web]\nprot = 1", "unknown key 'prot'"),
        ('[database]\nurl = "sqlite:////proc/nowhere/news.db"', "/proc/nowhere"),
        ('[web]\nhost = "0.0.0.0"', "broadsheet password"),
        ('[web]\nhost = "192.168.1.5"', "broadsheet password"),
    ],
)
def test_what_only_the_owner_can_mend_ends_with_a_sentence_and_status_2(tmp_path: Path, text: str, said: str):
    config = tmp_path / "config.toml"
    config.write_text(text if "database" in text else f'[database]\nurl = "sqlite:///{tmp_path}/n.db"\n{text}')
    process = broadsheet_process("--config", str(config), "run")
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert said in output
    assert "Traceback" not in output


def test_a_database_that_is_none_is_said_in_words(tmp_path: Path, config: Path):
    (tmp_path / "news.db").write_bytes(b"This is not a database, but a letter to one." * 100)
    process = broadsheet_process("--config", str(config), "feeds")
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "Traceback" not in output
    assert "news.db" in output


def test_a_port_in_use_is_said_in_words(config: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        config.write_text(config.read_text() + f"[web]\nport = {port}\n")
        process = broadsheet_process("--config", str(config), "web")
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert f"Port {port}" in output
    assert "Traceback" not in output


def test_run_polls_groups_and_serves_until_it_is_asked_to_stop(config: Path):
    port = free_port()
    config.write_text(config.read_text() + f"[web]\nport = {port}\n")
    with Site({"/feed": RSS}) as site:
        CliRunner().invoke(broadsheet, ["--config", str(config), "import", str(_opml(config.parent, site.at("/feed")))])
        process = broadsheet_process("--config", str(config), "run")
        try:
            assert _river_says(port, "Fire", process)
        finally:
            process.send_signal(signal.SIGTERM)
            output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert "Traceback" not in output
    with pytest.raises(ConnectionRefusedError):
        _get(port, "/")


def test_a_web_that_is_asked_to_stop_answers_first_what_it_was_asked(config: Path):
    port = free_port()
    config.write_text(config.read_text() + f"[web]\nport = {port}\n[images]\ncache_folder = '{config.parent}'\n")
    with Site() as site:
        pictured = f'<description>&lt;img src="{site.at("/big.png")}"&gt;</description></item>'
        site.pages = {"/feed": RSS.replace(b"</item>", pictured.encode())}
        CliRunner().invoke(broadsheet, ["--config", str(config), "import", str(_opml(config.parent, site.at("/feed")))])
        CliRunner().invoke(broadsheet, ["--config", str(config), "refresh"])
        process = broadsheet_process("--config", str(config), "web")

        def stop_it_meanwhile(_: Ask) -> Page:
            process.send_signal(signal.SIGTERM)
            return Page(png(200, 200), pause_s=0.5)

        site.pages["/big.png"] = stop_it_meanwhile
        try:
            assert _river_says(port, "Fire", process)
            picture = re.search(r"/image/[^\"' ]+", _get(port, "/article/1"))
            answer = _bytes(port, picture[0]) if picture else b""
            output, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    assert answer == png(200, 200)
    assert process.returncode == 0, output
    assert "Traceback" not in output


@pytest.mark.parametrize("command", ["run", "web", "worker"])
def test_what_is_asked_to_stop_while_it_makes_its_database_ends_well_and_leaves_it_whole(
    tmp_path: Path, config: Path, command: str
):
    config.write_text(config.read_text() + f"[web]\nport = {free_port()}\n")
    process = broadsheet_process("--config", str(config), command)
    _wait_for(tmp_path, "news.db", process)
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert "Traceback" not in output
    with sqlite3.connect(tmp_path / "news.db") as db:
        assert db.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchall() == [(newest_revision(),)]
    db.close()


def test_a_check_of_feeds_that_is_ended_keeps_what_came_and_lets_others_have_the_rest(tmp_path: Path, config: Path):
    with Site({"/feed": RSS.replace(b"<title>Fire", b"<guid>1</guid><title>Fire")}) as site:
        CliRunner().invoke(broadsheet, ["--config", str(config), "add", site.at("/feed")])
        CliRunner().invoke(broadsheet, ["--config", str(config), "import", str(_opml(config.parent, site.at("/slow")))])
        site.pages["/slow"] = lambda _: process.send_signal(signal.SIGTERM) or Page(RSS, pause_s=20)
        process = broadsheet_process("--config", str(config), "refresh")
        output, _ = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGTERM, output
    assert "Traceback" not in output
    engine = open_database(sqlite_url(tmp_path / "news.db"))
    with transaction(engine) as db:
        due = polling.claim_due(db, now=utc_now(), limit=9, lease_s=60)
    engine.dispose()
    assert site.at("/slow") in {each.feed.feed_url for each in due}


def test_a_demonstration_that_is_ended_leaves_nothing_behind(tmp_path: Path):
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    process = broadsheet_process("demo", "--no-serve", environment=environment)
    _wait_for(tmp_path, "broadsheet-demo-*/demo.db", process)
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGTERM, output
    assert "Traceback" not in output
    assert list(tmp_path.iterdir()) == []


def test_run_that_is_killed_leaves_neither_worker_nor_web_nor_parsers_behind(config: Path):
    """All of them write into our pipe: it is at its end when the last of them is gone."""
    port = free_port()
    config.write_text(config.read_text() + f"[web]\nport = {port}\n")
    with Site({"/feed": RSS}) as site:
        CliRunner().invoke(broadsheet, ["--config", str(config), "import", str(_opml(config.parent, site.at("/feed")))])
        process = broadsheet_process("--config", str(config), "run")
        seen = _river_says(port, "Fire", process)
        process.kill()
        output, _ = process.communicate(timeout=60)
    assert seen, output
    assert "Traceback" not in output
    with pytest.raises(ConnectionRefusedError):
        _get(port, "/river")


def test_the_web_loads_neither_the_model_nor_the_story_engine():
    code = (
        "import sys, aggregator.cli.serve\n"
        "heavy = {'torch', 'sentence_transformers', 'hdbscan', 'sklearn', 'scipy'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(heavy)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""


def test_the_worker_is_up_before_it_has_a_model_or_statistics():
    code = (
        "import sys, aggregator.cli.work\n"
        "heavy = {'torch', 'sentence_transformers', 'hdbscan', 'sklearn', 'scipy.stats', 'trafilatura', 'flask'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""


def _wait_for(folder: Path, pattern: str, process: subprocess.Popen[str]) -> None:
    """Wait until there is such a file, as long as the process lives; the suite's time-out bounds it."""
    while process.poll() is None and not list(folder.glob(pattern)):
        os.sched_yield()


def _opml(folder: Path, url: str) -> Path:
    file = folder / "one.opml"
    file.write_text(f'<opml version="2.0"><body><outline text="A" xmlUrl="{url}"/></body></opml>')
    return file


def _river_says(port: int, word: str, process: subprocess.Popen[str]) -> bool:
    """Ask for the river until it holds the word, as long as the process lives; the suite's time-out bounds it."""
    while process.poll() is None:
        try:
            if word in _get(port, "/river"):
                return True
        except ConnectionRefusedError:
            os.sched_yield()
    return False


def _get(port: int, path: str) -> str:
    return _bytes(port, path).decode()


def _bytes(port: int, path: str) -> bytes:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        return connection.getresponse().read()
    finally:
        connection.close()


def test_a_password_is_set_from_a_pipe_and_opens_other_addresses(tmp_path: Path, config: Path):
    def set_password(words: str, *options: str) -> Result:
        return CliRunner().invoke(broadsheet, ["--config", str(config), "password", *options], input=f"{words}\n")

    port = free_port()
    refused = broadsheet_process("--config", str(config), "web", "--host", "127.0.0.1.nip.io", "--port", str(port))
    assert "broadsheet password" in refused.communicate(timeout=60)[0]
    assert "at least 10 characters" in str(set_password("too short").exception)
    assert "The password is set" in set_password("a few words in a row").output
    config.write_text(config.read_text() + '[web]\ntrusted_proxies = ["127.0.0.1"]\n')
    process = broadsheet_process("--config", str(config), "web", "--host", "0.0.0.0", "--port", str(port))
    try:
        assert process.stdout
        assert f"The pages are at http://localhost:{port}/" in process.stdout.readline()
        assert "Sign in" in _get(port, "/sign-in")
        assert "Secure" in _cookie(port, {"X-Forwarded-Proto": "https"})
        assert "Secure" not in _cookie(port, {})
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert "removed" in set_password("", "--remove").output


def test_there_is_nothing_to_calibrate_about_the_bundled_model_or_none(run: Callable[..., Result], config: Path):
    assert "[encode] model is none" in run("calibrate").output
    config.write_text(config.read_text().replace('"none"', '"bundled"'))
    assert "made for the bundled model" in run("calibrate").output


def _cookie(port: int, headers: dict[str, str]) -> str:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", "/sign-in", headers=headers)
        return connection.getresponse().headers["Set-Cookie"]
    finally:
        connection.close()


def test_checking_feeds_loads_neither_numpy_nor_the_story_engine_nor_alembic() -> None:
    code = "import sys, aggregator.cli.checking; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"torch", "scipy", "sklearn", "numpy", "alembic", "lxml.etree"}.isdisjoint(loaded)
