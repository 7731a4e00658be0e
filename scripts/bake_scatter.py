"""Bakes the kernels of scattered radiation: a Monte Carlo of pencil beams through water slabs (xraylib cross-sections).

    pip install xraylib
    python scripts/bake_scatter.py

Writes fluorosam_sim/render/data/scatter.npz. For tube voltage, water thickness and air gap behind the slab it holds

    within[v, t, g, r]   scattered energy that the scintillator absorbs inside a circle of radius r around the pencil,
                         over the primary energy it absorbs from the pencil

so that behind a uniform slab in a circular field of radius r on the detector `within` is the scatter-to-primary ratio
on the axis. There the pencils lean outwards and look back at the axis less obliquely than a parallel beam would: each
photon is weighted for that, for a focal spot SOURCE_CM from the detector. Photoelectric absorption, bound Compton
(incoherent scattering functions) and coherent scattering (form factors of H2O, independent atoms) of the filtered
spectrum; several scatterings.
"""
# ruff: noqa: NPY002 - compiled by numba, which knows numpy's legacy generator only

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

import numba as nb
import numpy as np
import xraylib

from fluorosam_sim.render.beam import SCINTILLATOR_GCM2, Filtration, attenuation_cm2_g, spectrum

OUT = Path(__file__).resolve().parents[1] / "fluorosam_sim" / "render" / "data" / "scatter.npz"
KVP = np.array([60.0, 90.0, 120.0])
THICKNESS_CM = np.array([2.5, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0])
GAP_CM = np.array([0.0, 10.0, 20.0, 30.0, 45.0])
RADIUS_CM = np.array([0.5, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12, 14, 17, 20, 25, 30, 40], float)
SOURCE_CM = 120.0
SCATTERED = 20_000  # scattered photons to be counted for each spectrum and thickness
WATER = "Water, Liquid"
ENERGIES = np.arange(1.0, 151.0)  # keV
TRANSFER = np.linspace(0.0, 13.0, 2601)  # sin(half angle) / wavelength, 1/Å
STEP = TRANSFER[1]


def tables() -> tuple[np.ndarray, ...]:
    """Photoelectric, Compton and coherent cm²/g by energy; cumulated squared form factor and S(x) by transfer."""
    parts = [
        np.array([function(WATER, float(e)) for e in ENERGIES])
        for function in (xraylib.CS_Photo_CP, xraylib.CS_Compt_CP, xraylib.CS_Rayl_CP)
    ]
    x = np.maximum(TRANSFER, 1e-6)
    form = np.array([2 * xraylib.FF_Rayl(1, q) ** 2 + xraylib.FF_Rayl(8, q) ** 2 for q in np.maximum(x, 1e-3)])
    cumulated = np.concatenate([[0.0], np.cumsum(0.5 * (form[1:] + form[:-1]) * np.diff(x**2))])
    incoherent = np.array([(2 * xraylib.SF_Compt(1, q) + xraylib.SF_Compt(8, q)) / 10 for q in np.maximum(x, 1e-3)])
    return *parts, cumulated, incoherent


@nb.njit
def _at(table, x):  # type: ignore[no-untyped-def]
    i = min(max(int(x), 0), len(table) - 2)
    return table[i] + (x - i) * (table[i + 1] - table[i])


@nb.njit
def _turned(u, v, w, cosine, azimuth):  # type: ignore[no-untyped-def]
    sine = np.sqrt(max(0.0, 1.0 - cosine * cosine))
    c, s = sine * np.cos(azimuth), sine * np.sin(azimuth)
    across = np.sqrt(max(1.0 - w * w, 0.0))
    if across < 1e-7:
        return c, s, cosine * np.sign(w)
    return (
        (u * w * c - v * s) / across + u * cosine,
        (v * w * c + u * s) / across + v * cosine,
        -across * c + w * cosine,
    )


