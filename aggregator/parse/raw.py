"""What a feed says, word for word, before anything is made of it: the same for every format."""

from dataclasses import dataclass, field

from aggregator.models.feeds import Wishes


@dataclass(frozen=True, slots=True)
class RawBody:
    """A body of an entry: foreign HTML, and where its relative links start."""

    markup: str
    base: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawEntry:
    """An item, unchecked; addresses may be relative, dates unreadable, titles HTML."""

    guid: str = ""
    link: str = ""
    title: str = ""
    bodies: tuple[RawBody, ...] = ()
    author: str = ""
    dates: tuple[str, ...] = ()
    """The best first: published before updated."""
    language: str = ""
    images: tuple[str, ...] = ()
    origin_name: str = ""
    origin_link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawFeed:
    """A feed document, unchecked."""

    title: str = ""
    link: str = ""
    language: str = ""
    wishes: Wishes = field(default_factory=Wishes)
    hub_link: str = ""
    self_link: str = ""
    is_well_formed: bool = False
    """Whether the document keeps the rules of XML."""
    links_start_at_site: bool = False
    """Whether relative links are meant from the feed's site (RSS) and not from the document (Atom, RFC 4287)."""
    entries: tuple[RawEntry, ...] = ()
