"""Fit the numbers of the story engine's decisions on labelled sets, and say what they are worth on sets held out.

    python bench/fit.py [--sets ../shared/data/stories] [--write aggregator/stories/decision.json] [--table FILE.md]

First the pair decision: a logistic regression on pairs of articles. Then the join of clusters: a logistic regression
on the pairs of clusters that the engine meets on its way. The engine runs, what it met is labelled, it is fitted, and
runs again (DAgger: Ross, Gordon & Bagnell 2011). Every set weighs the same. The figures are leave-one-set-out: each
set is judged by numbers that never saw it.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that `python bench/fit.py` finds the rooms beside it

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from aggregator.config import EncodeSettings
from aggregator.encode import load_encoder, text_to_encode
from aggregator.models.stories import WindowArticle
from aggregator.models.values import Vectors
from aggregator.stories import group
from aggregator.stories.candidates import candidates
from aggregator.stories.corrections import Constraints
from aggregator.stories.profiles import merged, profiles_of
from aggregator.stories.similarity import (
    Compared,
    Decisions,
    Links,
    Rows,
    Weights,
    learned,
    pair_features,
    pair_scores,
    take,
)
from aggregator.stories.ties import ties_of
from aggregator.stories.window import LEAST_LINK, Window
from bench.labelled import Piece, read_pieces

MAX_ARTICLES = 1_600
"""Of a set that is fitted on: of a larger one, whole clusters are drawn until so many are there."""

HARD_VECTOR, HARD_TEXT = 0.2, 0.05
"""Cosines from which two articles of different happenings teach something."""

ONLY_JUDGED = ("meantime_4lang",)
"""Sets that are not fitted on: its stories are translations, which neither words nor an English model can match."""

ROUNDS = 3
"""Times the join is fitted on what it met with the numbers before."""

PARTNERS = 3
"""Best partners of each cluster that are learned from, in every round of joining."""

PAIR_C, JOIN_C = 1.0, 0.3
"""Inverse strengths of regularisation, for sets that weigh 1,000 each."""

PAIRS_AT_ONCE = 50_000

BARS = (0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8)

Sample = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]
"""Features, shape (n, features); share of the same happening, 0..1; weight; the latter of shape (n,)."""


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """A labelled set as the engine compares it."""

    name: str
    compared: Compared
    """Of the articles that are no copies, which go where their originals go."""
    bridges: NDArray[np.bool_]
    clusters: NDArray[np.int64]
    """A number per article."""
    candidates: tuple[Rows, Rows]


def main() -> None:
    """Read the arguments, judge by leaving each set out, and fit on all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=Path, default=Path("../shared/data/stories"))
    parser.add_argument("--write", type=Path)
    parser.add_argument("--no-held-out", action="store_true", help="fit only, and do not judge")
    asked = parser.parse_args()
    encoder = load_encoder(EncodeSettings())
    sets = [
        load_set(file, lambda pieces: encoder.encode([text_to_encode(each.title, each.text, 300) for each in pieces]))
        for file in sorted(asked.sets.glob("*/articles.jsonl"))
    ]
    for bar, figures in ({} if asked.no_held_out else held_out(sets)).items():
        print(
            f"bar {bar:.2f}  B³ F1 {fmean(f for f, _ in figures):.4f}  impure {fmean(i for _, i in figures):.3f}",
            end="  ",
        )
        print("  ".join(f"{each.name} {f:.3f}/{i:.2f}" for each, (f, i) in zip(sets, figures, strict=True)))
    if asked.write:
        asked.write.write_text(json.dumps(fit(sets), indent=2) + "\n", encoding="utf-8")


def load_set(file: Path, encode: Callable[[Sequence[Piece]], Vectors]) -> LabelledSet:
    """Return a labelled file as the engine compares it; of a large one, some of its clusters."""
    rows = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    label_of = {row["id"]: row["cluster"] for row in rows}
    pieces = _fewer(read_pieces(file), label_of)
    articles = [_article(number, piece) for number, piece in enumerate(pieces)]
    window = Window(learned())
    window.advance(articles, range(len(articles)), encode(pieces))
    copies = window.copy_of()
    rows = np.array([row for row, each in enumerate(window.articles) if each.id not in copies], dtype=np.int64)
    labels = [label_of[pieces[window.articles[row].id].id] for row in rows]
    compared = take(window.compared, rows)
    pairs = list(candidates(compared))
    return LabelledSet(
        name=file.parent.name,
        compared=compared,
        bridges=np.array([window.articles[row].is_round_up for row in rows], dtype=bool),
        clusters=np.unique(labels, return_inverse=True)[1],
        candidates=(np.concatenate([left for left, _ in pairs]), np.concatenate([right for _, right in pairs])),
    )


