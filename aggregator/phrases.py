"""What is said to the owner, as a value: a sentence with places in it, put into words where it is shown. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Translate = Callable[[str, str, int], str]
"""Gives the text in another language: of one, of many (empty where that makes no difference), and of how many."""


def untranslated(one: str, many: str, n: int) -> str:
    """Return the text as it is written here: in English."""
    return many if many and n != 1 else one


@dataclass(frozen=True, slots=True)
class Phrase:
    """A text in English with places such as `%(name)s`, and what stands there; the text is the key of its translation.

    As words (`str`) it is English.
    """

    one: str
    values: Mapping[str, object] = field(default_factory=dict)
    many: str = ""
    n: int = 1

    def __str__(self) -> str:
        """Return it in English."""
        return self.said(untranslated)

    def said(self, translate: Translate) -> str:
        """Return it in the language of `translate`, and the phrases in its places too."""
        said = {
            name: value.said(translate) if isinstance(value, Phrase) else value for name, value in self.values.items()
        }
        return translate(self.one, self.many, self.n) % said


def phrase(text: str, **values: object) -> Phrase:
    """Return a phrase of this text."""
    return Phrase(text, values)


def phrase_of(one: str, many: str, n: int, **values: object) -> Phrase:
    """Return a phrase about `n` things, which stands at `%(n)s` with its thousands apart."""
    return Phrase(one, {"n": f"{n:,}", **values}, many, n)


def in_a_row(*phrases: Phrase) -> Phrase:
    """Return these phrases, which are whole sentences, as one."""
    names = [f"p{number}" for number in range(len(phrases))]
    return Phrase(" ".join(f"%({name})s" for name in names), dict(zip(names, phrases, strict=True)))
