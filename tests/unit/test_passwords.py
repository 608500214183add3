import subprocess
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor, as_completed

import pytest

from aggregator import passwords
from aggregator.errors import CrowdError
from aggregator.passwords import MAX_CHARS, MOST_IN_LINE, hash_password, is_password, password_problem

PASSWORD = "Zürich glänzt im Föhn"

# What a process took is counted from before it was begun, as long as it was still its parent: ours may be large.
BEGIN_SMALL = """
import os, subprocess, sys
guesser = subprocess.Popen([sys.executable, "-c", sys.argv[1]])
_, status, used = os.wait4(guesser.pid, 0)
print(used.ru_maxrss)
sys.exit(status)
"""


@pytest.fixture(scope="module")
def hashed() -> str:
    return hash_password(PASSWORD)


def test_the_password_is_known_again_and_no_other_is(hashed: str) -> None:
    assert is_password(PASSWORD, hashed)
    assert not is_password(PASSWORD + " ", hashed)
    assert not is_password("", hashed)


def test_it_is_the_same_password_on_every_keyboard(hashed: str) -> None:
    assert is_password(unicodedata.normalize("NFD", PASSWORD), hashed)


def test_what_is_kept_is_argon2id_with_a_salt_of_its_own(hashed: str) -> None:
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert hash_password(PASSWORD) != hashed


@pytest.mark.parametrize("given", ["\ud800" * 12, "x" * 100_000, "\0"])
def test_no_guess_breaks_anything(hashed: str, given: str) -> None:
    assert not is_password(given, hashed)


def test_a_crowd_of_guessers_takes_no_more_memory_than_one(hashed: str) -> None:
    guessing = f"""
from concurrent.futures import ThreadPoolExecutor
from aggregator.passwords import is_password
with ThreadPoolExecutor(4) as crowd:
    assert not any(crowd.map(lambda n: is_password(f"guess {{n}}", {hashed!r}), range(4)))
"""
    peak = subprocess.run([sys.executable, "-c", BEGIN_SMALL, guessing], check=True, capture_output=True).stdout
    assert int(peak) * (1 if sys.platform == "darwin" else 1024) < 2 * 64 * 1024**2


def test_a_crowd_that_is_too_long_for_the_line_is_sent_away_at_once(hashed: str) -> None:
    with ThreadPoolExecutor(MOST_IN_LINE + 1) as crowd:
        with passwords._ONE_AT_A_TIME:
            guesses = [crowd.submit(is_password, PASSWORD, hashed) for _ in range(MOST_IN_LINE + 1)]
            first = next(as_completed(guesses))
            assert isinstance(first.exception(), CrowdError)
        assert all(guess.result() for guess in guesses if guess is not first)
    assert is_password(PASSWORD, hashed)


def test_a_hash_that_was_damaged_opens_nothing() -> None:
    assert not is_password(PASSWORD, "not a hash")


def test_a_password_has_ten_characters_at_least() -> None:
    assert "at least 10 characters" in str(password_problem("123456789"))
    assert password_problem("1234567890") is None
    assert password_problem("x" * (MAX_CHARS + 1))
