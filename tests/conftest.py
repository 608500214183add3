"""For all tests: in which order they begin, and what every page needs is made once."""

from collections.abc import Iterator

import pytest
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with unit tests, which say what is wrong within seconds, then with what takes longest.

    So no worker waits at the end for another that has only just begun a long one.
    """
    items.sort(key=_place)


def _place(item: pytest.Item) -> tuple[bool, float, bool]:
    given = item.get_closest_marker("timeout")
    return "unit" not in item.path.parts, -given.args[0] if given else 0, item.get_closest_marker("slow") is None


@pytest.fixture(scope="session", autouse=True)
def _compiled_templates() -> Iterator[None]:
    """Compile each template once: every test makes pages of its own, and that was most of what one took."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(Flask.jinja_options, "bytecode_cache", _Kept())
        yield


class _Kept(BytecodeCache):
    """Templates as they were compiled, by the words that they were made of."""

    def __init__(self) -> None:
        self._compiled: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if compiled := self._compiled.get((bucket.key, bucket.checksum)):
            bucket.bytecode_from_string(compiled)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key, bucket.checksum] = bucket.bytecode_to_string()
