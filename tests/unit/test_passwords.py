import unicodedata

import pytest

from aggregator.passwords import MAX_CHARS, hash_password, is_password, password_problem

PASSWORD = "Zürich glänzt im Föhn"


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


def test_a_hash_that_was_damaged_opens_nothing() -> None:
    assert not is_password(PASSWORD, "not a hash")


def test_a_password_has_ten_characters_at_least() -> None:
    assert "at least 10 characters" in str(password_problem("123456789"))
    assert password_problem("1234567890") is None
    assert password_problem("x" * (MAX_CHARS + 1))
