"""The real thorax and upper abdomen that synthetic patients share, and how it is bent to each of them.

The reference is the packaged chest CT, straightened: its frame has x to the left from the midline, y to the back and
z to the head, all in mm. A patient is the reference stretched, shifted and bent slice by slice, so that going from
one to the other and back is cheap and exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from fluorosam_sim.anatomy import LABELS
from fluorosam_sim.patients.contrast import grown, without_contrast
from fluorosam_sim.patients.packaged import chest
from fluorosam_sim.patients.synthetic.bones import Points
from fluorosam_sim.patients.synthetic.traits import Traits

INDEX = {name: number for number, name in enumerate(LABELS, start=1)}
"""Label value of every leaf name while a patient is built."""

ANGLES = 96
_ARMS = ("humerus", "scapula", "clavicula")
# What is cut by the scan's edge, diseased or too small here is built anew; its place is filled with what is around.
_DROPPED_TO_FAT = ("kidney_left", "kidney_right", "kidney_cyst_left", "iliopsoas_left", "iliopsoas_right")
_DROPPED_TO_MUSCLE = ("vertebrae_L2", "vertebrae_L3", "vertebrae_C5", "vertebrae_C6", "vertebrae_C7")
_SPINE_Y = 40.0
_TAPERED_SLICES = 14


@dataclass(frozen=True, eq=False)
class Reference:
    """The straightened chest CT.

    plain, enhanced: (i, j, k) int16 CT numbers without and with contrast medium. labels: uint8, values of INDEX.
    core: uint8 0 to 255, how much a voxel belongs to the trunk inside the chest wall. affine: (4, 4) voxel → CT mm,
    before straightening. midline: CT x of the body's midline in each slice. outline: (slices, ANGLES) polar radius of
    the core in mm about (0, center_y) at the heights outline_z. bodies: level ("T7") → centre of its vertebral body.
    sternoclavicular: the left joint. All points in the straightened frame.
    """

    plain: npt.NDArray[np.int16]
    enhanced: npt.NDArray[np.int16]
    labels: npt.NDArray[np.uint8]
    core: npt.NDArray[np.uint8]
    affine: Points
    midline: Points
    outline: Points
    outline_z: Points
    center_y: float
    bodies: dict[str, Points]
    sternoclavicular: Points

    def to_voxel(self, points: Points) -> Points:
        """Voxel coordinates (N, 3) of reference points (N, 3) in mm."""
        raw = points.copy()
        raw[:, 0] += np.interp(points[:, 2], self.z, self.midline)
        return np.asarray((raw - self.affine[:3, 3]) @ np.linalg.inv(self.affine[:3, :3]).T)

    @property
    def z(self) -> Points:
        """Height of each slice in mm."""
        return np.asarray(self.affine[2, 3] + self.affine[2, 2] * np.arange(self.plain.shape[2]))


@lru_cache(maxsize=1)
def reference() -> Reference:
    """The reference, made once a process from the packaged chest CT (a few seconds)."""
    patient = chest()
    plain = without_contrast(patient)
    own = np.zeros(len(patient.label_names), np.uint8)
    for value, name in enumerate(patient.label_names):
        if name in INDEX:
            own[value] = INDEX[name]

    def among(names: tuple[str, ...]) -> npt.NDArray[np.bool_]:
        return np.array([bool(name) and name.startswith(names) for name in patient.label_names])[patient.labels]

    fat, muscle = among(_DROPPED_TO_FAT), among(_ARMS + _DROPPED_TO_MUSCLE)
    kept = own[patient.labels]
    kept[fat | muscle] = 0
    core = _core(kept)
    hu, enhanced = np.array(plain.hu, order="K"), np.minimum(patient.hu, np.int16(1200))
    wide_fat, wide_muscle = grown(fat, 2), grown(muscle, 2)
    for volume in (hu, enhanced):
        volume[wide_fat] = -95
        volume[wide_muscle & (volume > 60) & (kept == 0)] = 45
    _taper_gas(hu, enhanced, core)
    bright = grown(among(("rib", "vertebrae", "sternum", "costal")), 2)
    enhanced[~bright & (enhanced > 350)] = 350

    affine = patient.affine
    z = affine[2, 3] + affine[2, 2] * np.arange(hu.shape[2])
    boxes = ndimage.find_objects(patient.labels)
    bodies = _vertebral_bodies(patient.labels, patient.label_names, affine, boxes)
    order = sorted(bodies.values(), key=lambda b: float(b[2]))
    heights = np.array([b[2] for b in order])
    midline = np.interp(z, heights, ndimage.gaussian_filter1d([b[0] for b in order], 1.5, mode="nearest"))
    for body in bodies.values():
        body[0] -= np.interp(body[2], z, midline)
    center_y = 10.0
    outline, outline_z = _outline(core, affine, midline, center_y)
    sternum = _voxels(patient.labels, patient.label_names.index("sternum"), boxes)
    top = sternum[sternum[:, 2] > sternum[:, 2].max() - 6] @ affine[:3, :3].T + affine[:3, 3]
    joint = np.array([float(np.ptp(top[:, 0])) / 2 - 3, float(top[:, 1].mean()) - 2, float(top[:, 2].mean())])
    return Reference(hu, enhanced, kept, core, affine, midline, outline, outline_z, center_y, bodies, joint)


def _core(labels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Convex hull of the labelled voxels of every slice, softened."""
    core = np.zeros(labels.shape, np.uint8)
    for k in range(labels.shape[2]):
        points = cv2.findNonZero(np.ascontiguousarray(labels[:, :, k]))
        if points is not None and len(points) > 3:
            drawn = np.zeros(labels.shape[:2], np.uint8)
            cv2.fillConvexPoly(drawn, cv2.convexHull(points), 255)
            core[:, :, k] = cv2.blur(drawn, (5, 5))
    return core


