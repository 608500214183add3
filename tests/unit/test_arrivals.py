from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.arrivals import decide, digest_of, distinct, off_taken_guids, publisher_name, without_future
from aggregator.models.arrivals import Known, KnownEntry
from aggregator.models.entries import Entry
from aggregator.models.feeds import Feed

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FEED = Feed(
    id=1, feed_url="https://a.example/feed", title="World | The A", site_url="https://a.example/", added_at=NOON
)
FIRE = Entry(guid="1", canonical_url="https://a.example/fire", domain="a.example", title="Fire", text="A fire.")
FLOOD = Entry(guid="2", canonical_url="https://a.example/flood", domain="a.example", title="Flood", text="A flood.")


def kept(entry: Entry, **facts: object) -> KnownEntry:
    return replace(KnownEntry(article_id=7, title=entry.title, digest=digest_of(entry)), **facts)  # type: ignore[arg-type]


def test_an_unknown_entry_is_a_new_article():
    arrivals = decide([FIRE, FLOOD], Known(), FEED, now=NOON)
    assert [article.entry.guid for article in arrivals.new] == ["1", "2"]


def test_an_entry_that_says_the_same_changes_nothing():
    arrivals = decide([FIRE], Known(by_guid={"1": kept(FIRE)}), FEED, now=NOON)
    assert (arrivals.new, arrivals.more_entries, arrivals.rewrites, arrivals.n_unchanged) == ((), (), (), 1)


def test_an_entry_that_says_something_else_rewrites_its_article():
    arrivals = decide([replace(FIRE, title="Fire out")], Known(by_guid={"1": kept(FIRE)}), FEED, now=NOON)
    assert [(change.article_id, change.changes_article) for change in arrivals.rewrites] == [(7, True)]


def test_only_the_feed_that_brought_an_article_first_rewrites_it():
    known = Known(by_guid={"1": kept(FIRE, is_first=False)})
    [change] = decide([replace(FIRE, title="Fire out")], known, FEED, now=NOON).rewrites
    assert not change.changes_article


def test_the_same_address_in_another_feed_is_the_same_article_even_with_another_title():
    known = Known(by_url={"https://a.example/fire": kept(FIRE, title="Blaze", is_in_feed=False)})
    arrivals = decide([FIRE], known, FEED, now=NOON)
    assert [entry.article_id for entry in arrivals.more_entries] == [7]
    assert arrivals.new == ()


def test_guids_that_change_in_bulk_bring_no_new_article():
    known = Known(by_url={entry.canonical_url or "": kept(entry) for entry in (FIRE, FLOOD)})
    arrivals = decide([replace(FIRE, guid="x"), replace(FLOOD, guid="y")], known, FEED, now=NOON)
    assert arrivals.new == ()
    assert len(arrivals.more_entries) == 2


def test_a_live_page_gives_every_post_an_article():
    known = Known(by_guid={"1": kept(FIRE)}, by_url={"https://a.example/fire": kept(FIRE)})
    post = replace(FIRE, guid="9", title="Second post", text="More.")
    [article] = decide([FIRE, post], known, FEED, now=NOON).new
    assert article.entry.guid == "9"
    assert article.entry.canonical_url is None


def test_one_guid_for_several_addresses_is_several_entries():
    first, second = distinct([FIRE, replace(FLOOD, guid="1")], FEED)
    assert first.guid != second.guid
    assert (first, second) == distinct([FIRE, replace(FLOOD, guid="1")], FEED)


def test_one_guid_and_one_address_for_other_words_is_several_entries():
    entries = distinct([FIRE, replace(FIRE, title="Fire: update")], FEED)
    assert len({entry.guid for entry in entries}) == 2
    assert {entry.canonical_url for entry in entries} == {None}


def test_an_entry_listed_twice_is_one_entry():
    assert distinct([FIRE, FIRE], FEED) == (FIRE,)


@pytest.mark.parametrize("url", ["https://a.example/", "https://a.example"])
def test_the_address_of_the_site_tells_no_piece_from_another(url: str):
    [entry] = distinct([replace(FIRE, url=url, canonical_url=url)], FEED)
    assert entry.canonical_url is None


def test_an_article_from_the_future_or_without_a_date_is_dated_now():
    tomorrow = replace(FIRE, published_at=NOON + timedelta(days=1))
    arrivals = decide([tomorrow, FLOOD], Known(), FEED, now=NOON)
    assert [article.published_at for article in arrivals.new] == [NOON, NOON]


def test_a_date_that_has_not_come_says_nothing():
    entries = [replace(FIRE, published_at=NOON + timedelta(hours=hours)) for hours in (0, 1)]
    assert [each.published_at for each in without_future(entries, now=NOON)] == [NOON, None]


def test_an_entry_without_an_address_belongs_to_the_site_of_its_feed():
    [article] = decide([Entry(guid="3", title="Note")], Known(), FEED, now=NOON).new
    assert article.publisher_domain == "a.example"


