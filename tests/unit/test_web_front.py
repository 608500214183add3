from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.models.front import Arrived, FrontPage
from aggregator.models.pages import Progress, Report, StoryCard, TopicName
from tests.cards import NOON, card, line
from web.front import (
    FADING_AFTER,
    LATE,
    N_TOP,
    OF_TODAY,
    Chip,
    Kind,
    State,
    Strip,
    Word,
    changed,
    chip,
    coverage,
    folder,
    is_working,
    n_lately,
    notices,
    quotations,
    sections,
    state_of,
    strip,
)

HOUR = timedelta(hours=1)
DONE = Progress(
    n_feeds=3,
    n_checked=3,
    n_failing=0,
    n_articles=9,
    n_unencoded=0,
    n_ungrouped=0,
    n_stories=0,
    regrouped_at=NOON,
    encoder_error=None,
)


@pytest.mark.parametrize(
    ("progress", "state"),
    [
        (replace(DONE, n_feeds=0, n_checked=0, n_articles=0), State.FIRST_RUN),
        (replace(DONE, n_checked=1, n_articles=0), State.FETCHING),
        (replace(DONE, n_failing=3, n_articles=0), State.UNREACHABLE),
        (replace(DONE, n_failing=1, n_articles=0), State.QUIET),
        (replace(DONE, n_ungrouped=9, regrouped_at=None), State.GROUPING),
        (replace(DONE, regrouped_at=None), State.GROUPING),
        (DONE, State.NO_STORIES),
    ],
)
def test_an_empty_front_page_says_why_it_is_empty(progress: Progress, state: State) -> None:
    assert state_of(progress, []) is state


def test_work_is_under_way_until_every_feed_is_checked_and_every_article_grouped() -> None:
    assert is_working(replace(DONE, n_checked=2))
    assert is_working(replace(DONE, n_ungrouped=1))
    assert not is_working(DONE)


def test_a_missing_model_is_said_plainly() -> None:
    (said,) = notices(replace(DONE, encoder_error="the folder models/x is not there."), now=NOON)
    assert "words alone" in said
    assert "models/x" in said


def test_grouping_that_lags_behind_is_said_with_its_minutes() -> None:
    behind = replace(DONE, n_ungrouped=312, regrouped_at=NOON - timedelta(minutes=40))
    assert notices(behind, now=NOON) == ["Grouping is 40 min behind: 312 articles wait. The river already shows them."]
    assert notices(replace(behind, regrouped_at=NOON - LATE), now=NOON) == []


def test_grouping_that_lags_by_one_article_says_one() -> None:
    behind = replace(DONE, n_ungrouped=1, regrouped_at=NOON - timedelta(minutes=40))
    assert notices(behind, now=NOON) == ["Grouping is 40 min behind: 1 article waits. The river already shows it."]


def test_a_machine_that_reaches_nothing_shows_the_last_edition_and_says_so() -> None:
    (said,) = notices(replace(DONE, n_failing=3, succeeded_at=NOON - 5 * HOUR), now=NOON)
    assert "None of 3 feeds could be read" in said
    assert "5 h ago" in said
    assert notices(replace(DONE, n_failing=2, succeeded_at=NOON - 5 * HOUR), now=NOON) == []


def test_a_page_of_unread_stories_is_empty_because_all_are_read() -> None:
    assert state_of(replace(DONE, n_stories=4), [], is_unread_only=True) is State.ALL_READ
    assert state_of(replace(DONE, n_stories=0), [], is_unread_only=True) is State.NO_STORIES


def test_where_all_is_muted_the_page_says_so() -> None:
    assert state_of(replace(DONE, n_stories=4), [], n_hidden=4) is State.ALL_MUTED
    assert state_of(replace(DONE, n_stories=4), [], n_hidden=4, is_unread_only=True) is State.ALL_MUTED
    assert state_of(replace(DONE, n_stories=4), [], n_hidden=3, is_unread_only=True) is State.ALL_READ


