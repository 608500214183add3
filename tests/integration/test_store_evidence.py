"""Why articles are where they are: found by the worker, kept, and shown, on SQLite and PostgreSQL."""

from datetime import timedelta

from sqlalchemy import Connection, Engine, update

from aggregator import pipeline
from aggregator.config import StorySettings
from aggregator.models.evidence import Evidence, Shared, SharedKind
from aggregator.models.stories import Regrouping
from aggregator.store import showing
from aggregator.store.db import reading, transaction
from aggregator.store.evidence import Near, add_evidence, unexplained
from aggregator.store.schema import articles, memberships
from tests.integration.desk import DAY, NOON, bring_from, draft, save

FOUND = Evidence(
    shared=(
        Shared("Merangu", SharedKind.NAME),
        Shared("310", SharedKind.NUMBER),
        Shared("ferry", SharedKind.WORD),
    ),
    chance=0.912,
    bar=0.6,
    n_decisive=2,
    without=0.41,
    days=6,
    likeness=0.71,
)


def evidence_of(db: Connection, story_id: int) -> dict[int, Evidence | None]:
    return {each.article.id: each.evidence for each in showing.find_story(db, story_id).members}


def test_what_was_found_is_what_is_shown(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b = bring_from(db, "a", "b")
        (story_id,) = save(db, Regrouping(stories=(draft([a, b]),)))
        add_evidence(db, {Near(b, a, 0.8): FOUND})
        assert evidence_of(db, story_id) == {a: None, b: FOUND}


def test_what_cannot_be_said_is_not_asked_again(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b = bring_from(db, "a", "b")
        (story_id,) = save(db, Regrouping(stories=(draft([a, b]),)))
        asked = unexplained(db, since=NOON - DAY, limit=9)
        assert [(each.article_id, each.nearest_id) for each in asked] == [(b, a), (a, a)]
        add_evidence(db, dict.fromkeys(asked))
        assert unexplained(db, since=NOON - DAY, limit=9) == []
        assert evidence_of(db, story_id) == {a: None, b: None}


def test_copies_single_articles_and_those_of_before_the_window_need_no_evidence(engine: Engine) -> None:
    with transaction(engine) as db:
        a, copy, single = bring_from(db, "a", "copy", "single")
        (old,) = bring_from(db, "old", at=NOON - 3 * DAY)
        stories_drafted = (draft([a, copy], copies={copy: a, a: copy}), draft([old]))
        save(db, Regrouping(stories=stories_drafted))
        assert single not in {each.article_id for each in unexplained(db, since=NOON - DAY, limit=9)}
        assert unexplained(db, since=NOON - DAY, limit=9) == []


def test_evidence_stays_while_the_nearest_is_the_same_and_goes_with_it(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c = bring_from(db, "a", "b", "c")
        (story_id,) = save(db, Regrouping(stories=(draft([a, b]),)))
        add_evidence(db, {Near(b, a, 0.8): FOUND})
        save(db, Regrouping(stories=(draft([a, b, c], story_id, n_publishers=3),)))
        assert evidence_of(db, story_id)[b] == FOUND
        save(db, Regrouping(stories=(draft([c, a, b], story_id, n_publishers=3),)))
        assert evidence_of(db, story_id)[b] is None


def test_evidence_about_another_nearest_is_not_kept(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c = bring_from(db, "a", "b", "c")
        (story_id,) = save(db, Regrouping(stories=(draft([a, b, c]),)))
        add_evidence(db, {Near(b, c, 0.8): FOUND})
        assert evidence_of(db, story_id)[b] is None


def test_the_pipeline_explains_every_member_of_a_story(engine: Engine) -> None:
    told = {
        "gazette": ("Ferry runs aground off Merangu", "A ferry with 310 aboard ran aground near Merangu."),
        "herald": ("All 310 aboard Merangu ferry are safe", "Rescuers near Merangu took 310 people off the ferry."),
        "lantern": ("Parliament rejects the budget", "Speeches lasted all night in Lisbon."),
    }
    with transaction(engine) as db:
        ids = dict(zip(told, bring_from(db, *told), strict=True))
        for name, (title, text) in told.items():
            db.execute(update(articles).where(articles.c.id == ids[name]).values(title=title, text=text))
    now = NOON + timedelta(hours=1)
    done = pipeline.regroup(engine, None, StorySettings(), now=now)
    assert list(pipeline.explain(engine, done.desk, StorySettings(), now=now)) == [2]
    assert list(pipeline.explain(engine, done.desk, StorySettings(), now=now)) == []
    with reading(engine) as db:
        story_id = db.execute(memberships.select().where(memberships.c.article_id == ids["gazette"])).one().story_id
        found = evidence_of(db, story_id)
    assert set(found) == {ids["gazette"], ids["herald"]}
    for evidence in found.values():
        assert evidence is not None
        assert {"Merangu", "310", "ferry"} <= {each.text for each in evidence.shared}
        assert evidence.likeness is None
