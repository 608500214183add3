from aggregator.stories.names import names


def test_names_are_what_is_capitalised_inside_a_sentence():
    found = names("Rescuers in Karasu met minister Deniz Aydin. They had waited for hours there.", "en")
    assert found == ("karasu", "deniz", "aydin")


def test_a_headline_in_title_case_tells_no_names():
    assert names("Rescuers Search Ruined School After Earthquake", "en") == ()


def test_scripts_without_capitals_have_no_names():
    assert names("地震で学校が倒壊、救助隊が捜索を続ける", "ja") == ()


def test_headings_and_empty_texts_tell_no_names():
    assert names("", None) == names("By Ann Lee\nKARASU", "en") == ()
