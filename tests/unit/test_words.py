import numpy as np

from aggregator.stories.clean import clean_text, clean_title, is_round_up
from aggregator.stories.words import tokens, weigh


def test_one_word_in_two_endings_is_one_token():
    assert tokens("protesters protesting") == ("protes", "protes")


def test_serbian_says_the_same_in_both_its_scripts():
    assert tokens("Вучић у Београду: протест") == tokens("Vučić u Beogradu: protest")


def test_words_that_say_nothing_are_left_out_in_many_languages():
    assert tokens("the of and und der die les des и на") == ()


def test_numbers_are_the_same_with_and_without_separators():
    assert tokens("1,200 killed") == tokens("1200 killed")
    assert tokens("8.9 quake")[0] == "8.9"


def test_scripts_without_spaces_give_pairs_of_letters():
    assert tokens("東京地震") == ("東京", "京地", "地震")
    assert len(tokens("แผ่นดินไหว")) > 1


def test_a_text_without_letters_has_no_words():
    assert tokens("!!! — 🎉 …") == ()


def test_rows_are_of_length_one_or_nought():
    rows = weigh([("quake", "tokyo"), (), ("quake",)])
    assert np.allclose(np.asarray(rows.multiply(rows).sum(axis=1)).ravel(), [1, 0, 1])


def test_a_rare_word_counts_more_than_one_that_all_have():
    many = [("market", f"name{i}") for i in range(60)]
    row = weigh(many)[0].toarray()[0]
    assert row.max() > 4 * row[row > 0].min()


def test_nothing_to_weigh_is_no_error():
    assert weigh([]).shape[0] == 0


def test_labels_and_the_publisher_go_from_a_title():
    assert clean_title("LIVE: Flood hits the valley") == "Flood hits the valley"
    assert clean_title("[Video] Flood hits the valley | The Daily Bugle") == "Flood hits the valley"
    assert clean_title("Flood hits the valley - West Hawaii Today", "westhawaiitoday.com") == "Flood hits the valley"


def test_a_dash_that_belongs_to_the_title_stays():
    assert clean_title("Flood hits the valley - and no one is ready", "bugle.com").endswith("no one is ready")


def test_a_title_that_is_only_a_label_stays():
    assert clean_title("Live:") == "Live:"


def test_a_text_loses_dateline_furniture_and_the_title_it_repeats():
    assert clean_text("CAIRO (Reuters) - The talks began.") == "The talks began."
    assert clean_text("Flood hits\nIt rained for days.", "Flood hits") == "It rained for days."
    assert "Read more" not in clean_text("It rained.\nRead more: ten facts about rain")


def test_round_ups_and_live_blogs_are_known_by_their_titles():
    assert is_round_up("Morning briefing: ten things to know")
    assert is_round_up("Live: flood in the valley")
    assert not is_round_up("Flood hits the valley where people live")
