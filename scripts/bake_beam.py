"""Bakes the X-ray beam's tables: tube spectra (SpekPy) and mass attenuation coefficients (xraylib).

    pip install spekpy xraylib
    python scripts/bake_beam.py

Writes fluorosam_sim/render/data/beam.npz, about 100 kB, with the versions of both packages in its field `source`.
Running the renderer needs neither of them. Fields:

energies_kev   (E,) centres of 1 keV bins, 10.5 to 149.5
kvp            (K,) tube voltages 40, 41 … 150 kV
fluence        (K, E) photons / (cm² · mAs) in each bin, 1 m from the focal spot, no filter but the
               tungsten target's own absorption (anode angle 12°)
materials      (M,) names
cm2_g          (M, E) total mass attenuation coefficients, coherent scattering included
density_gcm3   (M,) usual mass densities
elements       (92,) chemical symbols, hydrogen to uranium: what instruments and implants are made of
element_cm2_g  (92, E) their total mass attenuation coefficients
air_energy_absorption_cm2_g   (E,) mass energy-absorption coefficient of dry air
source         where the numbers come from
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import spekpy
import xraylib

OUT = Path(__file__).resolve().parents[1] / "fluorosam_sim" / "render" / "data" / "beam.npz"
ANODE_DEG = 12.0
ENERGIES_KEV = np.arange(10.5, 150.0, 1.0)
KVP = np.arange(40, 151)

# Mass fractions of the alloys: titanium grade 5 (ASTM F136), 316L steel (F138), cobalt-chromium-molybdenum (F75).
ALLOYS: dict[str, tuple[float, dict[str, float]]] = {
    "titanium": (4.43, {"Ti": 0.90, "Al": 0.06, "V": 0.04}),
    "stainless steel": (8.0, {"Fe": 0.64, "Cr": 0.18, "Ni": 0.14, "Mo": 0.025, "Mn": 0.015}),
    "cobalt chromium": (8.3, {"Co": 0.645, "Cr": 0.285, "Mo": 0.06, "Ni": 0.01}),
}
COMPOUNDS = {
    "water": ("Water, Liquid", 1.0),
    "soft tissue": ("Tissue, Soft (ICRP)", 1.03),
    "cortical bone": ("Bone, Cortical (ICRP)", 1.85),
}
ELEMENTS = {"aluminium": ("Al", 2.699), "copper": ("Cu", 8.96), "iodine": ("I", 4.93)}
SCINTILLATOR = ("CsI", 4.51)
MOST_PROTONS = 92
# Mass energy-absorption coefficient of dry air in cm²/g (xraylib 4.3's CS_Energy is up to a third lower at 20 keV).
AIR_KEV = np.array([10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0, 80.0, 100.0, 150.0])
AIR_CM2_G = np.array([4.742, 1.334, 0.5389, 0.1537, 0.06833, 0.04098, 0.03041, 0.02407, 0.02325, 0.02496])


def attenuation() -> tuple[list[str], np.ndarray, np.ndarray]:
    """Names (M), mass attenuation coefficients (M, E) in cm²/g and densities (M,) in g/cm³."""
    rows: dict[str, tuple[float, list[float]]] = {}
    for name, (nist, density) in COMPOUNDS.items():
        rows[name] = density, [xraylib.CS_Total_CP(nist, float(e)) for e in ENERGIES_KEV]
    for name, (symbol, density) in ELEMENTS.items():
        z = xraylib.SymbolToAtomicNumber(symbol)
        rows[name] = density, [xraylib.CS_Total(z, float(e)) for e in ENERGIES_KEV]
    for name, (density, parts) in ALLOYS.items():
        total = sum(parts.values())
        rows[name] = (
            density,
            [
                sum(w * xraylib.CS_Total(xraylib.SymbolToAtomicNumber(s), float(e)) for s, w in parts.items()) / total
                for e in ENERGIES_KEV
            ],
        )
    formula, density = SCINTILLATOR
    rows["caesium iodide"] = density, [xraylib.CS_Total_CP(formula, float(e)) for e in ENERGIES_KEV]
    names = list(rows)
    return names, np.array([rows[n][1] for n in names]), np.array([rows[n][0] for n in names])


def elements() -> tuple[list[str], np.ndarray]:
    """Symbols (Z) and total mass attenuation coefficients (Z, E) in cm²/g."""
    protons = range(1, MOST_PROTONS + 1)
    symbols = [xraylib.AtomicNumberToSymbol(z) for z in protons]
    return symbols, np.array([[xraylib.CS_Total(z, float(e)) for e in ENERGIES_KEV] for z in protons])


def spectra() -> np.ndarray:
    """(K, E) photons / (cm² · mAs) per 1 keV bin at 1 m."""
    table = np.zeros((len(KVP), len(ENERGIES_KEV)))
    for row, kvp in enumerate(KVP):
        energies, fluence = spekpy.Spek(kvp=float(kvp), th=ANODE_DEG, dk=1.0, z=100.0).get_spectrum()
        for energy, value in zip(energies, fluence, strict=True):
            column = round(float(energy) - ENERGIES_KEV[0])
            if 0 <= column < len(ENERGIES_KEV):
                table[row, column] = value
    return table


def main() -> int:
    names, cm2_g, densities = attenuation()
    symbols, element_cm2_g = elements()
    air = np.exp(np.interp(np.log(ENERGIES_KEV), np.log(AIR_KEV), np.log(AIR_CM2_G)))
    source = (
        f"Spectra: SpekPy {version('spekpy')} (Poludniowski, Omar, Bujila & Andreo, Med. Phys. 48 (2021) 3630), "
        f"tungsten, {ANODE_DEG:g}°, no filter. Attenuation: xraylib {version('xraylib')} "
        "(Schoonjans et al., Spectrochim. Acta B 66 (2011) 776; NIST compositions). "
        "Energy absorption in air: Hubbell & Seltzer, NISTIR 5632 (1995)."
    )
    OUT.parent.mkdir(exist_ok=True)
    np.savez_compressed(
        OUT,
        energies_kev=ENERGIES_KEV.astype(np.float32),
        kvp=KVP.astype(np.float32),
        fluence=spectra().astype(np.float32),
        materials=np.array(names),
        cm2_g=cm2_g.astype(np.float32),
        density_gcm3=densities.astype(np.float32),
        elements=np.array(symbols),
        element_cm2_g=element_cm2_g.astype(np.float32),
        air_energy_absorption_cm2_g=air.astype(np.float32),
        source=np.array(source),
    )
    print(f"{OUT}: {OUT.stat().st_size / 1e3:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
