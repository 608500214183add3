"""An encoder that remembers, in a folder, what it has encoded: a benchmark encodes 50,000 texts once and not daily."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from aggregator.encode import Encoder
from aggregator.models.encoders import EncoderName
from aggregator.models.values import Vectors


class Remembered:
    """Another encoder, asked only for texts that it was never asked for."""

    def __init__(self, encoder: Encoder, folder: Path) -> None:
        self._encoder = encoder
        self._path = folder / f"vectors-{encoder.name.version}.npz"
        self._places: dict[str, int] = {}
        self._vectors = np.empty((0, encoder.name.dim), dtype=np.float16)
        if self._path.exists():
            kept = np.load(self._path)
            self._places = {key: place for place, key in enumerate(kept["keys"].tolist())}
            self._vectors = kept["vectors"]

    @property
    def name(self) -> EncoderName:
        """Which model this is."""
        return self._encoder.name

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text, shape (n, dim)."""
        keys = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._places}
        if new:
            self._places |= {key: len(self._vectors) + place for place, key in enumerate(new)}
            made = self._encoder.encode(list(new.values())).astype(np.float16)
            self._vectors = np.concatenate([self._vectors, made])
        return self._vectors[[self._places[key] for key in keys]].astype(np.float32)

    def keep(self) -> None:
        """Write what is remembered."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new.npz")
        np.savez(fresh, keys=np.array(list(self._places)), vectors=self._vectors)
        fresh.replace(self._path)
