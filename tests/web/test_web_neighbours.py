"""What stories are compared with is read once after each regroup."""

from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import Engine

from aggregator.store import settings as memory
from aggregator.store.db import transaction
from tests.edition import NOON, Edition
from web import neighbours

DAY = timedelta(days=1)


def test_leads_are_read_again_when_the_worker_has_regrouped(
    client: FlaskClient, engine: Engine, edition: Edition
) -> None:
    with client.application.app_context(), transaction(engine) as db:
        memory.remember(db, memory.REGROUPED_AT, NOON.isoformat())
        first = neighbours.leads(db, since=NOON - DAY)
        assert neighbours.leads(db, since=NOON - DAY) is first
        memory.remember(db, memory.REGROUPED_AT, (NOON + DAY).isoformat())
        assert neighbours.leads(db, since=NOON - DAY) is not first


def test_before_the_first_regroup_nothing_is_kept(client: FlaskClient, engine: Engine) -> None:
    with client.application.app_context(), transaction(engine) as db:
        assert neighbours.leads(db, since=NOON - DAY) is not neighbours.leads(db, since=NOON - DAY)
