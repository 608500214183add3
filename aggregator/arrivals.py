"""What a feed's entries change: entries + what is kept already -> Arrivals. Pure."""

import functools
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from aggregator.models.arrivals import Arrivals, Known, KnownEntry, Move, NewArticle, NewEntry, Rewrite
from aggregator.models.entries import Entry
from aggregator.models.feeds import Feed

_FRONT_DOOR = re.compile(r"https://[^/?#]*/?")
"""A canonical address that leads no further than to its host."""


def distinct(entries: Sequence[Entry], feed: Feed) -> tuple[Entry, ...]:
    """Return the entries so that each guid stands once, and no address stands that cannot tell pieces apart.

    An entry that is there twice, word for word, is one entry. Where a feed gives one guid to several entries, each
    guid is made distinct by its address or, failing that, by its words; where it gives one address to several, or
    the address of the site itself, the guid alone says which is which.
    """
    return tuple(_with_telling_urls(_with_distinct_guids(_without_repeats(entries)), feed))


def without_future(entries: Iterable[Entry], *, now: datetime) -> tuple[Entry, ...]:
    """Return the entries, without a date where it has not come yet: none was kept under such a date."""
    return tuple(
        replace(entry, published_at=None) if entry.published_at and entry.published_at > now else entry
        for entry in entries
    )


def off_taken_guids(entries: Sequence[Entry], known: Known) -> tuple[Entry, ...]:
    """Return the entries, with a guid of its own for each whose guid the feed gave to another piece before.

    Some feeds number the places in their document, and some put one guid on everything and show, or announce, a single
    piece at a time. Publishers change one thing or another of a piece: only where address, title, text and moment all
    are others, it is another; or where address and text are, and the document shows that its guids are places.
    """
    are_places = _are_places(entries, known)
    return tuple(
        _marked(entry, entry.canonical_url) if entry.canonical_url and _is_anothers(entry, known, are_places) else entry
        for entry in entries
    )


def decide(entries: Sequence[Entry], known: Known, feed: Feed, *, now: datetime) -> Arrivals:
    """Return what these distinct entries of the feed change, given what is known of them.

    An entry is known by its guid inside the feed, else by its address. A new guid at a known address leads to the
    article there, and may rewrite it, unless the feed has that article already with another title and another text:
    then the address is shared by several pieces (a live page), and losing one is worse than keeping two. Where guid and
    address are both new, an entry that says the same, of the same moment, as one that is not in the document any more
    is that one; and so is one that has no moment, and no address or the same path at another host. Articles follow
    their entries to where these lead now.
    """
    new, more, rewrites, n_unchanged = [], [], [], 0
    moves: list[Move] = []
    stated = {entry.canonical_url for entry in entries}
    present = {known.by_guid[entry.guid].article_id for entry in entries if entry.guid in known.by_guid}
    for entry in entries:
        digest = digest_of(entry)
        if before := known.by_guid.get(entry.guid):
            if before.digest == digest:
                n_unchanged += 1
            else:
                rewrites.append(_rewrite(entry, before, digest))
            moves += _moves(entry, before, known, stated)
        elif there := _leads_to(entry, digest, known, present):
            more.append(NewEntry(guid=entry.guid, article_id=there.article_id, digest=digest))
            if there.is_in_feed and there.digest != digest:
                rewrites.append(_rewrite(entry, there, digest))
            moves += _moves(entry, there, known, stated)
        else:
            new.append(_new_article(_off_taken_address(entry, known), feed, digest, now=now))
    return Arrivals(
        new=tuple(new),
        more_entries=tuple(more),
        rewrites=tuple(rewrites),
        moves=tuple(moves),
        n_unchanged=n_unchanged,
    )


def digest_of(entry: Entry) -> str:
    """Return a hash of what the entry says; markup and pictures do not count."""
    return _hash(entry.title, entry.text)


