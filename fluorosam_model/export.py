"""A trained model → two ONNX files and the card data that runtimes need."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from fluorosam_model.modeling import TEXT_DIM, FluoroSAM

OPSET = 18
_SMALLEST_HALVED = 64  # elements; shapes, scalars and indices stay as they are
PROMPT_INPUTS = ("text", "has_text", "points", "point_labels", "mask_input", "has_mask")
DECODER_OUTPUTS = ("mask_logits", "iou", "presence_logit", "code")


class _Encoder(nn.Module):
    def __init__(self, model: FluoroSAM) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        return self.model.encode(image)


class _Decoder(nn.Module):
    def __init__(self, model: FluoroSAM) -> None:
        super().__init__()
        self.model = model

    def forward(
        self,
        embedding: Tensor,
        high4: Tensor,
        text: Tensor,
        has_text: Tensor,
        points: Tensor,
        point_labels: Tensor,
        mask_input: Tensor,
        has_mask: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        decoded = self.model.decode(embedding, high4, text, has_text, points, point_labels, mask_input, has_mask)
        return decoded.mask_logits, decoded.iou, decoded.presence_logit, decoded.code


def export_onnx(model: FluoroSAM, folder: Path, name: str) -> tuple[Path, Path]:
    """Write <name>_encoder.onnx and <name>_decoder.onnx; returns their paths. `model` should be `deployable`.

    Signatures, all float32, N prompts over one image and P points each:
        image (1, 3, S, S) → embedding (1, C, S/16, S/16), high4 (1, C4, S/4, S/4)
        embedding, high4, text (N, 384), has_text (N,), points (N, P, 2), point_labels (N, P),
        mask_input (N, 1, S/4, S/4), has_mask (N,) → mask_logits (N, 3, S/4, S/4), iou (N, 3), presence_logit (N,),
        code (N,) int64
    """
    folder.mkdir(parents=True, exist_ok=True)
    size = model.config.image_size
    image = torch.zeros(1, 3, size, size)
    with torch.no_grad():
        features = model.encode(image)
    encoder = _exported(_Encoder(model), (image,), ["image"], ["embedding", "high4"], None)
    example = (*features, *example_prompts(3, 2, size))
    count, points = torch.export.Dim("prompts", min=1, max=4096), torch.export.Dim("points", min=1, max=256)
    shapes: Any = ({}, {}, {0: count}, {0: count}, {0: count, 1: points}, {0: count, 1: points}, {0: count}, {0: count})
    names = ["embedding", "high4", *PROMPT_INPUTS]
    decoder = _exported(_Decoder(model), example, names, list(DECODER_OUTPUTS), shapes)
    paths = folder / f"{name}_encoder.onnx", folder / f"{name}_decoder.onnx"
    for proto, path in zip((encoder, decoder), paths, strict=True):
        halve_weights(proto)
        onnx.save(proto, path)
    return paths


def example_prompts(count: int, points: int, size: int, seed: int = 0) -> tuple[Tensor, ...]:
    """Random prompts in the order of `FluoroSAM.decode`; (count, points) prompts and points of each."""
    make = torch.Generator().manual_seed(seed)
    return (
        nn.functional.normalize(torch.randn(count, TEXT_DIM, generator=make), dim=1),
        (torch.arange(count) % 3 != 1).float(),
        torch.rand(count, points, 2, generator=make) * (size - 1),
        torch.randint(-1, 4, (count, points), generator=make).float(),
        torch.randn(count, 1, size // 4, size // 4, generator=make) * 5,
        (torch.arange(count) % 2).float(),
    )


def halve_weights(model: onnx.ModelProto) -> None:
    """Store float32 weights as float16 with a Cast behind each; runtimes fold the Casts when they load the file."""
    graph, casts, stored = model.graph, [], []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < _SMALLEST_HALVED:
            stored.append(tensor)
            continue
        half = f"{tensor.name}_half"
        stored.append(numpy_helper.from_array(values.astype(np.float16), half))
        casts.append(helper.make_node("Cast", [half], [tensor.name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(stored)
    graph.node.extend(nodes)
    # Shapes noted for values that are now computed are still right; those of the old initialisers are in the way.
    renamed = {cast.output[0] for cast in casts}
    kept = [info for info in graph.value_info if info.name not in renamed]
    del graph.value_info[:]
    graph.value_info.extend(kept)


def write_card(path: Path, codes: dict[str, int], presence: dict[str, float], facts: dict[str, Any]) -> None:
    """Write the card data: code of each structure's name, presence calibration, and facts about the training."""
    document = {"presence": presence, "codes": codes, **facts}
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _exported(
    module: nn.Module, example: tuple[Tensor, ...], inputs: list[str], outputs: list[str], shapes: Any
) -> onnx.ModelProto:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module.eval(),
            example,
            input_names=inputs,
            output_names=outputs,
            dynamic_shapes=shapes,
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    if program is None:
        raise RuntimeError("torch.onnx.export returned no program.")
    proto = program.model_proto
    onnx.checker.check_model(proto)
    return proto
