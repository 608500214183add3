"""Commands about subscriptions, which need the database only: import, export, feeds, feed."""

import re
from pathlib import Path

import click
from rich.console import Console

from aggregator.cli.context import Context, pass_context, utc_now
from aggregator.cli.terminal import count, print_feed, print_feeds, print_import, progress_bar
from aggregator.parse.opml import parse_opml, write_opml
from aggregator.store import feeds, hubs
from aggregator.store.db import reading, transaction
from aggregator.subscribing import readdress, subscribe_all

_UNITS_S = {"m": 60, "h": 3600, "d": 86_400}


class _Interval(click.ParamType[int]):
    """Seconds, written as 30m, 2h or 1d; 0 for auto."""

    name = "interval"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the seconds, or fail in words."""
        if value == "auto":
            return 0
        found = re.fullmatch(r"([1-9]\d{0,4})([mhd])", value)
        if not found:
            self.fail(f"{value!r} is no interval; write 30m, 2h, 1d or auto.", param, ctx)
        return int(found[1]) * _UNITS_S[found[2]]


INTERVAL = _Interval()


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@pass_context
def import_command(context: Context, file: Path) -> None:
    """Subscribe to every feed of an OPML file.

    Feeds that are there already stay as they are. The worker fetches the new ones.
    """
    console = Console()
    wanted = parse_opml(file.read_bytes())
    with progress_bar(console) as bar, transaction(context.open()) as db:
        outcomes = list(bar.track(subscribe_all(db, wanted, now=utc_now()), len(wanted), description="Subscribing"))
    print_import(console, outcomes)


@click.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@pass_context
def export_command(context: Context, file: Path | None) -> None:
    """Write every subscription as OPML.

    It goes to FILE, or to standard output.
    """
    with reading(context.open()) as db:
        subscriptions = feeds.subscriptions(db)
    document = write_opml(subscriptions, title="Broadsheet subscriptions", now=utc_now())
    if file is None:
        click.echo(document.decode(), nl=False)
        return
    file.write_bytes(document)
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
        line, offers, hub = feeds.feed_line(db, feed_id), feeds.offers(db, feed_id), hubs.hub_of(db, feed_id)
    print_feed(Console(), line, offers, hub, now=utc_now())
