"""Makes fluorosam_ros/control/reading.onnx, by which texts are read that no rule understands, from the tests' tables.

    python scripts/fit_reading.py [--epochs 4]

The last two layers of the shipped sentence encoder are trained on, with three heads: the kind of command, what each
word belongs to, and whether the text is to be obeyed. Half an hour on one core that computes bfloat16, an hour on
another; the same tables give the same file there.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import torch
from bake_text_encoder import HEADS, LAYER_NORM_EPSILON, WIDTH, BertGraph
from onnx import TensorProto, helper, numpy_helper
from reading_examples import UNTAGGED, Example, commands, examples, without_talk
from torch import Tensor, nn
from torch.nn import functional as F

from fluorosam_model.sentence_encoder import WEIGHTS, SentenceEncoder
from fluorosam_model.training.device import pick_precision
from fluorosam_ros.control.plain_text import plain
from fluorosam_ros.control.plainly import NOTHING
from fluorosam_ros.control.reader import MODEL, masked
from fluorosam_ros.control.slots import NAME
from fluorosam_ros.control.spelling import respelt

LAYERS = ("encoder.layer.4", "encoder.layer.5")
TAGS = 3
BATCH = 64
LR, HEAD_LR, WEIGHT_DECAY, WARMUP_STEPS = 1.5e-4, 1.5e-3, 0.02, 100
LABEL_SMOOTHING, HARM_WEIGHT, DROPOUT, HEAD_DROPOUT = 0.01, 0.5, 0.1, 0.2
_SORTED_BATCHES = 32
_COMMON, _RARE = 20, 2

FloatArray = npt.NDArray[np.floating]


class Layer(nn.Module):
    """One layer of a BERT encoder, with the names of its parameters there."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.merge = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.attended = nn.LayerNorm(WIDTH, eps=LAYER_NORM_EPSILON)
        self.wide, self.narrow = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)
        self.out = nn.LayerNorm(WIDTH, eps=LAYER_NORM_EPSILON)
        self.drop = nn.Dropout(DROPOUT)

    def named(self, layer: str) -> dict[str, nn.Module]:
        """Its parts by their names in the encoder."""
        return {
            f"{layer}.attention.self.query": self.query,
            f"{layer}.attention.self.key": self.key,
            f"{layer}.attention.self.value": self.value,
            f"{layer}.attention.output.dense": self.merge,
            f"{layer}.attention.output.LayerNorm": self.attended,
            f"{layer}.intermediate.dense": self.wide,
            f"{layer}.output.dense": self.narrow,
            f"{layer}.output.LayerNorm": self.out,
        }

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(N, T, 384) states, (N, T) 1 where there is a token → the same states, attended."""
        count, length, _ = x.shape
        query, key, value = (
            part(x).view(count, length, HEADS, WIDTH // HEADS).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )
        scores = query @ key.transpose(-1, -2) * (WIDTH / HEADS) ** -0.5 - 1e4 * (1 - mask[:, None, None, :])
        merged = (self.drop(scores.softmax(dim=-1)) @ value).transpose(1, 2).reshape(count, length, WIDTH)
        x = self.attended(x + self.drop(self.merge(merged)))
        return self.out(x + self.drop(self.narrow(F.gelu(self.wide(x)))))


class Net(nn.Module):
    """States after four layers (N, T, 384) → logits of the kinds (N, K), of the tags (N, T, 3), of harm (N,)."""

    def __init__(self, kinds: int) -> None:
        super().__init__()
        self.layers: Iterable[Layer] = nn.ModuleList([Layer() for _ in LAYERS])  # type: ignore[assignment]
        self.kinds, self.tags, self.harm = nn.Linear(WIDTH, kinds), nn.Linear(WIDTH, TAGS), nn.Linear(WIDTH, 1)
        self.drop = nn.Dropout(HEAD_DROPOUT)

    def named(self) -> dict[str, nn.Module]:
        """All parts by name."""
        layers = [part for layer, name in zip(self.layers, LAYERS, strict=True) for part in layer.named(name).items()]
        return {**dict(layers), "kinds": self.kinds, "tags": self.tags, "harm": self.harm}

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See the class."""
        for layer in self.layers:
            x = layer(x, mask)
        pooled = self.drop((x * mask[..., None]).sum(dim=1) / mask.sum(dim=1, keepdim=True))
        return self.kinds(pooled), self.tags(self.drop(x)), self.harm(pooled)[:, 0]


