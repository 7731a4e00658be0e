"""Slow renderers to measure the others by: dense trilinear sampling, and exact paths through labelled voxels."""

from __future__ import annotations

import math

import numba as nb
import numpy as np
import numpy.typing as npt

from fluorosam_sim.geometry import Projection
from fluorosam_sim.patients.patient import Patient
from fluorosam_sim.render.materials import density_gcm3


@nb.njit(parallel=True, error_model="numpy", cache=True)
def _integrate(volume, source, origin, du, dv, spacing, step_mm, out):  # type: ignore[no-untyped-def]
    height, width = out.shape
    n0, n1, n2 = volume.shape
    for p in nb.prange(height * width):
        row, col = p // width, p % width
        direction = origin + col * du + row * dv - source
        length = math.sqrt(np.sum((direction * spacing) ** 2))
        near, far = 0.0, 1.0
        for axis in range(3):
            if abs(direction[axis]) < 1e-12:
                continue
            a = (-1.0 - source[axis]) / direction[axis]
            b = (volume.shape[axis] - source[axis]) / direction[axis]
            near, far = max(near, min(a, b)), min(far, max(a, b))
        if far <= near:
            continue
        steps = math.ceil((far - near) * length / step_mm)
        h = (far - near) / steps
        total = 0.0
        for k in range(steps):
            t = near + (k + 0.5) * h
            x, y, z = source[0] + t * direction[0], source[1] + t * direction[1], source[2] + t * direction[2]
            i, j, m = math.floor(x), math.floor(y), math.floor(z)
            fx, fy, fz = x - i, y - j, z - m
            for a in range(2):
                for b in range(2):
                    for c in range(2):
                        u, v, w = i + a, j + b, m + c
                        if 0 <= u < n0 and 0 <= v < n1 and 0 <= w < n2:
                            weight = (fx if a else 1 - fx) * (fy if b else 1 - fy) * (fz if c else 1 - fz)
                            total += weight * volume[u, v, w]
        out[row, col] = total * h * length


def area_density_gcm2(patient: Patient, projection: Projection, step_mm: float = 0.1) -> npt.NDArray[np.float64]:
    """(H, W) float64 total mass per area along each ray, g/cm², from trilinear samples every step_mm."""
    to_index = np.linalg.inv(patient.affine)
    linear = to_index[:3, :3]
    out = np.zeros((projection.height, projection.width))
    _integrate(
        density_gcm3(patient.hu),
        linear @ projection.source_mm + to_index[:3, 3],
        linear @ projection.origin_mm + to_index[:3, 3],
        linear @ projection.du_mm,
        linear @ projection.dv_mm,
        np.array(patient.spacing_mm),
        step_mm,
        out,
    )
    return out * 0.1


@nb.njit(parallel=True, error_model="numpy", cache=True)
def _cross(labels, source, origin, du, dv, spacing, out):  # type: ignore[no-untyped-def]
    height, width = out.shape[1], out.shape[2]
    for p in nb.prange(height * width):
        row, col = p // width, p % width
        direction = origin + col * du + row * dv - source
        length = math.sqrt(np.sum((direction * spacing) ** 2))
        # Voxel n reaches from n − ½ to n + ½: walk from face to face (Siddon's method).
        t = 0.0
        for axis in range(3):
            if direction[axis] != 0:
                a = (-0.5 - source[axis]) / direction[axis]
                b = (labels.shape[axis] - 0.5 - source[axis]) / direction[axis]
                t = max(t, min(a, b))
        while t < 1.0:
            middle = t + 1e-9
            following = 1.0
            inside = True
            for axis in range(3):
                x = source[axis] + middle * direction[axis] + 0.5
                inside = inside and 0 <= x < labels.shape[axis]
                if direction[axis] > 0:
                    following = min(following, (math.floor(x) + 1 - 0.5 - source[axis]) / direction[axis])
                elif direction[axis] < 0:
                    following = min(following, (math.ceil(x) - 1 - 0.5 - source[axis]) / direction[axis])
            if not inside:
                break
            following = max(following, middle)
            i = int(source[0] + middle * direction[0] + 0.5)
            j = int(source[1] + middle * direction[1] + 0.5)
            k = int(source[2] + middle * direction[2] + 0.5)
            out[labels[i, j, k], row, col] += (following - t) * length
            t = following


def label_paths_mm(patient: Patient, projection: Projection) -> npt.NDArray[np.float64]:
    """(labels, H, W) float64 exact length in mm of each ray inside each label's voxels, source to detector."""
    to_index = np.linalg.inv(patient.affine)
    linear = to_index[:3, :3]
    out = np.zeros((len(patient.label_names), projection.height, projection.width))
    _cross(
        patient.labels,
        linear @ projection.source_mm + to_index[:3, 3],
        linear @ projection.origin_mm + to_index[:3, 3],
        linear @ projection.du_mm,
        linear @ projection.dv_mm,
        np.array(patient.spacing_mm),
        out,
    )
    return out
