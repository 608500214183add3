"""What surrounds a story: asked of both databases."""

from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import Engine

from aggregator.errors import CorrectionError
from aggregator.models.arrivals import Arrivals, Rewrite
from aggregator.models.digests import Account, Digest, Named
from aggregator.models.encoders import EncoderName
from aggregator.models.stories import Regrouping
from aggregator.store import articles, context, correcting, digests, showing, stories
from aggregator.store.db import reading, transaction
from tests import one_feed
from tests.edition import NOON as EDITION_NOON
from tests.edition import make_topics, print_edition
from tests.integration.desk import DAY, HOUR, NOON, add_vectors, bring, bring_from, draft, entry, save, subscribe

ENCODER = EncoderName("fake", "1", 2)


def test_retitles_are_told_and_other_rewrites_are_not(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b = bring_from(db, "gazette", "herald")
        for article_id, title, name in ((a, "Another title", "gazette"), (b, "Title of herald-news", "herald")):
            changed = replace(entry(f"{name}-news", at=name), title=title, text="Rewritten.")
            rewrite = Rewrite(article_id=article_id, entry=changed, digest=f"of {name}", changes_article=True)
            feed_id = articles.find_article(db, article_id).feed_id or 0
            one_feed.keep(db, feed_id, Arrivals(rewrites=(rewrite,)), now=NOON + HOUR)
        [found], _ = context.revised(db, [a, b])
    assert (found.article_id, found.was, found.changed_at) == (a, "Title of gazette-news", NOON + HOUR)


def test_the_topics_other_stories_come_before_and_after(engine: Engine) -> None:
    edition = print_edition(engine)
    make_topics(engine, edition, {"Ardania": ("quake", "port", "summit")})
    with reading(engine) as db:
        earlier, later = context.chapters_of(db, edition.story_ids["port"])
        assert [each.id for each in earlier] == [edition.story_ids["quake"]]
        assert [each.id for each in later] == [edition.story_ids["summit"]]
        assert context.chapters_of(db, edition.story_ids["long"]) == ([], [])


def test_related_is_what_is_alike_by_its_lead(engine: Engine) -> None:
    with transaction(engine) as db:
        ids = bring_from(db, *"abcdef")
        one, two, three = save(db, Regrouping(tuple(draft(ids[at : at + 2]) for at in (0, 2, 4))))
        assert context.related_to(db, one, context.leads(db, since=NOON - DAY)) == []
        rows = np.array([[1, 0], [1, 0], [0.8, 0.6], [1, 0], [0, 1], [1, 0]], dtype=np.float32)
        add_vectors(db, ENCODER, ids, rows)
        leads = context.leads(db, since=NOON - DAY)
        [found] = context.related_to(db, one, leads)
        assert (found.story.id, round(found.likeness, 2), found.names) == (two, 0.8, ())
        assert context.related_to(db, one, leads, but=[two]) == []
        told = Digest(Account(()), names=tuple(Named(name, (1, 2)) for name in ("Kesh", "Ardania")))
        digests.save(db, {two: (b"", told)}, now=NOON)
        [found] = context.related_to(db, one, leads, names=["Ardania", "Port Merrow", "Kesh"])
        assert found.names == ("Ardania", "Kesh")
        assert [each.story.id for each in context.related_to(db, three, leads)] == [two]
        gone = replace(leads, ids=(999, *leads.ids), vectors=np.vstack([leads.vectors[:1], leads.vectors]))
        assert [each.story.id for each in context.related_to(db, one, gone)] == [two]


def test_silent_is_who_had_news_in_the_language_and_the_span(engine: Engine) -> None:
    edition = print_edition(engine)
    with reading(engine) as db:
        members = showing.find_story(db, edition.story_ids["quake"]).members
        told = {each.article.publisher.id for each in members}
        span = {"since": EDITION_NOON - DAY, "until": EDITION_NOON}
        silent = context.silent_publishers(db, told, {"he", "ja"}, **span)
        assert (silent.n, {each.name for each in silent.publishers}) == (2, {"עיתון הגליל", "海岸日報"})
        assert context.silent_publishers(db, told, set(), **span).n == 0
        assert context.silent_publishers(db, told, {"he"}, since=NOON - DAY, until=NOON).n == 0


def test_an_outline_has_the_beginning_of_a_text_only_where_there_is_no_title(engine: Engine) -> None:
    with transaction(engine) as db:
        long = replace(entry("herald-news", at="herald"), title=" ", text="It goes on, it does. " * 99)
        bring(db, subscribe(db, "herald"), long, at=NOON - HOUR)
        ids = [*bring_from(db, "gazette"), *(line.id for line in articles.river(db, limit=9) if not line.title.strip())]
        [story_id] = save(db, Regrouping((draft(ids),)))
        untitled, titled = (each.article for each in showing.find_story(db, story_id).members)
        whole = articles.find_article(db, titled.id)
    assert untitled.beginning == long.text[: showing.BEGINNING_CHARS]
    assert (titled.title, titled.beginning) == (whole.title, "")
    assert (titled.publisher, titled.language, titled.published_at) == (whole.publisher, whole.language, NOON)


def test_what_is_foreseen_is_not_done(engine: Engine) -> None:
    with transaction(engine) as db:
        ids = bring_from(db, *"abcd")
        one, two = save(db, Regrouping(tuple(draft(ids[at : at + 2]) for at in (0, 2))))
    change = correcting.foresee(engine, lambda db: correcting.same_story(db, one, two, now=NOON))
    assert set(change.moved_ids) | set(change.joined_ids) == set(ids)
    with reading(engine) as db:
        assert stories.current_id(db, two) == two
    with pytest.raises(CorrectionError):
        correcting.foresee(engine, lambda db: correcting.same_story(db, one, one, now=NOON))
