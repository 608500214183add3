"""How the machine does: a page for the owner, and one word for whoever watches over it."""

import shutil
from pathlib import Path

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from aggregator.errors import StoreError
from aggregator.health import OLD_AFTER, SLOW_S
from aggregator.store.condition import condition
from aggregator.store.db import reading
from web.diagnosis import diagnose
from web.newsroom import engine, now, window_start

blueprint = Blueprint("health", __name__)


@blueprint.get("/health")
def show() -> ResponseReturnValue:
    """Show how each part does, and what to do about it."""
    with reading(engine()) as db:
        found = condition(db, since=window_start(), old_before=now() - OLD_AFTER, slow_s=SLOW_S, now=now())
    findings = list(diagnose(found, free_bytes=_free_bytes(), now=now()))
    return render_template("health.html", findings=findings, n_bad=sum(not each.is_good for each in findings))


@blueprint.get("/healthz")
def word() -> ResponseReturnValue:
    """Say to anybody whether the pages and their database answer, and nothing else."""
    try:
        with reading(engine()) as db:
            db.execute(text("SELECT 1"))
    except StoreError:
        return Response("failing\n", status=503, content_type="text/plain; charset=utf-8")
    return Response("ok\n", content_type="text/plain; charset=utf-8")


def _free_bytes() -> int | None:
    """Return how much room is left for the database; None where it lies on another machine."""
    if engine().dialect.name != "sqlite":
        return None
    return shutil.disk_usage(Path(str(engine().url.database)).parent).free
