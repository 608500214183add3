"""What of an article is compared: its words without the furniture around them. Pure."""

import re
import unicodedata

MAX_TITLE_CHARS = 300
"""Characters of a title that are compared; real ones are under 200, feeds with a whole text as title exist."""

LEAD_CHARS = 600
"""Characters of the text that are compared by their words: the first paragraphs say what happened."""

LABELS = (
    "live|live updates?|live blog|breaking|breaking news|just in|update|updated|video|watch|photos?|pictures|gallery|"
    "in pictures|exclusive|opinion|analysis|explainer|explained|fact check|podcast|report|interview|"
    "direct|en direct|vidéo|exclusif|alerte|foto|fotos|uživo|uzivo|în direct|eilmeldung|liveblog|liveticker|"
    "en vivo|en directo|ao vivo|última hora|ultim'ora|diretta"
)
"""Words before a colon, bar or dash, or in brackets, that say what kind of piece it is and not what happened."""

LABEL_AHEAD = re.compile(rf"^\s*(?:[\[(]\s*(?:{LABELS})\s*[\])]|(?:{LABELS})\s*[:|–—-])\s*", re.IGNORECASE)
LABEL_BEHIND = re.compile(rf"\s*(?:[\[(]\s*(?:{LABELS})\s*[\])]|[|–—-]\s*(?:{LABELS}))\s*$", re.IGNORECASE)

SUFFIX = re.compile(r"\s+(?:[|•·»]|[–—-])\s+(?P<name>[^|•·»–—]{2,40})$")
"""A publisher's name behind the last bar or spaced dash of a title."""

MAX_SUFFIX_WORDS = 5
"""Words of a publisher's name behind a title; longer ends are part of what the title says."""

DATELINE = re.compile(
    r"^\s*(?:[A-ZÀ-ÞČŠŽĆĐА-Я][\w'’.,/ -]{1,40}?)?\s*\((?P<agency>[A-Z][\w .&/-]{1,30})\)\s*(?:[-–—:]|\s)\s*"
)
"""Where and by whom an agency's text was filed: `CAIRO (Reuters) - `."""

BYLINE = re.compile(
    r"^\s*(?:by|par|por|von|di|od)\s+(?:[A-ZÀ-Þ][\w'’.-]+\s*,?\s*(?:and|et|y|und|e|i)?\s*){2,6}\n", re.IGNORECASE
)

ASKING = (
    "read more|continue reading|click here|sign up|subscribe|newsletter|follow us|"
    "all rights reserved|advertisement|story continues below|lire la suite|lire aussi|abonnez-vous|weiterlesen|"
    "lesen sie auch|leer más|suscríbete|leggi anche|lees ook|lees meer|pročitajte|citește și|читайте также"
)
"""What pages ask of their readers, and say of themselves."""

SIGNS = ("appeared first on", *ASKING.split("|"))
"""Without any of which there is no furniture: looked for in a hundredth of the time."""

FURNITURE = re.compile(
    rf"(?:^|(?<=[\n.!?…]))[^\n.!?]{{0,60}}\b(?:the post .{{0,120}} appeared first on|{ASKING})\b[^\n]*", re.IGNORECASE
)
"""Sentences that belong to the page and not to the piece."""


ROUND_UP = re.compile(
    r"\b(?:as it happened|live (?:updates|blog)|liveblog|liveticker|news in brief|briefs?:|round-?up|morning briefing|"
    r"evening briefing|daily briefing|week in (?:review|pictures)|top (?:\d+ )?(?:stories|headlines)|the papers|"
    r"what to know today|today's headlines|minuto a minuto|en direct|live-?ticker|revue de presse|presseschau|"
    r"das wichtigste|lo más destacado|rassegna stampa|najvažnije vesti)\b|^\s*(?:live|en vivo|ao vivo|uživo)\s*[:|–—-]",
    re.IGNORECASE,
)
"""Titles of pieces that tell of many happenings, or of one as it goes on: they join a story and hold none together."""


def is_round_up(title: str) -> bool:
    """Whether a piece tells of many happenings, as round-ups and live blogs do."""
    return ROUND_UP.search(title) is not None


def clean_title(title: str, publisher: str = "") -> str:
    """Return the title without labels ("LIVE:", "[Video]") and without the publisher's name at its end."""
    plain = _one_line(title)[:MAX_TITLE_CHARS]
    for _ in range(2):
        plain = LABEL_BEHIND.sub("", LABEL_AHEAD.sub("", plain)) or plain
    return _without_suffix(plain, publisher)


def clean_text(text: str, title: str = "") -> str:
    """Return the text without byline, dateline, furniture, and the title where it begins with that."""
    body = unicodedata.normalize("NFKC", text[: 4 * LEAD_CHARS]).strip()
    if title and body.casefold().startswith(title.casefold()):
        body = body[len(title) :]
    body = _without_start(DATELINE, _without_start(BYLINE, body.lstrip()))
    said = body.lower()
    return _one_line(FURNITURE.sub(" ", body) if any(sign in said for sign in SIGNS) else body)


def _without_start(start: re.Pattern[str], text: str) -> str:
    found = start.match(text)
    return text[found.end() :] if found else text


def _without_suffix(title: str, publisher: str) -> str:
    found = SUFFIX.search(title)
    if found is None or len(found["name"].split()) > MAX_SUFFIX_WORDS or len(title[: found.start()].split()) < 3:
        return title
    is_bar = title[found.start() : found.start("name")].strip() in set("|•·»")
    if is_bar or _names(found["name"], publisher):
        return title[: found.start()]
    return title


def _names(suffix: str, publisher: str) -> bool:
    """Whether these words are the publisher's name or domain."""
    squeezed, domain = _letters(suffix), _letters(publisher)
    stem = _letters(publisher.rsplit(".", 1)[0])
    return bool(squeezed) and bool(domain) and (squeezed in domain or (len(stem) > 3 and stem in squeezed))


def _letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _one_line(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())
