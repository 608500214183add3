"""Documents that were meant well, with something done to them, by a seed."""

from collections.abc import Iterator, Sequence
from random import Random

_SPLINTERS = (
    *(
        b"\x00",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
        b"\xc3",
        b"]]>",
        b"<![CDATA[",
        b"<!--",
        b"-->",
        b"&",
        b"&#0;",
    ),
    *(b"&#xD800;", b"&#1114112;", b"&nbsp;", b"<item>", b"</item>", b"<entry>", b"</entry>", b"<guid>", b"</title>"),
    *(b"<title", b'encoding="utf-16"', b'encoding="klingon"', b"<?xml version='1.1'?>", b'xml:base="//["', b"<rss>"),
    *(
        b"9" * 400,
        b"\r",
        b"\x1b[31m",
        b"\xe2\x80\xae",
        b"http://[::1",
        b"javascript:",
        b"<a>" * 50,
        b"<!DOCTYPE x [",
        b"%",
    ),
)


def mutants(originals: Sequence[bytes], n: int, *, seed: int) -> Iterator[bytes]:
    """Yield so many mutants: each a document after an accident or several."""
    chance = Random(seed)
    for _ in range(n):
        document = chance.choice(originals)
        for _ in range(chance.choice([1, 1, 1, 2, 4])):
            document = _hurt(document, originals, chance)
        yield document


def _hurt(document: bytes, originals: Sequence[bytes], chance: Random) -> bytes:
    start, end = sorted(chance.randrange(len(document) + 1) for _ in "12")
    end = min(end, start + 400)
    before, span, after = document[:start], document[start:end], document[end:]
    match chance.randrange(7):
        case 0:
            return before
        case 1:
            return before + after
        case 2:
            return before + span * chance.choice([2, 3, 20]) + after
        case 3:
            return before + chance.choice(_SPLINTERS) + document[start:]
        case 4:
            return before + bytes(byte ^ (1 << chance.randrange(8)) for byte in span[:8]) + span[8:] + after
        case 5:
            other = chance.choice(originals)
            return before + other[chance.randrange(len(other) + 1) :]
    return before + bytes(chance.sample(list(span), len(span))) + after
