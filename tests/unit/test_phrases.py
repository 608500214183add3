"""What is said to the owner, in whatever language."""

from aggregator.phrases import in_a_row, phrase, phrase_of

GERMAN = {
    "It is asked next in %(span)s.": "In %(span)s wird wieder gefragt.",
    "%(n)s days": "%(n)s Tagen",
    "Good.": "Gut.",
}


def german(one: str, many: str, n: int) -> str:
    return GERMAN[many if many and n != 1 else one] if (one in GERMAN or many in GERMAN) else one


def test_as_words_a_phrase_is_english():
    assert str(phrase("It is asked next in %(span)s.", span=phrase_of("%(n)s day", "%(n)s days", 1))) == (
        "It is asked next in 1 day."
    )


def test_a_phrase_is_translated_with_the_phrases_in_its_places():
    said = phrase("It is asked next in %(span)s.", span=phrase_of("%(n)s day", "%(n)s days", 1200))
    assert said.said(german) == "In 1,200 Tagen wird wieder gefragt."


def test_sentences_in_a_row_are_translated_one_by_one():
    row = in_a_row(phrase("Good."), phrase("%(error)s", error="100 % of it failed."), phrase("Good."))
    assert row.said(german) == "Gut. 100 % of it failed. Gut."
