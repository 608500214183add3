"""Every page in every state that it was designed for: what is photographed, and what is looked at for barriers."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from argon2 import PasswordHasher
from playwright.sync_api import Page
from sqlalchemy import Connection, Engine, update

from aggregator.models.acts import Mute, MuteKind
from aggregator.models.bars import Remade, Trial, TriedBar
from aggregator.models.preferences import Preferences
from aggregator.models.subscribing import Candidate, Headline, Subscription
from aggregator.store import (
    bars,
    feeds,
    imports,
    mutes,
    probes,
    reading,
    saved_searches,
    sessions,
    showing,
)
from aggregator.store import settings as memory
from aggregator.store.db import transaction
from aggregator.store.schema import articles, polls
from aggregator.subscribing import foresee
from tests.edition import (
    NOON,
    PIECES,
    Edition,
    Piece,
    act_some,
    correct_some,
    explain_some,
    keep_past,
    make_topics,
    print_edition,
    read_some,
    read_stories,
    sample_day,
)

TOPICS = {
    "Earthquake, villages": ("quake-aegean", "quake-highlands", "eboulement-valserane"),
    "Almar River elections": ("coast-election", "river-election"),
    "Port strike, ferry": ("port-strike", "strait-ferry", "grain-corridor", "pesquero-punta-lareda"),
}


def _nothing(page: Page) -> None:
    """Leave the page as it came."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A page in one state."""

    name: str
    path: str
    act: Callable[[Page], object] = _nothing
    """What is done on it before it is looked at."""
    is_cover: bool = False
    """Of it only what stands in the window is photographed."""


Paper = Callable[[Engine], Iterator[Sequence[Scene]]]
"""Fills an empty database and gives the scenes that can be seen; then changes it, and gives those that came of it."""


def full(engine: Engine) -> Iterator[Sequence[Scene]]:
    """Print the sample day, and let everything that can happen to it happen."""
    edition = print_edition(engine, sample_day())
    topic_ids = make_topics(engine, edition, TOPICS)
    read_stories(engine)
    read_some(engine, edition)
    correct_some(engine, edition)
    explain_some(engine, edition, "strait-ferry")
    act_some(engine, edition)
    keep_past(engine)
    with transaction(engine) as db:
        _ask_some(db, edition)
    yield [*_reading(edition, topic_ids), *_managing(edition), *_acting(edition), *_on_other_paper(edition)]
    with transaction(engine) as db:
        memory.prefer(db, Preferences(language="de"))
    yield _in_german(edition)
    with transaction(engine) as db:
        memory.prefer(db, Preferences(text_size="largest"))
    yield [Scene("largest-front", "/"), Scene("largest-story", _story(edition, "strait-ferry"))]
    with transaction(engine) as db:
        memory.prefer(db, Preferences())
        memory.note_visit(db, now=NOON - timedelta(hours=9))
    yield [Scene("catch-up", "/"), Scene("catch-up-only", "/?changed=")]
    for name, change in _WHAT_HAPPENS.items():
        with transaction(engine) as db:
            change(db)
        yield [Scene(f"state-{name}", "/?order=unread" if name == "all-read" else "/")]
    with transaction(engine) as db:
        _mute_everything(db)
    yield [Scene("state-all-muted", "/"), Scene("muted-many", "/muted")]
    with transaction(engine) as db:
        sessions.set_password_hash(db, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("some words"))
    yield [Scene("sign-in", "/river")]


