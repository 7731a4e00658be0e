"""The motions: centering, collimating, turning, translating, the field. Each says in one sentence what was done."""

from __future__ import annotations

from dataclasses import replace

from fluorosam_ros.control.centering import center_pose, offset_mm
from fluorosam_ros.control.collimation import collimate_to
from fluorosam_ros.control.command_types import (
    CollimateBy,
    Direction,
    Rotate,
    SetField,
    Target,
    Tilt,
    Translate,
    Zoom,
)
from fluorosam_ros.control.operations import DeviceError, Operations, Refused, angles_text, same_field
from fluorosam_ros.control.sight import Sight, behind_blades
from fluorosam_ros.control.wording import towards, upper_first
from fluorosam_sim.carm import CArmConfig, CArmPose, Collimation, LimitError

CENTERED_MM = 5.0
"""Centering goes on until the target is this close to the image's middle, mm in the isocentre's plane."""

ACCEPTED_MM = 10.0
"""After the last shot a target this close still counts as centred."""

MAX_CENTERING_SHOTS = 3
"""Exposures that one centering may take after its first move."""

_STEP: dict[Direction, tuple[int, int]] = {
    "left": (0, 1), "right": (0, -1), "table": (1, 1), "ceiling": (1, -1), "head": (2, 1), "feet": (2, -1),
}  # fmt: skip
"""(axis, sign) of the world (docs/geometry.md) in which each direction lies."""


def center(operations: Operations, sight: Sight, target: Target) -> str:
    """Moves and shoots until the target is in the middle of the image."""
    view = sight.current()
    seen = sight.locate(target, view)
    if seen is None:
        raise Refused(sight.not_there(target, view))
    sight.show([structure.name for structure in target.structures])
    away = offset_mm(seen.projection, seen.centroid_px, view.pose.isocenter_mm)
    name = upper_first(target.name)
    if away <= CENTERED_MM:
        return f"{name} is in the middle already ({away:.0f} mm off)."
    observations = [seen]
    for shots in range(1, MAX_CENTERING_SHOTS + 1):
        try:
            operations.move(center_pose(observations, view.pose, operations.config).pose)
        except LimitError as error:
            if shots == 1:
                raise
            raise DeviceError(f"{name} is {away:.0f} mm off and cannot come nearer: {error}") from error
        view = operations.shoot()
        seen = sight.locate(target, view)
        if seen is None:
            raise DeviceError(f"{name} is no longer in the image after the move.")
        observations.append(seen)
        away = offset_mm(seen.projection, seen.centroid_px, view.pose.isocenter_mm)
        if away <= CENTERED_MM or (shots == MAX_CENTERING_SHOTS and away <= ACCEPTED_MM):
            return f"{name} is in the middle ({away:.0f} mm off) after {shots_text(shots)}."
    raise DeviceError(f"{name} is still {away:.0f} mm off after {MAX_CENTERING_SHOTS} shots.")


def collimate(operations: Operations, sight: Sight, target: Target) -> str:
    """Closes the blades around the target and shoots."""
    view = sight.current()
    mask = sight.mask(target, view)
    if mask is None:
        raise Refused(sight.not_there(target, view))
    config = operations.config
    if not same_field(view.collimation, config.open_field) and behind_blades(mask, config, view):
        raise Refused(f"{upper_first(target.name)} reaches the edge of the field: say “open the collimator” first.")
    sight.show([structure.name for structure in target.structures])
    opening = operations.collimate(collimate_to(mask, config))
    operations.shoot()
    share = opening.area_mm2 / config.open_field.area_mm2
    return f"Collimated to {target.name}: {share:.0%} of the full field, {1 - share:.0%} less dose-area product."


def planned_pose(command: Rotate | Tilt | Translate, pose: CArmPose) -> CArmPose:
    """The pose that a turn or a translation leads to."""
    match command:
        case Rotate():
            to_deg = command.to_deg
            turned = to_deg if to_deg is not None else pose.primary_deg + (command.delta_deg or 0.0)
            return replace(pose, primary_deg=turned)
        case Tilt():
            to_deg = command.to_deg
            turned = to_deg if to_deg is not None else pose.secondary_deg + (command.delta_deg or 0.0)
            return replace(pose, secondary_deg=turned)
    axis, sign = _STEP[command.direction]
    x, y, z = (v + (sign * command.distance_mm if at == axis else 0.0) for at, v in enumerate(pose.isocenter_mm))
    return replace(pose, isocenter_mm=(x, y, z))


