"""Subscription lists (OPML): read leniently, written plainly.

What Broadsheet wrote it reads back exactly: such a list carries a namespace, in which stands what OPML has no word for.
"""

import codecs
import html.entities
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import groupby

from lxml import etree

from aggregator.errors import OpmlError
from aggregator.models.subscribing import Subscription
from aggregator.parse.encoding import in_utf_8, with_possible_references
from aggregator.parse.html import clean_text, plain_line, valid_text
from aggregator.parse.urls import safe_link

MAX_OPML_BYTES = 16 * 1024 * 1024
MAX_REPAIR_BYTES = 2 * 1024 * 1024
MAX_REPAIR_ATTRIBUTES = 40_000
"""Two seconds of work at the worst, all of them on one element."""
MAX_NAME_CHARS = 300

MAX_OUTLINE_CHARS = 4000
"""Of each thing that is kept as the list says it."""
NAMESPACE = "urn:broadsheet:opml"

_KEPT = ("description", "category", "version", "created")
_ROOTS = ("opml", "outlinedocument")
_ATTRIBUTES = ("text", "title", "type", "xmlUrl", "htmlUrl", "url", "language", "country", "isComment", *_KEPT)

_ATTRIBUTE = re.compile(
    rb'\s(text|title|description|type|xmlUrl|htmlUrl|url|category|language|country|isComment|version|created)\s*=\s*"',
    re.I,
)
_CLOSING = re.compile(rb"</(?:outline|body|opml)\s*>", re.I)
_ESCAPED_TWICE = re.compile(rb"&amp;(?=(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)")
_NAMED = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z][A-Za-z0-9]{1,31});")
_DOCTYPE = re.compile(rb"<!DOCTYPE[^<>\[]*", re.I)
_DOCTYPE_END = re.compile(rb"(?:\[.*?\]\s*)?>", re.S)
_FEED_TYPES = frozenset("rss atom rdf xml feed rss1 rss2 json jsonfeed pie".split())
_LISTS = frozenset(("link", "include"))

_NO_ELEMENTS = (etree._Comment, etree._ProcessingInstruction, etree._Entity)

Path = tuple[str, ...]
"""The names of the folders around an outline, the outermost first."""


def parse_opml(document: bytes) -> list[Subscription]:
    """Return the feeds of a subscription list, in its order, each with its folder.

    Outlines whose address cannot be a feed's, or that lack one, are among them, so that the import can say so.
    Broken XML is read as far as it goes. Raises OpmlError, in words, for what is no list or has no feed in it.
    """
    if len(document) > MAX_OPML_BYTES:
        raise OpmlError(f"The list is larger than {MAX_OPML_BYTES // 1024**2} MiB.")
    if not document.strip(b" \t\r\n\x00"):
        raise OpmlError("The file is empty; export the list again from where it came from.")
    readings = list(_readings(_with_plain_entities(in_utf_8(document.lstrip(), None)[0])))
    lists = [root for root in readings if _is_list(root)]
    if not lists:
        raise OpmlError(f"This is not a subscription list (OPML), but {_kind(readings)}.")
    found = max((list(_subscriptions(root)) for root in lists), key=len)
    if not found:
        raise OpmlError("The list holds no feeds.")
    return found


def write_opml(subscriptions: Sequence[Subscription], *, title: str) -> bytes:
    """Return a list of these feeds as OPML 2.0, folders inside one another and everything in alphabetical order.

    It says nothing of the moment it was made: the same feeds are the same bytes.
    """
    opml = etree.Element("opml", version="2.0", nsmap={"broadsheet": NAMESPACE})
    etree.SubElement(etree.SubElement(opml, "head"), "title").text = clean_text(title)
    body = etree.SubElement(opml, "body")
    _write_outlines(body, sorted(map(_cleaned, subscriptions), key=_order), depth=0)
    etree.indent(opml)
    return etree.tostring(opml, encoding="utf-8", xml_declaration=True) + b"\n"


