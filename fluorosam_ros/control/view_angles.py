"""From a direction to look from to a pose that the C-arm reaches."""

from __future__ import annotations

import numpy as np

from fluorosam_ros.control.command_types import GoToView
from fluorosam_ros.control.site_fit import site_statistics
from fluorosam_ros.control.wording import upper_first, view_name
from fluorosam_sim.carm import CArmConfig, CArmPose, LimitError
from fluorosam_sim.geometry import FloatArray, angles_from_direction, direction_from_angles
from fluorosam_sim.views.population import FRAMES, frame_name

SHORT_DEG = 5.0
"""A direction that the C-arm misses by no more than this is taken at its limit."""

MAYBE_DEG = 12.0
"""Patients lie askew: only what is further out of reach than this in a body like most is out of it for sure."""

SHORT_MM = 30.0
"""The same for the isocentre."""


def turn_deg(pose: CArmPose, direction: FloatArray) -> float:
    """Angle between a pose's beam and a direction (3,) to the detector, degrees."""
    cosine = float(direction_from_angles(pose.primary_deg, pose.secondary_deg) @ direction)
    return float(np.rad2deg(np.arccos(np.clip(cosine, -1.0, 1.0))))


def direction_pose(
    direction: FloatArray, target_mm: FloatArray, either_way: bool, config: CArmConfig, name: str,
    short_deg: float = SHORT_DEG,
) -> CArmPose:  # fmt: skip
    """The pose that looks at a target (3,) from a direction (3,), or against it where that shows the same.

    Raises LimitError, in one sentence, when the C-arm misses both by more than short_deg.
    """
    low, high = np.transpose(config.isocenter_limits_mm)
    x, y, z = (float(v) for v in np.clip(target_mm, low, high))
    wanted = []
    for sign in (1.0, -1.0) if either_way else (1.0,):
        primary, secondary = angles_from_direction(sign * direction)
        nearest = CArmPose(
            float(np.clip(primary, *config.primary_limits_deg)),
            float(np.clip(secondary, *config.secondary_limits_deg)),
            (x, y, z),
        )
        short = turn_deg(nearest, sign * direction)
        if short <= 1e-6:
            break
        wanted.append((short, nearest, CArmPose(primary, secondary, (x, y, z))))
    else:
        short, nearest, exact = min(wanted, key=lambda one: one[0])
        if short > short_deg:
            _refuse(name, exact, config)
    if float(np.max(np.abs(target_mm - np.array([x, y, z])))) > SHORT_MM:
        a, b, c = (float(v) for v in target_mm)
        _refuse(name, CArmPose(nearest.primary_deg, nearest.secondary_deg, (a, b, c)), config)
    return nearest


def _refuse(name: str, pose: CArmPose, config: CArmConfig) -> None:
    try:
        config.check_pose(pose)
    except LimitError as error:
        raise LimitError(f"{upper_first(name)} is out of the C-arm's reach: {error}") from error


def view_frame(command: GoToView) -> str | None:
    """The frame of the population that a view is defined in; None where it has none, such as for S1."""
    label = command.structure.key if command.structure else None
    frame = frame_name(command.view.site, command.view.side, label)
    return frame if frame in FRAMES else None


def typical_pose(command: GoToView, config: CArmConfig, pose: CArmPose) -> CArmPose:
    """The present pose turned to the view's angles in a body like most, as far as the C-arm reaches.

    Raises LimitError when the view is out of the C-arm's reach for sure.
    """
    view, frame = command.view, view_frame(command)
    direction = direction_from_angles(view.nominal_primary_deg, view.nominal_secondary_deg)
    if frame is not None:
        direction = site_statistics(frame).axes @ direction
    here = np.asarray(pose.isocenter_mm, float)
    return direction_pose(direction, here, view.either_way, config, view_name(view, command.structure), MAYBE_DEG)
