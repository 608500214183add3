"""The bundled model in a few lines of torch: BERT, and the mean of what it says of a text's tokens.

sentence-transformers runs any model, this one too, and says the same; but with all that it brings along it takes 170 MB
more of a worker's memory, and seconds more at every start.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.functional import embedding, gelu, layer_norm, linear, scaled_dot_product_attention
from torch.nn.utils.rnn import pad_sequence

HEADS = 12
EPSILON = 1e-12
MAX_TOKENS = 256
"""As the bundled model's config.json and sentence_bert_config.json have them."""


class Bert:
    """A BERT (Devlin et al. 2019) whose sentence vectors are means of its tokens' (Reimers & Gurevych 2019).

    It is asked as a SentenceTransformer is.
    """

    max_seq_length = MAX_TOKENS
    prompts: ClassVar[Mapping[str, str]] = {}
    default_prompt_name = None

    def __init__(self, weights: Mapping[str, Tensor], reader: Tokenizer) -> None:
        self._weights = weights
        self._reader = reader
        self._n_layers = len({name.split(".")[2] for name in weights if name.startswith("encoder.layer.")})

    def to(self, number_format: torch.dtype) -> "Bert":
        """Return the same, computing in this format."""
        return Bert({name: values.to(number_format) for name, values in self._weights.items()}, self._reader)

    def tokenizer(self, texts: Sequence[str], **_: object) -> dict[str, list[list[int]]]:
        """Return the numbers of the tokens that the model reads of each text."""
        return {"input_ids": [each.ids for each in self._reader.encode_batch_fast(list(texts))]}

    @torch.inference_mode()
    def encode(self, texts: Sequence[str], **_: object) -> Tensor:
        """Return what the model says of one batch, shape (n, dim), float32."""
        read = [torch.tensor(ids) for ids in self.tokenizer(texts)["input_ids"]]
        ids = pad_sequence(read, batch_first=True)
        lengths = torch.tensor([[len(each)] for each in read])
        there = torch.arange(ids.shape[1]) < lengths
        said = self._read(ids, there).float() * there.unsqueeze(-1)
        return said.sum(dim=1) / lengths

    def _read(self, ids: Tensor, there: Tensor) -> Tensor:
        """Return what the model says of each token, shape (n, tokens, dim)."""
        said = embedding(ids, self._weights["embeddings.word_embeddings.weight"])
        said = said + self._weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
        said = self._normed(said + self._weights["embeddings.token_type_embeddings.weight"][0], "embeddings")
        for number in range(self._n_layers):
            layer = f"encoder.layer.{number}"
            said = self._normed(said + self._attended(said, there, layer), f"{layer}.attention.output")
            thought = gelu(self._linear(said, f"{layer}.intermediate.dense"))
            said = self._normed(said + self._linear(thought, f"{layer}.output.dense"), f"{layer}.output")
        return said

    def _attended(self, said: Tensor, there: Tensor, layer: str) -> Tensor:
        query, key, value = (
            self._linear(said, f"{layer}.attention.self.{name}").view(*said.shape[:2], HEADS, -1).transpose(1, 2)
            for name in ("query", "key", "value")
        )
        heard = scaled_dot_product_attention(query, key, value, attn_mask=there[:, None, None, :])
        return self._linear(heard.transpose(1, 2).flatten(2), f"{layer}.attention.output.dense")

    def _linear(self, said: Tensor, name: str) -> Tensor:
        return linear(said, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"])

    def _normed(self, said: Tensor, name: str) -> Tensor:
        weight, bias = (self._weights[f"{name}.LayerNorm.{part}"] for part in ("weight", "bias"))
        return layer_norm(said, weight.shape, weight, bias, EPSILON)


def load_bert(folder: Path) -> Bert:
    """Return the model in a folder."""
    reader = Tokenizer.from_file(str(folder / "tokenizer.json"))
    reader.no_padding()
    reader.enable_truncation(MAX_TOKENS)
    return Bert(load_file(folder / "model.safetensors"), reader)
