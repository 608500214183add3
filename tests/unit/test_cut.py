import pytest

from aggregator.models.entries import ParsedFeed
from aggregator.parse.feed import parse_feed

HEAD = '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>The A</title>'
XML = "application/rss+xml; charset=utf-8"


def item(name: str, *, guid: str = "", link: str = "", text: str = "") -> str:
    return (
        f"<item><title>{name}</title><guid isPermaLink='false'>{guid or name}</guid>"
        f"<link>https://a.example/{link or name}</link>"
        f"<description><![CDATA[{text or f'On {name}.'}]]></description></item>"
    )


def rss(*items: str, head: str = HEAD) -> bytes:
    return (head + "\n".join(items) + "</channel></rss>").encode()


def read(body: bytes, known: ParsedFeed | None = None, content_type: str | None = XML) -> ParsedFeed:
    known_items = known.items if known else b""
    return parse_feed(body, url="https://a.example/feed", content_type=content_type, known_items=known_items)


def titles(feed: ParsedFeed) -> list[str]:
    return [entry.title for entry in feed.entries]


FIRST = read(rss(item("fire"), item("flood"), item("frost")))


def test_only_what_is_new_is_read() -> None:
    again = read(rss(item("storm"), item("fire"), item("flood"), item("frost")), FIRST)
    assert (titles(again), again.n_cut) == (["storm"], 3)
    third = read(rss(item("quake"), item("storm"), item("fire"), item("flood")), again)
    assert (titles(third), third.n_cut) == (["quake"], 3)


def test_what_was_rewritten_is_read_again() -> None:
    again = read(rss(item("fire"), item("flood", text="It is over."), item("frost")), FIRST)
    assert (titles(again), again.n_cut) == (["flood"], 2)


def test_nothing_is_read_where_only_the_head_changed() -> None:
    changed = HEAD.replace("The A", "The B")
    again = read(rss(item("fire"), item("flood"), item("frost"), head=changed), FIRST)
    assert (again.title, titles(again), again.n_cut) == ("The B", [], 3)


@pytest.mark.parametrize(
    "like_fire",
    [
        pytest.param(item("other", guid="fire"), id="its guid"),
        pytest.param(item("other", link="fire"), id="its address"),
        pytest.param(item("fire", guid="g", link="l"), id="its words"),
    ],
)
def test_all_is_read_where_something_new_shares_with_something_known(like_fire: str) -> None:
    again = read(rss(like_fire, item("fire"), item("flood"), item("frost")), FIRST)
    assert (len(again.entries), again.n_cut) == (4, 0)
    assert again.items


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda body: body.replace(b"<rss ", b'<rss xmlns:x="urn:x" '), id="another root"),
        pytest.param(lambda body: body.replace(b"<channel>", b'<channel xml:lang="de">'), id="another channel"),
        pytest.param(lambda body: body.replace(b"utf-8", b"UTF-8"), id="another declaration"),
        pytest.param(lambda body: body.replace(b"</channel>", b"<x>&nbsp;</x></channel>"), id="not well-formed"),
        pytest.param(
            lambda body: body.replace(b"</channel>", item("fire").encode() + b"</channel>"), id="twice the same"
        ),
        pytest.param(lambda body: body.replace(b"</item>", b"<item></item></item>", 1), id="an item in an item"),
        pytest.param(lambda body: body.replace(b"</channel>", b"<item/></channel>"), id="an empty item"),
        pytest.param(lambda body: body.replace(b"</channel>", b"<ITEM></ITEM></channel>"), id="items by another name"),
        pytest.param(lambda body: body.replace(b"<item>", b'<item xml:base="/x">', 1), id="another base"),
        pytest.param(lambda body: body.replace(b"<rss ", b"<!DOCTYPE rss [<!ENTITY a 'b'>]><rss "), id="entities"),
        pytest.param(lambda body: body.decode().replace("utf-8", "utf-16").encode("utf-16"), id="UTF-16"),
    ],
)
def test_all_is_read_where_the_document_is_not_plain_or_means_something_else(change) -> None:  # type: ignore[no-untyped-def]
    body = change(rss(item("fire"), item("flood"), item("frost")))
    again = read(body, FIRST, content_type=None if body[:2] == b"\xff\xfe" else XML)
    assert {"fire", "flood", "frost"} <= set(titles(again))
    assert again.n_cut == 0


def test_all_is_read_where_the_server_calls_it_another_charset() -> None:
    again = read(rss(item("fire"), item("flood"), item("frost")), FIRST, "application/rss+xml; charset=iso-8859-1")
    assert (len(again.entries), again.n_cut) == (3, 0)


def test_tags_that_are_only_spoken_of_are_none() -> None:
    spoken = [item("fire", text="Write <item> and </item>."), "<!-- </item><item> -->", item("flood")]
    first = read(rss(*spoken))
    again = read(rss(item("frost"), *spoken), first)
    assert (titles(again), again.n_cut) == (["frost"], 2)


def test_atom_is_cut_like_rss() -> None:
    def atom(*names: str) -> bytes:
        entries = "".join(f"<entry><id>urn:{name}</id><title>{name}</title></entry>" for name in names)
        return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>The A</title>{entries}</feed>'.encode()

    again = read(atom("storm", "fire"), read(atom("fire"), content_type=None), content_type=None)
    assert (titles(again), again.n_cut) == (["storm"], 1)


@pytest.mark.parametrize("known", [b"x", b"x" * 32, b"\0" * 320])
def test_marks_that_mean_nothing_cut_nothing(known: bytes) -> None:
    body = rss(item("fire"), item("flood"))
    again = parse_feed(body, url="https://a.example/feed", content_type=XML, known_items=known)
    assert (len(again.entries), again.n_cut) == (2, 0)
