"""Rendered views kept in memory, and renewed while training goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fluorosam_sim.carm import CArmConfig, CArmPose
from fluorosam_sim.patients import Patient
from fluorosam_sim.patients.contrast import without_contrast
from fluorosam_sim.render import CpuRenderer, Rendering
from fluorosam_sim.views import ViewSampler

VIEW_SIZE = 256
BITS_SIZE = 128
_ATTEMPTS = 50


@dataclass(frozen=True, eq=False)
class View:
    """soft_gcm2, bone_gcm2: (256, 256) float32; label_bits: (128, 128, words) uint64, as in `Rendering`."""

    soft_gcm2: npt.NDArray[np.float32]
    bone_gcm2: npt.NDArray[np.float32]
    label_bits: npt.NDArray[np.uint64]


class ViewSource:
    """Renders random views of a patient, every other one with the contrast medium taken out of the vessels.

    preview: half the in-plane resolution of the CT, which at 256 px hardly shows and renders four times faster.
    """

    def __init__(self, patient: Patient, seed: int, held_out: bool, preview: bool = True) -> None:
        self.label_names = patient.label_names
        self.held_out = held_out
        self._sampler = ViewSampler(patient)
        self._rng = np.random.default_rng(seed)
        self._renderers = [CpuRenderer(patient, preview), CpuRenderer(without_contrast(patient), preview)]
        self._count = 0

    def render(self) -> tuple[Rendering, CArmConfig, CArmPose]:
        """The next view."""
        renderer = self._renderers[self._count % 2]
        self._count += 1
        for _ in range(_ATTEMPTS):
            config, pose = self._sampler.sample(self._rng, self.held_out)
            try:
                return renderer.render(config.projection(pose)), config, pose
            except ValueError:  # the tube or the detector would be inside the patient
                continue
        raise RuntimeError("No view of this patient could be rendered: the volume is too large for the C-arm.")


class ViewPool:
    """Up to `size` views; `renew` adds one, and replaces the oldest once the pool is full."""

    def __init__(self, source: ViewSource, size: int) -> None:
        self.source = source
        self.size = size
        words = (len(source.label_names) + 63) // 64
        self._densities = np.zeros((size, 2, VIEW_SIZE, VIEW_SIZE), np.float16)
        self._bits = np.zeros((size, BITS_SIZE, BITS_SIZE, words), np.uint64)
        self._rendered = 0

    def __len__(self) -> int:
        return min(self._rendered, self.size)

    def fill(self, count: int, progress: Callable[[int], None] = lambda count: None) -> None:
        """Render until the pool holds `count` views (at most `size`); progress is told how many there are."""
        while len(self) < min(count, self.size):
            self.renew()
            progress(len(self))

    def renew(self) -> None:
        """Render one more view."""
        rendering, _, _ = self.source.render()
        slot = self._rendered % self.size
        self._densities[slot, 0] = rendering.soft_gcm2
        self._densities[slot, 1] = rendering.bone_gcm2
        self._bits[slot] = rendering.label_bits[::2, ::2]
        self._rendered += 1

    def __getitem__(self, index: int) -> View:
        if not 0 <= index < len(self):
            raise IndexError(f"The pool holds {len(self)} views, not one number {index}.")
        soft, bone = self._densities[index].astype(np.float32)
        return View(soft, bone, self._bits[index])
