"""What commands print: progress, tables, finished sentences."""

import signal
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from aggregator.health import health, hub_in_words
from aggregator.models.corrections import Actor, Change, ChangeKind
from aggregator.models.entries import FeedOffer
from aggregator.models.hubs import Hub
from aggregator.models.pages import FeedLine, StoryCard
from aggregator.models.subscribing import ImportOutcome, ImportResult
from aggregator.parse.urls import masked


@contextmanager
def stop_on_signal() -> Iterator[threading.Event]:
    """Give an event that SIGTERM and SIGINT set; a second signal ends the process at once."""
    stop = threading.Event()

    def ask(number: int, _: object) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    yield stop


@contextmanager
def progress_bar(console: Console) -> Iterator[Progress]:
    """Show a bar with counts and time; nothing where the output is no terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield progress


def print_stories(console: Console, cards: Iterable[StoryCard]) -> None:
    """Print each story: rank, headline, then who reports it and how much."""
    for place, card in enumerate(cards, start=1):
        console.print(f"[bold]{place:2}. {escape(card.headline)}[/bold]", highlight=False)
        console.print(f"    {escape(evidence(card))}; story {card.id}", style="dim", highlight=False)


def evidence(card: StoryCard) -> str:
    """Return who reports a story, and how many, in one line."""
    names = list(dict.fromkeys(line.publisher.name for line in card.lines))
    shown = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    counts = f"{count(card.n_articles, 'article')}, {count(card.n_publishers, 'publisher')}"
    return f"{counts}, {card.n_origins} independent: {shown}"


def print_changes(console: Console, changes: Iterable[Change]) -> None:
    """Print each change: its number, when it was, and what it did."""
    for change in changes:
        undone = " (undone)" if change.undone_at else ""
        line = f"{change.id:6}  {change.at:%d %b %H:%M}  {change_in_words(change)}{undone}"
        console.print(escape(line), highlight=False, soft_wrap=True, style="dim" if undone else None)


def change_in_words(change: Change) -> str:
    """Return what a change did, as a sentence."""
    old, new = (
        f"“{' '.join(title.split())}” ({story_id})"
        for title, story_id in ((change.from_title, change.from_id), (change.to_title, change.to_id))
    )
    moved = count(len(change.moved_ids), "article")
    whose = "You" if change.by is Actor.OWNER else "The engine"
    match change.kind:
        case ChangeKind.MERGE:
            return f"{whose} made {old} part of {new}."
        case ChangeKind.SPLIT:
            return f"{whose} took {moved} out of {old}: {new}."
        case ChangeKind.MOVE:
            return f"{whose} moved {moved} from {old} to {new}."
        case ChangeKind.APART:
            return f"{whose} keep {old} and {new} apart."


def print_feeds(console: Console, lines: Iterable[FeedLine], *, now: datetime) -> None:
    """Print a table of feeds: folder, title, articles, and how each is doing in words."""
    table = Table("Id", "Folder", "Feed", "Articles", "State", box=None, header_style="bold")
    for line in lines:
        folder, title = escape(line.folder or ""), escape(line.feed.title or line.feed.feed_url)
        table.add_row(str(line.feed.id), folder, title, str(line.n_articles), escape(_state(line, now)))
    console.print(table)


def print_feed(
    console: Console, line: FeedLine, offers: Iterable[FeedOffer], hub: Hub | None, *, now: datetime
) -> None:
    """Print what is known of one feed, of its hub, and which others its site offers."""
    feed = line.feed
    every = count(feed.interval_s // 60, "minute") if feed.interval_s else ""
    facts = {
        "Feed": feed.title,
        "Address": feed.feed_url,
        "Site": feed.site_url or "",
        "Folder": line.folder or "",
        "Articles": f"{line.n_articles:,}, {line.n_unread:,} unread",
        "Checked": f"every {every}" if every else "as often as it suits the feed",
        "Texts": "whole articles, from their own pages" if feed.wants_full_text else "as the feed gives them",
        "State": _state(line, now),
        **({"Hub": str(hub_in_words(hub, now=now))} if hub else {}),
        **{f"Offer {n}": offer.feed_url for n, offer in enumerate(offers, start=1)},
    }
    for name, fact in facts.items():
        console.print(f"[bold]{name:9}[/bold] {escape(fact)}", highlight=False, soft_wrap=True)


def print_import(outcomes: Sequence[ImportOutcome], *, is_done: bool = True) -> None:
    """Print what became, or would become, of each feed of a list, a line each, and then the counts."""
    for outcome in outcomes:
        wanted = outcome.subscription
        name = " ".join(filter(None, (masked(wanted.feed_url), wanted.title and f"({wanted.title})"))) or "(no address)"
        click.echo(f"{outcome.result:13}  {name}" + (f": {outcome.why}" if outcome.why else ""))
    n_of = Counter(outcome.result for outcome in outcomes)
    added = count(n_of[ImportResult.ADDED], "feed") + (" added" if is_done else " would be added")
    there, invalid = n_of[ImportResult.ALREADY_THERE], n_of[ImportResult.INVALID]
    click.echo(f"{added}, {there:,} there already, {invalid:,} not valid.")


def count(n: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: "1 feed", "2,000 feeds"."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def _state(line: FeedLine, now: datetime) -> str:
    found = health(line, now=now)
    return f"{found.what} {found.then}"