@functools.lru_cache(maxsize=256)
def publisher_name(feed_title: str, domain: str) -> str:
    """Return the part of a feed's title that names the publisher at this domain; the domain where none does.

    Feeds are called "World news | The Guardian" or "NYT > World": the part that shares most with the domain's own
    word is the name.
    """
    parts = [part.strip() for part in re.split(r"\s+[-–—|:>»·/]+\s+|\s*[|»]\s*|,\s|:\s", feed_title) if part.strip()]
    word = _letters(domain.rsplit(".", 1)[0].split(".")[0])
    named = [part for part in parts if word and (_letters(part) in word or word in _letters(part))]
    initials = [part for part in parts if word and _initials(part) == word]
    return min(named or initials, key=len) if named or initials else domain


def _without_repeats(entries: Iterable[Entry]) -> list[Entry]:
    seen: dict[tuple[str, str | None, str, str], Entry] = {}
    for entry in entries:
        seen.setdefault((entry.guid, entry.canonical_url, entry.title, entry.text), entry)
    return list(seen.values())


def _with_distinct_guids(entries: Sequence[Entry]) -> list[Entry]:
    by_guid = defaultdict(list)
    for entry in entries:
        by_guid[entry.guid].append(entry)
    return [_with_own_guid(entry, by_guid[entry.guid]) for entry in entries]


def _with_own_guid(entry: Entry, namesakes: Sequence[Entry]) -> Entry:
    if len(namesakes) == 1:
        return entry
    urls = {namesake.canonical_url for namesake in namesakes}
    tells_apart = len(urls) == len(namesakes) and None not in urls
    return _marked(entry, entry.canonical_url or "") if tells_apart else _marked(entry, entry.title, entry.text)


def _marked(entry: Entry, *parts: str) -> Entry:
    return replace(entry, guid=f"{entry.guid}#{_hash(*parts)[:16]}")


def _are_places(entries: Sequence[Entry], known: Known) -> bool:
    """Whether guids go by where in the document a piece stands.

    Then one that the feed brought before is there as it was, but its guid is that of another, or was another's.
    """
    elsewhere = [(entry, before) for entry in entries if (before := _elsewhere(entry, known))]
    if not elsewhere:
        return False
    said = {entry.canonical_url: digest_of(entry) for entry in entries}
    return any(
        said.get(before.canonical_url) == before.digest or _is_as_known(entry, known, other_than=before)
        for entry, before in elsewhere
    )


def _elsewhere(entry: Entry, known: Known) -> KnownEntry | None:
    """Return what is known by the guid of this entry, which leads to another address."""
    before = known.by_guid.get(entry.guid)
    return None if before is None or before.canonical_url in (None, entry.canonical_url) else before


def _is_as_known(entry: Entry, known: Known, *, other_than: KnownEntry) -> bool:
    there = known.by_url.get(entry.canonical_url) if entry.canonical_url else None
    is_other = there is not None and there.is_in_feed and there.article_id != other_than.article_id
    return there is not None and is_other and there.digest == digest_of(entry)


def _is_anothers(entry: Entry, known: Known, are_places: bool) -> bool:
    """Whether the piece that is known by this guid is another than this one, at another address."""
    before = _elsewhere(entry, known)
    if before is None or _has_text_of(entry, before):
        return False
    return are_places or not (_has_words_of(entry, before) or before.published_at == entry.published_at)


def _has_words_of(entry: Entry, before: KnownEntry) -> bool:
    """Whether the entry says the same as before, or has at least the same title or the same text."""
    is_titled_so = _letters(before.title) == _letters(entry.title)
    return _has_text_of(entry, before) or is_titled_so or before.digest == digest_of(entry)


def _has_text_of(entry: Entry, before: KnownEntry) -> bool:
    said = {digest_of(entry), digest_of(replace(entry, title=before.title))}
    return bool(entry.text) and before.digest in said


def _with_telling_urls(entries: Sequence[Entry], feed: Feed) -> list[Entry]:
    count = Counter(entry.canonical_url for entry in entries)
    return [
        replace(entry, canonical_url=None)
        if entry.canonical_url and (count[entry.canonical_url] > 1 or _is_front_door(entry, feed))
        else entry
        for entry in entries
    ]


