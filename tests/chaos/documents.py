"""What the feeds of the chaos publisher say: pure functions of a seed, a feed's number and a moment."""

import html
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime

Token = tuple[int, int]
"""A piece as it is known wherever it turns up: the number of its feed, and its own number there."""

N_AT_FIRST = 8
FAST_GAP_S = 4.0
AGE = timedelta(hours=12)
"""Of the first pieces: they are of the day, and belong to the window."""
FIRST_GAP_S = 60.0
"""Between two of the first pieces. Feeds publish about as often, so that a window that reaches back just to the first
loses, minute by minute, what it gains."""

_WHO = ("Ministers", "Doctors", "Farmers", "Striking pilots", "Researchers", "The central bank", "Voters", "Judges")
_WHAT = ("reject", "welcome", "delay", "investigate", "confirm", "fear", "celebrate", "question")
_WHICH = ("the dam", "a ferry line", "new tariffs", "the vaccine", "an election", "the bridge", "a merger", "the storm")
_WHERE = ("Valmora", "Port Istmo", "Koundare", "the Highlands", "Sarovia", "Lake Quelpe", "Nordmark", "Tessara")


@dataclass(frozen=True, slots=True)
class Piece:
    """An item of a document."""

    token: Token
    guid: str
    title: str
    body: str
    url: str
    date: str
    """As the feed writes it; empty where it writes none."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a feed words its document this time; each is something that real feeds do."""

    generation: int = 0
    """Guids change in bulk with it."""
    is_reordered: bool = False
    has_one_guid_for_all: bool = False
    odd_dates: bool = False


@dataclass(frozen=True, slots=True)
class Desk:
    """Writes the documents of all feeds."""

    seed: int
    sites: tuple[str, ...]
    """Feeds are spread over these in turn."""
    began_at: datetime
    n_fast: int = 0
    """The first so many feeds publish every few seconds."""
    gaps_s: tuple[float, float] = (60.0, 240.0)
    """Between these lies how often each of the others does."""
    n_shown: int = 10
    """Older pieces are gone from a feed."""
    age: timedelta = AGE
    """By so much the pieces are older than when they are published."""

    def pieces(self, feed: int, at_s: float, manner: Manner = Manner()) -> list[Piece]:
        """Return what the feed shows at a moment, the newest first."""
        newest = N_AT_FIRST + int(at_s / self.gap_s(feed))
        own = [self._piece(feed, n, at_s, manner) for n in range(newest, max(0, newest - self.n_shown), -1)]
        shown = own + self._borrowed(feed, at_s)
        return shown[::-1] if manner.is_reordered else shown

    def gap_s(self, feed: int) -> float:
        """Return how often the feed publishes something."""
        return FAST_GAP_S if feed < self.n_fast else random.Random(f"{self.seed} gap {feed}").uniform(*self.gaps_s)

    def site(self, feed: int) -> str:
        """Return the address of the site that the feed is of."""
        return self.sites[feed % len(self.sites)]

    def _borrowed(self, feed: int, at_s: float) -> Iterator[Piece] | list[Piece]:
        """Return pieces of the feed before, at their own addresses: one article in two feeds.

        Feeds of odd numbers keep their guids, and those of even numbers their words, so that whatever happens there is
        something left by which a piece can be known.
        """
        if feed % 2 == 0 or feed % 5 == 0:
            return []
        newest = N_AT_FIRST + int(at_s / self.gap_s(feed - 1))
        return [self._piece(feed - 1, newest - back, 0.0, Manner()) for back in (1, 2)]

    def _piece(self, feed: int, n: int, at_s: float, manner: Manner) -> Piece:
        chance = random.Random(f"{self.seed} {feed} {n}")
        subject = random.Random(chance.randrange(40))
        words = [subject.choice(each) for each in (_WHO, _WHAT, _WHICH)]
        is_rewritten = feed % 2 == 1 and n % 4 == 0 and at_s > 30 + n
        title = f"{' '.join(words)} in {subject.choice(_WHERE)}{': an update' if is_rewritten else ''} [{feed}.{n}]"
        first, second = _particulars(subject), _particulars(subject)
        generation = manner.generation if feed % 2 == 0 else 0
        one_for_all = manner.has_one_guid_for_all and feed % 2 == 0
        return Piece(
            token=(feed, n),
            guid="0" if one_for_all else f"tag:{feed}.example,2026:{generation}/{n}",
            title=title,
            body=f"<p>{title}. {first} {_sentence(chance)}</p><p>{second} &eacute; &#8217;</p>",
            url=f"{self.site(feed)}/a/{feed}/{n}",
            date=_odd_date(n) if manner.odd_dates else self._date(feed, n),
        )

    def _date(self, feed: int, n: int) -> str:
        first_s = min(n, N_AT_FIRST) * FIRST_GAP_S + feed % FIRST_GAP_S
        later_s = max(n - N_AT_FIRST, 0) * self.gap_s(feed)
        return format_datetime(self.began_at - self.age + timedelta(seconds=first_s + later_s), usegmt=True)


