"""The owner's corrections and the engine's runs, one after the other and at the same time."""

from dataclasses import replace

from sqlalchemy import Connection, Engine, event

from aggregator import pipeline
from aggregator.config import StorySettings
from aggregator.store import correcting, stories
from aggregator.store.db import transaction
from tests.integration.desk import HOUR, NOON, bring, entry, ids_by_title, subscribe

LATER = NOON + HOUR
FERRY = "Ferry with ninety passengers sinks in the Strait of Maras"
BANK = "Central bank of Ardania raises its key rate to four percent"


def print_news(db: Connection, **titles: str) -> list[int]:
    """Bring an article of this title from each publisher; return their ids."""
    for name, title in titles.items():
        said = replace(entry(name, at=name), title=f"{title} ({name})", text=f"{title}, says {name} tonight.")
        bring(db, subscribe(db, name), said)
    ids = ids_by_title(db)
    return [ids[f"{title} ({name})"] for name, title in titles.items()]


def regroup(engine: Engine) -> tuple[int, ...]:
    return pipeline.regroup(engine, None, StorySettings(), now=LATER).story_ids


def test_a_regroup_that_a_correction_overtook_is_made_again(engine: Engine) -> None:
    with transaction(engine) as db:
        print_news(db, a=FERRY, b=BANK)
    one, two = regroup(engine)
    done: list[object] = []

    def correct(_: Connection) -> None:
        if not done:
            done.append("now")
            with transaction(engine) as db:
                done.append(correcting.same_story(db, one, two, now=LATER))

    event.listen(engine, "rollback", correct)  # reading ends with one, while the engine has yet to group what was read
    regroup(engine)
    event.remove(engine, "rollback", correct)
    with transaction(engine) as db:
        assert stories.current_id(db, two) == one
