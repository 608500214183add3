import json
from datetime import UTC, datetime
from typing import Any

import pytest

from aggregator.errors import ParseError
from aggregator.models.entries import Entry, ParsedFeed
from aggregator.parse.feed import MAX_GUID_CHARS, MAX_TITLE_CHARS, parse_feed

URL = "https://feeds.site.example/rss.xml"
NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)
GERMAN = "Die Regierung hat am Montag beschlossen, dass die Steuern für kleine Betriebe im nächsten Jahr sinken sollen."


def rss(items: str, channel: str = "<title>T</title><link>https://site.example/</link>") -> bytes:
    namespaces = (
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
    )
    return f'<rss version="2.0" {namespaces}><channel>{channel}{items}</channel></rss>'.encode()


def atom(inner: str) -> bytes:
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title>{inner}</feed>'.encode()


def parsed(body: bytes, content_type: str | None = None) -> ParsedFeed:
    return parse_feed(body, url=URL, content_type=content_type)


def only(items: str) -> Entry:
    (entry,) = parsed(rss(f"<item>{items}</item>")).entries
    return entry


def test_an_rss_item_is_read_whole() -> None:
    entry = only(
        "<guid isPermaLink='false'> id-1 </guid><link>https://www.site.example/a?utm_source=rss</link>"
        "<title>Rates &lt;b&gt;rise&lt;/b&gt; &amp;amp; fall</title><dc:creator>Ana</dc:creator>"
        "<pubDate>Mon, 01 Jan 2024 00:00:00 GMT</pubDate><description>Short</description>"
        "<content:encoded><![CDATA[<p>The longer text</p><script>x</script>]]></content:encoded>"
        "<source url='https://agency.example/feed'>Agency</source>"
    )
    assert entry == Entry(
        guid="id-1",
        url="https://www.site.example/a?utm_source=rss",
        canonical_url="https://www.site.example/a",
        domain="site.example",
        title="Rates rise & fall",
        text="The longer text",
        content_html=entry.content_html,
        author="Ana",
        published_at=NEW_YEAR,
        origin_name="Agency",
        origin_url="https://agency.example/feed",
    )
    assert entry.content_html == "<p>The longer text</p>"


def test_what_may_be_two_days_is_the_one_that_the_feed_s_language_writes_so() -> None:
    item = "<item><title>T</title><pubDate>05/11/2024 10:00</pubDate></item>"
    for language, month in (("fr", 11), ("en-us", 5), ("en-GB", 11), ("", 5)):
        (entry,) = parsed(rss(item, f"<title>T</title><language>{language}</language>")).entries
        assert entry.published_at
        assert entry.published_at.month == month


def test_an_atom_entry_is_read_whole() -> None:
    (entry,) = parsed(
        atom(
            '<entry><id>tag:1</id><link href="/a"/><link rel="enclosure" href="/a.mp3"/>'
            '<title type="html">A &amp;lt; B</title>'
            "<updated>2024-01-01T00:00:00Z</updated><author><name>Ana</name><email>a@b.example</email></author>"
            '<content type="html">&lt;p&gt;Text&lt;/p&gt;</content>'
            '<source><title>Agency</title><link href="https://agency.example/"/></source></entry>'
        )
    ).entries
    assert (entry.guid, entry.url, entry.title) == ("tag:1", "https://feeds.site.example/a", "A < B")
    assert (entry.author, entry.published_at, entry.text) == ("Ana", NEW_YEAR, "Text")
    assert (entry.origin_name, entry.origin_url) == ("Agency", "https://agency.example/")


def test_a_picture_that_only_counts_its_readers_is_no_article_s() -> None:
    dot = '<media:content url="https://x.example/d" medium="image" width="1" height="1"/>'
    tracker = '<media:thumbnail url="https://pixel.wp.com/b.gif?host=x"/>'
    picture = '<media:thumbnail url="https://x.example/a.jpg" width="75" height="75"/>'
    assert only(dot + tracker + picture).image_url == "https://x.example/a.jpg"
    assert only(dot + tracker).image_url is None


def test_an_rdf_item_is_known_by_its_about() -> None:
    body = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
        '<channel><title>T</title></channel><item rdf:about="https://site.example/a">'
        "<title>A</title><link>https://site.example/a</link></item></rdf:RDF>"
    )
    assert parsed(body.encode()).entries[0].guid == "https://site.example/a"


