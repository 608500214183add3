import pytest

from aggregator.errors import ParseError
from aggregator.parse.full_text import MAX_PAGE_BYTES, full_text
from aggregator.parse.html import text_of

URL = "https://a.example/news/fire"
SAID = "The fire in the harbour went on for hours and was seen from the hills above the town."


def page(article: str, *, charset: str = "utf-8") -> bytes:
    return (
        f"<!doctype html><html><head><meta charset='{charset}'><title>Fire</title></head><body>"
        "<nav><a href='/'>Home</a> <a href='/world'>World</a></nav>"
        f"<article><h1>Fire</h1>{article}</article><footer>All rights reserved.</footer></body></html>"
    ).encode(charset)


def paragraphs(n: int = 8, said: str = SAID) -> str:
    return "".join(f"<p>{said} Report {each}.</p>" for each in range(n))


def test_the_article_is_found_and_the_rest_of_the_page_is_not() -> None:
    text = text_of(full_text(page(paragraphs()), url=URL))
    assert text.count(SAID) == 8
    assert "World" not in text
    assert "rights" not in text


def test_what_is_found_is_sanitised_and_its_links_lead_somewhere() -> None:
    hostile = (
        f"<p>{SAID} See <a href='../more'>more</a> and <a href='javascript:alert(1)'>less</a>.</p>"
        "<script>alert(1)</script>"
        "<p onclick='alert(1)'>And <b>then</b> it was over.</p><iframe src='https://evil.example'></iframe>"
    )
    content = full_text(page(paragraphs() + hostile), url=URL)
    assert 'href="https://a.example/more"' in content
    assert not [word for word in ("script", "onclick", "iframe", "evil") if word in content]


@pytest.mark.parametrize("charset", ["utf-8", "windows-1251", "iso-8859-5"])
def test_a_page_is_read_in_its_own_charset(charset: str) -> None:
    said = "Пожар в порту продолжался несколько часов и был виден с холмов над городом."
    body = page(paragraphs(said=said), charset=charset)
    assert "Пожар в порту" in text_of(full_text(body, url=URL, content_type=f"text/html; charset={charset}"))


@pytest.mark.parametrize("charset", ["klingon", "undefined", "utf-7"])
def test_a_page_whose_server_names_no_charset_of_its_own_is_read_all_the_same(charset: str) -> None:
    said = "Пожар в порту потушили только утром, сообщили в городском совете. " * 3
    body = page(paragraphs(said=said))
    assert "Пожар в порту" in text_of(full_text(body, url=URL, content_type=f"text/html; charset={charset}"))
    assert "Пожар в порту" in text_of(full_text(body, url=URL, content_type="text/html"))


@pytest.mark.parametrize(
    ("body", "content_type", "why"),
    [
        (page("<p>Please sign in to read on.</p>"), "text/html", "No article"),
        (page(""), "text/html", "No article"),
        (b"", "text/html", "No article"),
        (b"\x00\xff" * 500, "text/html", "No article"),
        (b"%PDF-1.7 ...", "application/pdf", "not a web page"),
        (b"<!doctype html>" + b" " * MAX_PAGE_BYTES, "text/html", "larger than"),
    ],
)
def test_a_page_without_an_article_is_refused_in_words(body: bytes, content_type: str, why: str) -> None:
    with pytest.raises(ParseError, match=why):
        full_text(body, url=URL, content_type=content_type)
