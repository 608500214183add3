"""Addresses of pages, for templates: a page of a story has a hundred of them, and all of a kind are built alike."""

from collections.abc import Callable
from typing import Any

import flask
from flask import Flask, request

_STANDS_FOR = 730_211_194_600
"""And the numbers after it: in an address that was built once, what the numbers of the next are put in place of."""

MOST_KINDS = 1_000
"""Of addresses that are remembered; ours have under two hundred, and a proxy may put any prefix before them."""


def add_links(app: Flask) -> None:
    """Let templates build addresses with what was learned from those before."""
    app.add_template_global(remembering(flask.url_for), "url_for")


def remembering(url_for: Callable[..., str]) -> Callable[..., str]:
    """Return what builds the same addresses as `url_for` and asks it once for those that differ in numbers alone."""
    known: dict[object, str] = {}

    def build(endpoint: str, **values: Any) -> str:
        numbers = tuple(value for value in values.values() if type(value) is int and value >= 0)
        if len(numbers) < sum(isinstance(value, int) for value in values.values()):
            return url_for(endpoint, **values)
        words = tuple((name, None if isinstance(value, int) else value) for name, value in values.items())
        kind = (request.root_path, endpoint, words)
        pattern = known.get(kind)
        if pattern is None:
            if len(known) >= MOST_KINDS:
                known.clear()
            pattern = known[kind] = _pattern(url_for, endpoint, values)
        return pattern % numbers

    return build


def stencil(endpoint: str, number: str, **words: str) -> str:
    """Return the address of a kind of page, with %d in place of what is given as `number`."""
    return _pattern(flask.url_for, endpoint, {number: 0, **words})


def _pattern(url_for: Callable[..., str], endpoint: str, values: dict[str, Any]) -> str:
    """Return the address with %d in place of each number."""
    places = {name: _STANDS_FOR + n for n, (name, value) in enumerate(values.items()) if isinstance(value, int)}
    pattern = url_for(endpoint, **{**values, **places}).replace("%", "%%")
    for place in places.values():
        pattern = pattern.replace(str(place), "%d")
    return pattern
