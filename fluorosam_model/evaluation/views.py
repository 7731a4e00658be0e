"""Views of a digital patient that no training has seen, as the detector shows them, with their truth."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fluorosam_model.evaluation.dataset import Sample
from fluorosam_sim.anatomy import STRUCTURES, Structure
from fluorosam_sim.patients import Patient
from fluorosam_sim.render.cpu import CpuRenderer
from fluorosam_sim.render.detector import expose
from fluorosam_sim.render.renderer import Rendering
from fluorosam_sim.views import ViewSampler

IMAGE_PX = 512
_ATTEMPTS = 50
_PRESENT_FRACTION = 0.005


class TwinViews:
    """`count` random views from the directions that are held out from training; the same seed gives the same views.

    What no ray meets is absent, which takes the patient's labels to be complete. A structure that covers less than
    0.5 % of the image is neither present nor absent. Structures that the scan cuts off are not scored.
    """

    def __init__(self, patient: Patient, count: int, seed: int = 0, size_px: int = IMAGE_PX) -> None:
        self._patient = patient
        self._count = count
        self._seed = seed
        self._size_px = size_px
        self._sampler = ViewSampler(patient)
        self._renderer = CpuRenderer(patient)
        self._unscored = frozenset(each.key for each in STRUCTURES if patient.cut.intersection(each.members))

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Sample]:
        rng = np.random.default_rng(self._seed)
        for number in range(self._count):
            yield self._sample(number, rng)

    def _sample(self, number: int, rng: np.random.Generator) -> Sample:
        for _ in range(_ATTEMPTS):
            config, pose = self._sampler.sample(rng, held_out=True)
            try:
                rendering = self._renderer.render(config.projection(pose, (self._size_px, self._size_px)))
            except ValueError:  # the tube or the detector would be inside the patient
                continue
            image = expose(rendering, config, config.open_field, rng)
            view = f"{number:04d} primary {pose.primary_deg:.0f}° secondary {pose.secondary_deg:.0f}°"
            return self._labelled(rendering, image, view)
        raise RuntimeError("No view of this patient could be rendered: the volume is too large for the C-arm.")

    def _labelled(self, rendering: Rendering, image: np.ndarray, view: str) -> Sample:
        visible = frozenset(rendering.visible)

        def seen(each: Structure) -> bool:
            return not visible.isdisjoint(each.members)

        masks = {each.key: rendering.mask(each.members) for each in STRUCTURES if seen(each)}
        present = {key: mask for key, mask in masks.items() if mask.mean() >= _PRESENT_FRACTION}
        absent = tuple(each.key for each in STRUCTURES if not seen(each))
        return Sample(image, present, absent, self._patient.name, view, self._unscored)
