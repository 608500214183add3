"""config.toml -> Settings; every part of the program is handed the piece it needs."""

import difflib
import ipaddress
import re
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from aggregator.errors import ConfigError

Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Positive = Annotated[int, msgspec.Meta(gt=0)]
Seconds = Annotated[float, msgspec.Meta(ge=0)]
PositiveSeconds = Annotated[float, msgspec.Meta(gt=0)]


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """[database]: where everything is kept."""

    url: str = ""
    """SQLAlchemy URL; empty means SQLite in the platform's user data directory."""


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """[fetch]: how the network is asked."""

    user_agent: str = "Broadsheet/0.1 (self-hosted feed reader)"
    timeout_s: PositiveSeconds = 30.0
    """From the first byte sent to the last byte read, redirects included."""
    max_bytes: Positive = 15 * 1024 * 1024
    """Of one answer, after inflating."""
    max_redirects: Positive = 10
    in_flight: Positive = 512
    per_host: Positive = 2
    per_host_gap_s: Seconds = 0.2
    """Between the starts of two requests to one host; after a mere 304 there is none."""
    allowed_hosts: tuple[str, ...] = ()
    """The owner's own hosts on private networks, by name, `*.name`, address or network (10.0.0.0/8)."""


@dataclass(frozen=True, slots=True)
class PollSettings:
    """[poll]: how often a feed is checked."""

    min_interval_s: PositiveSeconds = 15 * 60.0
    max_interval_s: PositiveSeconds = 24 * 3600.0
    default_interval_s: PositiveSeconds = 60 * 60.0


@dataclass(frozen=True, slots=True)
class ParseSettings:
    """[parse]: the limits of the child processes that read feeds."""

    processes: Positive = 2
    timeout_s: PositiveSeconds = 10.0
    """Of computing: a document does not have to pay for what else the machine does."""
    max_memory_bytes: Positive = 640 * 1024 * 1024
    """Address space of one child: 360 MB before it reads anything, 370 MB for usual feeds, 570 MB for one of 14 MB."""


@dataclass(frozen=True, slots=True)
class EncodeSettings:
    """[encode]: the model."""

    model: str = "bundled"
    """`bundled` (all-MiniLM-L6-v2), a folder, or a sentence-transformers model name; `none` for words only."""
    threads: Positive = 2
    max_chars: Positive = 300
    """Of the text after the title; longer texts cost time and blur what an article is about."""


@dataclass(frozen=True, slots=True)
class StorySettings:
    """[stories]: what is grouped, and how readily."""

    window_days: Positive = 7
    bar: Share = 0.0
    """Similarity from which two articles are held to be about the same happening; 0 means the engine's own."""
    topic_days: Positive = 30
    """How long a story is looked at when topics are made: longer than a matter may rest between two happenings."""


@dataclass(frozen=True, slots=True)
class WebSettings:
    """[web]: where the pages are served."""

    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 8080
    threads: Positive = 8
    trusted_hosts: tuple[str, ...] = ()
    """Further names that the pages may be asked for by, such as a reverse proxy's."""
    time_zone: str = ""
    """IANA name, such as Europe/Vienna; empty means the machine's own."""
    language: str = ""
    """Of the pages, such as "en"; empty means what the browser asks for."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks of reverse proxies, whose word on who asks, and whether by https, is taken."""
    public_url: Annotated[str, msgspec.Meta(pattern=r"^$|^https?://[^/?#@\s]+[^?#\s]*$")] = ""
    """Where hubs (WebSub) reach these pages from outside, such as https://news.example.org; empty asks no hub."""

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can ask for the pages."""
        return self.host == "localhost" or _is_loopback(self.host)


@dataclass(frozen=True, slots=True)
class ImageSettings:
    """[images]: foreign pictures on the pages."""

    show: Literal["proxied", "none"] = "proxied"
    """`proxied`: Broadsheet asks publishers for them, browsers never do; `none`: nobody does."""
    cache_folder: str = ""
    """Empty means the platform's user cache directory."""
    cache_bytes: Positive = 256 * 1024 * 1024
    max_bytes: Positive = 8 * 1024 * 1024
    """Of one picture."""
    timeout_s: PositiveSeconds = 10.0


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole of config.toml."""

    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    fetch: FetchSettings = field(default_factory=FetchSettings)
    poll: PollSettings = field(default_factory=PollSettings)
    parse: ParseSettings = field(default_factory=ParseSettings)
    encode: EncodeSettings = field(default_factory=EncodeSettings)
    stories: StorySettings = field(default_factory=StorySettings)
    web: WebSettings = field(default_factory=WebSettings)
    images: ImageSettings = field(default_factory=ImageSettings)


def load_settings(path: Path | None) -> Settings:
    """Return what the file says, or the defaults where there is no file to read.

    Raises ConfigError, in words, for a file that cannot be read or says something unknown.
    """
    if path is None:
        return Settings()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.") from error
    return parse_settings(text, name=str(path))


def parse_settings(text: str, *, name: str = "config.toml") -> Settings:
    """Return the settings that a config.toml of this text means; `name` stands in error messages."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name} is not valid TOML: {error}.") from error
    _refuse_unknown_keys(table, name)
    try:
        return msgspec.convert(table, Settings)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{name}: {_in_words(str(error))}.") from error


def _is_loopback(host: str) -> bool:
    """Return whether this is an address that only this machine can call."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refuse_unknown_keys(table: dict[str, object], name: str) -> None:
    sections = {section.name: section.type for section in fields(Settings)}
    for section, values in table.items():
        if section not in sections:
            raise ConfigError(f"{name} has an unknown section [{section}]{_nearest(section, list(sections))}.")
        if not isinstance(values, dict):
            raise ConfigError(f"{name}: {section} has to be a section, written [{section}] on a line of its own.")
        known = [key.name for key in fields(sections[section])]  # type: ignore[arg-type]
        for key in values:
            if key not in known:
                raise ConfigError(f"{name} has an unknown key {key!r} in [{section}]{_nearest(key, known)}.")


def _nearest(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]!r}?".removesuffix("?") if near else f"; it may hold {', '.join(known)}"


def _in_words(message: str) -> str:
    """Turn msgspec's "Expected `int`, got `str` - at `$.web.port`" into "web.port: expected …"."""
    found = re.fullmatch(r"(.*) - at `\$\.([^`]*)`", message, flags=re.DOTALL)
    return f"{found[2]}: {found[1][0].lower()}{found[1][1:].replace('`', '')}" if found else message
