"""A slow renderer to measure the others by: dense trilinear sampling in double precision."""

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
