"""The articles of a story -> what it says: claims, a few sentences, figures, names. Pure, and without a model in it.

Every sentence that comes out stands word for word in an article that came in.
"""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from aggregator.digest.claims import Stated, state
from aggregator.digest.extract import alone, in_short, main_language
from aggregator.digest.figures import figures
from aggregator.digest.lines import (
    NEAR,
    NEAR_BY_WORDS,
    SAME,
    SAME_BY_WORDS,
    Line,
    holders,
    lines_of,
    nearness,
    particulars_by_article,
)
from aggregator.digest.naming import named
from aggregator.digest.sources import source_facts
from aggregator.models.digests import Account, Claim, Digest, ToldArticle
from aggregator.models.values import Vectors


def digest(
    articles: Sequence[ToldArticle],
    said: Sequence[Sequence[str]],
    vectors: Sequence[Vectors] | None = None,
    *,
    lead_id: int,
) -> Digest:
    """Return what a story says.

    `said` are the passages of each article (`lines.passages`), `vectors` a unit row for each of these, shape
    (passages, dim) per article; without them, words alone are compared.
    """
    order = sorted(range(len(articles)), key=lambda at: (articles[at].published_at, articles[at].id))
    articles, said = [articles[at] for at in order], [said[at] for at in order]
    lines, sources = lines_of(articles, said), source_facts(articles)
    if not lines:
        return Digest(Account(tuple(article.id for article in articles)), sources=sources)
    same, nearly = (SAME, NEAR) if vectors is not None else (SAME_BY_WORDS, NEAR_BY_WORDS)
    near = nearness(lines, _rows(lines, [vectors[at] for at in order]) if vectors is not None else None)
    languages = [article.language for article in articles]
    publishers = [article.publisher for article in articles]
    claims = state(
        lines,
        near,
        (holders(lines, near, languages, same), holders(lines, near, languages, nearly)),
        [source.voice for source in sources],
        publishers,
        same,
    )
    particulars = particulars_by_article(lines)
    lead = next((at for at, article in enumerate(articles) if article.id == lead_id), 0)
    shared = {each for each, at in particulars.items() if len({publishers[article] for article in at}) > 1}
    short = in_short(claims, near, shared, main_language(languages, lead), same)
    return Digest(
        account=_account(articles, claims, particulars),
        sentences=tuple(claim.line.text for claim in claims),
        in_short=short,
        alone=alone(claims, publishers, shared, short),
        figures=figures(lines, articles),
        names=named(lines, articles),
        sources=sources,
    )


def _account(
    articles: Sequence[ToldArticle], claims: Sequence[Stated], particulars: Mapping[str, Collection[int]]
) -> Account:
    ids = tuple(article.id for article in articles)
    used = sorted({each for claim in claims for each in claim.line.particulars})
    number = {each: at for at, each in enumerate(used)}
    return Account(
        article_ids=ids,
        claims=tuple(
            Claim(
                said_by=tuple(ids[at] for at in claim.said_by),
                near=tuple(ids[at] for at in claim.near),
                particulars=tuple(sorted(number[each] for each in claim.line.particulars)),
            )
            for claim in claims
        ),
        particulars=tuple(tuple(ids[at] for at in sorted(particulars[each])) for each in used),
    )


def _rows(lines: Sequence[Line], vectors: Sequence[Vectors]) -> Vectors:
    return np.stack([vectors[line.article][line.place] for line in lines])
