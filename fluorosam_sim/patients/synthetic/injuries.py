"""Broken bones and implants."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fluorosam_sim.patients.synthetic.anatomy_frame import Frame
from fluorosam_sim.patients.synthetic.bones import Bone
from fluorosam_sim.patients.synthetic.canvas import Canvas
from fluorosam_sim.patients.synthetic.traits import Traits

_METAL_HU = 3071.0


def fractured(traits: Traits, bones: list[Bone]) -> list[Bone]:
    """The bones with the one that this patient broke in two, the lower part displaced."""
    fracture = traits.fracture
    if fracture is None:
        return bones
    result = []
    for bone in bones:
        if bone.leaf != fracture.bone:
            result.append(bone)
            continue
        top, bottom = bone.ends
        axis = (bottom - top) / np.linalg.norm(bottom - top)
        place = top + (bottom - top) * fracture.at
        shift = np.array(fracture.shift_mm) + axis * fracture.gap_mm
        slant = axis + np.array([0.25, -0.2, 0.0])
        slant /= np.linalg.norm(slant)
        result.append(replace(bone, clip=(place, -slant)))
        result.append(replace(bone, clip=(place, slant)).moved(shift=shift))
    return result


def paint_implant(page: Canvas, body: Frame) -> None:
    """A femoral nail with a hip screw and a locking bolt, where the patient has one; the labels stay the bone's."""
    side = body.traits.implant
    if side is None:
        return
    outward = np.array([1.0 if side == "left" else -1.0, 0, 0])
    femur = next(bone for bone in body.lower.legs[side].bones if bone.leaf == f"femur_{side}")
    top, bottom = femur.ends
    leg = body.lower.legs[side]
    z = femur.vertices @ ((top - bottom) / np.linalg.norm(top - bottom))
    middle = femur.vertices[np.abs(z - np.quantile(z, 0.55)) < 15].mean(axis=0)
    down = (leg.knee - middle) / np.linalg.norm(leg.knee - middle)
    tip = middle + down * 60
    start = middle - down * (float(np.linalg.norm(middle - leg.hip)) * 0.94)
    page.tube([start, middle, tip], [6.0, 5.5, 5.0], None, _METAL_HU, grain=0)
    neck = leg.hip - outward * 4
    entry = neck + (start + down * 70 - neck) * 1.45
    page.tube([neck, entry], [5.0, 5.0], None, _METAL_HU, grain=0)
    bolt = tip - down * 25
    page.tube([bolt - outward * 22, bolt + outward * 24], [2.4, 2.4], None, _METAL_HU, grain=0)
