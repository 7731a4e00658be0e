"""What every rendering backend takes and gives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fluorosam_sim.geometry import Projection


@dataclass(frozen=True, eq=False)
class Rendering:
    """What the rays of one view met.

    soft_gcm2, bone_gcm2: (H, W) float32 area density of soft tissue and of bone mineral along each pixel's central
    ray, g/cm². label_bits: (H, W, words) uint64; bit b of word w is set when the ray passed a voxel sample of label
    64·w + b (samples are nearest neighbours, one in each slice of the axis the beam runs along, so a structure that is
    grazed over less than about one voxel may be missed). label_names: names by label, "" for label 0.
    """

    soft_gcm2: npt.NDArray[np.float32]
    bone_gcm2: npt.NDArray[np.float32]
    label_bits: npt.NDArray[np.uint64]
    label_names: tuple[str, ...]

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

    def render(self, projection: Projection) -> Rendering:
        """Area densities and label sets of one view."""
        ...
