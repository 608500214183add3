"""Evidence from the engine's own window: what is said of a pair is what the engine would have decided."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from aggregator.models.evidence import SharedKind
from aggregator.models.stories import WindowArticle
from aggregator.stories import explain
from aggregator.stories.evidence import find_evidence, pairs_in, rule_of
from aggregator.stories.names import names
from aggregator.stories.similarity import Words, compare, learned, pair_scores
from aggregator.stories.window import Window
from aggregator.stories.words import tokens

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
FERRY = "A ferry with 310 passengers ran aground near Merangu port on Monday, said Ratna Wiguna of the rescue office."
ISLAND = "Rescuers near Merangu took 310 passengers off the ferry; nobody is missing, Ratna Wiguna said."
OTHERS = (
    "Parliament in Lisbon rejects the budget after a night of speeches",
    "A whale swims up the river and crowds watch from the bridges",
    "The town clock has stopped and nobody is able to repair it",
    "Grain prices fall as harvests in the south turn out well",
)


def article(number, title, text="", *, hours=0.0, publisher=None):
    at = NOON + timedelta(hours=hours)
    return WindowArticle(
        id=number,
        title=title,
        text=text,
        publisher=publisher or f"paper{number}.example",
        language="en",
        published_at=at,
        first_seen_at=at,
    )


ARTICLES = [
    article(1, "Ferry runs aground off Merangu", FERRY),
    article(2, "All 310 aboard Merangu ferry are safe", ISLAND, hours=3),
    *(article(number, title, hours=number) for number, title in enumerate(OTHERS, start=3)),
]


@pytest.fixture
def window():
    window = Window(learned())
    axes = np.eye(8, dtype=np.float32)
    vectors = np.stack([axes[0], 0.8 * axes[0] + 0.6 * axes[1], *axes[2:6]])
    window.advance(ARTICLES, [each.id for each in ARTICLES], vectors)
    return window


def test_the_score_worked_out_is_the_one_that_the_engine_linked_by(window):
    (pair,) = pairs_in(window, [(1, 2)], [window.links[1, 0]])
    assert explain.score(pair, rule_of(window, pair)) == pytest.approx(float(window.links[1, 0]), abs=1e-4)


def test_without_a_vector_the_decision_by_words_is_explained():
    window = Window(learned())
    window.advance(ARTICLES)
    (pair,) = pairs_in(window, [(1, 2)], [window.links[1, 0]])
    assert not pair.has_vectors
    assert explain.score(pair, rule_of(window, pair)) == pytest.approx(float(window.links[1, 0]), abs=1e-4)


@pytest.mark.parametrize("word", ["ferry", "merang", "310", "wiguna"])
def test_without_a_word_the_score_is_what_the_engine_gives_to_texts_that_lack_it(window, word):
    (pair,) = pairs_in(window, [(1, 2)], [window.links[1, 0]])
    lacking = compare(words_without(word), window_vectors(), window._background)
    given = pair_scores(lacking, np.array([0]), np.array([1]), learned())
    # An article that lacks a word is shorter by it, which the evidence leaves out of account.
    assert explain.score(pair, rule_of(window, pair), {word}) == pytest.approx(float(given[0]), abs=0.03)


def test_evidence_names_what_both_say(window):
    (found,) = find_evidence(window, [(2, 1)], [window.links[1, 0]], ARTICLES)
    said = {(each.text, each.kind) for each in found.shared}
    assert {("Merangu", SharedKind.NAME), ("310", SharedKind.NUMBER), ("Ratna Wiguna", SharedKind.NAME)} <= said
    assert "ferry" in {each.text for each in found.shared}
    assert found.likeness is not None


def test_of_an_article_that_left_the_window_nothing_can_be_said(window):
    assert find_evidence(window, [(1, 99), (98, 97)], [0.7, 0.7], ARTICLES) == [None, None]
    assert find_evidence(window, [(1, 2)], [0.7], ARTICLES[:1]) == [None]


def test_an_empty_window_says_nothing():
    assert find_evidence(Window(learned()), [(1, 2)], [0.7], []) == [None]


def words_without(word):
    def said(text):
        return [token for token in tokens(text, "en") if token != word]

    two = ARTICLES[:2]
    return Words(
        titles=[said(each.title) for each in two],
        texts=[said(each.text) for each in two],
        names=[[token for token in names(f"{each.title}.\n{each.text}", "en") if token != word] for each in two],
        languages=["en", "en"],
        publishers=[each.publisher for each in two],
        published_at=[each.published_at for each in two],
    )


def window_vectors():
    axes = np.eye(8, dtype=np.float32)
    return np.stack([axes[0], 0.8 * axes[0] + 0.6 * axes[1]])