# --- what is new -------------------------------------------------------------------------------------


def test_a_story_that_two_publishers_told_only_since_the_visit_is_new() -> None:
    told = card(came=(5, 1))
    assert chip(told, NOON - 3 * HOUR, now=NOON) == Chip(Word.NEW, 1)
    assert chip(told, NOON - 9 * HOUR, now=NOON) == Chip(Word.NEW, 2)


def test_a_story_that_was_there_and_has_more_is_updated() -> None:
    assert chip(card(came=(6, 5, 1)), NOON - 3 * HOUR, now=NOON) == Chip(Word.UPDATED, 1)


def test_a_story_read_in_part_says_how_much_of_it_is_unread_whenever_the_visit_was() -> None:
    assert chip(card(came=(6, 5, 4), n_unread=2), None, now=NOON) == Chip(Word.UPDATED, 2)


def test_a_story_read_in_part_counts_its_new_facts_where_they_are_known_and_keeps_quiet_without_any() -> None:
    told = card(came=(6, 5, 4), n_unread=2)
    assert chip(replace(told, n_new_facts=3), None, now=NOON) == Chip(Word.UPDATED, 2, 3)
    assert chip(replace(told, n_new_facts=0), None, now=NOON) is None


def test_a_story_grows_while_three_articles_came_in_the_last_hour() -> None:
    assert n_lately(card(came=(6, 0.9, 0.5, 0.1)), now=NOON) == 3
    assert n_lately(card(came=(6, 0.5, 0.1)), now=NOON) == 0


def test_nothing_is_said_of_a_story_that_was_read_or_did_not_change() -> None:
    assert chip(card(came=(6, 5, 1), n_unread=0), NOON - 3 * HOUR, now=NOON) is None
    assert chip(card(came=(6, 5)), NOON - 3 * HOUR, now=NOON) is None
    assert chip(card(came=(6, 5)), None, now=NOON) is None


def test_a_story_without_news_for_twelve_hours_fades() -> None:
    assert chip(card(came=(20, 13)), NOON - 3 * HOUR, now=NOON) == Chip(Word.FADING)
    assert chip(card(came=(20, 11)), NOON - 3 * HOUR, now=NOON) is None
    assert timedelta(hours=12) == FADING_AFTER


def test_the_strip_counts_new_stories_and_those_that_moved_on() -> None:
    since = NOON - 3 * HOUR
    cards = [card(1, came=(2, 1)), card(2, came=(9, 1)), card(3, came=(9, 8, 1)), card(4, came=(9, 8))]
    assert strip(cards, since) == Strip(since, n_new=2, n_moved=1)
    assert [each.id for each in changed(cards, since)] == [1, 2, 3]


def test_who_was_never_here_is_told_nothing_of_it() -> None:
    assert strip([card(1, came=(2, 1))], None) is None
    assert [each.id for each in changed([card(1, came=(2, 1))], None)] == [1]


# --- sections ----------------------------------------------------------------------------------------


def paper(*cards: StoryCard, folder_of: dict[int, str] | None = None) -> FrontPage:
    return FrontPage(
        cards=cards,
        followed=(),
        single=(),
        n_single=0,
        n_hidden=0,
        folder_of=folder_of or {},
        progress=DONE,
        visit=None,
        arrived=Arrived(0, 0),
    )


def kinds(page: FrontPage, **options: object) -> list[tuple[Kind, str, list[int]]]:
    found = sections(page, now=NOON, **options)  # type: ignore[arg-type]
    return [(each.kind, each.name, [card.id for card in each.cards]) for each in found]


def test_the_best_stand_on_top_and_what_is_older_than_a_day_last() -> None:
    cards = [card(n, came=(2, 1)) for n in range(N_TOP)]
    old = card(50, came=(40, 30))
    new = card(51, came=(2, 1))
    assert kinds(paper(*cards, old, new)) == [
        (Kind.TOP, "", list(range(N_TOP))),
        (Kind.MORE, "", [51]),
        (Kind.EARLIER, "", [50]),
    ]
    assert timedelta(hours=24) == OF_TODAY


