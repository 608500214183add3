"""What went wrong with an answer, as a finished sentence for the owner; no address is told beyond its host."""

from http import HTTPStatus

import pycurl

_BY_STATUS = {
    304: "nothing has changed, although it was not asked about a change",
    401: "it wants a user name and a password",
    403: "it does not let Broadsheet read this address",
    404: "there is nothing at this address any more",
    406: "it does not want to give its feed in any form that Broadsheet reads",
    410: "this feed is gone for good",
    429: "it wants to be asked less often",
    451: "it may not give this for legal reasons",
    500: "it has trouble of its own",
    502: "it has trouble of its own",
    503: "it is not available at present",
    504: "it has trouble of its own",
}

_BY_CURL = {
    pycurl.E_COULDNT_RESOLVE_HOST: "could not be found: the name does not exist, or cannot be looked up at present",
    pycurl.E_SSL_CONNECT_ERROR: "could not be reached: no secure connection came about",
    pycurl.E_PARTIAL_FILE: "broke off in the middle of its answer",
    pycurl.E_GOT_NOTHING: "closed the connection without an answer",
    pycurl.E_RECV_ERROR: "broke the connection",
    pycurl.E_SEND_ERROR: "broke the connection",
    pycurl.E_HTTP2: "broke the connection",
    pycurl.E_UNSUPPORTED_PROTOCOL: "answered with something that is not HTTP",
    pycurl.E_FTP_WEIRD_SERVER_REPLY: "answered with something that is not HTTP",
}

DAMAGED = "sent an answer that is damaged or breaks off: it cannot be unpacked."


def why_status(host: str, status: int) -> str:
    """Say what an HTTP status means for a feed."""
    return f"{host} answered {status}: {_BY_STATUS.get(status) or _phrase(status)}."


def why_connection(host: str, errno: int, message: str) -> str:
    """Say what an error of libcurl's means; `message` is libcurl's own and stands in for what has no words here."""
    if errno == pycurl.E_PEER_FAILED_VERIFICATION:
        return f"{host} cannot be trusted: its certificate is not valid ({_tail(message)})."
    if errno == pycurl.E_COULDNT_CONNECT:
        return f"{host} could not be reached: it does not accept connections."
    return f"{host} {_BY_CURL.get(errno) or f'could not be read: {_tail(message)}'}."


def why_late(host: str, timeout_s: float, *, has_begun: bool) -> str:
    """Say that the deadline was missed."""
    if has_begun:
        return f"{host} is too slow: its answer was not complete within {timeout_s:g} s."
    return f"{host} did not answer within {timeout_s:g} s."


def why_large(host: str, max_bytes: int) -> str:
    """Say that the answer is larger than it may be."""
    size = f"{max_bytes / 2**20:.3g} MiB" if max_bytes >= 2**20 else f"{max_bytes} bytes"
    return f"{host} sent an answer that is larger than {size}."


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase.lower()
    except ValueError:
        return "a status that HTTP does not know"


def _tail(message: str) -> str:
    return message.rpartition(": ")[2].strip().rstrip(".") or "no reason was given"
