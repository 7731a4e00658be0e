"""What is drawn for a synthetic patient before anything is built."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

Side = Literal["left", "right"]
SIDES: tuple[Side, Side] = ("left", "right")
MODES = 12
_SMALLEST_THORAX = 0.94
_ARMS_BESIDE = 0.3


def stream(seed: int, purpose: str) -> np.random.Generator:
    """A random stream of its own for each purpose, so that one more draw here changes nothing there."""
    return np.random.Generator(np.random.Philox(key=[seed, zlib.crc32(purpose.encode())]))


@dataclass(frozen=True)
class LimbAngles:
    """Joint angles of one side in degrees; zero is the anatomical position with the palms turned inwards.

    supination: of the forearm, from there; together with an outward rotation of the shoulder it turns the palm to the
    front.
    """

    hip_flexion: float
    hip_abduction: float
    hip_rotation: float
    knee_flexion: float
    ankle_plantarflexion: float
    shoulder_abduction: float
    shoulder_flexion: float
    shoulder_rotation: float
    elbow_flexion: float
    supination: float


@dataclass(frozen=True)
class Fracture:
    """A gap across a long bone, at this share of its length from the proximal end; the distal part is moved."""

    bone: str
    at: float
    gap_mm: float
    shift_mm: tuple[float, float, float]


@dataclass(frozen=True)
class Traits:
    """One adult.

    Lengths in mm, angles in degrees, weight in kg. modes: shape model coordinates in standard deviations.
    bone_density, organ_size: factors on the reference. contrast: 0 none, 1 as in the contrast-enhanced reference.
    gas: share of the bowel's length that holds gas. scoliosis_mm: sideways excursion of the spine.
    """

    seed: int
    sex: Literal["female", "male"]
    age_years: float
    height_mm: float
    weight_kg: float
    bone_density: float
    femur_mm: float
    modes: tuple[float, ...]
    thorax_breadth: float
    thorax_depth: float
    thorax_height: float
    organ_size: float
    organ_shift_mm: tuple[float, float, float]
    contrast: float
    gas: float
    head_size: float
    neck_flexion: float
    neck_tilt: float
    neck_turn: float
    kyphosis_mm: float
    lordosis_mm: float
    scoliosis_mm: float
    limbs: tuple[LimbAngles, LimbAngles]
    kidney_cysts: tuple[bool, bool]
    fracture: Fracture | None
    implant: Side | None

    @property
    def bmi(self) -> float:
        """Body mass index in kg/m²."""
        return self.weight_kg / (self.height_mm / 1000) ** 2

    def angles(self, side: Side) -> LimbAngles:
        """Joint angles of a side."""
        return self.limbs[SIDES.index(side)]


def sample_traits(seed: int) -> Traits:
    """The adult of this seed.

    Height and BMI are normal around Western European means; femur length follows height by Trotter & Gleser (1952),
    thorax and head follow height with their own scatter.
    """
    rng = stream(seed, "traits")
    arms = stream(seed, "arms")
    beside = bool(arms.random() < _ARMS_BESIDE)
    male = bool(rng.random() < 0.5)
    age = float(rng.uniform(20, 88))
    height = _normal(rng, 1760 if male else 1630, 68 if male else 62, 2.2) - max(age - 55, 0) * 1.2
    bmi = float(np.clip(rng.lognormal(np.log(25.5), 0.15), 18.5, 37.0))
    stature_cm = height / 10
    femur = 10 * ((stature_cm - 61.41) / 2.38 if male else (stature_cm - 54.10) / 2.47) + rng.normal(0, 7)
    density = (1.06 if male else 1.0) * (1 - max(age - 40, 0) * (0.004 if male else 0.0065)) * _normal(rng, 1, 0.08)
    fractured = rng.random() < 0.06
    bone = ("femur", "tibia", "humerus", "radius")[rng.integers(4)] + "_" + SIDES[rng.integers(2)]
    shift = tuple(round(float(v), 3) for v in rng.normal(0, 3, 3))
    fracture = Fracture(bone, float(rng.uniform(0.3, 0.7)), float(rng.uniform(1.5, 5)), (shift[0], shift[1], shift[2]))
    implanted = rng.random() < 0.06
    implant = SIDES[rng.integers(2)]
    modes = np.clip(rng.normal(0, 0.7, MODES), -1.3, 1.3)
    size = height / (1720 if male else 1640)
    contrast = float(rng.uniform(0.15, 0.6)) if rng.random() < 0.25 else 0.0
    return Traits(
        seed=seed,
        sex="male" if male else "female",
        age_years=age,
        height_mm=height,
        weight_kg=bmi * (height / 1000) ** 2,
        bone_density=float(np.clip(density, 0.68, 1.25)),
        femur_mm=float(np.clip(femur, 385, 540)),
        modes=tuple(float(m) for m in modes),
        # No smaller than the organs of a small adult need.
        thorax_breadth=max(size * (1.07 if male else 0.99) * _normal(rng, 1, 0.035), _SMALLEST_THORAX),
        thorax_depth=max(
            size * (1.03 if male else 0.96) * _normal(rng, 1, 0.04) * (1 + 0.004 * (bmi - 25)), _SMALLEST_THORAX
        ),
        thorax_height=max(size * (1.09 if male else 1.06) * _normal(rng, 1, 0.025), _SMALLEST_THORAX),
        organ_size=_normal(rng, 1, 0.07),
        organ_shift_mm=(_normal(rng, 0, 5), _normal(rng, 0, 4), _normal(rng, 0, 8)),
        contrast=contrast,
        gas=float(rng.uniform(0.15, 0.6)),
        head_size=(1.03 if male else 0.99) * _normal(rng, 1, 0.03),
        neck_flexion=_normal(rng, 4, 7),
        neck_tilt=_normal(rng, 0, 2.5),
        neck_turn=_normal(rng, 0, 6),
        kyphosis_mm=_normal(rng, 0, 7) + max(age - 60, 0) * 0.25,
        lordosis_mm=_normal(rng, 0, 5),
        scoliosis_mm=float(rng.uniform(10, 28) * rng.choice([-1, 1])) if rng.random() < 0.1 else _normal(rng, 0, 2),
        limbs=(_limbs(rng, arms, beside), _limbs(rng, arms, beside)),
        kidney_cysts=(bool(rng.random() < 0.25), bool(rng.random() < 0.25)),
        fracture=fracture if fractured else None,
        implant=implant if implanted and not (fractured and bone.startswith("femur")) else None,
    )


def _limbs(rng: np.random.Generator, arms: np.random.Generator, beside: bool) -> LimbAngles:
    """beside: the arm lies along the trunk, palm inwards; else on a board away from it, palm to the front."""
    hip = float(np.clip(rng.normal(4, 4), 0, 16))
    along_trunk = LimbAngles(
        hip_flexion=hip,
        hip_abduction=float(np.clip(rng.normal(5, 3), 0, 13)),
        hip_rotation=float(np.clip(rng.normal(4, 8), -14, 22)),
        knee_flexion=float(hip * 1.6 + rng.uniform(0, 4)),
        ankle_plantarflexion=float(rng.uniform(5, 32)),
        shoulder_abduction=float(rng.uniform(5, 13)),
        shoulder_flexion=_normal(rng, 0, 4),
        shoulder_rotation=float(rng.uniform(-25, 8)),
        elbow_flexion=float(rng.uniform(3, 18)),
        supination=float(arms.uniform(-10, 10)),
    )
    if beside:
        return along_trunk
    rotation = float(arms.uniform(20, 50))
    return replace(
        along_trunk,
        shoulder_abduction=float(arms.uniform(15, 28)),
        shoulder_rotation=rotation,
        supination=float(arms.uniform(75, 100)) - rotation,
    )


def _normal(rng: np.random.Generator, mean: float, deviation: float, limit: float = 2.5) -> float:
    return float(mean + deviation * np.clip(rng.normal(), -limit, limit))
