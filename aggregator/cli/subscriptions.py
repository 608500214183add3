"""Commands about subscriptions: import, export, feeds, feed."""

from functools import partial
from pathlib import Path

import click
from rich.console import Console
from sqlalchemy import Engine

from aggregator.cli.arguments import INTERVAL, path_of
from aggregator.cli.context import Context, pass_context, utc_now
from aggregator.cli.terminal import count, print_feed, print_feeds, print_import, progress_bar
from aggregator.config import Settings
from aggregator.errors import OpmlError
from aggregator.fetch.http import fetch_all
from aggregator.heeding import heeding
from aggregator.listing import fetch_list
from aggregator.models.subscribing import Subscription
from aggregator.parse.opml import parse_opml, write_opml
from aggregator.parse.sandbox import Parsers
from aggregator.store import discovered, feeds, folders, holds, hubs
from aggregator.store.db import reading, transaction
from aggregator.subscribing import foresee, into_folder, readdress, subscribe_all


@click.command("import")
@click.argument("source", metavar="FILE_OR_ADDRESS")
@click.option("--folder", default="", help="The folder to put all of it into; inside another as News/Africa.")
@click.option("--preview", is_flag=True, help="Only say what would become of each feed.")
@pass_context
def import_command(context: Context, source: str, folder: str, *, preview: bool) -> None:
    """Subscribe to every feed of an OPML file.

    The file may lie here or at a web address. What became of each feed is said line by line; feeds that are there
    already stay as they are. The worker fetches the new ones.
    """
    engine = context.open()
    wanted = into_folder(_list_at(source, engine, context.settings), path_of(folder))
    if preview:
        with reading(engine) as db:
            print_import(foresee(db, wanted), is_done=False)
        return
    with progress_bar(Console(stderr=True)) as bar, transaction(engine) as db:
        outcomes = list(bar.track(subscribe_all(db, wanted, now=utc_now()), len(wanted), description="Subscribing"))
    print_import(outcomes)


def _list_at(source: str, engine: Engine, settings: Settings) -> list[Subscription]:
    """Return the feeds of the list in this file or at this address."""
    if "://" not in source:
        return parse_opml(_content(Path(source)))
    with reading(engine) as db:
        held = holds.held_hosts(db, now=utc_now())
    with Parsers(settings.parse) as parsers:
        fetch = heeding(engine, partial(fetch_all, settings=settings.fetch))
        return fetch_list(source, fetch, parsers.read_list, held=held, now=utc_now())


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise OpmlError(f"{file} cannot be read: {error.strerror}.") from error


@click.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option("--folder", default="", help="Only this folder, with what lies in it.")
@pass_context
def export_command(context: Context, file: Path | None, folder: str) -> None:
    """Write every subscription as OPML.

    It goes to FILE, or to standard output.
    """
    with reading(context.open()) as db:
        inside = folders.inside(db, folders.find_folder(db, path_of(folder)).id) if folder else None
        subscriptions = feeds.subscriptions(db, inside)
    document = write_opml(subscriptions, title="Broadsheet")
    if file is None:
        click.echo(document.decode(), nl=False)
        return
    try:
        file.write_bytes(document)
    except OSError as error:
        raise OpmlError(f"{file} cannot be written: {error.strerror}.") from error
    click.echo(f"{count(len(subscriptions), 'feed')} written to {file}.", err=True)


@click.command("feeds")
@pass_context
def feeds_command(context: Context) -> None:
    """List the feeds, and how each is doing."""
    with reading(context.open()) as db:
        lines = feeds.feed_lines(db)
    if not lines:
        click.echo("There are no feeds yet; add one with: broadsheet add ADDRESS")
        return
    print_feeds(Console(), lines, now=utc_now())


@click.command("feed")
@click.argument("feed_id", type=int)
@click.option("--every", type=INTERVAL, help="How often to check it: 30m, 2h, 1d; or auto, as it suits the feed.")
@click.option("--full-text/--no-full-text", default=None, help="Fetch whole articles from their own pages, or not.")
@click.option("--address", help="Where it is now: an address that its site offers, or that you know.")
@pass_context
def feed_command(
    context: Context, feed_id: int, every: int | None, address: str | None, *, full_text: bool | None
) -> None:
    """Show one feed, or change how it is treated.

    Its number stands in the list of feeds.
    """
    engine = context.open()
    with transaction(engine) as db:
        feeds.find_feed(db, feed_id)
        if every is not None:
            feeds.set_interval(db, feed_id, every or None, now=utc_now())
        if full_text is not None:
            feeds.want_full_text(db, feed_id, wants=full_text)
        if address is not None:
            feed_id = readdress(db, feed_id, address, now=utc_now())
    with reading(engine) as db:
        line, offers, hub = feeds.feed_line(db, feed_id), discovered.offers_of(db, feed_id), hubs.hub_of(db, feed_id)
    print_feed(Console(), line, offers, hub, now=utc_now())