def start(net: Net) -> None:
    """The shipped encoder's last two layers."""
    graph = onnx.load(WEIGHTS / "text_minilm_int8.onnx").graph
    stored = {each.name: numpy_helper.to_array(each).astype(np.float32) for each in graph.initializer}
    for name, part in net.named().items():
        if f"{name}.weight" in stored:
            scale = stored.get(f"{name}.weight.scale")
            weight = stored[f"{name}.weight"] if scale is None else (stored[f"{name}.weight"] * scale).T
            part.load_state_dict({"weight": torch.tensor(weight), "bias": torch.tensor(stored[f"{name}.bias"])})


def batches(
    found: list[Example],
    states: list[FloatArray],
    token_tags: list[list[int]],
    kinds: list[str],
    rng: np.random.Generator,
) -> Iterator[tuple[Tensor, ...]]:
    """States, mask, kinds, tags and harm, batch by batch; texts of like length together."""
    order = rng.permutation(len(found))
    size = BATCH * _SORTED_BATCHES
    blocks = [sorted(order[at : at + size], key=lambda i: len(states[i])) for at in range(0, len(order), size)]
    cut = [block[at : at + BATCH] for block in blocks for at in range(0, len(block), BATCH)]
    for at in rng.permutation(len(cut)):
        chosen = cut[at]
        length = max(len(states[i]) for i in chosen)
        x, mask = np.zeros((len(chosen), length, WIDTH), np.float32), np.zeros((len(chosen), length), np.float32)
        tags = np.full((len(chosen), length), UNTAGGED)
        for row, i in enumerate(chosen):
            x[row, : len(states[i])], mask[row, : len(states[i])] = states[i], 1
            tags[row, : len(states[i])] = token_tags[i]
        kind = torch.tensor([kinds.index(found[i].kind) for i in chosen])
        harm = torch.tensor([float(found[i].harmful) for i in chosen])
        yield torch.tensor(x), torch.tensor(mask), kind, torch.tensor(tags), harm


def train(net: Net, found: list[Example], kinds: list[str], epochs: int) -> None:
    """Trains in place; tells the loss of each epoch."""
    encoder = SentenceEncoder(threads=1)
    states, token_tags = [], []
    for each in found:
        rows, word_of = encoder.states(each.words)
        states.append(rows.astype(np.float16))
        token_tags.append([UNTAGGED if word is None else each.tags[word] for word in word_of])
    heads = [value for part in (net.kinds, net.tags, net.harm) for value in part.parameters()]
    optimiser = torch.optim.AdamW(
        [
            {"params": [value for part in net.layers for value in part.parameters()], "lr": LR},
            {"params": heads, "lr": HEAD_LR},
        ],
        weight_decay=WEIGHT_DECAY,
    )
    steps = epochs * math.ceil(len(found) / BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda step: min(1, (step + 1) / WARMUP_STEPS) * (0.5 + 0.5 * math.cos(math.pi * min(1, step / steps))),
    )
    precision = pick_precision("measure", torch.device("cpu"))
    rng = np.random.default_rng(0)
    for epoch in range(epochs):
        began, total = time.monotonic(), 0.0
        for x, mask, kind, tags, harm in batches(found, states, token_tags, kinds, rng):
            with torch.autocast("cpu", precision, enabled=precision != torch.float32):
                of_kinds, of_tags, of_harm = net(x, mask)
            of_kinds, of_tags, of_harm = of_kinds.float(), of_tags.float(), of_harm.float()
            loss = F.cross_entropy(of_kinds, kind, label_smoothing=LABEL_SMOOTHING)
            loss = loss + F.cross_entropy(of_tags.transpose(1, 2), tags, ignore_index=UNTAGGED)
            loss = loss + HARM_WEIGHT * F.binary_cross_entropy_with_logits(of_harm, harm)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total += loss.item() * len(x) / len(found)
        print(f"epoch {epoch + 1} of {epochs}: loss {total:.3f}, {time.monotonic() - began:.0f} s", flush=True)


