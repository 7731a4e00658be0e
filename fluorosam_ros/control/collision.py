"""How far gantry, table and patient are from each other: simple solids, so that every distance can be followed by hand.

The gantry moves rigidly with the beam (the same solids as `fluorosam_ros.description` draws): a detector plate, a tube
and the arc between them. Table and patient stand still: two boxes, the patient's with rounded edges. The gantry is
sampled as spheres and a path in small steps; what sampling can miss is taken off, so that a distance told here is never
larger than the true one, and smaller by at most SAMPLING_MM.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fluorosam_sim.carm import CArmConfig, CArmPose
from fluorosam_sim.geometry import view_axes

FloatArray = npt.NDArray[np.float64]

# The gantry, mm: the plate is rounded with _PLATE_RADIUS and stands out by _BORDER beyond the image on each side; its
# cover lies _COVER before the image plane. The tube's housing reaches _TUBE behind the focal spot and, with the
# collimator, its radius before it.
_BORDER, _PLATE_RADIUS, _COVER = 20.0, 30.0, 20.0
_TUBE, _TUBE_RADIUS = 150.0, 130.0
_ARC_RADIUS, _ARC_OUTSIDE = 70.0, 60.0
_GRID_MM = 20.0
_STEP_DEG, _STEP_MM = 0.5, 5.0
_REACH_MM = 1000.0  # no part of any device is further from the isocentre
_STEP_REACH_MM = math.radians(_STEP_DEG) * _REACH_MM + _STEP_MM  # no point travels further in one step
_TOLERANCE_MM = 4.0  # how much closer a part of a path that is passed over may come
SAMPLING_MM = _GRID_MM / math.sqrt(2) + _STEP_REACH_MM / 2 + _TOLERANCE_MM


@dataclass(frozen=True)
class Room:
    """What stands in the C-arm's way, mm. The patient lies supine, centred on the world's origin, back on the table."""

    patient_width_mm: float = 460.0
    patient_depth_mm: float = 240.0
    patient_length_mm: float = 1800.0
    table_width_mm: float = 520.0
    table_thickness_mm: float = 60.0
    table_length_mm: float = 2100.0


@dataclass(frozen=True)
class Clearance:
    """The smallest distance, which two things it is between, and where the C-arm stands then."""

    distance_mm: float
    part: str
    obstacle: str
    pose: CArmPose

    def __str__(self) -> str:
        p = self.pose
        where = f"primary {p.primary_deg:.0f}°, secondary {p.secondary_deg:.0f}°"
        if self.distance_mm <= 0:
            return f"the {self.part} would touch the {self.obstacle} at {where}"
        return f"the {self.part} would come within {self.distance_mm:.0f} mm of the {self.obstacle} at {where}"


@dataclass(frozen=True)
class _Box:
    name: str
    low: FloatArray
    high: FloatArray
    rounding: float

    def distance(self, points: FloatArray) -> FloatArray:
        """Signed distance of points (…, 3); negative inside."""
        middle, half = (self.low + self.high) / 2, (self.high - self.low) / 2 - self.rounding
        outside = np.abs(points - middle) - half
        beyond = np.linalg.norm(np.maximum(outside, 0.0), axis=-1)
        return beyond + np.minimum(outside.max(axis=-1), 0.0) - self.rounding


class CollisionModel:
    """Distances of one device in one room."""

    def __init__(self, config: CArmConfig, room: Room) -> None:
        self.config = config
        parts = {"detector": _plate(config), "tube": _tube(config), "arc": _arc(config)}
        radii = {"detector": _PLATE_RADIUS, "tube": _TUBE_RADIUS, "arc": _ARC_RADIUS}
        self._names = list(parts)
        self._points = np.concatenate([parts[name] for name in self._names])
        self._radius = np.concatenate([np.full(len(parts[name]), radii[name]) for name in self._names])
        self._part = np.concatenate([np.full(len(parts[name]), i) for i, name in enumerate(self._names)])
        depth, rounding = room.patient_depth_mm / 2, 0.45 * min(room.patient_depth_mm, room.patient_width_mm)
        body = np.array([room.patient_width_mm / 2, depth, room.patient_length_mm / 2])
        side, end = room.table_width_mm / 2, room.table_length_mm / 2
        self._obstacles = (
            _Box("patient", -body, body, rounding),
            _Box("table", np.array([-side, depth, -end]), np.array([side, depth + room.table_thickness_mm, end]), 0.0),
        )

    def clearance(self, pose: CArmPose) -> Clearance:
        """At one pose."""
        right, down, towards = view_axes(pose.primary_deg, pose.secondary_deg)
        world = self._points @ np.array([-right, down, towards]) + np.asarray(pose.isocenter_mm, float)
        found = []
        for obstacle in self._obstacles:
            distances = obstacle.distance(world) - self._radius
            nearest = int(np.argmin(distances))
            distance = float(distances[nearest]) - SAMPLING_MM
            found.append(Clearance(distance, self._names[int(self._part[nearest])], obstacle.name, pose))
        return min(found, key=lambda clearance: clearance.distance_mm)

    def along(self, start: CArmPose, target: CArmPose) -> Clearance:
        """On the way: every axis goes straight to its target at its own speed, and stops there before the others do."""
        poses = path(self.config, start, target)
        first, last = self.clearance(poses[0]), self.clearance(poses[-1])
        best = min(first, last, key=lambda clearance: clearance.distance_mm)
        spans = [(0, first.distance_mm, len(poses) - 1, last.distance_mm)]
        while spans:
            low, at_low, high, at_high = spans.pop()
            # In between nothing comes closer than this: every step brings a point nearer by no more than its reach.
            bound = (at_low + at_high - _STEP_REACH_MM * (high - low)) / 2
            if high - low < 2 or bound >= best.distance_mm - _TOLERANCE_MM:
                continue
            middle = (low + high) // 2
            found = self.clearance(poses[middle])
            if found.distance_mm < best.distance_mm:
                best = found
            spans += [(low, at_low, middle, found.distance_mm), (middle, found.distance_mm, high, at_high)]
        return best


def path(config: CArmConfig, start: CArmPose, target: CArmPose) -> list[CArmPose]:
    """Poses on the way, both ends included, no further apart than the steps above."""
    here, there = np.array(start.isocenter_mm), np.array(target.isocenter_mm)
    turns = (target.primary_deg - start.primary_deg, target.secondary_deg - start.secondary_deg)
    shift = float(np.linalg.norm(there - here))
    seconds = [abs(turn) / config.speed_deg_s for turn in turns] + [shift / config.speed_mm_s]
    whole = max(seconds)
    # Both angles may change at once; together they turn the gantry by no more than their root sum of squares.
    steps = math.ceil(max(whole * config.speed_deg_s * math.sqrt(2) / _STEP_DEG, whole * config.speed_mm_s / _STEP_MM))
    poses = []
    for time_s in np.linspace(0.0, whole, steps + 1):
        p, s, i = (min(time_s / t, 1.0) if t > 0 else 1.0 for t in seconds)
        x, y, z = (float(v) for v in here + i * (there - here))
        poses.append(CArmPose(start.primary_deg + p * turns[0], start.secondary_deg + s * turns[1], (x, y, z)))
    return poses


def _plate(config: CArmConfig) -> FloatArray:
    width, height = (side / 2 + _BORDER - _PLATE_RADIUS for side in config.detector_mm)
    x, y = (np.linspace(-half, half, math.ceil(2 * half / _GRID_MM) + 1) for half in (width, height))
    z = config.sdd_mm - config.sod_mm - _COVER + _PLATE_RADIUS
    return np.array([(a, b, z) for a in x for b in y])


def _tube(config: CArmConfig) -> FloatArray:
    z = np.linspace(-config.sod_mm - _TUBE + _TUBE_RADIUS, -config.sod_mm, 3)
    return np.array([(0.0, 0.0, v) for v in z])


def _arc(config: CArmConfig) -> FloatArray:
    radius, middle = config.sdd_mm / 2 + _ARC_OUTSIDE, config.sdd_mm / 2 - config.sod_mm
    angles = np.linspace(-math.pi / 2, math.pi / 2, math.ceil(math.pi * radius / _GRID_MM) + 1)
    return np.array([(radius * math.cos(a), 0.0, middle + radius * math.sin(a)) for a in angles])
