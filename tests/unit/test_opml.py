import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import OpmlError
from aggregator.models.subscribing import Subscription
from aggregator.parse.opml import MAX_OPML_BYTES, parse_opml, write_opml


def opml(body: str) -> bytes:
    return f'<?xml version="1.0"?><opml version="2.0"><head/><body>{body}</body></opml>'.encode()


def test_folders_in_folders_are_kept() -> None:
    found = parse_opml(
        opml(
            '<outline text="World"><outline text="Asia"><outline text="A" xmlUrl="https://a.example/"/></outline>'
            '<outline text="B" xmlUrl="https://b.example/"/></outline><outline text="C" xmlUrl="https://c.example/"/>'
        )
    )
    assert [(one.title, one.folder) for one in found] == [("A", ("World", "Asia")), ("B", ("World",)), ("C", ())]


def test_an_outline_says_site_language_and_country() -> None:
    addresses = 'xmlUrl="https://a.example/f" htmlUrl="https://a.example/"'
    body = f'<outline type="rss" text="A" {addresses} language="de-AT" country="AT"/>'
    assert parse_opml(opml(body)) == [
        Subscription(
            feed_url="https://a.example/f", title="A", site_url="https://a.example/", language="de-AT", country="AT"
        )
    ]


def test_the_title_stands_in_for_a_missing_text() -> None:
    assert parse_opml(opml('<outline title="A" xmlUrl="https://a.example/"/>'))[0].title == "A"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", ""])
def test_what_cannot_be_a_feed_is_left_for_the_import_to_report(url: str) -> None:
    assert parse_opml(opml(f'<outline type="rss" text="A" xmlUrl="{url}"/>')) == [Subscription(feed_url=url, title="A")]


def test_a_feed_without_an_address_is_not_dropped_silently() -> None:
    assert parse_opml(opml('<outline type="rss" text="A"/>')) == [Subscription(feed_url="", title="A")]


def test_html_entities_and_quotes_inside_quotes_lose_nothing() -> None:
    body = (
        '<outline text="Caf&eacute; &amp; &nbsp;co" xmlUrl="https://a.example/"/>'
        '<outline text="The "Post"" xmlUrl="https://b.example/"/><outline text="C" xmlUrl="https://c.example/?a=1&b=2"/>'
    )
    found = {one.feed_url: one.title for one in parse_opml(opml(body))}
    assert found.keys() == {"https://a.example/", "https://b.example/", "https://c.example/?a=1&b=2"}
    assert found["https://a.example/"] == "Café & co"


def test_a_list_that_was_cut_off_gives_what_is_whole() -> None:
    document = opml('<outline text="A" xmlUrl="https://a.example/"/><outline text="B" xmlUrl="https://b')
    assert [one.title for one in parse_opml(document.partition(b"</body>")[0])] == ["A"]


def test_entities_are_neither_expanded_nor_fetched() -> None:
    bomb = '<!DOCTYPE opml [<!ENTITY a "ha"><!ENTITY b "&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
    document = f'{bomb}<opml><body><outline text="&b;&c;x" xmlUrl="https://a.example/"/></body></opml>'
    title = parse_opml(document.encode())[0].title or ""
    assert "ha" not in title
    assert "root" not in title


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (b"", "empty"),
        (b"<html><body>404</body></html>", "a web page"),
        (b"<rss version='2.0'><channel/></rss>", "a feed; add it by its address"),
        (b'{"feeds": []}', "something else"),
        (opml(""), "holds no feeds"),
        (b" " * (MAX_OPML_BYTES + 1), "larger than 16 MiB"),
    ],
)
def test_what_is_no_list_is_refused_in_words(document: bytes, why: str) -> None:
    with pytest.raises(OpmlError, match=why):
        parse_opml(document)


@pytest.mark.parametrize(("depth", "is_read"), [(250, True), (1000, False), (100_000, False)])
def test_a_list_whose_folders_are_too_deep_to_be_read_whole_is_refused(depth: int, is_read: bool) -> None:
    deep = '<outline text="d">' * depth + '<outline text="in" xmlUrl="https://a.example/"/>' + "</outline>" * depth
    document = opml(deep + '<outline text="after" xmlUrl="https://b.example/"/>')
    if is_read:
        assert [len(one.folder) for one in parse_opml(document)] == [depth, 0]
    else:
        with pytest.raises(OpmlError, match="too deep"):
            parse_opml(document)


