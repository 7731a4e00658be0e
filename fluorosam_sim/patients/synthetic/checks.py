"""Measuring synthetic patients against what is published about adults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from fluorosam_sim import anatomy
from fluorosam_sim.patients.library import load_patient
from fluorosam_sim.patients.patient import Patient
from fluorosam_sim.patients.synthetic.anatomy_frame import frame
from fluorosam_sim.patients.synthetic.bones import sphere
from fluorosam_sim.patients.synthetic.lower_body import SOCKET_RADIUS_MM, socket_center
from fluorosam_sim.patients.synthetic.thorax import reference
from fluorosam_sim.patients.synthetic.traits import sample_traits

_BONES = (
    "vertebrae_", "rib_", "femur_", "hip_", "tibia_", "fibula_", "humerus_", "ulna_", "radius_", "patella_", "scapula_",
    "clavicula_", "tarsal_", "metatarsal_", "phalanges_", "carpal_", "metacarpal_", "skull", "sternum", "sacrum",
)  # fmt: skip
_POPULATION = 20  # patients who together must show every class
_BODY_HEIGHT_MM = {
    "T1": 14.1, "T2": 15.6, "T3": 15.7, "T4": 16.2, "T5": 16.2, "T6": 17.4, "T7": 18.2, "T8": 18.7, "T9": 19.3,
    "T10": 20.2, "T11": 21.3, "T12": 22.7, "L1": 23.8, "L2": 24.3, "L3": 23.8, "L4": 24.1, "L5": 22.9,
}  # fmt: skip
"""Mean posterior heights of vertebral bodies (Panjabi et al. 1991, 1992), head to foot."""


@dataclass(frozen=True)
class Check:
    """A measure and the range it must lie in. text: what and in which unit. source: where the range is from."""

    text: str
    low: float
    high: float
    source: str


CHECKS: dict[str, Check] = {
    "classes": Check("classes of the vocabulary present", 115, 128, "definition"),
    "population_classes": Check("classes present over all patients", 128, 128, "definition, 20 patients or more"),
    "bones_without_pair": Check("paired bones that have one side only", 0, 0, "definition"),
    "wrong_sex": Check("organs of the other sex", 0, 0, "definition"),
    "bone_outside_skin": Check("bone voxels outside the skin", 0, 0, "definition"),
    "sides_swapped": Check("paired structures on the wrong side", 0, 0, "definition"),
    "hip_offset_mm": Check("femoral head to acetabulum, centres, mm", 0, 2, "definition"),
    "femur_mm": Check("greatest length of the femur, mm", 380, 550, "Trotter & Gleser 1952"),
    "t12_height_mm": Check("height of the T12 body, mm", 19, 32, "Gilad & Nissan 1986; Panjabi 1991"),
    "l3_height_mm": Check("height of the L3 body, mm", 22, 35, "Gilad & Nissan 1986; Panjabi 1992"),
    "lowest_body": Check("lowest of T1–L5, share of its level's mean height", 0.7, 1.4, "Panjabi 1991, 1992"),
    "highest_body": Check("highest of T1–L5, share of its level's mean height", 0.7, 1.4, "Panjabi 1991, 1992"),
    "liver_ml": Check("liver, ml", 800, 2500, "Vauthey 2002; ICRP 89"),
    "heart_ml": Check("heart with blood, ml", 300, 1100, "ICRP 89"),
    "lungs_ml": Check("both lungs, ml", 2500, 8000, "ICRP 89"),
    "kidney_ml": Check("one kidney, ml", 90, 260, "Cheong 2007"),
    "cortex_mm": Check("cortical thickness of the femoral shaft, mm", 3, 9, "Treece 2010; Noble 1988"),
}


def measure_patient(seed: int, spacing_mm: float) -> dict[str, Any]:
    """All measures of one synthetic patient, by name; kidneys and hips count with the worse side."""
    patient = load_patient(f"synthetic:{seed}@{spacing_mm}")
    view = _View(patient)
    volume = {name: float(view.count(name) * view.voxel_ml) for name in patient.structures}
    lungs = sum(v for name, v in volume.items() if name.startswith("lung_"))
    kidneys = [volume.get(f"kidney_{side}", 0.0) for side in ("left", "right")]
    extreme = max(kidneys, key=lambda v: abs(v - 160))
    traits = sample_traits(seed)
    present = [name for name in patient.structures if view.count(name)]
    classes = [item.key for item in anatomy.structures_in(present) if item.kind == "class"]
    hips = [_hip_offset(view, seed, side) for side in ("left", "right")]
    heights = view.body_heights()
    shares = [heights[level] / mean for level, mean in _BODY_HEIGHT_MM.items()]
    return {
        "seed": seed,
        "sex": traits.sex,
        "classes": len(classes),
        "missing": sorted({item.key for item in anatomy.STRUCTURES if item.kind == "class"} - set(classes)),
        "bones_without_pair": _unpaired(present),
        "wrong_sex": int(("prostate" in present) != (traits.sex == "male")),
        "bone_outside_skin": _bone_outside(view),
        "sides_swapped": _swapped(view),
        "hip_offset_mm": round(max(hips), 2),
        "femur_mm": round(max(view.length("femur_left"), view.length("femur_right")), 1),
        "t12_height_mm": round(heights["T12"], 1),
        "l3_height_mm": round(heights["L3"], 1),
        "lowest_body": round(min(shares), 2),
        "highest_body": round(max(shares), 2),
        "liver_ml": round(volume.get("liver", 0.0)),
        "heart_ml": round(volume.get("heart", 0.0) + volume.get("atrial_appendage_left", 0.0)),
        "lungs_ml": round(lungs),
        "kidney_ml": round(extreme),
        "cortex_mm": round(view.cortex("femur_left"), 2),
    }


def summary(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each check: lowest, median and highest value, and how many patients are outside the allowed range."""
    result = []
    for name, item in CHECKS.items():
        if name == "population_classes":
            missing = set.intersection(*(set(row["missing"]) for row in rows))
            seen = float(item.high - len(missing))
            outside = int(bool(missing) and len(rows) >= _POPULATION)
            result.append({"name": name, "low": seen, "median": seen, "high": seen, "outside": outside})
            continue
        values = np.array([float(row[name]) for row in rows])
        outside = int(np.count_nonzero((values < item.low) | (values > item.high)))
        median = float(np.median(values))
        result.append(
            {
                "name": name,
                "low": float(values.min()),
                "median": median,
                "high": float(values.max()),
                "outside": outside,
            }
        )
    return result


