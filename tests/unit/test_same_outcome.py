"""What is done fast says what the plain way says: here is the plain way."""

import random
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from aggregator.letters import folded
from aggregator.models.stories import WindowArticle
from aggregator.stories import words
from aggregator.stories.candidates import BLOCK_ROWS, FLOOR, VECTOR_SHARE, candidates
from aggregator.stories.profiles import merged, profiles_of
from aggregator.stories.similarity import both_ways, learned
from aggregator.stories.ties import tied, ties_of
from aggregator.stories.window import Window

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
SAID = {
    "en": "The WHO's chief, who is with us, said: “1,200 F-16s…” — U.S.-China talks (at the G7) weren't won; don't ask",
    "fr": "L’Ukraine d'Orléans, qu’on dit à 1 200 km — l'été «Été»",
    "sr": "Вучић у Београду: протест. Vučić u Beogradu – 3. novembra",
    "uk": "прем’єр прем'єр-міністр з'їзд",
    "de": "Straße, STRASSE und die Bahn-Card 50",
    "ja": "イスタンブールで強い地震、建物が倒壊 G7",
    "th": "แผ่นดินไหวรุนแรงในอิสตันบูล อาคารถล่ม",
    "ko": "이스탄불에서 강한 지진, 건물이 무너져",
    "ar": "والانتخابات في إسطنبول ١٢٠٠",
    "hi": "इस्तांबुल में तेज भूकंप, १२००",
    None: "It was a day of the 7th… c'est la vie ´ ¨ and COVID-19,5",
}  # fmt: skip


@pytest.mark.parametrize("language", SAID)
def test_a_text_read_run_by_run_says_what_it_says_as_a_whole(language):
    text = SAID[language]
    spoken = words._spoken(text, language)
    stops = words.stop_words(spoken) - words._acronyms(text)
    pieces = [(piece.lastgroup, piece[0]) for piece in words.PIECE.finditer(folded(text))]
    whole = tuple(token for kind, said in pieces for token in words._tokens_of(kind, said, stops))
    assert words.tokens(text, language) == whole
    lettered = [
        (text[at].isupper(), tuple(parts)) for at, _, parts in words.placed(text, language) if text[at].isalpha()
    ]
    assert [(is_capital, tuple(parts)) for is_capital, parts in words.capitals(text, language)] == lettered


def test_what_was_read_before_changes_no_reading():
    runs = words.Runs()
    for language, text in [*SAID.items(), *SAID.items()]:
        assert words.tokens(text, language, runs) == words.tokens(text, language)
        assert words.capitals(text, language, runs) == words.capitals(text, language)


@pytest.fixture(scope="module")
def window():
    made = Window(learned())
    articles = invented(BLOCK_ROWS + 60)
    vectors = np.random.default_rng(1).normal(size=(len(articles), 8)).astype(np.float32)
    vectors += 2 * np.repeat(np.eye(8, dtype=np.float32), len(articles) // 8 + 1, axis=0)[: len(articles)]
    made.advance(articles, range(len(articles)), vectors)
    return made


@pytest.mark.parametrize("first", [0, 100, BLOCK_ROWS])
def test_candidates_are_the_pairs_that_are_near_enough_each_once(window, first):
    compared = window.compared
    likeness = (compared.texts @ compared.texts.T).toarray()
    likeness += VECTOR_SHARE * compared.vectors @ compared.vectors.T
    near = {(int(i), int(j)) for i, j in np.argwhere(np.triu(likeness >= FLOOR, k=1)) if j >= first}
    found = [
        (int(right), int(left)) for block in candidates(compared, first) for left, right in zip(*block, strict=True)
    ]
    assert len(found) == len(set(found))
    assert set(found) == near


def test_a_cluster_that_grew_is_what_its_members_are_in_sum(window):
    compared = window.compared
    labels = np.arange(len(compared))
    profiles = profiles_of(compared, labels)
    for target in some_joins(len(compared)):
        labels, profiles = target[labels], merged(profiles, target, compared.rarity)
    there, afresh = np.unique(labels), profiles_of(compared, np.unique(labels, return_inverse=True)[1])
    rows = profiles.rows[there]
    for name in ("sizes", "lengths", "spans", "vectors"):
        assert np.allclose(getattr(profiles, name)[there], getattr(afresh, name), atol=1e-4), name
    for name in ("titles", "texts", "counts", "typical"):
        assert np.allclose(getattr(profiles, name)[rows].toarray(), getattr(afresh, name).toarray(), atol=1e-4), name


def test_ties_that_were_kept_are_those_of_the_links(window):
    labels = np.arange(len(window))
    both = both_ways(window.links)
    ties, links = ties_of(both, labels), both.toarray()
    assert links.any()
    for target in some_joins(len(window)):
        labels, before = target[labels], dict(told_of(ties))
        ties, n_old = tied(ties, target, labels, np.bincount(target, minlength=len(target)) > 1)
        assert all(before[pair] == told for pair, told in told_of(ties)[:n_old])
        for (left, right), told in told_of(ties):
            between = links[np.ix_(labels == left, labels == right)]
            plain = (between.sum(), between.max(axis=1).sum(), between.max(axis=0).sum())
            assert told == pytest.approx(plain, rel=1e-4)
        members = np.eye(len(labels))[labels]
        linked = np.argwhere(np.triu(members.T @ links @ members, k=1) > 0)
        assert {pair for pair, _ in told_of(ties)} == set(map(tuple, linked.tolist()))


def told_of(ties):
    """Return of each pair what its links come to: in all, and of the best of either side."""
    return list(
        zip(map(tuple, ties.ends.T.tolist()), map(tuple, np.vstack([ties.sums, ties.bests]).T.tolist()), strict=True)
    )


def some_joins(count):
    """Give, round by round, where each cluster goes."""
    chance, labels = random.Random(3), np.arange(count)
    for _ in range(4):
        here, target = np.unique(labels), np.arange(count)
        for left, right in zip(here[::3], here[1::3], strict=False):
            if chance.random() < 0.7:
                target[right] = left
        labels = target[labels]
        yield target


def invented(count):
    """Return articles about a few things, some of one thing."""
    chance = random.Random(2)
    things = [[f"{chance.choice('bdfgk')}{chance.choice('aeiou')}{n}x{i}" for i in range(9)] for n in range(count // 5)]
    said = [" ".join([*chance.sample(chance.choice(things), 6), "report", "again"]) for _ in range(count)]
    return [
        WindowArticle(
            id=number,
            title=text,
            text=f"{text.title()} was told here. So it goes on in {number % 7}.",
            publisher=f"paper{number % 9}.example",
            language="en",
            published_at=NOON + timedelta(minutes=number),
            first_seen_at=NOON,
        )
        for number, text in enumerate(said)
    ]
