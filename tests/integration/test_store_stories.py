"""Stories and their ids, on SQLite and PostgreSQL."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine, event, update

from aggregator.errors import NotFoundError
from aggregator.models.stories import Merge, Regrouping
from aggregator.store import articles, reading, showing, stories
from aggregator.store import settings as memory
from aggregator.store.db import transaction
from aggregator.store.schema import publishers
from tests.integration.desk import DAY, HOUR, NOON, bring, bring_from, draft, entry, ids_by_title, save, subscribe


def test_new_stories_are_numbered_in_order(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c = bring_from(db, "a", "b", "c")
        ids = save(db, Regrouping(stories=(draft([c]), draft([a, b]))))
        assert ids == sorted(ids)
        assert [each.article.id for each in showing.find_story(db, ids[1]).members] == [a, b]
        assert [each.article.id for each in showing.find_story(db, ids[0]).members] == [c]


def test_what_is_known_of_stories_is_what_was_saved(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b = bring_from(db, "a", "b")
        (old,) = bring_from(db, "old", at=NOON - 3 * DAY)
        (story_id, _) = save(db, Regrouping(stories=(draft([a, b]), draft([old]))))
        (known,) = stories.known_stories(db, since=NOON - DAY)
    assert (known.id, known.founder_id, known.lead_id, known.created_at) == (story_id, a, a, NOON)
    assert known.article_ids == {a, b}
    assert (known.last_at, known.n_older, known.copy_ids, known.waiting_ids) == (NOON, 0, set(), set())


def test_members_that_are_older_that_copy_or_that_wait_are_known_as_such(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b = bring_from(db, "a", "b")
        (old,) = bring_from(db, "old", at=NOON - 3 * DAY)
        story = draft([old, a, b])
        copied = replace(story.members[2], copy_of_id=a)
        story = replace(story, members=(*story.members[:2], copied))
        save(db, Regrouping(stories=(story,), waiting=frozenset({a})))
        (known,) = stories.known_stories(db, since=NOON - DAY)
        assert (known.article_ids, known.n_older) == ({a, b}, 1)
        assert (known.copy_ids, known.waiting_ids) == ({b}, {a})


def test_who_waits_is_looked_at_again_until_a_run_is_content(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b = bring_from(db, "a", "b")
        (story_id,) = save(db, Regrouping(stories=(draft([a, b]),), waiting=frozenset({b})))
        assert stories.waiting(db, since=NOON - DAY) == [b]
        assert stories.waiting(db, since=NOON + DAY) == []
        save(db, Regrouping(stories=(), waiting=frozenset({a})))
        assert stories.waiting(db, since=NOON - DAY) == [a, b]
        save(db, Regrouping(stories=(draft([a, b], story_id),)))
        assert stories.waiting(db, since=NOON - DAY) == []


def test_the_same_outcome_again_writes_no_story(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b = bring_from(db, "a", "b")
        (story_id,) = save(db, Regrouping(stories=(draft([a, b]),)))
        said: list[str] = []
        event.listen(db, "before_cursor_execute", lambda _, __, statement, *___: said.append(statement))
        assert save(db, Regrouping(stories=(draft([a, b], story_id),)), now=NOON) == [story_id]
    assert not [each for each in said if not each.startswith("SELECT") and " settings" not in each]


def test_an_article_moves_from_one_story_to_another(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c, d = bring_from(db, "a", "b", "c", "d")
        one, other = save(db, Regrouping(stories=(draft([a, b]), draft([c, d]))))
        save(db, Regrouping(stories=(draft([a], one, n_publishers=1), draft([c, d, b], other, n_publishers=3))))
        assert {line.id: line.story_id for line in articles.river(db, limit=9)} == {
            a: one,
            b: other,
            c: other,
            d: other,
        }
        assert [card.n_articles for card in showing.story_cards(db, [one, other])] == [1, 3]


def test_a_merged_story_leads_to_where_it_went_through_any_number_of_merges(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c = bring_from(db, "a", "b", "c")
        one, two, three = save(db, Regrouping(stories=(draft([a]), draft([b]), draft([c]))))
        save(db, Regrouping(stories=(draft([a, b], two), draft([c], three)), merges=(Merge(one, two),)))
        save(db, Regrouping(stories=(draft([a, b, c], three),), merges=(Merge(two, three),)))
        assert [stories.current_id(db, each) for each in (one, two, three)] == [three, three, three]
        with pytest.raises(NotFoundError, match=f"There is no story with the number {one}"):
            showing.find_story(db, one)


def test_a_chain_of_merges_in_one_regroup_ends_in_its_last_story(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c = bring_from(db, "a", "b", "c")
        one, two, three = save(db, Regrouping(stories=(draft([a]), draft([b]), draft([c]))))
        merges = (Merge(one, two), Merge(two, three))
        save(db, Regrouping(stories=(draft([a, b, c], three),), merges=merges))
        assert [stories.current_id(db, each) for each in (one, two)] == [three, three]


def test_merges_that_make_no_sense_change_nothing(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b = bring_from(db, "a", "b")
        one, two = save(db, Regrouping(stories=(draft([a]), draft([b]))))
        merges = (Merge(one, two), Merge(90, 91), Merge(91, 90), Merge(92, two), Merge(93, 93))
        save(db, Regrouping(stories=(draft([a], one), draft([b], two)), merges=merges))
        assert [stories.current_id(db, each) for each in (one, two, 90, 92, 93)] == [one, two, None, None, None]


def test_members_older_than_the_window_stay_and_come_along_in_a_merge(engine: Engine) -> None:
    with transaction(engine) as db:
        x, y = bring_from(db, "x", "y", at=NOON - 9 * DAY)
        a, b = bring_from(db, "a", "b")
        one, two = save(db, Regrouping(stories=(draft([x, a]), draft([y, b]))))
        save(db, Regrouping(stories=(draft([a, b], one),), merges=(Merge(two, one),)))
        page = showing.find_story(db, one)
        assert [each.article.id for each in page.members] == [x, y, a, b]
        assert (page.card.n_articles, page.card.n_publishers, page.card.first.id) == (4, 4, x)
        assert page.card.lead.id == a


def test_a_story_left_by_all_its_members_leads_to_where_they_went_and_its_number_stays_unused(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b = bring_from(db, "a", "b")
        one, two = save(db, Regrouping(stories=(draft([a]), draft([b]))))
        save(db, Regrouping(stories=(draft([a, b], one),)))
        assert stories.current_id(db, two) == one
        (three, _) = save(db, Regrouping(stories=(draft([b]), draft([a], one))))
        assert three > two


def test_a_story_that_keeps_only_old_members_is_still_true(engine: Engine) -> None:
    with transaction(engine) as db:
        x, y = bring_from(db, "x", "y", at=NOON - 9 * DAY)
        a, b = bring_from(db, "a", "b")
        one, two = save(db, Regrouping(stories=(draft([a, x, y], n_publishers=3), draft([b]))))
        save(db, Regrouping(stories=(draft([b, a], two),)))
        page = showing.find_story(db, one)
        assert [each.article.id for each in page.members] == [x, y]
        assert (page.card.n_articles, page.card.n_publishers, page.card.last_at) == (2, 2, NOON - 9 * DAY)
        assert page.card.lead.id == x


def test_articles_deleted_during_a_regroup_are_left_out(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b = bring_from(db, "a", "b")
        ids = save(db, Regrouping(stories=(draft([999, a, b]), draft([998]))))
        page = showing.find_story(db, ids[0])
        assert len(ids) == 1
        assert [each.article.id for each in page.members] == [a, b]
        assert page.card.lead.id == a
        assert page.members[1].member.nearest_id is None


def test_the_front_page_shows_the_best_ranked_of_several_publishers(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c, d, e = bring_from(db, "a", "b", "c", "d", "e")
        low, high, _single = save(
            db, Regrouping(stories=(draft([a, b], rank=0.5), draft([c, d], rank=2.0), draft([e], n_publishers=1)))
        )
        assert [card.id for card in showing.front_page(db, since=NOON - HOUR, limit=9, now=NOON)] == [high, low]
        assert [card.id for card in showing.front_page(db, since=NOON - HOUR, limit=1, now=NOON)] == [high]
        assert len(showing.front_page(db, since=NOON - HOUR, limit=9, min_publishers=1, now=NOON)) == 3
        assert showing.front_page(db, since=NOON + HOUR, limit=9, now=NOON) == []
        assert showing.n_single(db, since=NOON - HOUR) == 1
        assert [line.id for line in showing.single_lines(db, since=NOON - HOUR, limit=9)] == [e]


def test_a_card_shows_the_lead_then_one_line_per_publisher_newest_first(engine: Engine) -> None:
    with transaction(engine) as db:
        gazette = subscribe(db)
        for hours, name in enumerate(["g0", "g1", "g2"]):
            bring(db, gazette, entry(name), at=NOON - hours * HOUR)
        (wire,) = bring_from(db, "wire", at=NOON - 5 * HOUR)
        (post,) = bring_from(db, "post", at=NOON - 3 * HOUR)
        db.execute(update(publishers).where(publishers.c.domain != "post.example").values(country="GB"))
        ids = ids_by_title(db)
        members = [ids["g1"], ids["g0"], ids["g2"], wire, post]
        (story_id,) = save(db, Regrouping(stories=(draft(members, n_publishers=3),)))
        reading.mark_articles(db, [wire], is_read=True, now=NOON)
        (card,) = showing.story_cards(db, [story_id])
    assert [line.id for line in card.lines] == [ids["g1"], post, wire]
    assert card.headline == "Title of g1"
    assert (card.lead.id, card.first.id) == (ids["g1"], wire)
    assert (card.n_articles, card.n_unread, card.countries) == (5, 4, ("GB",))
    assert card.rank_terms == {"publishers": 3.0, "age": 1.0}
    assert card.lead.n_story_publishers == 3


def test_cards_of_many_stories_take_a_handful_of_questions(engine: Engine) -> None:
    with transaction(engine) as db:
        names = [f"p{number}" for number in range(60)]
        ids = bring_from(db, *names)
        pairs = list(zip(ids[::2], ids[1::2], strict=True))
        save(db, Regrouping(stories=tuple(draft(pair) for pair in pairs)))
        said: list[str] = []
        event.listen(db, "before_cursor_execute", lambda _, __, statement, *___: said.append(statement))
        assert len(showing.front_page(db, since=NOON - HOUR, limit=30, now=NOON)) == 30
    assert len(said) <= 8


def test_cards_come_in_the_order_asked_for(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b = bring_from(db, "a", "b")
        one, two = save(db, Regrouping(stories=(draft([a]), draft([b]))))
        assert [card.id for card in showing.story_cards(db, [two, 2**70, 999, one])] == [two, one]


def test_a_storys_page_says_why_each_article_is_there(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b = bring_from(db, "a", "b")
        story = draft([a, b])
        copied = replace(story.members[1], copy_of_id=a, score=0.25)
        (story_id,) = save(db, Regrouping(stories=(replace(story, members=(story.members[0], copied)),)))
        second = showing.find_story(db, story_id).members[1]
    assert second.member == copied


def test_a_regroup_is_remembered(engine: Engine) -> None:
    with transaction(engine) as db:
        assert memory.progress(db, since=NOON - DAY).regrouped_at is None
        save(db, Regrouping(stories=()), now=NOON + HOUR)
        assert memory.progress(db, since=NOON - DAY).regrouped_at == NOON + HOUR
