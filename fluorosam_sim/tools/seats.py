"""How an implant sits in each kind of place. Poses are found on landmarks and voxels of the patient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from fluorosam_sim.anatomy import VERTEBRAE
from fluorosam_sim.patients.landmarks import Frame, Landmarks, lower_limb, spine, upper_limb
from fluorosam_sim.tools.definition import How, Site, Tool, ToolError

FloatArray = npt.NDArray[np.float64]

_TISSUE_HU = -300
_TRIES = 12
_MAY_STICK_OUT = ("k_wires", "guide_wires", "markers")
_STICKS_OUT_MM = 4.0  # of a screw's tip: two turns of its thread beyond the far cortex
_TOWARDS_FEET = ("trachea", "esophagus", "superior_vena_cava", "brachiocephalic_vein", "portal_vein_and_splenic_vein")


@dataclass(frozen=True, eq=False)
class Seat:
    """A tool, its site, a patient's landmarks and the label that was chosen among the site's."""

    tool: Tool
    site: Site
    marks: Landmarks
    label: str

    @property
    def side(self) -> str:
        """The label's side, "" for an unpaired one."""
        end = self.label.rpartition("_")[2]
        return end if end in ("left", "right") else ""


@dataclass(frozen=True, eq=False)
class Pose:
    """How a tool lies.

    axes: (3, 3) the tool's axes as columns in the world. origin_mm: (3,) where its origin goes, or, about_middle, its
    middle. sided: on the left the mirror image is meant.
    """

    axes: FloatArray
    origin_mm: FloatArray
    sided: bool = False
    about_middle: bool = False


def _axes(z: FloatArray, y: FloatArray) -> FloatArray:
    """Right-handed axes with exactly this z and y as near as possible to the one given."""
    z = z / np.linalg.norm(z)
    y = y - (y @ z) * z
    y = y / np.linalg.norm(y)
    return np.column_stack([np.cross(y, z), y, z])


def _from_frame(frame: Frame) -> FloatArray:
    """A frame (left, back, head) as a tool's axes for a right limb: outwards, back, feet."""
    return np.asarray(frame.axes * np.array([-1.0, 1.0, -1.0]))


def _shaft(seat: Seat) -> tuple[FloatArray, FloatArray, float]:
    """(upper end (3,), unit vector to the feet, length in mm) of the line through the middle half of a bone."""
    shape = seat.marks.shape(seat.label)
    points = seat.marks.points(seat.label)
    along = (points - shape.center_mm) @ -shape.axes[:, 0]
    low, high = float(along.min()), float(along.max())
    cuts = np.linspace(0.25, 0.75, 6)
    slices = []
    for a, b in pairwise(cuts):
        chosen = (along >= low + a * (high - low)) & (along < low + b * (high - low))
        if chosen.any():
            slices.append(points[chosen].mean(axis=0))
    if len(slices) < 2:
        raise ToolError(f"The {_plain(seat.label)} of {seat.marks.name} is too small for the {seat.tool.name}.")
    axis = slices[-1] - slices[0]
    axis /= np.linalg.norm(axis)
    middle = np.mean(slices, axis=0)
    far = (points - middle) @ axis
    # The line may leave the bone before its ends do (femoral head): count only what is near the line.
    near = np.linalg.norm(points - middle - far[:, None] * axis, axis=1) < 14.0
    top, bottom = float(far[near].min()), float(far[near].max())
    return middle + top * axis, axis, bottom - top


def _whole(seat: Seat) -> None:
    if seat.label in seat.marks.voxels.patient.cut:
        raise ToolError(f"The {_plain(seat.label)} of {seat.marks.name} is cut by the edge of the scan.")


def _plain(label: str) -> str:
    words = label.replace("vertebrae_", "").split("_")
    if words[-1] in ("left", "right"):
        words = [words[-1], *words[:-1]]
    return " ".join(words)


def _share(seat: Seat, rng: np.random.Generator) -> float:
    return float(np.clip(seat.site.end + rng.uniform(-1, 1) * seat.site.spread, 0.02, 0.98))


