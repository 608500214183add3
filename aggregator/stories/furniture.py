"""What a publisher repeats from piece to piece, and what therefore says nothing of any of them. Pure."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

MIN_PIECES = 5
"""Pieces under different titles in which a sentence, or titles in which a word, must recur to be furniture."""

SENTENCE_SHARE = 0.2
"""Of a publisher's pieces: from here on a sentence is the publisher's and not the piece's."""

WINDOW_SHARE = 0.5
"""Of all pieces of the window: not even wire copy stands in half of them."""

WORD_SHARE = 0.5
"""Of a publisher's titles: from here on a word is a template's ("match report", "horoscope for")."""

SENTENCE = re.compile(r"[^.!?…。！？]+[.!?…。！？]*")


def without_sentences(texts: Sequence[str], titles: Sequence[str], publishers: Sequence[str]) -> list[str]:
    """Return the texts without the sentences that stand under many titles of one publisher, or in half the window."""
    split = [[sentence.strip() for sentence in SENTENCE.findall(text)] for text in texts]
    of_publisher = _recurring(split, titles, publishers, SENTENCE_SHARE)
    of_all = _recurring(split, titles, [""] * len(texts), WINDOW_SHARE)[""]
    return [
        " ".join(sentence for sentence in sentences if sentence not in of_publisher[publisher] | of_all)
        for sentences, publisher in zip(split, publishers, strict=True)
    ]


def without_templates(titles: Sequence[Sequence[str]], publishers: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the words of the titles without those that stand in most titles of their publisher."""
    keys = [" ".join(title) for title in titles]
    of_publisher = _recurring(titles, keys, publishers, WORD_SHARE)
    return [
        tuple(word for word in title if word not in of_publisher[publisher])
        for title, publisher in zip(titles, publishers, strict=True)
    ]


def _recurring(
    pieces: Sequence[Sequence[str]], titles: Sequence[str], publishers: Sequence[str], share: float
) -> dict[str, frozenset[str]]:
    """Return {publisher: parts that recur in this share of its pieces}; the same title counts once."""
    by_publisher: dict[str, dict[str, set[str]]] = defaultdict(dict)
    for parts, title, publisher in zip(pieces, titles, publishers, strict=True):
        by_publisher[publisher].setdefault(title, set()).update(parts)
    found: dict[str, frozenset[str]] = defaultdict(frozenset)
    for publisher, parts_of in by_publisher.items():
        counts = Counter(part for parts in parts_of.values() for part in parts)
        least = max(MIN_PIECES, share * len(parts_of))
        found[publisher] = frozenset(part for part, count in counts.items() if count >= least)
    return found
