"""`augment.apply` for many views at once, on whatever device they are: what a GPU trains on is made there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from fluorosam_model.training.augment import BLUR_PX, BONE_CM2_G, CELL_PX, SOFT_CM2_G, Appearance, pixel
from fluorosam_model.training.batched_channels import channels, quantile_each
from fluorosam_model.training.pool import BITS_STRIDE

Each = Callable[[Callable[[Appearance], Any]], Tensor]
"""A number of every appearance (B, 1, 1), or several of them (B, n), as a tensor."""

_COARSE_PX = 32
_SCATTER_SIGMA = 4.0  # coarse pixels
_SHARPEN_SIGMA = 3.0
_TILES = 8  # of adaptive equalisation, along an axis
_GREYS = 256


def pictures(
    densities: Tensor, bits: Tensor, appearances: Sequence[Appearance], labels: Tensor
) -> tuple[Tensor, Tensor]:
    """Make the pictures; noise is drawn with torch.

    Args:
        densities: (B, 2, S, S), soft tissue and bone in g/cm². bits: (B, S/2, S/2, words) int64 label sets.
        labels: (L,) label numbers whose masks are wanted.

    Returns:
        model input (B, 3, S, S) float32; coverage (B, L, S/4, S/4) uint8 in steps of 1 / COVER_STEPS, 0 outside the
        open field.
    """
    device, side = densities.device, densities.shape[-1]

    def each(value: Callable[[Appearance], Any]) -> Tensor:
        found = torch.tensor(np.array([value(a) for a in appearances], np.float32), device=device)
        return found[:, None, None] if found.dim() == 1 else found

    identity = np.eye(2, 3, dtype=np.float32).ravel()
    warp = each(lambda a: identity if a.warp is None else a.warp.ravel())
    signal = _signal(_warped(densities.float(), warp), each)
    inside, kept = _open_field(each, side), _kept(each, side)
    image = _displayed(signal, inside, each, appearances)
    shown = (inside & kept)[:, ::BITS_STRIDE, ::BITS_STRIDE]
    return channels(image, kept), coverage(_warped_bits(bits, warp), labels, shown)


def coverage(bits: Tensor, labels: Tensor, shown: Tensor) -> Tensor:
    """(B, H, W, words) int64 label sets, shown (B, H, W) → (B, L, H / 2, W / 2) uint8: how many of a cell's pixels a
    label covers."""
    byte, bit = labels // 8, (labels % 8).to(torch.uint8)
    planes = (bits.contiguous().view(torch.uint8)[..., byte] >> bit) & 1
    planes *= shown[..., None]
    factor = CELL_PX // BITS_STRIDE
    cells = planes.unflatten(2, (-1, factor)).unflatten(1, (-1, factor)).sum(dim=(2, 4), dtype=torch.uint8)
    return cells.permute(0, 3, 1, 2).contiguous()


def _grid(warp: Tensor, side: int, stride: int) -> tuple[Tensor, Tensor]:
    """Where each pixel, or every stride-th, of the picture lies in the rendering: x and y in its pixels."""
    steps = torch.arange(0, side, stride, device=warp.device, dtype=torch.float32)
    y, x = steps[:, None], steps[None, :]
    m = warp[:, :, None, None]
    return m[:, 0] * x + m[:, 1] * y + m[:, 2], m[:, 3] * x + m[:, 4] * y + m[:, 5]


def _warped(densities: Tensor, warp: Tensor) -> Tensor:
    side = densities.shape[-1]
    x, y = _grid(warp, side, 1)
    places = torch.stack([x, y], dim=-1) * (2 / (side - 1)) - 1
    return F.grid_sample(densities, places, mode="bilinear", padding_mode="zeros", align_corners=True)


def _warped_bits(bits: Tensor, warp: Tensor) -> Tensor:
    side = bits.shape[1]
    x, y = _grid(warp, side * BITS_STRIDE, BITS_STRIDE)
    column, row = (x / BITS_STRIDE).round().long(), (y / BITS_STRIDE).round().long()
    outside = (column < 0) | (column >= side) | (row < 0) | (row >= side)
    place = (row.clamp(0, side - 1) * side + column.clamp(0, side - 1)).flatten(1)
    moved = bits.flatten(1, 2).gather(1, place[:, :, None].expand(-1, -1, bits.shape[3]))
    return moved.view_as(bits).masked_fill_(outside[..., None], 0)


def _signal(densities: Tensor, each: Each) -> Tensor:
    """(B, 2, S, S) → (B, S, S) linear detector signal, 1 in the open beam."""
    thickness = each(lambda a: a.thickness)
    soft, bone = densities[:, 0] * thickness, densities[:, 1] * (thickness * each(lambda a: a.bone))
    spectrum = each(lambda a: a.spectrum)
    signal = torch.zeros_like(soft)
    for number, (mu_soft, mu_bone) in enumerate(zip(SOFT_CM2_G.tolist(), BONE_CM2_G.tolist(), strict=True)):
        signal += spectrum[:, number, None, None] * torch.exp(-mu_soft * soft - mu_bone * bone)
    coarse = F.adaptive_avg_pool2d(signal.clamp(max=0.3)[:, None], _COARSE_PX)[:, 0]
    wide = F.interpolate(_blurred(coarse, _SCATTER_SIGMA)[:, None], size=signal.shape[1:], mode="bilinear")[:, 0]
    signal += each(lambda a: a.scatter) * wide
    signal = _blurred(signal, BLUR_PX[1], each(lambda a: a.blur_px).flatten())
    sparse = signal[:, ::4, ::4].flatten(1)
    middle = sparse.median(dim=1).values[:, None, None]
    noise = torch.randn_like(signal) * (signal * (middle / each(lambda a: a.quanta))).clamp(min=0).sqrt()
    return (signal + noise).clamp(min=1e-5)


def _blurred(images: Tensor, most: float, sigmas: Tensor | None = None) -> Tensor:
    """Gaussian of a standard deviation in pixels, or of (B,) of them up to it, where 0 leaves the picture as it is;
    kernels end where OpenCV's do."""
    sigma = torch.full((len(images),), most, device=images.device) if sigmas is None else sigmas
    reach = torch.where(sigma > 0, (sigma * 8 + 1).round().div(2).floor(), 0)
    radius = round(most * 8 + 1) // 2  # known without asking the device
    offset = torch.arange(-radius, radius + 1, device=images.device, dtype=torch.float32)
    kernel = torch.exp(-0.5 * (offset / sigma.clamp(min=1e-3)[:, None]) ** 2) * (offset.abs() <= reach[:, None])
    kernel = kernel / kernel.sum(dim=1, keepdim=True)
    padded = F.pad(images[:, None], [radius] * 4, mode="reflect").transpose(0, 1)  # (1, B, …): a kernel each
    rows = F.conv2d(padded, kernel[:, None, :, None], groups=len(images))
    return F.conv2d(rows, kernel[:, None, None, :], groups=len(images))[0]


