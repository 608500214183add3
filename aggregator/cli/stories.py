"""Commands about stories: the top ones, one of them, what changed, and undoing that."""

from datetime import timedelta

import click
from rich.console import Console
from rich.markup import escape

from aggregator.cli.context import Context, pass_context, utc_now
from aggregator.cli.terminal import change_in_words, evidence, print_changes, print_stories
from aggregator.errors import NotFoundError
from aggregator.models.stories import StoryState
from aggregator.store import changes, correcting, showing, stories
from aggregator.store.db import reading, transaction

N_CHANGES = 10


@click.command("stories")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(min=1), help="How many to list.")
@pass_context
def stories_command(context: Context, limit: int) -> None:
    """List the top stories.

    Each with its headline, its publishers, how much they wrote, and its number.
    """
    now = utc_now()
    since = now - timedelta(days=context.settings.stories.window_days)
    with reading(context.open()) as db:
        cards = showing.front_page(db, since=since, limit=limit, now=now)
    if not cards:
        click.echo("There are no stories of two or more publishers yet; the worker groups what it has fetched.")
        return
    print_stories(Console(), cards)


@click.command("story")
@click.argument("story_id", type=int)
@click.option("--without", type=int, metavar="ARTICLE", help="Take this article out: it is not this story.")
@click.option("--with", "with_", type=int, metavar="ARTICLE", help="Move this article here from where it is.")
@click.option("--same-as", type=int, metavar="STORY", help="Make the two one.")
@click.option("--apart-from", type=int, metavar="STORY", help="Keep the two apart.")
@pass_context
def story_command(
    context: Context,
    story_id: int,
    without: int | None,
    with_: int | None,
    same_as: int | None,
    apart_from: int | None,
) -> None:
    """Show one story, or correct it.

    What you correct holds through every later run, until you undo it.
    """
    engine, now = context.open(), utc_now()
    with transaction(engine) as db:
        said = []
        if without is not None:
            said.append(correcting.not_this_story(db, story_id, without, now=now))
        if with_ is not None:
            said.append(correcting.move_article(db, with_, story_id, now=now))
        if same_as is not None:
            said.append(correcting.same_story(db, story_id, same_as, now=now))
        if apart_from is not None:
            said.append(correcting.keep_apart(db, story_id, apart_from, now=now))
    for change in said:
        click.echo(f"{change_in_words(change)} Take it back with: broadsheet undo {change.id}")
    if not said:
        _show(context, story_id)


@click.command("changes")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1), help="How many to list.")
@click.option("--all", "with_small", is_flag=True, help="Also what the engine did to single articles.")
@pass_context
def changes_command(context: Context, limit: int, *, with_small: bool) -> None:
    """List what changed in stories, and whose doing it was.

    Each with the number that `broadsheet undo` takes.
    """
    with reading(context.open()) as db:
        found = changes.latest(db, limit=limit, with_small=with_small)
    if not found:
        click.echo("Nothing has changed yet: every article is where it was put first.")
    print_changes(Console(), found)


@click.command("undo")
@click.argument("change_id", type=int)
@pass_context
def undo_command(context: Context, change_id: int) -> None:
    """Undo a change in stories, and have that hold.

    Its number stands in the list of changes.
    """
    with transaction(context.open()) as db:
        change = correcting.undo(db, change_id, now=utc_now())
    again = "" if change.id == change_id else f" Take that back with: broadsheet undo {change.id}"
    click.echo(f"Undone: {change_in_words(change)}{again}")


def _show(context: Context, story_id: int) -> None:
    console = Console()
    with reading(context.open()) as db:
        current_id = stories.current_id(db, story_id)
        if current_id is None:
            raise NotFoundError(f"There is no story with the number {story_id}.")
        page = showing.find_story(db, current_id)
        history = changes.of_story(db, current_id, limit=N_CHANGES)
    state = StoryState.of(page.card.last_at, now=utc_now())
    console.print(f"[bold]{current_id}. {escape(page.card.headline)}[/bold]", highlight=False)
    console.print(f"    {escape(evidence(page.card))}; {state}", style="dim", highlight=False)
    for each in page.members:
        at = f"{each.article.published_at:%d %b %H:%M}"
        name = each.article.publisher.name or each.article.publisher.domain
        line = f"{each.article.id:8}  {at}  {name}: {each.article.title}"
        console.print(escape(line), highlight=False, soft_wrap=True)
    print_changes(console, history)
