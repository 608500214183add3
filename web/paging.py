"""Where long lists go on."""

from datetime import datetime

from flask import abort, request

MOST_PAGES = 1_000_000
"""Of a list: what is beyond, no list has and no database counts."""


def page_number() -> int:
    """Return which page of a list is asked for; the first where that is no number of a page."""
    return min(max(request.args.get("page", 1, type=int), 1), MOST_PAGES)


def moment_in(words: str) -> datetime:
    """Return the moment that an address names; a 404 where it names none."""
    try:
        moment = datetime.fromisoformat(words)
    except ValueError:
        abort(404)
    if moment.tzinfo is None:
        abort(404)
    return moment


def place() -> tuple[datetime, int] | None:
    """Return where a list goes on, from `before` and `id`; None at its start, and a 404 where they make no sense."""
    if "before" not in request.args:
        return None
    number = request.args.get("id", type=int)
    if number is None:
        abort(404)
    return moment_in(request.args["before"]), number
