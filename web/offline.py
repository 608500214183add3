"""The paper as an app of its own that keeps its last edition readable where nothing can be reached."""

from pathlib import Path

from flask import Blueprint, Response, jsonify, render_template, url_for
from flask.typing import ResponseReturnValue

from web.words import gettext as _
from web.words import speaks

blueprint = Blueprint("offline", __name__)

PAPER = "#f7f4ed"
"""The colour of the pages by day, as the style sheet has it."""

SCRIPT = Path(__file__).parent / "static" / "service-worker.js"


@blueprint.get("/manifest.webmanifest")
def manifest() -> ResponseReturnValue:
    """Say how the pages are installed as an app (W3C Web Application Manifest)."""
    answer = jsonify(
        id="/",
        name="Broadsheet",
        short_name="Broadsheet",
        description=_("World news by what happened, from your own feeds."),
        lang=speaks().language,
        start_url=url_for("pages.front_page"),
        scope="/",
        display="standalone",
        background_color=PAPER,
        theme_color=PAPER,
        icons=[
            {"src": url_for("static", filename="favicon.svg"), "sizes": "any", "type": "image/svg+xml"},
            {
                "src": url_for("static", filename="icon-512.png"),
                "sizes": "512x512",
                "type": "image/png",
                "purpose": "any maskable",
            },
        ],
    )
    answer.mimetype = "application/manifest+json"
    return answer


@blueprint.get("/service-worker.js")
def service_worker() -> ResponseReturnValue:
    """Return the script that keeps pages; it lies at the root, since it may keep nothing that lies above it."""
    return Response(SCRIPT.read_bytes(), content_type="text/javascript; charset=utf-8")


@blueprint.get("/offline")
def offline() -> ResponseReturnValue:
    """Show what stands in the place of a page that this browser has not kept."""
    return render_template("offline.html")
