"""Commands that group: worker, regroup."""

import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from sqlalchemy import Engine

from aggregator import digesting, pipeline
from aggregator.cli.context import Context, pass_context, utc_now
from aggregator.cli.terminal import count, progress_bar, stop_on_signal
from aggregator.config import Settings
from aggregator.encode import Encoder, load_encoder
from aggregator.errors import EncoderError
from aggregator.pipeline import Regrouped
from aggregator.schedule import Worker
from aggregator.store import settings as memory
from aggregator.store.db import reading, transaction
from aggregator.stories.desk import Desk

NICENESS = 5
"""Of a worker: it gets a quarter of a core that a page wants too, and all that nobody wants. With 10 it gets a tenth,
which is too little for polls where other programs want both cores for ever (docs/decisions/0017-who-goes-first.md)."""

AUTOGROUP = Path("/proc/self/autogroup")
"""Linux may part its cores among sessions first (sched(7)): niceness counts within one, and here that of each.
Pages and worker are sessions of their own where both run; without this the worker's niceness would mean nothing."""


@click.command("worker")
@pass_context
def worker_command(context: Context) -> None:
    """Poll feeds and group articles until stopped, without the pages."""
    give_way()
    with stop_on_signal() as stop:
        Worker(context.open(), context.settings).run(stop)


def give_way() -> None:
    """Let whoever reads pages go first, where the two want the same core: a page is waited for, a regroup is not."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)
        if os.getsid(0) == os.getpid():  # else it is the session of a terminal, or of somebody's tests
            with suppress(OSError):
                AUTOGROUP.write_text(str(NICENESS), encoding="ascii")


@click.command("regroup")
@pass_context
def regroup_command(context: Context) -> None:
    """Encode and group the articles of the window now.

    Then it is read what the stories say, as far as that is not known.
    """
    engine, console = context.open(), Console()
    encoder = _encoder_or_none(engine, context.settings, console)
    now = utc_now()
    done = encode_and_regroup(engine, encoder, context.settings, console, now=now)
    _read_stories(engine, encoder, done.desk, context.settings, console, now=now)
    console.print(f"{count(done.n_articles, 'article')} in {count(len(done.story_ids), 'story', 'stories')}.")


def encode_and_regroup(
    engine: Engine, encoder: Encoder | None, settings: Settings, console: Console, *, now: datetime
) -> Regrouped:
    """Encode what has no vector, with a bar, group the window, and keep the front page as it is then."""
    if encoder:
        encode(engine, encoder, settings, console, now=now)
    with reading(engine) as db:
        name = memory.present_encoder(db)
    with console.status("Grouping articles into stories …"):
        done = pipeline.regroup(engine, name, settings.stories, now=now)
    pipeline.keep_edition(engine, settings.stories, now=now)
    with console.status("Saying why each article is where it is …"):
        for _ in pipeline.explain(engine, done.desk, settings.stories, now=now):
            pass
    with console.status("Making topics of the stories …"):
        pipeline.retopic(engine, name, settings.stories, now=now)
    return done


def _read_stories(
    engine: Engine, encoder: Encoder | None, desk: Desk, settings: Settings, console: Console, *, now: datetime
) -> None:
    """Read what the stories say, with a bar: half of what all the rest takes, where nothing was read before."""
    since = pipeline.window_start(settings.stories, now=now)
    with progress_bar(console) as bar:
        task = bar.add_task("Reading what stories say", total=digesting.n_unread(engine, encoder, since=since))
        for n in digesting.digest_stories(engine, encoder, desk, since=since, now=now):
            bar.advance(task, n)


def encode(engine: Engine, encoder: Encoder, settings: Settings, console: Console, *, now: datetime) -> None:
    """Give the window's articles that have none a vector each, with a bar."""
    with transaction(engine) as db:
        memory.remember_encoder(db, encoder.name)
    with reading(engine) as db:
        since = pipeline.window_start(settings.stories, now=now)
        n_unencoded = memory.progress(db, since=since).n_unencoded
    with progress_bar(console) as bar:
        task = bar.add_task("Encoding articles", total=n_unencoded)
        for n in pipeline.encode_missing(engine, encoder, settings, now=now):
            bar.advance(task, n)


def _encoder_or_none(engine: Engine, settings: Settings, console: Console) -> Encoder | None:
    if settings.encode.model == "none":
        with transaction(engine) as db:
            memory.remember_encoder(db, None)
        return None
    try:
        return load_encoder(settings.encode)
    except EncoderError as error:
        console.print(f"New articles are grouped by their words only: {escape(str(error))}")
        with transaction(engine) as db:
            memory.remember_encoder_error(db, str(error))
        return None
