import re
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from markupsafe import Markup

from aggregator.models.moments import microseconds
from aggregator.models.pages import TopicLine
from tests.cards import NOON, line
from web.pictures import MOST_AREAS, MOST_BARS, N_STROKES, bars, by_likeness, laid_out, sparkline, topic_map

HOUR = timedelta(hours=1)


def drawn(picture: Markup) -> ElementTree.Element:
    """The picture as XML, which every picture is."""
    return ElementTree.fromstring(str(picture))


def spark(*hours_ago: float) -> ElementTree.Element:
    published_us = [microseconds(NOON - hours * HOUR) for hours in hours_ago]
    return drawn(sparkline(published_us, now=NOON, clock=lambda moment: f"{moment:%H:%M}"))


def strokes(picture: ElementTree.Element) -> dict[int, int]:
    """How high the strokes of a sparkline are, by their place."""
    path = picture.find("path")
    assert path is not None
    return {int(x) // 2: int(height) for x, height in re.findall(r"M(\d+) 16v-(\d+)", path.attrib["d"])}


def test_a_sparkline_runs_from_the_first_report_until_now() -> None:
    assert list(strokes(spark(24, 12, 0))) == [0, 12, N_STROKES - 1]


def test_the_tallest_stroke_is_the_hour_in_which_most_came_and_one_article_is_still_seen() -> None:
    heights = strokes(spark(24, 23.9, 23.8, *[23.5] * 20, 5))
    assert heights[0] == 14
    assert heights[19] == 3


def test_a_sparkline_says_in_words_what_it_shows() -> None:
    title = spark(24, 12, 11.9, 0).find("title")
    assert title is not None
    assert title.text == "4 articles: first 12:00, most (2) from 00:00, last 12:00"
    alone = spark(3).find("title")
    assert alone is not None
    assert alone.text == "1 article, at 09:00"


def test_a_story_of_minutes_does_not_fill_its_picture() -> None:
    assert list(strokes(spark(0.1, 0))) == [0, 2]


def test_bars_are_as_long_as_what_they_stand_for_and_say_it_in_words() -> None:
    picture = drawn(bars("c", "By country", [("Kenya", 8), ("Peru & <Chile>", 2)]))
    assert [int(bar.attrib["width"]) for bar in picture.iter("rect")] == [160, 40]
    assert [each.text for each in picture.iter("desc")] == ["Kenya 8, Peru & <Chile> 2"]
    assert picture.attrib["role"] == "img"
    assert picture.attrib["aria-labelledby"] == "c-t c-d"


def test_what_is_too_much_for_bars_is_summed_up() -> None:
    picture = drawn(bars("c", "By country", [(f"Land {n}", 30 - n) for n in range(20)]))
    assert len(list(picture.iter("rect"))) == MOST_BARS
    assert [each.text for each in picture.iter("text")][-2:] == ["9 others", "135"]


def topic(number: int, n_stories: int = 1, *, hours_ago: float = 1, **words: float) -> TopicLine:
    at = NOON - hours_ago * HOUR
    return TopicLine(
        id=number, name=f"Topic {number}", n_stories=n_stories, first_at=at, last_at=at, newest=line(), words=words
    )


@pytest.mark.parametrize("size", [(1216, 420), (358, 560)])
@pytest.mark.parametrize("amounts", [[9], [5, 4, 3, 2, 1], [40, *[1] * 23], [3] * 24])
def test_areas_fill_the_map_in_proportion(amounts: list[int], size: tuple[int, int]) -> None:
    width, height = size
    areas = laid_out(amounts, width, height)
    scale = width * height / sum(amounts)
    assert [area.width * area.height for area in areas] == pytest.approx([amount * scale for amount in amounts])
    assert max(area.x + area.width for area in areas) == pytest.approx(width)
    assert max(area.y + area.height for area in areas) == pytest.approx(height)


def test_topics_stand_beside_those_with_like_words() -> None:
    lines = [topic(1, 9, war=1.0), topic(2, 8, rates=1.0), topic(3, 2, war=0.5, sea=0.5), topic(4, 1, sea=1.0)]
    assert [each.id for each in by_likeness(lines)] == [1, 3, 4, 2]
    assert by_likeness([]) == []


def test_the_map_leads_to_each_topic_and_names_it_for_who_does_not_see_it() -> None:
    lines = [topic(1, 9), topic(2, 1, hours_ago=30)]
    picture = drawn(topic_map("wide", lines, (600, 300), link=lambda number: f"/topic/{number}", now=NOON))
    links = list(picture.iter("a"))
    assert [(each.attrib["href"], each.attrib["aria-label"]) for each in links] == [
        ("/topic/1", "Topic 1, 9 stories"),
        ("/topic/2", "Topic 2, 1 story"),
    ]
    assert [each.find("rect").attrib.get("class") for each in links] == ["fresh", None]  # type: ignore[union-attr]


def test_a_map_of_many_topics_shows_the_largest() -> None:
    lines = [topic(number, 60 - number) for number in range(60)]
    picture = drawn(topic_map("tall", lines, (358, 560), link=str, now=NOON))
    assert len(list(picture.iter("a"))) == MOST_AREAS


def test_no_name_is_wider_than_its_area() -> None:
    long = [
        TopicLine(**{**_values(topic(n, 1)), "name": "Donaudampfschifffahrtsgesellschaft & <b>"}) for n in range(24)
    ]
    picture = drawn(topic_map("tall", long, (358, 560), link=str, now=NOON))
    for each in picture.iter("a"):
        width = float(each.find("rect").attrib["width"])  # type: ignore[union-attr]
        for text in each.iter("text"):
            assert len(text.text or "") * float(text.attrib["font-size"]) * 0.62 <= width


def _values(each: TopicLine) -> dict[str, object]:
    return {name: getattr(each, name) for name in TopicLine.__slots__}