@pytest.mark.parametrize(
    ("title", "domain", "name"),
    [
        ("World news | The Guardian", "theguardian.com", "The Guardian"),
        ("BBC News - World", "bbc.co.uk", "BBC News"),
        ("NYT > World News", "nyt.com", "NYT"),
        ("Neue Zürcher Zeitung", "nzz.ch", "Neue Zürcher Zeitung"),
        ("Top stories", "example.org", "example.org"),
        ("", "example.org", "example.org"),
    ],
)
def test_a_publisher_is_named_by_the_part_of_the_title_that_its_domain_knows(title: str, domain: str, name: str):
    assert publisher_name(title, domain) == name


def test_guids_and_addresses_that_change_together_bring_no_new_article_where_words_and_moment_stay():
    then = [replace(entry, published_at=NOON) for entry in (FIRE, FLOOD)]
    known = Known(by_moment={NOON: tuple(kept(each, article_id=n) for n, each in enumerate(then))})
    moved = [replace(each, guid=f"new {each.guid}", canonical_url=f"https://b.example/{each.guid}") for each in then]
    arrivals = decide(moved, known, FEED, now=NOON)
    assert arrivals.new == ()
    assert [entry.article_id for entry in arrivals.more_entries] == [0, 1]


@pytest.mark.parametrize("change", [{"text": "Another fire."}, {"published_at": NOON - timedelta(hours=1)}])
def test_an_entry_of_other_words_or_of_another_moment_is_a_new_article(change: dict[str, object]):
    then = replace(FIRE, published_at=NOON)
    known = Known(by_moment={NOON: (kept(then),)})
    moved = replace(then, guid="new", canonical_url=None, **change)  # type: ignore[arg-type]
    assert len(decide([moved], known, FEED, now=NOON).new) == 1


def test_entries_without_date_and_address_are_known_again_by_their_words_unless_they_have_none():
    then = replace(FIRE, canonical_url=None)
    silent = replace(then, title="", text="")
    known = Known(by_moment={None: (kept(then, article_id=7), kept(silent, article_id=8))})
    arrivals = decide([replace(then, guid="x"), replace(silent, guid="y")], known, FEED, now=NOON)
    assert [entry.article_id for entry in arrivals.more_entries] == [7]
    assert [article.entry.guid for article in arrivals.new] == ["y"]


def test_an_entry_without_date_at_another_path_is_a_new_article_whatever_it_says():
    known = Known(by_moment={None: (kept(FIRE, canonical_url=FIRE.canonical_url),)})
    moved = replace(FIRE, guid="new", canonical_url="https://a.example/fire-2")
    assert len(decide([moved], known, FEED, now=NOON).new) == 1


@pytest.mark.parametrize("url", ["https://www.a.example/fire", "https://b.example/fire", "https://a.example/fire/"])
def test_an_entry_without_date_is_the_one_that_was_at_the_same_path(url: str):
    known = Known(by_moment={None: (kept(FIRE, canonical_url=FIRE.canonical_url),)})
    moved = replace(FIRE, guid=url, url=url, canonical_url=url)
    arrivals = decide([moved], known, FEED, now=NOON)
    assert [entry.article_id for entry in arrivals.more_entries] == [7]
    assert [move.url for move in arrivals.moves] == [url]


def test_two_entries_that_say_the_same_in_one_document_stay_two():
    then = replace(FIRE, published_at=NOON)
    other = replace(then, guid="2", canonical_url="https://a.example/other")
    known = Known(by_guid={"1": kept(then)}, by_moment={NOON: (kept(then),)})
    assert [article.entry.guid for article in decide([then, other], known, FEED, now=NOON).new] == ["2"]


def test_an_entry_with_nothing_of_the_piece_that_had_its_guid_gets_a_guid_of_its_own_and_always_the_same():
    known = Known(by_guid={"1": kept(FIRE, canonical_url=FIRE.canonical_url, published_at=NOON)})
    other = replace(FLOOD, guid="1", published_at=NOON + timedelta(hours=1))
    [alone] = off_taken_guids([other], known)
    _, beside = distinct([FIRE, other], FEED)
    assert alone.guid == beside.guid != "1"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"canonical_url": FIRE.canonical_url}, id="address"),
        pytest.param({"canonical_url": None}, id="lack of an address"),
        pytest.param({"title": "FIRE!"}, id="title"),
        pytest.param({"text": FIRE.text}, id="text"),
        pytest.param({"published_at": NOON}, id="moment"),
    ],
)
def test_an_entry_keeps_its_guid_where_anything_else_is_as_it_was(change: dict[str, object]):
    known = Known(by_guid={"1": kept(FIRE, canonical_url=FIRE.canonical_url, published_at=NOON)})
    other = replace(FLOOD, guid="1", published_at=NOON + timedelta(hours=1))
    rewritten = replace(other, **change)  # type: ignore[arg-type]
    assert off_taken_guids([rewritten], known) == (rewritten,)


ELSEWHERE = "https://b.example/fire"
MOVED = replace(FIRE, url=ELSEWHERE, canonical_url=ELSEWHERE)
AT_FIRE = kept(FIRE, canonical_url=FIRE.canonical_url, published_at=NOON)


