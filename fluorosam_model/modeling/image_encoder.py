"""Image encoders behind one interface: an image in, a coarse embedding and a fine feature map out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fluorosam_model.modeling.efficientnet import EfficientNetLite0
from fluorosam_model.modeling.unet import UNet

_SWINS = {
    "swin_tiny": ("swin_tiny_patch4_window7_224", 96),
    "swin_small": ("swin_small_patch4_window7_224", 96),
    "swin_base": ("swin_base_patch4_window7_224", 128),
    "swin_large": ("swin_large_patch4_window7_224", 192),
}
"""timm's name and the channels at stride 4."""

ENCODERS = ("lite", "unet", *_SWINS)


class _ConvNormAct(nn.Sequential):
    def __init__(self, channels_in: int, channels_out: int, kernel: int) -> None:
        super().__init__(
            nn.Conv2d(channels_in, channels_out, kernel, padding=kernel // 2, bias=False),
            nn.BatchNorm2d(channels_out, momentum=0.03),
            nn.ReLU(),
        )


class GlobalContext(nn.Module):
    """Self-attention over the coarsest feature map: lets every place know the view, the side and the field.

    (B, dim, H, W) → the same shape; H × W must be `positions`.
    """

    def __init__(self, dim: int, positions: int, layers: int = 2, heads: int = 4) -> None:
        super().__init__()
        self.position = nn.Parameter(torch.randn(1, positions, dim) * 0.02)
        self.layers = nn.ModuleList(_ContextLayer(dim, heads) for _ in range(layers))

    def forward(self, x: Tensor) -> Tensor:
        shape = x.shape
        tokens = x.flatten(2).transpose(1, 2) + self.position
        for layer in self.layers:
            tokens = layer(tokens)
        return tokens.transpose(1, 2).reshape(shape)


class _ContextLayer(nn.Module):
    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.qkv, self.out = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))

    def forward(self, x: Tensor) -> Tensor:
        batch, count, dim = x.shape
        qkv = self.qkv(self.norm1(x)).reshape(batch, count, 3, self.heads, dim // self.heads).permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(qkv[0], qkv[1], qkv[2])
        x = x + self.out(attended.transpose(1, 2).reshape(batch, count, dim))
        return cast(Tensor, x + self.mlp(self.norm2(x)))


class PyramidNeck(nn.Module):
    """Features at strides 4, 8, 16, 32 → embedding at stride 16 (dim channels), high4 at stride 4 (high_channels)."""

    def __init__(self, channels: Sequence[int], dim: int, high_channels: int, image_size: int) -> None:
        super().__init__()
        widths = (64, 96, dim, dim)
        self.lateral = nn.ModuleList(nn.Conv2d(c, w, 1) for c, w in zip(channels, widths, strict=True))
        self.down8, self.down4 = nn.Conv2d(dim, widths[1], 1), nn.Conv2d(widths[1], widths[0], 1)
        self.context = GlobalContext(dim, (image_size // 32) ** 2)
        self.fuse16 = _ConvNormAct(dim, dim, 3)
        self.fuse8 = _ConvNormAct(widths[1], widths[1], 3)
        self.fuse4 = nn.Sequential(_ConvNormAct(widths[0], widths[0], 3), _ConvNormAct(widths[0], widths[0], 3))
        self.high = _ConvNormAct(widths[0], high_channels, 1)
        self.embedding = nn.Conv2d(dim, dim, 1)

    def forward(self, features: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        x4, x8, x16, x32 = (layer(feature) for layer, feature in zip(self.lateral, features, strict=True))
        x16 = self.fuse16(x16 + _doubled(self.context(x32)))
        x8 = self.fuse8(x8 + _doubled(self.down8(x16)))
        x4 = x4 + _doubled(self.down4(x8))
        return self.embedding(x16), self.high(x4 + self.fuse4(x4))


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


class Swin(nn.Module):
    """timm's Swin: (B, 3, S, S) → four feature maps at strides 4, 8, 16, 32. Needs timm.

    The window is as wide as the coarsest map, 8 at 256 px and 14 at the paper's 448 px; S must be divisible by 32.
    """

    def __init__(self, kind: str, image_size: int) -> None:
        super().__init__()
        from fluorosam_model.torchvision_shim import import_timm

        name, width = _SWINS[kind]
        self.channels = tuple(width * 2**level for level in range(4))
        self.body = import_timm().create_model(
            name,
            pretrained=False,
            features_only=True,
            img_size=image_size,
            window_size=image_size // 32,
            drop_path_rate=0.1,
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        return [feature.permute(0, 3, 1, 2).contiguous() for feature in self.body(x)]


class ImageEncoder(nn.Module):
    """(B, 3, S, S) float32 in −1…1 → embedding (B, dim, S/16, S/16), high4 (B, high_channels, S/4, S/4)."""

    def __init__(self, kind: str, image_size: int, dim: int, high_channels: int, warm_start: bool) -> None:
        super().__init__()
        if kind not in ENCODERS:
            raise ValueError(f"There is no encoder {kind!r}: choose {' or '.join(ENCODERS)}.")
        self.backbone: EfficientNetLite0 | Swin | UNet
        self.neck: nn.Module
        if kind == "unet":
            self.backbone, self.neck = UNet(dim, high_channels), nn.Identity()
            return
        if kind == "lite":
            self.backbone = EfficientNetLite0()
            if warm_start:
                self.backbone.load_imagenet()
        else:
            self.backbone = Swin(kind, image_size)
        self.neck = PyramidNeck(self.backbone.channels, dim, high_channels, image_size)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        embedding, high4 = self.neck(self.backbone(image))
        return embedding, high4
