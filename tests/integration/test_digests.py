"""What stories say, read by the worker and kept: once, again when an article says something else, and not for ever."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import Engine, func, select

from aggregator import digesting, pipeline
from aggregator.config import EncodeSettings, Settings
from aggregator.digest.sentences import folded_spaces
from aggregator.encode import Encoder
from aggregator.models.arrivals import Arrivals, Rewrite
from aggregator.models.digests import Digest
from aggregator.models.encoders import EncoderName
from aggregator.models.stories import Regrouping
from aggregator.models.values import Vectors
from aggregator.schedule import Worker
from aggregator.store import articles, digests, reading, showing, stories
from aggregator.store import settings as memory
from aggregator.store.db import reading as looking
from aggregator.store.db import transaction
from aggregator.store.schema import sentence_vectors
from aggregator.stories.desk import Desk, Reading
from aggregator.stories.similarity import learned
from tests import one_feed
from tests.integration.desk import DAY, NOON, bring, draft, entry, ids_by_title, save, subscribe

SETTINGS = Settings()
QUAKE = "A strong earthquake shook the coast of Ardania before dawn."
DEAD_12 = "At least 12 people were killed in the town of Port Merrow."
DEAD_17 = "At least 17 people were killed in the town of Port Merrow."
MAYOR = "The mayor of Port Merrow, Elena Marsh, asked for tents and water."


class WordEncoder:
    """Gives texts a vector by their words, and counts what it was asked for."""

    def __init__(self) -> None:
        self.name = EncoderName("words", "1", 16)
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        vectors = np.zeros((len(texts), 16), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.split():
                vectors[row, sum(word.encode()) % 16] += 1
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1)


@pytest.fixture
def encoder() -> WordEncoder:
    return WordEncoder()


def report(engine: Engine, name: str, *said: str) -> int:
    """Bring an article of a publisher of this name; return its id."""
    with transaction(engine) as db:
        brought = replace(entry(name, at=name), text=" ".join(said), title=f"Title of {name}")
        bring(db, subscribe(db, name), brought)
        return ids_by_title(db)[name]


def make_story(engine: Engine, article_ids: Sequence[int], story_id: int | None = None) -> int:
    with transaction(engine) as db:
        [found] = save(db, Regrouping((draft(article_ids, story_id, n_publishers=len(article_ids)),)))
        return found


def read_stories(engine: Engine, encoder: Encoder | None = None) -> int:
    """Let the worker read what stories say; return how many stories that were."""
    for _ in pipeline.encode_missing(engine, encoder, SETTINGS, now=NOON) if encoder else ():
        pass
    desk = Desk(Reading(encoder.name if encoder else None, learned()))
    return sum(
        digesting.digest_stories(
            engine, encoder, desk, since=pipeline.window_start(SETTINGS.stories, now=NOON), now=NOON
        )
    )


def found(engine: Engine, story_id: int) -> Digest:
    with looking(engine) as db:
        digest = digests.find_digest(db, story_id)
    assert digest is not None
    return digest


def n_vectors(engine: Engine) -> int:
    with looking(engine) as db:
        return db.execute(select(func.count()).select_from(sentence_vectors)).scalar_one()


def rewrite(engine: Engine, article_id: int, name: str, text: str) -> None:
    with transaction(engine) as db:
        changed = replace(entry(name, at=name), text=text, title=f"Title of {name}")
        feed_id = articles.find_article(db, article_id).feed_id or 0
        one_feed.keep(
            db,
            feed_id,
            Arrivals(
                rewrites=(Rewrite(article_id=article_id, entry=changed, digest=f"of {text}", changes_article=True),)
            ),
            now=NOON,
        )


def test_a_story_is_read_once_with_vectors_and_without(engine: Engine, encoder: WordEncoder) -> None:
    ids = [report(engine, "gazette", QUAKE, DEAD_12), report(engine, "herald", DEAD_12, MAYOR)]
    story_id = make_story(engine, ids)
    assert read_stories(engine) == 1
    by_words = found(engine, story_id)
    assert by_words.sentences[by_words.in_short[0]] == DEAD_12
    assert read_stories(engine) == 0
    assert read_stories(engine, encoder) == 1
    assert set(found(engine, story_id).account.claims[0].said_by) == set(ids)
    assert n_vectors(engine) == 2
    assert read_stories(engine, encoder) == 0


def test_a_story_of_one_publisher_is_not_read(engine: Engine) -> None:
    story_id = make_story(engine, [report(engine, "gazette", QUAKE)])
    assert read_stories(engine) == 0
    with looking(engine) as db:
        assert digests.find_digest(db, story_id) is None


def test_only_what_is_new_or_rewritten_is_encoded_again(engine: Engine, encoder: WordEncoder) -> None:
    ids = [report(engine, "gazette", QUAKE), report(engine, "herald", DEAD_12)]
    story_id = make_story(engine, ids)
    read_stories(engine, encoder)
    encoder.asked.clear()
    ids.append(report(engine, "courier", MAYOR))
    make_story(engine, ids, story_id)
    assert read_stories(engine, encoder) == 1
    assert QUAKE not in encoder.asked
    assert MAYOR in encoder.asked
    rewrite(engine, ids[1], "herald", DEAD_17)
    assert read_stories(engine, encoder) == 1
    assert DEAD_17 in found(engine, story_id).sentences
    assert DEAD_12 not in found(engine, story_id).sentences


def test_vectors_go_with_their_article_and_with_the_window(engine: Engine, encoder: WordEncoder) -> None:
    make_story(engine, [report(engine, "gazette", QUAKE), report(engine, "herald", DEAD_12)])
    read_stories(engine, encoder)
    with transaction(engine) as db:
        digests.forget_sentence_vectors(db, since=NOON + DAY)
    assert n_vectors(engine) == 0


def test_a_story_comes_back_only_when_something_new_is_said(engine: Engine) -> None:
    ids = [report(engine, "gazette", QUAKE, DEAD_12), report(engine, "herald", DEAD_12)]
    story_id = make_story(engine, ids)
    with transaction(engine) as db:
        reading.mark_story(db, story_id, is_read=True, now=NOON)

    def card():
        with looking(engine) as db:
            return showing.story_cards(db, [story_id])[0]

    assert not card().is_news
    ids.append(report(engine, "courier", QUAKE))
    make_story(engine, ids, story_id)
    read_stories(engine)
    assert (card().n_unread, card().n_new_facts, card().is_news) == (1, 0, False)
    ids.append(report(engine, "post", DEAD_17, MAYOR))
    make_story(engine, ids, story_id)
    read_stories(engine)
    assert (card().n_unread, card().n_new_facts, card().is_news) == (2, 2, True)


def test_a_story_that_nobody_read_is_news_as_a_whole(engine: Engine) -> None:
    story_id = make_story(engine, [report(engine, "gazette", QUAKE), report(engine, "herald", DEAD_12)])
    read_stories(engine)
    with looking(engine) as db:
        [card] = showing.story_cards(db, [story_id])
    assert (card.n_new_facts, card.is_news) == (None, True)


def test_every_sentence_stands_in_the_article_that_it_is_ascribed_to(engine: Engine, encoder: WordEncoder) -> None:
    ids = [
        report(engine, "gazette", f"CAIRO (Reuters) -  {QUAKE}\n\n  {DEAD_12}", "Subscribe to our newsletter!"),
        report(engine, "herald", DEAD_17, MAYOR),
    ]
    story_id = make_story(engine, ids)
    read_stories(engine, encoder)
    digest = found(engine, story_id)
    with looking(engine) as db:
        texts = digests.texts_of(db, ids)
    for sentence, claim in zip(digest.sentences, digest.account.claims, strict=True):
        assert any(sentence in folded_spaces(said) for said in texts[claim.said_by[0]])


def test_what_a_story_says_goes_with_the_story(engine: Engine) -> None:
    one = make_story(engine, [report(engine, "gazette", QUAKE), report(engine, "herald", DEAD_12)])
    read_stories(engine)
    with transaction(engine) as db:
        stories.take_out(db, list(ids_by_title(db).values()))
        assert digests.find_digest(db, one) is None


def test_the_worker_reads_stories_after_it_grouped_them(engine: Engine) -> None:
    for name in ("gazette", "herald"):
        report(engine, name, f"{QUAKE} {DEAD_12}", f"This is how {name} saw it in Ardania, where 12 were killed.")
    now = NOON + timedelta(minutes=1)
    Worker(engine, replace(SETTINGS, encode=EncodeSettings(model="none")), clock=lambda: now).group()
    with looking(engine) as db:
        assert memory.regrouped_at(db) == now
        found = [digests.find_digest(db, each.id) for each in stories.known_stories(db, since=NOON - DAY)]
    assert [len(digest.account.article_ids) for digest in found if digest] == [2]
