"""Commands that serve: run and web. Nothing here may import the story engine or the model."""

import socket
import sys
import threading
from collections.abc import Callable
from typing import Any

import click
import waitress
from flask import Flask
from sqlalchemy import Engine
from threadpoolctl import threadpool_limits

from aggregator.cli.context import Context, pass_context, utc_now
from aggregator.cli.terminal import stop_on_signal
from aggregator.config import WebSettings
from aggregator.errors import BroadsheetError
from aggregator.store.db import reading
from aggregator.store.sessions import password_hash
from aggregator.supervise import keep_running
from web import create_app
from web.security import MAX_UPLOAD_BYTES
from web.warming import warm


def where_to_serve(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options --host and --port; what they leave open, config.toml says."""
    host = click.option("--host", help="The address to serve at; any but this machine's own needs a password.")
    port = click.option("--port", type=click.IntRange(1, 65535), help="The port to serve at.")
    return host(port(command))


@click.command("run")
@where_to_serve
@pass_context
def run_command(context: Context, host: str | None, port: int | None) -> None:
    """Poll feeds, group articles and serve the pages until stopped.

    Starts the worker and the web, and starts either again should it fall.
    """
    context = context.served_at(host, port)
    with stop_on_signal() as stop:
        engine = context.open()  # so that what is wrong with the database is said once, here
        refuse_without_password(engine, context.settings.web)
        engine.dispose()
        address = free_address(context.settings.web)
        click.echo(f"Broadsheet is at {address} until you press Ctrl-C.")
        sys.exit(keep_running(child_commands(context), stop))


@click.command("web")
@where_to_serve
@pass_context
def web_command(context: Context, host: str | None, port: int | None) -> None:
    """Serve the pages until stopped, without polling."""
    settings = context.served_at(host, port).settings
    with stop_on_signal() as stop:
        engine = context.open()
        refuse_without_password(engine, settings.web)
        address = free_address(settings.web)
        app = create_app(engine, settings, clock=utc_now, config_path=context.config_path)
        server = new_server(app, settings.web)
        threading.Thread(target=server.run, name="web", daemon=True).start()
        click.echo(f"The pages are at {address}.")
        # Two threads take twice the time of one over vectors this small, waiting for each other.
        threadpool_limits(1, "blas")
        warm(app)
        stop.wait()
        # What is being answered is answered. The sockets go with the process: `server.close` would take them away under
        # the thread that waits on them, and under answers that are still on their way. Source: Pylons/waitress#468.
        server.task_dispatcher.shutdown()


def new_server(app: Flask, settings: WebSettings) -> Any:
    """Return what answers for the pages, once its `run` is called."""
    return waitress.create_server(
        app,
        host=settings.host,
        port=settings.port,
        threads=settings.threads,
        max_request_body_size=2 * MAX_UPLOAD_BYTES,  # what is a little too large gets a page that says so
        ident="",
        clear_untrusted_proxy_headers=False,  # web.security judges whose they are, and believes no others
    )


def child_commands(context: Context) -> dict[str, list[str]]:
    """Return how the worker and the web are started with this context's settings."""
    config = ["--config", str(context.config_path)] if context.config_path else []
    broadsheet = [sys.executable, "-m", "aggregator.cli.main", *config, "--supervised"]
    web = context.settings.web
    return {
        "worker": [*broadsheet, "worker"],
        "web": [*broadsheet, "web", "--host", web.host, "--port", str(web.port)],
    }


def refuse_without_password(engine: Engine, settings: WebSettings) -> None:
    """Raise BroadsheetError where others than this machine could see the pages and no password is set."""
    with reading(engine) as db:
        if settings.is_loopback or password_hash(db):
            return
    raise BroadsheetError(
        f"Other machines could open the pages at {settings.host}, and there is no password yet. Set one with: "
        "broadsheet password"
    )


def free_address(settings: WebSettings) -> str:
    """Return the address of the front page, having seen that its port is free and its host is this machine's own."""
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
    host = "localhost" if settings.host in ("0.0.0.0", "::") else host  # noqa: S104  compared with, not bound to
    return f"http://{host}:{settings.port}/"
