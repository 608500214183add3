import json
import socket
import sys
from collections.abc import Iterator

import pytest

from tests.audit import PINS, audit

HOLED = {"dependencies": [{"name": "sieve", "version": "1.0", "vulns": [{"id": "CVE-1", "fix_versions": ["1.1"]}]}]}
WHOLE = {"dependencies": [{"name": "jug", "version": "1.0", "vulns": []}]}


@pytest.fixture
def index() -> Iterator[tuple[str, int]]:
    """Somebody who answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[:2]


def says(document: object, status: int = 0) -> list[str]:
    return [sys.executable, "-c", f"import sys; print({json.dumps(document)!r}); sys.exit({status})"]


def test_a_package_with_a_known_hole_fails_the_check(
    index: tuple[str, int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit(index, says(HOLED, 1)) == 1
    assert "sieve 1.0 has a known hole, CVE-1; it is mended in 1.1." in capsys.readouterr().out


def test_whole_packages_pass(index: tuple[str, int], capsys: pytest.CaptureFixture[str]) -> None:
    assert audit(index, says(WHOLE)) == 0
    assert "none of 1 pinned packages" in capsys.readouterr().out


def test_offline_the_check_is_skipped_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert audit(taken.getsockname(), says(HOLED, 1)) == 0
    assert "skipped, because no index of advisories" in capsys.readouterr().out


def test_an_index_that_is_slow_or_broken_fails_nothing(
    index: tuple[str, int], capsys: pytest.CaptureFixture[str]
) -> None:
    forever = [sys.executable, "-c", "import threading; threading.Event().wait()"]
    assert audit(index, forever, within_s=0.5) == 0
    assert audit(index, [sys.executable, "-c", "raise SystemExit('the index is down')"]) == 0
    said = capsys.readouterr().out
    assert "did not answer within 0.5 s" in said
    assert "the index is down" in said


def test_every_package_is_pinned_to_one_version() -> None:
    lines = PINS.read_text().split()
    assert [line for line in lines if line.count("==") != 1] == []