def _displayed(signal: Tensor, inside: Tensor, each: Each, appearances: Sequence[Appearance]) -> Tensor:
    """Processing and display: (B, S, S) in 0 to 1, with shutters, burnt-in marks and holes."""
    power = each(lambda a: a.power if a.display == "power" else 1.0)
    log = each(lambda a: a.display == "log") > 0
    image = torch.where(log, -signal.log(), signal**power)
    ordered = image[:, ::4, ::4].flatten(1).sort(dim=1).values
    count = torch.full((len(image), 1), ordered.shape[1], device=image.device)
    low, high = quantile_each(ordered, count, each(lambda a: a.window))[:, :, None].split(1, dim=1)
    image = ((image - low) / (high - low).clamp(min=1e-6)).clamp(0, 1)
    sharpen = [number for number, a in enumerate(appearances) if a.sharpen > 0]
    if sharpen:
        some, amount = image[sharpen], each(lambda a: a.sharpen)[sharpen]
        image[sharpen] = (some + amount * (some - _blurred(some, _SHARPEN_SIGMA))).clamp(0, 1)
    equal = [number for number, a in enumerate(appearances) if a.equalise > 0]
    if equal:
        image[equal] = _equalised(image[equal], each(lambda a: a.equalise).flatten()[equal])
    image = torch.where(each(lambda a: a.invert) > 0, 1 - image, image)
    image = torch.where(inside, image, each(lambda a: a.shutter))
    image = _pierced(image, each, max(len(a.holes) for a in appearances))
    _mark(image, appearances)
    steps = each(lambda a: a.levels - 1 if a.levels else 0.0)
    return torch.where(steps > 0, (image * steps).round() / steps.clamp(min=1), image)


