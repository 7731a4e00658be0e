"""Going to a named standard view: nominal angles, the target triangulated from the views so far, re-shot until centred.

The angles are the textbook's for a supine patient in the anatomical position. Where the target is comes from the
patient model, or from the present image, whose unknown depth the first shot at the new angles then gives.
"""

from __future__ import annotations

from fluorosam_ros.control.centering import center_pose, offset_mm
from fluorosam_ros.control.command_types import GoToView, Target
from fluorosam_ros.control.motions import ACCEPTED_MM, CENTERED_MM, shots_text
from fluorosam_ros.control.operations import DeviceError, Operations, Refused, angles_text
from fluorosam_ros.control.sight import Sight
from fluorosam_ros.control.wording import upper_first, view_name
from fluorosam_sim.anatomy import structure
from fluorosam_sim.carm import CArmConfig, CArmPose, LimitError
from fluorosam_sim.geometry import angles_from_direction, direction_from_angles

MAX_VIEW_SHOTS = 3
"""Exposures at the view's own angles, after the one that shows the target first."""

SEEN_SHARE = 0.5
"""At least this share of the structures that a view is taken for has to be in the image."""


def view_target(command: GoToView) -> Target:
    """The structures that a view is taken for."""
    if command.structure is not None:
        return Target((command.structure,))
    return Target(tuple(structure(key) for key in command.view.structures))


def view_angles(command: GoToView, config: CArmConfig, pose: CArmPose) -> CArmPose:
    """The present pose turned to the view's nominal angles, or to the reverse direction where that shows the same.

    Raises LimitError when the C-arm reaches neither.
    """
    view = command.view
    nominal = direction_from_angles(view.nominal_primary_deg, view.nominal_secondary_deg)
    limit: LimitError | None = None
    for sign in (1.0, -1.0) if view.either_way else (1.0,):
        primary, secondary = angles_from_direction(sign * nominal)
        turned = CArmPose(primary, secondary, pose.isocenter_mm)
        try:
            config.check_pose(turned)
            return turned
        except LimitError as error:
            limit = limit or error
    assert limit is not None
    raise LimitError(f"{upper_first(view_name(view, command.structure))} is out of the C-arm's reach: {limit}")


def go_to_view(operations: Operations, sight: Sight, command: GoToView) -> str:
    """Moves to the view and centres its structures. Refused when they are neither known nor in sight."""
    name, target, config = view_name(command.view, command.structure), view_target(command), operations.config
    turned = view_angles(command, config, operations.status().pose)
    known = sight.model.center([one.key for one in target.structures])
    observations = []
    if known is None or not known.known:
        view = sight.current()
        seen = sight.locate(target, view, SEEN_SHARE)
        if seen is None:
            what = command.structure.name if command.structure else "structures it is taken for"
            raise Refused(
                f"I do not move to {name}: the {what} are not in sight.".replace("vertebra are", "vertebra is")
            )
        observations.append(seen)
        known = sight.model.center([one.key for one in target.structures])
        planned = center_pose(observations, turned, config).pose
    if known is not None:
        x, y, z = (float(v) for v in known.center_mm)
        planned = CArmPose(turned.primary_deg, turned.secondary_deg, (x, y, z))
        config.check_pose(planned)
    for shots in range(1, MAX_VIEW_SHOTS + 1):
        operations.move(planned)
        view = operations.shoot()
        seen = sight.locate(target, view, SEEN_SHARE)
        if seen is None:
            raise DeviceError(f"At {angles_text(view.pose)} the target of {name} is not in the image: say “go back”.")
        observations.append(seen)
        away = offset_mm(seen.projection, seen.centroid_px, view.pose.isocenter_mm)
        if away <= CENTERED_MM or (shots == MAX_VIEW_SHOTS and away <= ACCEPTED_MM):
            sight.show([one.name for one in target.structures])
            return (
                f"{upper_first(name)}: {angles_text(view.pose)}, {away:.0f} mm off the middle "
                f"after {shots_text(shots)} there."
            )
        planned = center_pose(observations, view.pose, config).pose
    raise DeviceError(f"{upper_first(name)} is still {away:.0f} mm off after {MAX_VIEW_SHOTS} shots.")
