"""What a list of feeds would bring, shown before it does."""

from collections.abc import Sequence

import msgspec
from flask import current_app
from itsdangerous import BadData, URLSafeSerializer

from aggregator.models import Subscription


def packed(wanted: Sequence[Subscription]) -> str:
    """Return the list as a field of the page carries it: packed, and signed so that it comes back as it was shown."""
    return str(_seal().dumps(msgspec.to_builtins(wanted)))


def unpacked(field: str) -> list[Subscription] | None:
    """Return the list that was shown; None for what we did not write."""
    try:
        return msgspec.convert(_seal().loads(field), list[Subscription])
    except (BadData, msgspec.ValidationError):
        return None


def _seal() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="broadsheet.import")
