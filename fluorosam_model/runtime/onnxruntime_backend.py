"""Running exported models with onnxruntime on the CPU: the default backend."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime

from fluorosam_model.runtime.backend import Decoded, Features, FloatArray, PromptBatch


def open_session(model: Path, threads: int | None = None, inner: Sequence[str] = ()) -> onnxruntime.InferenceSession:
    """Load an ONNX file for low latency; threads: at most that many, None leaves it to onnxruntime.

    inner: names of float32 tensors inside the graph that the session gives beside its outputs.

    Raises FileNotFoundError where there is no such file.
    """
    if not model.is_file():
        raise FileNotFoundError(f"There is no model file {model}.")
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.intra_op_num_threads = threads or 0
    options.inter_op_num_threads = 1
    # Idle workers would spin on the cores that rendering and messages need.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    source = model.read_bytes() + b"".join(map(_as_output, inner)) if inner else str(model)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def _as_output(name: str) -> bytes:
    """A model file that holds nothing but one float32 output of its graph. Appended to another it adds that output:
    in protocol buffers, messages one after the other are one message with the fields of both."""
    float_tensor = _field(1, b"\x08\x01")  # ValueInfoProto.type.tensor_type.elem_type
    value_info = _field(1, name.encode()) + _field(2, float_tensor)
    return _field(7, _field(12, value_info))  # ModelProto.graph.output


def _field(number: int, content: bytes) -> bytes:
    """A field of bytes, fewer than 128, of a protocol buffer."""
    return bytes([number << 3 | 2, len(content)]) + content


class OnnxruntimeBackend:
    """An image encoder and a mask decoder, each an ONNX file."""

    def __init__(self, encoder: Path, decoder: Path, threads: int | None = None) -> None:
        self._encoder = open_session(encoder, threads)
        self._decoder = open_session(decoder, threads)
        self._input_size = int(self._encoder.get_inputs()[0].shape[-1])

    @property
    def input_size(self) -> int:
        """Side of the square model input, px."""
        return self._input_size

    def encode(self, image: FloatArray) -> Features:
        """(3, size, size) float32 from `to_input` → features."""
        embedding, high4 = self._encoder.run(["embedding", "high4"], {"image": image[None]})
        return Features(np.asarray(embedding), np.asarray(high4))

    def decode(self, features: Features, prompts: PromptBatch) -> Decoded:
        """Masks and scores of N ≥ 1 prompts over the image of `features`."""
        feed = {"embedding": features.embedding, "high4": features.high4} | vars(prompts)
        outputs = self._decoder.run(["mask_logits", "iou", "presence_logit", "code"], feed)
        masks, iou, presence, code = (np.asarray(output) for output in outputs)
        return Decoded(masks, iou, presence, code)
