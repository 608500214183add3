"""Where hubs (WebSub) confirm subscriptions and announce what feeds bring; there only where the owner named an address.

Nobody is signed in here: a request counts by the token in its address, which only the hub was told, and what it brings
by the hub's signature.
"""

from datetime import timedelta

from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue

from aggregator import websub
from aggregator.models.hubs import Hub
from aggregator.parse.html import plain_line
from aggregator.store import hubs
from aggregator.store.db import reading, transaction
from web.newsroom import engine, now

blueprint = Blueprint("websub", __name__)

MAX_PUSH_BYTES = 4 * 1024 * 1024
"""Of one announcement: hubs send what is new, and seldom more than the feed itself."""


@blueprint.get("/websub/<token>")
def confirm(token: str) -> ResponseReturnValue:
    """Tell a hub whether we asked for what it says we asked for (verification of intent, §5.3)."""
    hub = _hub(token)
    if request.args.get("hub.topic") != hub.offer.topic_url:
        abort(404)
    mode = request.args.get("hub.mode", "")
    if mode == "denied":
        reason = plain_line(request.args.get("hub.reason", "it gave no reason"))[:200]
        why = f"The hub does not announce this feed: {reason}"
        with transaction(engine()) as db:
            hubs.deny(db, hub.feed_id, why=why, now=now())
        return "", 200
    challenge = request.args.get("hub.challenge", "")
    if mode != "subscribe" or not challenge or len(challenge) > websub.MAX_CHALLENGE_CHARS:
        abort(404)
    seconds = websub.lease_s(request.args.get("hub.lease_seconds", ""))
    lease, renew_after = timedelta(seconds=seconds), timedelta(seconds=seconds * websub.RENEW_AFTER)
    with transaction(engine()) as db:
        hubs.confirm(db, hub.feed_id, lease=lease, renew_after=renew_after, now=now())
    return Response(challenge, content_type="text/plain; charset=utf-8")


@blueprint.post("/websub/<token>")
def receive(token: str) -> ResponseReturnValue:
    """Take what a hub announces, to be read by a worker; whether it counted is nobody's business (§8)."""
    hub = _hub(token)
    request.max_content_length = MAX_PUSH_BYTES
    body = request.get_data(cache=False)
    is_wanted = hub.lease_until is not None and hub.lease_until > now() and not hub.is_paused
    if is_wanted and body and websub.is_signed(body, request.headers.get("X-Hub-Signature", ""), hub.secret):
        with transaction(engine()) as db:
            hubs.receive(db, hub.feed_id, body, request.headers.get("Content-Type"), now=now())
    return "", 202


def _hub(token: str) -> Hub:
    with reading(engine()) as db:
        hub = hubs.hub_at(db, token)
    if hub is None:
        abort(404 if request.method == "GET" else 410)
    return hub
