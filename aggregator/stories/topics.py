"""Stories -> topics: lasting groups of stories, with ids and names that live on. Pure."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import squareform

from aggregator.models.stories import Merge
from aggregator.models.topics import ArticleSample, KnownTopic, Retopicking, TopicDraft, TopicStory
from aggregator.models.values import Vectors
from aggregator.stories.clean import clean_text, clean_title
from aggregator.stories.naming import Told, Words, characteristic_words, name, use
from aggregator.stories.surfaces import Line, read_line
from aggregator.stories.vocabulary import weighed

BAR = 0.3
"""Mean likeness, 0..1, from which groups of stories are one topic; see docs/decisions/0019-topics.md."""

COHESION = 0.22
"""Sum of the likenesses inside a topic over one more than their number, from which it stands: two stories have to be
alike by .44, three by .29 on average. One likeness proves less than many; same source."""

HELD = 0.05
"""Likeness added to stories that are of one topic already: what is near the bar does not come and go."""

PRIOR_STORIES = 20
"""A language of few stories is held to be what all are; from 15 to 50 makes no difference, same source."""

SURVIVES = 0.3
"""Share of a topic, by articles, that a cluster must hold to go on as this topic."""

MERGED = 0.5
"""Share of a topic, by articles, that must have gone into another for its id to lead there."""

KNOWN_AGAIN = 0.3
"""Cosine of characteristic words from which a new cluster is a topic that rested."""

Likeness = NDArray[np.float32]
"""Of each story with each other, 0..1: shape (n, n)."""

Clusters = Sequence[Sequence[int]]
"""Positions of the stories of each cluster."""


def find_topics(
    stories: Sequence[TopicStory], ids: Sequence[int], vectors: Vectors | None, known: Sequence[KnownTopic]
) -> Retopicking:
    """Return the topics of these stories: each story is in one at most, and most are in none.

    `ids` names the rows of `vectors`, shape (len(ids), dim), by article; stories without vectors are compared by
    their words. The order of `stories` does not matter.
    """
    ordered = sorted(stories, key=lambda story: story.id)
    told = [_told(story) for story in ordered]
    alike = likeness([_said(each) for each in told], prototypes(ordered, ids, vectors))
    clusters = cluster(alike + HELD * _held(ordered, known))
    words = _words([use(each) for each in told], clusters)
    matched = follow(clusters, words, ordered, known)
    drafts = tuple(
        TopicDraft(
            id=topic.id if topic else None,
            name=name(of, [told[row] for row in rows], topic.name if topic else ""),
            words=of,
            story_ids=tuple(ordered[row].id for row in rows),
        )
        for rows, of, topic in zip(clusters, words, matched, strict=True)
    )
    return Retopicking(tuple(draft for draft in drafts if draft.name), _merges(clusters, matched, ordered, known))


def prototypes(stories: Sequence[TopicStory], ids: Sequence[int], vectors: Vectors | None) -> Vectors:
    """Return each story's mean vector less that of its language, of unit length: shape (n, dim); zero if it has none.

    A language is no topic: less the mean of all alone, any three stories in Spanish among English ones were one.
    """
    if vectors is None or not len(ids):
        return np.zeros((len(stories), 0), dtype=np.float32)
    row_of = {article_id: row for row, article_id in enumerate(ids)}
    found = np.zeros((len(stories), vectors.shape[1]), dtype=np.float32)
    for i, story in enumerate(stories):
        rows = [row_of[article.id] for article in story.sample if article.id in row_of]
        if rows:
            found[i] = vectors[rows].mean(axis=0)
    has = found.any(axis=1)
    if has.sum() > 2:
        found[has] -= _means_of_languages(found[has], [_language(stories[row]) for row in np.flatnonzero(has).tolist()])
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    return np.asarray(found / np.where(lengths > 0, lengths, 1), dtype=np.float32)


def _means_of_languages(vectors: Vectors, languages: Sequence[str]) -> Vectors:
    """Return for each row the mean of its language, with PRIOR_STORIES more that are what all are in the mean."""
    whole = vectors.mean(axis=0)
    means = np.empty_like(vectors)
    of = np.array(languages)
    for language in set(languages):
        own = vectors[of == language]
        means[of == language] = (own.sum(axis=0) + PRIOR_STORIES * whole) / (len(own) + PRIOR_STORIES)
    return means


def _language(story: TopicStory) -> str:
    """Return the language that most of a story's sample are in."""
    tags = Counter((article.language or "").lower().partition("-")[0] for article in story.sample)
    return min(tags, key=lambda tag: (-tags[tag], tag))


def likeness(words: Sequence[Sequence[str]], vectors: Vectors) -> Likeness:
    """Return how alike stories are: the geometric mean of the cosine of vectors and the root of that of words.

    Neither is enough: stories that share no word are not alike. By words alone where one of two has no vector.
    Cosines of words are small where stories differ; their root is on the scale of vectors' cosines.
    """
    rows = weighed(words)
    by_words = np.sqrt(np.clip((rows @ rows.T).toarray(), 0, 1))
    has = vectors.any(axis=1)
    both = np.outer(has, has)
    by_vectors = np.where(both, np.clip(vectors @ vectors.T, 0, 1), by_words)
    return np.asarray(np.sqrt(by_words * by_vectors), dtype=np.float32)


