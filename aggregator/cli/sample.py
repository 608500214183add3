"""The command `demo`: the sample day through exactly the code that serves real feeds."""

import sys
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from rich.console import Console
from sqlalchemy import Engine

from aggregator import pipeline
from aggregator.cli.checking import claim, refresh
from aggregator.cli.context import Context, find_context, utc_now
from aggregator.cli.serve import child_commands, free_address
from aggregator.cli.terminal import count, print_stories, stop_on_signal
from aggregator.cli.work import encode_and_regroup
from aggregator.config import Settings
from aggregator.demo.day import N_EDITIONS, edition_end, load_day
from aggregator.demo.publisher import SamplePress, serving
from aggregator.encode import load_encoder
from aggregator.models.subscribing import Subscription
from aggregator.store import polling, showing
from aggregator.store.db import reading, transaction
from aggregator.subscribing import subscribe_all
from aggregator.supervise import keep_running

TOP = 10
EDITION_NAMES = {1: "Morning", 2: "Noon", 3: "Evening"}
CONFIG = """\
[database]
url = "sqlite:///{folder}/demo.db"

[fetch]
allowed_hosts = ["*.localhost"]

[web]
port = {port}
"""


@click.command("demo")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65535), help="Of the front page.")
@click.option("--serve/--no-serve", default=True, help="Serve the front page afterwards (the default), or end.")
def demo_command(port: int, *, serve: bool) -> None:
    """Show the bundled sample day; needs no internet and no set-up.

    A day of invented news is published on this machine in three editions, polled, grouped and shown. Your own
    feeds and database are not touched.
    """
    console = Console()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="broadsheet-demo-")))
        context = _demo_context(folder, port)
        address = free_address(context.settings.web) if serve else ""
        press = stack.enter_context(serving(load_day(), day_end=utc_now()))
        engine = context.open()
        _live_through(engine, press, context.settings, console)
        _print_top(engine, context.settings, console)
        engine.dispose()
        if serve:
            console.print(f"\nThe front page is at {address} until you press Ctrl-C.")
            stop = stack.enter_context(stop_on_signal())
            sys.exit(keep_running(child_commands(context), stop))


def _demo_context(folder: Path, port: int) -> Context:
    config = folder / "config.toml"
    config.write_text(CONFIG.format(folder=folder, port=port), encoding="utf-8")
    return find_context(config)


def _live_through(engine: Engine, press: SamplePress, settings: Settings, console: Console) -> None:
    """Poll and group after each edition, at the hour at which it was complete."""
    day_end = press.day_end
    wanted = [
        Subscription(feed_url=site.feed_url, country=site.publisher.country, folder=(site.publisher.language,))
        for site in press.sites.values()
    ]
    with transaction(engine) as db:
        list(subscribe_all(db, wanted, now=edition_end(1, day_end)))
    encoder = load_encoder(settings.encode)
    for edition in range(1, N_EDITIONS + 1):
        press.edition, now = edition, edition_end(edition, day_end)
        with transaction(engine) as db:
            polling.check_now(db, None, now=now)
            due = claim(db, now=now)
        done = refresh(engine, due, settings, console, now=now)
        grouped = encode_and_regroup(engine, encoder, settings, console, now=now)
        n_new = sum(each.kept.n_new for each in done)
        console.print(
            f"{EDITION_NAMES[edition]}: {count(n_new, 'new article')} from {count(len(done), 'publisher')}; "
            f"{count(grouped.n_articles, 'article')} in {count(len(grouped.story_ids), 'story', 'stories')}.",
            highlight=False,
        )


def _print_top(engine: Engine, settings: Settings, console: Console) -> None:
    now = utc_now()
    since = pipeline.window_start(settings.stories, now=now) - timedelta(seconds=1)
    with reading(engine) as db:
        cards = showing.front_page(db, since=since, limit=TOP, now=now)
    console.print(f"\nThe top {len(cards)} stories:", style="bold")
    print_stories(console, cards)