def test_below_the_top_stories_stand_by_folder_and_then_by_topic() -> None:
    top = [card(n, came=(2, 1)) for n in range(N_TOP)]
    war = TopicName(7, "War")
    below = [
        card(20, feeds=(1, 2)),
        card(21, feeds=(3, 4), topic=war),
        card(22, feeds=(1, 1), topic=war),
        card(23, feeds=(4, 3), topic=war),
        card(24, feeds=(4, 3)),
    ]
    assert kinds(paper(*top, *below, folder_of={1: "Africa", 2: "Africa"}))[1:] == [
        (Kind.FOLDER, "Africa", [20, 22]),
        (Kind.TOPIC, "War", [21, 23]),
        (Kind.MORE, "", [24]),
    ]


def test_a_section_is_cut_to_whole_rows_and_the_rest_keeps_its_order_below() -> None:
    top = [card(n, came=(2, 1)) for n in range(N_TOP)]
    below = [card(20 + n, feeds=(1, 1) if n != 2 else (9, 9)) for n in range(6)]
    assert kinds(paper(*top, *below, folder_of={1: "Africa"}))[1:] == [
        (Kind.FOLDER, "Africa", [20, 21, 23, 24]),
        (Kind.MORE, "", [22, 25]),
    ]


def test_what_is_followed_and_changed_stands_first_and_once() -> None:
    cards = [card(1, came=(2, 1)), card(2, came=(2, 1))]
    followed = [cards[1], card(9, came=(2, 1))]
    page = replace(paper(*cards), followed=(*followed, card(8, came=(9, 8))))
    assert kinds(page, since=NOON - 3 * HOUR) == [(Kind.FOLLOWING, "", [2, 9]), (Kind.TOP, "", [1])]


def test_every_story_stands_on_the_page_once() -> None:
    topics = [None, TopicName(1, "War"), TopicName(2, "Rates")]
    cards = [card(n, came=(2 + n, 1 + n), feeds=(n % 4, n % 3), topic=topics[n % 3]) for n in range(31)]
    shown = [number for _, _, ids in kinds(paper(*cards, folder_of={1: "A", 2: "B"})) for number in ids]
    assert sorted(shown) == list(range(31))


def test_a_story_lies_in_the_folder_of_most_who_tell_it() -> None:
    assert folder(card(feeds=(1, 2, 3)), {1: "A", 2: "B", 3: "B"}) == "B"
    assert folder(card(feeds=(1, 2, 3)), {1: "A"}) is None
    assert folder(card(feeds=(1, 2)), {1: "A"}) == "A"


# --- a card ------------------------------------------------------------------------------------------


def test_quotations_are_of_different_publishers_that_say_different_things() -> None:
    told = replace(
        card(),
        lead=line(1, 1, excerpt="The dam broke at dawn on Monday."),
        lines=(
            line(1, 1, excerpt="The dam broke at dawn on Monday."),
            line(2, 2, excerpt="The dam broke at dawn on Monday, police said."),
            line(3, 3, excerpt="Le barrage a cédé à l’aube.", language="fr"),
            line(4, 4, excerpt="Villages downstream were empty by then."),
        ),
    )
    said = quotations(told, (20, 100), (20, 100))
    assert [(each.text, each.line.id) for each in said] == [
        ("The dam broke at dawn on Monday.", 1),
        ("Villages downstream were empty by then.", 4),
    ]
    assert quotations(told) == []


def test_where_stories_are_told_counts_each_publisher_once_for_each_story() -> None:
    here = Report(0, 1, 1, 0, "en-GB", "gb")
    again, there = here._replace(article_id=2), Report(0, 3, 2, 0, "fr", "FR")
    told = [replace(card(1), reports=(here, again, there)), replace(card(2), reports=(here,))]
    assert coverage(told).countries == (("GB", 2), ("FR", 1))
    assert coverage(told).languages == (("en", 2), ("fr", 1))
