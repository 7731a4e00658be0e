"""What the images show: the current view, where a target is in it, and what that adds to the patient model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fluorosam_ros.control.bone_shadow import axis_shadow
from fluorosam_ros.control.centering import Observation, offset_mm, shadow_center_px
from fluorosam_ros.control.command_types import Target
from fluorosam_ros.control.operations import Found, Operations, Refused, View, same_field, same_pose
from fluorosam_ros.control.patient_model import PatientModel
from fluorosam_ros.control.wording import upper_first
from fluorosam_sim.anatomy import Structure
from fluorosam_sim.carm import CArmConfig
from fluorosam_sim.views.population import LONG_BONES

Mask = npt.NDArray[np.bool_]


PART_SHARE = 0.3
"""How far a structure's centre is from that of the part in sight, as a share of the part; standard deviation."""


class Sight:
    """Asks the segmenter about views, and remembers in `model` what it found whole."""

    def __init__(self, operations: Operations) -> None:
        self._ops = operations
        self.model = PatientModel()
        self.shown: tuple[str, ...] = ()

    def show(self, names: Sequence[str]) -> None:
        """From now on these are outlined in every image."""
        self.shown = tuple(names)
        self._ops.show(self.shown)

    def newest(self) -> View:
        """The newest image. Raises Refused before the first."""
        view = self._ops.view()
        if view is None:
            raise Refused("There is no image yet: say “take a shot”.")
        return view

    def current(self) -> View:
        """The newest image if the C-arm has not changed since; else a new one."""
        view, status = self._ops.view(), self._ops.status()
        if view is not None and same_pose(view.pose, status.pose) and same_field(view.collimation, status.collimation):
            return view
        return self._ops.shoot()

    def find(self, structures: Sequence[Structure], view: View) -> list[Found]:
        """Answers about structures in their order; those found whole, and long bones, noted in the patient model."""
        found = self._ops.segment([structure.name for structure in structures], view)
        for structure, answer in zip(structures, found, strict=False):
            if answer.present and answer.mask is not None and answer.mask.any():
                self._note(structure.key, answer.mask, view)
        return found

    def _note(self, key: str, mask: Mask, view: View) -> None:
        config, isocenter, seen = self._ops.config, view.pose.isocenter_mm, self._observed(mask, view)
        if not cut_off(mask, config, view):
            self.model.add(key, seen, isocenter)
        elif key not in LONG_BONES:
            pitch = config.detector_mm[0] / view.size_px[0] / config.magnification
            extent = max(int(np.ptp(np.flatnonzero(mask.any(axis=axis)))) for axis in (0, 1)) * pitch
            self.model.add_part(key, seen, isocenter, PART_SHARE * extent)
        if key in LONG_BONES:
            shadow = axis_shadow(mask, config.open_pixels(view.collimation, view.size_px))
            if shadow is not None:
                self.model.add_axis(key, config.projection(view.pose, view.size_px), shadow, isocenter)

    def mask(self, target: Target, view: View, share: float = 1.0) -> Mask | None:
        """(H, W) union of the target's structures in a view, or None if fewer than a share of them are there."""
        found = self.find(target.structures, view)
        masks = [f.mask for f in found if f.present and f.mask is not None and f.mask.any()]
        if not masks or len(masks) < share * len(target.structures):
            return None
        return np.asarray(np.logical_or.reduce(masks))

    def locate(self, target: Target, view: View, share: float = 1.0) -> Observation | None:
        """Where the target is in a view, or None if fewer than a share of its structures are there."""
        mask = self.mask(target, view, share)
        return None if mask is None else self._observed(mask, view)

    def _observed(self, mask: Mask, view: View) -> Observation:
        return Observation(self._ops.config.projection(view.pose, view.size_px), shadow_center_px(mask))

    def not_there(self, target: Target, view: View) -> str:
        """One sentence saying that a target is not in a view, and what can be done."""
        text = f"{upper_first(target.name)}: not in this image"
        if not same_field(view.collimation, self._ops.config.open_field):
            return f"{text}, but the collimator is not open: say “open the collimator” to look further."
        return f"{text}, so nothing moves."

    def place(self, seen: Observation, view: View) -> str:
        """Where in the image something was seen: "12 mm left of the image's middle", in the isocentre's plane."""
        x, y = seen.centroid_px
        middle = ((seen.projection.width - 1) / 2, (seen.projection.height - 1) / 2)
        across = offset_mm(seen.projection, (x, middle[1]), view.pose.isocenter_mm)
        along = offset_mm(seen.projection, (middle[0], y), view.pose.isocenter_mm)
        parts = [f"{across:.0f} mm {'left' if x < middle[0] else 'right'} of"] if across >= 1.0 else []
        parts += [f"{along:.0f} mm {'above' if y < middle[1] else 'below'}"] if along >= 1.0 else []
        return f"{' and '.join(parts)} the image's middle" if parts else "in the image's middle"


def cut_off(mask: Mask, config: CArmConfig, view: View) -> bool:
    """Whether a mask touches the field's edge, blades or detector, so that more of it may lie outside."""
    return _touches(mask, config, view, detector_too=True)


def behind_blades(mask: Mask, config: CArmConfig, view: View) -> bool:
    """Whether a mask touches the blades, so that more of it may lie behind them; the detector's edge is no blade."""
    return _touches(mask, config, view, detector_too=False)


def _touches(mask: Mask, config: CArmConfig, view: View, detector_too: bool) -> bool:
    x0, y0, x1, y1 = config.open_pixels(view.collimation, view.size_px)
    border = max(2, round(0.02 * max(x1 - x0, y1 - y0)))  # within 2 % of the field
    inner = np.zeros_like(mask)
    inner[y0 + border : y1 - border, x0 + border : x1 - border] = True
    if not detector_too:
        inner[:, :border] |= x0 == 0
        inner[:, -border:] |= x1 == view.size_px[0]
        inner[:border] |= y0 == 0
        inner[-border:] |= y1 == view.size_px[1]
    return bool((mask & ~inner).any())