def _is_front_door(entry: Entry, feed: Feed) -> bool:
    return entry.url == feed.site_url or _FRONT_DOOR.fullmatch(entry.canonical_url or "") is not None


def _leads_to(entry: Entry, digest: str, known: Known, present: Set[int]) -> KnownEntry | None:
    """Return the article of an entry whose guid is new: the feed's own before that of another at the same address."""
    there = _article_at(entry, known)
    return there if there and there.is_in_feed else _vanished_twin(entry, digest, known, present) or there


def _article_at(entry: Entry, known: Known) -> KnownEntry | None:
    there = known.by_url.get(entry.canonical_url) if entry.canonical_url else None
    return None if there and there.is_in_feed and not _has_words_of(entry, there) else there


def _vanished_twin(entry: Entry, digest: str, known: Known, present: Set[int]) -> KnownEntry | None:
    if _is_at_own_address(entry, known) or not (entry.title or entry.text):
        return None
    twins = (each for each in known.by_moment.get(entry.published_at, ()) if each.digest == digest)
    may_be = (twin for twin in twins if entry.published_at or _may_be_at(twin.canonical_url, entry.canonical_url))
    return next((twin for twin in may_be if twin.article_id not in present), None)


def _is_at_own_address(entry: Entry, known: Known) -> bool:
    there = known.by_url.get(entry.canonical_url) if entry.canonical_url else None
    return there is not None and there.is_in_feed


def _may_be_at(before: str | None, canonical_url: str | None) -> bool:
    """Whether a piece that was at the one address may be at the other although no date tells so.

    Only another host, or a slash, lets it be the same.
    """
    return canonical_url is None or (before is not None and _path(before) == _path(canonical_url))


def _path(canonical_url: str) -> str:
    return urlsplit(canonical_url)._replace(scheme="", netloc="").geturl().rstrip("/")


def _off_taken_address(entry: Entry, known: Known) -> Entry:
    """Return the entry without its canonical address where an article of other words holds that already."""
    return replace(entry, canonical_url=None) if entry.canonical_url in known.by_url else entry


def _moves(entry: Entry, before: KnownEntry, known: Known, stated: Set[str | None]) -> Iterator[Move]:
    """Yield where the publisher put the piece of this entry, if its address is another one now.

    Nothing else may be there but the same text from another feed, and nothing in the document where it was; and the
    entry has to have the words of the piece, or its title or text at least. What differs in the query alone may be
    another with every check.
    """
    if not (before.is_first and before.canonical_url and entry.canonical_url and entry.url):
        return
    there = known.by_url.get(entry.canonical_url, before)
    over_id = None if there.article_id == before.article_id else there.article_id
    is_same = _has_text_of(entry, there) or there.digest == digest_of(entry)
    is_free = over_id is None or (is_same and not there.is_in_feed)
    is_left = before.canonical_url not in stated and _place(before.canonical_url) != _place(entry.canonical_url)
    if is_free and is_left and _has_words_of(entry, before):
        yield Move(before.article_id, entry.url, entry.canonical_url, over_id)


def _place(canonical_url: str) -> str:
    return canonical_url.partition("?")[0]


def _rewrite(entry: Entry, before: KnownEntry, digest: str) -> Rewrite:
    return Rewrite(article_id=before.article_id, entry=entry, digest=digest, changes_article=before.is_first)


def _new_article(entry: Entry, feed: Feed, digest: str, *, now: datetime) -> NewArticle:
    domain = entry.domain or urlsplit(feed.site_url or feed.feed_url).hostname or feed.feed_url
    return NewArticle(
        entry=entry,
        publisher_domain=domain,
        publisher_name=publisher_name(feed.title, domain),
        published_at=min(entry.published_at or now, now),
        digest=digest,
    )


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def _initials(text: str) -> str:
    return "".join(word[0] for word in re.findall(r"\w+", text.casefold()))
