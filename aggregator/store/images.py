"""Pictures kept on disk for a while: a folder of bounded size from which the longest unused go first."""

import hashlib
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

RETRY_AFTER = timedelta(hours=1)
"""What could not be fetched is not tried again before."""
_SHARE = 16
"""The folder is looked through after each sixteenth of its bound was written, and so much room is made."""
_BLOCK_BYTES = 4096
"""Of a disk: what the smallest file takes, and an empty one in its folder nearly so much."""


@dataclass
class ImageCache:
    """A folder of at most `max_bytes`; several processes may share it.

    A file's name is the digest of the picture's address, its time of change is when it was last used. An empty file
    stands for a picture that could not be had.
    """

    folder: Path
    max_bytes: int
    _n_written: int = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def __post_init__(self) -> None:
        self._n_written = self.max_bytes  # what others wrote before us is counted with our first picture

    def find(self, url: str, *, now: datetime) -> bytes | None:
        """Return the picture; empty where it could not be had lately, None where it has to be fetched."""
        path = self._path(url)
        try:
            body = path.read_bytes()
            if body:
                os.utime(path, (now.timestamp(), now.timestamp()))
            elif abs(now.timestamp() - path.stat().st_mtime) >= RETRY_AFTER.total_seconds():
                return None
        except OSError:
            return None
        return body

    def keep(self, url: str, body: bytes, *, now: datetime) -> None:
        """Keep the picture, or an empty body for one that could not be had; a disk that is full keeps none."""
        path = self._path(url)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._write(path, body, now)
            self._make_room(len(body))
        except OSError:
            return

    def _path(self, url: str) -> Path:
        name = hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()
        return self.folder / name[:2] / name

    def _write(self, path: Path, body: bytes, now: datetime) -> None:
        """Put the file in its place whole: who reads meanwhile finds the old one or none."""
        handle, name = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(body)
            os.utime(name, (now.timestamp(), now.timestamp()))
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise

    def _make_room(self, n_bytes: int) -> None:
        with self._lock:
            self._n_written += max(n_bytes, _BLOCK_BYTES)
            if self._n_written < self.max_bytes / _SHARE:
                return
            self._n_written = 0
            files = sorted((stat.st_mtime, max(stat.st_size, _BLOCK_BYTES), path) for path, stat in self._files())
            surplus = sum(size for _, size, _ in files) - self.max_bytes * (_SHARE - 1) / _SHARE
            for _, size, path in files:
                if surplus <= 0:
                    break
                path.unlink(missing_ok=True)
                surplus -= size

    def _files(self) -> Iterator[tuple[Path, os.stat_result]]:
        for path in self.folder.glob("??/*"):
            with suppress(FileNotFoundError):  # another process makes room as well
                yield path, path.stat()