def _taper_gas(hu: npt.NDArray[np.int16], enhanced: npt.NDArray[np.int16], core: npt.NDArray[np.uint8]) -> None:
    """Lets bowel gas that the scan's lower edge cuts end in a rounded tip above it, as fluid below."""
    for k in range(_TAPERED_SLICES):
        gas = ((hu[:, :, k] < -250) & (core[:, :, k] > 127)).astype(np.uint8)
        depth = cv2.distanceTransform(np.ascontiguousarray(gas), cv2.DIST_L2, 5)
        gone = (gas > 0) & (depth < (_TAPERED_SLICES - k) * 1.6)
        hu[:, :, k][gone] = 25
        enhanced[:, :, k][gone] = 25


def _outline(core: npt.NDArray[np.uint8], affine: Points, midline: Points, center_y: float) -> tuple[Points, Points]:
    """Polar radius of the core in every slice, smoothed along the body."""
    angle = np.arange(ANGLES) * (2 * np.pi / ANGLES)
    radius = np.arange(0, 190, 1.0)
    outline = np.zeros((core.shape[2], ANGLES))
    for k in range(core.shape[2]):
        i = (midline[k] + radius[:, None] * np.cos(angle) - affine[0, 3]) / affine[0, 0]
        j = (center_y + radius[:, None] * np.sin(angle) - affine[1, 3]) / affine[1, 1]
        inside = ndimage.map_coordinates(core[:, :, k], [i, j], order=0, mode="constant") > 127
        outline[k] = np.where(inside.any(axis=0), len(radius) - 1 - np.argmax(inside[::-1], axis=0), 0)
    outline = ndimage.gaussian_filter(outline, (3.0, 1.5), mode=("nearest", "wrap"))
    return outline, affine[2, 3] + affine[2, 2] * np.arange(core.shape[2])


