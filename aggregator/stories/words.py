"""Texts -> weighted words, in any script. Pure."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from sys import intern
from typing import NamedTuple

import stopwordsiso

from aggregator.letters import MARKS, folded

STEM_CHARS = 6
"""Letters of a word that are compared: endings carry grammar (protest, protests, protesters; Serbian cases).
Source: best of 5, 6, 7, 8 and whole words on the labelled sets, see docs/decisions/0018-words.md."""

HAN = "\u3005\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
HANGUL = "\uac00-\ud7a3"
HIRAGANA = "\u3040-\u309f"
KATAKANA = "\u30a1-\u30fa\u30fc-\u30ff"
SOUTH_EAST_ASIAN = "\u0e00-\u0ecf\u1000-\u103f\u1780-\u17d3"
"""Thai, Lao, Burmese and Khmer, which put no spaces between words."""

LETTERS = rf"(?:[^\W\d_{HAN}{HANGUL}{HIRAGANA}{KATAKANA}{SOUTH_EAST_ASIAN}]|[{MARKS}])+"
"""A word of a script with spaces between words."""

PIECE = re.compile(
    rf"(?P<pairs>[{HAN}]+|[{HANGUL}]+)|(?P<triples>[{SOUTH_EAST_ASIAN}]+)|(?P<grammar>[{HIRAGANA}]+)|"
    r"(?P<code>(?<!\w)[A-Za-z]{1,6}-?\d{1,4}(?!\w))|(?P<number>\d+(?:[.,]\d+)*)|"
    rf"(?P<word>[{KATAKANA}]+|{LETTERS})"
)
"""Pieces of a folded text. Han and Hangul give pairs of letters, as good as words (Nie et al. 2000, Lee & Ahn 1996);
hiragana is Japanese grammar; a code is a name of letters and digits (G7, F-16, COVID-19)."""

WORD = re.compile(LETTERS)
"""What is nothing else is one piece, as most runs are."""

EDGES = ".,:;!?…()[]{}\"“”„«»‘’'–—-|/*"
"""What stands around words and belongs to none, so that one word is read once."""

REMEMBERED = 1 << 14
"""Runs between two spaces that are remembered of a language, and as many again of before: about 15 MB while a window is
read."""

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


class _Run(NamedTuple):
    """What stands between two spaces, which no piece of a text reaches across."""

    text: str
    tokens: tuple[str, ...]
    lettered: tuple[tuple[bool, Sequence[str]], ...]
    """Of each piece that begins with a letter, whether that is a capital, and its tokens, if any."""
    small: tuple[str, ...]
    """The stop words in it, which give no tokens."""


class Runs:
    """Runs that were read once, by language: what is said is said again and again, and found in a tenth of the time.

    It belongs to whoever reads many texts, and goes when they are read.
    """

    def __init__(self) -> None:
        self._in: dict[str, _Runs] = {}

    def of(self, language: str) -> "_Runs":
        """Return those of a language."""
        if language not in self._in:
            self._in[language] = _Runs(stop_words(language))
        return self._in[language]


class _Runs(dict[str, _Run]):
    """Those of one language. When there are too many, those are forgotten that nobody said since it was so before."""

    def __init__(self, stops: frozenset[str]) -> None:
        super().__init__()
        self._stops = stops
        self._before: dict[str, _Run] = {}

    def __missing__(self, run: str) -> _Run:
        if len(self) >= REMEMBERED:
            self._before = dict(self)
            self.clear()
        self[run] = found = self._before.get(run) or _read(run, self._stops)
        return found


def tokens(text: str, language: str | None = None, runs: Runs | None = None) -> tuple[str, ...]:
    """Return the words of a text that can tell one happening from another, in order.

    Words lose case, accents and endings; numbers lose their separators; scripts without spaces give runs of letters.
    `language` is an ISO 639-1 code; where it is none with known stop words, that whose stop words the text has most
    of is taken. `runs` are what was read before, of many texts.
    """
    return tuple([token for run in _runs_in(text, language, runs or Runs()) for token in run.tokens])


def capitals(text: str, language: str | None = None, runs: Runs | None = None) -> list[tuple[bool, Sequence[str]]]:
    """Return of each piece that begins with a letter whether that is a capital, and its tokens, if any, in order."""
    return [each for run in _runs_in(text, language, runs or Runs()) for each in run.lettered]


def placed(text: str, language: str | None = None) -> list[tuple[int, int, Sequence[str]]]:
    """Return where the pieces of a text stand in it, start and end, with the tokens that each gives, if any.

    A piece in a script without spaces gives several.
    """
    stops = stop_words(_spoken(text, language)) - _acronyms(text)
    return [
        (piece.start(), piece.end(), _tokens_of(piece.lastgroup, folded(piece[0]), stops))
        for piece in PIECE.finditer(text)
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


def _spoken(text: str, language: str | None) -> str:
    """Return the language whose stop words are left out of a text."""
    if language is not None and stop_words(language):
        return language
    return _likeliest(said for kind, said in _pieces(folded(text)) if kind == "word")


def _acronyms(text: str) -> set[str]:
    """Return the small words of a text that are none, being acronyms; where all is in capitals, they tell nothing."""
    return set() if text.isupper() else {each.lower() for each in ACRONYM.findall(text)}


def _runs_in(text: str, language: str | None, runs: Runs) -> list[_Run]:
    """Return what stands between the spaces of a text, read."""
    spoken = _spoken(text, language)
    known = runs.of(spoken)
    found = [known[run.strip(EDGES)] for run in text.split(" ")]
    spared = stop_words(spoken).intersection(_acronyms(text))
    if not spared:
        return found
    stops = stop_words(spoken) - spared
    return [run if spared.isdisjoint(run.small) else _read(run.text, stops) for run in found]


def _read(run: str, stops: Collection[str]) -> _Run:
    if run.isascii() and run.isalpha():
        return _read_word(run, run.lower(), stops)  # the same, and most runs
    if WORD.fullmatch(run) and WORD.fullmatch(said := folded(run)):
        return _read_word(run, said, stops)
    places = [(piece.lastgroup, piece[0], folded(piece[0])) for piece in PIECE.finditer(run)]
    is_plain = run.isascii() and "'" not in run  # then it does not matter which is first, cutting or folding
    pieces = [(kind, said) for kind, _, said in places] if is_plain else _pieces(folded(run))
    told = {said for _, said in pieces}.union(said for *_, said in places)
    return _Run(
        run,
        tuple(intern(token) for kind, said in pieces for token in _tokens_of(kind, said, stops)),
        tuple(
            (raw[0].isupper(), tuple(map(intern, _tokens_of(kind, said, stops))))
            for kind, raw, said in places
            if raw[0].isalpha()
        ),
        tuple(told.intersection(stops)),
    )


def _read_word(run: str, said: str, stops: Collection[str]) -> _Run:
    parts = tuple(map(intern, _tokens_of("word", said, stops)))
    lettered = ((run[0].isupper(), parts),) if run[0].isalpha() else ()
    return _Run(run, parts, lettered, (said,) if said in stops else ())


def _pieces(text: str) -> list[tuple[str | None, str]]:
    return [(piece.lastgroup, piece[0]) for piece in PIECE.finditer(text)]


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
            return [(said if said.isascii() else ARABIC_ARTICLE.sub("", said))[:STEM_CHARS]]
        case _:
            return ()


def _runs(said: str, length: int) -> list[str]:
    return [said[start : start + length] for start in range(max(len(said) - length + 1, 1))]