def test_a_json_feed_is_read_whole() -> None:
    item: dict[str, Any] = {
        "id": 7,
        "url": "/a",
        "title": "A",
        "content_html": "<p>Text</p>",
        "date_published": "2024-01-01T00:00:00Z",
        "authors": [{"name": "Ana"}],
        "image": "/i.jpg",
    }
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "T",
        "home_page_url": "https://site.example/",
        "language": "en-GB",
        "items": [item, {"id": "8", "content_text": "1 < 2\n\nNext"}],
    }
    found = parsed(json.dumps(feed).encode(), "application/feed+json")
    first, second = found.entries
    assert (found.title, found.site_url, found.language) == ("T", "https://site.example/", "en")
    assert (first.guid, first.url, first.author) == ("7", "https://feeds.site.example/a", "Ana")
    assert (first.image_url, first.published_at) == ("https://feeds.site.example/i.jpg", NEW_YEAR)
    assert second.text == "1 < 2\n\nNext"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "empty"),
        (b" \n\x00", "empty"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "a web page, not a feed"),
        (b'{"a": 1}', "JSON of another kind"),
        (b'{"a": ', "begins as JSON and is not"),
        (b'{"items": [' + b"{}," * 400_000 + b"{}]}", "more values than any feed"),
        (b'{"items": [' + b"1," * 2_000_001 + b"1]}", "more values than any feed"),
        (b"<opml><body/></opml>", "OPML"),
        (b"<note/>", "XML of another kind"),
        (b"Hello", "something else"),
    ],
)
def test_what_is_no_feed_is_refused_in_words(body: bytes, why: str) -> None:
    with pytest.raises(ParseError, match=why):
        parsed(body)


def test_a_feed_without_entries_is_a_feed() -> None:
    assert parsed(rss("")).entries == ()


def test_broken_xml_is_read_as_far_as_it_goes() -> None:
    body = rss("<item><title>A &nbsp; & B</title></item><item><title>C</title>").partition(b"</channel>")[0]
    assert [entry.title for entry in parsed(body).entries] == ["A & B", "C"]


RUSSIAN = "Новости дня"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be", "utf-8-sig"])
@pytest.mark.parametrize("declaration", ["", '<?xml version="1.0" encoding="utf-8"?>', "<?xml encoding='utf-16'?>"])
def test_unicode_is_read_in_whichever_way_it_is_written_down(encoding: str, declaration: str) -> None:
    body = (declaration + rss(f"<item><title>{RUSSIAN}</title></item>").decode()).encode(encoding)
    for content_type in (None, "application/rss+xml; charset=utf-16", "text/xml"):
        assert parsed(body, content_type).entries[0].title == RUSSIAN


def test_a_letter_that_was_cut_in_half_spoils_no_other() -> None:
    whole = rss(f"<item><title>{RUSSIAN}</title></item><item><title>{RUSSIAN} A</title></item>")
    entries = parsed(whole.replace(b" A<", b"\xd0<")).entries
    assert [entry.title for entry in entries] == [RUSSIAN, f"{RUSSIAN}\ufffd"]


@pytest.mark.parametrize("encoding", ["windows-1251", "koi8-r", "gb18030", "euc-jp", "shift_jis"])
def test_other_encodings_are_not_taken_for_broken_unicode(encoding: str) -> None:
    body = f'<?xml version="1.0" encoding="{encoding}"?>' + rss(f"<item><title>{RUSSIAN}</title></item>").decode()
    assert parsed(body.encode(encoding)).entries[0].title == RUSSIAN


def test_a_feed_that_is_in_the_utf_8_it_declares_is_believed_before_its_server() -> None:
    body = b'<?xml version="1.0" encoding="UTF-8"?>' + rss(f"<item><title>{RUSSIAN}</title></item>")
    assert parsed(body, "text/xml; charset=iso-8859-1").entries[0].title == RUSSIAN


@pytest.mark.parametrize(
    "item",
    [
        '{"id": "1", "title": "A \\ud83d"}', '{"id": "1", "title": "A\n"}', '{"id": "1", "title": "A", "tags": [NaN]}',
        '{"id": 1, "title": "A"}]} <!-- cached -->', '{"id": "1", "title": "A", "size": %s}' % ("9" * 5000),
    ],
)  # fmt: skip
def test_json_that_is_a_little_broken_loses_no_entry(item: str) -> None:
    body = '{"version": "https://jsonfeed.org/version/1.1", "items": [' + item + "]}"
    assert [(entry.guid, entry.title) for entry in parsed(body.encode()).entries] == [("1", "A")]