def _readings(document: bytes) -> "Iterator[etree._Element]":
    """Give the root of a document as XML and, where that is broken, as XML with its quotes mended, and as HTML.

    Nothing is expanded and nothing fetched. libxml2's HTML parser is quadratic in attributes: only modest documents.
    """
    as_xml = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False)
    root = _root(document, as_xml)
    if any(each.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for each in as_xml.error_log):
        raise OpmlError("The list goes too deep to be read whole, or unfolds beyond measure.")
    if root is not None:
        yield root
    is_modest = (
        document[:1] == b"<" and len(document) <= MAX_REPAIR_BYTES and document.count(b"=") <= MAX_REPAIR_ATTRIBUTES
    )
    if is_modest and (root is None or (len(as_xml.error_log) and _name(root) in _ROOTS)):
        mended = _root(_requoted(document), etree.XMLParser(recover=True, resolve_entities=False, no_network=True))
        yield from () if mended is None else (mended,)
        page = _root(document, etree.HTMLParser(recover=True, no_network=True, encoding=_encoding(document)))
        yield from () if page is None else (page,)


def _is_list(root: "etree._Element") -> bool:
    return _name(root) in _ROOTS or (_name(root) == "html" and root.find(".//opml") is not None)


def _root(document: bytes, parser: "etree.XMLParser | etree.HTMLParser") -> "etree._Element | None":
    try:
        return etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def _requoted(document: bytes) -> bytes:
    """Return the list with quotes and tags escaped that stand bare inside the attributes of its outlines.

    A value goes on to the last quote before the next attribute that OPML knows, or before the outline's end.
    """
    before, *outlines = re.split(rb"<outline\b", document, flags=re.I)
    return before + b"".join(map(_requoted_outline, outlines))


def _requoted_outline(piece: bytes) -> bytes:
    said, after = _apart(piece)
    starts = list(_ATTRIBUTE.finditer(said))
    if not starts or not said.endswith(b">"):
        return b"<outline" + piece
    said, end = (said[:-2], b"/>") if said.endswith(b"/>") else (said[:-1], b">")
    ends = [*(found.start() for found in starts[1:]), len(said)]
    values = {found[1]: said[found.end() : stop] for found, stop in zip(starts, ends, strict=True)}
    return b"<outline" + b"".join(map(_attribute, values.items())) + end + after


def _apart(piece: bytes) -> tuple[bytes, bytes]:
    """Return an outline apart from the closing tags behind it, without the blanks behind each."""
    end = last = _end_of_text(piece, len(piece))
    while (start := piece.rfind(b"<", 0, end)) >= 0 and _CLOSING.fullmatch(piece, start, end):
        end = _end_of_text(piece, start)
    return piece[:end], piece[end:last]


def _end_of_text(piece: bytes, stop: int) -> int:
    """Return where the blanks before `stop` begin."""
    while stop and piece[stop - 1 : stop].isspace():
        stop -= 1
    return stop


def _attribute(pair: tuple[bytes, bytes]) -> bytes:
    name, value = pair
    bare = value.rstrip().removesuffix(b'"').replace(b"<", b"&lt;").replace(b">", b"&gt;").replace(b'"', b"&quot;")
    return b' %b="%b"' % (name, bare)


def _encoding(document: bytes) -> str:
    declared = re.match(rb"[^>]*encoding=[\"']([A-Za-z0-9_.-]+)", document[:200])
    try:
        name = codecs.lookup(declared[1].decode()).name if declared else "utf-8"
        etree.HTMLParser(encoding=name)
    except LookupError:  # unknown to Python, or to libxml2, which knows fewer
        return "utf-8"
    return name


