"""Calibration, on windows made of happenings whose vectors are known."""

import numpy as np
import pytest
from scipy import sparse

from aggregator.errors import CalibrationError
from aggregator.models.encoders import Calibration
from aggregator.stories.calibrate import Reference, across, calibrated, fit, near_best

AGAINST = Reference(model="ours", middle=0.0, sure=0.7, across=0.65)
DIM = 64


class Made:
    """A window of `n` happenings, each told once or twice in every language, as a model that knows them all sees it.

    A vector is the happening's concept, its language's own direction and the piece's own noise; then what all of a
    language share is taken away. A model that does not speak several languages has concepts of its own in each.
    """

    def __init__(self, languages="en", n=120, *, noise=0.6, speaks=True, seed=1):
        random = np.random.default_rng(seed)
        concepts = random.normal(size=(n, DIM))
        self.languages, self.happenings, rows, words = [], [], [], []
        for place, language in enumerate(languages.split()):
            own, offset = concepts if speaks else random.normal(size=(n, DIM)), random.normal(size=DIM)
            for happening in range(n):
                for _ in range(2):
                    rows.append(own[happening] + noise * random.normal(size=DIM) + offset)
                    words.append(place * n + happening)
                    self.languages.append(language)
                    self.happenings.append(happening)
        vectors = np.array(rows, dtype=np.float32)
        for language in set(self.languages):
            of = np.array(self.languages) == language
            vectors[of] -= vectors[of].mean(axis=0)
        self.vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        # two pieces of one happening share one rare word of two: a cosine of a half
        n_rows = len(rows)
        share = sparse.csr_matrix((np.full(n_rows, 0.5**0.5), (range(n_rows), words)), shape=(n_rows, 2 * n_rows))
        own = sparse.csr_matrix((np.full(n_rows, 0.5**0.5), (range(n_rows), range(n_rows, 2 * n_rows))), share.shape)
        self.words = sparse.csr_matrix(share + own, dtype=np.float32)

    def fit(self, against=AGAINST):
        return fit(self.vectors, self.words, self.languages, against)

    def pairs(self):
        """All pairs of two languages: rows, rows, whether they are of one happening."""
        left, right = np.triu_indices(len(self.languages), 1)
        of, told = np.array(self.languages), np.array(self.happenings)
        other = of[left] != of[right]
        left, right = left[other], right[other]
        return left, right, told[left] == told[right]

    def chances(self, calibration):
        left, right, _ = self.pairs()
        numbers = np.array([hash(language) for language in self.languages])
        cosines = np.einsum("ij,ij->i", self.vectors[left], self.vectors[right])
        read = calibrated(cosines, numbers[left], numbers[right], calibration)
        return across(read, numbers[left], numbers[right], calibration)


def numbers(*languages):
    return np.array([hash(language) for language in languages], dtype=np.int64)


def test_after_calibration_unrelated_and_sure_pairs_lie_where_the_reference_has_them():
    made = Made(noise=0.9)
    calibration = made.fit()
    left, right = np.triu_indices(len(made.languages), 1)
    cosines = np.einsum("ij,ij->i", made.vectors[left], made.vectors[right])
    english = numbers("en")[0]
    read = calibrated(cosines, np.full(len(left), english), np.full(len(left), english), calibration)
    same = np.array(made.happenings)[left] == np.array(made.happenings)[right]
    assert np.median(cosines[same]) == pytest.approx(0.55, abs=0.05)
    assert np.median(read[same]) == pytest.approx(AGAINST.sure, abs=0.02)
    assert np.median(read[~same]) == pytest.approx(AGAINST.middle, abs=0.02)


def test_a_model_that_needs_no_calibration_hardly_gets_any():
    assert Made(noise=0.65).fit().scale == pytest.approx(1.0, abs=0.05)


def test_a_multilingual_model_joins_what_is_told_in_two_languages_and_next_to_nothing_else():
    made = Made("en fr sr")
    calibration = made.fit()
    assert calibration.bars.keys() == {"en fr", "en sr", "fr sr"}
    _, _, same = made.pairs()
    joined = made.chances(calibration) >= 0.6
    assert joined[same].mean() > 0.6
    assert same[joined].mean() > 0.99


