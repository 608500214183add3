"""A process that works until it is killed: says "begun" once it is about to begin, and "done" should it get so far.

python -m tests.chaos.victim regroup|migrate URL
"""

import sys

from aggregator import pipeline
from aggregator.config import Settings
from aggregator.store.db import open_database
from tests.chaos.running import now


def regroup(url: str) -> None:
    """Group all that is in the window, with a clean desk, and make topics."""
    engine = open_database(url)
    print("begun", flush=True)
    settings = Settings().stories
    done = pipeline.regroup(engine, None, settings, now=now())
    for _ in pipeline.explain(engine, done.desk, settings, now=now()):
        pass
    pipeline.retopic(engine, None, settings, now=now())


def migrate(url: str) -> None:
    """Bring a database up to date."""
    print("begun", flush=True)
    open_database(url)


if __name__ == "__main__":
    {"regroup": regroup, "migrate": migrate}[sys.argv[1]](sys.argv[2])
    print("done", flush=True)
