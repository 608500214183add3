"""Why an article is in its story: what it shares with its nearest member, and what would have kept it out. Pure.

The pair is really judged again, without what is asked about: nothing here is a guess about the decision.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from aggregator.models.evidence import Evidence, Shared, SharedKind
from aggregator.stories.surfaces import Line
from aggregator.stories.terms import Span, as_written, is_sure_name, shared_terms
from aggregator.stories.words import is_number

MAX_SHARED = 6
"""Of what two articles share that is named: the rest says little."""

MAX_WORDS = 15
"""Words that these are looked for among, by weight: names are made of several."""

MAX_DAYS = 14
"""Days apart that are asked about: a story is closed by then."""

SAME = 0.02
"""Difference up to which the score that is worked out here is the one that was decided by."""

Weights = Mapping[str, float]
"""Of a logistic decision: one factor per feature, and `intercept`."""


@dataclass(frozen=True, slots=True)
class Weight:
    """What a word weighs in each of two articles, as parts of two unit rows."""

    left: float
    right: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What decides on a pair: two logistic decisions and the reserves between them."""

    pair: Weights
    join: Weights
    """Of two clusters; here of one article each."""
    bar: float
    patience_days: float
    """Days between two articles that cost nothing."""
    logits_per_day: float
    """What each further day costs."""
    quorum: float
    """Pair score below which nothing joins."""
    ceiling: float
    """The best score of a pair that shares no word."""
    usual_length: float = 0.0
    """What a join takes from the pair's `length`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """An article and the member nearest to it, as they were compared."""

    score: float
    """By which it was decided, 0..1."""
    features: Mapping[str, float]
    """What they were judged by; `title`, `text` and `names` are cosines of weighted words, `vector` of vectors."""
    titles: Mapping[str, Weight]
    """The words that both titles have."""
    texts: Mapping[str, Weight]
    """The words that both have, title and text together."""
    names: Mapping[str, Weight] = field(default_factory=dict)
    """The names that both have."""
    cover: Mapping[str, float] = field(default_factory=dict)
    """What each word that both have adds to how much of either the other covers, as a join of the two reads it."""
    days: float
    """Between them."""
    reserve: float = 0.0
    """Log odds that other signs than time cost."""
    likeness: float | None = None
    """Cosine of their vectors as a join reads it; None where one has none."""

    @property
    def has_vectors(self) -> bool:
        """Whether both have one."""
        return self.likeness is not None


def explain(pair: Pair, left: Sequence[Line], right: Sequence[Line], rule: Rule) -> Evidence:
    """Return the evidence; `left` and `right` are title and text of either, for the words as they are written.

    What would have kept them out is said only where judging the pair again gives the score that it was decided by.
    """
    shared = _shared(pair, shared_terms(left, right, _weightiest(pair.texts)), rule)
    known = Evidence(
        shared=tuple(each for each, _ in shared),
        chance=_joined(rule, pair, _without(pair, ()), pair.score),
        bar=rule.bar,
        likeness=pair.likeness,
    )
    if abs(score(pair, rule) - pair.score) > SAME or known.chance < rule.bar:
        return known
    n_decisive, without = _decisive(pair, [words for _, words in shared], rule)
    return known._replace(n_decisive=n_decisive, without=without, days=_days(pair, rule))


def score(pair: Pair, rule: Rule, without: Collection[str] = (), days: float | None = None) -> float:
    """Return the score of the pair, 0..1, without these words and so many days apart."""
    features = _without(pair, without)
    gap = pair.days if days is None else days
    cost = pair.reserve + rule.logits_per_day * max(gap - rule.patience_days, 0)
    found = _chance(_log_odds(rule.pair, features) - cost)
    return min(found, rule.ceiling) if features["text"] <= 0 else found


def chance(pair: Pair, rule: Rule, without: Collection[str] = (), days: float | None = None) -> float:
    """Return the chance, 0..1, that the two alone are one story, without these words and so many days apart."""
    return _joined(rule, pair, _without(pair, without), score(pair, rule, without, days))


def _joined(rule: Rule, pair: Pair, features: Mapping[str, float], found: float) -> float:
    """Return the chance of the join of two clusters of one article each, whose pair score was found."""
    if found < rule.quorum:
        return 0.0
    seen = {
        **dict.fromkeys(rule.join, 0.0),  # whatever is times the size of one article: its logarithm is nought
        **features,
        "mean": found,
        "best": found,
        "vector": pair.likeness or 0.0,
        "length": features["length"] - rule.usual_length,
    }
    return _chance(_log_odds(rule.join, seen))


def _without(pair: Pair, words: Collection[str]) -> dict[str, float]:
    """Return what the pair would be judged by if neither article had these words."""
    return {
        **pair.features,
        "title": _cosine(pair.features["title"], pair.titles, words),
        "text": _cosine(pair.features["text"], pair.texts, words),
        "names": _cosine(pair.features.get("names", 0.0), pair.names, words),
        "cover": sum(part for word, part in pair.cover.items() if word not in words),
    }


def _cosine(cosine: float, weights: Mapping[str, Weight], words: Collection[str]) -> float:
    """Return the cosine of two unit rows without these words, each row brought to unit length again."""
    gone = [weights[word] for word in words if word in weights]
    left, right = 1 - sum(each.left**2 for each in gone), 1 - sum(each.right**2 for each in gone)
    if min(left, right) < 1e-6:
        return 0.0
    return max(cosine - sum(each.left * each.right for each in gone), 0) / math.sqrt(left * right)


def _shared(
    pair: Pair, terms: Mapping[tuple[str, ...], Sequence[Span]], rule: Rule
) -> list[tuple[Shared, tuple[str, ...]]]:
    """Return the terms that they share, the weightiest first, with their tokens."""
    left = {words: score(pair, rule, words) for words in terms}
    ordered = sorted(terms, key=lambda words: (left[words], words))[:MAX_SHARED]
    return [(_named(words, terms[words]), words) for words in ordered]


def _weightiest(weights: Mapping[str, Weight]) -> frozenset[str]:
    ordered = sorted(weights, key=lambda word: (-weights[word].left * weights[word].right, word))
    return frozenset(ordered[:MAX_WORDS])


def _named(words: Sequence[str], spans: Sequence[Span]) -> Shared:
    text = as_written(spans)
    if all(is_number(word) for word in words):
        return Shared(text, SharedKind.NUMBER)
    return Shared(text, SharedKind.NAME if is_sure_name(spans) else SharedKind.WORD)


def _decisive(pair: Pair, shared: Sequence[tuple[str, ...]], rule: Rule) -> tuple[int, float]:
    """Return how many of the weightiest, taken away one after the other, bring the pair under the bar; and to what.

    0 where even all of them do not.
    """
    gone: set[str] = set()
    left = chance(pair, rule)
    for n, words in enumerate(shared, start=1):
        gone |= set(words)
        left = chance(pair, rule, gone)
        if left < rule.bar:
            return n, left
    return 0, left


def _days(pair: Pair, rule: Rule) -> int | None:
    first = math.floor(pair.days) + 1
    return next((day for day in range(first, MAX_DAYS + 1) if chance(pair, rule, days=day) < rule.bar), None)


def _log_odds(weights: Weights, features: Mapping[str, float]) -> float:
    return weights["intercept"] + sum(weights[name] * features[name] for name in weights.keys() - {"intercept"})


def _chance(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds)) if log_odds > -700 else 0.0
