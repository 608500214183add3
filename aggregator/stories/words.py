"""Texts -> weighted words, in any script. Pure."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import cache

import stopwordsiso

from aggregator.stories.letters import MARKS, folded

STEM_CHARS = 6
"""Letters of a word that are compared: endings carry grammar (protest, protests, protesters; Serbian cases).
Source: best of 5, 6, 7, 8 and whole words on the labelled sets, see docs/decisions/0007-words.md."""

HAN = "\u3005\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
HANGUL = "\uac00-\ud7a3"
HIRAGANA = "\u3040-\u309f"
KATAKANA = "\u30a1-\u30fa\u30fc-\u30ff"
SOUTH_EAST_ASIAN = "\u0e00-\u0ecf\u1000-\u103f\u1780-\u17d3"
"""Thai, Lao, Burmese and Khmer, which put no spaces between words."""

PIECE = re.compile(
    rf"(?P<pairs>[{HAN}]+|[{HANGUL}]+)|(?P<triples>[{SOUTH_EAST_ASIAN}]+)|(?P<grammar>[{HIRAGANA}]+)|"
    r"(?P<code>(?<!\w)[A-Za-z]{1,6}-?\d{1,4}(?!\w))|(?P<number>\d+(?:[.,]\d+)*)|"
    rf"(?P<word>[{KATAKANA}]+|(?:[^\W\d_{HAN}{HANGUL}{HIRAGANA}{KATAKANA}{SOUTH_EAST_ASIAN}]|[{MARKS}])+)"
)
"""Pieces of a folded text. Han and Hangul give pairs of letters, as good as words (Nie et al. 2000, Lee & Ahn 1996);
hiragana is Japanese grammar; a code is a name of letters and digits (G7, F-16, COVID-19)."""

THOUSANDS = re.compile(r"[.,](?=\d{3}(?:\D|$))")

ARABIC_ARTICLE = re.compile(r"^(?:و)?(?:ال|بال|کال|فال|لل)(?=.{3})")
"""And, the, with the, like the, so the, for the, written as one with their word (Larkey et al. 2002, "light10")."""

ACRONYM = re.compile(r"(?<!\w)[A-Z]{2,5}(?!\w)")
"""A name, however small the word that it looks like: US, AI, UN, WHO, IT."""

NAMING = frozenset(
    "bill bills computer fire goods hell home interest interests invention microsoft mill mine netscape novel research "
    "ring shed shell system test wells world".split()
)
"""What the library's English list holds and news is about: they occur in the names of what happened."""

PARTICLES = frozenset("al bin da das de del della den der di dos du el la las le los ter van von zu".split())
"""Small words inside names, in whatever language a name is told: von der Leyen, El Salvador."""

TELLING_WORDS = 3
"""Small words of one language from which a text is held to be in it."""

CROATIAN = frozenset({"bs", "cnr", "hr", "sh", "sr"})
"""Languages that share a list, which is Croatian in the library, with what Serbian adds."""

SERBIAN = (
    "ako bez bi bih bila bile bili bilo bio biti cemo da dok duz ga gde gdje god ih ili iz jedan jer jos joj jeste kad "
    "kada kako kao kod koja koje koji kroz li me medju mi mogu moze mu na nad nakon nas ne nece nego nema nije nisu "
    "njih nju njegov od oko on ona oni ovo ovaj pa po pod posle pre prema pri sa sam samo se smo sta su sve svi svoj "
    "tako taj te ti to tokom uz va vec vi za zasto zbog"
)


def tokens(text: str, language: str | None = None) -> tuple[str, ...]:
    """Return the words of a text that can tell one happening from another, in order.

    Words lose case, accents and endings; numbers lose their separators; scripts without spaces give runs of letters.
    `language` is an ISO 639-1 code; where it is none with known stop words, that whose stop words the text has most
    of is taken.
    """
    pieces = [(piece.lastgroup, piece[0]) for piece in PIECE.finditer(folded(text))]
    stops = _stops(text, language, pieces)
    return tuple(token for kind, said in pieces for token in _tokens_of(kind, said, stops))


def placed(text: str, language: str | None = None) -> list[tuple[int, int, Sequence[str]]]:
    """Return where the pieces of a text stand in it, start and end, with the tokens that each gives, if any.

    A piece in a script without spaces gives several.
    """
    found = list(PIECE.finditer(text))
    pieces = [(piece.lastgroup, folded(piece[0])) for piece in found]
    stops = _stops(text, language, pieces)
    return [
        (piece.start(), piece.end(), _tokens_of(kind, said, stops))
        for piece, (kind, said) in zip(found, pieces, strict=True)
    ]


def is_number(token: str) -> bool:
    """Whether a token is a number and not a word."""
    return token[0].isdigit()


def is_digit(token: str) -> bool:
    """Whether a token is a number below ten: half of all headlines hold one, and it names nothing."""
    return len(token) == 1 and token.isdigit()


@cache
def stop_words(language: str | None) -> frozenset[str]:
    """Return the words of a language that say nothing of what happened, folded; none where it is not known."""
    if language in CROATIAN:
        return PARTICLES | frozenset(map(folded, stopwordsiso.stopwords("hr"))) | frozenset(SERBIAN.split())
    if language is None or not stopwordsiso.has_lang(language):
        return frozenset()
    return PARTICLES | (frozenset(map(folded, stopwordsiso.stopwords(language))) - NAMING)


def _stops(text: str, language: str | None, pieces: Iterable[tuple[str | None, str]]) -> frozenset[str]:
    """Return the stop words of a text, less the acronyms in it; where all is in capitals, they tell nothing."""
    stops = stop_words(language) or stop_words(_likeliest(said for kind, said in pieces if kind == "word"))
    acronyms = set() if text.isupper() else {each.lower() for each in ACRONYM.findall(text)}
    return stops - acronyms if acronyms else stops


def _likeliest(words: Iterable[str]) -> str:
    """Return the language whose stop words these are; English where there are too few to tell."""
    counts = Counter(language for word in words for language in _stop_word_in().get(word, ()))
    best = min(counts, key=lambda language: (-counts[language], language != "en", language), default="en")
    return best if counts[best] >= TELLING_WORDS else "en"


@cache
def _stop_word_in() -> dict[str, list[str]]:
    """Return the languages in which each word is a stop word."""
    found: dict[str, list[str]] = defaultdict(list)
    for language in stopwordsiso.langs():
        for word in stop_words(language):
            found[word].append(language)
    return found


def _tokens_of(kind: str | None, said: str, stops: Collection[str]) -> Sequence[str]:
    match kind:
        case "pairs":
            return _runs(said, 2)
        case "triples":
            return _runs(said, 3)
        case "code":
            return [said.replace("-", "")]
        case "number":
            return [THOUSANDS.sub("", said).replace(",", ".")]
        case "word" if len(said) > 1 and said not in stops:
            return [ARABIC_ARTICLE.sub("", said)[:STEM_CHARS]]
        case _:
            return ()


def _runs(said: str, length: int) -> list[str]:
    return [said[start : start + length] for start in range(max(len(said) - length + 1, 1))]