def empty(engine: Engine) -> Iterator[Sequence[Scene]]:
    """Bring nothing; then feeds that nobody fetched, that could not be read, and that have nothing new."""
    pages = ("river", "topics", "feeds", "starred", "following", "muted", "search", "changes", "editions", "health")
    yield [Scene("first-run", "/"), *(Scene(f"{each}-empty", f"/{each}") for each in pages)]
    with transaction(engine) as db:
        for n in range(5):
            feeds.subscribe(db, Subscription(feed_url=f"https://paper-{n}.example/feed", title=f"Paper {n}"), now=NOON)
    yield [Scene("first-run-fetching", "/"), Scene("feeds-new", "/feeds")]
    with transaction(engine) as db:
        db.execute(update(polls).values(checked_at=NOON, error="paper.example did not answer within 20 s."))
    yield [Scene("state-unreachable", "/"), Scene("feeds-failing", "/feeds")]
    with transaction(engine) as db:
        db.execute(update(polls).values(error=None, succeeded_at=NOON))
    yield [Scene("state-quiet", "/")]


def odd(engine: Engine) -> Iterator[Sequence[Scene]]:
    """Print what nobody would think of: no title, one of 2,000 characters, three scripts, markup, a story of one."""
    longest = Piece("Cape Chronicle", "longest", "Wordwithoutanyend" * 118, country="ZA", hours_ago=2)
    beside = Piece("Harbour News", "longest", "🌍🌊🔥", country="NZ", hours_ago=2.2)
    edition = print_edition(engine, [*PIECES, longest, beside])
    read_stories(engine)
    named = {label: Scene(f"odd-story-{label}", _story(edition, label)) for label in edition.story_ids}
    yield [
        Scene("odd-front", "/"),
        Scene("odd-river", "/river"),
        Scene("odd-search", "/search?q=said"),
        *named.values(),
    ]
    with transaction(engine) as db:
        stories_of_old = update(articles).values(published_at=NOON - timedelta(days=20))
        db.execute(stories_of_old.where(articles.c.publisher_id == 1))
    yield [Scene("odd-publisher", "/publisher/1")]


def crowded(engine: Engine) -> Iterator[Sequence[Scene]]:
    """Print one story that 500 publishers tell."""
    pieces = [
        Piece(f"Paper {n}", "crowd", f"Headline number {n} of the same matter", hours_ago=1 + n / 50)
        for n in range(500)
    ]
    edition = print_edition(engine, [*pieces, *PIECES])
    yield [
        Scene("crowd-front", "/"),
        Scene("crowd-story", _story(edition, "crowd")),
        Scene("crowd-story-page-2", f"{_story(edition, 'crowd')}?page=2"),
    ]


def many(engine: Engine) -> Iterator[Sequence[Scene]]:
    """Subscribe to 5,000 feeds in 200 folders."""
    wanted = [
        Subscription(
            feed_url=f"https://paper-{n}.example/feed",
            title=f"The {n}th Paper",
            folder=(f"Part {n % 20}", f"Folder {n % 200}") if n % 200 > 19 else (f"Part {n % 20}",),
        )
        for n in range(5000)
    ]
    with transaction(engine) as db:
        feeds.subscribe_many(db, wanted, now=NOON)
        db.execute(update(polls).values(checked_at=NOON, succeeded_at=NOON, next_check_at=NOON + timedelta(hours=1)))
        db.execute(
            update(polls)
            .where(polls.c.feed_id % 7 == 0)
            .values(error="paper.example answered 404: there is nothing at this address any more.", n_failures=3)
        )
    yield [
        Scene("many-feeds", "/feeds"),
        Scene("many-feeds-found", "/feeds?q=paper"),
        Scene("many-feeds-folder", "/folder/1"),
        Scene("many-progress", "/"),
    ]


PAPERS: dict[str, Paper] = {"full": full, "empty": empty, "odd": odd, "crowded": crowded, "many": many}


def _story(edition: Edition, label: str) -> str:
    return f"/story/{edition.story_ids[label]}"


