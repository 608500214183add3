import numpy as np
import pytest

from aggregator.stories.clean import clean_text, clean_title, is_round_up
from aggregator.stories.vocabulary import weighed
from aggregator.stories.words import tokens


def test_one_word_in_two_endings_is_one_token():
    assert tokens("protesters protesting") == ("protes", "protes")


SAME_HAPPENING = {
    "ar": ("زلزال قوي يضرب إسطنبول", "مبان تنهار في إسطنبول بعد زلزال قوي", "البرلمان يرفض الميزانية الجديدة"),
    "bn": ("ইস্তাম্বুলে শক্তিশালী ভূমিকম্প", "শক্তিশালী ভূমিকম্পের পর ইস্তাম্বুলে ধসে পড়েছে ভবন", "সংসদে নতুন বাজেট প্রত্যাখ্যান"),
    "fa": ("زلزله شدید استانبول را لرزاند", "استانبول پس از زلزلهٔ شدید", "مجلس بودجه جدید را رد کرد"),
    "he": ("רעידת אדמה חזקה באיסטנבול, מבנים קרסו", "מבנים קרסו לאחר רעידת אדמה חזקה", "הכנסת דחתה את התקציב"),
    "hi": ("इस्तांबुल में तेज भूकंप", "तेज भूकंप के बाद इस्तांबुल में इमारतें ढहीं", "संसद ने नया बजट खारिज किया"),
    "ja": ("イスタンブールで強い地震、建物が倒壊", "強い地震で建物倒壊 イスタンブール", "国会が新しい予算案を否決"),
    "ko": ("이스탄불에서 강한 지진, 건물이 무너져", "강한 지진에 이스탄불 건물 붕괴", "국회가 새 예산안을 부결했다"),
    "th": ("แผ่นดินไหวรุนแรงในอิสตันบูล อาคารถล่ม", "อาคารถล่มหลังแผ่นดินไหวรุนแรงที่อิสตันบูล", "รัฐสภาไม่ผ่านร่างงบประมาณใหม่"),
    "zh": ("伊斯坦布尔发生强烈地震，多座建筑倒塌", "强烈地震袭击伊斯坦布尔 建筑倒塌", "国会否决新的预算案"),
}  # fmt: skip
"""Two titles of a strong earthquake in Istanbul in which buildings fell, and one of a budget that was refused."""


@pytest.mark.parametrize("language", SAME_HAPPENING)
def test_one_happening_shares_more_words_than_two_in_any_script(language):
    rows = weighed([tokens(title, language) for title in SAME_HAPPENING[language]])
    likeness = (rows @ rows.T).toarray()
    assert likeness[0, 1] > 0.3 > 0.05 > max(likeness[0, 2], likeness[1, 2])


def test_serbian_says_the_same_in_both_its_scripts():
    assert tokens("Вучић у Београду: протест", "sr") == tokens("Vučić u Beogradu: protest", "sr")


def test_words_that_say_nothing_are_left_out_in_many_languages():
    for language, words in {
        "en": "the of and",
        "de": "der und die",
        "fr": "les des",
        "sr": "и на",
        "ar": "من في",
    }.items():
        assert tokens(words, language) == (), language


def test_what_says_nothing_in_one_language_may_say_much_in_another():
    assert tokens("war die", "de") == ()
    assert tokens("war die", "en") == ("war", "die")


def test_an_acronym_is_a_name_though_it_looks_like_a_small_word():
    assert tokens("WHO and US warn, who are with us", "en") == ("who", "us", "warn", "who", "us")
    assert tokens("WHO ARE THEY WITH US", "en") == ()


def test_a_language_that_is_not_told_is_seen_by_its_small_words():
    assert tokens("Es war die Rede von der Reform und dem Haushalt") == ("rede", "reform", "hausha")
    assert tokens("The war in the valley of the Mora") == ("war", "valley", "mora")
    assert tokens("War in Mora") == ("war", "mora")
    assert tokens("The war in the valley", "xx") == ("war", "valley")


def test_elided_french_articles_go_from_their_words():
    assert tokens("l'Ukraine, d’Ukraine, qu'Ukraine", "fr") == ("ukrain",) * 3


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("București țară", "Bucureşti ţară"),
        ("Straße", "STRASSE"),
        ("Diyarbakır", "DİYARBAKIR"),
        ("прем'єр", "прем’єр"),
        ("يوسف علي", "یوسف علی"),
        ("مُحَمَّد", "محمد"),
        ("والانتخابات", "انتخابات"),
        ("יִשְׂרָאֵל", "ישראל"),
        ("שלום", "שלומ"),
        ("Ελλάδας", "ΕΛΛΑΔΑΣ"),
        ("ｷﾞﾘｼｬ", "ギリシャ"),
        ("COVID-19 F-16", "Covid19 f16"),
    ],
)
def test_two_ways_to_write_one_word_are_one_token(one, other):
    assert tokens(one, "xx") == tokens(other, "xx") != ()


def test_vowel_signs_hold_indic_words_together():
    assert tokens("মন্ত্রী", "bn") == tokens("মন্ত্রী.", "bn")
    assert len(tokens("হাসপাতাল", "bn")) == len(tokens("अस्पताल", "hi")) == 1


def test_numbers_are_the_same_however_they_are_written():
    assert tokens("1,200 1.200 1'200 1\u202f200 1200 ١٢٠٠ १२००") == ("1200",) * 7
    assert tokens("8.9 8,9 quake") == ("8.9", "8.9", "quake")


def test_names_of_letters_and_digits_stay_whole():
    assert tokens("G7 and G20 in 5 days", "en") == ("g7", "g20", "5", "days")


def test_scripts_without_spaces_give_runs_of_letters():
    assert tokens("東京大地震", "ja") == ("東京", "京大", "大地", "地震")
    assert tokens("地震で", "ja") == ("地震",)
    assert len(tokens("แผ่นดินไหว", "th")) > 1


def test_a_text_without_letters_has_no_words():
    assert tokens("!!! — 🎉 …") == ()


def test_rows_are_of_length_one_or_nought():
    rows = weighed([("quake", "tokyo"), (), ("quake",)])
    assert np.allclose(np.asarray(rows.multiply(rows).sum(axis=1)).ravel(), [1, 0, 1])


def test_a_rare_word_counts_more_than_one_that_all_have():
    many = [("market", f"name{i}") for i in range(60)]
    row = weighed(many)[0].toarray()[0]
    assert row.max() > 4 * row[row > 0].min()


def test_nothing_to_weigh_is_no_error():
    assert weighed([]).shape[0] == 0


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
