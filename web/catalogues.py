"""Which languages the pages can speak."""

from functools import cache
from pathlib import Path

SOURCE = "en"
"""What the pages are written in; every other language has a catalogue in `web/translations`."""

CATALOGUES = Path(__file__).parent / "translations"


@cache
def languages() -> tuple[str, ...]:
    """Return the languages that the pages can speak."""
    return (SOURCE, *sorted(path.parent.parent.name for path in CATALOGUES.glob("*/LC_MESSAGES/messages.po")))
