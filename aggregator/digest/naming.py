"""The names in a story, as its articles write them, with the articles that do. Pure."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set

from aggregator.digest.lines import Line
from aggregator.digest.particulars import NOUNS_ARE_CAPITAL, known_names
from aggregator.digest.sentences import compared
from aggregator.models.digests import Named, ToldArticle
from aggregator.stories.words import placed

MAX_NAMES = 12

MIN_PUBLISHERS = 2

MAX_WORDS = 4

BETWEEN = re.compile(
    r"(?: |[-‐‑'’]|\. )(?:(?:l['’]|d['’])|(?:al|bin|da|de|del|den|der|di|dos|du|el|la|le|of|van|von) ){0,2}"
)
"""What stands between the words of one name."""

Key = tuple[str, ...]


def named(lines: Sequence[Line], articles: Sequence[ToldArticle]) -> tuple[Named, ...]:
    """Return the names that two publishers or more write, those of most articles first.

    A name in short ("Marsh") counts as the long one ("Elena Marsh") where there is but one such. Titles are left out,
    for many are all in capitals, and so are scripts that have none. Where
    every noun has a capital, names of one word are left out.
    """
    written: dict[Key, Counter[str]] = defaultdict(Counter)
    holders: dict[Key, set[int]] = defaultdict(set)
    plain = [(line, compared(line.text), articles[line.article].language) for line in lines if not line.is_title]
    known = known_names((text, language) for _, text, language in plain)
    for line, text, language in plain:
        for key, form in _names_in(text, language, known):
            written[key][form] += 1
            holders[key].add(line.article)
    whole = _whole({key: _best(written[key]) for key in holders})
    for key, longer in whole.items():
        holders[longer] |= holders.pop(key)
    found = [
        Named(_best(written[key]), tuple(articles[at].id for at in sorted(places)))
        for key, places in sorted(holders.items(), key=lambda pair: (-len(pair[1]), pair[0]))
        if len({articles[at].publisher for at in places}) >= MIN_PUBLISHERS
    ]
    return tuple(found[:MAX_NAMES])


def _names_in(text: str, language: str | None, known: Set[str]) -> Iterator[tuple[Key, str]]:
    """Give the runs of capitalised words in a sentence that begin and end with a known name: tokens and wording."""
    words = [
        (start, end, tuple(found))
        for n, (start, end, found) in enumerate(placed(text, language))
        if text[start].isupper() and (set(found) <= known if found else n)
    ]
    at = 0
    while at < len(words):
        last = at
        while last + 1 < len(words) and last + 1 - at < MAX_WORDS:
            if not BETWEEN.fullmatch(text[words[last][1] : words[last + 1][0]]):
                break
            last += 1
        key = tuple(token for _, _, found in words[at : last + 1] for token in found)
        if key and words[last][2] and not (last == at and language in NOUNS_ARE_CAPITAL):
            yield key, text[words[at][0] : words[last][1]]
        at = last + 1


def _whole(written: Mapping[Key, str]) -> dict[Key, Key]:
    """Return {short: long} of names of one word that end one longer name, and no other."""
    by_end: dict[str, list[Key]] = defaultdict(list)
    for key, form in written.items():
        if " " in form:
            by_end[form.rsplit(" ", 1)[-1]].append(key)
    return {key: by_end[form][0] for key, form in written.items() if " " not in form and len(by_end.get(form, ())) == 1}


def _best(written: Counter[str]) -> str:
    return min(written, key=lambda form: (-written[form], form))
