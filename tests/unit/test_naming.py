"""What a topic is called."""

from aggregator.stories.naming import MAX_WORDS, Told, characteristic_words, name, use
from aggregator.stories.surfaces import read_line


def told(*titles):
    return Told(tuple((read_line(title),) for title in titles))


OTHERS = [
    told("A football match ended in rain", "The football match was long"),
    told("Parliament debates a law on bread", "A law on bread divides parliament"),
    told("The museum shows old clocks", "Old clocks tick in the museum"),
    told("A ship carries grain to the harbour", "Grain waits in the harbour"),
]


def name_of(*stories, known_as=""):
    groups = [[use(each) for each in stories], *([use(each)] for each in OTHERS)]
    return name(characteristic_words(groups)[0], stories, known_as)


def test_a_topic_is_called_by_the_name_its_stories_share():
    found = name_of(
        told("Leaders meet as Ursula von der Leyen speaks", "Why Ursula von der Leyen waits"),
        told("Farmers shout at Ursula von der Leyen", "Tractors greet Ursula von der Leyen in Lyon"),
    )
    assert found == "Ursula von der Leyen"


def test_a_word_stands_in_the_term_it_is_part_of():
    found = name_of(
        told("Bankers keep interest rates high", "No change of interest rates"),
        told("Homes suffer from interest rates", "Savers welcome interest rates"),
    )
    assert found == "Interest rates"


def test_what_only_one_story_says_names_nothing():
    found = name_of(
        told("Fire in Lisbon spreads near a school", "Lisbon fire spreads"),
        told("Lisbon elects a mayor", "A mayor for Lisbon"),
    )
    assert found == "Lisbon"


def test_a_name_in_capitals_by_nature_is_left_as_it_is():
    found = name_of(
        told("New iPhone has a larger screen", "An iPhone for everyone"),
        told("A judge bans the iPhone", "Without an iPhone in court"),
    )
    assert found == "iPhone"


def test_headlines_in_title_case_do_not_turn_words_into_names():
    found = name_of(
        told("Farmers Protest Against Tariffs Again Today", "They say that tariffs hurt farmers"),
        told("Every Tariffs Story Ends With Farmers", "For farmers the tariffs are a burden"),
    )
    assert set(found.lower().split(", ")) == {"farmers", "tariffs"}
    assert "T" not in found


def test_a_name_may_begin_with_a_word_that_says_nothing_alone():
    found = name_of(
        told("They fly to El Salvador at night", "Planes land in El Salvador"),
        told("A judge asks about El Salvador", "What is known of El Salvador"),
    )
    assert found == "El Salvador"


def test_the_same_word_is_not_said_twice():
    found = name_of(
        told("Flooding drowns the floods of last year", "Floods and flooding"),
        told("After floods comes flooding again", "Flooding, floods"),
    )
    assert found in {"Floods", "Flooding"}


def test_a_script_without_spaces_gives_whole_words():
    found = name_of(
        told("福島原発で作業再開", "福島原発の水を放出"),
        told("政府は福島原発を視察", "福島原発に新しい計画"),
    )
    assert found.startswith("福島原発")


def test_a_script_without_capitals_gives_whole_names():
    found = name_of(
        told("زلزال يضرب ساحل أردانيا", "ساحل أردانيا بعد الزلزال"),
        told("فرق الإنقاذ في ساحل أردانيا", "ساحل أردانيا ينتظر"),
    )
    assert "أردانيا" in found


def test_months_and_weekdays_name_nothing():
    found = name_of(
        told("Lisbon in July: a calendar", "On Friday Lisbon sings, 3 July"),
        told("What Lisbon does in July", "Lisbon on Friday, 10 July"),
    )
    assert found == "Lisbon"


def test_a_name_is_four_words_at_most():
    words = "volcano ash airports closed evacuation island tourists government"
    found = name_of(told(words, words), told(words, words))
    assert 1 < len(found.replace(",", "").split()) <= MAX_WORDS


def test_a_name_stays_while_it_still_fits():
    stories = (
        told("Strike at Port Almar goes on", "Port Almar strike"),
        told("Unions leave Port Almar", "Port Almar strike ends"),
    )
    assert name_of(*stories, known_as="Strike, Port Almar") == "Strike, Port Almar"
    assert name_of(*stories, known_as="Football, rain") != "Football, rain"


def test_stories_that_share_nothing_have_no_name():
    assert name_of(told("One thing"), told("Another matter")) == ""
