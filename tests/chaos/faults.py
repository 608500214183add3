"""Everything that a publisher does to its readers: each fault of docs/faults.md by name, as an answer to a request."""

import gzip
import random
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from functools import cache

from tests.chaos.documents import Manner, is_json

MIB = 1024 * 1024


class Says(StrEnum):
    """What of an answer has to be kept."""

    ALL = "all"
    """Every piece of the document."""
    WHAT_FEEDPARSER_FINDS = "what feedparser finds"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: what is sent, and how."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    says: Says = Says.NOTHING
    pause_s: float = 0.0
    """Before the answer begins."""
    drip_s: float = 0.0
    """After each byte of the body."""
    cut_at: int | None = None
    """The connection closes after so many bytes, whatever Content-Length said."""
    is_reset: bool = False
    is_endless: bool = False
    """The body is sent again and again."""
    retry_after_s: float = 0.0
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a fault may know of the request that it answers."""

    feed: int
    document: bytes
    etag: str
    site: str
    closed_port: int
    """Of the same host: nobody listens there."""
    now: datetime
    is_conditional: bool
    chance: random.Random


def good(on: Occasion) -> Answer:
    """Answer as a publisher should: a whole document with validators."""
    kind = "application/feed+json" if is_json(on.feed) else "application/xml"
    freshness = {"Cache-Control": "max-age=30"} if on.feed % 10 == 0 else {}
    whole = Answer(on.document, headers={"Content-Type": kind, "ETag": on.etag, **freshness}, says=Says.ALL)
    return _packed(whole) if on.feed % 3 == 0 else whole


def _packed(whole: Answer) -> Answer:
    return replace(whole, body=gzip.compress(whole.body), headers={**whole.headers, "Content-Encoding": "gzip"})


def _status(status: int) -> Callable[[Occasion], Answer]:
    return lambda on: Answer(b"no", status)


def _asks_for_a_pause(status: int, *, as_date: bool) -> Callable[[Occasion], Answer]:
    def answer(on: Occasion) -> Answer:
        seconds = on.chance.randrange(5, 20)
        # an HTTP date has no fractions: it is told so late that the pause is at least this long
        until = format_datetime((on.now + timedelta(seconds=seconds + 1)).astimezone(UTC), usegmt=True)
        value = until if as_date else str(seconds)
        return Answer(b"", status, {"Retry-After": value}, retry_after_s=seconds)

    return answer


def _redirect(status: int, location: str) -> Callable[[Occasion], Answer]:
    def answer(on: Occasion) -> Answer:
        where = location.format(feed=on.feed, site=on.site, port=on.closed_port, host=on.site[7:])
        return Answer(b"", status, {"Location": where})

    return answer


def _portal(on: Occasion) -> Answer:
    page = b"""<!doctype html><html><head><title>Welcome to our WiFi</title>
        <link rel="alternate" type="application/rss+xml" href="/ads"></head><body><h1>Sign in</h1></body></html>"""
    return Answer(page, headers={"Content-Type": "text/html", "ETag": '"portal"'})


def _bomb(on: Occasion) -> Answer:
    return Answer(zeroes(), headers={"Content-Encoding": "gzip", "Content-Type": "application/xml"})


@cache
def zeroes() -> bytes:
    """Return a gzip of 128 kB that is 128 MiB; made once, and before anybody waits for it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([packer.compress(bytes(MIB)) for _ in range(128)] + [packer.flush()])


def _cut(on: Occasion) -> Answer:
    whole = good(on)
    return replace(whole, cut_at=on.chance.randrange(len(whole.body)), says=Says.NOTHING)


def _cut_gzip(on: Occasion) -> Answer:
    """Answer with a gzip that breaks off although the length of the answer is right."""
    whole = _packed(replace(good(on), body=on.document))
    return replace(whole, body=whole.body[: on.chance.randrange(len(whole.body))], says=Says.NOTHING)


def _cut_unseen(on: Occasion) -> Answer:
    """Answer with a part of a document as if that were all of it."""
    part = on.document[: on.chance.randrange(len(on.document))]
    headers = {"Content-Type": "application/xml", "ETag": on.etag}
    return Answer(part, headers=headers, says=Says.NOTHING)


def _odd(change: Callable[[bytes], bytes], content_type: str = "application/xml") -> Callable[[Occasion], Answer]:
    """Answer with a document that breaks rules, and of which what feedparser finds has to be kept."""

    def answer(on: Occasion) -> Answer:
        if is_json(on.feed):
            return good(on)
        headers = {"Content-Type": content_type}
        return Answer(change(on.document), headers=headers, says=Says.WHAT_FEEDPARSER_FINDS)

    return answer


