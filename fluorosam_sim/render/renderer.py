"""What every rendering backend takes and gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fluorosam_sim.geometry import Projection
from fluorosam_sim.render.placed import PlacedTool
from fluorosam_sim.tools.materials import Material

Float32Array = npt.NDArray[np.float32]
MIN_PATH_MM = 1.0
MIN_TOOL_PATH_MM = 0.02


@dataclass(frozen=True, eq=False)
class Rendering:
    """What the rays of one view met.

    soft_gcm2, bone_gcm2: (H, W) float32 area density of soft tissue and of bone mineral along each pixel's central
    ray, g/cm², without what tools displace. label_bits: (H, W, words) uint64; bit b of word w is set when the ray
    passes through label 64·w + b over more than MIN_PATH_MM (1 mm; renderers take another value). A path is counted by
    nearest-neighbour samples, one in each slice of the axis the beam runs along, so it is known to one step between
    slices (0.7 to 2.5 mm in common CTs): where the step is longer than MIN_PATH_MM, one sample decides. label_names:
    names by label, "" for label 0. paths_mm: (H, W) float32 path lengths of the labels that were asked for. Labels are
    those of the body without tools: a screw makes no hole in the mask of its bone.

    tool_names, tool_paths_mm: names of the tools, in the order given, and their (H, W) float32 path lengths, each the
    mean over a pixel. tool_gcm2: (H, W) float32 area density of what tools are made of, g/cm².
    """

    soft_gcm2: Float32Array
    bone_gcm2: Float32Array
    label_bits: npt.NDArray[np.uint64]
    label_names: tuple[str, ...]
    paths_mm: Mapping[str, Float32Array] = field(default_factory=dict)
    tool_names: tuple[str, ...] = ()
    tool_paths_mm: tuple[Float32Array, ...] = ()
    tool_gcm2: Mapping[Material, Float32Array] = field(default_factory=dict)

    def mask(self, names: str | Iterable[str]) -> npt.NDArray[np.bool_]:
        """(H, W) bool: pixels whose ray passes through any of the named leaf labels. Unknown names match nothing."""
        wanted = {names} if isinstance(names, str) else set(names)
        selector = np.zeros(self.label_bits.shape[2], np.uint64)
        for label, name in enumerate(self.label_names):
            if name and name in wanted:
                selector[label >> 6] |= np.uint64(1) << np.uint64(label & 63)
        return np.asarray((self.label_bits & selector).any(axis=2))

    def tool_mask(self, number: int) -> npt.NDArray[np.bool_]:
        """(H, W) bool: pixels in which the path through a tool is longer than MIN_TOOL_PATH_MM (0.02 mm).

        The path is the mean over the pixel: a guide wire of 0.3 mm in a pixel of 1.5 mm has one of 0.05 mm.
        """
        return np.asarray(self.tool_paths_mm[number] > MIN_TOOL_PATH_MM)

    @property
    def visible(self) -> tuple[str, ...]:
        """Names of the labels that at least one ray passes through, in label order."""
        present = np.bitwise_or.reduce(self.label_bits.reshape(-1, self.label_bits.shape[2]), axis=0)
        return tuple(
            name
            for label, name in enumerate(self.label_names)
            if name and (int(present[label >> 6]) >> (label & 63)) & 1
        )


class Renderer(Protocol):
    """A backend bound to one patient."""

    def render(
        self,
        projection: Projection,
        labels: bool = True,
        paths: Iterable[str] = (),
        tools: Sequence[PlacedTool] = (),
    ) -> Rendering:
        """Area densities of one view, its label sets unless labels is False, path lengths of labels and of tools."""
        ...

    def render_views(
        self, projections: Sequence[Projection], labels: bool = True, tools: Sequence[PlacedTool] = ()
    ) -> list[Rendering]:
        """Several views, in their order, with the same tools."""
        ...


def label_channels(
    label_names: tuple[str, ...], wanted: Iterable[str]
) -> tuple[npt.NDArray[np.int32], tuple[str, ...]]:
    """(256,) channel of each label, -1 for those not wanted, and the names by channel; unknown names are left out."""
    kept = tuple(dict.fromkeys(name for name in wanted if name and name in label_names))
    channels = np.full(256, -1, np.int32)
    for label, name in enumerate(label_names):
        if name in kept:
            channels[label] = kept.index(name)
    return channels, kept