def canal(seat: Seat, rng: np.random.Generator) -> Pose:
    """Down the middle of the shaft, its upper end a little inside the bone; shorter things anywhere along it."""
    _whole(seat)
    top, axis, length = _shaft(seat)
    need = float(seat.tool.bounds_mm[1, 2])
    if need > length + 2.0:
        name, bone = seat.tool.name, _plain(seat.label)
        raise ToolError(f"The {bone} of {seat.marks.name} is {length:.0f} mm long: too short for the {name}.")
    low = 2.0 if seat.site.spread == 0 else _share(seat, rng) * (length - need)
    slack = min(length - need, 12.0) if seat.site.spread == 0 else 0.0
    axes = _axes(axis, np.array([0.0, 1.0, 0.0]))
    return Pose(axes, top + axis * min(low + rng.uniform(0, 1) * slack, length), sided=True)


def across(seat: Seat, rng: np.random.Generator) -> Pose:
    """Into the bone from its surface, across its long axis; near the hip along the neck."""
    if seat.label.startswith("femur") and seat.site.end < 0.2:
        bone = lower_limb.femur(seat.marks, seat.side)
        direction = -bone.neck + rng.normal(0, 0.04, 3)
        direction /= np.linalg.norm(direction)
        inside = bone.head_mm + rng.normal(0, 3.0, 3)
        return Pose(_axes(direction, np.array([0.0, 1.0, 0.0])), _entry(seat, inside, direction, 130.0))
    for _ in range(_TRIES):
        pose, chord_mm = _across_shaft(seat, rng)
        need = float(seat.tool.bounds_mm[1, 2])
        if seat.tool.family in _MAY_STICK_OUT or need <= chord_mm + _STICKS_OUT_MM:
            return pose
    raise ToolError(f"The {_plain(seat.label)} of {seat.marks.name} is too thin for the {seat.tool.name}.")


def _across_shaft(seat: Seat, rng: np.random.Generator) -> tuple[Pose, float]:
    """A pose across a bone in a random direction, and how much of its line lies in the bone, in mm."""
    shape = seat.marks.shape(seat.label)
    points = seat.marks.points(seat.label)
    along = (points - shape.center_mm) @ -shape.axes[:, 0]
    place = np.quantile(along, _share(seat, rng))
    slab = points[np.abs(along - place) < 4.0]
    inside = slab.mean(axis=0) if len(slab) else points[rng.integers(len(points))]
    inside = points[np.argmin(np.linalg.norm(points - inside, axis=1))]
    angle = rng.uniform(0, 2 * np.pi)
    direction = (
        np.cos(angle) * shape.axes[:, 1] + np.sin(angle) * shape.axes[:, 2] + 0.15 * rng.normal() * shape.axes[:, 0]
    )
    direction /= np.linalg.norm(direction)
    entry, end = _entry(seat, inside, direction, 90.0), _entry(seat, inside, -direction, 90.0)
    return Pose(_axes(direction, shape.axes[:, 0]), entry), float(np.linalg.norm(end - entry))


def _entry(seat: Seat, inside: FloatArray, direction: FloatArray, reach_mm: float) -> FloatArray:
    """Where a line through a bone comes out of it, going back from a point inside by at most reach_mm."""
    offset = seat.marks.points(seat.label) - inside
    back = -(offset @ direction)
    near = np.linalg.norm(offset + back[:, None] * direction, axis=1) < 1.2 * max(seat.marks.voxels.patient.spacing_mm)
    near &= (back >= 0) & (back < reach_mm)
    return inside - direction * (float(back[near].max()) if near.any() else 0.0)


def surface(seat: Seat, rng: np.random.Generator) -> Pose:
    """On the bone along its axis, the plate's head towards the nearer end; on the outer side of the femur."""
    _whole(seat)
    top, axis, length = _shaft(seat)
    share = _share(seat, rng)
    at = top + axis * length * share
    outwards = np.array([1.0 if seat.side == "left" else -1.0, 0.0, 0.0])
    if seat.label.startswith("femur"):
        normal = outwards
    else:
        across_axis = _axes(axis, np.array([0.0, -1.0, 0.0]))
        angle = rng.uniform(-0.5, 0.5) * np.pi
        normal = np.cos(angle) * across_axis[:, 1] + np.sin(angle) * across_axis[:, 0]
    run = -axis if seat.site.end > 0.7 else axis
    axes = _axes(run, normal)
    points = seat.marks.points(seat.label)
    inside = points[np.argmin(np.linalg.norm(points - at, axis=1))]
    return Pose(axes, _entry(seat, inside, -axes[:, 1], 60.0), sided=True)