def _reading(edition: Edition, topic_ids: dict[str, int]) -> list[Scene]:
    ferry = _story(edition, "strait-ferry")
    single = next(label for label in edition.story_ids if label.startswith("single"))
    return [
        Scene("cover", "/", is_cover=True),
        Scene("front", "/"),
        Scene("front-newest", "/?order=newest"),
        Scene("front-unfolded", "/", _unfold),
        Scene("story", ferry),
        Scene("story-unfolded", ferry, _unfold),
        Scene("story-of-one", _story(edition, single)),
        Scene("article", f"/article/{next(iter(edition.article_ids.values()))}"),
        Scene("editions", "/editions"),
        Scene("edition", "/edition/2026-11-24"),
        Scene("topics", "/topics"),
        Scene("topic", f"/topic/{next(iter(topic_ids.values()))}"),
        Scene("river", "/river"),
        Scene("search-start", "/search"),
        Scene("search", "/search?q=ferry"),
        Scene("search-nothing", "/search?q=zeppelin"),
        Scene("search-too-narrow", "/search?q=ferry+publisher%3Alakeside+lang%3Ade+since%3A1d"),
        Scene("search-unclear", "/search?q=ferry+colour%3Ared"),
        Scene("publisher", "/publisher/1"),
        Scene("starred", "/starred"),
        Scene("following", "/following"),
    ]


def _managing(edition: Edition) -> list[Scene]:
    feed = next(iter(edition.feed_ids.values()))
    return [
        Scene("feeds", "/feeds"),
        Scene("feeds-too-narrow", "/feeds?q=nothing+is+called+so"),
        Scene("feed", f"/feed/{feed}"),
        Scene("delete", f"/feed/{feed}/delete"),
        Scene("folder", "/folder/1"),
        Scene("add", "/add/1"),
        Scene("add-waiting", "/add/2"),
        Scene("add-failed", "/add/3"),
        Scene("import", "/import"),
        Scene("import-shown", "/import/1"),
        Scene("muted", "/muted"),
        Scene("changes", "/changes"),
        Scene("engine", "/engine?bar=0.4"),
        Scene("health", "/health"),
        Scene("settings", "/settings"),
        Scene("settings-unfolded", "/settings", _unfold),
        Scene("welcome", "/welcome"),
        Scene("keys", "/keys"),
        Scene("offline", "/offline"),
        Scene("not-found", "/nothing"),
    ]


def _acting(edition: Edition) -> list[Scene]:
    ferry = _story(edition, "strait-ferry")
    return [
        Scene("mute", f"{_story(edition, 'port-strike')}/mute"),
        Scene("mute-dialog", ferry, lambda page: page.keyboard.press("d")),
        Scene("correction", ferry, _ask_for_a_correction),
        Scene("other", f"{ferry}/other?q=ferry OR strike"),
        Scene("other-none", f"{ferry}/other?q=nobodywrotethis"),
        Scene(
            "loading", "/", lambda page: page.evaluate("document.getElementById('main').classList.add('is-loading')")
        ),
        Scene("kept", "/", lambda page: page.evaluate("document.documentElement.dataset.kept = ''")),
    ]


def _on_other_paper(edition: Edition) -> list[Scene]:
    """Give what a printer, more contrast and a system's own colours make of pages, and how they are turned."""
    ferry = _story(edition, "strait-ferry")
    places = {"front": "/", "story": ferry, "edition": "/edition/2026-11-24", "feeds": "/feeds"}
    return [
        Scene(f"{name}-{place}", path, act)
        for name, act in _MEDIA.items()
        for place, path in places.items()
        if name != "print" or place != "feeds"
    ]


def _in_german(edition: Edition) -> list[Scene]:
    pages = ("search?q=ferry", "feeds", "settings", "health", "keys", "changes", "river", "publisher/1", "feed/1")
    return [
        Scene("german-front", "/"),
        Scene("german-story", _story(edition, "strait-ferry")),
        *(Scene(f"german-{each.partition('?')[0].replace('/', '-')}", f"/{each}") for each in pages),
    ]