def cluster(alike: Likeness) -> list[list[int]]:
    """Return the groups that average linkage makes above the bar and that hold together, by row.

    Source: Sokal & Michener 1958; why not HDBSCAN, docs/decisions/0019-topics.md says.
    """
    if len(alike) < 2:
        return []
    apart = 1 - alike
    np.fill_diagonal(apart, 0)
    labels = fcluster(linkage(squareform(apart, checks=False), "average"), 1 - BAR, "distance")
    rows_of: dict[int, list[int]] = defaultdict(list)
    for row, label in enumerate(labels.tolist()):
        rows_of[label].append(row)
    return [rows for rows in rows_of.values() if _cohesion(alike, rows) >= COHESION]


def _cohesion(alike: Likeness, rows: Sequence[int]) -> float:
    inside = alike[np.ix_(rows, rows)]
    n_pairs = len(rows) * (len(rows) - 1) / 2
    return float(np.triu(inside, 1).sum()) / (n_pairs + 1)


def follow(
    clusters: Clusters, words: Sequence[Words], stories: Sequence[TopicStory], known: Sequence[KnownTopic]
) -> list[KnownTopic | None]:
    """Return which known topic each cluster goes on as, None where it is new.

    First the matching with the greatest overlap by articles (Hungarian method, Kuhn 1955); then clusters that are new
    are known again by their words, where a topic without any present story was about the same.
    """
    shares, of_cluster = _overlap(clusters, stories, known)
    gain = np.where(shares >= SURVIVES, shares + of_cluster, 0)
    pairs = zip(*linear_sum_assignment(gain, maximize=True), strict=True)
    matched = {int(i): int(j) for i, j in pairs if gain[i, j] > 0}
    resting = [j for j, topic in enumerate(known) if not topic.story_ids]
    matched |= _known_again([i for i in range(len(clusters)) if i not in matched], words, resting, known)
    return [known[matched[i]] if i in matched else None for i in range(len(clusters))]


def words_of(story: TopicStory) -> list[str]:
    """Return the words by which a story is compared with others."""
    return _said(_told(story))


def _told(story: TopicStory) -> Told:
    return Told(tuple(_lines(article) for article in story.sample))


def _lines(article: ArticleSample) -> tuple[Line, Line]:
    title = clean_title(article.title, article.publisher)
    return read_line(title, article.language), read_line(clean_text(article.text, title), article.language)


def _said(told: Told) -> list[str]:
    return [unit.token for lines in told.articles for line in lines for unit in line.units if unit.token]


def _held(stories: Sequence[TopicStory], known: Sequence[KnownTopic]) -> NDArray[np.bool_]:
    """Return which stories are of one topic already: shape (n, n)."""
    topic_of = {story_id: topic.id for topic in known for story_id in topic.story_ids}
    topics = np.array([topic_of.get(story.id, 0) for story in stories], dtype=np.int64)
    return np.asarray(np.equal.outer(topics, topics) & (topics > 0))


def _words(uses: Sequence[Words], clusters: Clusters) -> list[dict[str, float]]:
    """Return what characterises each cluster against the others and against every story that stands alone."""
    grouped = {row for rows in clusters for row in rows}
    alone = [[use] for row, use in enumerate(uses) if row not in grouped]
    return characteristic_words([*([uses[row] for row in rows] for rows in clusters), *alone])[: len(clusters)]


def _overlap(
    clusters: Clusters, stories: Sequence[TopicStory], known: Sequence[KnownTopic]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return which share of each topic each cluster holds, and which share of the cluster that is.

    Shares are of articles; both have shape (clusters, topics).
    """
    weight = {story.id: story.n_articles for story in stories}
    cluster_of = {stories[row].id: i for i, rows in enumerate(clusters) for row in rows}
    shared = np.zeros((len(clusters), len(known)))
    for j, topic in enumerate(known):
        for story_id in topic.story_ids & cluster_of.keys():
            shared[cluster_of[story_id], j] += weight[story_id]
    of_topic = np.array([sum(weight.get(story_id, 0) for story_id in topic.story_ids) for topic in known])
    of_cluster = np.array([sum(stories[row].n_articles for row in rows) for rows in clusters])
    return shared / np.maximum(of_topic, 1)[None, :], shared / np.maximum(of_cluster, 1)[:, None]


def _known_again(
    new: Sequence[int], words: Sequence[Words], resting: Sequence[int], known: Sequence[KnownTopic]
) -> Mapping[int, int]:
    if not new or not resting:
        return {}
    cosines = np.array([[_cosine(words[i], known[j].words) for j in resting] for i in new])
    pairs = zip(*linear_sum_assignment(np.where(cosines >= KNOWN_AGAIN, cosines, 0), maximize=True), strict=True)
    return {new[i]: resting[j] for i, j in pairs if cosines[i, j] >= KNOWN_AGAIN}


def _cosine(one: Words, other: Words) -> float:
    dot = sum(weight * other.get(token, 0.0) for token, weight in one.items())
    lengths = sum(weight**2 for weight in one.values()) * sum(weight**2 for weight in other.values())
    return dot / float(np.sqrt(lengths)) if lengths else 0.0


def _merges(
    clusters: Clusters,
    matched: Sequence[KnownTopic | None],
    stories: Sequence[TopicStory],
    known: Sequence[KnownTopic],
) -> tuple[Merge, ...]:
    """Return which topics went into another: most of their articles are there, and they do not go on themselves."""
    goes_on = {topic.id for topic in matched if topic}
    shares, _ = _overlap(clusters, stories, known)
    return tuple(
        Merge(old_id=topic.id, into_id=into.id)
        for j, topic in enumerate(known)
        for i, into in enumerate(matched)
        if topic.id not in goes_on and into and shares[i, j] >= MERGED
    )