def joint(seat: Seat, rng: np.random.Generator) -> Pose:
    """At the end of a bone, in that joint's axes."""
    bone, upper = seat.label.rpartition("_")[0], seat.site.end < 0.5
    wiggle = Rotation.from_rotvec(rng.normal(0, 0.03, 3)).as_matrix()
    if bone == "femur" and upper:
        femur = lower_limb.femur(seat.marks, seat.side)
        down = femur.shaft if femur.shaft @ femur.neck > 0 else -femur.shaft
        lateral = femur.neck - (femur.neck @ down) * down
        x = lateral if seat.side == "right" else -lateral
        return Pose(wiggle @ _axes(down, np.cross(down, x)), femur.head_mm, sided=True)
    if bone == "humerus" and upper:
        frame = seat.marks.site("humerus", seat.side).at(upper_limb.humeral_head(seat.marks, seat.side))
    elif (name := {"femur": "knee", "tibia": "knee" if upper else "ankle", "humerus": "elbow"}.get(bone)) is not None:
        frame = seat.marks.site(name, seat.side)
    else:
        _whole(seat)
        shape = seat.marks.shape(seat.label)
        end = shape.proximal_mm if upper else shape.distal_mm
        return Pose(wiggle @ _axes(-shape.axes[:, 0], np.array([0.0, 1.0, 0.0])), end, sided=True)
    return Pose(wiggle @ _from_frame(frame), frame.origin_mm, sided=True)


def pedicle(seat: Seat, rng: np.random.Generator) -> Pose:
    """Through the pedicle of either side into the body, from where its line leaves the bone behind."""
    level = seat.label.removeprefix("vertebrae_")
    side = ("left", "right")[int(rng.integers(2))]
    frame = seat.marks.site("vertebra", label=seat.label)
    start = seat.marks.site("pedicle", side, seat.label).origin_mm
    outwards = 1.0 if side == "left" else -1.0
    medial = np.deg2rad(spine.PEDICLE_DEG[level] + rng.normal(0, 2.0))
    tilt = rng.normal(0, 0.03)
    direction = frame.axes @ np.array([-outwards * np.sin(medial), -np.cos(medial), tilt])
    direction /= np.linalg.norm(direction)
    return Pose(_axes(direction, frame.axes[:, 2]), _entry(seat, start, direction, 32.0))


def disc(seat: Seat, rng: np.random.Generator) -> Pose:
    """Between a vertebra and the one below; a plate on their front, a cage in the middle of the disc."""
    level = seat.label.removeprefix("vertebrae_")
    below = f"vertebrae_{VERTEBRAE[VERTEBRAE.index(level) + 1]}"
    if not seat.marks.has(below):
        raise ToolError(f"{seat.marks.name} has no {_plain(below)} for the {seat.tool.name}.")
    frame = seat.marks.site("vertebra", label=seat.label)
    upper = spine.vertebra(seat.marks, seat.label).center_mm
    # S1 is labelled by a part of the sacrum whose centre is not that of a body.
    if below == "vertebrae_S1":
        middle = seat.marks.site("lumbosacral").origin_mm
    else:
        middle = (upper + spine.vertebra(seat.marks, below).center_mm) / 2
    axes = frame.axes @ Rotation.from_rotvec(rng.normal(0, 0.04, 3)).as_matrix()
    if seat.tool.family == "plates":
        reach = float(np.max((seat.marks.points(seat.label) - upper) @ -axes[:, 1]))
        return Pose(_axes(-axes[:, 2], -axes[:, 1]), middle - axes[:, 1] * (reach + 1.0))
    return Pose(axes, middle + axes @ rng.normal(0, 1.5, 3), about_middle=True)


