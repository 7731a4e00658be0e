"""Views of digital patients that no training has seen, as the detector shows them, with their truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fluorosam_model.evaluation.dataset import BoolArray, Sample
from fluorosam_sim.anatomy import STRUCTURES, Structure
from fluorosam_sim.carm import CArmConfig, CArmPose, Collimation
from fluorosam_sim.patients import Patient, load_patient
from fluorosam_sim.patients.library import is_synthetic
from fluorosam_sim.render.cpu import CpuRenderer
from fluorosam_sim.render.detector import expose, shoot
from fluorosam_sim.render.exposure import AUTOMATIC, ExposureConfig
from fluorosam_sim.render.renderer import Rendering
from fluorosam_sim.views import SERIES, ViewSampler, sample_view

IMAGE_PX = 512
RANDOM = "random"
_ATTEMPTS = 200
_PRESENT_FRACTION = 0.005


class TwinViews:
    """`count` views of each patient, named as for `load_patient`; the same seed gives the same views.

    Of a CT, whose other views are trained on, random views from the directions that are held out from training. Of a
    synthetic body standard views, a little off as people take them, from all series in turn, and random ones: any
    direction, since bodies for testing are held out as a whole (seeds from 9000 on; others are trained on).

    What no ray meets is absent, which takes the patient's labels to be complete. A structure that covers less than
    0.5 % of the image is neither present nor absent. Structures that the scan cuts off are not scored.

    first: number of every patient's first view, which is the series that its turns begin with.
    """

    def __init__(
        self,
        patients: Sequence[str | Patient],
        count: int,
        seed: int = 0,
        size_px: int = IMAGE_PX,
        first: int = 0,
    ) -> None:
        self._patients, self._count, self._seed = patients, count, seed
        self._size_px, self._first = size_px, first

    def __len__(self) -> int:
        return self._count * len(self._patients)

    def __iter__(self) -> Iterator[Sample]:
        for number, named in enumerate(self._patients):
            patient = load_patient(named) if isinstance(named, str) else named
            rng = np.random.default_rng(self._seed + 1000 * number)
            yield from _OnePatient(patient, self._size_px).samples(self._first, self._count, rng)


class _OnePatient:
    def __init__(self, patient: Patient, size_px: int) -> None:
        self._patient, self._size_px = patient, size_px
        self._renderer = CpuRenderer(patient)
        self._unscored = frozenset(each.key for each in STRUCTURES if patient.cut.intersection(each.members))
        self._sampler = None if is_synthetic(patient.name) else ViewSampler(patient)

    def samples(self, first: int, count: int, rng: np.random.Generator) -> Iterator[Sample]:
        for number in range(first, first + count):
            yield self._sample(number, rng)

    def _sample(self, number: int, rng: np.random.Generator) -> Sample:
        for _ in range(_ATTEMPTS):
            config, pose, collimation, series = self._view(number, rng)
            try:
                rendering = self._renderer.render(config.projection(pose, (self._size_px, self._size_px)))
            except ValueError:  # the tube or the detector would be inside the patient
                continue
            image = expose(rendering, config, collimation, rng)
            view = f"{number:04d} primary {pose.primary_deg:.0f}° secondary {pose.secondary_deg:.0f}°"
            retake = _Retake(rendering, config, collimation, number)
            return self._labelled(rendering, image, view, series, retake)
        raise RuntimeError("No view of this patient could be rendered: the volume is too large for the C-arm.")

    def _view(self, number: int, rng: np.random.Generator) -> tuple[CArmConfig, CArmPose, Collimation, str]:
        if self._sampler is not None:
            config, pose = self._sampler.sample(rng, held_out=True)
            return config, pose, config.open_field, RANDOM
        wanted = (*SERIES, RANDOM)[number % (len(SERIES) + 1)]
        for _ in range(_ATTEMPTS):
            found = sample_view(self._patient, rng, named_share=0.0 if wanted == RANDOM else 1.0, size_px=self._size_px)
            series = found.view.series if found.view else RANDOM
            if series in (wanted, RANDOM):  # random although a named one was wanted: this patient has none
                break
        return found.config, found.pose, found.collimation, series

    def _labelled(self, rendering: Rendering, image: np.ndarray, view: str, series: str, retake: _Retake) -> Sample:
        visible = frozenset(rendering.visible)
        shown = retake.open_pixels(retake.collimation)

        def seen(each: Structure) -> bool:
            return not visible.isdisjoint(each.members)

        # What lies behind the blades is neither there to be found nor surely absent.
        masks = {each.key: rendering.mask(each.members) & shown for each in STRUCTURES if seen(each)}
        present = {key: mask for key, mask in masks.items() if mask.mean() >= _PRESENT_FRACTION}
        absent = tuple(each.key for each in STRUCTURES if not seen(each))
        return Sample(image, present, absent, self._patient.name, view, self._unscored, series, retake)


@dataclass(frozen=True, eq=False)
class _Retake:
    """Takes a view again: the same quanta of chance, whatever the dose and the field."""

    rendering: Rendering
    config: CArmConfig
    collimation: Collimation
    seed: int

    def __call__(self, dose: float, opening: float) -> tuple[npt.NDArray[Any], BoolArray]:
        """dose: share of the air kerma at the detector; opening: share of the field's width and height."""
        c, keep = self.collimation, (1 - opening) / 2
        across, down = keep * (c.right_mm - c.left_mm), keep * (c.bottom_mm - c.top_mm)
        narrow = Collimation(c.left_mm + across, c.top_mm + down, c.right_mm - across, c.bottom_mm - down)
        settings = ExposureConfig(detector_ugy=AUTOMATIC.detector_ugy * dose)
        shot = shoot(self.rendering, self.config, narrow, np.random.default_rng(self.seed), settings)
        return shot.image, self.open_pixels(narrow)

    def open_pixels(self, collimation: Collimation) -> BoolArray:
        """(H, W) the pixels in an opening."""
        height, width = self.rendering.soft_gcm2.shape
        x0, y0, x1, y1 = self.config.open_pixels(collimation, (width, height))
        shown = np.zeros((height, width), bool)
        shown[y0:y1, x0:x1] = True
        return shown