@pytest.mark.parametrize("encoding", ["euc_kr", "uu", "klingon"])
def test_a_broken_list_in_an_encoding_that_nobody_knows_is_read_all_the_same(encoding: str) -> None:
    outline = '<outline text="bare "quotes"" xmlUrl="https://a.example/feed"/>'
    document = f'<?xml version="1.0" encoding="{encoding}"?><opml><body>{outline}</body></opml>'
    assert [one.feed_url for one in parse_opml(document.encode())] == ["https://a.example/feed"]


@pytest.mark.parametrize("name", [b"tit\xed\xa0\x80le", b"\xff"])
def test_names_that_are_no_text_cost_no_feed(name: bytes) -> None:
    outlines = b'<outline %b="x" xmlUrl="https://a.example/"/><%b/><outline xmlUrl="https://b.example/"/>' % (
        name,
        name,
    )
    found = {one.feed_url for one in parse_opml(b"<opml><body>" + outlines.replace(b"%b", name) + b"</body></opml>")}
    assert "https://b.example/" in found
    assert len(found) == 2


def test_what_is_written_is_read_back_and_written_the_same() -> None:
    feeds = [
        Subscription(feed_url="https://b.example/?a=1&b=2", title='B "<&>" é', folder=("World", "Asia"), language="en"),
        Subscription(feed_url="https://a.example/", title="A", site_url="https://a.example/", country="AT"),
        Subscription(feed_url="https://c.example/", folder=("World",)),
    ]
    written = write_opml(feeds, title="Mine")
    assert write_opml(parse_opml(written), title="Mine") == written
    assert {one.feed_url: one.folder for one in parse_opml(written)} == {one.feed_url: one.folder for one in feeds}


WORDS = st.text(max_size=40)
FEEDS = st.builds(
    Subscription,
    feed_url=st.from_regex(r"https://[a-z]{1,8}\\.example/[a-z0-9?&=]{0,12}", fullmatch=True),
    title=st.none() | WORDS,
    own_title=WORDS,
    site_url=st.none() | st.just("https://a.example/?a=1&b=2"),
    folder=st.lists(WORDS, max_size=3).map(tuple),
    language=st.none() | st.sampled_from(["de-AT", "no such", "en"]),
    country=st.none() | st.sampled_from(["AT", "nowhere at all"]),
    is_paused=st.booleans(),
    interval_s=st.none() | st.integers(60, 86_400),
    wants_full_text=st.booleans(),
    outline=st.dictionaries(st.sampled_from(["description", "category", "version", "created"]), WORDS),
)


@given(st.lists(FEEDS, max_size=6, unique_by=lambda feed: feed.feed_url))
def test_whatever_feeds_are_called_their_list_comes_back_byte_for_byte(feeds: list[Subscription]) -> None:
    written = write_opml(feeds, title="Mine")
    assert not feeds or write_opml(parse_opml(written), title="Mine") == written


def test_what_a_list_says_of_a_feed_is_kept_for_the_next_list() -> None:
    said = 'description="All of it &amp; more" category="/News/World,/Boston" version="RSS2" created="Mon, 06 Jan 2025"'
    found = parse_opml(opml(f'<outline type="rss" text="A" xmlUrl="https://a.example/" {said} unknown="x"/>'))
    assert found[0].outline == {
        "description": "All of it & more",
        "category": "/News/World,/Boston",
        "version": "RSS2",
        "created": "Mon, 06 Jan 2025",
    }
    assert said.encode() in write_opml(found, title="")


def test_text_is_what_the_owner_calls_a_feed_and_title_what_it_calls_itself() -> None:
    found = parse_opml(opml('<outline text="Mine" title="The Gazette" xmlUrl="https://a.example/"/>'))
    assert (found[0].title, found[0].own_title) == ("Mine", "The Gazette")
    assert b'text="Mine" title="The Gazette"' in write_opml(found, title="")


def test_a_feed_that_the_owner_did_not_name_goes_on_by_its_own_name_in_the_next_reader_of_ours() -> None:
    for feed in (
        Subscription(feed_url="https://a.example/", own_title="The Gazette"),
        Subscription(feed_url="https://a.example/", title="<b>Mine</b> &amp; yours"),
        Subscription(feed_url="https://a.example/", is_paused=True, interval_s=3600, wants_full_text=True),
    ):
        assert parse_opml(write_opml([feed], title="")) == [feed]


