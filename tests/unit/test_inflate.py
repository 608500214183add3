import gzip
import random
import tracemalloc
import zlib
from collections.abc import Callable

import brotli
import pytest

from aggregator.fetch.inflate import Body, DamagedError, TooLargeError

TEXT = random.Random(1).randbytes(2000) + b"All the news. " * 3000


def bare_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


PACKED = {
    "gzip": gzip.compress(TEXT),
    "x-gzip": gzip.compress(TEXT[:500]) + gzip.compress(TEXT[500:]),
    "deflate": zlib.compress(TEXT),
    "Deflate": bare_deflate(TEXT),
    "br": brotli.compress(TEXT),
}


def unpack(encoding: str, data: bytes, *, piece_bytes: int = 1000, max_bytes: int = 10**6) -> bytes:
    body = Body(encoding, max_bytes)
    for start in range(0, len(data), piece_bytes):
        body.add(data[start : start + piece_bytes])
    return body.whole()


@pytest.mark.parametrize("piece_bytes", [1, 7, 1000, 10**6])
@pytest.mark.parametrize("encoding", PACKED)
def test_a_body_comes_out_as_it_was_packed(encoding: str, piece_bytes: int) -> None:
    assert unpack(encoding, PACKED[encoding], piece_bytes=piece_bytes) == TEXT


@pytest.mark.parametrize("encoding", PACKED)
def test_a_body_cut_anywhere_is_damaged(encoding: str) -> None:
    packed = PACKED[encoding]
    between_members = len(gzip.compress(TEXT[:500]))  # there a gzip of two members is whole, as one of one
    cuts = [0, *random.Random(2).sample(range(len(packed)), 100), len(packed) - 1]
    for cut in set(cuts) - ({between_members} if encoding == "x-gzip" else set()):
        with pytest.raises(DamagedError):
            unpack(encoding, packed[:cut])


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, br"])
def test_what_is_not_packed_as_it_says_is_damaged(encoding: str) -> None:
    with pytest.raises(DamagedError):
        unpack(encoding, b"\x1fthis is plain text")


@pytest.mark.parametrize("encoding", ["", "identity", "none", "utf-8", "8bit, identity"])
def test_what_is_no_packing_changes_nothing(encoding: str) -> None:
    assert unpack(encoding, TEXT) == TEXT


@pytest.mark.parametrize("encoding", ["identity, gzip", "gzip, utf-8", " GZIP "])
def test_a_packing_is_found_among_what_is_none(encoding: str) -> None:
    assert unpack(encoding, PACKED["gzip"]) == TEXT


def test_padding_after_a_gzip_means_nothing() -> None:
    assert unpack("gzip", PACKED["gzip"] + bytes(512)) == TEXT


@pytest.mark.parametrize("encoding", ["identity", "gzip", "deflate", "br"])
def test_a_body_may_be_as_large_as_the_limit_and_no_larger(encoding: str) -> None:
    packed = PACKED.get(encoding, TEXT)
    assert unpack(encoding, packed, max_bytes=len(TEXT)) == TEXT
    with pytest.raises(TooLargeError):
        unpack(encoding, packed, max_bytes=len(TEXT) - 1)


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("br", brotli.compress)])
def test_a_bomb_takes_no_memory_beyond_the_limit(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    bomb, body = pack(bytes(50_000_000)), Body(encoding, 10_000)
    tracemalloc.start()
    try:
        with pytest.raises(TooLargeError):
            body.add(bomb)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak_bytes < 1_000_000


def test_packed_bytes_that_inflate_to_nothing_are_limited_too() -> None:
    with pytest.raises(TooLargeError):
        unpack("gzip", gzip.compress(b"") * 1000, max_bytes=10_000)