def along_spine(seat: Seat, rng: np.random.Generator) -> Pose:
    """Behind the spine along it: rods beside the midline, other things in it."""
    frame = seat.marks.site("vertebra", label=seat.label)
    reach = float(seat.marks.voxels.depth(seat.label)[1].max())
    rod = seat.tool.family == "rods"
    sideways = rng.choice([-1.0, 1.0]) * rng.uniform(1.4, 1.8) * reach if rod else 0.0
    behind = {"rods": 3.2, "leads": 1.5}.get(seat.tool.family, 3.4) * reach
    return Pose(_axes(-frame.axes[:, 2], frame.axes[:, 1]), frame.world([sideways, behind, 0.0]), about_middle=True)


def lumen(seat: Seat, rng: np.random.Generator) -> Pose:
    """Along the middle of a vessel or airway: short things by their middle, long ones by their tip."""
    points = seat.marks.points(seat.label)
    shape = seat.marks.shape(seat.label)
    along = (points - shape.center_mm) @ shape.axes[:, 0]
    place = float(np.quantile(along, rng.uniform(0.2, 0.8)))
    near = points[np.abs(along - place) < 12.0]
    # An arch crosses the same height twice: stay with one limb of it.
    seed = near[rng.integers(len(near))]
    near = near[np.linalg.norm(near - seed, axis=1) < 18.0]
    at = near.mean(axis=0)
    wider = points[np.linalg.norm(points - at, axis=1) < 30.0]
    axis = np.linalg.svd(wider - wider.mean(axis=0), full_matrices=False)[2][0]
    stem = seat.label.removesuffix("_left").removesuffix("_right")
    feet = stem in _TOWARDS_FEET or seat.tool.kind == "implant"
    if (axis[2] > 0) == feet:
        axis = -axis
    turn = rng.uniform(0, 2 * np.pi)
    axes = _axes(axis, np.array([np.sin(turn), np.cos(turn), 0.3]))
    bounds = seat.tool.bounds_mm
    if bounds[1, 2] - bounds[0, 2] > 0.7 * float(along.max() - along.min()):
        return Pose(axes, at - axes[:, 2] * bounds[1, 2])
    return Pose(axes, at, about_middle=True)


def organ(seat: Seat, rng: np.random.Generator) -> Pose:
    """Anywhere inside, in any orientation; in a vertebra upright in its body."""
    if seat.label.startswith("vertebrae_"):
        frame = seat.marks.site("vertebra", label=seat.label)
        return Pose(frame.axes, frame.origin_mm + rng.normal(0, 2.0, 3), about_middle=True)
    points = seat.marks.points(seat.label)
    rotation = Rotation.from_quat(rng.normal(size=4)).as_matrix()
    return Pose(rotation, points[rng.integers(len(points))], about_middle=True)


def chest_wall(seat: Seat, rng: np.random.Generator) -> Pose:
    """Flat under the skin before the upper chest."""
    patient = seat.marks.voxels.patient
    points = seat.marks.points(seat.label)
    high = points[points[:, 2] > np.quantile(points[:, 2], 0.55)].mean(axis=0) + rng.normal(0, 10.0, 3) * (1, 0, 1)
    steps = np.arange(0.0, 260.0, 2.0)
    line = high - steps[:, None] * np.array([0.0, 1.0, 0.0])
    to_index = np.linalg.inv(patient.affine)
    index = np.rint(line @ to_index[:3, :3].T + to_index[:3, 3]).astype(int)
    inside = ((index >= 0) & (index < patient.hu.shape)).all(axis=1)
    tissue = np.zeros(len(steps), bool)
    tissue[inside] = patient.hu[tuple(index[inside].T)] > _TISSUE_HU
    if not tissue.any():
        raise ToolError(f"{seat.marks.name} has no chest wall before the {_plain(seat.label)}.")
    depth = steps[tissue][-1] - 12.0
    turn = rng.normal(0, 0.3)
    axes = _axes(np.array([np.sin(turn), 0.0, np.cos(turn)]), np.array([0.0, 1.0, 0.0]))
    return Pose(axes, high - np.array([0.0, depth, 0.0]), about_middle=True)


SEATS: dict[How, Callable[[Seat, np.random.Generator], Pose]] = {
    "canal": canal,
    "across": across,
    "surface": surface,
    "joint": joint,
    "pedicle": pedicle,
    "disc": disc,
    "spine": along_spine,
    "lumen": lumen,
    "organ": organ,
    "chest wall": chest_wall,
}
"""The function that seats an implant in each kind of place."""
