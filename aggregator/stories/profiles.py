"""What every cluster is in sum, kept while clusters become one. Pure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from aggregator.models.values import Vectors
from aggregator.stories.rows import dots
from aggregator.stories.similarity import Compared, Labels, Names, Rows, Scores
from aggregator.stories.vocabulary import WordMatrix, stacked, unit_rows

TYPICAL_WORDS = 12
"""Words by which a cluster is held against another."""


@dataclass(frozen=True, slots=True)
class Profiles:
    """What every cluster is in sum, kept from round to round: m of them, by name, of which some live no more."""

    sizes: NDArray[np.float32]
    lengths: NDArray[np.float32]
    """Of the members, summed: shape (m,)."""
    vectors: Vectors
    """Sums over the members: shape (m, dim). The largest part, and added to in place."""
    spans: Scores
    """Lengths of these sums; 0 where no member has a vector: shape (m,)."""
    rows: Rows
    """The row of each cluster in what follows: shape (m,). Rows are added and never changed."""
    titles: WordMatrix
    texts: WordMatrix
    """Unit sums over the members, as is the one before: shape (rows, …)."""
    counts: WordMatrix
    """Of the members that hold each word."""
    typical: WordMatrix
    """Its TYPICAL_WORDS: the share of the members that hold each, one more counted, × its rarity."""
    title_sums: Scores
    text_sums: Scores
    """Lengths of the sums, before they were made unit rows: shape (rows,)."""


def profiles_of(compared: Compared, labels: Labels, rows: Rows | None = None) -> Profiles:
    """Return what these clusters of these articles, or of these rows of them, are in sum; `labels` are 0..k-1."""
    k = int(labels.max(initial=-1)) + 1
    gather = _gather(labels, np.arange(len(labels)) if rows is None else rows, (k, len(compared)))
    sizes = np.asarray(gather.sum(axis=1), dtype=np.float32).ravel()
    vectors = np.asarray(gather @ compared.vectors, dtype=np.float32)
    counts = sparse.csr_matrix(gather @ _ones(compared.texts))
    titles, texts = gather @ compared.titles, gather @ compared.texts
    return Profiles(
        sizes=sizes,
        lengths=np.asarray(gather @ compared.lengths, dtype=np.float32),
        vectors=vectors,
        spans=_spans(vectors),
        rows=np.arange(k),
        titles=unit_rows(titles),
        texts=unit_rows(texts),
        counts=counts,
        typical=_typical(counts, sizes, compared.rarity),
        title_sums=_lengths(titles),
        text_sums=_lengths(texts),
    )


def merged(profiles: Profiles, target: Labels, rarity: Scores) -> Profiles:
    """Return the profiles after each cluster went where `target` says, at the cost of those that went."""
    went = np.flatnonzero(target != np.arange(len(target)))
    there = target[went]
    copied = (profiles.sizes.copy(), profiles.lengths.copy(), profiles.spans.copy(), profiles.rows.copy())
    sizes, lengths, spans, rows = copied
    sizes[there] += sizes[went]
    lengths[there] += lengths[went]
    profiles.vectors[there] += profiles.vectors[went]
    spans[there] = _spans(profiles.vectors[there])
    left, right = rows[there], rows[went]
    titles = _summed(profiles.titles, profiles.title_sums, left, right)
    texts = _summed(profiles.texts, profiles.text_sums, left, right)
    counts = profiles.counts[left] + profiles.counts[right]
    rows[there] = profiles.texts.shape[0] + np.arange(len(there))
    return Profiles(
        sizes=sizes,
        lengths=lengths,
        vectors=profiles.vectors,
        spans=spans,
        rows=rows,
        titles=stacked(profiles.titles, unit_rows(titles)),
        texts=stacked(profiles.texts, unit_rows(texts)),
        counts=stacked(profiles.counts, counts),
        typical=stacked(profiles.typical, _typical(counts, sizes[there], rarity)),
        title_sums=np.r_[profiles.title_sums, _lengths(titles)],
        text_sums=np.r_[profiles.text_sums, _lengths(texts)],
    )


def cosines_of_sums(of: Profiles, left: Names, right: Names) -> Scores:
    """Return the cosines of the sums of vectors of these clusters, two by two; 0 where one has none: shape (pairs,)."""
    spans = np.maximum(of.spans[left] * of.spans[right], np.finfo(np.float32).tiny)
    return np.asarray(dots(of.vectors, left, right) / spans, dtype=np.float32)


def cover(of: Profiles, left: Names, right: Names) -> Scores:
    """Return what share of each side's typical words, by weight, the other holds, on average: shape (pairs,)."""
    ours, theirs = of.rows[left], of.rows[right]
    one = _share(of.typical[ours], of.counts[theirs])
    other = _share(of.typical[theirs], of.counts[ours])
    return np.asarray((one + other) / 2, dtype=np.float32)


def _share(typical: WordMatrix, counts: WordMatrix) -> Scores:
    """Return the share, by weight, of each row's typical words that the other's row holds."""
    held = np.asarray(typical.multiply(_ones(counts)).sum(axis=1), dtype=np.float32).ravel()
    return held / (np.asarray(typical.sum(axis=1), dtype=np.float32).ravel() + np.float32(1e-6))


def _typical(counts: WordMatrix, sizes: NDArray[np.float32], rarity: Scores) -> WordMatrix:
    """Return the TYPICAL_WORDS of each cluster, the largest entries of each row; of equal ones the first."""
    counts.sort_indices()
    rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    weights = (1 / (1 + sizes))[rows] * counts.data * rarity[counts.indices]
    # Weights are below 16, and rows in order already: one sort puts each row's in order of weight.
    order = np.argsort(16.0 * rows - weights, kind="stable")
    kept = order[np.arange(len(order)) - counts.indptr[rows] < TYPICAL_WORDS]
    shape = counts.shape
    return sparse.csr_matrix((weights[kept], (rows[kept], counts.indices[kept])), shape=shape, dtype=np.float32)


def _summed(units: WordMatrix, lengths: Scores, left: Rows, right: Rows) -> WordMatrix:
    """Return the sums of these rows, two by two, at the lengths that they had."""
    return sparse.csr_matrix(
        sparse.diags(lengths[left]) @ units[left] + sparse.diags(lengths[right]) @ units[right], dtype=np.float32
    )


def _lengths(matrix: WordMatrix) -> Scores:
    squares = sparse.csr_matrix((matrix.data**2, matrix.indices, matrix.indptr), shape=matrix.shape)
    return np.sqrt(np.asarray(squares.sum(axis=1), dtype=np.float32).ravel())


def _ones(words: WordMatrix) -> WordMatrix:
    ones = np.ones(len(words.data), dtype=np.float32)
    return sparse.csr_matrix((ones, words.indices, words.indptr), shape=words.shape)


def _spans(vectors: Vectors) -> Scores:
    return np.asarray(np.linalg.norm(vectors, axis=1), dtype=np.float32)


def _gather(labels: Labels, rows: Rows, shape: tuple[int, int]) -> sparse.csr_matrix:
    """Return the matrix that sums these rows into clusters: shape (k, n)."""
    return sparse.csr_matrix((np.ones(len(labels), dtype=np.float32), (labels, rows)), shape=shape)
