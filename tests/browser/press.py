"""The pages served over loopback, and a browser to open them with."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from flask import Flask
from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve the pages until the block ends; give their address."""
    server = make_server("127.0.0.1", 0, _at_once(app), threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the system's Chromium, headless."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def _at_once(app: Flask) -> WSGIApplication:
    """Return the pages with every answer read before it is sent: a browser that hangs up leaves no file open."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        said = app(environ, start_response)
        with closing(said) if hasattr(said, "close") else nullcontext():
            return list(said)

    return answer


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


ACT_UNSEEN = """() => {
  const body = new URLSearchParams(new FormData(document.getElementById("marks")));
  return fetch("/acts/undo", { method: "POST", redirect: "manual", body });
}"""
"""Has the page do what is answered with words on the next page, as a second tab would."""
