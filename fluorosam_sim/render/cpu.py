"""The default renderer: numba on the CPU."""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt

from fluorosam_sim.geometry import Projection
from fluorosam_sim.patients.patient import Patient
from fluorosam_sim.render.kernel import BLOCK_SHIFT, cast_rays
from fluorosam_sim.render.materials import BONE_FROM_GCM3, BONE_FULL_GCM3, density_gcm3
from fluorosam_sim.render.renderer import Rendering

_TILE = (16, 32)  # rows, columns of a ray tile: fits the first-level cache, measured best of 8…32
# Numba's thread pools are not re-entrant on every platform: one render at a time in a process.
_LOCK = threading.Lock()


class CpuRenderer:
    """Area densities and label sets of one patient by slice-driven ray casting.

    preview: halves the in-plane resolution of the volume; three to five times faster, for training and live preview.
    Memory: about 5 bytes a voxel (twice that once a view runs along the body axis).
    """

    def __init__(self, patient: Patient, preview: bool = False) -> None:
        density = density_gcm3(patient.hu)
        labels, affine = patient.labels, np.array(patient.affine, float)
        if preview:
            density, labels, affine = _halved(density, labels, affine)
        self.patient = patient
        self._affine = affine
        self._shape = density.shape
        # One voxel of air on every side lets clamped rays read zeros instead of needing a bounds check.
        padded = np.pad(density, 1)
        self._scale = max(float(padded.max()), 1e-6) / 65535.0
        # Stored k-major with i fastest: neighbouring rays of upright views then read neighbouring addresses.
        self._quantised = np.ascontiguousarray(np.round(padded / self._scale).astype(np.uint16).transpose(2, 1, 0))
        self._labels = np.ascontiguousarray(np.pad(labels, 1).transpose(2, 1, 0)).ravel()
        ni, nj, nk = padded.shape
        self._sizes, self._strides = (ni, nj, nk), (1, ni, ni * nj)
        self._occupied, self._occupied_strides = _occupancy(self._quantised)
        self._packed: dict[int, npt.NDArray[np.uint32]] = {}
        self._words = (len(patient.label_names) + 63) // 64

    def render(self, projection: Projection, labels: bool = True) -> Rendering:
        """One view of the patient at the projection's size; labels=False skips the label sets.

        Raises ValueError when the source or the detector lies inside the volume.
        """
        self._check_outside(projection)
        to_index = np.linalg.inv(self._affine)
        linear, offset = to_index[:3, :3], to_index[:3, 3] + 1.0  # + 1: the padding
        center = projection.origin_mm + projection.du_mm * (projection.width - 1) / 2
        center = center + projection.dv_mm * (projection.height - 1) / 2
        beam = linear @ (center - projection.source_mm)
        along = int(np.argmax(np.abs(beam)))
        pair = 2 if along != 2 else 0  # the axis whose neighbours are packed must lie across the beam
        order = [along, pair, 3 - along - pair]
        out = np.empty((2, projection.height, projection.width), np.float32)
        words = self._words if labels else 1
        bits = np.zeros((projection.height, projection.width, words), np.uint64)
        with _LOCK:
            cast_rays(
                self._packed_along(pair),
                self._labels,
                self._occupied,
                tuple(self._strides[axis] for axis in order),
                tuple(self._sizes[axis] for axis in order),
                tuple(self._occupied_strides[axis] for axis in order),
                (linear @ projection.source_mm + offset)[order],
                (linear @ projection.origin_mm + offset)[order],
                (linear @ projection.du_mm)[order],
                (linear @ projection.dv_mm)[order],
                np.ascontiguousarray(self._affine[:3, :3].T[order]),
                *_TILE,
                np.float32(BONE_FROM_GCM3 / self._scale),
                np.float32(self._scale / (BONE_FULL_GCM3 - BONE_FROM_GCM3)),
                out,
                bits,
                labels,
            )
        out *= np.float32(self._scale * 0.1)  # g/cm³ × mm → g/cm²
        return Rendering(out[0], out[1], bits, self.patient.label_names)

    def _packed_along(self, axis: int) -> npt.NDArray[np.uint32]:
        """The volume with each voxel's next neighbour along the axis (0 = i … 2 = k) in the high half-word."""
        if axis not in self._packed:
            stored_axis = 2 - axis
            following = np.roll(self._quantised, -1, axis=stored_axis)
            packed = self._quantised.astype(np.uint32) | (following.astype(np.uint32) << np.uint32(16))
            self._packed[axis] = packed.ravel()
        return self._packed[axis]

    def _check_outside(self, projection: Projection) -> None:
        to_index = np.linalg.inv(self._affine)
        upper = np.array(self._shape) - 0.5
        source = to_index[:3, :3] @ projection.source_mm + to_index[:3, 3]
        if np.all(source > -0.5) and np.all(source < upper):
            raise ValueError("The X-ray source lies inside the patient's volume: move the isocentre or the source.")
        corners_px = np.array([[0, 0], [projection.width - 1, 0], [0, projection.height - 1]], float)
        corners_px = np.vstack([corners_px, [projection.width - 1, projection.height - 1]])
        corners = projection.origin_mm + corners_px[:, :1] * projection.du_mm + corners_px[:, 1:] * projection.dv_mm
        normal = np.cross(projection.du_mm, projection.dv_mm)
        normal /= np.linalg.norm(normal)
        sdd = float(np.dot(corners[0] - projection.source_mm, normal))
        index_corners = np.array(np.meshgrid(*[(-0.5, n - 0.5) for n in self._shape])).reshape(3, -1)
        world = self._affine[:3, :3] @ index_corners + self._affine[:3, 3:]
        depth = (normal @ (world - projection.source_mm[:, None])) * np.sign(sdd)
        if depth.max() > abs(sdd) * 1.5 or depth.min() < -abs(sdd) * 0.5:
            # The caster integrates whole lines: far beyond the detector or behind the source it would add tissue.
            raise ValueError("The patient's volume reaches behind the source or far beyond the detector.")


