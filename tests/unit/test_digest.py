"""What a story says, read from its articles: nothing that no publisher wrote, and what everybody says first."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.digest.digest import digest
from aggregator.digest.figures import readings
from aggregator.digest.lines import MAX_LINES, lines_of, passages
from aggregator.digest.particulars import known_names, numbers, particulars
from aggregator.digest.sentences import folded_spaces, sentences
from aggregator.models.digests import Account, Claim, ToldArticle

NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)

QUAKE = "A strong earthquake shook the coast of Ardania before dawn."
DEAD_12 = "At least 12 people were killed in the town of Port Merrow."
DEAD_17 = "At least 17 people were killed in the town of Port Merrow."
MAYOR = "The mayor of Port Merrow, Elena Marsh, asked for tents and water."
BRIDGE = "Engineers closed the Halden bridge, which was built in 1964."


def told(number, *said, title="", language="en", publisher=None, hours=None, copy_of=None, origin=None):
    text = " ".join(said)
    return ToldArticle(
        id=number,
        title=title,
        text=text,
        n_chars=len(text),
        publisher=publisher or f"paper{number}.example",
        publisher_name=f"Paper {number}",
        language=language,
        published_at=NOON + timedelta(hours=number if hours is None else hours),
        copy_of_id=copy_of,
        origin=origin,
    )


def read(*articles, lead=1):
    return digest(articles, [passages(each) for each in articles], lead_id=lead)


def quoted(found, places):
    return [found.sentences[place] for place in places]


def said_by(found, sentence):
    return set(found.account.claims[found.sentences.index(sentence)].said_by)


# --- sentences -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "text", "parts"),
    [
        ("en", "Dr. Smith left Cairo at 2.50am today. It cost $4.21 to get in there.", 2),
        ("fr", "M. Durand est parti hier matin. Me Armand Tessonneau a fait appel.", 2),
        ("de", "Am 3. Mai kam Dr. Müller nach Bonn. Die Polizei teilte z. B. mit, dass ca. 12 starben.", 2),
        ("ja", "首脳会談は合意なしで終了した。「とても残念だ。」と首相は述べた。", 2),
        ("zh", "地震造成至少十二人死亡。救援人员已经抵达现场。", 2),
        ("ar", "ضرب زلزال قوي الساحل فجر اليوم. وقال مسؤولون إن فرق الإنقاذ وصلت.", 2),
        ("xx", "Nobody knows this language. But it has two sentences.", 2),
        (None, "Nobody says which language. But it has two sentences.", 2),
    ],
)
def test_sentences_end_where_each_language_ends_them(language, text, parts):
    assert len(sentences(text, "", language)) == parts


def test_what_is_no_sentence_of_the_piece_is_left_out():
    text = (
        "CAIRO (Reuters) - The ferry ran aground on Tuesday.\n\nRELATED NEWS\n\nSign up for our newsletter today!\n\n"
        "The captain was questioned by police. The rest of it was cut off by the …"
    )
    assert sentences(text) == ("The ferry ran aground on Tuesday.", "The captain was questioned by police.")


def test_a_sentence_that_only_repeats_the_title_is_left_out():
    assert sentences("Ferry runs aground off Sorrel. The captain was questioned.", "Ferry runs aground off Sorrel") == (
        "The captain was questioned.",
    )


@pytest.mark.parametrize("text", ["", " ", "😀😀😀", ".", "a", "\n\n\n", "word " * 3_000, "\u202e" * 50])
def test_odd_texts_have_no_sentences(text):
    assert sentences(text) == ()


@given(st.text(max_size=400), st.sampled_from(["en", "ja", "th", "ar", "", "x-none", None]))
def test_every_sentence_stands_in_its_text_word_for_word(text, language):
    for sentence in sentences(text, "", language):
        assert sentence in folded_spaces(text)


# --- particulars ---------------------------------------------------------------------------------


def test_numbers_are_told_in_figures_and_words():
    assert numbers("Nine of 1,200 people, 4.5 percent", "en") == {"9", "1200", "4.5"}
    assert numbers("neuf des 1\u00a0200 habitants", "fr") == {"9", "1200"}


def test_names_are_known_by_their_capitals_and_days_are_none():
    known = known_names([(MAYOR, "en"), ("They met on Monday in Ardania.", "en")])
    assert particulars(MAYOR, "en", known) >= {"elena", "marsh"}
    assert not particulars("They met on Monday.", "en", known)


def test_german_nouns_are_no_names():
    known = known_names([("Heute hat die Polizei die Anwältin Sabine Reuthner in Oberlohe befragt.", "de")])
    assert known >= {"sabine", "reuthn", "oberlo"}
    assert "polize" not in known


# --- what is said by whom ------------------------------------------------------------------------


def test_what_several_say_is_said_by_all_of_them():
    found = read(told(1, QUAKE, DEAD_12), told(2, DEAD_12, MAYOR), told(3, QUAKE))
    assert said_by(found, DEAD_12) == {1, 2}
    assert said_by(found, QUAKE) == {1, 3}


def test_another_number_is_another_claim():
    found = read(told(1, DEAD_12), told(2, DEAD_17))
    assert said_by(found, DEAD_12) == {1}
    assert said_by(found, DEAD_17) == {2}


def test_two_languages_are_not_compared():
    found = read(told(1, DEAD_12), told(2, DEAD_12, language="fr"))
    assert said_by(found, DEAD_12) == {1}


def test_a_short_sentence_of_the_storys_own_words_is_not_said_by_all_the_others():
    nobody = "No Vaskovians are thought to be among the passengers."
    others = [told(2, "Rescuers brought the passengers ashore before dawn.")]
    assert said_by(read(told(1, nobody), *others), nobody) == {1}


def test_vectors_find_what_words_do_not():
    other = "Some dozen lives were lost in Port Merrow, officials fear."
    articles = [told(1, DEAD_12.replace("12 ", "")), told(2, other)]
    said = [passages(each) for each in articles]
    alike = [np.eye(3, dtype=np.float32)[[0, 1]], np.eye(3, dtype=np.float32)[[2, 1]]]
    apart = [np.eye(4, dtype=np.float32)[[0, 1]], np.eye(4, dtype=np.float32)[[2, 3]]]
    by = [set(digest(articles, said, vectors, lead_id=1).account.claims[0].said_by) for vectors in (alike, apart)]
    assert by == [{1, 2}, {1}]


def test_copies_and_one_agencys_texts_speak_with_one_voice():
    found = read(
        told(1, QUAKE),
        told(2, QUAKE, copy_of=1),
        told(3, "CAIRO (Reuters) - " + QUAKE),
        told(4, "PARIS (Reuters) - " + DEAD_12),
        told(5, MAYOR),
    )
    voices = [source.voice for source in found.sources]
    assert voices[0] == voices[1] != voices[2] == voices[3] != voices[4]
    assert [source.origin for source in found.sources] == [None, None, "Reuters", "Reuters", None]


def test_a_text_says_how_much_of_it_is_its_own():
    long = " ".join([QUAKE, DEAD_12, MAYOR, BRIDGE])
    own = "Nobody in the village of Tarn had expected that the old dam would hold against such a flood of mud."
    found = read(told(1, long), told(2, long), told(3, long, own, own.replace("Tarn", "Esk")), told(4, "Short."))
    first, second, third, fourth = (source.own_share for source in found.sources)
    assert (first, second, fourth) == (1.0, 0.0, None)
    assert 0 < third < 1


def test_teasers_and_what_is_for_subscribers_are_told():
    found = read(
        told(1, QUAKE), told(2, " ".join([QUAKE, DEAD_12, MAYOR, BRIDGE] * 3), "This is for subscribers only.")
    )
    assert [(source.is_teaser, source.is_paid) for source in found.sources] == [(True, False), (False, True)]


# --- extracts ------------------------------------------------------------------------------------


def test_what_most_say_comes_first_and_nothing_comes_twice():
    found = read(told(1, QUAKE, DEAD_12), told(2, DEAD_12, MAYOR), told(3, DEAD_12, BRIDGE))
    short = quoted(found, found.in_short)
    assert short[0] == DEAD_12
    assert len(set(short)) == len(short) <= 5


def test_what_one_publisher_says_alone_stands_apart():
    filler = [f"The village of Tarn{letter} lost its church and its school in the night." for letter in "abcdef"]
    found = read(told(1, DEAD_12, *filler), told(2, DEAD_12, *filler), told(3, DEAD_12, *filler, BRIDGE))
    assert quoted(found, found.alone) == [BRIDGE]
    assert not set(found.alone) & set(found.in_short)


def test_quotations_and_sentences_that_lean_on_others_are_not_quoted():
    lean = ["“We saw it fall in Port Merrow on the 12th,” she said to us.", "He left Port Merrow with 12 others."]
    found = read(told(1, *lean), told(2, *lean))
    assert found.in_short == ()


# --- figures and names ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("At least 12 people were killed and 40 injured.", [("killed", 12), ("injured", 40)]),
        ("The death toll has risen from 12 to 17, officials said.", [("killed", 17)]),
        ("Un séisme de magnitude 6,1 a fait au moins 12 morts.", [("magnitude", 6.1), ("killed", 12)]),
        ("Mindestens 17 Tote nach Erdbeben der Stärke 6,1", [("killed", 17), ("magnitude", 6.1)]),
        ("Hay tres muertos; 1.200 personas fueron evacuadas", [("killed", 3), ("evacuated", 1200)]),
        ("5.1 million people were displaced", [("evacuated", 5_100_000)]),
        ("A 61-year-old man was killed in 2023, 3 km from here.", []),
        ("Prices were 12% higher, and the town looked dead.", []),
        ("", []),
    ],
)
def test_a_number_is_read_only_beside_what_it_counts(sentence, found):
    assert [(counts, number) for counts, number, _ in readings(sentence)] == found


def test_a_number_that_is_the_end_of_a_longer_one_counts_nothing():
    assert list(readings("Forty-three people were injured.")) == []
    assert [number for _, number, _ in readings("Three people were injured.")] == [3.0]


def test_figures_that_moved_are_told_in_order_with_their_source():
    found = read(told(2, DEAD_17), told(1, DEAD_12), told(3, QUAKE))
    [figure] = found.figures
    assert figure.counts == "killed"
    assert [(each.written, each.article_id, each.sentence) for each in figure.readings] == [
        ("12", 1, DEAD_12),
        ("17", 2, DEAD_17),
    ]


def test_a_figure_on_which_all_agree_is_not_told():
    assert read(told(1, DEAD_12), told(2, DEAD_12)).figures == ()
    assert read(told(1, DEAD_12, publisher="a.example"), told(2, DEAD_17, publisher="a.example")).figures == ()


def test_names_are_counted_whole():
    later = "Rescuers said that Marsh had asked for more, and Port Merrow waited."
    found = read(told(1, MAYOR), told(2, later))
    names = {each.name: each.article_ids for each in found.names}
    assert names == {"Elena Marsh": (1, 2), "Port Merrow": (1, 2)}


# --- what is new ---------------------------------------------------------------------------------


def new_to(found, *ids):
    return quoted(found, found.account.new_to(set(ids)))


def test_what_no_article_read_says_is_new_where_it_brings_a_name_or_number():
    colour = "The night was cold and nobody could sleep because of it."
    found = read(told(1, QUAKE, DEAD_12), told(2, DEAD_12, colour), told(3, DEAD_17, MAYOR))
    assert new_to(found, 1) == [DEAD_17, MAYOR]
    assert new_to(found, 1, 3) == []


def test_nothing_is_new_to_who_read_nothing_or_another_story():
    found = read(told(1, QUAKE), told(2, DEAD_12))
    assert new_to(found) == new_to(found, 99) == []


def test_the_same_news_in_other_words_is_counted_once():
    account = Account(
        (1, 2, 3), (Claim((2,), (2,), (0,)), Claim((3,), (3,), (0,)), Claim((3,), (3,), (0, 1))), ((2, 3), (3,))
    )
    assert account.new_to({1}) == (0, 2)


# --- odd stories ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "articles",
    [
        [told(1)],
        [told(1, title="A")],
        [told(1, title="x " * 1_000)],
        [told(1, "😀" * 40, title="😀")],
        [told(1, "ضرب زلزال قوي الساحل فجر اليوم.", title="زلزال", language="ar")],
        [told(1, QUAKE), told(2)],
    ],
)
def test_odd_stories_are_read_all_the_same(articles):
    found = read(*articles)
    assert found.account.article_ids == tuple(each.id for each in articles)
    assert len(found.sources) == len(articles)


def test_a_story_of_500_publishers_is_read_in_part():
    articles = [
        told(n, *(f"Village {n} of Ardania lost {n + k} houses in the night." for k in range(9))) for n in range(500)
    ]
    lines = lines_of(articles, [passages(each) for each in articles])
    assert len(lines) <= MAX_LINES
    found = read(*articles)
    assert len(found.account.claims) <= 300


SOME = st.sampled_from(
    [QUAKE, DEAD_12, DEAD_17, MAYOR, BRIDGE, "“Go!” he said.", "Nach dem Unglück.", "首脳会談は終了。"]
)


@settings(deadline=None)  # the first example loads what cuts sentences
@given(st.lists(st.lists(SOME | st.text(max_size=60), max_size=5), min_size=1, max_size=5))
def test_every_sentence_of_a_story_stands_in_the_article_that_it_is_ascribed_to(texts):
    articles = [told(n, *said, title=f"Title {n}") for n, said in enumerate(texts, start=1)]
    found = read(*articles)
    written = {each.id: f"{folded_spaces(each.title)}\n{folded_spaces(each.text)}" for each in articles}
    for sentence, claim in zip(found.sentences, found.account.claims, strict=True):
        assert sentence in written[claim.said_by[0]]
    for figure in found.figures:
        for reading in figure.readings:
            assert reading.sentence in written[reading.article_id]
            assert reading.written in reading.sentence
