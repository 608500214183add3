"""For all tests: in which order they begin, and what every page needs is made once."""

from collections.abc import Iterator

import pytest
from flask import Flask
from jinja2 import FileSystemBytecodeCache


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with unit tests, which say what is wrong within seconds, then with what takes longest.

    So no worker waits at the end for another that has only just begun a long one.
    """
    items.sort(key=_place)


def _place(item: pytest.Item) -> tuple[bool, float, bool]:
    given = item.get_closest_marker("timeout")
    return "unit" not in item.path.parts, -given.args[0] if given else 0, item.get_closest_marker("slow") is None


@pytest.fixture(scope="session", autouse=True)
def _compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Compile each template once: every test makes pages of its own, and that was most of what one took."""
    kept = FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(Flask.jinja_options, "bytecode_cache", kept)
        yield