def _in_utf16(document: bytes) -> bytes:
    return document.decode().replace('encoding="utf-8"', 'encoding="utf-16"').encode("utf-16")


def _with_nuls(document: bytes) -> bytes:
    return document.replace(b"<title>", b"<title>\x00", 3)


def _ill_formed(document: bytes) -> bytes:
    return document.replace(b"</title>", b" & <b>&nbsp;</title>", 2)[:-12]


def _etag(value: str) -> Callable[[Occasion], Answer]:
    return lambda on: replace(good(on), headers={**good(on).headers, "ETag": value})


def _stuck(on: Occasion) -> Answer:
    return Answer(b"", 304, {"ETag": on.etag}) if on.is_conditional else good(on)


def _parser_bomb(items: bytes, dtd: bytes = b"") -> Callable[[Occasion], Answer]:
    document = dtd + b'<rss version="2.0"><channel><title>T</title>' + items + b"</channel></rss>"
    return lambda on: Answer(document, headers={"Content-Type": "application/xml"})


_ENTITIES = b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))

FAULTS: dict[str, Callable[[Occasion], Answer]] = {
    "missing": _status(404),
    "forbidden": _status(403),
    "broken": _status(500),
    "bad gateway": _status(502),
    "gone": _status(410),
    "refused": _redirect(302, "http://{host}:{port}/"),
    "reset": lambda on: Answer(is_reset=True),
    "TLS": _redirect(302, "https://{host}/feed/{feed}"),
    "too many, seconds": _asks_for_a_pause(429, as_date=False),
    "unavailable, date": _asks_for_a_pause(503, as_date=True),
    "drip": lambda on: replace(good(on), drip_s=0.5, says=Says.NOTHING),
    "silence": lambda on: replace(good(on), pause_s=60.0, says=Says.NOTHING),
    "endless": lambda on: Answer(b"<rss><channel>" + b" " * 65_536, is_endless=True),
    "gzip bomb": _bomb,
    "cut": _cut,
    "cut gzip": _cut_gzip,
    "cut unseen": _cut_unseen,
    "wrong charset": _odd(bytes, "text/xml; charset=us-ascii"),
    "unknown charset": _odd(lambda document: document.replace(b'"utf-8"', b'"klingon"')),
    "wrong MIME": _odd(bytes, "image/png"),
    "called HTML": _odd(bytes, "text/html"),
    "BOM": _odd(lambda document: b"\xef\xbb\xbf" + document),
    "UTF-16": _odd(_in_utf16),
    "NUL": _odd(_with_nuls),
    "ill-formed": _odd(_ill_formed),
    "portal": _portal,
    "empty": lambda on: Answer(b"", headers={"Content-Type": "application/xml"}),
    "loop": _redirect(301, "/feed/{feed}"),
    "long way": _redirect(302, "/way/0"),
    "for the time being": _redirect(302, "/copy/{feed}"),
    "moved": _redirect(301, "/copy/{feed}"),
    "to a login": _redirect(301, "/login"),
    "inside": _redirect(302, "http://10.0.0.1/feed"),
    "stuck at 304": _stuck,
    "ETag of 64 kB": _etag('"' + "x" * 64_000 + '"'),
    "ETag with bytes": _etag('"\xe9\x80\x07"'),
    "author of 32 kB": _parser_bomb(b"<item><author>" + b"a" * 32_768 + b"</author></item>"),
    "100,000 attributes": _parser_bomb(b"<item " + b" ".join(b'a%d="1"' % n for n in range(100_000)) + b"/>"),
    "depth": _parser_bomb(b"<a>" * 100_000 + b"<item/>"),
    "entities": _parser_bomb(b"<item><title>&j;</title></item>", b'<!DOCTYPE r [<!ENTITY a "ha">' + _ENTITIES + b"]>"),
    "slow": lambda on: replace(good(on), pause_s=1.0),
    "renamed": good,
    "reordered": good,
    "one guid for all": good,
    "odd dates": good,
}
"""By name, so that a log says what happened. The last four are good answers with a document in another manner."""


def manner_of(fault: str, epoch: int) -> Manner:
    """Return how the document is worded while a feed has this fault."""
    return Manner(
        generation=epoch if fault == "renamed" else 0,
        is_reordered=fault == "reordered",
        has_one_guid_for_all=fault == "one guid for all",
        odd_dates=fault == "odd dates",
    )


def fault_of(seed: int, feed: int, epoch: int, share: float) -> str:
    """Return what is the matter with a feed in an epoch; an empty string where nothing is."""
    chance = random.Random(f"{seed} fault {feed} {epoch}")
    return chance.choice(list(FAULTS)) if chance.random() < share else ""
