"""A body as it arrives: inflated with a bound, and known to be whole or not.

libcurl inflates too, but takes a gzip that breaks off for a whole one (seen with libcurl 8.23).
"""

import zlib
from typing import Protocol

import brotli

_CODINGS = frozenset("aes128gcm br compress dcb dcz deflate exi gzip pack200-gzip x-compress x-gzip zstd".split())
"""That change bytes (IANA, HTTP Content Coding Registry)."""

ACCEPT_ENCODING = "gzip, deflate, br"


class DamagedError(Exception):
    """The body cannot be inflated, or ends too early."""


class TooLargeError(Exception):
    """The body is larger than it may be."""


class Body:
    """Collects a body of at most `max_bytes`, packed or not; never holds more than about twice that."""

    def __init__(self, encoding: str, max_bytes: int) -> None:
        self._unpacker = _unpacker(encoding)
        self._max_bytes = max_bytes
        self._n_packed = 0
        self._data = bytearray()

    def __len__(self) -> int:
        """Return how many bytes are held."""
        return len(self._data)

    def add(self, piece: bytes) -> None:
        """Take the next piece as it came over the wire.

        Raises TooLargeError beyond the bound (packed bytes count too: they may inflate to nothing for ever),
        DamagedError for what does not inflate.
        """
        self._n_packed += len(piece)
        room = self._max_bytes - len(self._data)
        self._data += self._unpacker.unpack(piece, room + 1)
        if max(len(self._data), self._n_packed) > self._max_bytes:
            raise TooLargeError

    def whole(self) -> bytes:
        """Return the body; raises DamagedError where its packing says that more should have come."""
        if not self._unpacker.is_whole():
            raise DamagedError
        return bytes(self._data)


class _Unpacker(Protocol):
    def unpack(self, piece: bytes, limit: int) -> bytes:
        """Return what a piece inflates to, cut near `limit` bytes."""

    def is_whole(self) -> bool:
        """Return whether the end was reached."""


def _unpacker(encoding: str) -> _Unpacker:
    codings = [coding.strip().lower() for coding in encoding.split(",")]
    match [coding for coding in codings if coding in _CODINGS]:
        case []:
            return _Plain()  # "utf-8", "none": what is no coding changed nothing, and browsers think so too
        case ["gzip" | "x-gzip" | "deflate"]:
            return _Zlib()
        case ["br"]:
            return _Brotli()
    raise DamagedError


class _Plain:
    def unpack(self, piece: bytes, limit: int) -> bytes:
        return piece[:limit]

    def is_whole(self) -> bool:
        return True


class _Zlib:
    """gzip of any number of members (RFC 1952), zlib, and the bare deflate that some servers send instead."""

    def __init__(self) -> None:
        self._inflater = zlib.decompressobj()
        self._is_new = True

    def unpack(self, piece: bytes, limit: int) -> bytes:
        data = bytearray()
        while piece and len(data) < limit:
            if self._inflater.eof and piece[0] != 0x1F:
                break  # padding after the last member means nothing
            if self._is_new or self._inflater.eof:
                self._inflater = zlib.decompressobj(_window_bits(piece[0]))
                self._is_new = False
            try:
                data += self._inflater.decompress(piece, limit - len(data))
            except zlib.error as error:
                raise DamagedError from error
            piece = self._inflater.unused_data
        return bytes(data)

    def is_whole(self) -> bool:
        return self._inflater.eof


def _window_bits(first: int) -> int:
    """Return what zlib calls the format that begins with this byte: gzip, zlib or neither."""
    if first == 0x1F:
        return zlib.MAX_WBITS + 16
    return zlib.MAX_WBITS if first & 0x0F == zlib.DEFLATED else -zlib.MAX_WBITS


class _Brotli:
    def __init__(self) -> None:
        self._inflater = brotli.Decompressor()

    def unpack(self, piece: bytes, limit: int) -> bytes:
        if self._inflater.is_finished():
            return b""
        try:
            data: bytes = self._inflater.process(piece, output_buffer_limit=limit)
        except brotli.error as error:
            raise DamagedError from error
        return data

    def is_whole(self) -> bool:
        finished: bool = self._inflater.is_finished()
        return finished
