"""A patient's volume as the renderers read it: padded, quantised, with a map of where there is something."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fluorosam_sim.memory import free_bytes, gigabytes
from fluorosam_sim.patients.patient import Patient
from fluorosam_sim.render.blocks import BLOCK_SHIFT, mark_blocks
from fluorosam_sim.render.materials import BONE_FROM_GCM3, density_table

_MOST_VOXELS = 2**31 - 1  # the kernels index with 32 bits
_BYTES_A_VOXEL = 11  # quantised, labels, and a packing for each of the two axes that views may need
_PADDING = (1, 2)  # voxels of air before and after
_INNER = slice(_PADDING[0], -_PADDING[1])


@dataclass(frozen=True, eq=False)
class Volume:
    """Padded by one voxel of air before and two after along every axis, stored k-major with i fastest.

    Two, because rays that have left the volume are sampled at its far end: both voxels of that sample must be air.
    quantised: (k, j, i) uint16 densities in units of scale g/cm³. labels: flat uint8. sizes, strides: of (i, j, k).
    occupied: flat uint8 by block of 8³ voxels, and held: (blocks, words) uint32, what blocks.mark_blocks says of it;
    with strides of (i, j, k). affine: from unpadded index to world mm.
    """

    quantised: npt.NDArray[np.uint16]
    scale: float
    labels: npt.NDArray[np.uint8]
    sizes: tuple[int, int, int]
    strides: tuple[int, int, int]
    occupied: npt.NDArray[np.uint8]
    held: npt.NDArray[np.uint32]
    occupied_strides: tuple[int, int, int]
    affine: npt.NDArray[np.float64]

    def packed(self, axis: int) -> npt.NDArray[np.uint32]:
        """Flat: each voxel with its next neighbour along an axis (0 = i … 2 = k) in the high half-word."""
        stored_axis = 2 - axis
        halves = np.empty((*self.quantised.shape, 2), np.uint16)
        own, following = (0, 1) if sys.byteorder == "little" else (1, 0)
        halves[..., own] = self.quantised
        shifted = np.moveaxis(halves[..., following], stored_axis, 0)
        shifted[:-1] = np.moveaxis(self.quantised, stored_axis, 0)[1:]
        shifted[-1] = 0  # beyond the padding
        return halves.view(np.uint32).ravel()

    def density_at(self, point_mm: npt.NDArray[np.float64]) -> float:
        """Density in g/cm³ of the voxel at a world point (3,), 0 outside."""
        to_index = np.linalg.inv(self.affine)
        i, j, k = np.floor(to_index[:3, :3] @ point_mm + to_index[:3, 3] + 1.5).astype(int)
        if not (0 <= i < self.sizes[0] and 0 <= j < self.sizes[1] and 0 <= k < self.sizes[2]):
            return 0.0
        return float(self.quantised[k, j, i]) * self.scale


def label_words(label_names: tuple[str, ...]) -> int:
    """How many words of 64 labels a set of labels takes."""
    return (len(label_names) + 63) // 64


def needed_bytes(shape: tuple[int, ...], halve: bool = False) -> int:
    """Bytes of memory that a renderer of a volume takes, at most; halve as in prepare."""
    voxels = math.prod(int(n) + sum(_PADDING) for n in shape)
    # While a preview is made its mean densities take a byte by voxel of the CT: less than packings take later.
    return voxels * _BYTES_A_VOXEL // (4 if halve else 1)


def prepare(patient: Patient, halve: bool = False) -> Volume:
    """The volume of a patient; halve bins the two finest axes by two.

    Raises ValueError for an empty volume, CT numbers that are not whole, labels of another shape, an affine that has
    no inverse, more than 2³¹ voxels, and for a volume that does not fit into the free memory.
    """
    hu, labels, affine = patient.hu, patient.labels, np.array(patient.affine, float)
    if hu.ndim != 3 or hu.size == 0:
        raise ValueError(f"The volume of {patient.name} is empty (shape {hu.shape}).")
    if hu.dtype.kind not in "iu":
        raise ValueError(f"The CT numbers of {patient.name} must be whole numbers, not {hu.dtype}, which may hold NaN.")
    if labels.shape != hu.shape:
        raise ValueError(f"The labels of {patient.name} have shape {labels.shape}, the CT {hu.shape}.")
    if affine.shape != (4, 4) or not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-12:
        raise ValueError(f"The affine of {patient.name} has no inverse.")
    sizes = tuple(n + sum(_PADDING) for n in hu.shape)
    voxels = int(np.prod([int(n) for n in sizes]))
    if voxels > _MOST_VOXELS:
        raise ValueError(
            f"The volume of {patient.name} has {voxels / 1e9:.1f} thousand million voxels: crop or bin it."
        )
    needed, free = needed_bytes(hu.shape, halve), free_bytes()
    if free is not None and needed > free:
        preview = needed_bytes(hu.shape, halve=True)
        instead = f"take the preview quality ({gigabytes(preview)}), or " if not halve and preview <= free else ""
        raise ValueError(
            f"The volume of {patient.name} needs about {gigabytes(needed)} of memory and {gigabytes(free)} are free: "
            f"{instead}crop or bin it."
        )
    table = density_table()
    if halve:
        factor = np.ones(3, int)
        factor[np.argsort(np.linalg.norm(affine[:3, :3], axis=0), kind="stable")[:2]] = 2
        factor = np.minimum(factor, hu.shape)
        density = _binned(hu, table, factor)
        labels = labels[tuple(slice(0, n * f, f) for n, f in zip(density.shape, factor, strict=True))]
        affine[:3, 3] += affine[:3, :3] @ ((factor - 1) / 2)
        affine[:3, :3] *= factor
        scale = max(float(density.max()), 1e-6) / 65535.0
        quantised = np.zeros([n + sum(_PADDING) for n in density.shape[::-1]], np.uint16)
        for k in range(density.shape[2]):
            quantised[k + 1][_INNER, _INNER] = np.round(density[:, :, k].T / scale)
        del density
    else:
        top = int(np.clip(hu.max(), -1024, 3071)) + 1024
        scale = max(float(table[: top + 1].max()), 1e-6) / 65535.0
        steps = np.round(np.minimum(table / scale, 65535)).astype(np.uint16)
        quantised = np.zeros((sizes[2], sizes[1], sizes[0]), np.uint16)
        for k in range(hu.shape[2]):  # slice by slice: no copy of the whole in a wider type
            quantised[k + 1][_INNER, _INNER] = steps[np.clip(hu[:, :, k].T, -1024, 3071).astype(np.int32) + 1024]
    nk, nj, ni = quantised.shape
    stored_labels = np.zeros(quantised.shape, np.uint8)
    stored_labels[_INNER, _INNER, _INNER] = labels.transpose(2, 1, 0)
    occupied = np.empty([-(-n // (1 << BLOCK_SHIFT)) for n in quantised.shape], np.uint8)
    held = np.zeros((*occupied.shape, 2 * label_words(patient.label_names)), np.uint32)
    mark_blocks(quantised, stored_labels, np.float32(BONE_FROM_GCM3 / scale), occupied, held)
    _, bj, bi = occupied.shape
    return Volume(
        quantised,
        scale,
        stored_labels.ravel(),
        (ni, nj, nk),
        (1, ni, ni * nj),
        occupied.ravel(),
        held.reshape(-1, held.shape[-1]),
        (1, bi, bi * bj),
        affine,
    )


def _binned(
    hu: npt.NDArray[np.int16], table: npt.NDArray[np.float32], factor: npt.NDArray[np.int_]
) -> npt.NDArray[np.float32]:
    """Mean density of blocks of voxels; what does not fill a block at the far ends is left out."""
    shape = [n // f for n, f in zip(hu.shape, factor, strict=True)]
    out = np.zeros(shape[::-1], np.float32).transpose(2, 1, 0)  # i fastest, as patients are stored
    fi, fj, fk = (int(f) for f in factor)
    for k in range(shape[2]):  # slice by slice: a volume of gigabytes is never held in a wider type
        mean = out[:, :, k]
        for a in range(fi):
            for b in range(fj):
                for c in range(fk):
                    part = hu[a : shape[0] * fi : fi, b : shape[1] * fj : fj, k * fk + c]
                    mean += table[np.clip(part, -1024, 3071).astype(np.int32) + 1024]
    out /= fi * fj * fk
    return out