def _with_plain_entities(document: bytes) -> bytes:
    """Return the document without its DTD, HTML's entities written as characters, and every other `&` as itself.

    Nothing is left to expand, and addresses whose `&` nobody escaped stay whole.
    """
    if b"\x00" in document[:200]:
        return document  # UTF-16 or UTF-32, which no one writes by hand
    plain = _without_doctype(document).replace(b"\x00", b"")
    # every `&` at once and the references back again: one by one, a list of nothing else takes seconds
    escaped = _ESCAPED_TWICE.sub(b"&", with_possible_references(plain).replace(b"&", b"&amp;"))
    return _NAMED.sub(_as_character, escaped)


def _without_doctype(document: bytes) -> bytes:
    """Return the document without its first DTD. In two steps, each of which is tried once, whatever stands there."""
    begun = _DOCTYPE.search(document)
    ended = _DOCTYPE_END.match(document, begun.end()) if begun else None
    return document[: begun.start()] + document[ended.end() :] if begun and ended else document


def _as_character(entity: re.Match[bytes]) -> bytes:
    code = html.entities.name2codepoint.get(entity[1].decode())
    return b"&amp;" + entity[0][1:] if code is None else b"&#%d;" % code


def _subscriptions(root: "etree._Element") -> Iterator[Subscription]:
    """Walk the outlines in document order, with a stack of folders in place of recursion."""
    describe, name_of = (_as_written, _name_as_written) if NAMESPACE in root.nsmap.values() else (_described, _title)
    stack: list[tuple[etree._Element, Path]] = [(root, ())]
    while stack:
        element, folder = stack.pop()
        said = _attributes_of(element)
        is_outline = _name(element) == "outline"
        if said.get("iscomment", "").lower() == "true":
            continue
        if is_outline and _is_feed(said, has_children=len(element) > 0):
            yield describe(said, folder)
            within = folder
        else:
            name = name_of(said) if is_outline else ""
            within = (*folder, name) if name else folder
        stack.extend((child, within) for child in reversed(element) if not isinstance(child, _NO_ELEMENTS))


def _attributes_of(element: "etree._Element") -> dict[str, str]:
    """Return the attributes, names in lower case; of very many only the known ones: lxml lists them in square time."""
    if len(element.attrib) <= 50:
        with suppress(UnicodeDecodeError):  # a name that is no text, which libxml2 lets through
            return {_plain(str(name)): str(value) for name, value in element.attrib.items()}
    return {name.lower(): value for name in _ATTRIBUTES if (value := element.get(name)) is not None}


def _is_feed(said: dict[str, str], *, has_children: bool) -> bool:
    kind = said.get("type", "").strip().lower()
    return "xmlurl" in said or (not has_children and (kind in _FEED_TYPES or "htmlurl" in said) and kind not in _LISTS)


def _described(said: dict[str, str], folder: Path) -> Subscription:
    """Return the feed of an outline as other readers write it."""
    title, own_title = _title(said), plain_line(said.get("title", ""))[:MAX_NAME_CHARS]
    return replace(
        _basics(said, folder or _category(said.get("category", ""))),
        title=title or None,
        own_title=own_title if own_title != title else "",
    )


def _as_written(said: dict[str, str], folder: Path) -> Subscription:
    """Return the feed of an outline as we write it: `title` is what it calls itself, `text` what the owner calls it."""
    shown, title, every_s = (said.get(name, "") for name in ("text", "title", "everyseconds"))
    is_named = shown != title or said.get("named") == "yes"
    return replace(
        _basics(said, folder),
        title=shown if is_named else None,
        own_title="" if title == (shown if is_named else said.get("xmlurl")) else title,
        is_paused=said.get("paused") == "yes",
        interval_s=int(every_s) if re.fullmatch(r"\d{1,9}", every_s) else None,
        wants_full_text=said.get("fulltext") == "yes",
    )


def _basics(said: dict[str, str], folder: Path) -> Subscription:
    return Subscription(
        feed_url=valid_text(said.get("xmlurl") or said.get("url") or "").strip(),
        site_url=safe_link(said.get("htmlurl")),
        folder=folder,
        language=_code(said.get("language", "")),
        country=_code(said.get("country", "")),
        outline=_kept(said),
    )


