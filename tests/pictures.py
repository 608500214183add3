"""The smallest real pictures of each kind, made here; and some that lie."""

import struct
import zlib
from base64 import b64decode


def png(width: int = 1, height: int = 1, *, padding: int = 0) -> bytes:
    """A red PNG; with `padding` bytes of text in it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress((b"\0" + b"\xb0\x20\x10" * width) * height) if width * height < 1_000_000 else b""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + head
        + chunk(b"tEXt", b"a\0" + b"x" * padding)
        + chunk(b"IDAT", rows)
        + chunk(b"IEND", b"")
    )


GIF = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
JPEG = b64decode(
    "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////"
    "////////////wgALCAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxA="
)
WEBP = b64decode("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA")
ICO = b"\0\0\1\0\1\0\x10\x10\0\0\1\0\x20\0" + struct.pack("<II", len(png()), 22) + png()
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def avif(width: int = 1, height: int = 1) -> bytes:
    """What an AVIF file says of itself, without the picture."""

    def box(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data) + 8) + kind + data

    size = box(b"ispe", struct.pack(">III", 0, width, height))
    return box(b"ftyp", b"avif\0\0\0\0avifmif1miaf") + box(b"meta", b"\0\0\0\0" + box(b"iprp", box(b"ipco", size)))