@pytest.mark.parametrize(
    ("reference", "letter"),
    [
        ("&#55357;&#56832;", "\U0001f600"), ("&#xD83D;&#xDE00;", "\U0001f600"), ("&#xD83D;", "\ufffd"),
        ("&#99999999999;", "\ufffd"), (f"&#{'9' * 5000};", "\ufffd"), ("&#x1F600;", "\U0001f600"),
        ("&#0000000065;", "A"),
    ],
)  # fmt: skip
def test_a_reference_to_no_character_costs_no_entry(reference: str, letter: str) -> None:
    entries = parsed(rss(f"<item><title>A</title></item><item><title>{reference}</title></item>")).entries
    assert [entry.title for entry in entries] == ["A", letter]


def test_the_charset_of_the_answer_is_respected() -> None:
    body = rss("<item><title>Café</title></item>").decode().encode("latin-1")
    assert parsed(body, "application/rss+xml; charset=iso-8859-1").entries[0].title == "Café"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32-le", "utf-8-sig"])
def test_a_json_feed_is_read_in_every_way_to_write_unicode_down(encoding: str) -> None:
    (entry,) = parsed('{"items": [{"id": "1", "title": "Привет"}]}'.encode(encoding)).entries
    assert entry.title == "Привет"


@pytest.mark.parametrize("declared", ["utf-16", "UTF-16LE", "ISO-10646-UCS-2"])
def test_what_says_that_it_is_utf_16_and_is_not_is_read(declared: str) -> None:
    body = b'<?xml version="1.0" encoding="%b"?>' % declared.encode() + rss("<item><title>Café – €</title></item>")
    assert [parsed(body + end).entries[0].title for end in (b"", b"\n")] == ["Café – €"] * 2


def test_latin_1_that_nobody_declared_is_not_taken_for_broken_utf_8() -> None:
    body = rss("<item><title>Zürich, naïve</title></item>").decode().encode("latin-1")
    assert parsed(body).entries[0].title == "Zürich, naïve"


@pytest.mark.parametrize("also", ["", "Caf&eacute;", "<b>"])
def test_ampersands_that_nobody_escaped_change_neither_words_nor_addresses(also: str) -> None:
    url = "https://site.example/?a=1&b=2&copy=3&lang=en"
    links = (url, f"<![CDATA[{url}]]>", url.replace("&", "&amp;"))
    items = (f"<item><title>AT&T, R&D</title><link>{link}</link></item>" for link in links)
    entries = parsed(rss(f"{''.join(items)}<item><title>{also}</title></item>")).entries
    assert [(entry.title, entry.url) for entry in entries[:3]] == [("AT&T, R&D", url)] * 3


def test_an_item_that_says_nothing_is_kept() -> None:
    found = parsed(rss("<item></item><item><title>A</title></item>")).entries
    assert len(found) == 2
    assert all(entry.guid.startswith("sha256:") for entry in found)


def test_a_link_stands_in_for_a_guid_and_a_guid_for_a_link() -> None:
    assert only("<link>https://site.example/a</link>").guid == "https://site.example/a"
    assert only("<guid>https://site.example/a</guid>").url == "https://site.example/a"
    assert only("<guid isPermaLink='false'>7</guid>").url is None


def test_a_guid_does_not_depend_on_where_the_feed_lies() -> None:
    body = rss("<item><guid>17</guid><title>A</title></item>")
    moved = parse_feed(body, url="https://elsewhere.example/feed")
    assert moved.entries[0].guid == parsed(body).entries[0].guid == "17"


def test_a_guid_on_everything_tells_nothing_apart() -> None:
    items = "".join(
        f"<item><guid isPermaLink='false'>0</guid><link>https://site.example/{n}</link></item>" for n in "ab"
    )
    once = {entry.guid for entry in parsed(rss(items)).entries}
    assert len(once) == 2
    turned = "".join(
        f"<item><guid isPermaLink='false'>0</guid><link>https://site.example/{n}</link></item>" for n in "ba"
    )
    assert {entry.guid for entry in parsed(rss(turned)).entries} == once


