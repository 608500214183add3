"""The command that checks feeds: refresh. It loads nothing of the story engine, which takes a second."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing
from datetime import datetime
from functools import partial

import click
from rich.console import Console
from rich.markup import escape
from sqlalchemy import Connection, Engine

from aggregator import refreshing
from aggregator.cli.context import Context, pass_context, utc_now
from aggregator.cli.terminal import count, progress_bar
from aggregator.config import Settings
from aggregator.fetch.http import fetch_all
from aggregator.heeding import heeding
from aggregator.models.feeds import DueFeed
from aggregator.parse.sandbox import Parsers
from aggregator.refreshing import CLAIM_S, Refreshed, Tools, in_words
from aggregator.store import polling
from aggregator.store.db import transaction


@click.command("refresh")
@click.argument("feed_ids", nargs=-1, type=int)
@click.option("--due", "due_only", is_flag=True, help="Only the feeds whose time has come.")
@pass_context
def refresh_command(context: Context, feed_ids: tuple[int, ...], *, due_only: bool) -> None:
    """Check feeds for new articles now.

    All that are not paused, or those of the ids given.
    """
    engine, console = context.open(), Console()
    with transaction(engine) as db:
        if not due_only and not feed_ids:
            polling.check_now(db, None, now=utc_now())
        due = claim(db, feed_ids, now=utc_now())
    done = refresh(engine, due, context.settings, console, now=utc_now())
    for each in done:
        if each.why:
            console.print(escape(in_words(each)), highlight=False)
    n_new, n_failed = sum(each.kept.n_new for each in done), sum(each.why is not None for each in done)
    console.print(f"{count(len(done), 'feed')} checked: {count(n_new, 'new article')}, {n_failed:,} failed.")
    sys.exit(1 if done and n_failed == len(done) else 0)


def claim(db: Connection, feed_ids: Sequence[int] = (), *, now: datetime) -> list[DueFeed]:
    """Return the feeds of these ids, or all that are due, kept from other workers meanwhile."""
    if feed_ids:
        return polling.claim(db, feed_ids, now=now, lease_s=CLAIM_S)
    return polling.claim_due(db, now=now, limit=sys.maxsize, lease_s=CLAIM_S)


def refresh(
    engine: Engine, due: Sequence[DueFeed], settings: Settings, console: Console, *, now: datetime
) -> list[Refreshed]:
    """Check these feeds, with a bar; return how each went."""
    with ExitStack() as stack:
        bar, parsers = stack.enter_context(progress_bar(console)), stack.enter_context(Parsers(settings.parse))
        tools = Tools(fetch=heeding(engine, partial(fetch_all, settings=settings.fetch)), parse=parsers.parse)
        # Closed before the parsers are: whoever is stopped keeps what they have read.
        checks = stack.enter_context(closing(refreshing.refresh(engine, due, tools, settings.poll, now=now)))
        return list(bar.track(checks, len(due), description="Checking feeds"))
