"""Judge topics on labelled sets: python -m bench.topics [--sets FOLDER] [--out FILE].

The labelled stories are given to `find_topics` as they are, so that topics alone are judged. Which stories are of one
topic: ecbplus says so itself (two look-alike happenings per topic); MEANTIME's four topics, and those of the other
sets, were written down by hand from headlines, before anything was measured, in bench/topics.json. "all" puts the
stories of every set into one pile, where nearly all are of no topic.

Every method clusters the same likenesses; ours has one bar for all sets, each other the bar that is best for it with
the labels seen.
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np
from hdbscan import HDBSCAN
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from aggregator.config import EncodeSettings
from aggregator.encode import load_encoder, text_to_encode
from aggregator.models.topics import ArticleSample, TopicStory
from aggregator.models.values import Vectors
from aggregator.store.topics import N_SAMPLE, SAMPLE_CHARS
from aggregator.stories import topics

ROOT = Path(__file__).parents[1]
BARS = tuple(round(bar, 2) for bar in np.arange(0.1, 0.6, 0.04).tolist())
ALONE = "basil"
"""A set without topics: its stories stand between the others'."""

Labels = NDArray[np.int64]
Method = Callable[[topics.Likeness, float], Labels]


@dataclass(frozen=True)
class Pile:
    """Stories, and which of them are of one topic."""

    name: str
    stories: Sequence[TopicStory]
    gold: Sequence[str]
    alike: topics.Likeness
    by_words: topics.Likeness