def links_of(each: LabelledSet, decisions: Decisions) -> Links:
    """Return the links between a set's articles, as the engine's window makes them."""
    left, right = each.candidates
    scores = pair_scores(each.compared, left, right, decisions)
    kept = scores >= LEAST_LINK
    left, right, scores = left[kept], right[kept], scores[kept]
    n = len(each.clusters)
    return sparse.csr_matrix((np.r_[scores, scores], (np.r_[left, right], np.r_[right, left])), shape=(n, n))


def held_out(sets: Sequence[LabelledSet]) -> Mapping[float, list[tuple[float, float]]]:
    """Return {bar: (BCubed F1, impure share) of each set}, each by numbers fitted on the others."""
    figures: dict[float, list[tuple[float, float]]] = {bar: [] for bar in BARS}
    for each in sets:
        decisions = fit([other for other in sets if other is not each], endings=("",))
        decisions = _by_all(decisions)
        links, part = links_of(each, decisions), group.Part(each.compared, np.arange(len(each.clusters)))
        for bar in BARS:
            labels = group.group(part, links, decisions, held=Constraints(), bridges=each.bridges, bar=bar)
            figures[bar].append((bcubed_f1(each.clusters, labels), impure(each.clusters, labels)))
    return figures


def fit(sets: Sequence[LabelledSet], *, endings: Sequence[str] = ("", "_by_words")) -> Decisions:
    """Return the learned numbers: of pairs and of joins, with vectors and by words alone."""
    decisions: dict[str, Weights] = {}
    fitted_on = [each for each in sets if each.name not in ONLY_JUDGED]
    for ending in endings:
        seen = [_without_vectors(each) if ending else each for each in fitted_on]
        names, samples = zip(*[pair_sample(each) for each in seen], strict=True)
        pair = {f"pair{ending}": _logistic(names[0], samples, PAIR_C)}
        decisions |= pair | {f"join{ending}": fit_join(seen, pair, ending)}
    return decisions


def fit_join(sets: Sequence[LabelledSet], pair: Decisions, ending: str) -> Weights:
    """Return the weights of the join after ROUNDS of running, labelling and fitting; first by the mean alone."""
    join: Weights = {"intercept": -4.0, "mean": 10.0}
    samples: list[Sample] = []
    names: list[str] = []
    for _ in range(ROUNDS):
        for each in sets:
            names, met = met_while_joining(each, _by_all({**pair, f"join{ending}": join}))
            samples.append(met)
        join = _logistic(names, samples, JOIN_C)
    return join


def pair_sample(each: LabelledSet) -> tuple[list[str], Sample]:
    """Return pairs of a set: all of one happening, and those of others that look alike.

    Each article's pairs weigh as much as any other's, on either side, so that large stories do not drown small ones.
    """
    everyone = np.arange(len(each.clusters))
    same = np.equal.outer(each.clusters, each.clusters)
    alike = (each.compared.texts @ each.compared.texts.T).toarray() > HARD_TEXT
    alike |= each.compared.vectors @ each.compared.vectors.T > HARD_VECTOR
    left, right = np.nonzero(np.triu(same | alike, k=1))
    shares = same[left, right].astype(np.float32)
    weights = np.zeros(len(left))
    for side in (0, 1):
        on = shares == side
        degree = np.maximum(np.bincount(np.r_[left[on], right[on]], minlength=len(everyone)), 1)
        weights[on] = 1 / degree[left[on]] + 1 / degree[right[on]]
        weights[on] *= 1_000 / max(weights[on].sum(), 1e-9)
    parts = [pair_features(each.compared, left[some], right[some]) for some in _slices(len(left))]
    names = sorted(name for name in parts[0] if name != "vector" or each.compared.has_vector.any())
    features = np.concatenate([np.stack([part[name] for name in names], axis=1) for part in parts])
    return names, (features, shares, weights)


def met_while_joining(each: LabelledSet, decisions: Decisions) -> tuple[list[str], Sample]:
    """Return the best partners that every cluster of a set meets while the engine joins, with their features."""
    links, names = links_of(each, decisions), list[str]()
    labels = np.arange(len(each.clusters), dtype=np.int64)
    profiles = profiles_of(each.compared, labels)
    found: list[Sample] = []
    while True:
        clusters = group.clusters_of(ties_of(links, labels), profiles)
        scores = group.join_scores(clusters, decisions, np.zeros(len(clusters.left), dtype=bool))
        names, sample = _partners(clusters, scores, labels, each.clusters)
        found.append(sample)
        target = group.best_pairs(group.Judged(clusters.left, clusters.right, scores), len(labels), 0.5)
        if target is None:
            break
        labels, profiles = target[labels], merged(profiles, target, each.compared.rarity)
    features, shares, weights = (np.concatenate(parts) for parts in zip(*found, strict=True))
    if not each.compared.has_vector.any():
        kept = [place for place, name in enumerate(names) if "vector" not in name]
        names, features = [names[place] for place in kept], features[:, kept]
    return names, (features, shares, weights * 1_000 / weights.sum())


