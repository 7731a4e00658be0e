"""The X-ray beam: spectra, filtration, air kerma, half-value layers and what passes through matter.

All numbers come from one table that scripts/bake_beam.py wrote with SpekPy and xraylib: `table().source` names them.
Signals are energies absorbed by the scintillator (a flat panel integrates energy), relative to the open beam.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numba as nb
import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]

SCINTILLATOR_GCM2 = 0.20  # 600 µm of columnar caesium iodide, packed to three quarters of its solid density
METALS = ("titanium", "stainless steel", "cobalt chromium", "iodine")

# Knots of the transmission tables, g/cm²: dense where the beam still hardens quickly.
_SOFT_GCM2 = 80.0 * np.linspace(0.0, 1.0, 81) ** 1.5
_BONE_GCM2 = 25.0 * np.linspace(0.0, 1.0, 65) ** 2
_EXTRA_GCM2 = 30.0 * np.linspace(0.0, 1.0, 49) ** 2
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
            data["air_energy_absorption_cm2_g"].astype(float),
            str(data["source"]),
        )


def attenuation_cm2_g(material: str) -> FloatArray:
    """(E,) mass attenuation coefficient at the table's energies. Raises ValueError for an unknown material."""
    known = table().cm2_g
    if material not in known:
        raise ValueError(f"There is no material {material!r}: choose one of {', '.join(known)}.")
    return known[material]


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
def _transmission_table(kvp: float, filtration: Filtration, extra: str | None) -> Float32Array:
    """(extra, soft, bone, 2): log signal and mean squared over mean energy at the knots."""
    third = _EXTRA_GCM2 if extra else np.zeros(1)
    areas: dict[str, npt.ArrayLike] = {"soft tissue": _SOFT_GCM2[:, None], "cortical bone": _BONE_GCM2[None, :]}
    result = np.empty((len(third), len(_SOFT_GCM2), len(_BONE_GCM2), 2), np.float32)
    for layer, value in enumerate(third):
        signal, ratio = exact_transmission({**areas, **({extra: value} if extra else {})}, kvp, filtration)
        result[layer, ..., 0] = np.log(np.maximum(signal, 1e-30))
        result[layer, ..., 1] = ratio
    return result


def transmission(
    soft_gcm2: Float32Array,
    bone_gcm2: Float32Array,
    kvp: float,
    filtration: Filtration = STANDARD_FILTRATION,
    extra: tuple[str, Float32Array] | None = None,
) -> tuple[Float32Array, Float32Array]:
    """Primary signal (H, W) relative to the open beam, 0 to 1, and mean squared over mean absorbed energy (H, W), keV.

    extra: one more material of METALS and its area density (H, W) in g/cm². Area densities beyond the tables (soft 80,
    bone 25, extra 30 g/cm²) count as those.
    """
    lut = _transmission_table(float(kvp), filtration, extra[0] if extra else None)
    shape = soft_gcm2.shape
    signal, ratio = np.empty(shape, np.float32), np.empty(shape, np.float32)
    third = np.zeros(1, np.float32) if extra is None else np.ascontiguousarray(extra[1], np.float32).ravel()
    _look_up(
        np.ascontiguousarray(soft_gcm2, np.float32).ravel(),
        np.ascontiguousarray(bone_gcm2, np.float32).ravel(),
        third,
        lut,
        signal.ravel(),
        ratio.ravel(),
    )
    return signal, ratio


@nb.njit(fastmath=True, error_model="numpy", cache=True, nogil=True)
def _look_up(soft, bone, extra, lut, signal, ratio):  # type: ignore[no-untyped-def]
    layers, rows, cols, _ = lut.shape
    one = np.float32(1)
    top_row, top_col = np.float32(rows - 1), np.float32(cols - 1)
    for p in range(soft.size):
        # Inverse of the knots' spacing: 80·u^1.5, 25·u² and 30·u².
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
        layer, fz = 0, np.float32(0)
        if layers > 1 and extra[p] > 0:
            share = min(extra[p] * np.float32(1 / 30.0), one)
            z = np.sqrt(share) * np.float32(layers - 1)
            layer = min(int(z), layers - 2)
            low, high = np.float32(layer) / np.float32(layers - 1), np.float32(layer + 1) / np.float32(layers - 1)
            fz = (share - low * low) / (high * high - low * low)
        value, squared = np.float32(0), np.float32(0)
        for k in range(2 if fz > 0 else 1):
            wz = fz if k else one - fz
            w00, w01 = wz * (one - fx) * (one - fy), wz * (one - fx) * fy
            w10, w11 = wz * fx * (one - fy), wz * fx * fy
            value += w00 * lut[layer + k, i, j, 0] + w01 * lut[layer + k, i, j + 1, 0]
            value += w10 * lut[layer + k, i + 1, j, 0] + w11 * lut[layer + k, i + 1, j + 1, 0]
            squared += w00 * lut[layer + k, i, j, 1] + w01 * lut[layer + k, i, j + 1, 1]
            squared += w10 * lut[layer + k, i + 1, j, 1] + w11 * lut[layer + k, i + 1, j + 1, 1]
        signal[p] = np.exp(value)
        ratio[p] = squared
