"""What every rendering backend takes and gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fluorosam_sim.geometry import Projection

MIN_PATH_MM = 1.0


@dataclass(frozen=True, eq=False)
class Rendering:
    """What the rays of one view met.

    soft_gcm2, bone_gcm2: (H, W) float32 area density of soft tissue and of bone mineral along each pixel's central
    ray, g/cm². label_bits: (H, W, words) uint64; bit b of word w is set when the ray passes through label 64·w + b
    over more than MIN_PATH_MM (1 mm; renderers take another value). A path is counted by nearest-neighbour samples, one
    in each slice of the axis the beam runs along, so it is known to one step between slices (0.7 to 2.5 mm in common
    CTs): where the step is longer than MIN_PATH_MM, one sample decides. label_names: names by label, "" for label 0.
    paths_mm: (H, W) float32 path lengths of the labels that were asked for.
    """

    soft_gcm2: npt.NDArray[np.float32]
    bone_gcm2: npt.NDArray[np.float32]
    label_bits: npt.NDArray[np.uint64]
    label_names: tuple[str, ...]
    paths_mm: Mapping[str, npt.NDArray[np.float32]] = field(default_factory=dict)

    def mask(self, names: str | Iterable[str]) -> npt.NDArray[np.bool_]:
        """(H, W) bool: pixels whose ray passes through any of the named leaf labels. Unknown names match nothing."""
        wanted = {names} if isinstance(names, str) else set(names)
        selector = np.zeros(self.label_bits.shape[2], np.uint64)
        for label, name in enumerate(self.label_names):
            if name and name in wanted:
                selector[label >> 6] |= np.uint64(1) << np.uint64(label & 63)
        return np.asarray((self.label_bits & selector).any(axis=2))

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

    def render(self, projection: Projection, labels: bool = True, paths: Iterable[str] = ()) -> Rendering:
        """Area densities of one view, its label sets unless labels is False, and path lengths of the labels named."""
        ...

    def render_views(self, projections: Sequence[Projection], labels: bool = True) -> list[Rendering]:
        """Several views, in their order."""
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
