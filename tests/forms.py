"""Forms as a browser sends them: with the token of their page."""

import re

from flask.testing import FlaskClient
from werkzeug.test import TestResponse


def token(client: FlaskClient) -> str:
    """Return what every form has to carry."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/keys").get_data(as_text=True))
    assert found
    return found[1]


def post(client: FlaskClient, path: str, **fields: object) -> TestResponse:
    """Send a form."""
    return client.post(path, data={"csrf_token": token(client), **fields})
