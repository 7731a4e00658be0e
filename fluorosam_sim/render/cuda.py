"""The GPU renderer: the CPU's algorithm as a Triton kernel, batched over views.

Needs `torch` with CUDA and `triton`. With TRITON_INTERPRET=1 in the environment before this module is imported, the
kernel runs on the CPU in Triton's interpreter: slow, for tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch
import triton
import triton.language as tl

from fluorosam_sim.geometry import Projection
from fluorosam_sim.patients.patient import Patient
from fluorosam_sim.render.materials import BONE_FROM_GCM3, BONE_FULL_GCM3
from fluorosam_sim.render.placed import PlacedTool
from fluorosam_sim.render.renderer import MIN_PATH_MM, Rendering, label_channels
from fluorosam_sim.render.shadows import with_tools
from fluorosam_sim.render.view import View, indexed_view
from fluorosam_sim.render.volume import label_words, prepare

_TILE = (16, 32)
_MOST_PLANES = 3  # counters of samples by label that fit into registers
_WORDS_A_PASS = 2
_PARAMETERS = 21  # numbers a view hands to the kernel


@triton.jit
def _rays(view, x, y):  # type: ignore[no-untyped-def]
    # Rays to pixels (x, y): where they begin, slices to the detector, steps along a and b and mm for every slice.
    source_s, source_a, source_b = tl.load(view), tl.load(view + 1), tl.load(view + 2)
    ds = tl.load(view + 3) + x * tl.load(view + 6) + y * tl.load(view + 9)
    slope_a = (tl.load(view + 4) + x * tl.load(view + 7) + y * tl.load(view + 10)) / ds
    slope_b = (tl.load(view + 5) + x * tl.load(view + 8) + y * tl.load(view + 11)) / ds
    squared = ds * 0.0
    for axis in tl.static_range(3):
        step = tl.load(view + 12 + axis) + slope_a * tl.load(view + 15 + axis) + slope_b * tl.load(view + 18 + axis)
        squared += step * step
    return source_s, source_a, source_b, ds, slope_a, slope_b, tl.sqrt(squared)


@triton.jit
def _cast(  # type: ignore[no-untyped-def]
    packed, labels, views, out, bits,
    slices, size_a, size_b, stride_s, stride_a, stride_b, height, width, words, word,
    drift, bone_from, bone_slope, min_path_mm,
    WANT_LABELS: tl.constexpr, WANT_DENSITY: tl.constexpr, PLANES: tl.constexpr,
    TILE_ROWS: tl.constexpr, TILE_COLS: tl.constexpr,
):  # fmt: skip
    view = tl.program_id(1)
    tiles_x = tl.cdiv(width, TILE_COLS)
    row = (tl.program_id(0) // tiles_x) * TILE_ROWS + tl.arange(0, TILE_ROWS)[:, None]
    col = (tl.program_id(0) % tiles_x) * TILE_COLS + tl.arange(0, TILE_COLS)[None, :]
    inside = (row < height) & (col < width)
    p = views + view * 21
    source_s, source_a, source_b, ds, slope_a, slope_b, length = _rays(p, col.to(tl.float32), row.to(tl.float32))
    reach = tl.abs(ds)
    soft = tl.zeros([TILE_ROWS, TILE_COLS], tl.float32)
    bone = tl.zeros([TILE_ROWS, TILE_COLS], tl.float32)
    none = tl.zeros([TILE_ROWS, TILE_COLS], tl.int64)
    low1, high1, low2, high2, low3, high3 = none, none, none, none, none, none
    top_a, top_b = size_a - 1.001, size_b - 1.001
    for s in range(0, slices):
        t = s - source_s
        ahead = tl.where(ds > 0, t, -t)
        if WANT_DENSITY:
            a = tl.minimum(tl.maximum(source_a + (t + drift) * slope_a, 0.0), top_a)
            b = tl.minimum(tl.maximum(source_b + (t + drift) * slope_b, 0.0), top_b)
            i, k = a.to(tl.int32), b.to(tl.int32)
            fa, fb = a - i.to(tl.float32), b - k.to(tl.float32)
            at = s * stride_s + i * stride_a + k * stride_b
            near, far = tl.load(packed + at), tl.load(packed + at + stride_b)
            v00, v10 = (near & 0xFFFF).to(tl.float32), ((near >> 16) & 0xFFFF).to(tl.float32)
            v01, v11 = (far & 0xFFFF).to(tl.float32), ((far >> 16) & 0xFFFF).to(tl.float32)
            e, f = v00 + fa * (v10 - v00), v01 + fa * (v11 - v01)
            density = e + fb * (f - e)
            share = tl.minimum(ahead + 0.5, reach) - tl.maximum(ahead - 0.5, 0.0)
            mineral = tl.minimum(tl.maximum((density - bone_from) * bone_slope, 0.0), 1.0) * density
            share = tl.minimum(tl.maximum(share, 0.0), 1.0)
            bone += mineral * share
            soft += (density - mineral) * share
        if WANT_LABELS:
            a = tl.minimum(tl.maximum(source_a + t * slope_a, 0.0), top_a)
            b = tl.minimum(tl.maximum(source_b + t * slope_b, 0.0), top_b)
            at = s * stride_s + (a + 0.5).to(tl.int32) * stride_a + (b + 0.5).to(tl.int32) * stride_b
            label = tl.load(labels + at).to(tl.int64)
            met = ((ahead > 0) & (ahead < reach)).to(tl.int64)
            one = met << (label & 63)
            low = one * ((label >> 6) == word).to(tl.int64)
            high = one * ((label >> 6) == word + 1).to(tl.int64)
            if PLANES > 2:
                low3, high3 = low3 | (low2 & low), high3 | (high2 & high)
            if PLANES > 1:
                low2, high2 = low2 | (low1 & low), high2 | (high1 & high)
            low1, high1 = low1 | low, high1 | high
    pixel = view.to(tl.int64) * height * width + row * width + col
    if WANT_DENSITY:
        first, second = out + 2 * pixel, out + 2 * pixel + 1
        tl.store(first, tl.load(first, mask=inside) + soft * length, mask=inside)
        tl.store(second, tl.load(second, mask=inside) + bone * length, mask=inside)
    if WANT_LABELS:
        needed = (min_path_mm / length).to(tl.int32) + 1
        low, high = low1, high1
        if PLANES > 1:
            low, high = tl.where(needed > 1, low2, low), tl.where(needed > 1, high2, high)
        if PLANES > 2:
            low, high = tl.where(needed > 2, low3, low), tl.where(needed > 2, high3, high)
        tl.store(bits + pixel * words + word, low, mask=inside)
        tl.store(bits + pixel * words + word + 1, high, mask=inside & (col * 0 + word + 1 < words))


@triton.jit
def _trace(  # type: ignore[no-untyped-def]
    labels, channels, view, out,
    slices, size_a, size_b, stride_s, stride_a, stride_b, height, width,
    TILE_ROWS: tl.constexpr, TILE_COLS: tl.constexpr,
):  # fmt: skip
    # Adds to out (C, H, W): millimetres of ray by channel of labels, -1 for none. Every pixel is one thread's own.
    tiles_x = tl.cdiv(width, TILE_COLS)
    row = (tl.program_id(0) // tiles_x) * TILE_ROWS + tl.arange(0, TILE_ROWS)[:, None]
    col = (tl.program_id(0) % tiles_x) * TILE_COLS + tl.arange(0, TILE_COLS)[None, :]
    inside = (row < height) & (col < width)
    source_s, source_a, source_b, ds, slope_a, slope_b, length = _rays(view, col.to(tl.float32), row.to(tl.float32))
    pixel = row.to(tl.int64) * width + col
    for s in range(0, slices):
        t = s - source_s
        ahead = tl.where(ds > 0, t, -t)
        a, b = source_a + t * slope_a + 0.5, source_b + t * slope_b + 0.5
        met = inside & (ahead > 0) & (ahead < tl.abs(ds)) & (a >= 0) & (b >= 0) & (a < size_a) & (b < size_b)
        at = s * stride_s + a.to(tl.int32) * stride_a + b.to(tl.int32) * stride_b
        channel = tl.load(channels + tl.load(labels + at, mask=met, other=0).to(tl.int32))
        wanted = met & (channel >= 0)
        place = out + channel.to(tl.int64) * height * width + pixel
        tl.store(place, tl.load(place, mask=wanted, other=0.0) + length, mask=wanted)


class CudaRenderer:
    """What CpuRenderer gives, from a GPU; render_views renders views of one size together.

    device: a torch device; "cpu" works in Triton's interpreter only. Raises ValueError for what CpuRenderer refuses and
    for voxels so small that min_path_mm takes more than three samples.
    """

    def __init__(
        self, patient: Patient, preview: bool = False, min_path_mm: float = MIN_PATH_MM, device: str = "cuda"
    ) -> None:
        self.patient = patient
        self._volume = prepare(patient, halve=preview)
        self._min_path_mm = float(min_path_mm)
        self._device = torch.device(device)
        self._labels = torch.from_numpy(self._volume.labels).to(self._device)
        self._packed: dict[int, torch.Tensor] = {}
        self._words = label_words(patient.label_names)

    def render(
        self,
        projection: Projection,
        labels: bool = True,
        paths: Iterable[str] = (),
        tools: Sequence[PlacedTool] = (),
    ) -> Rendering:
        """One view; see CpuRenderer.render."""
        rendering = self.render_views([projection], labels, tools)[0]
        channels, kept = label_channels(self.patient.label_names, paths)
        if not kept:
            return rendering
        lengths = self._paths(indexed_view(self._volume, projection), projection, channels, len(kept))
        return replace(rendering, paths_mm=dict(zip(kept, lengths, strict=True)))

    def render_views(
        self, projections: Sequence[Projection], labels: bool = True, tools: Sequence[PlacedTool] = ()
    ) -> list[Rendering]:
        """Several views, in their order; those of one size that are sampled alike run together, tools on the CPU."""
        views = [indexed_view(self._volume, projection) for projection in projections]
        results: dict[int, Rendering] = {}
        for numbers, out, bits in self.render_tensors(projections, labels):
            results.update(zip(numbers, self._renderings(out, bits), strict=True))
        bare = [results[number] for number in range(len(projections))]
        if not tools:
            return bare
        shadowed = zip(bare, views, projections, strict=True)
        return [with_tools(one, self._volume, view, projection, tools) for one, view, projection in shadowed]

    def render_tensors(
        self, projections: Sequence[Projection], labels: bool = True
    ) -> Iterator[tuple[list[int], torch.Tensor, torch.Tensor]]:
        """Several views, left on the device: (their numbers, area densities, label sets) for each group that runs
        together.

        Densities: (N, H, W, 2) float32, soft tissue and bone in g/cm². Label sets: (N, H, W, words) int64 bits as in
        `Rendering.label_bits`, zeros where no labels are wanted.
        """
        groups: dict[tuple[tuple[int, int, int], tuple[float, ...], int, int], list[int]] = {}
        views = [indexed_view(self._volume, projection) for projection in projections]
        for number, (view, projection) in enumerate(zip(views, projections, strict=True)):
            key = (view.order, view.drifts, projection.height, projection.width)
            groups.setdefault(key, []).append(number)
        for (_, _, height, width), numbers in groups.items():
            yield numbers, *self._launch([views[n] for n in numbers], height, width, labels)

    def _launch(
        self, views: list[View], height: int, width: int, want_labels: bool
    ) -> tuple[torch.Tensor, torch.Tensor]:
        volume, first = self._volume, views[0]
        planes = first.most_samples(self._min_path_mm)
        if want_labels and planes > _MOST_PLANES:
            raise ValueError(
                f"Voxels are too small for paths over {self._min_path_mm:g} mm on the GPU: take a preview or the CPU."
            )
        parameters = np.array([_parameters(v) for v in views])
        words = self._words
        out = torch.zeros((len(views), height, width, 2), dtype=torch.float32, device=self._device)
        bits = torch.zeros((len(views), height, width, words), dtype=torch.int64, device=self._device)
        grid = (triton.cdiv(height, _TILE[0]) * triton.cdiv(width, _TILE[1]), len(views))
        # The first launch gives densities and the first two words of labels, the others what is left of either.
        passes = [(word, first.drifts[0]) for word in range(0, words if want_labels else 1, _WORDS_A_PASS)]
        passes += [(0, drift) for drift in first.drifts[1:]]
        for number, (word, drift) in enumerate(passes):
            again = number > 0 and word == 0
            _cast[grid](
                self._packed_along(first.order[1]), self._labels,
                torch.from_numpy(parameters).to(self._device), out, bits,
                *first.sizes, *first.strides, height, width, words, word,
                drift, BONE_FROM_GCM3 / volume.scale, volume.scale / (BONE_FULL_GCM3 - BONE_FROM_GCM3),
                self._min_path_mm,
                WANT_LABELS=want_labels and not again, WANT_DENSITY=word == 0, PLANES=planes,
                TILE_ROWS=_TILE[0], TILE_COLS=_TILE[1],
            )  # fmt: skip
        out *= volume.scale * 0.1 / len(first.drifts)
        bits[..., 0] &= ~1  # label 0 is none
        return out, bits

    def _renderings(self, out: torch.Tensor, bits: torch.Tensor) -> list[Rendering]:
        densities = out.cpu().numpy().transpose(0, 3, 1, 2)
        label_bits: npt.NDArray[np.uint64] = bits.cpu().numpy().view(np.uint64)
        return [
            Rendering(np.ascontiguousarray(soft), np.ascontiguousarray(bone), each, self.patient.label_names)
            for (soft, bone), each in zip(densities, label_bits, strict=True)
        ]

    def _paths(
        self, view: View, projection: Projection, channels: npt.NDArray[np.int32], count: int
    ) -> npt.NDArray[np.float32]:
        """(count, H, W) mm of ray inside the labels of each channel."""
        height, width = projection.height, projection.width
        out = torch.zeros((count, height, width), dtype=torch.float32, device=self._device)
        _trace[(triton.cdiv(height, _TILE[0]) * triton.cdiv(width, _TILE[1]),)](
            self._labels, torch.from_numpy(channels).to(self._device),
            torch.from_numpy(_parameters(view)).to(self._device), out,
            *view.sizes, *view.strides, height, width, TILE_ROWS=_TILE[0], TILE_COLS=_TILE[1],
        )  # fmt: skip
        return np.asarray(out.cpu().numpy())

    def _packed_along(self, axis: int) -> torch.Tensor:
        if axis not in self._packed:
            self._packed[axis] = torch.from_numpy(self._volume.packed(axis).view(np.int32)).to(self._device)
        return self._packed[axis]


def _parameters(view: View) -> npt.NDArray[np.float32]:
    """(21,) what the kernels take of a view."""
    numbers = [view.source, view.origin - view.source, view.du, view.dv, view.step_mm.ravel()]
    parameters = np.concatenate(numbers).astype(np.float32)
    assert len(parameters) == _PARAMETERS
    return parameters
