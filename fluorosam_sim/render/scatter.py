"""Scattered radiation: superposition of Monte Carlo kernels on a coarse grid, and the anti-scatter grid.

Every pencil of the beam spreads the scatter of a water slab of its own thickness around itself, as
scripts/bake_scatter.py computed it for tube voltage, thickness and the air gap behind the body. The image of scatter
has no detail, so a grid of centimetres does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import cv2
import numpy as np
import numpy.typing as npt

Float32Array = npt.NDArray[np.float32]
FloatArray = npt.NDArray[np.float64]

_CELL_MM = 8.0
_SUBCELLS = 5


@dataclass(frozen=True)
class AntiScatterGrid:
    """Shares of primary and of scattered radiation that a grid lets through (both 1: no grid).

    The defaults are those measured for a grid of ratio 10 by Altunbas et al., Med. Phys. 43 (2016) 3826 (abstract
    WE-AB-207A-10): 70.6 % and 21 %.
    """

    primary: float = 0.706
    scatter: float = 0.21


STANDARD_GRID = AntiScatterGrid()


@dataclass(frozen=True, eq=False)
class ScatterTable:
    """The baked kernels; see scripts/bake_scatter.py."""

    kvp: FloatArray
    thickness_cm: FloatArray
    gap_cm: FloatArray
    radius_cm: FloatArray
    within: FloatArray


@lru_cache(maxsize=1)
def table() -> ScatterTable:
    """The baked kernels, read once; a zero-thickness slab that scatters nothing is put first."""
    with (files("fluorosam_sim.render") / "data" / "scatter.npz").open("rb") as file, np.load(file) as data:
        names = ("kvp", "thickness_cm", "gap_cm", "radius_cm", "within")
        kvp, thickness, gap, radius, within = (data[name].astype(float) for name in names)
    none = np.zeros_like(within[:, :1])
    return ScatterTable(kvp, np.concatenate([[0.0], thickness]), gap, radius, np.concatenate([none, within], axis=1))


def scatter_within(radius_mm: float, thickness_gcm2: float, gap_mm: float, kvp: float) -> float:
    """Scatter-to-primary ratio on the axis behind a uniform slab of water-like mass, without a grid.

    radius_mm: of the circular field on the detector. gap_mm: air between the slab's exit and the detector. Arguments
    beyond the tables (40 cm thickness and radius, 45 cm gap, 60 to 120 kV) count as their nearest.
    """
    data = table()
    by_thickness = _cumulated(kvp, gap_mm)
    column = np.array([np.interp(thickness_gcm2, data.thickness_cm, row) for row in by_thickness.T])
    return float(np.interp(radius_mm / 10, np.concatenate([[0.0], data.radius_cm]), np.concatenate([[0.0], column])))


def scattered(
    primary: Float32Array, mass_gcm2: Float32Array, pitch_mm: tuple[float, float], gap_mm: float, kvp: float
) -> Float32Array:
    """(H, W) float32 scattered signal on the scale of `primary` (H, W), before any grid.

    primary: unscattered signal behind the body, zero under the collimator. mass_gcm2: (H, W) area density of the body.
    pitch_mm: pixel width and height on the detector.
    """
    height, width = primary.shape
    cols = max(round(width * pitch_mm[0] / _CELL_MM), 1)
    rows = max(round(height * pitch_mm[1] / _CELL_MM), 1)
    cell_mm = (width * pitch_mm[0] / cols, height * pitch_mm[1] / rows)
    coarse = cv2.resize(primary, (cols, rows), interpolation=cv2.INTER_AREA)
    carried = cv2.resize(primary * mass_gcm2, (cols, rows), interpolation=cv2.INTER_AREA)
    # The thickness that counts is that of where the beam comes through.
    thickness = carried / np.maximum(coarse, 1e-12)
    nodes = table().thickness_cm
    kernels = _kernel_spectra(round(kvp), round(gap_mm / 10) * 10, rows, cols, cell_mm)
    padded = (2 * rows, 2 * cols)
    total = np.zeros((padded[0], padded[1] // 2 + 1), complex)
    position = np.interp(thickness, nodes, np.arange(len(nodes)))
    for node in range(1, len(nodes)):
        weight = np.clip(1 - np.abs(position - node), 0, 1)
        if weight.any():
            total += np.fft.rfft2(coarse * weight, padded) * kernels[node]
    # Where nothing scatters to, the transforms' rounding leaves a little more or less than nothing.
    image = np.maximum(np.fft.irfft2(total, padded)[:rows, :cols], 0).astype(np.float32)
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _cumulated(kvp: float, gap_mm: float) -> FloatArray:
    """(thickness, radius) scatter over primary within a radius, at a voltage and a gap."""
    data = table()
    v = float(np.interp(kvp, data.kvp, np.arange(len(data.kvp))))
    g = float(np.interp(gap_mm / 10, data.gap_cm, np.arange(len(data.gap_cm))))
    i, j = min(int(v), len(data.kvp) - 2), min(int(g), len(data.gap_cm) - 2)
    fv, fg = v - i, g - j
    rows = (1 - fv) * data.within[i] + fv * data.within[i + 1]
    return np.asarray((1 - fg) * rows[:, j] + fg * rows[:, j + 1])


@lru_cache(maxsize=32)
def _kernel_spectra(
    kvp: int, gap_mm: int, rows: int, cols: int, cell_mm: tuple[float, float]
) -> npt.NDArray[np.complex128]:
    """(thickness, 2·rows, cols + 1) Fourier transforms of the kernels on the coarse grid, wrapped around (0, 0)."""
    data = table()
    edges = np.concatenate([[0.0], data.radius_cm]) * 10
    areas = np.pi * np.diff(edges**2)
    sub = (np.arange(_SUBCELLS) + 0.5) / _SUBCELLS - 0.5
    y = (np.fft.fftfreq(2 * rows) * 2 * rows)[:, None] + sub[None, :]
    x = (np.fft.fftfreq(2 * cols) * 2 * cols)[:, None] + sub[None, :]
    radius = np.hypot(y.ravel()[:, None] * cell_mm[1], x.ravel()[None, :] * cell_mm[0])
    ring = np.searchsorted(edges[1:], radius)
    spectra = []
    for cumulated in _cumulated(kvp, gap_mm):
        density = np.append(np.diff(np.concatenate([[0.0], cumulated])) / areas, 0.0)
        fine = density[np.minimum(ring, len(areas))].reshape(2 * rows, _SUBCELLS, 2 * cols, _SUBCELLS)
        spectra.append(np.fft.rfft2(fine.mean(axis=(1, 3)) * cell_mm[0] * cell_mm[1]))
    return np.array(spectra)
