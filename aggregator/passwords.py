"""The household's one password: judged, hashed, compared."""

import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from aggregator.errors import CrowdError

MIN_CHARS = 10
"""NIST SP 800-63B §5.1.1.1 asks for eight at least."""
MAX_CHARS = 1024

_ARGON2ID = PasswordHasher()
"""RFC 9106's second recommendation: Argon2id, 64 MiB, three passes; about a third of a second here."""
_ONE_AT_A_TIME = threading.Lock()
"""Each comparison takes 64 MiB: a crowd of guessers waits in line instead of filling the memory."""
MOST_IN_LINE = 4
"""Half of the web's threads as they come: the others are there for those who are inside already."""
_LINE = threading.BoundedSemaphore(MOST_IN_LINE)


def password_problem(password: str) -> str | None:
    """Return why this cannot be the password, as a sentence; None where it can."""
    if len(password) < MIN_CHARS:
        return f"A password needs at least {MIN_CHARS} characters; a few words in a row are easy to keep in mind."
    if len(password) > MAX_CHARS:
        return f"A password has at most {MAX_CHARS} characters."
    return None


def hash_password(password: str) -> str:
    """Return what is kept instead of the password; it holds its own salt and parameters."""
    return _ARGON2ID.hash(_composed(password))


def is_password(given: str, password_hash: str) -> bool:
    """Return whether this is the password that was hashed; takes as long for a wrong one as for the right one.

    Raises CrowdError, without a look, where MOST_IN_LINE are being compared or wait for it.
    """
    if not _LINE.acquire(blocking=False):
        raise CrowdError("Too many are signing in at this moment. Try again in a few seconds.")
    try:
        with _ONE_AT_A_TIME:
            return _ARGON2ID.verify(password_hash, _composed(given[: MAX_CHARS + 1]))
    except (VerificationError, InvalidHashError):
        return False
    finally:
        _LINE.release()


def _composed(password: str) -> bytes:
    """Return one form for what different keyboards write differently (RFC 8265 §4.2)."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
