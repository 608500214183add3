"""The command search: articles by their words, put together by story."""

import click
from rich.console import Console
from rich.markup import escape

from aggregator.cli.context import Context, pass_context, utc_now
from aggregator.cli.terminal import count
from aggregator.models.pages import ArticleLine
from aggregator.query.hits import Group, Order, grouped
from aggregator.query.language import parse_query
from aggregator.store import search
from aggregator.store.articles import lines_of
from aggregator.store.db import reading


@click.command("search")
@click.argument("query", nargs=-1, required=True)
@click.option("--newest", is_flag=True, help="The newest first, instead of the best.")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(min=1), help="How many stories to list.")
@pass_context
def search_command(context: Context, query: tuple[str, ...], limit: int, *, newest: bool) -> None:
    """Find articles by their words.

    QUERY is what one types on the page: words, begin*, publisher:bbc, since:3d, is:unread. Write -- before a query
    that begins with a minus, and quotes inside quotes for words in a row.
    """
    asked = parse_query(" ".join(query), now=utc_now().astimezone())
    with reading(context.open()) as db:
        found = search.find(db, asked)
        groups = grouped(found, order=Order.NEWEST if newest else Order.BEST)[:limit]
        lines = {line.id: line for line in lines_of(db, [group.first.article_id for group in groups])}
    for _, said in asked.unclear:
        click.echo(f"“{said[:60]}” was not understood and left out.", err=True)
    for narrowing in found.unknown:
        click.echo(f"“{narrowing.field}:{narrowing.value}” names nobody here.", err=True)
    click.echo(f"{'' if found.is_all else 'More than '}{count(len(found.hits), 'article')} found.")
    for group in groups:
        if group.first.article_id in lines:
            _print(Console(), group, lines[group.first.article_id])


def _print(console: Console, group: Group, line: ArticleLine) -> None:
    others = f", and {count(len(group.hits) - 1, 'more article')} of its story" if len(group.hits) > 1 else ""
    where = f"story {group.story_id}" if group.story_id else f"article {line.id}"
    console.print(f"[bold]{escape(line.title.strip() or line.excerpt)}[/bold]", highlight=False, soft_wrap=True)
    said = f"    {line.publisher.name or line.publisher.domain}, {line.published_at:%d %b %Y %H:%M}{others}; {where}"
    console.print(escape(said), style="dim", highlight=False, soft_wrap=True)