def main() -> None:
    """Read, measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", type=Path, default=ROOT.parent / "shared/data/stories")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    if not asked.sets.is_dir():
        sys.exit(f"{asked.sets} is not there; name a folder of labelled sets with --sets.")
    piles, names = read_piles(asked.sets)
    table = as_markdown(measure(piles), [pile.name for pile in piles])
    print(table)
    if asked.out:
        head = "# Topics of labelled stories\n\n`python -m bench.topics --out bench/topics.md`\n\n"
        asked.out.write_text(f"{head}{table}\n{names}", encoding="utf-8")


def read_piles(sets: Path) -> tuple[list[Pile], str]:
    """Return the labelled sets and all of them in one, and what the topics of that are called."""
    by_hand = json.loads((ROOT / "bench/topics.json").read_text(encoding="utf-8"))
    stories: dict[str, list[TopicStory]] = {}
    gold: dict[str, list[str]] = {}
    for name in ("ecbplus", *by_hand, ALONE):
        start = sum(map(len, stories.values()))
        stories[name], gold[name] = read_stories(sets / name / "articles.jsonl", by_hand.get(name, {}), start)
    together = [story for each in stories.values() for story in each]
    ids = [article.id for story in together for article in story.sample]
    encoder = load_encoder(EncodeSettings())
    texts = [text_to_encode(article.title, article.text, 300) for story in together for article in story.sample]
    vectors = encoder.encode(texts)
    piles = [pile(name, stories[name], gold[name], ids, vectors) for name in stories if name != ALONE]
    whole = pile("all", together, [label for each in gold.values() for label in each], ids, vectors)
    found = sorted(topics.find_topics(together, ids, vectors, []).topics, key=lambda topic: -len(topic.story_ids))
    names = "\n".join(f"- {len(topic.story_ids)} stories: {topic.name}" for topic in found if len(topic.story_ids) > 2)
    return [*piles, whole], f"What the topics of three stories and more in “all” are called:\n\n{names}\n"


def read_stories(file: Path, by_hand: Mapping[str, Sequence[str]], start: int) -> tuple[list[TopicStory], list[str]]:
    """Return the labelled stories of a file with the topic of each; one that is of none has its own."""
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    topic_of = {cluster: topic for topic, clusters in by_hand.items() for cluster in clusters}
    members = defaultdict(list)
    for number, row in enumerate(rows):
        members[row["cluster"]].append((number, row))
    stories, gold = [], []
    for n, (cluster, own) in enumerate(members.items(), start=start + 1):
        sample = [_sample(1_000_000 * n + number, row) for number, row in own[:N_SAMPLE]]
        stories.append(TopicStory(id=n, n_articles=len(own), sample=tuple(sample)))
        gold.append(f"{file.parent.name} {own[0][1].get('topic') or topic_of.get(cluster, cluster)}")
    return stories, gold


def pile(name: str, stories: Sequence[TopicStory], gold: Sequence[str], ids: Sequence[int], vectors: Vectors) -> Pile:
    """Return the stories with how alike they are, with vectors and by words alone."""
    said = [topics.words_of(story) for story in stories]
    alike = topics.likeness(said, topics.prototypes(stories, ids, vectors))
    return Pile(name, stories, gold, alike, topics.likeness(said, topics.prototypes(stories, [], None)))


def measure(piles: Sequence[Pile]) -> dict[str, list[tuple[float, float]]]:
    """Return {method: (BCubed F1, pair F1) of each pile}."""
    methods: dict[str, Method] = {
        "average linkage alone": lambda alike, bar: _average(alike, bar),
        "HDBSCAN, excess of mass": lambda alike, bar: _hdbscan(alike, bar, "eom"),
        "HDBSCAN, leaves": lambda alike, bar: _hdbscan(alike, bar, "leaf"),
        "HDBSCAN, split by average linkage": _split,
    }
    rows = {
        "**ours**": [_judge(each.gold, _ours(each.alike)) for each in piles],
        "ours, by words alone": [_judge(each.gold, _ours(each.by_words)) for each in piles],
    }
    for name, method in methods.items():
        bar = max(BARS, key=lambda bar: fmean(_judge(each.gold, method(each.alike, bar))[1] for each in piles))
        rows[f"{name}, best bar {bar}"] = [_judge(each.gold, method(each.alike, bar)) for each in piles]
    return rows


def as_markdown(rows: Mapping[str, Sequence[tuple[float, float]]], names: Sequence[str]) -> str:
    """Return the table: BCubed F1 / pair F1."""
    lines = [" | ".join(("BCubed F1 / F1 of pairs", *names, "mean")), " | ".join("---" for _ in (0, *names, 0))]
    for method, figures in rows.items():
        mean = (fmean(b3 for b3, _ in figures), fmean(pair for _, pair in figures))
        lines.append(" | ".join((method, *(f"{b3:.3f} / {pair:.3f}" for b3, pair in (*figures, mean)))))
    return "\n".join(f"| {line} |" for line in lines) + "\n"


def _sample(number: int, row: Mapping[str, str]) -> ArticleSample:
    return ArticleSample(
        id=number,
        title=row.get("title") or "",
        text=(row.get("text") or "")[:SAMPLE_CHARS],
        publisher=row.get("source") or "",
        language=row.get("lang") or None,
    )


def _ours(alike: topics.Likeness) -> Labels:
    return _labels(topics.cluster(alike), len(alike))


def _average(alike: topics.Likeness, bar: float) -> Labels:
    apart = 1 - alike
    np.fill_diagonal(apart, 0)
    return np.asarray(fcluster(linkage(squareform(apart, checks=False), "average"), 1 - bar, "distance"))


def _hdbscan(alike: topics.Likeness, bar: float, how: str) -> Labels:
    found = HDBSCAN(
        min_cluster_size=2,
        min_samples=1,
        metric="precomputed",
        cluster_selection_epsilon=1 - bar,
        cluster_selection_method=how,
    ).fit_predict((1 - alike).astype(np.float64))
    return np.where(found >= 0, found, found.max() + 1 + np.arange(len(found)))


def _split(alike: topics.Likeness, bar: float) -> Labels:
    """Return the clusters of HDBSCAN, each cut where average linkage falls under the bar."""
    cores = _hdbscan(alike, 1.0, "eom")
    labels = np.zeros(len(alike), dtype=np.int64)
    for core in np.unique(cores).tolist():
        rows = np.flatnonzero(cores == core)
        own = _average(alike[np.ix_(rows, rows)], bar) if len(rows) > 1 else np.ones(1, dtype=np.int64)
        labels[rows] = labels.max() + own
    return labels


def _labels(clusters: Sequence[Sequence[int]], n: int) -> Labels:
    labels = np.arange(n, dtype=np.int64) + n
    for number, rows in enumerate(clusters):
        labels[list(rows)] = number
    return labels


def _judge(gold: Sequence[str], labels: Labels) -> tuple[float, float]:
    """Return BCubed F1 (Bagga & Baldwin 1998) and the F1 of pairs of stories that share a topic."""
    same = np.equal.outer(np.array(gold), np.array(gold))
    found = np.equal.outer(labels, labels)
    right = (same & found).sum(axis=1)
    precision, recall = (right / found.sum(axis=1)).mean(), (right / same.sum(axis=1)).mean()
    n = len(gold)
    pair_f1 = 2 * (right.sum() - n) / max(same.sum() + found.sum() - 2 * n, 1)
    return float(2 * precision * recall / (precision + recall)), float(pair_f1)


if __name__ == "__main__":
    main()
