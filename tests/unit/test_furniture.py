import random

from aggregator.stories.furniture import Furniture, Piece

FOOTER = "Sign up for our newsletter today."


def in_letters(number):
    return "".join("abcdefghij"[int(digit)] for digit in str(number))


def piece(number, *, publisher="one.example", title=None, words=(), footer=FOOTER):
    return Piece(publisher, title or f"Title {number}", words, f"Only {in_letters(number)} says this. {footer}")


def counted(pieces, gone=()):
    furniture = Furniture()
    furniture.advance(enumerate(pieces), gone)
    return furniture


def test_a_sentence_under_many_titles_of_a_publisher_goes():
    furniture = counted([piece(i) for i in range(5)])
    assert furniture.text(piece(3).text, "one.example") == "Only d says this."


def test_a_form_is_furniture_whatever_its_figures_are():
    furniture = counted([piece(i, footer=f"Price: ${i},{i}00.30 | change: -{i}.5 %") for i in range(5)])
    assert furniture.text("Price: $9.99 | change: +1 %", "one.example") == ""


def test_a_sentence_under_four_titles_stays():
    assert counted([piece(i) for i in range(4)]).text(piece(3).text, "one.example") == piece(3).text


def test_a_sentence_of_one_publisher_says_something_with_another():
    others = [piece(i, publisher="two.example", footer="") for i in range(5, 20)]
    furniture = counted([*[piece(i) for i in range(5)], *others])
    assert furniture.text(f"News. {FOOTER}", "two.example") == f"News. {FOOTER}"


def test_what_stands_in_half_of_all_pieces_is_nobodys():
    furniture = counted([piece(i, publisher=f"{i}.example") for i in range(6)])
    assert furniture.text(FOOTER, "new.example") == ""


def test_the_same_title_again_counts_once():
    furniture = counted([piece(1, title="Quake hits town", publisher=f"{i % 2}.example") for i in range(20)])
    assert furniture.text(piece(1).text, "0.example") == piece(1).text


def test_the_words_of_a_template_go_from_titles():
    furniture = counted([piece(i, words=("match", "report", f"team{i}")) for i in range(6)])
    assert furniture.title(("match", "report", "leeds"), "one.example") == ("leeds",)


def test_a_template_is_known_though_its_publisher_has_much_other_news():
    weather = [piece(i, words=("weather", f"town{i}", "20", "degrees"), footer="") for i in range(5)]
    other = [piece(i, words=(f"a{i}", f"b{i}", f"c{i}"), footer="") for i in range(10, 60)]
    furniture = counted([*weather, *other])
    assert furniture.title(("weather", "leeds", "7", "degrees"), "one.example") == ("leeds",)
    assert furniture.title(("storm", "weather", "leeds"), "one.example") == ("storm", "weather", "leeds")


def test_both_slots_of_a_template_stay():
    scores = [piece(i, words=(f"home{i}", "2", "1", f"guest{i}", "match", "report"), footer="") for i in range(6)]
    other = [piece(i, words=(f"a{i}", f"b{i}", f"c{i}"), footer="") for i in range(10, 60)]
    furniture = counted([*scores, *other])
    assert furniture.title(("leeds", "0", "york", "match"), "one.example") == ("leeds", "0", "york", "match")
    assert furniture.title(("leeds", "0", "0", "york", "match", "report"), "one.example") == ("leeds", "york")


def test_what_twenty_pieces_of_a_large_paper_say_is_its_furniture():
    furniture = counted([*(piece(i) for i in range(20)), *(piece(i, footer="") for i in range(20, 500))])
    assert furniture.text(piece(3).text, "one.example") == "Only d says this."


def test_a_number_with_a_point_ends_no_sentence():
    furniture = counted([piece(i) for i in range(5)])
    assert furniture.text(f"It cost 1.6 million. {FOOTER}", "one.example") == "It cost 1.6 million."


def test_only_a_publisher_whose_furniture_changed_is_named():
    furniture = counted([piece(i) for i in range(4)])
    furniture.advance({100 + i: piece(i, publisher="two.example", footer="") for i in range(20)}.items())
    assert furniture.advance({4: piece(4)}.items()) == {"one.example"}
    assert furniture.advance({5: piece(5)}.items()) == set()
    assert furniture.advance([], gone=[0, 1, 99]) == {"one.example"}
    assert furniture.text(piece(3).text, "one.example") == piece(3).text


def test_the_order_of_counting_does_not_matter():
    pieces = {i: piece(i, publisher=f"{i % 3}.example", words=("daily", f"name{i}")) for i in range(60)}
    at_once, one_by_one = Furniture(), Furniture()
    at_once.advance(pieces.items())
    shuffled = [*pieces, *range(100, 110)]
    random.Random(1).shuffle(shuffled)
    for each in shuffled:
        one_by_one.advance({each: pieces.get(each) or piece(each)}.items())
    one_by_one.advance([], gone=range(100, 110))
    for number, each in pieces.items():
        assert at_once.text(each.text, each.publisher) == one_by_one.text(each.text, each.publisher), number
        assert at_once.title(each.title_words, each.publisher) == one_by_one.title(each.title_words, each.publisher)