def _halved(
    density: npt.NDArray[np.float32], labels: npt.NDArray[np.uint8], affine: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8], npt.NDArray[np.float64]]:
    """Means of 2 × 2 voxels in the planes of the two finest axes; labels are taken from one voxel of each block."""
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    factor = np.ones(3, int)
    factor[np.argsort(spacing, kind="stable")[:2]] = 2
    keep = [n // f * f for n, f in zip(density.shape, factor, strict=True)]
    if min(keep) == 0:
        return density, labels, affine
    cropped = density[: keep[0], : keep[1], : keep[2]]
    shape = [v for n, f in zip(keep, factor, strict=True) for v in (n // f, f)]
    binned = cropped.reshape(shape).mean(axis=(1, 3, 5), dtype=np.float32)
    coarse = np.array(affine)
    coarse[:3, :3] = affine[:3, :3] * factor
    coarse[:3, 3] = affine[:3, 3] + affine[:3, :3] @ ((factor - 1) / 2)
    return binned, labels[: keep[0] : factor[0], : keep[1] : factor[1], : keep[2] : factor[2]], coarse


def _occupancy(quantised: npt.NDArray[np.uint16]) -> tuple[npt.NDArray[np.uint8], tuple[int, int, int]]:
    """Blocks of 8³ voxels (k, j, i order) that hold or touch tissue, flat, and their strides for (i, j, k)."""
    size = 1 << BLOCK_SHIFT
    # A bilinear sample reads the next voxel, and labels are rounded to it: mark a block for its neighbour's tissue too.
    tissue = quantised > 0
    grown = tissue.copy()
    for axis in range(3):
        grown |= np.roll(grown, -1, axis=axis)
    blocks = [(n + size - 1) // size for n in grown.shape]
    room = np.zeros([b * size for b in blocks], bool)
    room[tuple(slice(0, n) for n in grown.shape)] = grown
    coarse = room.reshape(blocks[0], size, blocks[1], size, blocks[2], size).any(axis=(1, 3, 5))
    bj, bi = blocks[1:]
    return np.ascontiguousarray(coarse).astype(np.uint8).ravel(), (1, bi, bi * bj)
