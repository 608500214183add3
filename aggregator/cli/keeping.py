"""Commands that keep what is the owner's: password, backup."""

import sys
from pathlib import Path

import click
from rich.console import Console

from aggregator.cli.context import Context, pass_context
from aggregator.errors import BroadsheetError
from aggregator.passwords import hash_password, password_problem
from aggregator.store.backup import back_up
from aggregator.store.db import transaction
from aggregator.store.sessions import set_password_hash


@click.command("password")
@click.option("--remove", is_flag=True, help="Take the password away; the pages are then for this machine only.")
@pass_context
def password_command(context: Context, *, remove: bool) -> None:
    """Set the household's password, which the pages then ask for.

    It is asked for twice, or read as one line from a pipe. Every browser that is signed in has to sign in again.
    """
    hashed = None if remove else hash_password(_new_password())
    with transaction(context.open()) as db:
        set_password_hash(db, hashed)
    click.echo("The password is removed." if remove else "The password is set; every browser has to sign in anew.")


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@pass_context
def backup_command(context: Context, file: Path) -> None:
    """Copy the whole database into a file, while everything goes on.

    To go back to it, stop Broadsheet and put the file in the place of the database.
    """
    engine = context.open()
    with Console(stderr=True).status("Copying the database …"):
        n_bytes = back_up(engine, file)
    click.echo(f"{n_bytes / 1e6:,.1f} MB written to {file}. Keep it to yourself: all that you read is in it.")


def _new_password() -> str:
    if sys.stdin.isatty():
        password = click.prompt("New password", hide_input=True, confirmation_prompt="The same again")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if problem := password_problem(password):
        raise BroadsheetError(problem)
    return str(password)
