"""What the pages say, gathered for translators: `python -m tests.messages` brings every catalogue up to date.

New messages are added without a translation, which a test then asks for; what is said no more is taken out.
"""

import tomllib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from web.catalogues import CATALOGUES

ROOT = Path(__file__).parent.parent
KEYWORDS = {
    "_": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "phrase": None,
    "phrase_of": (1, 2),
}
"""What a text stands in that is to be translated, and which of its arguments are the text."""


def said() -> Catalog:
    """Return every message of the pages and of what is put into words on them."""
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    methods = [(each["pattern"], each["method"]) for each in mappings]
    options = {each["pattern"]: {name: each[name] for name in each.keys() - {"pattern", "method"}} for each in mappings}
    catalog = Catalog(fuzzy=False)
    for filename, _line, message, comments, context in extract_from_dir(ROOT, methods, options, KEYWORDS):
        catalog.add(message, None, [(filename, None)], auto_comments=comments, context=context)
    return catalog


def kept() -> Iterator[Path]:
    """Yield the catalogues that there are."""
    yield from sorted(CATALOGUES.glob("*/LC_MESSAGES/messages.po"))


def read(path: Path) -> Catalog:
    """Return a catalogue as it is kept."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name, domain="messages")


def updated(path: Path) -> Catalog:
    """Return a catalogue with what is said now."""
    catalog = read(path)
    catalog.update(said(), no_fuzzy_matching=True, update_creation_date=False)
    return catalog


def compiled(catalog: Catalog) -> bytes:
    """Return a catalogue as the pages read it."""
    written = BytesIO()
    write_mo(written, catalog)
    return written.getvalue()


def bring_up_to_date(path: Path) -> None:
    """Write a catalogue anew, and what the pages read of it."""
    catalog = updated(path)
    with path.open("wb") as file:
        write_po(file, catalog, width=110, ignore_obsolete=True, sort_by_file=True, include_lineno=False)
    path.with_suffix(".mo").write_bytes(compiled(read(path)))


if __name__ == "__main__":
    for each in kept():
        bring_up_to_date(each)
        missing = [message.id for message in read(each) if message.id and not message.string]
        print(f"{each.relative_to(ROOT)}: {len(missing)} messages wait to be translated")
