"""The quick depthwise convolution has the outputs and gradients of the plain one."""

import pytest
import torch
from torch.nn import functional as F

from fluorosam_model.modeling.depthwise import depthwise_conv2d


@pytest.mark.parametrize(("kernel", "stride", "padding"), [(3, 1, 1), (3, 2, 0), (5, 1, 2), (5, 2, 0), (5, 1, 0)])
def test_outputs_and_gradients_are_those_of_the_plain_convolution(kernel, stride, padding):
    torch.manual_seed(kernel + stride)
    x = torch.randn(2, 6, 19, 23, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(6, 1, kernel, kernel, dtype=torch.float64, requires_grad=True)
    quick, plain = depthwise_conv2d(x, weight, stride, padding), F.conv2d(x, weight, None, stride, padding, groups=6)
    torch.testing.assert_close(quick, plain)
    upstream = torch.randn_like(plain)
    for found, expected in zip(
        torch.autograd.grad(quick, (x, weight), upstream),
        torch.autograd.grad(plain, (x, weight), upstream),
        strict=True,
    ):
        torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("stride", [1, 2])
def test_bfloat16_gradients_are_near_those_of_float32(stride):
    torch.manual_seed(stride)
    x = torch.randn(2, 16, 20, 20).to(memory_format=torch.channels_last).requires_grad_()
    weight = torch.randn(16, 1, 5, 5).requires_grad_()
    plain = F.conv2d(x, weight, None, stride, 0, groups=16)
    upstream = torch.randn_like(plain)
    with torch.autocast("cpu", torch.bfloat16):
        quick = depthwise_conv2d(x, weight, stride, 0)
    assert quick.dtype == torch.bfloat16
    expected = torch.autograd.grad(plain, (x, weight), upstream)
    for found, wanted in zip(torch.autograd.grad(quick, (x, weight), upstream.bfloat16()), expected, strict=True):
        assert found.dtype == torch.float32
        assert (found - wanted).norm() < 0.02 * wanted.norm()


def test_without_gradients_it_is_the_plain_convolution():
    x, weight = torch.randn(1, 4, 9, 9), torch.randn(4, 1, 5, 5)
    with torch.no_grad():
        assert torch.equal(depthwise_conv2d(x, weight, 1, 2), F.conv2d(x, weight, None, 1, 2, groups=4))