def test_another_reader_cannot_pause_a_feed_by_a_word_that_only_looks_like_ours() -> None:
    found = parse_opml(opml('<outline text="A" xmlUrl="https://a.example/" paused="yes" everySeconds="60"/>'))
    assert (found[0].is_paused, found[0].interval_s) == (False, None)


def test_the_order_of_the_feeds_does_not_change_what_is_written() -> None:
    feeds = [Subscription(feed_url=f"https://{name}.example/", title=name, folder=("F",)) for name in "cab"]
    assert write_opml(feeds, title="") == write_opml(feeds[::-1], title="")


@pytest.mark.parametrize(
    "description",
    [
        'By the makers of <a href="https://b.example" target="_blank">B</a>. Since 1999.',
        'He is called "the best", and "another".',
        "<p>the memory palace</p>",
        'It ends with a quote: "so it is"',
        "less < more > less",
    ],
)
def test_quotes_and_tags_that_nobody_escaped_cost_no_feed(description: str) -> None:
    document = f"""<opml version="2.0"><body><outline text="News">
        <outline text="One" description="{description}" xmlUrl="https://one.example/feed?a=1&b=2" type="rss" />
        <outline text="Two" xmlUrl="https://two.example/feed" description="{description}"></outline>
        </outline><outline text="Three" xmlUrl="https://three.example/feed"/></body></opml>"""
    found = parse_opml(document.encode())
    assert [(one.title, one.feed_url, one.folder) for one in found] == [
        ("One", "https://one.example/feed?a=1&b=2", ("News",)),
        ("Two", "https://two.example/feed", ("News",)),
        ("Three", "https://three.example/feed", ()),
    ]


@pytest.mark.parametrize("subset", [b"[]" * 100_000, b"[" * 100_000 + b"]", b"[" + b"]  " * 100_000])
def test_no_doctype_keeps_its_reader(subset: bytes) -> None:
    """Two hundred bytes of brackets once took for ever."""
    document = b"<!DOCTYPE opml %b><opml><body><outline xmlUrl='https://a.example/'/></body></opml>" % subset
    assert [one.feed_url for one in parse_opml(document)] == ["https://a.example/"]
    with contextlib.suppress(OpmlError):
        parse_opml(document.replace(b"><opml>", b"<opml>"))


@pytest.mark.parametrize(
    ("beginning", "piece"),
    [
        (b"<opml><body>", b"<outline "),
        (b"<opml><body>", b'<outline text="'),
        (b"<opml><body>", b'<outline text="a" >'),
        (b"<opml><body>", b"</outline>"),
        (b"<opml><body>", b'" title="'),
        (b'<opml><body><outline xmlUrl="https://a.example/"', b" </outline>"),
        (b"<!DOCTYPE ", b"[ ]"),
        (b"<?xml", b" "),
    ],
)
def test_a_broken_list_of_two_megabytes_is_read_in_seconds(beginning: bytes, piece: bytes) -> None:
    document = beginning + piece * (1_900_000 // len(piece))
    started = time.process_time()
    with contextlib.suppress(OpmlError):
        parse_opml(document)
    assert time.process_time() - started < 10


def test_half_an_emoji_in_a_name_costs_no_feed() -> None:
    outlines = '<outline text="&#xD83D;&#xDE00; &#xDE00;" xmlUrl="https://a.example/1"/>'
    assert [one.title for one in parse_opml(f"<opml><body>{outlines}</body></opml>".encode())] == ["\U0001f600 \ufffd"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-32-be"])
@pytest.mark.parametrize("declared", ["utf-8", "UTF-16", "us-ascii"])
def test_a_list_in_unicode_is_read_whatever_it_declares(encoding: str, declared: str) -> None:
    outlines = '<outline text="日本" xmlUrl="https://a.example/1"/>'
    document = f'<?xml version="1.0" encoding="{declared}"?><opml><body>{outlines}</body></opml>'
    assert [one.title for one in parse_opml(document.encode(encoding))] == ["日本"]


def test_every_ampersand_is_a_reference_that_exists_or_itself() -> None:
    address = "https://a.example/?&&a=1&#x41;&amp;lt;&copy=2&foo;&#65&eacute;"
    document = f"<opml><body><outline xmlUrl='{address}'/></body></opml>"
    meant = "https://a.example/?&&a=1A&lt;&copy=2&foo;&#65é"
    assert [one.feed_url for one in parse_opml(document.encode())] == [meant]
