"""Foreign HTML made safe, and made plain text. nh3 (ammonia) is the only sanitiser here."""

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from contextvars import ContextVar

import nh3

from aggregator.models.markup import SafeHtml
from aggregator.parse.hidden import hides, leaves_no_letters, makes_transparent
from aggregator.parse.urls import safe_link

MAX_HTML_CHARS = 512 * 1024
"""Of one body; what comes after is cut before anything parses it."""

MAX_DEPTH = 128
"""Elements inside one another; a body that goes deeper is kept as text, since nh3 is quadratic in depth."""

MAX_WORK = 4_000_000
"""Tags times depth; the HTML parsing algorithm may open every formatting element anew in every paragraph."""

_ATTRIBUTES: dict[str, set[str]] = {
    "*": {"dir", "lang", "title"},
    "a": {"href", "hreflang"},
    "col": {"span"},
    "colgroup": {"span"},
    "img": {"src", "alt", "width", "height"},
    "li": {"value"},
    "ol": {"start", "reversed", "type"},
    "q": {"cite"},
    "blockquote": {"cite"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
}
_BLOCKS = frozenset(
    "address article aside blockquote caption center dd details div dl dt fieldset figcaption figure footer form "
    "h1 h2 h3 h4 h5 h6 header hr legend li main nav ol option p pre section summary table tr ul".split()
)
_PHRASES = frozenset(
    "a abbr acronym b bdi bdo br cite code del dfn em i img ins kbd mark q rp rt ruby s samp small span strike strong "
    "sub sup time tt u var wbr col colgroup tbody td tfoot th thead".split()
)
_TAGS = set((_BLOCKS | _PHRASES) - {"fieldset", "form", "legend", "option"})
_DROPPED_WHOLE = {
    "script", "style", "svg", "math", "template", "iframe", "object", "embed", "applet", "noembed", "noframes",
    "textarea", "select", "button", "title", "xmp", "plaintext", "audio", "video", "canvas", "frameset",
}  # fmt: skip
"""Elements whose content is not the article's text."""

_TEXT_TAGS = set(_BLOCKS | {"br", "td", "th"})

_UNNESTED = frozenset(
    "area base br col embed hr img input link meta param source track wbr p li dt dd td th tr thead tbody tfoot "
    "option optgroup rp rt colgroup html head body".split()
)
"""Elements that end by themselves, so that they go no deeper without one that does not."""

_BASE_URL: ContextVar[str | None] = ContextVar("base_url", default=None)
"""Where the links of the body start that is being cleaned, so that one cleaner serves all: to make one takes a quarter
of the time that it needs for an entry."""
_ADDRESS_OF: ContextVar[Callable[[str], str | None]] = ContextVar("address_of")
"""From where the images of the content that is being shown are loaded; for the same reason."""

_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")
_SAFE_TAG = re.compile(r"</?[a-z0-9]+[^>]*>")
_SAFE_BLOCK = re.compile(rf"</?(?:{'|'.join(sorted(_BLOCKS))})(?![a-z0-9])[^>]*>")
_SAFE_BREAK = re.compile(r"</?br(?![a-z0-9])[^>]*>")
_SAFE_CELL = re.compile(r"</?t[dh](?![a-z0-9])[^>]*>")
_IMG = re.compile(r'<img(?: [a-z-]+="[^"]*")*>')
_IMG_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')
_LATER_SOURCES = ("data-src", "data-lazy-src", "data-original", "data-orig-file", "srcset", "data-srcset")
"""Where pages say what picture a script will put in the place of this one, the likelier ones first."""
_ADDRESSES = frozenset(("href", "src", "cite", *_LATER_SOURCES))
_FIRST_OF_SET = re.compile(r"[\s,]*+(\S*[^\s,])")
_SRC = r"""\ssrc\s{0,9}=\s{0,9}["']?"""
_PLAYER = re.compile(
    rf"""<(?:iframe\b[^>]{{0,300}}?{_SRC}(?P<framed>(?:https?:)?//(?:(?:www\.)?youtube(?:-nocookie)?\.com/embed|"""
    r"player\.vimeo\.com/video|(?:www\.|geo\.)?dailymotion\.com/(?:embed|player)|player\.twitch\.tv|rumble\.com/embed|"
    r"w\.soundcloud\.com/player|open\.spotify\.com/embed|embed\.podcasts\.apple\.com|archive\.org/embed|"
    r"""bandcamp\.com/EmbeddedPlayer)[^"'\s<>]{0,900})|"""
    rf"""(?:video|audio)\b(?:[^>]{{0,300}}>\s{{0,99}}<source\b)?[^>]{{0,300}}?{_SRC}(?P<file>(?:https?:)?//[^"'\s<>]{{1,900}}))""",
    re.IGNORECASE,
)
"""What plays a film or a sound: a file, or a frame of those who are known to play nothing else."""
_PLAYED = re.compile(r"<a [^>]{0,2000}>▶ [^<]{0,300}</a>")
"""What stands in the place of a player. Nobody wrote it, so it is no part of an article's text."""
_NOSCRIPT = re.compile(r"</?noscript\b[^>]{0,500}>", re.IGNORECASE)
_TRACKING_IMAGE = re.compile(
    r"^https?://(?:pixel|pixels|beacon|tracking|tracker|stats|analytics)\.|"
    r"^https?://(?:[^/]*\.)?(?:amazon-adsystem\.com|assoc-amazon\.com|doubleclick\.net|feedsportal\.com|"
    r"google-analytics\.com|imrworldwide\.com|ioam\.de|met\.vgwort\.de|quantserve\.com|scorecardresearch\.com|xiti\.com|"
    r"yadro\.ru)/|//(?:feeds\.feedburner\.com/~|www\.facebook\.com/tr\?|mc\.yandex\.ru/|bat\.bing\.com/|hm\.baidu\.com/|"
    r"px\.ads\.linkedin\.com/|t\.co/i/)|/(?:matomo|piwik)\.php\?|"
    r"/(?:pixel|beacon|count(?:er)?|1x1|spacer|blank|clear|transparent|tracking)\.(?:gif|png)(?:\?|$)"
)
_SIZE = re.compile(r"^\s*\+?([0-9]{1,4})(?![0-9]|[0-9.]*%)")
"""As HTML reads it: `1px` and `1.5` are 1; a share of the page's width says nothing of a picture."""
_MARK = "webfeedsFeaturedVisual"
"""The class by which Feedly knows it, which publishers write for all readers."""
_NOT_DISPLAYED = re.compile(r"\bdisplay\s{0,9}:\s{0,9}none\b|\bvisibility\s{0,9}:\s{0,9}hidden\b", re.IGNORECASE)
_COUNT = re.compile(r"^([0-9]{1,4})$")
_ORDINAL = re.compile(r"^(-?[0-9]{1,4})$")
_VALUES: Mapping[str, re.Pattern[str]] = {
    "width": _SIZE,
    "height": _SIZE,
    "colspan": _COUNT,
    "rowspan": _COUNT,
    "span": _COUNT,
    "start": _ORDINAL,
    "value": _ORDINAL,
    "type": re.compile(r"^([1aAiI])$"),
}
"""What is kept of an attribute, as the group; nothing where it says something else."""
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_MEANT = {chr(code): bytes([code]).decode("windows-1252", "ignore") for code in range(0x80, 0xA0)}
"""What controls of the second block (C1) stand for, as in HTML's numbers: left alone, U+009B begins a command to many
terminals, and what a log or a list of stories shows is written by strangers."""
_ODD_BLANK = re.compile("[\t\r\x0b\x0c\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")
"""`[^\\S \\n]`, in half the time."""
_DIRECTIONS = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
"""Bidirectional overrides: one in a title would turn round the rest of the line."""
_MARKUP_IN_LINE = re.compile(
    r"</(?:a|abbr|b|bdi|big|blockquote|cite|code|del|div|em|font|h[1-6]|i|ins|mark|p|q|s|script|small|span|strong|style|"
    r"sub|sup|time|tt|u)\s*>|<(?:br|hr|wbr)\s*/?>|<(?:a|img|script|svg|iframe|span|font)\s[^>]{0,500}=",
    re.IGNORECASE,
)
_ENDLESS_REFERENCE = re.compile(r"&#\d{1000,};?")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def sanitise(markup: str, *, base_url: str | None = None) -> SafeHtml:
    """Return the part of foreign HTML that may stand on a page: no scripts, styles, forms, frames or trackers.

    Links and images lead to http(s) (links also to mailto), resolved against `base_url`; without one, relative
    ones are dropped.
    """
    body = _bounded(markup)
    if _is_too_deep(body):
        return _as_paragraphs(plain_text(body))

    before = _BASE_URL.set(base_url)
    try:
        clean = _CLEANER.clean(_PLAYER.sub(_with_link, body))
    finally:
        _BASE_URL.reset(before)
    # nh3 escapes < and > inside attributes, so that what looks like a whole <img> tag in its output is one; and it
    # resolves references: `&#1;` has become the control character that it stands for
    return SafeHtml(valid_text(_IMG.sub(_unless_tracking, clean)).strip())


def _checked(tag: str, attribute: str, value: str) -> str | None:
    """Return what an attribute of a body may say; None where it has to go."""
    if attribute in _ADDRESSES:
        address = _first_of_set(value) if attribute.endswith("srcset") else value
        return _checked_url(address, _BASE_URL.get(), may_be_mail=tag == "a")
    if attribute == "style":
        return _looks(value)
    if attribute not in _VALUES:
        return value
    if attribute in ("width", "height") and value.lstrip().startswith("."):
        return "0"
    found = _VALUES[attribute].search(value)
    return found[1] if found else None


def _looks(style: str) -> str | None:
    """Return what hides a picture, in a word; None where its style leaves it to be seen."""
    if hides(style):
        return "hidden"
    return "transparent" if makes_transparent(style) else "without letters" if leaves_no_letters(style) else None


def _first_of_set(candidates: str) -> str:
    found = _FIRST_OF_SET.match(candidates)
    return found[1] if found else ""


_Check = Callable[[str, str, str], str | None]
"""Returns what an attribute may say, by its tag, its name and its value; None where it has to go."""


def _cleaner(
    check: _Check, of_images: frozenset[str], always: Mapping[str, Mapping[str, str]] | None = None
) -> nh3.Cleaner:
    """Return the one sanitiser; `always` are attributes that an element gets, by its tag."""
    return nh3.Cleaner(
        tags=_TAGS,
        clean_content_tags=_DROPPED_WHOLE,
        attributes=_ATTRIBUTES | {"img": _ATTRIBUTES["img"] | of_images},
        attribute_filter=check,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values=always,
    )


_CLEANER = _cleaner(_checked, frozenset(("hidden", "style", *_LATER_SOURCES)))


def with_images(content: SafeHtml, address_of: Callable[[str], str | None]) -> SafeHtml:
    """Return kept HTML as it may be shown: sanitised anew, each image loaded from where `address_of` its source says.

    An image for which it gives None is left out.
    """
    before = _ADDRESS_OF.set(address_of)
    try:
        clean = _ILLUSTRATOR.clean(content)
    finally:
        _ADDRESS_OF.reset(before)
    return SafeHtml(_IMG.sub(lambda tag: tag[0] if ' src="' in tag[0] else "", clean))


def _shown(tag: str, attribute: str, value: str) -> str | None:
    """Return what an attribute of kept HTML says on a page; None where it has to go."""
    if tag == "img" and attribute == "src":
        return _ADDRESS_OF.get()(value)
    return _checked_url(value, None, may_be_mail=tag == "a") if attribute in ("href", "cite") else value


_ILLUSTRATOR = _cleaner(_shown, frozenset(), {"img": {"loading": "lazy", "decoding": "async"}})


def plain_text(markup: str) -> str:
    """Return what HTML says, as text: paragraphs apart by a blank line, entities resolved, scripts gone."""
    body = _PLAYED.sub("", _bounded(markup))
    if "<" not in body:
        return tidy_text(_resolved(body))
    if _is_too_deep(body):
        return tidy_text(_resolved(re.sub(r"<[^>]*>?", " ", body)))
    marked = nh3.clean(body, tags=_TEXT_TAGS, clean_content_tags=_DROPPED_WHOLE, attributes={}, link_rel=None)
    return text_of(SafeHtml(valid_text(marked)))


def text_of(content: SafeHtml) -> str:
    """Return what sanitised HTML says, as `plain_text` would, without parsing it once more.

    What nh3 wrote has no `<` but before a tag and no `>` but behind one, and no reference but to these and `&`: what
    is valid before stays so.
    """
    if "<" not in content:
        return _tidied(html.unescape(content))
    written = _PLAYED.sub("", content)
    flowing = written.replace("\r", " ").replace("\n", " ")  # a line end inside a paragraph means a blank
    return _tidied(html.unescape(_without_tags(flowing)))


def plain_line(text: str) -> str:
    """Return one line of text from what may be text, HTML, or either of them escaped once too often.

    Only what is surely markup is taken for it, so that "1 < 2" and "vector<T>" stay as they are.
    """
    line = valid_text(text[: 16 * 1024])
    for _ in range(3 if "<" in line or "&" in line else 0):
        if _MARKUP_IN_LINE.search(line):
            line = plain_text(line)
        elif _ENTITY.search(line):
            line = _resolved(line)
        else:
            break
    return " ".join(_DIRECTIONS.sub("", clean_text(line)).split())


def has_markup(text: str) -> bool:
    """Whether a text is surely HTML, whatever its feed calls it."""
    return _MARKUP_IN_LINE.search(text) is not None


def valid_text(text: str) -> str:
    """Return what any page, list and database can hold: without control characters and lone surrogates."""
    return text if text.isprintable() else _CONTROLS.sub(_instead, text)  # most are, and to look takes half of the time


def _instead(control: re.Match[str]) -> str:
    return _MEANT.get(control[0], "")


def clean_text(text: str) -> str:
    """Return valid text in its composed form (NFC). Never for markup: `>` and a combining U+0338 compose to `≯`."""
    return _composed(valid_text(text))


def tidy_text(text: str) -> str:
    """Return clean text whose lines have no blanks at their ends and whose paragraphs are one blank line apart."""
    return _tidied(valid_text(text))


def _composed(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _tidied(text: str) -> str:
    text = _composed(text)
    if _ODD_BLANK.search(text) or "  " in text or " \n" in text or "\n " in text:  # to look takes a third of the time
        text = "\n".join(" ".join(line.split()) for line in text.split("\n"))
    while "\n\n\n" in text:  # twenty times as fast as a pattern, and each round takes out a third
        text = text.replace("\n\n\n", "\n\n")
    return text.strip()


def first_image(content: SafeHtml) -> str | None:
    """Return the address of the first image of sanitised HTML."""
    for tag in _IMG.finditer(content):
        for name, value in _IMG_ATTRIBUTE.findall(tag[0]):
            if name == "src":
                return html.unescape(value)
    return None


def only_counts(url: str) -> bool:
    """Whether an image is one that is known to be asked for so that its readers are counted."""
    return _TRACKING_IMAGE.search(url) is not None


def featured_image(markup: str, *, base_url: str | None = None) -> str | None:
    """Return the address of the image that a body marks as its article's, as Feedly asks for; most hide it there."""
    mark = markup.find(_MARK, 0, MAX_HTML_CHARS)
    start, end = markup.rfind("<", 0, max(mark, 0)), markup.find(">", mark)
    tag = markup[start : end + 1] if 0 <= start < mark < end else ""
    return first_image(sanitise(_NOT_DISPLAYED.sub("", tag), base_url=base_url)) if tag else None


def _resolved(text: str) -> str:
    """Return foreign text with the characters that its references name; Python refuses numbers of 4,300 digits."""
    return html.unescape(_ENDLESS_REFERENCE.sub("\ufffd", text))


def _without_tags(content: str) -> str:
    """Return sanitised HTML with what each tag means to a text: a new paragraph, a new line, a blank or nothing.

    Kind by kind, since a look at each tag in Python takes three times as long.
    """
    apart = _SAFE_BREAK.sub("\n", _SAFE_BLOCK.sub("\n\n", content))
    return _SAFE_TAG.sub("", _SAFE_CELL.sub(" ", apart))


def _bounded(markup: str) -> str:
    """Return what is read of a body, what it keeps for readers without scripts among it: here there are none."""
    return _NOSCRIPT.sub("", valid_text(markup[:MAX_HTML_CHARS]))


def _with_link(player: re.Match[str]) -> str:
    """Return a player, which will go, behind a link to what it plays. Both are foreign markup still."""
    address = player["framed"] or player["file"]
    host = address.partition("//")[2].partition("/")[0].removeprefix("www.")
    return f'<a href="{address}">▶ {host}</a>{player[0]}'


def _is_too_deep(markup: str) -> bool:
    """Whether parsing this would cost out of proportion; an estimate in one pass that errs to the safe side."""
    if markup.count("<") <= MAX_DEPTH:
        return False  # so few tags cannot be too deep: most bodies are not looked at tag by tag
    open_tags: Counter[str] = Counter()
    depth = deepest = n_tags = 0
    for closing, name in _TAG.findall(markup):
        tag = name.lower()
        n_tags += 1
        if tag in _UNNESTED:
            continue
        if not closing:
            open_tags[tag] += 1
            depth += 1
            deepest = max(deepest, depth)
        elif open_tags[tag]:
            open_tags[tag] -= 1
            depth -= 1
    return deepest > MAX_DEPTH or n_tags * deepest > MAX_WORK


def _as_paragraphs(text: str) -> SafeHtml:
    paragraphs = (nh3.clean_text(part) for part in text.split("\n\n") if part)
    return SafeHtml("".join(f"<p>{part}</p>" for part in paragraphs))


def _checked_url(value: str, base_url: str | None, *, may_be_mail: bool) -> str | None:
    if may_be_mail and value[:7].lower() == "mailto:":
        return None if re.search(r"[\x00-\x20\x7f]", value) else value
    return safe_link(value, base_url)


def _unless_tracking(tag: re.Match[str]) -> str:
    """Return an image with one source, the one that readers are to see; nothing where it only counts them."""
    said = dict(_IMG_ATTRIBUTE.findall(tag[0]))
    found = (said.get(name, "") for name in ("src", *_LATER_SOURCES))
    source = next((each for each in found if each and not only_counts(html.unescape(each))), None)
    if source is None or _is_hidden(said):
        return ""
    if source == said.get("src") and said.keys().isdisjoint((*_LATER_SOURCES, "style")):
        return tag[0]
    kept = {"src": source} | {name: said[name] for name in said if name not in ("src", "style", *_LATER_SOURCES)}
    return "<img" + "".join(f' {name}="{value}"' for name, value in kept.items()) + ">"


def _is_hidden(said: Mapping[str, str]) -> bool:
    """Whether nobody can see an image. One that a script would bring may be transparent until it is there."""
    is_dot = any(int(said.get(side, "99")) <= 3 for side in ("width", "height"))
    look = said.get("style")
    return (
        is_dot
        or "hidden" in said
        or look == "hidden"
        or (look == "transparent" and said.keys().isdisjoint(_LATER_SOURCES))
        or (look == "without letters" and said.keys().isdisjoint(("width", "height")))
    )
