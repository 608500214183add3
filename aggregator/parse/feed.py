"""A feed document -> what it says: text that is text, HTML that is safe, links that lead somewhere, dates in UTC."""

import hashlib
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import urljoin

from aggregator.errors import ParseError
from aggregator.models.entries import Entry, ParsedFeed
from aggregator.parse import cut
from aggregator.parse.dates import parse_date
from aggregator.parse.encoding import in_utf_8
from aggregator.parse.html import clean_text, featured_image, first_image, only_counts, plain_line, sanitise, text_of
from aggregator.parse.json_feed import is_json, read_json_feed
from aggregator.parse.kinds import ends_within_entry, goes_to_its_end, is_web_page
from aggregator.parse.language import article_language, language_code
from aggregator.parse.raw import RawBody, RawEntry, RawFeed
from aggregator.parse.urls import canonical_url, registrable_domain, safe_link
from aggregator.parse.xml_feed import read_xml_feed
from aggregator.query.tokens import index_words

MAX_TITLE_CHARS = 2000
MAX_NAME_CHARS = 300
MAX_GUID_CHARS = 500
_SHORT_TITLE_CHARS = 100


def parse_feed(body: bytes, *, url: str, content_type: str | None = None, known_items: bytes = b"") -> ParsedFeed:
    """Return all that a document of any feed format says; `url` is where it was found, after redirects.

    Documents that break the rules of XML are read as far as they go. Raises ParseError, in words, for what is no feed.
    With `known_items`, which an earlier reading gave, items that are there unchanged may be left out of the entries.
    """
    if not body.strip(b" \t\r\n\x00\xef\xbb\xbf\xfe\xff"):
        raise ParseError("The document is empty.")
    given, given_type = body, content_type
    body, content_type = in_utf_8(given, given_type)
    plain = cut.split(body, content_type)
    if plain and known_items:
        changed = _parse_changed(plain, cut.unpack(known_items), url=url, content_type=content_type)
        if changed is not None:
            return changed
    is_in_json = is_json(body)
    raw = read_json_feed(body) if is_in_json else read_xml_feed(body, content_type=content_type)
    if body is not given and not is_in_json:
        raw = _fuller(raw, given, given_type)
    if raw is None:
        raise ParseError(f"This is {_kind(body)}, not a feed.")
    entries = _entries(raw, url)
    marks = map(cut.mark, plain.hashes, entries) if plain and _is_as_split(raw, plain.hashes) else ()
    parsed = _parsed(raw, entries, url=url, items=cut.pack(marks))
    if is_in_json or goes_to_its_end(body):
        return parsed
    return replace(parsed, is_whole=False, is_last_whole=not ends_within_entry(body))


def _fuller(raw: RawFeed | None, given: bytes, content_type: str | None) -> RawFeed | None:
    """Return what was read of a document in UTF-8, or as it came where that gives more: it may be of two kinds."""
    try:
        as_given = read_xml_feed(given, content_type=content_type)
    except ParseError:
        return raw
    n_entries = len(raw.entries) if raw else 0
    return as_given if as_given and len(as_given.entries) > n_entries else raw


def _parse_changed(
    plain: cut.Plain, known: Mapping[bytes, cut.Mark], *, url: str, content_type: str | None
) -> ParsedFeed | None:
    """Return what a document says but for the items that are known; None where all of it has to be read at once."""
    places = cut.places_to_read(plain, known)
    rest = cut.only(plain, places) if len(places) < len(plain.hashes) else None
    raw = read_xml_feed(rest, content_type=content_type) if rest is not None else None
    if raw is None or not _is_as_split(raw, places):
        return None
    items = [plain.hashes[place] for place in places]
    raw = replace(raw, entries=tuple(each for each, item in zip(raw.entries, items, strict=True) if item not in known))
    entries = _entries(raw, url)
    changed = [item for item in items if item not in known]
    marks = {each.item: each for each in map(cut.mark, changed, entries)}
    here = [known[item] for item in plain.hashes if item in known]
    if cut.share_a_name(marks.values(), here):
        return None
    packed = cut.pack(marks.get(item) or known[item] for item in plain.hashes)
    return _parsed(raw, entries, url=url, items=packed, n_cut=len(here))


def _is_as_split(raw: RawFeed, items: Sequence[object]) -> bool:
    """Whether feedparser found the items that were found without it, and nothing amiss."""
    return raw.is_well_formed and len(raw.entries) == len(items)


