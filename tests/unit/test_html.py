import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.models.markup import SafeHtml
from aggregator.parse.html import (
    MAX_HTML_CHARS,
    clean_text,
    featured_image,
    first_image,
    plain_line,
    plain_text,
    sanitise,
    text_of,
    tidy_text,
)

BASE = "https://site.example/news/1"


HIDING = (
    "opacity:0", "opacity: .0", "filter:opacity(0%)", "font-size:0", "position:absolute;clip:rect(0 0 0 0)",
    "position:absolute; clip: rect(1px, 1px, 1px, 1px)", "clip-path:inset(50%)", "clip-path:circle(0)",
    "transform:scale(0)", "transform: rotate(1deg) scaleX(0.0)", "scale:0", "position:absolute;left:-9999px",
    "position:fixed; top:-100%", "margin-left:-2000px", "position:absolute;left:-99em", "width:1pt", "height:0.1em",
    "width:.5px", "max-width:.02in", "height:1mm", "width:0%", "visibility:collapse", "dis/**/play:none", "zoom:0",
)  # fmt: skip
SHOWING = (
    "opacity:1", "opacity:.9", "font-size:0", "font-size:12px", "clip:rect(0 0 0 0)", "transform:scale(1)",
    "transform:scale(0.5)", "left:-9999px", "position:relative;left:-5px", "margin:-10px 0 0 -10px", "width:1in",
    "height:1em", "width:50%", "max-width:100%", "width:auto", "width:calc(1px + 50%)", "clip-path:inset(0 0)",
    "position:absolute;width:0;height:0;min-width:100%;min-height:100%", "display:block", "visibility:visible",
)  # fmt: skip


def test_an_article_keeps_its_shape() -> None:
    body = "<h2>Head</h2><p>One <em>two</em></p><ul><li>a</li></ul><table><tbody><tr><td>1</td></tr></tbody></table>"
    assert sanitise(body) == body


def test_scripts_styles_and_frames_go_with_their_content() -> None:
    body = "<p>a</p><script>x()</script><style>p{}</style><iframe src='https://x.example'>y</iframe><svg><text>z</text></svg>"
    assert sanitise(body) == "<p>a</p>"


def test_an_unknown_element_leaves_its_content() -> None:
    assert sanitise("<form><news-body>word</news-body></form>") == "word"


def test_no_event_handler_style_class_or_id_is_left() -> None:
    assert sanitise('<p onclick="x()" style="color:red" class="a" id="b" data-x="1">a</p>') == "<p>a</p>"


def test_relative_links_lead_to_the_site() -> None:
    assert 'href="https://site.example/a"' in sanitise('<a href="/a">a</a>', base_url=BASE)
    assert 'src="https://site.example/news/b.png"' in sanitise('<img src="b.png">', base_url=BASE)


def test_each_body_has_a_base_of_its_own() -> None:
    bodies = [
        sanitise('<a href="x">x</a>', base_url=base) for base in ("https://a.example/", None, "https://b.example/")
    ]
    assert ["a.example/x" in body for body in bodies] == [True, False, False]
    assert ["b.example/x" in body for body in bodies] == [False, False, True]


def test_relative_links_without_a_base_are_dropped() -> None:
    assert "href" not in sanitise('<a href="/a">a</a>')


def test_links_give_nothing_away() -> None:
    assert 'rel="noopener noreferrer nofollow"' in sanitise('<a href="https://x.example/" rel="opener">a</a>')


@pytest.mark.parametrize("url", ["javascript:alert(1)", "java\tscript:alert(1)", "data:text/html,x", "vbscript:x"])
def test_other_schemes_are_dropped(url: str) -> None:
    clean = sanitise(f'<a href="{url}">a</a><img src="{url}" alt="b">', base_url=BASE)
    assert "href" not in clean
    assert "<img" not in clean


def test_an_image_keeps_its_size_and_loses_its_candidates() -> None:
    body = '<img src="https://x.example/a.jpg" srcset="https://y.example/b.jpg 2x" alt="A" width="640" height="auto">'
    assert sanitise(body) == '<img src="https://x.example/a.jpg" alt="A" width="640">'


@pytest.mark.parametrize(
    "image",
    [
        '<img src="https://x.example/i.gif" width="1" height="1">',
        '<img src="https://pixel.wp.com/b.gif?host=x">',
        '<img src="https://x.example/pixel.gif?id=1">',
        '<img alt="nothing">',
        '<img src="https://x.example/i.gif" width="1px">',
        '<img src="https://x.example/i.gif" height=" 0.5 ">',
        '<img src="https://x.example/i.gif" style="border:0; width: 1px !important">',
        '<img src="https://x.example/i.gif" style="DISPLAY : none">',
        '<img src="https://x.example/i.gif" style="max-height:0">',
        '<img src="https://x.example/i.gif" hidden>',
        '<img src="data:," data-src="https://pixel.wp.com/b.gif">',
        '<noscript><img height="1" width="1" src="https://www.facebook.com/tr?id=1"></noscript>',
        '<img src="https://x.example/matomo.php?idsite=1">',
        '<img src="https://sb.scorecardresearch.com/p?c1=2">',
        '<img src="https://x.example/i.gif" width=".5px">',
        *(f'<img src="https://x.example/i.gif" style="{style}">' for style in HIDING),
    ],
)
def test_an_image_that_only_tracks_is_dropped(image: str) -> None:
    assert sanitise(f"<p>a</p>{image}") == "<p>a</p>"


