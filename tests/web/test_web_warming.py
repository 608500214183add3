"""A web that has just started has read what its first pages need."""

import gc

from flask.testing import FlaskClient

from web.warming import warm


def test_every_template_is_read_before_it_is_asked_for(client: FlaskClient) -> None:
    app = client.application
    warm(app)
    gc.unfreeze()
    cache = app.jinja_env.cache
    assert cache is not None
    read = {name for _, name in cache.keys()}  # noqa: SIM118  it is no dict
    assert read == set(app.jinja_env.list_templates(extensions=["html"]))