def moves(entries: list[Entry], known: Known) -> list[tuple[int, str]]:
    return [(move.article_id, move.canonical_url) for move in decide(entries, known, FEED, now=NOON).moves]


@pytest.mark.parametrize("change", [{}, {"title": "Fire out"}, {"text": "The fire is out."}])
def test_an_article_follows_its_entry_to_another_address(change: dict[str, str]):
    assert moves([replace(MOVED, **change)], Known(by_guid={"1": AT_FIRE})) == [(7, ELSEWHERE)]  # type: ignore[arg-type]


def test_an_article_follows_its_entry_whose_guid_changes_together_with_the_address():
    moved = replace(MOVED, guid="x", published_at=NOON)
    assert moves([moved], Known(by_moment={NOON: (AT_FIRE,)})) == [(7, ELSEWHERE)]


def test_an_entry_whose_guid_changes_too_is_its_feeds_own_piece_before_that_of_another_feed():
    moved = replace(MOVED, guid="x", published_at=NOON)
    there = kept(replace(FIRE, title="Blaze"), article_id=8, is_in_feed=False)
    arrivals = decide([moved], Known(by_url={ELSEWHERE: there}, by_moment={NOON: (AT_FIRE,)}), FEED, now=NOON)
    assert [entry.article_id for entry in arrivals.more_entries] == [7]
    assert [(move.article_id, move.over_id) for move in arrivals.moves] == [(7, 8)]


def test_an_article_stays_where_an_entry_of_its_guid_says_something_else():
    assert moves([replace(MOVED, title="Flood", text="A flood.")], Known(by_guid={"1": AT_FIRE})) == []


def test_an_article_stays_where_another_feed_says_so():
    assert moves([MOVED], Known(by_guid={"1": replace(AT_FIRE, is_first=False)})) == []


def test_an_article_does_not_follow_to_the_address_of_another():
    there = Known(by_guid={"1": AT_FIRE}, by_url={ELSEWHERE: kept(FLOOD, article_id=8)})
    assert moves([MOVED], there) == []


def test_an_article_that_follows_to_where_another_feed_has_brought_it_is_one_with_that():
    same = kept(replace(FIRE, title="Blaze"), article_id=8, is_in_feed=False)
    there = Known(by_guid={"1": AT_FIRE}, by_url={ELSEWHERE: same})
    [move] = decide([MOVED], there, FEED, now=NOON).moves
    assert (move.article_id, move.over_id) == (7, 8)


@pytest.mark.parametrize("text", ["", "A longer text of the fire."])
def test_an_article_does_not_follow_to_where_another_feed_says_something_else(text: str):
    other = kept(replace(FIRE, text=text), article_id=8, is_in_feed=False)
    assert moves([MOVED], Known(by_guid={"1": AT_FIRE}, by_url={ELSEWHERE: other})) == []


def test_an_article_goes_back_to_where_it_was():
    there = Known(by_guid={"1": AT_FIRE}, by_url={ELSEWHERE: kept(FIRE)})
    assert moves([MOVED], there) == [(7, ELSEWHERE)]


def test_an_article_stays_where_an_entry_of_the_same_document_still_leads():
    assert moves([MOVED, replace(FIRE, guid="9")], Known(by_guid={"1": AT_FIRE, "9": AT_FIRE})) == []


def test_an_article_stays_where_its_address_differs_in_the_query_alone():
    url = f"{FIRE.canonical_url}?session=17"
    assert moves([replace(FIRE, url=url, canonical_url=url)], Known(by_guid={"1": AT_FIRE})) == []


def test_an_article_without_an_address_gets_none_from_a_page_that_others_share():
    known = Known(by_guid={"1": replace(AT_FIRE, canonical_url=None)})
    assert moves([MOVED], known) == []


def places(*shown: Entry) -> list[str]:
    return [entry.guid for entry in off_taken_guids(shown, AT_PLACES)]


AT_PLACES = Known(
    by_guid={"1": kept(FIRE, canonical_url=FIRE.canonical_url, published_at=NOON)},
    by_url={FIRE.canonical_url or "": kept(FIRE), FLOOD.canonical_url or "": kept(FLOOD, article_id=8)},
)
FROST = replace(FLOOD, guid="1", canonical_url="https://a.example/frost", text="Frost.", published_at=NOON)


def test_a_guid_is_a_place_where_the_piece_that_had_it_is_there_under_another():
    first, second = places(FROST, replace(FIRE, guid="2"))
    assert (first.startswith("1#"), second) == (True, "2")


def test_a_guid_is_a_place_where_a_piece_that_is_known_as_it_is_now_has_it():
    assert [guid.startswith("1#") for guid in places(replace(FLOOD, guid="1", published_at=NOON))] == [True]


def test_a_guid_is_a_name_where_nothing_shows_that_it_is_a_place():
    assert places(FROST, replace(FIRE, guid="2", text="Another.")) == ["1", "2"]


def test_a_guid_stays_with_its_text_although_others_are_places():
    moved = replace(FIRE, canonical_url="https://a.example/frost")
    assert places(moved, replace(FIRE, guid="2")) == ["1", "2"]