_MEDIA: dict[str, Callable[[Page], object]] = {
    "print": lambda page: page.emulate_media(media="print"),
    "contrast": lambda page: page.emulate_media(contrast="more"),
    "forced": lambda page: page.emulate_media(forced_colors="active"),
    "rtl": lambda page: page.evaluate("document.documentElement.dir = 'rtl'"),
}


def _unfold(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")


def _ask_for_a_correction(page: Page) -> None:
    _unfold(page)
    page.get_by_role("button", name="Not this story …").first.click()
    page.wait_for_load_state()


def _lag(db: Connection) -> None:
    memory.remember(db, memory.REGROUPED_AT, (NOON - timedelta(minutes=40)).isoformat())


def _cut_off(db: Connection) -> None:
    db.execute(update(polls).values(error="No route to host.", succeeded_at=NOON - timedelta(hours=5)))


_WHAT_HAPPENS: dict[str, Callable[[Connection], object]] = {
    "behind": _lag,
    "model-missing": lambda db: memory.remember_encoder_error(db, "the folder models/multilingual is not there."),
    "cut-off": _cut_off,
    "all-read": lambda db: reading.mark_all(db, seen_before=NOON, now=NOON),
}
"""What happens to the full paper, one after the other."""


def _mute_everything(db: Connection) -> None:
    for card in showing.front_page(db, since=NOON - timedelta(days=7), limit=1000, now=NOON):
        wanted = Mute(kind=MuteKind.STORY, title=card.headline, story_id=card.id, made_at=NOON)
        mutes.mute(db, wanted, now=NOON)


def _ask_some(db: Connection, edition: Edition) -> None:
    """Look at addresses, bring a list, keep searches, try bars: what waits on pages for an answer."""
    newest = tuple(Headline(f"News of the day, part {n}", NOON - timedelta(hours=n)) for n in range(1, 6))
    found = [
        Candidate(
            feed_url="https://paper.example/feed",
            title="The Paper",
            language="en",
            n_entries=40,
            per_day=12.0,
            newest=newest,
        ),
        Candidate(
            feed_url="https://paper.example/comments",
            title="The Paper: what readers say",
            error="paper.example answered 403: it does not let Broadsheet read this address.",
        ),
    ]
    probes.keep(db, probes.begin(db, "https://paper.example/", (), now=NOON), found, error=None, now=NOON)
    probes.begin(db, "https://waits.example/", (), now=NOON)
    failed = probes.begin(db, "https://nothing.example/", (), now=NOON)
    probes.keep(db, failed, [], error="nothing.example could not be found.", now=NOON)
    wanted = [
        Subscription(feed_url=f"https://paper-{n}.example/feed", title=f"Paper {n}", folder=("World", "Asia")[: n % 3])
        for n in range(12)
    ]
    import_id = imports.begin(db, "feeds.opml", (), now=NOON)
    imports.show(db, import_id, foresee(db, [*wanted, Subscription(feed_url="not an address"), wanted[0]]))
    for name, query in (("The strait", "ferry OR strait"), ("Central banks", '"central bank" lang:en since:7d')):
        saved_searches.save(db, query, name, now=NOON)
    bars.keep_trial(db, _trial(edition))


def _trial(edition: Edition) -> Trial:
    ids = list(edition.article_ids.values())
    none = Remade(n=0, shown=())
    joined = Remade(n=14, shown=((ids[0], ids[1]), (ids[4], ids[7], ids[9])))
    return Trial(
        made_at=NOON,
        since=NOON - timedelta(days=1),
        bar=0.5,
        n_articles=len(ids),
        n_corrections=3,
        bars=(
            TriedBar(bar=0.4, n_stories=34, n_honoured=1, joined=joined, parted=none),
            TriedBar(bar=0.5, n_stories=35, n_honoured=2, joined=none, parted=none),
            TriedBar(bar=0.6, n_stories=36, n_honoured=3, joined=none, parted=Remade(n=1, shown=((ids[2], 10**9),))),
        ),
    )