def _entries(raw: RawFeed, url: str) -> tuple[Entry, ...]:
    site_url = safe_link(raw.link, url)
    base_url = site_url if raw.links_start_at_site and site_url else url
    entries: list[Entry] = []
    for each in raw.entries:
        entries.append(_entry(each, raw, base_url, neighbour=entries[-1].language if entries else None))
    return tuple(entries)


def _parsed(raw: RawFeed, entries: tuple[Entry, ...], *, url: str, items: bytes, n_cut: int = 0) -> ParsedFeed:
    return ParsedFeed(
        title=_shortened(plain_line(raw.title), MAX_NAME_CHARS),
        site_url=safe_link(raw.link, url),
        language=language_code(raw.language),
        wishes=raw.wishes,
        hub_url=safe_link(raw.hub_link, url),
        self_url=safe_link(raw.self_link, url),
        entries=_told_apart(entries),
        items=items,
        n_cut=n_cut,
    )


def _kind(body: bytes) -> str:
    if is_web_page(body):
        return "a web page"
    if is_json(body):
        return "JSON of another kind"
    if body.lstrip()[:5].lower() == b"<opml" or b"<opml" in body[:1000].lower():
        return "a list of subscriptions (OPML), which can be imported"
    return "XML of another kind" if body.lstrip()[:1] == b"<" else "something else"


def _entry(raw: RawEntry, feed: RawFeed, base_url: str, *, neighbour: str | None) -> Entry:
    url = safe_link(raw.link, base_url) or safe_link(raw.guid)
    body = max(raw.bodies, key=lambda body: len(body.markup), default=RawBody(""))
    body_url = _base_of(body, document=base_url, page=url or base_url)
    content = sanitise(body.markup, base_url=body_url)
    text = text_of(content)
    title = _shortened(plain_line(raw.title), MAX_TITLE_CHARS)
    shown = title or textwrap.shorten(text, _SHORT_TITLE_CHARS, placeholder="…")
    language = article_language(f"{title}\n{text}".strip(), raw.language, feed.language, neighbour=neighbour)
    return Entry(
        guid=_guid(raw, title, text),
        url=url,
        canonical_url=canonical_url(url),
        domain=registrable_domain(url),
        title=shown,
        text=text,
        content_html=content,
        author=_shortened(plain_line(raw.author), MAX_NAME_CHARS) or None,
        published_at=_published_at(raw, _tag(language, raw.language, feed.language)),
        language=language,
        image_url=_image(raw, base_url) or featured_image(body.markup, base_url=body_url) or first_image(content),
        origin_name=_shortened(plain_line(raw.origin_name), MAX_NAME_CHARS) or None,
        origin_url=safe_link(raw.origin_link, base_url),
        words=index_words(shown, text),
    )


def _published_at(raw: RawEntry, language: str | None) -> datetime | None:
    return next((moment for date in raw.dates if (moment := parse_date(date, language=language))), None)


def _tag(language: str | None, *declared: str) -> str | None:
    """Return the tag by which a language is declared, since dates are not written alike in all its countries."""
    return next((tag.strip() for tag in declared if language and language_code(tag) == language), language)


def _base_of(body: RawBody, *, document: str, page: str) -> str:
    """Return where relative links of a body start: at its xml:base, else at the page that the entry leads to."""
    try:
        return urljoin(document, body.base) if body.base else page
    except ValueError:
        return page


def _guid(raw: RawEntry, title: str, text: str) -> str:
    """Return what the feed knows the entry by; made from its link, else from its words, where the feed does not say."""
    given = " ".join(clean_text(raw.guid or raw.link).split())
    if not given:
        return "sha256:" + _digest(f"{title}\n{text}")
    return given if len(given) <= MAX_GUID_CHARS else "sha256:" + _digest(given)


def _told_apart(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Give entries that share a guid and lead to different pieces guids of their own, whatever their order.

    Some feeds put the same guid (their own address, or nothing but "0") on everything.
    """
    pieces = Counter(guid for guid, _ in {(entry.guid, _piece(entry)) for entry in entries})
    return tuple(
        replace(entry, guid=f"{entry.guid}#{_digest(_piece(entry))[:16]}") if pieces[entry.guid] > 1 else entry
        for entry in entries
    )


def _piece(entry: Entry) -> str:
    return entry.canonical_url or entry.title


def _image(raw: RawEntry, base_url: str) -> str | None:
    links = (safe_link(image, base_url) for image in raw.images)
    return next((link for link in links if link and not only_counts(link)), None)


def _shortened(text: str, max_chars: int) -> str:
    return text if len(text) <= max_chars else text[: max_chars - 1].rstrip() + "…"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