def _unpaired(present: Sequence[str]) -> int:
    """Bones with a side in their name that the other side lacks."""
    mirrored = {name.replace("_left", "_?").replace("_right", "_left").replace("_?", "_right") for name in present}
    return sum(name.startswith(_BONES) for name in mirrored - set(present))


class _View:
    """A patient's labels with a bounding box for each."""

    def __init__(self, patient: Patient) -> None:
        self.patient = patient
        self.labels = np.ascontiguousarray(patient.labels.transpose(2, 1, 0)).transpose(2, 1, 0)
        self.spacing = patient.spacing_mm[0]
        self.voxel_ml = self.spacing**3 / 1000
        boxes = ndimage.find_objects(self.labels.transpose(2, 1, 0))
        self.boxes = [None if box is None else tuple(box[::-1]) for box in boxes]
        self._voxels: dict[str, npt.NDArray[np.float64]] = {}

    def points(self, name: str) -> npt.NDArray[np.float64]:
        """(N, 3) world mm of a label's voxels."""
        if name not in self._voxels:
            value = self.patient.label_names.index(name)
            box = self.boxes[value - 1]
            if box is None:
                return np.empty((0, 3))
            index = np.argwhere(self.labels[box] == value) + [side.start for side in box]
            self._voxels[name] = index * self.spacing + self.patient.affine[:3, 3]
        return self._voxels[name]

    def count(self, name: str) -> int:
        """Number of voxels of a label."""
        return len(self.points(name))

    def length(self, name: str) -> float:
        """Largest extent along the label's own main axis, mm."""
        points = self.points(name)
        centered = points - points.mean(axis=0)
        axis = np.linalg.eigh(centered.T @ centered)[1][:, -1]
        return float(np.ptp(centered @ axis)) + self.spacing

    def body_heights(self) -> dict[str, float]:
        """Heights of the vertebral bodies T1 to L5 along the spine, mm, by level."""
        bodies = {level: self._body(f"vertebrae_{level}") for level in _BODY_HEIGHT_MM}
        centers = [points.mean(axis=0) for points in bodies.values()]
        heights = {}
        for place, (level, points) in enumerate(bodies.items()):
            along = centers[max(place - 1, 0)] - centers[min(place + 1, len(centers) - 1)]
            heights[level] = self._height(points, along / np.linalg.norm(along))
        return heights

    def _body(self, name: str) -> npt.NDArray[np.float64]:
        """Voxels (N, 3) of the middle of a vertebra's front, where it is nothing but body."""
        points = self.points(name)
        front = points[:, 1].min()
        middle = np.median(points[points[:, 1] < front + 15, 0])
        return points[(np.abs(points[:, 0] - middle) < 9) & (points[:, 1] < front + 22)]

    def _height(self, points: npt.NDArray[np.float64], along: npt.NDArray[np.float64]) -> float:
        """Median extent along a direction of the voxels that share a column, in the middle of the body."""
        forward = np.cross(along, (1.0, 0.0, 0.0))
        depth = points @ (forward / np.linalg.norm(forward))
        chosen = np.abs(depth - np.median(depth)) < 5
        columns = np.round(np.column_stack([points[chosen, 0], depth[chosen]]) / self.spacing).astype(int)
        _, column = np.unique(columns, axis=0, return_inverse=True)
        height = points[chosen] @ along
        top, bottom = np.full(column.max() + 1, -np.inf), np.full(column.max() + 1, np.inf)
        np.maximum.at(top, column.ravel(), height)
        np.minimum.at(bottom, column.ravel(), height)
        return float(np.median(top - bottom)) + self.spacing

    def cortex(self, name: str) -> float:
        """Thickness of the shell in the middle of a shaft from the mass of compact bone across it, mm."""
        value = self.patient.label_names.index(name)
        box = self.boxes[value - 1]
        assert box is not None
        inside = self.labels[box] == value
        hu = self.patient.hu[box]
        start, stop = int(inside.shape[2] * 0.5), int(inside.shape[2] * 0.56)
        results = []
        for k in range(start, stop):
            area = float(inside[:, :, k].sum()) * self.spacing**2
            share = np.clip(hu[:, :, k][inside[:, :, k]] / 1600.0, 0, 1)
            compact = float(share.sum()) * self.spacing**2
            outer = np.sqrt(area / np.pi)
            results.append(outer - np.sqrt(max(area - compact, 0.0) / np.pi))
        return float(np.median(results))