@nb.njit
def simulate(  # type: ignore[no-untyped-def]
    wanted,
    cumulated_spectrum,
    energies,
    thickness,
    gaps,
    radii,
    source,
    photo,
    compton,
    coherent,
    form,
    incoherent,
    depth,
    seed,
):
    """Cumulated (gap, radius) scattered energy over the primary energy, both as the detector absorbs them.

    depth: optical thickness of the scintillator by energy; oblique photons cross more of it.
    """
    np.random.seed(seed)
    scattered = np.zeros((len(gaps), len(radii)))
    primary, counted = 0.0, 0
    while counted < wanted:
        energy = energies[np.searchsorted(cumulated_spectrum, np.random.random())]
        e = energy - 1.0
        total = _at(photo, e) + _at(compton, e) + _at(coherent, e)
        primary += np.exp(-total * thickness) * energy * (1.0 - np.exp(-_at(depth, e)))
        x = y = z = u = v = 0.0
        w = weight = 1.0
        while True:
            e = energy - 1.0
            m_photo, m_compton, m_coherent = _at(photo, e), _at(compton, e), _at(coherent, e)
            step = -np.log(np.random.random()) / (m_photo + m_compton + m_coherent)
            x, y, z = x + u * step, y + v * step, z + w * step
            if z < 0 or x * x + y * y > 60.0**2:
                break
            if z > thickness:
                if u != 0.0 or v != 0.0:
                    counted += 1
                    left = thickness - (z - w * step)  # water still to cross after the last scattering
                    for g in range(len(gaps)):
                        on = (thickness + gaps[g] - z) / w  # flight to the detector, back out of the overshoot first
                        k = np.searchsorted(radii, np.hypot(x + u * on, y + v * on))
                        if k < len(radii):
                            tangent = np.sqrt(1.0 - w * w) / w * (1.0 - (left + gaps[g]) / source)
                            steep = 1.0 / np.sqrt(1.0 + tangent * tangent)
                            m = m_photo + m_compton + m_coherent
                            closer = (steep / w) ** 3 * np.exp(m * left * (1.0 / w - 1.0 / steep))
                            stopped = 1.0 - np.exp(-_at(depth, e) / steep)
                            scattered[g, k] += min(closer, 5.0) * weight * energy * stopped
                break
            weight *= (m_compton + m_coherent) / (m_photo + m_compton + m_coherent)
            if weight < 0.02:
                if np.random.random() < 0.5:
                    break
                weight *= 2.0
            highest = energy / 12.398  # transfer of straight backscatter
            if np.random.random() * (m_compton + m_coherent) < m_compton:
                alpha = energy / 511.0
                while True:
                    cosine = 2.0 * np.random.random() - 1.0
                    ratio = 1.0 / (1.0 + alpha * (1.0 - cosine))
                    klein_nishina = ratio * ratio * (ratio + 1.0 / ratio - 1.0 + cosine * cosine)
                    bound = _at(incoherent, highest * np.sqrt((1.0 - cosine) / 2.0) / STEP)
                    if 2.0 * np.random.random() < klein_nishina * bound:
                        break
                energy *= ratio
            else:
                while True:
                    goal = np.random.random() * _at(form, highest / STEP)
                    k = np.searchsorted(form, goal)
                    fraction = (goal - form[k - 1]) / (form[k] - form[k - 1])
                    squared = ((k - 1) ** 2 + fraction * (k * k - (k - 1) ** 2)) * STEP * STEP
                    cosine = 1.0 - 2.0 * squared / highest**2
                    if cosine >= -1.0 and 2.0 * np.random.random() < 1.0 + cosine * cosine:
                        break
            if energy < 5.0:
                break
            u, v, w = _turned(u, v, w, cosine, 2.0 * np.pi * np.random.random())
    for g in range(len(gaps)):
        for k in range(1, len(radii)):
            scattered[g, k] += scattered[g, k - 1]
    return scattered / primary


def main() -> int:
    photo, compton, coherent, form, incoherent = tables()
    within = np.zeros((len(KVP), len(THICKNESS_CM), len(GAP_CM), len(RADIUS_CM)))
    for v, kvp in enumerate(KVP):
        energies, fluence = spectrum(float(kvp), Filtration())
        cumulated = np.cumsum(fluence) / fluence.sum()
        depth = np.interp(ENERGIES, energies, attenuation_cm2_g("caesium iodide")) * SCINTILLATOR_GCM2
        for t, thickness in enumerate(THICKNESS_CM):
            within[v, t] = simulate(
                SCATTERED, cumulated, energies.astype(float), thickness, GAP_CM, RADIUS_CM, SOURCE_CM,
                photo, compton, coherent, form, incoherent, depth, 100 * v + t,
            )  # fmt: skip
            ratios = ", ".join(f"{value:.2f}" for value in within[v, t, :, -1])
            print(f"{kvp:g} kV, {thickness:g} cm: scatter to primary in a wide field, by gap: {ratios}", flush=True)
    np.savez_compressed(
        OUT,
        kvp=KVP.astype(np.float32),
        thickness_cm=THICKNESS_CM.astype(np.float32),
        gap_cm=GAP_CM.astype(np.float32),
        radius_cm=RADIUS_CM.astype(np.float32),
        within=within.astype(np.float32),
        source=np.array(f"Monte Carlo of water slabs, cross-sections of xraylib {version('xraylib')}, this script"),
    )
    print(f"{OUT}: {OUT.stat().st_size / 1e3:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
