"""The command `broadsheet`: its options, its commands by name, and how it fails."""

import atexit
import gc
import importlib
import logging
import signal
import sys
from pathlib import Path
from types import ModuleType

import click

from aggregator.errors import BroadsheetError
from aggregator.supervise import MUST_ACT, end_when_left_alone

COMMANDS = {
    "run": ("aggregator.cli.serve", "Poll feeds, group articles and serve the pages until stopped."),
    "worker": ("aggregator.cli.work", "Poll feeds and group articles until stopped, without the pages."),
    "web": ("aggregator.cli.serve", "Serve the pages until stopped, without polling."),
    "add": ("aggregator.cli.adding", "Subscribe to a feed, by its address or that of its site."),
    "import": ("aggregator.cli.subscriptions", "Subscribe to every feed of an OPML file."),
    "export": ("aggregator.cli.subscriptions", "Write every subscription as OPML."),
    "refresh": ("aggregator.cli.checking", "Check feeds for new articles now."),
    "regroup": ("aggregator.cli.work", "Encode and group the articles of the window now."),
    "feeds": ("aggregator.cli.subscriptions", "List the feeds, and how each is doing."),
    "feed": ("aggregator.cli.subscriptions", "Show one feed, or change how it is treated."),
    "stories": ("aggregator.cli.stories", "List the top stories."),
    "story": ("aggregator.cli.stories", "Show one story, or correct it."),
    "search": ("aggregator.cli.search", "Find articles by their words."),
    "changes": ("aggregator.cli.stories", "List what changed in stories, and whose doing it was."),
    "undo": ("aggregator.cli.stories", "Undo a change in stories, and have that hold."),
    "password": ("aggregator.cli.keeping", "Set the household's password, which the pages then ask for."),
    "calibrate": ("aggregator.cli.model", "Fit Broadsheet's bars to another model, on your own articles."),
    "backup": ("aggregator.cli.keeping", "Copy the whole database into a file, while everything goes on."),
    "demo": ("aggregator.cli.sample", "Show the bundled sample day; needs no internet and no set-up."),
}
"""Where each command lives, and its summary: a command's room is opened only when it is called.

The web must start in under a second, and listing commands must not load the story engine.
"""


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order in which an owner meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of this name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(_loaded(COMMANDS[cmd_name][0]), f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


def _loaded(name: str) -> ModuleType:
    """Return the module; what loading it leaves is there to stay, and is never searched for garbage.

    The search takes a tenth of a start otherwise.
    """
    gc.disable()
    try:
        return importlib.import_module(name)
    finally:
        gc.freeze()
        gc.enable()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    "config_path",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="BROADSHEET_CONFIG",
    help="The config.toml to use instead of the one in your configuration folder.",
)
@click.option("--verbose", "-v", is_flag=True, help="Say what is done in more detail.")
@click.option("--supervised", is_flag=True, hidden=True, help="End when standard input closes: `run` has fallen then.")
@click.version_option(package_name="broadsheet", prog_name="broadsheet")
@click.pass_context
def broadsheet(ctx: click.Context, config_path: Path | None, *, verbose: bool, supervised: bool) -> None:
    """Read world news as stories: poll feeds, group their articles, serve the pages."""
    if supervised:
        end_when_left_alone()
    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S", level=logging.INFO)
    for quiet in ("apscheduler", "alembic", "waitress", "sentence_transformers", "httpx"):
        logging.getLogger(quiet).setLevel(logging.INFO if verbose else logging.WARNING)
    # It warns every two seconds while a batch of feeds takes longer than that, as it may.
    logging.getLogger("apscheduler.scheduler").setLevel(logging.INFO if verbose else logging.ERROR)
    # Loaded with the command: the list of commands and the version need no database.
    from aggregator.cli.context import find_context

    ctx.obj = find_context(config_path)


def end_in_order() -> None:
    """Have SIGTERM put away what was begun, as Ctrl-C does, and only then end this process as it does by itself.

    Half a backup is begun, or the folder of a demonstration, or claims on feeds.
    """
    came: list[int] = []

    def put_away(number: int, _: object) -> None:
        came.append(number)
        sys.exit(128 + number)

    def end() -> None:
        for number in came:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    atexit.register(end)  # before any other, which makes it the last to be called
    signal.signal(signal.SIGTERM, put_away)


def main() -> None:
    """Run the command line; what the owner has to know ends it with a sentence and status 2."""
    end_in_order()
    try:
        broadsheet(prog_name="broadsheet")
    except BroadsheetError as error:
        click.echo(f"broadsheet: {error}", err=True)
        sys.exit(MUST_ACT)


if __name__ == "__main__":
    main()