def test_a_model_that_does_not_know_two_languages_joins_nothing_between_them():
    made = Made("en fr", speaks=False)
    assert (made.chances(made.fit()) >= 0.6).sum() == 0


def test_without_a_calibration_cosines_stay_and_no_vector_joins_two_languages():
    cosines = np.array([0.2, 0.99], dtype=np.float32)
    english, french = numbers("en", "en"), numbers("en", "fr")
    assert calibrated(cosines, english, french, None) is cosines
    assert not across(cosines, english, french, None).any()


def test_only_pairs_of_two_languages_that_have_a_bar_are_joined_by_vectors():
    calibration = Calibration(
        scale=1.0, base=0.0, middle=0.0, middles={}, bars={"en fr": 0.7, "de en": 0.9}, n_articles={}, n_sure=30
    )
    left, right = numbers("en", "fr", "en", "fr", "fr", None), numbers("fr", "en", "de", "de", "fr", "en")
    found = across(np.full(6, 0.75, dtype=np.float32), left, right, calibration)
    assert found[0] == found[1] > 0.6
    assert 0 < found[2] < 0.1
    assert not found[3:].any()


def test_languages_are_read_from_their_own_middle_and_unknown_ones_from_the_common_one():
    calibration = Calibration(
        scale=2.0, base=0.0, middle=0.1, middles={"en": 0.2, "en fr": 0.3}, bars={}, n_articles={}, n_sure=30
    )
    found = calibrated(np.full(3, 0.5, np.float32), numbers("en", "fr", "de"), numbers("en", "en", None), calibration)
    assert np.diff(found) == pytest.approx([-0.2, 0.4])
    assert calibrated(np.zeros(0, np.float32), numbers(), numbers(), calibration).shape == (0,)


def test_the_bar_between_languages_rises_with_how_many_there_are_to_be_mistaken_for():
    few, many = Made("en fr", n=40, noise=1.2).fit(), Made("en fr", n=400, noise=1.2).fit()
    assert many.bars["en fr"] > few.bars["en fr"] >= AGAINST.across


def test_a_window_that_is_too_small_is_refused_in_words():
    with pytest.raises(CalibrationError, match=r"holds 20 pairs .* 30 are needed"):
        Made(n=20).fit()
    with pytest.raises(CalibrationError, match="holds 0 pairs"):
        fit(np.zeros((0, 3), np.float32), sparse.csr_matrix((0, 1), dtype=np.float32), [], AGAINST)
    made = Made(n=100)
    with pytest.raises(CalibrationError, match="holds 0 pairs"):
        fit(np.zeros_like(made.vectors), made.words, made.languages, AGAINST)


def test_a_model_that_tells_nothing_is_refused_in_words():
    made = Made()
    nonsense = np.random.default_rng(3).normal(size=made.vectors.shape).astype(np.float32)
    nonsense /= np.linalg.norm(nonsense, axis=1, keepdims=True)
    with pytest.raises(CalibrationError, match="does not tell articles about one happening"):
        fit(nonsense, made.words, made.languages, AGAINST)


def test_the_order_of_articles_makes_no_difference():
    made = Made("en fr")
    turned = np.arange(len(made.languages))[::-1]
    languages = [made.languages[row] for row in turned]
    assert fit(made.vectors[turned], made.words[turned], languages, AGAINST) == made.fit()


def test_of_several_that_are_alike_only_those_near_the_best_are_kept():
    languages = numbers("en", "fr", "fr", "fr", "en")
    left, right = np.array([0, 0, 0, 4]), np.array([1, 2, 3, 3])
    scores = np.array([0.95, 0.9, 0.4, 0.95], dtype=np.float32)
    assert near_best(left, right, scores, languages).tolist() == [True, True, False, True]
    assert near_best(left[:0], right[:0], scores[:0], languages).tolist() == []


def test_a_piece_that_is_nearer_to_another_story_is_no_counterpart():
    languages = numbers("en", "fr", "en")
    found = near_best(np.array([0, 2]), np.array([1, 1]), np.array([0.7, 0.99], dtype=np.float32), languages)
    assert found.tolist() == [False, True]
