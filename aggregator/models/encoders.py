"""Which model made a vector, of what, and how its cosines are read."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EncoderName:
    """Which model made a vector; vectors of different names are never compared."""

    model: str
    version: str
    """Of the weights, so that a model that was changed in place is noticed."""
    dim: int


@dataclass(frozen=True, slots=True)
class Unencoded:
    """What an article says, to be encoded."""

    article_id: int
    title: str
    text: str
    digest: str
    """Of what it says: where that changed meanwhile, the vector is not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How one model's cosines are read as those that the decision was fitted with. Languages are ISO 639-1 codes."""

    scale: float
    """Factor of a cosine, less the middle of its languages."""
    base: float
    """What the middle is read as: where it is with the model that the decision was fitted with."""
    middle: float
    """Of pairs whose languages have none of their own."""
    middles: Mapping[str, float]
    """Cosines of unrelated pairs, by language ("en") or pair of languages ("de en")."""
    bars: Mapping[str, float]
    """Calibrated cosines from which articles of two languages are about one happening, by pair of languages."""
    n_articles: Mapping[str, int]
    """That it was fitted on, by language."""
    n_sure: int
    """Pairs that words alone are sure of, on which the scale rests."""
