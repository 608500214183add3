"""What a mute hides and what brings it back."""

from datetime import UTC, datetime, timedelta

import pytest

from aggregator.models.evidence import Shared, SharedKind
from aggregator.muting import bar_of, is_in, is_like, like, names_of, until

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def name(text: str) -> Shared:
    return Shared(text, SharedKind.NAME)


@pytest.mark.parametrize(("n_publishers", "bar"), [(1, 5), (2, 6), (4, 8), (9, 18)])
def test_a_story_breaks_out_at_twice_its_publishers_and_four_more_at_the_least(n_publishers: int, bar: int) -> None:
    assert bar_of(n_publishers) == bar


def test_a_mute_lasts_so_many_days_or_for_ever() -> None:
    assert until(7, now=NOON) == NOON + timedelta(days=7)
    assert until(None, now=NOON) is None


def test_a_story_is_known_by_the_two_names_that_most_of_its_articles_share() -> None:
    shared = [name("Kesh"), name("Ardania"), name("Ardania"), name("Red Cross"), name("Red Cross"), name("Red Cross")]
    assert names_of("Quake in Ardania", shared) == ("Ardania", "Red Cross")


def test_words_and_numbers_are_no_names() -> None:
    assert names_of("quake", [Shared("quake", SharedKind.WORD), Shared("17", SharedKind.NUMBER)]) == ()


def test_a_name_within_another_does_not_count_twice() -> None:
    shared = [name("Bank of Ardania"), name("Bank of Ardania"), name("Ardania"), name("Kesh")]
    assert names_of("", shared) == ("Bank of Ardania", "Kesh")


def test_where_nothing_is_known_the_names_in_the_headline_do() -> None:
    assert names_of("Rescuers reach Port Kesh after quake in Ardania", []) == ("Port Kesh", "Ardania")


@pytest.mark.parametrize("headline", ["", "rescuers reach villages", "Rescuers Reach Port Kesh", "زلزال قوي يضرب"])
def test_where_capitals_tell_nothing_there_are_no_names(headline: str) -> None:
    assert names_of(headline, []) == ()


@pytest.mark.parametrize(
    ("title", "is_there"),
    [
        ("Kesh says no", True),
        ("KESH SAYS NO", True),
        ("In Kesh’s harbour", True),
        ("Keshan says no", False),
        ("", False),
    ],
)
def test_a_name_stands_in_a_title_as_a_whole_word(title: str, is_there: bool) -> None:
    assert is_in("Kesh", title) == is_there


def test_a_name_in_a_script_without_spaces_stands_anywhere() -> None:
    assert is_in("首脳", "日本首脳会談は終了")


def test_a_story_is_like_when_its_headline_has_all_names_or_half_of_its_titles_have() -> None:
    names = ("Ardania", "Kesh")
    assert is_like(names, ["Ardania and Kesh talk", "Talks", "More talks"])
    assert is_like(names, ["Talks", "Kesh meets Ardania"])
    assert not is_like(names, ["Talks", "Kesh meets Ardania", "More talks"])
    assert not is_like(names, ["Ardania votes", "Kesh votes"])


def test_without_names_or_titles_nothing_is_like() -> None:
    assert not is_like((), ["Ardania"])
    assert not is_like(("Ardania",), [])


def test_stories_are_chosen_by_their_titles() -> None:
    assert like(["Kesh"], {1: ["Kesh votes"], 2: ["Ardania votes"], 3: []}) == [1]