def _vertebral_bodies(
    labels: npt.NDArray[np.uint8], names: tuple[str, ...], affine: Points, boxes: list[tuple[slice, slice, slice]]
) -> dict[str, Points]:
    """Centre of each vertebral body: the voxels of the vertebra before the front of the spinal cord."""
    cord = _voxels(labels, names.index("spinal_cord"), boxes)
    front = np.full(labels.shape[2], np.nan)
    for k in range(labels.shape[2]):
        j = cord[cord[:, 2] == k, 1]
        if len(j):
            front[k] = affine[1, 3] + affine[1, 1] * (j.max() if affine[1, 1] < 0 else j.min())
    bodies = {}
    for level in [*(f"T{n}" for n in range(1, 13)), "L1"]:
        voxels = _voxels(labels, names.index(f"vertebrae_{level}"), boxes)
        world = voxels @ affine[:3, :3].T + affine[:3, 3]
        ahead = world[:, 1] < front[voxels[:, 2]] - 2.0
        bodies[level] = world[ahead].mean(axis=0)
    return bodies


def _voxels(
    labels: npt.NDArray[np.uint8], value: int, boxes: list[tuple[slice, slice, slice]]
) -> npt.NDArray[np.int64]:
    """Voxel indices (N, 3) of one label, found in its bounding box."""
    box = boxes[value - 1]
    return np.argwhere(labels[box] == value) + [side.start for side in box]


@dataclass(frozen=True, eq=False)
class Bend:
    """A patient's trunk as the reference, slice by slice.

    heights: (N,) mm, the patient's z; the other arrays (N,) give the reference height, the sideways and forward shift
    (mm) and the stretch of that slice.
    """

    heights: Points
    source_z: Points
    shift_x: Points
    shift_y: Points
    stretch_x: Points
    stretch_y: Points

    def to_patient(self, points: Points) -> Points:
        """Patient points (N, 3) of reference points (N, 3)."""
        z = np.interp(points[:, 2], self.source_z, self.heights)
        x = points[:, 0] * np.interp(z, self.heights, self.stretch_x) + np.interp(z, self.heights, self.shift_x)
        y = (points[:, 1] - _SPINE_Y) * np.interp(z, self.heights, self.stretch_y) + _SPINE_Y
        return np.column_stack([x, y + np.interp(z, self.heights, self.shift_y), z])

    def rows(self, z: Points) -> npt.NDArray[np.float64]:
        """(N, 5) for patient heights z: reference height, factor and offset of x, factor and offset of y.

        Reference x = factor · patient x + offset, and likewise y.
        """
        sx, sy = np.interp(z, self.heights, self.stretch_x), np.interp(z, self.heights, self.stretch_y)
        dx, dy = np.interp(z, self.heights, self.shift_x), np.interp(z, self.heights, self.shift_y)
        source = np.interp(z, self.heights, self.source_z, left=-9999.0, right=9999.0)
        rows = np.column_stack([source, 1 / sx, -dx / sx, 1 / sy, _SPINE_Y - (_SPINE_Y + dy) / sy])
        return np.asarray(np.round(rows, 7))


def bend(traits: Traits) -> Bend:
    """How this patient's trunk differs from the reference."""
    source = np.arange(-175.0, 176.0, 2.5)
    middle = (source + 10) / 150.0
    heights = source * traits.thorax_height
    bump = np.exp(-(((source - 40) / 90) ** 2)) - 0.5 * np.exp(-(((source + 130) / 70) ** 2))
    # Kyphosis moves the middle of the thoracic spine back and leaves its ends.
    back = traits.kyphosis_mm * (np.exp(-(((source - 40) / 75) ** 2)) - 0.35)
    apex = np.clip(1 - 0.25 * np.clip(middle - 0.75, 0, 1), 0, 1)  # the neck's base varies less than the ribs
    return Bend(
        heights,
        source,
        traits.scoliosis_mm * bump,
        back,
        1 + (traits.thorax_breadth - 1) * apex,
        1 + (traits.thorax_depth - 1) * apex,
    )
