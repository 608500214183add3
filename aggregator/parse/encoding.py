"""Documents in Unicode, in whichever way they are written down -> UTF-8, with characters that exist."""

import codecs
import re
import sys

_BEGINNINGS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
    (b"{\0\0\0", "utf-32-le"),
    (b"\0\0\0{", "utf-32-be"),
    (b"{\0", "utf-16-le"),
    (b"\0{", "utf-16-be"),
)
"""How a document begins in each encoding of more than one byte, with its mark (BOM) or without."""
_DECLARED = re.compile(r"""(\s*<\?xml\b[^>]{0,200}?)\sencoding\s{0,9}=\s{0,9}["'][\w.:-]*["']""")
_CANNOT_BE = re.compile(
    rb"""(\s*<\?xml\b[^>]{0,200}?\sencoding\s{0,9}=\s{0,9}["'])"""
    rb"""(?:(?:us-)?ascii|(?:utf|ucs|iso-10646-ucs)[-_]?(?:16|32|2|4)[^"'>]{0,9})(?=["'])""",
    re.IGNORECASE,
)
"""UTF-16 in the letters of ASCII, which is not true then, or ASCII, which UTF-8 is too: programs write them over what
they send in UTF-8."""
_SAYS_UTF_8 = re.compile(
    rb"""\xef\xbb\xbf|\s*<\?xml\b[^>]{0,200}?\sencoding\s{0,9}=\s{0,9}["']utf-?8["']""", re.IGNORECASE
)
_REFERENCES = re.compile(rb"(?:&#(?:[0-9]{5,}|[xX][0-9a-fA-F]{4,});)+")
_NUMBER = re.compile(rb"&#(?:0*([0-9]+)|[xX]0*([0-9a-fA-F]+));")
_CHARSET = re.compile(r";\s*charset\s*=[^;]*", re.IGNORECASE)


def in_utf_8(body: bytes, content_type: str | None) -> tuple[bytes, str | None]:
    """Return a document in UTF-8 where it surely is in Unicode, and its type without what says otherwise.

    A mark (BOM) is believed before a declaration, and a document that declares UTF-8 and is in it before its server.
    One that is in UTF-8 but for a few bytes, because a letter was cut in half, has U+FFFD for them: feedparser would
    take all of it for another encoding.
    """
    encoding = next((name for beginning, name in _BEGINNINGS if body.startswith(beginning)), None)
    if encoding:
        text = _undeclared(body.decode(encoding, "replace"))
        return text.encode("utf-8", "replace"), _without_charset(content_type)
    body = _CANNOT_BE.sub(rb"\1utf-8", body, count=1) if _CANNOT_BE.match(body) else body
    try:
        body.decode()
    except UnicodeDecodeError:
        return _mostly_utf_8(body), content_type
    says_so = not body.isascii() and _SAYS_UTF_8.match(body)
    return body, _without_charset(content_type) if says_so else content_type


def _undeclared(text: str) -> str:
    """Return the document without what it says of its encoding."""
    declared = _DECLARED.match(text)
    return declared[1] + text[declared.end() :] if declared else text


def _mostly_utf_8(body: bytes) -> bytes:
    """Return the document with U+FFFD for what is wrong in it; as it is where most of its letters would be wrong.

    Of texts in other encodings two letters of five at the most could be UTF-8 (Russian in EUC).
    """
    text = body.decode("utf-8", "replace")
    n_letters = len(text) - len(text.encode("ascii", "ignore"))
    return text.encode() if text.count("\ufffd") < n_letters / 2 else body


def _without_charset(content_type: str | None) -> str | None:
    return content_type and _CHARSET.sub("", content_type)


def with_possible_references(document: bytes) -> bytes:
    """Return the document with references to characters that exist: its readers give all of it up at one that does not.

    Some publishers write an emoji as the two halves that UTF-16 has for it.
    """
    return _REFERENCES.sub(_possible, document)


def _possible(references: re.Match[bytes]) -> bytes:
    codes = (
        int(number[:9] or hexadecimal[:9], 10 if number else 16)
        for number, hexadecimal in _NUMBER.findall(references[0])
    )
    halves = "".join(chr(code) if code <= sys.maxunicode else "\ufffd" for code in codes)
    text = halves.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return b"".join(b"&#%d;" % ord(letter) for letter in text)
