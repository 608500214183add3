"""Commands that keep what is the owner's: password."""

import sys

import click

from aggregator.cli.context import Context, pass_context
from aggregator.errors import BroadsheetError
from aggregator.passwords import hash_password, password_problem
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


def _new_password() -> str:
    if sys.stdin.isatty():
        password = click.prompt("New password", hide_input=True, confirmation_prompt="The same again")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if problem := password_problem(password):
        raise BroadsheetError(problem)
    return str(password)
