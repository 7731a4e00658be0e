"""Depthwise convolution whose gradient is quick on a CPU.

oneDNN has fast kernels for the weight gradient of 3 × 3 depthwise convolutions and none for 5 × 5 ones (25 ms instead
of 0.3 ms at 8 × 672 × 16 × 16 in bfloat16), nor for the input gradient in bfloat16 with a stride of 2. Both can be put
into terms of what is fast: a 5 × 5 kernel is covered by four 3 × 3 ones, and float32 has the strided gradient.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

_FAST = 3


def depthwise_conv2d(x: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
    """(N, C, H, W), weight (C, 1, k, k) → (N, C, H', W'); what `torch.nn.functional.conv2d` gives with C groups."""
    if x.device.type != "cpu" or not torch.is_grad_enabled():
        return F.conv2d(x, weight, None, stride, padding, groups=len(weight))
    if torch.is_autocast_enabled("cpu"):
        dtype = torch.get_autocast_dtype("cpu")
        x, weight = x.to(dtype), weight.to(dtype)
    result: Tensor = _Depthwise.apply(x, weight, stride, padding)  # type: ignore[no-untyped-call]
    return result


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.stride, ctx.padding = stride, padding
        return F.conv2d(x, weight, None, stride, padding, groups=len(weight))

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, Tensor | None, None, None]:
        (gradient,) = gradients
        x, weight = ctx.saved_tensors
        by_x = by_weight = None
        if ctx.needs_input_grad[0]:
            of = torch.float32 if ctx.stride > 1 and x.dtype == torch.bfloat16 else x.dtype
            by_x = _gradient(gradient.to(of), x.to(of), weight.to(of), ctx.stride, ctx.padding, 0).to(x.dtype)
        if ctx.needs_input_grad[1]:
            by_weight = _weight_gradient(gradient, x, weight, ctx.stride, ctx.padding)
        return by_x, by_weight, None, None


def _weight_gradient(gradient: Tensor, x: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
    """Kernels wider than 3 are covered by 3 × 3 windows at the near and the far end of each axis."""
    width = weight.shape[-1]
    if width <= _FAST or width > 2 * _FAST:
        return _gradient(gradient, x, weight, stride, padding, 1)
    x = F.pad(x, [padding] * 4) if padding else x
    rows, columns = ((size - 1) * stride + _FAST for size in gradient.shape[2:])
    result = torch.empty_like(weight)
    part = weight[:, :, :_FAST, :_FAST].contiguous()
    for top in (0, width - _FAST):
        for left in (0, width - _FAST):
            seen = x[:, :, top : top + rows, left : left + columns]
            result[:, :, top : top + _FAST, left : left + _FAST] = _gradient(gradient, seen, part, stride, 0, 1)
    return result


def _gradient(gradient: Tensor, x: Tensor, weight: Tensor, stride: int, padding: int, of: int) -> Tensor:
    """The gradient by the input (of = 0) or by the weight (of = 1)."""
    wanted = [of == 0, of == 1, False]
    groups = len(weight)
    found: Tensor = torch.ops.aten.convolution_backward(
        gradient, x, weight, None, [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], groups, wanted
    )[of]
    return found
