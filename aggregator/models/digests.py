"""What a story says."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldArticle:
    """An article of a story, as what the story says is read from it."""

    id: int
    title: str
    text: str
    """Its beginning."""
    n_chars: int
    """Of its whole text."""
    publisher: str
    """Registrable domain."""
    publisher_name: str = ""
    owner: str = ""
    """The domain that speaks for all publishers of one owner, where several are known."""
    language: str | None = None
    published_at: datetime
    copy_of_id: int | None = None
    origin: str | None = None
    """Whom the feed names as origin, where it does."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What some articles of a story say, without the words: all that telling what is new to a reader needs."""

    said_by: tuple[int, ...]
    """Ids of the articles that say it; the first is the one whose sentence stands for it."""
    near: tuple[int, ...]
    """Ids of the articles that say this, or nearly this: whoever read one of them learns nothing new from it."""
    particulars: tuple[int, ...]
    """Positions, among the particulars of the story, of the names and numbers that the sentence brings."""


@dataclass(frozen=True, slots=True)
class Account:
    """All that a story says, claim by claim, without the words."""

    article_ids: tuple[int, ...]
    """The articles that it was read from."""
    claims: tuple[Claim, ...] = ()
    """Those that most articles make come first."""
    particulars: tuple[tuple[int, ...], ...] = ()
    """The names and numbers of the story: of each, the ids of the articles that have it."""

    def new_to(self, read: Set[int]) -> tuple[int, ...]:
        """Return the positions of the claims that are new to whoever read these articles; none where none was read.

        A claim is new when no article that was read says it or nearly it, and it brings a name or a number that none
        of those has, nor a claim before it.
        """
        known = read & set(self.article_ids)
        if not known:
            return ()
        found, brought = [], set[int]()
        unseen = {place for place, holders in enumerate(self.particulars) if known.isdisjoint(holders)}
        for place, claim in enumerate(self.claims):
            brings = unseen.intersection(claim.particulars) - brought
            if brings and known.isdisjoint(claim.near):
                found.append(place)
                brought |= brings
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Reading:
    """A number that an article gives."""

    number: float
    written: str
    """As the article writes it."""
    article_id: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A number on which reports differ, or that moved: what it counts, and what each article says, oldest first."""

    counts: str
    """One of the few things that are known to be counted ("killed"), or the noun as it is written."""
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """A name in a story."""

    name: str
    article_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What can be said of one article as a source of its story."""

    article_id: int
    voice: int
    """Whose reporting it is: articles with the same number speak with one voice, and count once."""
    origin: str | None = None
    """The agency or publisher whose text it names as its own."""
    own_share: float | None = None
    """Of its runs of words, those that no earlier article of another publisher has; None where there are too few."""
    is_teaser: bool = False
    """Whether its feed gives but the beginning, or very little."""
    is_paid: bool = False
    """Whether it says that the rest is for subscribers."""


@dataclass(frozen=True, slots=True)
class Digest:
    """What a story says, in sentences of its articles."""

    account: Account
    sentences: tuple[str, ...] = ()
    """Of each claim of the account, the sentence that stands for it, word for word."""
    in_short: tuple[int, ...] = ()
    """The claims that give the story in a few sentences."""
    alone: tuple[int, ...] = ()
    """Claims that one publisher makes alone."""
    figures: tuple[Figure, ...] = ()
    names: tuple[Named, ...] = ()
    sources: tuple[SourceFacts, ...] = ()