def _slices(n: int) -> list[slice]:
    return [slice(start, start + PAIRS_AT_ONCE) for start in range(0, n, PAIRS_AT_ONCE)]


def _by_all(decisions: Decisions) -> Decisions:
    """Return the decisions, each under both names: with vectors and by words."""
    plain = {name.removesuffix("_by_words"): weights for name, weights in decisions.items()}
    return {**plain, **{f"{name}_by_words": weights for name, weights in plain.items()}, **decisions}


def _partners(
    clusters: group.Clusters, scores: NDArray[np.float32], labels: Rows, happenings: Rows
) -> tuple[list[str], Sample]:
    """Return the PARTNERS best linked partners of each cluster, each pair once."""
    one, other = np.r_[clusters.left, clusters.right], np.r_[clusters.right, clusters.left]
    pair = np.tile(np.arange(len(scores)), 2)
    order = np.lexsort((other, -np.r_[scores, scores], one))
    place = np.arange(len(order)) - np.searchsorted(one[order], one[order])
    chosen = np.unique(pair[order][place < PARTNERS])
    left, right = clusters.left[chosen], clusters.right[chosen]
    sizes = clusters.profiles.sizes
    held = np.zeros((len(sizes), int(happenings.max()) + 1), dtype=np.float32)
    np.add.at(held, (labels, happenings), 1)
    shares = np.einsum("ij,ij->i", held[left], held[right]) / (sizes[left] * sizes[right])
    features = group.join_features(clusters, chosen)
    names = sorted(features)
    stacked = np.stack([features[name] for name in names], axis=1)
    return names, (stacked, shares, np.sqrt(np.minimum(sizes[left], sizes[right])))


def _logistic(names: Sequence[str], samples: Sequence[Sample], strength: float) -> Weights:
    """Return the weights of a logistic regression on shares: each case counts as both, by its share."""
    features, shares, weights = (np.concatenate(parts) for parts in zip(*samples, strict=True))
    scale, middle = features.std(axis=0) + 1e-9, features.mean(axis=0)
    model = LogisticRegression(C=strength, max_iter=500).fit(
        np.tile((features - middle) / scale, (2, 1)),
        np.r_[np.ones(len(shares)), np.zeros(len(shares))],
        sample_weight=np.r_[weights * shares, weights * (1 - shares)],
    )
    factors = model.coef_[0] / scale
    intercept = float(model.intercept_[0] - factors @ middle)
    return {name: round(float(factor), 4) for name, factor in zip(names, factors, strict=True)} | {
        "intercept": round(intercept, 4)
    }


def bcubed_f1(gold: NDArray[np.int64], predicted: NDArray[np.int64]) -> float:
    """Return BCubed F1 (Bagga & Baldwin 1998) of two groupings of the same articles, each of shape (n,)."""
    _, both, counts = np.unique(np.stack([gold, predicted]), axis=1, return_inverse=True, return_counts=True)
    shared = counts[both.ravel()]
    precision = (shared / np.bincount(predicted)[predicted]).mean()
    recall = (shared / np.bincount(gold)[gold]).mean()
    return float(2 * precision * recall / (precision + recall))


def impure(gold: NDArray[np.int64], predicted: NDArray[np.int64]) -> float:
    """Return the share of stories of two or more in which under 90 % are of one happening."""
    stories = [gold[predicted == story] for story in np.flatnonzero(np.bincount(predicted) > 1)]
    return fmean(np.bincount(story).max() < 0.9 * len(story) for story in stories) if stories else 0.0


def _without_vectors(each: LabelledSet) -> LabelledSet:
    bare = replace(
        each.compared,
        vectors=np.zeros_like(each.compared.vectors),
        has_vector=np.zeros(len(each.clusters), dtype=bool),
    )
    pairs = list(candidates(replace(bare, vectors=bare.vectors[:, :0])))
    found = (np.concatenate([left for left, _ in pairs]), np.concatenate([right for _, right in pairs]))
    return replace(each, compared=bare, candidates=found)


def _fewer(pieces: Sequence[Piece], label_of: Mapping[str, str]) -> Sequence[Piece]:
    """Return the pieces of clusters drawn at random, in order, of no more than MAX_ARTICLES or so."""
    labels = sorted({label_of[piece.id] for piece in pieces})
    kept: set[str] = set()
    for label in np.random.default_rng(1).permutation(labels).tolist():
        if sum(label_of[piece.id] in kept for piece in pieces) < MAX_ARTICLES:
            kept.add(label)
    return [piece for piece in pieces if label_of[piece.id] in kept]


def _article(number: int, piece: Piece) -> WindowArticle:
    return WindowArticle(
        id=number,
        title=piece.title,
        text=piece.text,
        publisher=piece.source,
        language=piece.language,
        published_at=piece.published_at,
        first_seen_at=piece.published_at,
        url=piece.url,
    )


if __name__ == "__main__":
    main()