def _sentence(chance: random.Random) -> str:
    names = (_WHO, _WHAT, _WHICH, _WHERE)
    return " ".join(chance.choice(chance.choice(names)) for _ in range(chance.randrange(15, 60))) + "."


def _particulars(subject: random.Random) -> str:
    """Return words that only those use who tell of this subject: by them, its pieces become a story."""
    words = ["".join(subject.choice(each) for each in ("bdfgklmnprstvz", "aeiou") * 3) for _ in range(9)]
    return f"{' '.join(words).title()}."


def _odd_date(n: int) -> str:
    odd = ("", "Thu, 01 Jan 1970 00:00:00 GMT", "9999-12-31T23:59:59Z", "Sun, 01 Mar 2099 12:00:00 GMT", "gestern")
    return (*odd, "So, 1 März 2026 12:00:00 +0100", "2026-13-45", "1 mars 2026")[n % 8]


def write_feed(feed: int, pieces: Sequence[Piece], site: str) -> bytes:
    """Return the document of a feed; which format it has depends on its number."""
    writers = (_rss, _rss, _atom, _rdf, _json)
    return writers[feed % len(writers)](feed, pieces, site)


def is_json(feed: int) -> bool:
    """Whether the feed is a JSON Feed."""
    return feed % 5 == 4


def _rss(feed: int, pieces: Sequence[Piece], site: str) -> bytes:
    items = "".join(
        f"<item><title>{html.escape(each.title)}</title><link>{each.url}</link>"
        f'<guid isPermaLink="false">{each.guid}</guid>{_in(each.date, "pubDate")}'
        f"<description><![CDATA[{each.body}]]></description></item>\n"
        for each in pieces
    )
    head = f"<title>Feed {feed}</title><link>{site}/{feed}/</link><description>News</description>"
    return f'<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"><channel>{head}{items}</channel></rss>'.encode()


def _atom(feed: int, pieces: Sequence[Piece], site: str) -> bytes:
    items = "".join(
        f"<entry><id>{each.guid}</id><title>{html.escape(each.title)}</title>"
        f'<link href="{each.url}"/>{_in(each.date, "updated")}'
        f'<content type="html">{html.escape(each.body)}</content></entry>\n'
        for each in pieces
    )
    head = f"<title>Feed {feed}</title><id>urn:feed:{feed}</id>"
    return f'<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">{head}{items}</feed>'.encode()


def _rdf(feed: int, pieces: Sequence[Piece], site: str) -> bytes:
    items = "".join(
        f'<item rdf:about="{html.escape(each.guid)}"><title>{html.escape(each.title)}</title>'
        f"<link>{each.url}</link>{_in(each.date, 'dc:date')}"
        f"<description>{html.escape(each.body)}</description></item>\n"
        for each in pieces
    )
    names = (
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"'
    )
    head = f'<channel rdf:about="{site}/{feed}/"><title>Feed {feed}</title><link>{site}/{feed}/</link></channel>'
    return f'<?xml version="1.0" encoding="utf-8"?>\n<rdf:RDF {names}>{head}{items}</rdf:RDF>'.encode()


def _json(feed: int, pieces: Sequence[Piece], site: str) -> bytes:
    items = [
        {
            "id": each.guid,
            "url": each.url,
            "title": each.title,
            "content_html": each.body,
            "date_published": each.date,
        }
        for each in pieces
    ]
    version = "https://jsonfeed.org/version/1.1"
    return json.dumps({"version": version, "title": f"Feed {feed}", "items": items}).encode()


def _in(text: str, tag: str) -> str:
    return f"<{tag}>{text}</{tag}>" if text else ""
