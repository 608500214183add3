"""What is read without feedparser is read as feedparser reads it, to the letter, or not at all."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from aggregator.errors import ParseError
from aggregator.parse import cut
from aggregator.parse.feed import read_plainly
from aggregator.parse.raw import RawFeed
from aggregator.parse.xml_feed import read_xml_feed
from tests.fuzz.mutants import mutants

DATA = Path(__file__).parents[2].parent / "shared" / "data"
FOLDERS = (DATA / "feeds", DATA / "cases" / "feedparser")
needs_data = pytest.mark.skipif(not DATA.exists(), reason="the collected feeds lie in ../shared, which is not here")

RSS = """<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/"{more}><channel{root}>
<title>News</title><link>https://a.example/</link>{head}{items}</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/"{root}{more}>
<title>News</title><id>urn:a</id><link href="https://a.example/"/>{head}{items}</feed>"""
MORE = (
    *(
        "",
        "",
        "",
        "",
        "",
        "",
        ' xmlns:x="http://purl.org/dc/elements/1.1/"',
        ' xmlns:xlink="http://www.w3.org/1999/xlink"',
    ),
    *(' xml:lang="en_GB"', ' xml:lang=""', ' xml:base="https://b.example/"', ' lang="de"'),
)
ROOT = ("", "", "", "", "", "", ' href="/x"')
HEAD = (
    *(
        "",
        "",
        "<language>en</language>",
        "<image><title>I</title><url>/i.png</url><link>/</link></image>",
        "<ttl>9</ttl>",
    ),
    *(
        '<description xml:lang="de">D</description>',
        '<dc:creator xmlns:dc="http://search.yahoo.com/mrss/">x</dc:creator>',
    ),
    *("<category>c</category>", '<summary type="text">S</summary>', "<item/>", "<content>c</content>"),
)
WORDS = (
    *("", " ", "Words", "More", "caf\u00e9", "cafÃ©", "\u2019s", "a &amp; b", "&lt;p&gt;A&lt;/p&gt;", "a\n\nb"),
    *("<![CDATA[<p>x &nbsp; y</p>]]>", "<!-- no -->yes"),
)
ODD_WORDS = ("<b>c</b>", "a@b.example (Ann)", "Ann <x/>", "&lt;i>&lt;/i>", "\u0085")
ADDRESSES = (
    *(
        "https://a.example/1",
        "https://a.example/1?a=1&amp;b=2",
        "/relative",
        " /x ",
        "urn:a:1",
        "https://a.example/\u00e9",
    ),
    *("mailto:a@b.example", "HTTPS://A.example"),
)
ODD_ADDRESSES = ("", "https:///x", "a&amp;amp;b;c")
EITHER = (*("<title>{words}</title>", "<title/>", '<media:thumbnail url="{url}"/>'),)
RSS_PARTS = (
    *("<link>{url}</link>", "<link/>", "<guid>{url}</guid>", '<guid isPermaLink="false">{url}</guid>'),
    *('<guid isPermaLink="TRUE">{url}</guid>', "<pubDate>{words}</pubDate>", "<dc:date>{words}</dc:date>"),
    *("<description>{words}</description>", "<content:encoded>{words}</content:encoded>", "<author>{words}</author>"),
    *("<dc:creator>{words}</dc:creator>", "<category>c</category>", '<media:content url="{url}" medium="image"/>'),
    *('<enclosure url="{url}" type="image/jpeg" length="1"/>', '<enclosure url="{url}" type="audio/mpeg"/>'),
    *('<source url="{url}">{words}</source>', "<source>{words}</source>", "<comments>{url}</comments>"),
    *(
        '<media:credit role="author">{words}</media:credit>',
        '<post-id xmlns="com-wordpress:feed-additions:1">7</post-id>',
    ),
)
ATOM_PARTS = (
    *(
        '<title type="html">{words}</title>',
        '<link href="{url}"/>',
        '<link rel="alternate" type="text/xml" href="{url}"/>',
    ),
    *('<link rel="enclosure" type="image/png" href="{url}"/>', '<link rel="SELF" href="{url}"/>', "<id>{url}</id>"),
    *("<published>{words}</published>", "<updated>{words}</updated>", "<summary>{words}</summary>"),
    *('<summary type="html">{words}</summary>', '<content type="html">{words}</content>', "<content>{words}</content>"),
    *("<author><name>Al</name></author>", "<author><name>Bo</name><email>b@c.example</email></author>"),
    *("<author><name>Cy</name><uri>{url}</uri></author>", '<category term="t" label="l"/>'),
)
ODD_PARTS = (
    *(
        "<media:thumbnail>{url}</media:thumbnail>",
        '<media:content url="{url}"><media:title>t</media:title></media:content>',
    ),
    *(
        '<content type="image/png">{words}</content>',
        '<content src="{url}"/>',
        '<content type="xhtml">{words}</content>',
    ),
    *("<source><title>{words}</title></source>", "<x>{words}</x>", "{words}", "<TITLE>{words}</TITLE>"),
    *('<x:creator xmlns:x="http://purl.org/dc/elements/1.1/">{words}</x:creator>', '<title base="/b">{words}</title>'),
    *('<dc:creator xmlns:dc="http://search.yahoo.com/mrss/">{words}</dc:creator>', '<guid xml:lang="fr">{url}</guid>'),
    *(
        '<description xmlns="http://purl.org/rss/1.0/">{words}</description>',
        "<media:description>{words}</media:description>",
    ),
    *(
        "<author>x<name>Di</name></author>",
        "<author><name>{words}</name></author>",
        "<author><email>b@c.example</email></author>",
    ),
)


def made_up(random: Random) -> bytes:
    """Return a feed whose items are of these parts, in any order, seldom with something odd among them."""
    is_atom = random.random() < 0.5
    name, frame, usual = ("entry", ATOM, EITHER + ATOM_PARTS) if is_atom else ("item", RSS, EITHER + RSS_PARTS)

    def one_of(most: Sequence[str], odd: Sequence[str]) -> str:
        return random.choice(odd if random.random() < 0.02 else most)

    items = ""
    for _ in range(random.randrange(1, 4)):
        parts = random.sample(usual, random.randrange(1, 8))
        items += f"<{name}>{''.join(one_of([part], ODD_PARTS) for part in parts)}</{name}>\n"
    while "{words}" in items or "{url}" in items:
        items = items.replace("{words}", one_of(WORDS, ODD_WORDS), 1).replace(
            "{url}", one_of(ADDRESSES, ODD_ADDRESSES), 1
        )
    more, root, head = random.choice(MORE), random.choice(ROOT), random.choice(HEAD)
    return frame.format(more=more, root=root, head=head, items=items).encode()


def both_ways(body: bytes) -> tuple[RawFeed, RawFeed | None] | None:
    """Return what a document says, read plainly and by feedparser; None where it is not told plainly."""
    plain = cut.split(body, None)
    told = read_plainly(plain, None) if plain else None
    if told is None:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return told, read_xml_feed(body, content_type=None)
        except ParseError:
            return told, None


@needs_data
def test_every_collected_document_that_is_plain_says_what_feedparser_says() -> None:
    paths = [path for folder in FOLDERS for path in sorted(folder.rglob("*")) if path.is_file()]
    read = {path.name: both for path in paths if (both := both_ways(path.read_bytes()))}
    assert [name for name, (told, wanted) in read.items() if told != wanted] == []
    assert len(read) > 600


@needs_data
def test_plain_documents_after_an_accident_say_what_feedparser_says() -> None:
    paths = [path for folder in FOLDERS for path in sorted(folder.rglob("*")) if path.is_file()]
    whole = [path.read_bytes() for path in paths if path.stat().st_size < 20_000]
    read = {
        body: both
        for body in mutants([each for each in whole if both_ways(each)], 3_000, seed=4)
        if (both := both_ways(body))
    }
    assert [body for body, (told, wanted) in read.items() if told != wanted] == []
    assert len(read) > 500


def test_made_up_items_say_what_feedparser_says() -> None:
    random = Random(11)
    read = {body: both for body in (made_up(random) for _ in range(4_000)) if (both := both_ways(body))}
    assert [body for body, (told, wanted) in read.items() if told != wanted] == []
    assert len(read) > 400
