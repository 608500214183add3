"""What goes wrong, as a page: a sentence that says what to do, and the right status code."""

import logging

from flask import Flask, render_template
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from aggregator.errors import AddressError, CorrectionError, DiskFullError, FolderError, NotFoundError, StoreError
from web.words import gettext, tell

log = logging.getLogger(__name__)

_SENTENCES = {
    400: (
        lazy_gettext("That request made no sense"),
        lazy_gettext("Go back, load the page again and repeat what you did."),
    ),
    404: (
        lazy_gettext("There is nothing here"),
        lazy_gettext("The address may be mistyped, or what it named was deleted."),
    ),
    405: (
        lazy_gettext("That cannot be opened like a page"),
        lazy_gettext("It is an act behind a button. Go back to the page that shows the button."),
    ),
    413: (
        lazy_gettext("That file is too large"),
        lazy_gettext("A subscription list may hold up to 8 MB. Export fewer feeds at once and import each file."),
    ),
    500: (
        lazy_gettext("Something in Broadsheet broke"),
        lazy_gettext("Nothing you kept is lost. The log says what happened; please report it."),
    ),
    503: (
        lazy_gettext("The database cannot be read"),
        lazy_gettext("Look whether the disk is full or the file is in use, then load the page again."),
    ),
    507: (
        lazy_gettext("The disk is full"),
        lazy_gettext("Nothing was changed. Make room where the database is kept, then try again."),
    ),
}


def add_error_pages(app: Flask) -> None:
    """Answer every error with a page of ours."""
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(AddressError, _address_error)
    app.register_error_handler(FolderError, _folder_error)
    app.register_error_handler(NotFoundError, _not_found)
    app.register_error_handler(CorrectionError, _correction_error)
    app.register_error_handler(StoreError, _store_error)


def error_page(status: int, title: str, sentence: str) -> tuple[str, int]:
    """Return a page that says what is wrong and what to do."""
    return render_template("error.html", title=title, sentence=sentence, status=status), status


def _http_error(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status < 400:  # a redirect of the router's own
        return error.get_response()
    title, sentence = _said(status) if status in _SENTENCES else (error.name, error.description or "")
    said = error.description if error.description != type(error).description else None
    return error_page(status, title, said or sentence)


def _said(status: int) -> tuple[str, str]:
    title, sentence = _SENTENCES[status]
    return str(title), str(sentence)


def _csrf_error(_error: CSRFError) -> tuple[str, int]:
    return error_page(
        400,
        gettext("That button had gone stale"),
        gettext(
            "Nothing was changed. Broadsheet could not tell that the click came from its own page: allow cookies for "
            "this address, load the page again and repeat what you did."
        ),
    )


def _address_error(error: AddressError) -> tuple[str, int]:
    return error_page(422, gettext("That is no address of a feed"), tell(str(error)))


def _folder_error(error: FolderError) -> tuple[str, int]:
    return error_page(409, gettext("That cannot be done"), f"{tell(str(error))} {gettext('Nothing was changed.')}")


def _not_found(error: NotFoundError) -> tuple[str, int]:
    return error_page(404, gettext("There is nothing here"), tell(str(error)))


def _correction_error(error: CorrectionError) -> tuple[str, int]:
    return error_page(409, gettext("That cannot be done"), f"{tell(str(error))} {gettext('Nothing was changed.')}")


def _store_error(error: StoreError) -> tuple[str, int]:
    log.error("%s", error)
    status = 507 if isinstance(error, DiskFullError) else 503
    title, sentence = _said(status)
    return error_page(status, title, f"{error} {sentence}")
