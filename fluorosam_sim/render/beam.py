"""The X-ray beam: spectra, filtration, air kerma, half-value layers and what passes through matter.

All numbers come from one table that scripts/bake_beam.py wrote with SpekPy and xraylib: `table().source` names them.
Signals are energies absorbed by the scintillator (a flat panel integrates energy), relative to the open beam.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numba as nb
import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]

SCINTILLATOR_GCM2 = 0.20  # 600 µm of columnar caesium iodide, packed to three quarters of its solid density
Composition = tuple[tuple[str, float], ...]  # chemical symbols and mass fractions

# Knots of the transmission tables, g/cm²: dense where the beam still hardens quickly.
_SOFT_GCM2 = 80.0 * np.linspace(0.0, 1.0, 81) ** 1.5
_BONE_GCM2 = 25.0 * np.linspace(0.0, 1.0, 65) ** 2
_KEV_UJ = 1.602176634e-10


@dataclass(frozen=True)
class Filtration:
    """What lies in the beam before the patient: millimetres of aluminium (the tube's own included) and of copper."""

    aluminium_mm: float = 3.0
    copper_mm: float = 0.1

    def __post_init__(self) -> None:
        if not (0 <= self.aluminium_mm <= 50 and 0 <= self.copper_mm <= 5):
            raise ValueError("Filters are 0 to 50 mm of aluminium and 0 to 5 mm of copper.")


STANDARD_FILTRATION = Filtration()


@dataclass(frozen=True, eq=False)
class BeamTable:
    """The baked numbers; see scripts/bake_beam.py for units and shapes."""

    energies_kev: FloatArray
    kvp: FloatArray
    fluence: FloatArray
    cm2_g: Mapping[str, FloatArray]
    density_gcm3: Mapping[str, float]
    element_cm2_g: Mapping[str, FloatArray]
    air_energy_absorption_cm2_g: FloatArray
    source: str


@lru_cache(maxsize=1)
def table() -> BeamTable:
    """The baked table, read once."""
    with (files("fluorosam_sim.render") / "data" / "beam.npz").open("rb") as file, np.load(file) as data:
        names = [str(name) for name in data["materials"]]
        return BeamTable(
            data["energies_kev"].astype(float),
            data["kvp"].astype(float),
            data["fluence"].astype(float),
            dict(zip(names, data["cm2_g"].astype(float), strict=True)),
            dict(zip(names, (float(v) for v in data["density_gcm3"]), strict=True)),
            dict(zip((str(name) for name in data["elements"]), data["element_cm2_g"].astype(float), strict=True)),
            data["air_energy_absorption_cm2_g"].astype(float),
            str(data["source"]),
        )


def attenuation_cm2_g(material: str) -> FloatArray:
    """(E,) mass attenuation coefficient at the table's energies. Raises ValueError for an unknown material."""
    known = table().cm2_g
    if material not in known:
        raise ValueError(f"There is no material {material!r}: choose one of {', '.join(known)}.")
    return known[material]


@lru_cache(maxsize=256)
def mixture_cm2_g(composition: Composition) -> FloatArray:
    """(E,) mass attenuation coefficient of a mixture of elements. Raises ValueError for an unknown symbol."""
    known = table().element_cm2_g
    for symbol, _ in composition:
        if symbol not in known:
            raise ValueError(f"There is no chemical element {symbol!r} among hydrogen to uranium.")
    whole = sum(share for _, share in composition)
    if not whole > 0:
        raise ValueError("A material needs the mass fractions of its elements.")
    return np.asarray(sum(share * known[symbol] for symbol, share in composition) / whole)


def spectrum(kvp: float, filtration: Filtration = STANDARD_FILTRATION) -> tuple[FloatArray, FloatArray]:
    """Energies (E,) in keV, and photons per cm² and mAs in each 1 keV bin (E,) at 1 m without a patient.

    Raises ValueError outside 40 to 150 kV.
    """
    data = table()
    if not data.kvp[0] <= kvp <= data.kvp[-1]:
        raise ValueError(f"The tube voltage must be {data.kvp[0]:g} to {data.kvp[-1]:g} kV, not {kvp:g}.")
    position = float(kvp) - float(data.kvp[0])
    row = min(int(position), len(data.kvp) - 2)
    bare = data.fluence[row] + (position - row) * (data.fluence[row + 1] - data.fluence[row])
    exponent = np.zeros_like(bare)
    for material, thickness_mm in (("aluminium", filtration.aluminium_mm), ("copper", filtration.copper_mm)):
        exponent += data.cm2_g[material] * data.density_gcm3[material] * thickness_mm * 0.1
    return data.energies_kev, bare * np.exp(-exponent)


def kerma_ugy(fluence: FloatArray) -> float:
    """Air kerma in µGy of a fluence in photons/cm² by energy bin (E,)."""
    data = table()
    energy_per_g = float(np.sum(fluence * data.energies_kev * data.air_energy_absorption_cm2_g))  # keV/g
    return energy_per_g * _KEV_UJ * 1e3


def kerma_per_mas_ugy(kvp: float, filtration: Filtration = STANDARD_FILTRATION) -> float:
    """Air kerma in µGy per mAs, 1 m from the focal spot, without a patient; elsewhere by the inverse square."""
    return kerma_ugy(spectrum(kvp, filtration)[1])


def half_value_layer_mm_al(kvp: float, filtration: Filtration = STANDARD_FILTRATION) -> float:
    """Thickness of aluminium in mm that halves the air kerma."""
    fluence = spectrum(kvp, filtration)[1]
    linear = attenuation_cm2_g("aluminium") * table().density_gcm3["aluminium"] * 0.1
    low, high, whole = 0.0, 50.0, kerma_ugy(fluence)
    for _ in range(60):
        middle = (low + high) / 2
        if kerma_ugy(fluence * np.exp(-linear * middle)) > whole / 2:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def absorbed_share() -> FloatArray:
    """(E,) share of the photons of each energy that the scintillator stops."""
    return np.asarray(1.0 - np.exp(-attenuation_cm2_g("caesium iodide") * SCINTILLATOR_GCM2))


@dataclass(frozen=True)
class OpenBeam:
    """The unattenuated beam at the detector, per µGy of air kerma there.

    quanta_mm2: photons that a square millimetre of scintillator absorbs. mean_kev: their mean energy.
    """

    quanta_mm2: float
    mean_kev: float


@lru_cache(maxsize=64)
def open_beam(kvp: float, filtration: Filtration = STANDARD_FILTRATION) -> OpenBeam:
    """What a square millimetre of detector absorbs per µGy without a patient."""
    energies, fluence = spectrum(kvp, filtration)
    absorbed = fluence / kerma_ugy(fluence) * absorbed_share()
    return OpenBeam(float(absorbed.sum()) / 100.0, float((absorbed * energies).sum() / absorbed.sum()))


def exact_transmission(
    areas_gcm2: Mapping[str, npt.ArrayLike], kvp: float, filtration: Filtration = STANDARD_FILTRATION
) -> tuple[FloatArray, FloatArray]:
    """Signal relative to the open beam, and mean squared over mean absorbed energy in keV, by summing the spectrum.

    areas_gcm2: area density of any materials of the table; arrays that broadcast together. The second result is the
    factor between mean and variance of the absorbed energy (compound Poisson). Slow: expose() uses tables of it.
    """
    energies, fluence = spectrum(kvp, filtration)
    weight = fluence * absorbed_share()
    used = weight > 0
    exponent: FloatArray = np.zeros(1)
    for material, area in areas_gcm2.items():
        exponent = exponent + np.asarray(area, float)[..., None] * attenuation_cm2_g(material)[used]
    passed = weight[used] * np.exp(-exponent)
    first = (passed * energies[used]).sum(-1)
    second = (passed * energies[used] ** 2).sum(-1)
    open_signal = float((weight * energies).sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(first > 0, second / first, energies[used][-1])
    return np.asarray(first / open_signal), np.asarray(ratio)


@lru_cache(maxsize=16)
def _transmission_table(kvp: float, filtration: Filtration) -> Float32Array:
    """(soft, bone, 2): log signal and mean squared over mean energy at the knots."""
    areas = {"soft tissue": _SOFT_GCM2[:, None], "cortical bone": _BONE_GCM2[None, :]}
    signal, ratio = exact_transmission(areas, kvp, filtration)
    return np.stack([np.log(np.maximum(signal, 1e-30)), ratio], axis=-1).astype(np.float32)


def transmission(
    soft_gcm2: Float32Array,
    bone_gcm2: Float32Array,
    kvp: float,
    filtration: Filtration = STANDARD_FILTRATION,
    others: Sequence[tuple[Composition, Float32Array]] = (),
) -> tuple[Float32Array, Float32Array]:
    """Primary signal (H, W) relative to the open beam, 0 to 1, and mean squared over mean absorbed energy (H, W), keV.

    others: composition and area density (H, W) in g/cm² of more materials (instruments, implants); pixels that meet any
    of them are summed over the spectrum, the rest looked up. Area densities of soft tissue beyond 80 and of bone beyond
    25 g/cm² count as those.
    """
    lut = _transmission_table(float(kvp), filtration)
    signal, ratio = np.empty(soft_gcm2.shape, np.float32), np.empty(soft_gcm2.shape, np.float32)
    soft = np.ascontiguousarray(soft_gcm2, np.float32).ravel()
    bone = np.ascontiguousarray(bone_gcm2, np.float32).ravel()
    _look_up(soft, bone, lut, signal.ravel(), ratio.ravel())
    if others:
        areas = np.stack([area.ravel() for _, area in others])
        met = np.flatnonzero((areas > 0).any(axis=0))
        energies, fluence = spectrum(kvp, filtration)
        weight = fluence * absorbed_share()
        used = weight > 0
        names = [attenuation_cm2_g("soft tissue"), attenuation_cm2_g("cortical bone")]
        coefficients = np.array([*names, *(mixture_cm2_g(composition) for composition, _ in others)])[:, used]
        opened = weight[used] * energies[used]
        _sum_spectrum(
            np.vstack([soft[met], bone[met], areas[:, met]]).astype(np.float32),
            coefficients.astype(np.float32),
            energies[used].astype(np.float32),
            (opened / opened.sum()).astype(np.float32),
            met,
            signal.ravel(),
            ratio.ravel(),
        )
    return signal, ratio


@nb.njit(fastmath=True, error_model="numpy", cache=True, nogil=True)
def _sum_spectrum(areas, coefficients, energies, share, at, signal, ratio):  # type: ignore[no-untyped-def]
    """areas (M, N) in g/cm², coefficients (M, E), share (E,) of the open signal; writes signal, ratio at `at` (N,)."""
    exponent = np.empty(energies.size, np.float32)
    for p in range(at.size):
        exponent[:] = np.float32(0)
        for material in range(areas.shape[0]):
            area = areas[material, p]
            for e in range(energies.size):
                exponent[e] -= area * coefficients[material, e]
        first, second = np.float32(0), np.float32(0)
        for e in range(energies.size):
            passed = share[e] * np.exp(exponent[e])
            first += passed
            second += passed * energies[e]
        signal[at[p]] = first
        ratio[at[p]] = second / first if first > 0 else energies[-1]


@nb.njit(fastmath=True, error_model="numpy", cache=True, nogil=True)
def _look_up(soft, bone, lut, signal, ratio):  # type: ignore[no-untyped-def]
    rows, cols, _ = lut.shape
    one = np.float32(1)
    top_row, top_col = np.float32(rows - 1), np.float32(cols - 1)
    for p in range(soft.size):
        # Inverse of the knots' spacing: 80·u^1.5 and 25·u².
        x = min(max(soft[p], np.float32(0)) * np.float32(1 / 80.0), one) ** np.float32(2 / 3)
        y = np.sqrt(min(max(bone[p], np.float32(0)) * np.float32(1 / 25.0), one))
        x, y = x * top_row, y * top_col
        i, j = min(int(x), rows - 2), min(int(y), cols - 2)
        # Interpolate in the area densities themselves, in which the logarithm is nearly linear.
        low, high = np.float32(i) / top_row, np.float32(i + 1) / top_row
        low, high = low * np.sqrt(low), high * np.sqrt(high)
        fx = (min(soft[p] * np.float32(1 / 80.0), one) - low) / (high - low)
        low, high = np.float32(j) / top_col, np.float32(j + 1) / top_col
        fy = (min(bone[p] * np.float32(1 / 25.0), one) - low * low) / (high * high - low * low)
        fx, fy = max(fx, np.float32(0)), max(fy, np.float32(0))
        w00, w01 = (one - fx) * (one - fy), (one - fx) * fy
        w10, w11 = fx * (one - fy), fx * fy
        value = w00 * lut[i, j, 0] + w01 * lut[i, j + 1, 0] + w10 * lut[i + 1, j, 0] + w11 * lut[i + 1, j + 1, 0]
        signal[p] = np.exp(value)
        ratio[p] = w00 * lut[i, j, 1] + w01 * lut[i, j + 1, 1] + w10 * lut[i + 1, j, 1] + w11 * lut[i + 1, j + 1, 1]
