"""Exported files: equal to torch, any number of prompts and points, small."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from fluorosam_model.export import example_prompts, export_onnx
from fluorosam_model.modeling import FluoroSAM, ModelConfig, deployable
from fluorosam_model.runtime import PromptBatch
from fluorosam_model.runtime.onnxruntime_backend import OnnxruntimeBackend

SIZE = 64
CONFIG = ModelConfig(image_size=SIZE, dim=32, high_channels=16, codes=32, code_dim=16, warm_start=False)


@pytest.fixture(scope="module")
def model() -> FluoroSAM:
    torch.manual_seed(0)
    made = FluoroSAM(CONFIG)
    with torch.no_grad():
        made.train().encode(torch.rand(2, 3, SIZE, SIZE))  # running statistics that folding has to respect
        for norm in (each for each in made.modules() if isinstance(each, torch.nn.BatchNorm2d)):
            norm.running_mean.uniform_(-0.3, 0.3)  # type: ignore[union-attr]
            norm.bias.uniform_(-0.5, 0.5)
    return made.eval()


@pytest.fixture(scope="module")
def exported(model: FluoroSAM, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return export_onnx(deployable(model), tmp_path_factory.mktemp("onnx"), "tiny")


def test_folding_and_rounding_hardly_change_the_model(model: FluoroSAM) -> None:
    image = torch.rand(1, 3, SIZE, SIZE) * 2 - 1
    rounded = deployable(model)
    with torch.no_grad():
        for ours, theirs in zip(rounded.encode(image), model.encode(image), strict=True):
            assert (ours - theirs).abs().max() < 0.02 * theirs.abs().max()
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in rounded.modules())


@pytest.mark.parametrize(("prompts", "points"), [(1, 1), (5, 3), (24, 9)])
def test_onnx_equals_torch(model: FluoroSAM, exported: tuple[Path, Path], prompts: int, points: int) -> None:
    reference, backend = deployable(model), OnnxruntimeBackend(*exported, threads=1)
    image = torch.rand(1, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(3)) * 2 - 1
    given = example_prompts(prompts, points, SIZE, seed=prompts)
    with torch.no_grad():
        expected_features = reference.encode(image)
        expected = reference.decode(*expected_features, *given)
    features = backend.encode(image[0].numpy())
    np.testing.assert_allclose(features.embedding, expected_features[0].numpy(), atol=1e-4)
    decoded = backend.decode(features, PromptBatch(*[each.numpy() for each in given]))
    scale = float(expected.mask_logits.abs().max())
    np.testing.assert_allclose(decoded.mask_logits, expected.mask_logits.numpy(), atol=1e-4 * max(scale, 1))
    np.testing.assert_allclose(decoded.iou, expected.iou.numpy(), atol=1e-4)
    np.testing.assert_allclose(decoded.presence_logit, expected.presence_logit.numpy(), atol=1e-4)
    np.testing.assert_array_equal(decoded.code, expected.code.numpy())


def test_weights_are_stored_in_half_precision(exported: tuple[Path, Path]) -> None:
    for path in exported:
        large = [t for t in onnx.load(path).graph.initializer if np.prod(t.dims) >= 1000]
        assert large and all(t.data_type != onnx.TensorProto.FLOAT for t in large)