@pytest.mark.parametrize(
    "image",
    [
        '<img src="https://x.example/a.png" width="640px">',
        '<img src="https://x.example/a.png" width="640" style="height:1em;border-width:1px;width:100%">',
        '<img src="data:image/gif;base64,R0lG" data-src="https://x.example/a.png" width="640">',
        '<img src="https://x.example/blank.gif" data-lazy-src="https://x.example/a.png" width="640">',
        '<img width="640" srcset="https://x.example/a.png 1x, https://x.example/b.png 2x">',
        '<noscript><img src="https://x.example/a.png" width="640"></noscript>',
        '<img src="data:," data-src="https://x.example/a.png" width="640" style="opacity: 0; transition: opacity 1s">',
        *(f'<img src="https://x.example/a.png" width="640" style="{style}">' for style in SHOWING),
    ],
)
def test_an_image_that_a_script_would_bring_is_kept(image: str) -> None:
    assert sanitise(image) == '<img src="https://x.example/a.png" width="640">'


@pytest.mark.parametrize("said", ['srcset="{}"', 'style="width:{}?"', "style='{}'"])
@pytest.mark.parametrize("letter", [",", "0", " ", ";", "width:"])
def test_an_attribute_of_any_length_is_read_or_left_out(said: str, letter: str) -> None:
    """Where the work grew faster than the length, some of these took longer than any test may."""
    assert "<p>a</p>" in sanitise(f"<p>a</p><img {said.format(letter * (500_000 // len(letter)))}>")


def test_a_share_of_the_page_is_no_size_of_an_image() -> None:
    assert sanitise('<img src="https://x.example/a.png" width="1%">') == '<img src="https://x.example/a.png">'


@pytest.mark.parametrize(
    ("player", "link", "host"),
    [
        (
            '<iframe width=1 src="https://www.youtube.com/embed/a?b=1&amp;c=2"></iframe>',
            "https://www.youtube.com/embed/a?b=1&amp;c=2",
            "youtube.com",
        ),
        ("<iframe src='//player.vimeo.com/video/1'>x</iframe>", "https://player.vimeo.com/video/1", "player.vimeo.com"),
        ('<video controls src="https://x.example/a.mp4">No video?</video>', "https://x.example/a.mp4", "x.example"),
        ("<audio>\n<source type=a src=https://x.example/a.mp3></audio>", "https://x.example/a.mp3", "x.example"),
    ],
)
def test_what_would_play_is_a_link_to_where_it_does(player: str, link: str, host: str) -> None:
    clean = sanitise(f"<p>a {player}</p>", base_url="https://site.example/")
    assert clean == f'<p>a <a href="{link}" rel="noopener noreferrer nofollow">▶ {host}</a></p>'
    assert text_of(clean) == plain_text(f"<p>a {player}</p>") == "a"


@pytest.mark.parametrize(
    "frame",
    [
        '<iframe src="https://x.example/"></iframe>',
        '<iframe src="https://x.example/?//www.youtube.com/embed/a"></iframe>',
        '<video src="javascript:alert(1)"></video>',
        '<iframe srcdoc="x" data-src="//www.youtube.com/embed/a"></iframe>',
    ],
)
def test_other_frames_leave_nothing(frame: str) -> None:
    assert sanitise(f"<p>a</p>{frame}") == "<p>a</p>"


def test_lists_count_as_their_writer_counted() -> None:
    body = '<ol start="-3" type="i"><li value="7">a</li></ol>'
    assert sanitise(body) == body


def test_references_of_any_length_are_read() -> None:
    endless = f"a&#{'9' * 5000};b &amp;"
    assert (plain_text(endless), plain_line(endless)) == ("a\ufffdb &", "a\ufffdb &")


def test_what_looks_like_an_image_inside_a_title_stays_text() -> None:
    clean = sanitise('<abbr title="&lt;img src=&quot;x&quot;&gt;">a</abbr>')
    assert clean == '<abbr title="&lt;img src=&quot;x&quot;&gt;">a</abbr>'


def test_a_body_of_absurd_depth_is_kept_as_text() -> None:
    assert sanitise("<div>" * 50_000 + "word & word") == "<p>word&#32;&amp;&#32;word</p>"


def test_many_unclosed_paragraphs_are_no_depth() -> None:
    assert sanitise("<p>word" * 2_000).count("<p>") == 2_000


def test_what_lies_beyond_the_limit_is_cut() -> None:
    assert len(sanitise("a" * 1_000_000)) == MAX_HTML_CHARS == 512 * 1024