def move(operations: Operations, command: Rotate | Tilt | Translate) -> str:
    """Turns or translates the C-arm."""
    planned = planned_pose(command, operations.status().pose)
    operations.config.check_pose(planned)
    reached = operations.move(planned)
    if isinstance(command, Translate):
        return f"Moved {command.distance_mm:g} mm {towards(command.direction)}; {isocenter_text(reached)}."
    return f"The C-arm is at {angles_text(reached)}."


def planned_field(command: CollimateBy | SetField | Zoom, config: CArmConfig, field: Collimation) -> Collimation:
    """The opening that a change of the field leads to; opening ends at the detector's edges.

    Raises LimitError, in one sentence, for a field that cannot be had or does not change.
    """
    match command:
        case SetField():
            half = command.side_mm * config.magnification / 2
            wanted = Collimation(-half, -half, half, half)
            largest = min(config.detector_mm) / config.magnification
            if command.side_mm > largest + 1e-6:
                raise LimitError(f"The field is at most {largest:.0f} mm wide at the isocentre.")
        case CollimateBy():
            by = command.delta_mm * config.magnification
            wanted = Collimation(field.left_mm - by, field.top_mm - by, field.right_mm + by, field.bottom_mm + by)
        case Zoom():
            scale = command.factor if command.out else 1 / command.factor
            x, y = (field.left_mm + field.right_mm) / 2, (field.top_mm + field.bottom_mm) / 2
            w, h = (field.right_mm - field.left_mm) * scale / 2, (field.bottom_mm - field.top_mm) * scale / 2
            wanted = Collimation(x - w, y - h, x + w, y + h)
    edge = config.open_field
    opening = Collimation(
        max(wanted.left_mm, edge.left_mm),
        max(wanted.top_mm, edge.top_mm),
        min(wanted.right_mm, edge.right_mm),
        min(wanted.bottom_mm, edge.bottom_mm),
    )
    if same_field(opening, field) and same_field(field, edge):
        raise LimitError("The field is fully open already.")
    config.check_collimation(opening)
    return opening


def set_field(operations: Operations, command: CollimateBy | SetField | Zoom) -> str:
    """Changes the field by an amount or to a size."""
    opening = planned_field(command, operations.config, operations.status().collimation)
    return f"The field is {field_text(operations.collimate(opening), operations.config)}."


def open_fully(operations: Operations) -> str:
    """Opens the collimator to the whole detector."""
    opening = operations.collimate(operations.config.open_field)
    return f"The collimator is open: {field_text(opening, operations.config)}."


def field_text(opening: Collimation, config: CArmConfig) -> str:
    """ "120 × 90 mm at the isocentre (23% of the full field)"."""
    wide = (opening.right_mm - opening.left_mm) / config.magnification
    high = (opening.bottom_mm - opening.top_mm) / config.magnification
    share = opening.area_mm2 / config.open_field.area_mm2
    return f"{wide:.0f} × {high:.0f} mm at the isocentre ({share:.0%} of the full field)"


def isocenter_text(pose: CArmPose) -> str:
    """ "isocentre 20 mm left, 5 mm towards the table, 40 mm towards the head of the set-up point"."""
    x, y, z = pose.isocenter_mm
    parts = [
        f"{abs(x):.0f} mm {'left' if x >= 0 else 'right'}",
        f"{abs(y):.0f} mm towards the {'table' if y >= 0 else 'ceiling'}",
        f"{abs(z):.0f} mm towards the {'head' if z >= 0 else 'feet'}",
    ]
    return f"isocentre {', '.join(parts)} of the origin"


def shots_text(count: int) -> str:
    """ "one shot", "3 shots"."""
    return "one shot" if count == 1 else f"{count} shots"
