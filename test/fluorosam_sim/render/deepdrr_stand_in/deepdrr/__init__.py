"""Stands in for DeepDRR in tests: the part of its documented interface that our worker uses, written from that.

Rays are sampled with scipy; materials by threshold; attenuation of soft tissue and cortical bone from NIST's tables at
50 and 110 keV. DEEPDRR_STAND_IN=mirrored gives mirrored images, =broken fails, =chatty prints to standard output.
"""

import os

import nibabel as nib
import numpy as np
from scipy.ndimage import map_coordinates

_MODE = os.environ.get("DEEPDRR_STAND_IN", "")
_CM2_G = {50.0: (0.2262, 0.4242), 110.0: (0.1643, 0.1759)}  # NISTIR 5632
_SAMPLES = 400


class Volume:
    def __init__(self, hu: np.ndarray, affine: np.ndarray) -> None:
        self.hu, self.affine = hu, affine
        self.world_from_anatomical = np.eye(4)

    @classmethod
    def from_nifti(cls, path: str, use_thresholding: bool = True) -> "Volume":
        if _MODE == "broken":
            raise RuntimeError("CUDA_ERROR_NO_DEVICE:\nno CUDA-capable device is detected")
        image = nib.load(path)
        return cls(np.asarray(image.dataobj, float), image.affine)


class SimpleDevice:
    def __init__(
        self, sensor_height: int, sensor_width: int, pixel_size: float, source_to_detector_distance: float
    ) -> None:
        self.shape, self.pixel, self.sdd = (sensor_height, sensor_width), pixel_size, source_to_detector_distance

    def set_view(
        self, point: np.ndarray, direction: np.ndarray, up: np.ndarray, source_to_point_fraction: float
    ) -> None:
        ahead, above = direction[:3], up[:3]
        source = point[:3] - ahead * self.sdd * source_to_point_fraction
        right = np.cross(ahead, above)  # as a camera at the source sees it
        if _MODE == "mirrored":
            right = -right
        rows, cols = np.meshgrid(*(np.arange(n) - (n - 1) / 2 for n in self.shape), indexing="ij")
        ends = source + ahead * self.sdd + self.pixel * (cols[..., None] * right - rows[..., None] * above)
        self.rays = source, ends


class Projector:
    def __init__(self, volume: Volume, device: SimpleDevice, step: float, spectrum: np.ndarray, neglog: bool) -> None:
        assert not neglog and spectrum.shape == (1, 2)
        self.volume, self.device, self.cm2_g = volume, device, _CM2_G[spectrum[0, 0] / 1000]
        if _MODE == "chatty":
            print("Rendering…", flush=True)

    def __enter__(self) -> "Projector":
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def __call__(self) -> np.ndarray:
        source, ends = self.device.rays
        to_index = np.linalg.inv(self.volume.affine)
        total = np.zeros(ends.shape[:2])
        step_cm = np.linalg.norm(ends - source, axis=-1) / _SAMPLES / 10
        for n in range(_SAMPLES):
            at = source + (ends - source) * ((n + 0.5) / _SAMPLES)
            index = at @ to_index[:3, :3].T + to_index[:3, 3]
            hu = map_coordinates(self.volume.hu, np.moveaxis(index, -1, 0), order=1, cval=-1000)
            density = np.where(hu > 350, 1.0 + 0.00065 * hu, np.maximum(1.0 + hu / 1000, 0))
            total += density * np.where(hu > 350, self.cm2_g[1], self.cm2_g[0]) * step_cm
        return 250.0 * np.exp(-total)  # some unit of its own
