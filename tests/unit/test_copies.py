from aggregator.stories.copies import agency, copies

WIRE = tuple(f"word{i}" for i in range(80))


def test_the_same_words_are_a_copy_of_the_earliest():
    assert copies([WIRE, ("other", "words"), WIRE, WIRE], [0, 0, 0.1, 0.2]) == {2: 0, 3: 0}


def test_a_shortened_text_is_a_copy():
    assert copies([WIRE, WIRE[:50]], [0, 0.1]) == {1: 0}


def test_other_numbers_make_it_a_new_edition_and_no_copy():
    assert copies([("21", *WIRE), ("35", *WIRE)], [0, 0.1]) == {}


def test_short_titles_that_recur_are_no_copies():
    assert copies([("market", "report"), ("market", "report")], [0, 0.1]) == {}


def test_the_same_words_a_week_later_are_a_series():
    assert copies([WIRE, WIRE], [0, 7]) == {}


def test_empty_texts_are_no_copies_of_each_other():
    assert copies([(), (), ()], [0, 0, 0]) == {}


def test_an_agency_is_known_by_dateline_by_feed_and_by_what_the_text_says():
    assert agency("CAIRO (Reuters) - Talks began.") == "Reuters"
    assert agency("Talks began.", "AFP") == "AFP"
    assert agency("Talks began, as reported by AFP on Monday.") == "AFP"
    assert agency("The talks (see below) began.") is None