def test_an_entry_given_twice_keeps_its_guid() -> None:
    item = "<item><guid isPermaLink='false'>7</guid><link>https://site.example/a</link><title>{}</title></item>"
    guids = [entry.guid for entry in parsed(rss(item.format("A") + item.format("A, corrected"))).entries]
    assert guids == ["7", "7"]


def test_relative_links_of_rss_start_at_the_site() -> None:
    entry = only("<link>/a</link><description>&lt;a href='b'&gt;b&lt;/a&gt;</description>")
    assert entry.url == "https://site.example/a"
    assert 'href="https://site.example/b"' in entry.content_html


def test_xml_base_says_where_relative_links_start() -> None:
    (entry,) = parsed(
        atom(
            '<entry xml:base="https://base.example/x/"><id>1</id><link href="a"/>'
            '<content type="html">&lt;img src="i.png"&gt;</content></entry>'
        )
    ).entries
    assert entry.url == "https://base.example/x/a"
    assert entry.image_url == "https://base.example/x/i.png"


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "mailto:a@site.example", "http://[x"])
def test_only_web_addresses_become_links(link: str) -> None:
    entry = only(f"<link>{link}</link><media:content url='{link}' medium='image'/><source url='{link}'>S</source>")
    assert (entry.url, entry.canonical_url, entry.image_url, entry.origin_url) == (None, None, None, None)


@pytest.mark.parametrize(
    "picture",
    [
        "<media:thumbnail url='https://site.example/i.jpg'/>",
        "<media:content url='https://site.example/i.jpg' type='image/jpeg'/>",
        "<enclosure url='https://site.example/i.jpg' type='image/jpeg' length='1'/>",
        "<description>&lt;img src='https://site.example/i.jpg'&gt;</description>",
    ],
)
def test_a_picture_is_found_wherever_feeds_put_it(picture: str) -> None:
    assert only(picture).image_url == "https://site.example/i.jpg"


def test_an_entry_without_a_title_is_called_by_its_first_words() -> None:
    assert (
        only("<description>Rain is on its way to the coast.</description>").title == "Rain is on its way to the coast."
    )


def test_nothing_is_longer_than_it_may_be() -> None:
    entry = only(f"<title>{'a' * 9000}</title><guid isPermaLink='false'>{'g' * 9000}</guid>")
    assert len(entry.title) == MAX_TITLE_CHARS
    assert len(entry.guid) <= MAX_GUID_CHARS


def test_the_words_decide_the_language_and_a_short_text_believes_its_feed() -> None:
    channel = "<title>T</title><language>en-us</language>"
    items = f"<item><title>{GERMAN}</title></item><item><title>Wien</title></item>"
    found = parsed(rss(items, channel))
    assert [entry.language for entry in found.entries] == ["de", "en"]
    assert found.language == "en"


def test_the_feed_says_how_often_it_wants_to_be_asked() -> None:
    assert parsed(rss("", "<title>T</title><ttl>30</ttl>")).wishes.ttl_s == 1800
    period = "<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>"
    assert parsed(rss("", f"<title>T</title>{period}")).wishes.ttl_s == 1800
    assert parsed(rss("", "<title>T</title><ttl>soon</ttl>")).wishes.ttl_s is None


def test_the_feed_says_in_which_hours_and_on_which_days_nobody_need_ask() -> None:
    hours = "<skipHours><hour>0</hour><hour> 23 </hour><hour>24</hour><hour>99</hour><hour>x</hour></skipHours>"
    days = "<skipDays><day>Saturday</day><day>sunday</day><day>Someday</day></skipDays>"
    wishes = parsed(rss("", f"<title>T</title>{hours}{days}")).wishes
    assert wishes.skip_hours == {0, 23}
    assert wishes.skip_days == {5, 6}


def test_escaped_and_real_tags_in_one_text_lose_no_word_of_it() -> None:
    content = "&lt;div class=&quot;x&quot;&gt;The ferry <b>has</b> sailed.<div>At noon.</div>"
    feed = parse_feed(
        f'<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>a</id><content type="html">{content}</content>'
        "</entry></feed>".encode(),
        url="https://example.org/feed",
    )
    assert feed.entries[0].text.split() == "The ferry has sailed. At noon.".split()


def test_a_document_that_only_begins_in_utf_16_loses_no_entry() -> None:
    begins = '<?xml version="1.0"?><rss><channel>'.encode("utf-16-be")
    document = begins + b"<item><title>A</title></item></channel></rss>"
    assert [each.title for each in parse_feed(document, url=URL).entries] == ["A"]
