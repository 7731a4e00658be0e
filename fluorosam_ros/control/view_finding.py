"""Going to a named standard view as the patient really lies: look, look from another side, turn, look again.

The view's angles are defined in the axes of a part of the body. How that part lies is fitted to what is seen of it
(`site_fit`), anew after every shot, until the C-arm stands where the fit says or the shots are used up. Where too
little is seen the textbook's angles serve, for a patient who lies straight, and the reply says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fluorosam_ros.control.command_types import GoToView, Target
from fluorosam_ros.control.motions import ACCEPTED_MM, CENTERED_MM, shots_text
from fluorosam_ros.control.operations import DeviceError, Operations, Refused, View, angles_text
from fluorosam_ros.control.patient_model import KNOWN_MM
from fluorosam_ros.control.sight import Sight
from fluorosam_ros.control.site_fit import SiteFit, fit_site, site_statistics
from fluorosam_ros.control.view_angles import direction_pose, turn_deg, typical_pose, view_frame
from fluorosam_ros.control.wording import upper_first, view_name
from fluorosam_sim.anatomy import Structure, structure
from fluorosam_sim.carm import CArmConfig, CArmPose, LimitError
from fluorosam_sim.geometry import FloatArray, direction_from_angles

MAX_VIEW_SHOTS = 4
"""Exposures that one view may take, the one that shows the target first included."""

SEEN_SHARE = 0.5
"""At least this share of the structures that a view is taken for has to be in the image."""

TURNED_DEG = 2.0
"""Turning goes on while the fit asks for more than this."""

APART_DEG = 30.0
"""Two views closer together than this say too little about depth: one from the side is taken between them."""

ASKED = 30
"""Structures that are looked for in every image of a view's site."""

_REACH_MM = 170.0
"""How far from the site's origin a structure may lie to be looked for; the field is 250 mm wide."""


def view_target(command: GoToView) -> Target:
    """The structures that a view is taken for."""
    if command.structure is not None:
        return Target((command.structure,))
    return Target(tuple(structure(key) for key in command.view.structures))


@dataclass(frozen=True)
class _Aim:
    """Where the C-arm should stand. fitted: on the patient's own axes, else on the textbook's."""

    pose: CArmPose
    fitted: SiteFit | None


class _Finder:
    """One command's way to its view."""

    def __init__(self, operations: Operations, sight: Sight, command: GoToView) -> None:
        self._ops, self._sight, self._command = operations, sight, command
        self.target = view_target(command)
        self._frame = view_frame(command)
        self._asked = _asked(self._frame, self.target) if self._frame else self.target.structures
        self._seen_from: list[FloatArray] = []

    @property
    def _config(self) -> CArmConfig:
        return self._ops.config

    def look(self, view: View) -> bool:
        """Notes what a view shows; whether enough of the target is there."""
        found = self._sight.find(self._asked, view)
        self._seen_from.append(direction_from_angles(view.pose.primary_deg, view.pose.secondary_deg))
        keys = {one.key for one in self.target.structures}
        there = [f for one, f in zip(self._asked, found, strict=False) if one.key in keys and f.present]
        return len(there) >= SEEN_SHARE * len(keys)

    def known(self) -> bool:
        """Whether the patient model says where the target is without another look."""
        center = self._sight.model.center([one.key for one in self.target.structures])
        if center is not None and center.known:
            return True
        fit = self._fit()
        return fit is not None and fit.views > 1 and fit.spread_mm <= KNOWN_MM

    def _fit(self) -> SiteFit | None:
        return fit_site(self._frame, self._sight.model) if self._frame else None

    def aim(self) -> _Aim | None:
        """Where the C-arm should stand by what is known now, or None when nothing is."""
        view, fit = self._command.view, self._fit()
        if fit is not None:
            direction = fit.direction(view.nominal_primary_deg, view.nominal_secondary_deg)
            return _Aim(direction_pose(direction, fit.origin_mm, view.either_way, self._config, self._name), fit)
        center = self._sight.model.center([one.key for one in self.target.structures])
        if center is None:
            return None
        direction = direction_from_angles(view.nominal_primary_deg, view.nominal_secondary_deg)
        return _Aim(direction_pose(direction, center.center_mm, view.either_way, self._config, self._name), None)

    @property
    def _name(self) -> str:
        return view_name(self._command.view, self._command.structure)

    def scout(self, aim: _Aim) -> CArmPose:
        """Where to look from next: the aim, or to its side when all views so far were from nearly there."""
        pose = aim.pose
        if aim.fitted is None or all(turn_deg(pose, seen) >= APART_DEG for seen in self._seen_from):
            return pose
        sides = []
        for turn in (-45.0, 45.0):
            low, high = self._config.primary_limits_deg
            primary = float(np.clip(pose.primary_deg + turn, low, high))
            sides.append(CArmPose(primary, pose.secondary_deg / 2, pose.isocenter_mm))
        return max(sides, key=lambda side: min(turn_deg(side, seen) for seen in self._seen_from))