def _kept(said: Mapping[str, str]) -> dict[str, str]:
    return {name: words for name in _KEPT if (words := clean_text(said.get(name, ""))[:MAX_OUTLINE_CHARS].strip())}


def _name_as_written(said: dict[str, str]) -> str:
    return clean_text(said.get("text", ""))


def _category(categories: str) -> Path:
    """Return the first of OPML 2.0's categories as a folder: `/News/World,/Tech` is News, World."""
    first = categories.split(",")[0]
    return tuple(filter(None, map(plain_line, first.split("/")))) if first.startswith("/") else ()


def _title(said: dict[str, str]) -> str:
    """Return the name of an outline: `text` is what OPML asks for, `title` what some readers write instead."""
    return plain_line(said.get("text", "").strip() or said.get("title", ""))[:MAX_NAME_CHARS]


def _code(text: str) -> str | None:
    code = text.strip()
    return code if re.fullmatch(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*", code) else None


def _name(element: "etree._Element") -> str:
    try:
        return _plain(str(element.tag))
    except UnicodeDecodeError:
        return ""


def _plain(name: str) -> str:
    """Return a name without its namespace, in lower case."""
    return name.rpartition("}")[2].rpartition(":")[2].lower()


def _kind(readings: "Sequence[etree._Element]") -> str:
    name = _name(readings[0]) if readings else ""
    known = {"rss": "a feed; add it by its address", "feed": "a feed; add it by its address", "html": "a web page"}
    return known.get(name, "XML of another kind" if name else "something else")


def _cleaned(subscription: Subscription) -> Subscription:
    """Return the feed with only what an outline can say and a reading of it gives back."""
    return replace(
        subscription,
        feed_url=valid_text(subscription.feed_url),
        title=clean_text(subscription.title or "") or None,
        own_title=clean_text(subscription.own_title),
        site_url=safe_link(valid_text(subscription.site_url or "")),
        folder=tuple(filter(None, map(clean_text, subscription.folder))),
        language=_code(subscription.language or ""),
        country=_code(subscription.country or ""),
        outline=_kept(subscription.outline),
    )


def _order(subscription: Subscription) -> tuple[Path, str, str]:
    return (subscription.folder, _shown(subscription).casefold(), subscription.feed_url)


def _shown(subscription: Subscription) -> str:
    return subscription.title or subscription.own_title or subscription.feed_url


def _write_outlines(parent: "etree._Element", subscriptions: Sequence[Subscription], depth: int) -> None:
    """Write what lies directly in this folder, then its folders; the input is sorted by folder."""
    for folder, inside in groupby(subscriptions, key=lambda one: one.folder[depth : depth + 1]):
        if folder:
            outline = etree.SubElement(parent, "outline", text=folder[0], title=folder[0])
            _write_outlines(outline, list(inside), depth + 1)
        else:
            for subscription in inside:
                etree.SubElement(parent, "outline", _outline_of(subscription))


def _outline_of(subscription: Subscription) -> dict[str, str]:
    shown = _shown(subscription)
    title = subscription.own_title or shown
    said = {
        "text": shown,
        "title": title,
        "xmlUrl": subscription.feed_url,
        "htmlUrl": subscription.site_url,
        "language": subscription.language,
        "country": subscription.country,
        **subscription.outline,
    }
    return {"type": "rss"} | {name: words for name, words in said.items() if words} | _ours(subscription)


def _ours(subscription: Subscription) -> dict[str, str]:
    """Return what OPML has no word for."""
    said = {
        "named": "yes" if subscription.title and subscription.own_title in ("", subscription.title) else "",
        "paused": "yes" if subscription.is_paused else "",
        "everySeconds": str(subscription.interval_s or ""),
        "fullText": "yes" if subscription.wants_full_text else "",
    }
    return {f"{{{NAMESPACE}}}{name}": words for name, words in said.items() if words}