def exported(net: Net, told: dict[str, list[str]]) -> onnx.ModelProto:
    """states (1, T, 384) → kinds (1, K), tags (1, T, 3), harm (1,), as shares; 8-bit weights."""
    weights = {
        f"{name}.{key}": value.numpy() for name, part in net.named().items() for key, value in part.state_dict().items()
    }
    graph = BertGraph(weights, quantise=True)
    x, nothing_hidden = "states", graph.constant("nothing_hidden", np.zeros((1, 1, 1, 1), np.float32))
    for name in LAYERS:
        x = graph.layer(x, nothing_hidden, name)
    pooled = graph.op("ReduceMean", x, graph.constant("token_axis", np.array([1], np.int64)), keepdims=0)
    kinds = graph.op("Softmax", graph.linear(pooled, "kinds"), axis=-1)
    tags = graph.op("Softmax", graph.linear(x, "tags"), axis=-1)
    last = graph.constant("last_axis", np.array([1], np.int64))
    harm = graph.op("Squeeze", graph.op("Sigmoid", graph.linear(pooled, "harm")), last)
    outputs: dict[str, tuple[str, list[str | int | None]]] = {
        "kinds": (kinds, [1, len(told["kinds"])]),
        "tags": (tags, [1, "tokens", TAGS]),
        "harm": (harm, [1]),
    }
    graph.nodes += [helper.make_node("Identity", [value], [name]) for name, (value, _) in outputs.items()]
    proto = helper.make_graph(
        graph.nodes,
        "reading",
        [helper.make_tensor_value_info("states", TensorProto.FLOAT, [1, "tokens", WIDTH])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, (_, shape) in outputs.items()],
        graph.initializers,
    )
    model = helper.make_model(proto, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    licence = {"source": "sentence-transformers/all-MiniLM-L6-v2", "licence": "Apache-2.0"}
    helper.set_model_props(model, licence | {key: json.dumps(value) for key, value in told.items()})
    onnx.checker.check_model(model)
    return model


def lexicon(found: list[Example]) -> dict[str, list[str]]:
    """The words of commands, those that only talk has, and those that follow a name in commands."""
    said = [masked(plain(without_talk(text)).split()) for text, kind in commands() if kind != NOTHING]
    counts = Counter(word for each in said for word in each)
    words = set(counts) - slips(counts)
    after = {b for each in said for a, b in pairwise(each) if a == NAME}
    talk = {word for each in found for word in each.words} - set(counts)
    return {"words": sorted(words), "talk": sorted(talk), "after_names": sorted(after)}


def slips(counts: Counter[str]) -> set[str]:
    """Rare words that are one letter from a common one: "cetner"; not "seen", which only goes on from "see"."""
    common = frozenset(word for word, count in counts.items() if count >= _COMMON)
    real = SentenceEncoder().words()
    meant = {word: respelt(word, common, real) for word, count in counts.items() if count <= _RARE}
    return {word for word, other in meant.items() if not (word.startswith(other) or other.startswith(word))}


def main() -> None:
    """Fits and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--out", type=Path, default=MODEL)
    options = parser.parse_args()
    torch.set_num_threads(1)  # matrices this small gain nothing from a second one
    torch.manual_seed(0)
    found = examples()
    kinds = sorted({each.kind for each in found})
    print(f"{len(found)} texts of {len(kinds)} kinds")
    net = Net(len(kinds))
    start(net)
    net.train()
    train(net, found, kinds, options.epochs)
    onnx.save(exported(net.eval(), {"kinds": kinds, **lexicon(found)}), options.out)
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