def _asked(frame: str, target: Target) -> tuple[Structure, ...]:
    own = target.structures
    telling = site_statistics(frame).telling(ASKED, _REACH_MM)
    keys = {one.key for one in own}
    return (*own, *[structure(label) for label in telling if label not in keys][: max(0, ASKED - len(own))])


def go_to_view(operations: Operations, sight: Sight, command: GoToView) -> str:
    """Moves to the view and centres it. Refused when its structures are neither known nor in sight."""
    name, config = view_name(command.view, command.structure), operations.config
    typical_pose(command, config, operations.status().pose)
    finder = _Finder(operations, sight, command)
    shots = 0
    if not finder.known():
        before = operations.view()
        view = sight.current()
        shots += view is not before
        if not finder.look(view) and not finder.known():
            what = command.structure.name if command.structure else "structures it is taken for"
            raise Refused(
                f"I do not move to {name}: the {what} are not in sight.".replace("vertebra are", "vertebra is")
            )
    aim = finder.aim()
    if aim is None:
        raise Refused(f"I do not move to {name}: too much of it lies outside the image.")
    pose = finder.scout(aim) if shots < MAX_VIEW_SHOTS - 1 else aim.pose
    while True:
        operations.move(pose)
        view = operations.shoot()
        shots += 1
        if not finder.look(view) and not finder.known():
            raise DeviceError(f"At {angles_text(view.pose)} the target of {name} is not in the image: say “go back”.")
        try:
            aim = finder.aim() or aim
        except LimitError as error:  # not refused any more: the C-arm has moved
            raise DeviceError(f"{str(error).removesuffix('.')}: say “go back”.") from error
        turn = turn_deg(aim.pose, direction_from_angles(view.pose.primary_deg, view.pose.secondary_deg))
        away = view.pose.off_axis_mm(aim.pose.isocenter_mm)
        if turn <= TURNED_DEG and away <= CENTERED_MM:
            break
        if shots >= MAX_VIEW_SHOTS:
            if away > ACCEPTED_MM:
                raise DeviceError(f"{upper_first(name)} is still {away:.0f} mm off after {MAX_VIEW_SHOTS} shots.")
            break
        pose = aim.pose
    sight.show([one.name for one in finder.target.structures])
    how = _reason(aim, command)
    return (
        f"{upper_first(name)}: {angles_text(view.pose)} ({how}), {away:.0f} mm off the middle "
        f"after {shots_text(shots)}."
    )


def _reason(aim: _Aim, command: GoToView) -> str:
    if aim.fitted is None:
        return "the textbook's angles, since too little else is in sight"
    spread = aim.fitted.spread_deg(command.view.nominal_primary_deg, command.view.nominal_secondary_deg)
    return f"by {aim.fitted.structures} structures of the patient, give or take {spread:.0f}°"
