"""The beam against SpekPy and xraylib: recomputed where they are installed, and against numbers they gave."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from fluorosam_sim.carm import VENDORS, Collimation
from fluorosam_sim.render.beam import (
    Filtration,
    attenuation_cm2_g,
    exact_transmission,
    half_value_layer_mm_al,
    kerma_per_mas_ugy,
    mixture_cm2_g,
    open_beam,
    spectrum,
    table,
    transmission,
)
from fluorosam_sim.render.exposure import ExposureConfig, choose_exposure, kerma_ugy

CONFIG = VENDORS["standard"]
ALUMINIUM, COPPER = Filtration(2.5, 0.0), Filtration(3.0, 0.1)

# First half-value layer in mm Al and air kerma in µGy/mAs at 1 m from SpekPy 2.5.4 (tungsten, 12°, 0.5 keV bins).
SPEKPY = [
    (60, ALUMINIUM, 2.0817, 48.8971),
    (60, COPPER, 3.4548, 16.6947),
    (90, ALUMINIUM, 3.0919, 100.0596),
    (90, COPPER, 5.1421, 47.7428),
    (120, ALUMINIUM, 4.2192, 158.7309),
    (120, COPPER, 6.6334, 91.2019),
]
WITH_SPEKPY = importlib.util.find_spec("spekpy") is not None
WITH_XRAYLIB = importlib.util.find_spec("xraylib") is not None


@pytest.mark.parametrize(("kvp", "filtration", "hvl_mm", "kerma"), SPEKPY)
def test_half_value_layer_and_kerma_agree_with_spekpy(
    kvp: float, filtration: Filtration, hvl_mm: float, kerma: float
) -> None:
    if WITH_SPEKPY:
        import spekpy

        tube = spekpy.Spek(kvp=kvp, th=12, dk=0.5, z=100)
        tube.filter("Al", filtration.aluminium_mm)
        tube.filter("Cu", filtration.copper_mm)
        assert tube.get_hvl1() == pytest.approx(hvl_mm, rel=1e-3) and tube.get_kerma() == pytest.approx(kerma, rel=1e-3)
    assert half_value_layer_mm_al(kvp, filtration) == pytest.approx(hvl_mm, rel=0.03)
    assert kerma_per_mas_ugy(kvp, filtration) == pytest.approx(kerma, rel=0.03)


# NISTIR 5632 (Hubbell & Seltzer) at 60 and 100 keV in cm²/g.
@pytest.mark.parametrize(
    ("material", "at_60_kev", "at_100_kev"),
    [
        ("water", 0.2059, 0.1707),
        ("cortical bone", 0.3148, 0.1855),
        ("aluminium", 0.2778, 0.1704),
        ("iodine", 7.579, 1.942),
    ],
)
def test_attenuation_agrees_with_nist(material: str, at_60_kev: float, at_100_kev: float) -> None:
    values = np.interp([60.0, 100.0], table().energies_kev, attenuation_cm2_g(material))
    np.testing.assert_allclose(values, [at_60_kev, at_100_kev], rtol=0.02)


@pytest.mark.parametrize("kvp", [60.0, 73.5, 90.0, 120.0])
@pytest.mark.parametrize(
    ("material", "compound"), [("soft tissue", "Tissue, Soft (ICRP)"), ("cortical bone", "Bone, Cortical (ICRP)")]
)
def test_transmission_agrees_with_xraylib(kvp: float, material: str, compound: str) -> None:
    area = np.linspace(0, 40 if material == "soft tissue" else 12, 41, dtype=np.float32)[None]
    none = np.zeros_like(area)
    got, _ = transmission(area, none, kvp) if material == "soft tissue" else transmission(none, area, kvp)
    energies, fluence = spectrum(kvp)
    if WITH_XRAYLIB:
        import xraylib

        used = fluence > 0
        energies, fluence = energies[used], fluence[used]
        coefficient = np.array([xraylib.CS_Total_CP(compound, float(e)) for e in energies])
        scintillator = np.array([xraylib.CS_Total_CP("CsI", float(e)) for e in energies])
        weight = fluence * energies * (1 - np.exp(-scintillator * 0.2))
    else:
        coefficient = attenuation_cm2_g(material)
        weight = fluence * energies * (1 - np.exp(-attenuation_cm2_g("caesium iodide") * 0.2))
    expected = (weight * np.exp(-coefficient * area[0, :, None])).sum(-1) / weight.sum()
    np.testing.assert_allclose(got[0], expected, rtol=0.02)


def test_water_and_soft_tissue_are_alike_and_bone_is_not() -> None:
    water, soft, bone = (
        float(exact_transmission({name: 10.0}, 90.0)[0]) for name in ("water", "soft tissue", "cortical bone")
    )
    assert soft == pytest.approx(water, rel=0.05) and bone < 0.75 * soft


ALLOYS = {
    "titanium": (("Ti", 0.90), ("Al", 0.06), ("V", 0.04)),
    "stainless steel": (("Fe", 0.64), ("Cr", 0.18), ("Ni", 0.14), ("Mo", 0.025), ("Mn", 0.015)),
    "iodine": (("I", 1.0),),
}


@pytest.mark.parametrize("name", ALLOYS)
def test_materials_of_tools_agree_with_the_sum_over_the_spectrum(name: str) -> None:
    rng = np.random.default_rng(0)
    soft, bone = rng.uniform(0, 50, (40, 40)).astype(np.float32), rng.uniform(0, 8, (40, 40)).astype(np.float32)
    most = 0.5 if name == "iodine" else 12.0
    areas = [np.where(rng.random((40, 40)) < 0.5, rng.uniform(0, most, (40, 40)), 0).astype(np.float32) for _ in "ab"]
    got, factor = transmission(soft, bone, 81.0, others=[(ALLOYS[name], areas[0]), ((("Al", 1.0),), areas[1])])
    together = {"soft tissue": soft, "cortical bone": bone, name: areas[0], "aluminium": areas[1]}
    expected, expected_factor = exact_transmission(together, 81.0)
    np.testing.assert_allclose(got, expected, rtol=2e-3)
    np.testing.assert_allclose(factor, expected_factor, rtol=2e-3)


def test_elements_make_up_compounds() -> None:
    water = mixture_cm2_g((("H", 2 * 1.008), ("O", 15.999)))
    np.testing.assert_allclose(water, attenuation_cm2_g("water"), rtol=2e-3)
    if WITH_XRAYLIB:
        import xraylib

        lead = [xraylib.CS_Total(82, float(energy)) for energy in table().energies_kev]
        np.testing.assert_allclose(mixture_cm2_g((("Pb", 1.0),)), lead, rtol=1e-5)
    for wrong, message in (((("Xx", 1.0),), "Xx"), ((), "mass fractions")):
        with pytest.raises(ValueError, match=message):
            mixture_cm2_g(wrong)


def test_open_beam_counts_as_one_and_hardens_behind_matter() -> None:
    nothing, much = np.zeros((1, 1), np.float32), np.full((1, 1), 30.0, np.float32)
    signal, soft_factor = transmission(nothing, nothing, 90.0)
    assert signal[0, 0] == pytest.approx(1.0, abs=1e-5)
    assert transmission(much, nothing, 90.0)[1][0, 0] > soft_factor[0, 0]
    # About 30 000 photons per mm² and µGy fall on the detector at such beams (IEC 62220-1: RQA 5, 30 174).
    assert 15_000 < open_beam(90.0).quanta_mm2 < 30_000


def test_absurd_settings_are_refused() -> None:
    for kvp in (20.0, 400.0, float("nan")):
        with pytest.raises(ValueError, match="40 to 150"):
            spectrum(kvp)
    with pytest.raises(ValueError, match="aluminium"):
        Filtration(-1.0)
    with pytest.raises(ValueError, match="material"):
        attenuation_cm2_g("cheese")
    with pytest.raises(ValueError, match="distance"):
        kerma_ugy(1.0, 0.0, 90.0)


def test_inverse_square() -> None:
    assert kerma_ugy(2.0, 500.0, 80.0) == pytest.approx(4 * kerma_ugy(2.0, 1000.0, 80.0))
    assert kerma_ugy(2.0, 1000.0, 80.0) == pytest.approx(2 * kerma_per_mas_ugy(80.0))
    shot = choose_exposure(CONFIG, CONFIG.open_field, ExposureConfig(), 0.01)
    assert shot.kerma_ugy == pytest.approx(kerma_ugy(shot.mas, CONFIG.sod_mm - 150, CONFIG.kvp))
    assert shot.detector_ugy == pytest.approx(kerma_ugy(shot.mas, CONFIG.sdd_mm, CONFIG.kvp))


def test_dose_area_product_follows_the_open_area() -> None:
    whole, part = CONFIG.open_field, Collimation(-50, -100, 50, 30)
    for settings in (ExposureConfig(), ExposureConfig(automatic=False)):
        ratio = (
            choose_exposure(CONFIG, part, settings, 0.02).dap_gym2
            / choose_exposure(CONFIG, whole, settings, 0.02).dap_gym2
        )
        assert ratio == pytest.approx(part.area_mm2 / whole.area_mm2)
    fixed = choose_exposure(CONFIG, part, ExposureConfig(automatic=False), 0.02)
    assert fixed.dap_gym2 == pytest.approx(CONFIG.dose_area_product_gym2(part))
    assert fixed.kerma_ugy == pytest.approx(CONFIG.kerma_ugy)


def test_automatic_exposure_reaches_its_target_within_the_tubes_limits() -> None:
    settings = ExposureConfig(detector_ugy=0.2)
    for signal in (1.0, 0.1, 0.003):
        shot = choose_exposure(CONFIG, CONFIG.open_field, settings, signal)
        assert shot.detector_ugy * signal == pytest.approx(0.2)
    assert choose_exposure(CONFIG, CONFIG.open_field, settings, 1e-9).mas == settings.mas_limits[1]
