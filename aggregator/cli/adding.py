"""The command that subscribes to one feed: add. It loads nothing of the story engine, which takes a second."""

import sys

import click
from rich.console import Console
from sqlalchemy import Engine

from aggregator.cli.arguments import path_of
from aggregator.cli.checking import claim, refresh
from aggregator.cli.context import Context, pass_context, utc_now
from aggregator.config import Settings
from aggregator.errors import BroadsheetError
from aggregator.models.subscribing import ImportResult, Subscription
from aggregator.refreshing import Refreshed, in_words
from aggregator.store.db import transaction
from aggregator.subscribing import subscribe_all

DISCOVERY_STEPS = 3
"""How often an address may lead to another before there is a feed: a site, its feed, and one to spare."""


@click.command("add")
@click.argument("address")
@click.option("--folder", help="The folder to put it in; inside another as News/Africa.")
@click.option("--title", help="What to call it instead of what it calls itself.")
@pass_context
def add_command(context: Context, address: str, folder: str | None, title: str | None) -> None:
    """Subscribe to a feed, by its address or that of its site.

    It is fetched at once.
    """
    engine = context.open()
    path = path_of(folder or "")
    with transaction(engine) as db:
        [outcome] = subscribe_all(db, [Subscription(feed_url=address, title=title, folder=path)], now=utc_now())
    if outcome.result is ImportResult.INVALID or outcome.feed_id is None:
        raise BroadsheetError(outcome.why)
    if outcome.result is ImportResult.ALREADY_THERE:
        click.echo("You are subscribed to this already.")
        return
    done = _first_refresh(engine, context.settings, outcome.feed_id)
    click.echo(f"Added. {in_words(done)}")
    sys.exit(1 if done.why else 0)


def _first_refresh(engine: Engine, settings: Settings, feed_id: int) -> Refreshed:
    """Fetch a feed that was just added; where its address is a site's, fetch the feed that the site offers."""
    for _ in range(DISCOVERY_STEPS):
        with transaction(engine) as db:
            due = claim(db, [feed_id], now=utc_now())
        [done] = refresh(engine, due, settings, Console(quiet=True), now=utc_now())
        feed_id = done.feed.id
        if done.why or done.feed.feed_url == due[0].feed.feed_url:
            break
    return done
