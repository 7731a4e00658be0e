"""A model without learning, in the format of exported ones: fast, and what it answers can be told in advance.

Its mask is the bright part of the image (channel 0 above zero), restricted to the half plane right of the first point
where there is one. Its presence logit is +4 with any text whose embedding starts with a positive number, −4 otherwise.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIZE = 256
FLOAT = TensorProto.FLOAT


def write(folder: Path, name: str = "tiny", presence: dict[str, float] | None = None) -> Path:
    """Write <name>_encoder.onnx, <name>_decoder.onnx and <name>.json; returns the folder."""
    onnx.save(_encoder(), folder / f"{name}_encoder.onnx")
    onnx.save(_decoder(), folder / f"{name}_decoder.onnx")
    (folder / f"{name}.json").write_text(json.dumps({"presence": presence or {}}), encoding="utf-8")
    return folder


def _value(name: str, shape: list[int | str], kind: int = FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def _model(nodes: list[onnx.NodeProto], inputs: list, outputs: list, constants: dict) -> onnx.ModelProto:
    stored = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, stored)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model, full_check=True)
    return model


def _encoder() -> onnx.ModelProto:
    nodes = [
        helper.make_node("AveragePool", ["image"], ["embedding"], kernel_shape=[16, 16], strides=[16, 16]),
        helper.make_node("AveragePool", ["image"], ["high4"], kernel_shape=[4, 4], strides=[4, 4]),
    ]
    outputs = [_value("embedding", [1, 3, 16, 16]), _value("high4", [1, 3, 64, 64])]
    return _model(nodes, [_value("image", [1, 3, SIZE, SIZE])], outputs, {})


def _decoder() -> onnx.ModelProto:
    columns = (np.arange(64, dtype=np.float32) + 0.5) * 4 - 0.5
    constants = {
        "zero": np.array([0], np.int64),
        "one": np.array([1], np.int64),
        "two": np.array([2], np.int64),
        "zero_f": np.float32(0),
        "first_axes": np.array([1, 2], np.int64),
        "last_axes": np.array([1, 2, 3], np.int64),
        "columns": columns.reshape(1, 1, 1, 64),
        "signs": np.array([-1, 1, 1], np.float32).reshape(1, 3, 1, 1),
        "gain": np.float32(10),
        "offside": np.float32(-100),
        "estimates": np.array([[0.1, 0.9, 0.3]], np.float32),
        "four": np.float32(4),
        "eight": np.float32(8),
    }
    node = helper.make_node
    nodes = [
        # The mask: hypothesis 0 is upside down, and the estimates say so.
        node("Slice", ["high4", "zero", "one", "one"], ["bright"]),
        node("Mul", ["bright", "signs"], ["signed"]),
        node("Mul", ["signed", "gain"], ["strong"]),
        # x of the first point, where its label is not padding.
        node("Slice", ["points", "zero", "one", "one"], ["point"]),
        node("Slice", ["point", "zero", "one", "two"], ["point_x"]),
        node("Unsqueeze", ["point_x", "one"], ["x4"]),
        node("Slice", ["point_labels", "zero", "one", "one"], ["label"]),
        node("Unsqueeze", ["label", "first_axes"], ["label4"]),
        node("Less", ["columns", "x4"], ["left_of"]),
        node("GreaterOrEqual", ["label4", "zero_f"], ["real"]),
        node("And", ["left_of", "real"], ["excluded"]),
        node("Where", ["excluded", "offside", "zero_f"], ["penalty"]),
        # A given mask shifts the logits by itself.
        node("Unsqueeze", ["has_mask", "last_axes"], ["has_mask4"]),
        node("Mul", ["mask_input", "has_mask4"], ["given"]),
        node("Add", ["strong", "penalty"], ["restricted"]),
        node("Add", ["restricted", "given"], ["mask_logits"]),
        # Everything else has one row per prompt.
        node("Unsqueeze", ["has_text", "one"], ["has_text2"]),
        node("Mul", ["has_text2", "zero_f"], ["zeros"]),
        node("Add", ["zeros", "estimates"], ["iou"]),
        node("Slice", ["text", "zero", "one", "one"], ["first"]),
        node("Greater", ["first", "zero_f"], ["positive"]),
        node("Cast", ["positive"], ["positive_f"], to=FLOAT),
        node("Mul", ["positive_f", "eight"], ["stretched"]),
        node("Sub", ["stretched", "four"], ["presence"]),
        node("Squeeze", ["presence", "one"], ["presence_logit"]),
        node("Squeeze", ["zeros", "one"], ["zero_row"]),
        node("ReduceSum", ["embedding"], ["unused"], keepdims=0),
        node("Mul", ["unused", "zero_f"], ["nothing"]),
        node("Add", ["zero_row", "nothing"], ["code_f"]),
        node("Cast", ["code_f"], ["code"], to=TensorProto.INT64),
    ]
    inputs = [
        _value("embedding", [1, 3, 16, 16]),
        _value("high4", [1, 3, 64, 64]),
        _value("text", ["N", 384]),
        _value("has_text", ["N"]),
        _value("points", ["N", "P", 2]),
        _value("point_labels", ["N", "P"]),
        _value("mask_input", ["N", 1, 64, 64]),
        _value("has_mask", ["N"]),
    ]
    outputs = [
        _value("mask_logits", ["N", 3, 64, 64]),
        _value("iou", ["N", 3]),
        _value("presence_logit", ["N"]),
        _value("code", ["N"], TensorProto.INT64),
    ]
    return _model(nodes, inputs, outputs, constants)