def test_text_has_its_paragraphs_apart() -> None:
    body = "<p>One\n line</p><p>Two<br>three &amp; four</p><script>x</script><ul><li>a</li><li>b</li></ul>"
    assert plain_text(body) == "One line\n\nTwo\nthree & four\n\na\n\nb"


def test_what_references_stand_for_is_valid_unicode_too() -> None:
    assert sanitise("<p>a&#1;b&#xFFFF;c</p>&#1") == "<p>abc</p>"


def test_a_combining_mark_behind_a_tag_does_not_change_the_tag() -> None:
    clean = sanitise("<b>&#x338;x</b>")
    assert clean == "<b>\u0338x</b>"
    assert sanitise(clean) == clean
    assert plain_text(clean) == "\u0338x"


def test_text_is_valid_unicode_in_composed_form() -> None:
    assert plain_text("Cafe\u0301 \ud800\x00\x07<b>x</b>&#0;&#x1f;") == "Café x\ufffd"


def test_escaped_markup_is_text() -> None:
    assert plain_text("<p>&lt;img src=x&gt;</p>") == "<img src=x>"


@pytest.mark.parametrize(
    ("title", "line"),
    [
        ("Plain", "Plain"),
        ("<b>Bold</b> news", "Bold news"),
        ("AT&amp;T rises", "AT&T rises"),
        ("It&amp;#8217;s here", "It’s here"),
        ("&lt;i&gt;Le Monde&lt;/i&gt; says", "Le Monde says"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("vector<T> & friends", "vector<T> & friends"),
        ("Hello\r\nX-Injected: 1", "Hello X-Injected: 1"),
        ('<script>alert("x")</script>Title', "Title"),
        ("\u202eexe.txt\u202c Breaking", "exe.txt Breaking"),
        ("", ""),
    ],
)
def test_a_title_is_one_line_of_text(title: str, line: str) -> None:
    assert plain_line(title) == line


def test_the_first_image_of_safe_html_is_found() -> None:
    html = SafeHtml('<p>a</p><img alt="x" src="https://x.example/a?b=1&amp;c=2"><img src="https://y.example/">')
    assert first_image(html) == "https://x.example/a?b=1&c=2"
    assert first_image(SafeHtml("<p>a</p>")) is None


@pytest.mark.parametrize("hiding", ["", ' style="display: none;"', " style='width:640px;visibility:hidden'"])
def test_an_image_that_is_marked_as_the_article_s_is_found_where_it_is_hidden(hiding: str) -> None:
    body = f'<img src="/b.png"><p>a</p><img class="a webfeedsFeaturedVisual" src="/a.png"{hiding}>'
    assert featured_image(body, base_url=BASE) == "https://site.example/a.png"
    assert ("/a.png" in sanitise(body, base_url=BASE)) is not bool(hiding)


@pytest.mark.parametrize(
    "image",
    [
        '<img src="/a.png" style="display:none">',
        '<img src="/a.png" class="webfeedsFeaturedVisual" width="1" style="display:none">',
        '<img src="https://pixel.wp.com/b.gif" class="webfeedsFeaturedVisual">',
        '<img src="javascript:a" class="webfeedsFeaturedVisual">',
        '<p class="webfeedsFeaturedVisual">a</p>',
        "<img src=/a.png webfeedsFeaturedVisual",
    ],
)
def test_no_other_image_is_the_article_s(image: str) -> None:
    assert featured_image(image, base_url=BASE) is None


def test_attributes_never_show_up_in_plain_text() -> None:
    assert plain_text('<p lang="ar" title="x > y">خبر <b title="t">عاجل</b></p>') == "خبر عاجل"


@given(st.text(alphabet="a \n\t\r\x0b\x1f\x85\xa0\u2003\u2028\u3000é", max_size=30) | st.text(max_size=60))
def test_a_tidy_text_has_one_blank_between_words_and_one_empty_line_between_paragraphs(text: str):
    lines = [" ".join(line.split()) for line in clean_text(text).split("\n")]
    assert tidy_text(text) == re.sub("\n{3,}", "\n\n", "\n".join(lines)).strip()


def test_every_blank_that_is_neither_space_nor_line_end_is_made_one() -> None:
    blanks = [chr(code) for code in range(0x110000) if chr(code).isspace() and chr(code) not in " \n\x1c\x1d\x1e\x1f"]
    odd = [blank for blank in blanks if tidy_text(f"a{blank}b") not in ("a b", "ab")]
    assert len(blanks) > 20
    assert odd == []


def test_nothing_that_a_terminal_takes_for_a_command_is_left_in_a_line_or_a_text():
    controls = "".join(map(chr, [*range(32), *range(127, 160)]))
    for read in (plain_line, plain_text, clean_text):
        assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]", read(f"Fire{controls}in port"))
    assert plain_line("It\x92s \x93safe\x94 now\x9b31m") == "It’s “safe” now›31m"
