import pytest

from aggregator.parse.language import OWN_CHARS, article_language

IN = {
    "en": "The harbour was closed for three days after the storm, and with it the only road that leads from the town.",
    "de": "Der Hafen wurde nach dem Sturm für drei Tage geschlossen, und mit ihm die einzige Straße, die aus der "
    "Stadt führt, weil auch die Brücke nicht mehr befahren werden durfte.",
    "fr": "Le port a été fermé pendant trois jours après la tempête, et avec lui la seule route qui mène hors de la "
    "ville, parce que le pont ne pouvait plus être emprunté par personne.",
    "uk": "Порт було закрито на три дні після шторму, а разом із ним і єдину дорогу, що веде з міста, бо мостом теж "
    "ніхто не міг користуватися.",
}


@pytest.mark.parametrize("language", IN)
@pytest.mark.parametrize("declared", [*IN, "nl-BE", "da", "ca", None])
def test_the_words_decide_whatever_the_feed_says(language: str, declared: str | None) -> None:
    assert article_language(IN[language], declared) == language


@pytest.mark.parametrize(("declared", "code"), [("en-GB", "en"), ("de", "de"), ("ja", "ja"), ("nb", "no")])
def test_a_short_text_is_what_its_feed_says(declared: str, code: str) -> None:
    assert article_language("Arsenal 2-1 Porto", declared) == code


def test_a_quotation_in_the_feeds_language_does_not_make_an_article_of_it() -> None:
    said = "“The king and I”, mit dem das Haus die Spielzeit eröffnet. "
    assert article_language(said + IN["de"], "en") == "de"


def test_a_language_without_a_list_of_words_is_told_by_the_model_alone() -> None:
    icelandic = "Höfnin var lokuð í þrjá daga eftir storminn og þar með eini vegurinn sem liggur út úr bænum."
    assert article_language(icelandic, "is") == "is"


def test_what_comes_late_does_not_count() -> None:
    assert article_language(IN["de"] + " " * OWN_CHARS + IN["en"] * 3, "en") == "de"


@pytest.mark.parametrize("language", IN)
@pytest.mark.parametrize("neighbour", [*IN, "nl", "is", None])
def test_the_words_decide_whatever_the_entry_before_is_in(language: str, neighbour: str | None) -> None:
    assert article_language(IN[language], neighbour=neighbour) == language


def test_the_entry_before_says_nothing_of_a_short_text() -> None:
    assert article_language("Tor in Bremen", "de", neighbour="en") == "de"
    assert article_language("Les élections au Québec", neighbour="en") == article_language("Les élections au Québec")


def test_a_text_whose_words_are_those_of_the_entry_before_is_in_its_language() -> None:
    advisory = (  # the model alone holds it to be Nigerian Pidgin
        "Winter Weather Advisory issued November 07 at 4:09AM EST until November 08 at 12:00PM EST by NWS\n...WINTER "
        "WEATHER ADVISORY IN EFFECT FROM 7 PM THIS EVENING TO NOON EST THURSDAY... THE NATIONAL WEATHER SERVICE IN "
        "CARIBOU HAS ISSUED A WINTER WEATHER ADVISORY FOR SNOW AND MIXED PRECIPITATION...WHICH IS IN EFFECT FROM 7 PM "
        "THIS EVENING TO NOON EST THURSDAY. * PRECIPITATION TYPE...SNOW...SLEET AND FREEZING RAIN"
    )
    assert article_language(advisory, neighbour="en") == "en"