def _bone_outside(view: _View) -> int:
    """Bone voxels that touch the air outside the body."""
    hu = view.patient.hu
    names = view.patient.label_names
    bone = np.array([name.startswith(_BONES) for name in names])
    air = (hu < -600) & (view.labels == 0)
    pieces, _ = ndimage.label(air.transpose(2, 1, 0))
    outside = (pieces == pieces[0, 0, 0]).transpose(2, 1, 0)
    near = ndimage.binary_dilation(outside)
    return int(np.count_nonzero(near & bone[view.labels]))


def _swapped(view: _View) -> int:
    """Paired labels whose left half does not lie to the left of the right half."""
    wrong = 0
    for name in view.patient.structures:
        if "_left" in name and name.replace("_left", "_right") in view.patient.structures:
            left, right = view.points(name), view.points(name.replace("_left", "_right"))
            wrong += len(left) > 0 and len(right) > 0 and bool(left[:, 0].mean() <= right[:, 0].mean())
    return wrong


def _hip_offset(view: _View, seed: int, side: str) -> float:
    """Distance between spheres through the femoral head's and the socket's voxels, mm."""
    body = frame(sample_traits(seed), reference())
    joint = body.lower.legs["left" if side == "left" else "right"].hip
    # The built patient is centred on its volume: the frame's joint is carried over by the pelvis' own centre.
    bones = np.vstack([b.vertices for b in body.lower.pelvis if b.leaf.startswith("hip_")])
    voxels = np.vstack([view.points("hip_left"), view.points("hip_right")])
    shift = (voxels.min(axis=0) + voxels.max(axis=0)) / 2 - (bones.min(axis=0) + bones.max(axis=0)) / 2
    start = joint + shift
    scale = body.lower.scale
    outward = 1.0 if side == "left" else -1.0
    center = start
    for tolerance in (5.0, 3.0, 2.5):
        head = _surface(view, f"femur_{side}", center, 23.5 * scale, tolerance)
        medial = (head - center) @ np.array([-0.7 * outward, 0, 0.7]) > -4
        center = sphere(head[medial])[0]
    # Border voxels are centred half a voxel inside the bone.
    radius = SOCKET_RADIUS_MM * scale + view.spacing / 2
    wall = _surface(view, f"hip_{side}", center, radius, 12.0)
    return float(np.linalg.norm(center - socket_center(wall, center, radius, outward)))


def _surface(
    view: _View, name: str, center: npt.NDArray[np.float64], radius: float, tolerance: float
) -> npt.NDArray[np.float64]:
    """Border voxels (N, 3) of a label near a sphere."""
    value = view.patient.label_names.index(name)
    box = view.boxes[value - 1]
    assert box is not None
    inside = view.labels[box] == value
    border = inside & ~ndimage.binary_erosion(inside)
    points = (np.argwhere(border) + [s.start for s in box]) * view.spacing + view.patient.affine[:3, 3]
    distance = np.linalg.norm(points - center, axis=1)
    return np.asarray(points[np.abs(distance - radius) < tolerance])
