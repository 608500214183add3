"""Commands about the model: calibrate."""

import click
from rich.console import Console
from rich.table import Table

from aggregator import pipeline
from aggregator.cli.context import Context, pass_context, utc_now
from aggregator.cli.terminal import count
from aggregator.cli.work import encode
from aggregator.encode import BUNDLED, load_encoder
from aggregator.models.encoders import Calibration
from aggregator.store import settings as memory
from aggregator.store.db import transaction


@click.command("calibrate")
@click.option("--dry-run", is_flag=True, help="Show the calibration, but keep nothing.")
@pass_context
def calibrate_command(context: Context, *, dry_run: bool) -> None:
    """Fit Broadsheet's bars to another model, on your own articles.

    Needed once for each model that you name in [encode], and only then do stories cross languages. The articles of
    the window tell how this model's likenesses stand to those of the bundled one; nothing has to be labelled.
    """
    settings, now = context.settings, utc_now()
    if settings.encode.model in (BUNDLED, "none"):
        click.echo(
            "There is nothing to calibrate: the bars were made for the bundled model."
            if settings.encode.model == BUNDLED
            else "There is nothing to calibrate: [encode] model is none."
        )
        return
    engine, console = context.open(), Console()
    encoder = load_encoder(settings.encode)
    encode(engine, encoder, settings, console, now=now)
    with console.status("Comparing the window's articles …"):
        calibration = pipeline.calibrate(engine, encoder.name, settings.stories, now=now)
    print_calibration(console, calibration)
    if dry_run:
        console.print("Nothing was kept: this was a dry run.")
        return
    with transaction(engine) as db:
        memory.remember_calibration(db, encoder.name, calibration)
    console.print("Kept. Stories are grouped by it from the next regroup on.")


def print_calibration(console: Console, calibration: Calibration) -> None:
    """Print what a calibration says: by language and by pair of languages, then how likenesses are read."""
    table = Table("Languages", "Articles", "Unrelated articles", "One story from", box=None, header_style="bold")
    for key, middle in sorted(calibration.middles.items(), key=lambda item: (" " in item[0], item[0])):
        languages = key.split()
        articles = " and ".join(f"{calibration.n_articles[language]:,}" for language in languages)
        bar = calibration.bars.get(key)
        across = "words and likeness" if len(languages) == 1 else f"{bar:.2f}" if bar else "never"
        table.add_row(" and ".join(languages), articles, f"{middle:.2f}", across)
    console.print(table)
    console.print(
        f"Likenesses count {calibration.scale:.2f} times, which rests on "
        f"{count(calibration.n_sure, 'pair')} of articles that words alone are sure of.",
        highlight=False,
    )
