"""The door: who may see the pages, signing in, signing out."""

from enum import Enum
from ipaddress import IPv6Address, ip_address, ip_network

from flask import Blueprint, Flask, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from aggregator.errors import CrowdError
from aggregator.passwords import is_password
from aggregator.store import sessions
from aggregator.store import settings as memory
from aggregator.store.db import reading, transaction
from web.errors import error_page
from web.newsroom import engine, here, newsroom, now
from web.security import way_back
from web.words import gettext

blueprint = Blueprint("sign_in", __name__)

OPEN_TO_ALL = frozenset({"static", "health.word", "sign_in.form", "sign_in.enter", "websub.confirm", "websub.receive"})
"""All that is answered without a sign-in; every other route, and every one that is added, asks for it."""

_SECRET = "secret"  # noqa: S105  the name under which the browser's secret lies in its cookie


class Entrance(Enum):
    """How a request stands at the door."""

    OPEN = "no password is set, and only this machine can ask"
    SIGNED_IN = "the browser knows the secret of its session"
    CLOSED = "the password has to be given first"
    NO_PASSWORD = "others could ask, and no password is set"  # noqa: S105


_INSIDE = (Entrance.OPEN, Entrance.SIGNED_IN)


def guard_door(app: Flask) -> None:
    """Let nobody see or do anything who has not signed in, where that is asked for."""
    app.register_blueprint(blueprint)
    app.before_request(_stop_strangers)
    app.add_template_global(is_inside)
    app.add_template_global(is_signed_in)


def is_inside() -> bool:
    """Whether this request may see the pages, as far as it got: an error before the door was reached is outside."""
    return g.get("entrance") in _INSIDE


def is_signed_in() -> bool:
    """Whether there is a session that can be ended."""
    return g.get("entrance") is Entrance.SIGNED_IN


@blueprint.get("/sign-in")
def form() -> ResponseReturnValue:
    """Ask for the password."""
    wanted = request.args.get("next", "")
    if _entrance() in _INSIDE:
        return redirect(way_back(wanted), code=303)
    return render_template("sign_in.html", next=wanted, problem="")


@blueprint.post("/sign-in")
def enter() -> ResponseReturnValue:
    """Begin a session for whoever knows the password."""
    address, wanted = _address(), request.form.get("next", "")
    with transaction(engine()) as db:
        may_try = sessions.take_try(db, address, now=now())
        hashed = sessions.password_hash(db)
    if not may_try:
        problem = gettext("That was wrong %(n)s times. Wait a minute, then try again.", n=sessions.MAX_TRIES)
        seconds = str(int(sessions.TRY_SPAN.total_seconds()))
        return render_template("sign_in.html", next=wanted, problem=problem), 429, {"Retry-After": seconds}
    try:
        is_right = hashed is not None and is_password(request.form.get("password", ""), hashed)
    except CrowdError:
        problem = gettext("Too many are signing in at this moment. Try again in a few seconds.")
        return render_template("sign_in.html", next=wanted, problem=problem), 503, {"Retry-After": "5"}
    if hashed is None or not is_right:
        return render_template("sign_in.html", next=wanted, problem=gettext("That is not the password.")), 403
    with transaction(engine()) as db:
        sessions.forget_tries(db, address)
        secret = sessions.begin_session(db, hashed, now=now())
    session.clear()  # with it goes the token that was known before, should somebody have planted it
    session[_SECRET] = secret
    session.permanent = True
    return redirect(way_back(wanted), code=303)


@blueprint.post("/sign-out")
def leave() -> ResponseReturnValue:
    """End the session; a copy of its cookie opens nothing any more."""
    with transaction(engine()) as db:
        sessions.end_session(db, session.get(_SECRET, ""))
    session.clear()
    # What the browser keeps for when nothing can be reached goes with the session.
    return redirect(url_for("sign_in.form"), code=303), {"Clear-Site-Data": '"cache", "storage"'}


def _stop_strangers() -> ResponseReturnValue | None:
    if request.endpoint in OPEN_TO_ALL:
        return None
    match _entrance():
        case Entrance.OPEN | Entrance.SIGNED_IN:
            return None
        case Entrance.NO_PASSWORD:
            return error_page(
                403,
                gettext("There is no password yet"),
                gettext(
                    "These pages can be asked for from other machines, so they need one: run “broadsheet password” "
                    "where Broadsheet is installed, then load this page again."
                ),
            )
    if request.method in ("GET", "HEAD"):
        return redirect(url_for("sign_in.form", next=request.full_path.rstrip("?")))
    return error_page(
        403, gettext("You are signed out"), gettext("Nothing was changed. Sign in, then repeat what you did.")
    )


def _entrance() -> Entrance:
    if "entrance" not in g:
        g.entrance = _look_at_the_door()
    entrance: Entrance = g.entrance
    return entrance


def _look_at_the_door() -> Entrance:
    with reading(engine()) as db:
        hashed = sessions.password_hash(db)
        if hashed is None:
            entrance = Entrance.OPEN if newsroom().settings.web.is_loopback else Entrance.NO_PASSWORD
        else:
            is_known = sessions.is_signed_in(db, session.get(_SECRET, ""), hashed, now=now())
            entrance = Entrance.SIGNED_IN if is_known else Entrance.CLOSED
        if entrance in _INSIDE:
            # Every page asks web/preferences.py next, and to begin to read once more takes longer than the answer.
            here().preferences = memory.preferences(db)
    return entrance


def _address() -> str:
    """Return whom tries are counted for: an IPv4 address or the IPv6 network of one customer (RFC 6177)."""
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address) and not address.ipv4_mapped:
        return str(ip_network((address, 64), strict=False))
    return str(address)
