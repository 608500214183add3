"""The articles of a story as its sources: whose text they carry, and how much of it is their own. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence

from aggregator.digest.sentences import CUT, compared
from aggregator.models.digests import SourceFacts, ToldArticle
from aggregator.stories.clean import DATELINE
from aggregator.stories.copies import agency
from aggregator.stories.words import Runs, tokens

SHINGLE_WORDS = 4
"""Words that stand together in two texts by copying rather than by chance (Broder 1997)."""

MIN_SHINGLES = 12
"""Of a text: of a shorter one it is not said what share is its own."""

TEASER_CHARS = 300
"""Of a text: shorter ones are mostly the beginning of more."""

PAID = re.compile(
    r"\b(?:subscribers? only|for subscribers|subscribe to (?:read|continue)|to continue reading|sign in to read|"
    r"réservée? aux abonnés|article abonné|pour lire la suite|abonnez-vous pour|nur für abonnenten|mit einem abo|"
    r"weiterlesen mit|para suscriptores|solo suscriptores|contenido exclusivo|riservato agli abbonati|"
    r"para assinantes|alleen voor abonnees)\b",
    re.IGNORECASE,
)


def source_facts(articles: Sequence[ToldArticle]) -> tuple[SourceFacts, ...]:
    """Return what is to be said of each article of a story; they come oldest first."""
    origins = [_origin(article, articles) for article in articles]
    voices = _voices(articles, origins)
    return tuple(
        SourceFacts(
            article_id=article.id,
            voice=voices[article.id],
            origin=origin,
            own_share=share,
            is_teaser=article.n_chars < TEASER_CHARS or CUT.search(article.text.rstrip()[-20:]) is not None,
            is_paid=PAID.search(article.text) is not None,
        )
        for article, origin, share in zip(articles, origins, _own_shares(articles), strict=True)
    )


def _origin(article: ToldArticle, others: Iterable[ToldArticle]) -> str | None:
    """Return the agency that an article names, or the publisher of another, whose text it says it carries."""
    if known := agency(article.text, article.origin):
        return known
    dateline = DATELINE.match(compared(article.text[:200]))
    said = [name for name in (article.origin, dateline["agency"] if dateline else None) if name]
    for other in others:
        if other.publisher != article.publisher and any(_is_name_of(name, other) for name in said):
            return other.publisher_name or other.publisher
    return None


def _is_name_of(name: str, other: ToldArticle) -> bool:
    """Whether a publisher is called so, or so and something more: Northline, Northline News Agency."""
    said, whole = _letters(name), _letters(other.publisher_name)
    return len(said) > 3 and (whole.startswith(said) or _letters(other.publisher.split(".")[0]) == said)


def _voices(articles: Sequence[ToldArticle], origins: Sequence[str | None]) -> dict[int, int]:
    """Return a number per article: the same for those that carry one text, one agency's, or are of one owner."""
    by_id = {article.id: article for article in articles}
    origin_of = dict(zip(by_id, origins, strict=True))
    numbers: dict[str, int] = {}
    found = {}
    for article in articles:
        root = _root(article, by_id)
        whose = origin_of[root.id] or root.owner or root.publisher_name or root.publisher
        found[article.id] = numbers.setdefault(whose.casefold(), len(numbers))
    return found


def _root(article: ToldArticle, by_id: Mapping[int, ToldArticle]) -> ToldArticle:
    seen: set[int] = set()
    while (original := by_id.get(article.copy_of_id or 0)) is not None and article.id not in seen:
        seen.add(article.id)
        article = original
    return article


def _own_shares(articles: Sequence[ToldArticle]) -> list[float | None]:
    """Return the share of each text's runs of words that no earlier article of another publisher has."""
    first: dict[tuple[str, ...], set[str]] = {}
    shares: list[float | None] = []
    read = Runs()
    for article in articles:
        words = tokens(compared(article.text), article.language, read)
        runs = {words[at : at + SHINGLE_WORDS] for at in range(len(words) - SHINGLE_WORDS + 1)}
        own = sum(not first.get(run, set()) - {article.publisher} for run in runs)
        shares.append(own / len(runs) if len(runs) >= MIN_SHINGLES else None)
        for run in runs:
            first.setdefault(run, set()).add(article.publisher)
    return shares


def _letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())
