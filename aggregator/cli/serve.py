"""Commands that serve: run and web. Nothing here may import the story engine or the model."""

import socket
import sys
import threading

import click
import waitress

from aggregator.cli.context import Context, pass_context, utc_now
from aggregator.cli.terminal import stop_on_signal
from aggregator.config import WebSettings
from aggregator.errors import BroadsheetError
from aggregator.supervise import keep_running
from web import create_app


@click.command("run")
@pass_context
def run_command(context: Context) -> None:
    """Poll feeds, group articles and serve the pages until stopped.

    Starts the worker and the web, and starts either again should it fall.
    """
    context.open().dispose()  # so that what is wrong with the database is said once, here
    address = free_address(context.settings.web)
    with stop_on_signal() as stop:
        click.echo(f"Broadsheet is at {address} until you press Ctrl-C.")
        sys.exit(keep_running(child_commands(context), stop))


@click.command("web")
@pass_context
def web_command(context: Context) -> None:
    """Serve the pages until stopped, without polling."""
    settings = context.settings
    address = free_address(settings.web)
    app = create_app(context.open(), settings, clock=utc_now)
    server = waitress.create_server(app, host=settings.web.host, port=settings.web.port, threads=settings.web.threads)
    with stop_on_signal() as stop:
        serving = threading.Thread(target=server.run, name="web", daemon=True)
        serving.start()
        click.echo(f"The pages are at {address}.")
        stop.wait()
        server.close()


def child_commands(context: Context) -> dict[str, list[str]]:
    """Return how the worker and the web are started with this context's settings."""
    config = ["--config", str(context.config_path)] if context.config_path else []
    return {part: [sys.executable, "-m", "aggregator.cli.main", *config, part] for part in ("worker", "web")}


def free_address(settings: WebSettings) -> str:
    """Return the address of the front page, having seen that its port is free and its host is this machine's own."""
    if settings.host not in ("127.0.0.1", "::1", "localhost"):
        raise BroadsheetError(
            f"[web] host is {settings.host}, but the pages have no sign-in yet: serve them on 127.0.0.1, "
            "and put a proxy that asks for a password in front of them."
        )
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise BroadsheetError(
                f"Port {settings.port} of {settings.host} cannot be used ({error.strerror}): "
                "end the program that has it, or choose another with port in [web] of config.toml."
            ) from error
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}/"