def _equalised(images: Tensor, limit: Tensor) -> Tensor:
    """Contrast limited adaptive histogram equalisation of (B, S, S) in 0 to 1, in 8 × 8 tiles, as OpenCV does it."""
    count, side = images.shape[:2]
    tile = side // _TILES
    grey = (images * (_GREYS - 1)).to(torch.uint8)
    tiles = (
        grey.unflatten(2, (_TILES, tile)).unflatten(1, (_TILES, tile)).transpose(2, 3).reshape(count * _TILES**2, -1)
    )
    histogram = torch.zeros(len(tiles), _GREYS, device=images.device)
    histogram.scatter_add_(1, tiles.long(), torch.ones_like(tiles, dtype=torch.float32))
    most = (limit * tile**2 / _GREYS).floor().clamp(min=1).repeat_interleave(_TILES**2)[:, None]
    excess = (histogram - most).clamp(min=0).sum(dim=1, keepdim=True)
    table = (torch.minimum(histogram, most) + excess / _GREYS).cumsum(dim=1) * ((_GREYS - 1) / tile**2)
    table = table.view(count, _TILES, _TILES, _GREYS)
    place = (torch.arange(side, device=images.device) + 0.5) / tile - 0.5
    near, share = place.floor(), place - place.floor()
    first, second = near.long().clamp(0, _TILES - 1), (near.long() + 1).clamp(0, _TILES - 1)
    picture, value = torch.arange(count, device=images.device)[:, None, None], grey.long()
    across = share[None, None, :]

    def row(tiles_y: Tensor) -> Tensor:
        left = table[picture, tiles_y[None, :, None], first[None, None, :], value]
        right = table[picture, tiles_y[None, :, None], second[None, None, :], value]
        return left + across * (right - left)

    top, bottom = row(first), row(second)
    return ((top + share[None, :, None] * (bottom - top)) / (_GREYS - 1)).clamp(0, 1)


def _pierced(image: Tensor, each: Each, most: int) -> Tensor:
    side = image.shape[-1]
    y, x = _axes(side, image.device)
    for number in range(most):
        hole = each(lambda a, n=number: a.holes[n] if n < len(a.holes) else (2.0, 2.0, 2.0, 2.0, 0.0))  # type: ignore[misc]
        x0, y0, x1, y1 = ((hole[:, i] * side).round()[:, None, None] for i in range(4))
        image = torch.where((x >= x0) & (x <= x1) & (y >= y0) & (y <= y1), hole[:, 4, None, None], image)
    return image


def _mark(image: Tensor, appearances: Sequence[Appearance]) -> None:
    side = image.shape[-1]
    for number, a in enumerate(appearances):
        for text, x, y, size, grey in a.marks:
            ink = np.zeros((side, side), np.uint8)
            cv2.putText(ink, text, pixel(x, y, side), cv2.FONT_HERSHEY_SIMPLEX, size, 255, 1, cv2.LINE_AA)
            image[number] += (grey - image[number]) * (torch.from_numpy(ink).to(image.device).float() / 255)


def _axes(side: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Rows (1, S, 1) and columns (1, 1, S)."""
    steps = torch.arange(side, device=device)
    return steps[None, :, None], steps[None, None, :]


def _open_field(each: Each, side: int) -> Tensor:
    field = (each(lambda a: a.field) * side).round()
    y, x = _axes(side, field.device)
    x0, y0, x1, y1 = (field[:, i, None, None] for i in range(4))
    half, radius = (side - 1) / 2, each(lambda a: a.round_field)
    round_field = (radius == 0) | ((x - half) ** 2 + (y - half) ** 2 < (radius * side) ** 2)
    return (x >= x0) & (x < x1) & (y >= y0) & (y < y1) & round_field


def _kept(each: Each, side: int) -> Tensor:
    """What is left of the picture between the borders of its letterbox."""
    cut = each(lambda a: a.letterbox)
    y, x = _axes(side, cut.device)
    top, left = cut[:, 0, None, None], cut[:, 1, None, None]
    return (y >= top) & (y < side - top) & (x >= left) & (x < side - left)
